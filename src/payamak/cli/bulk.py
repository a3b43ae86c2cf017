"""A CSV file of messages, sent with a bounded number of requests at a time."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from payamak.cli.bounds import MOST_ID
from payamak.cli.rows import BadRow, check_no_row_inside, columns_of, named, read_rows
from payamak.cli.shell import ExitCode, Failed
from payamak.cli.wanted import Wanted
from payamak.domain.numbers import parse_recipient, parse_whole_number

if TYPE_CHECKING:
    from rich.progress import Progress

    from payamak.client import AsyncClient

_NEEDED: Final = ("mobile", "message")
_KNOWN: Final = (*_NEEDED, "line", "line2", "type", "template")
_OTHER_COMMA: Final = re.compile("[;\t|،]")
"""What other programs, and Excel in some countries, write between columns."""

_RESULT: Final = ("row", "mobile", "status", "message_id", "line", "code", "reason")


async def send_file(
    open_client: Callable[[], AsyncClient], file: Path, out: Path, common: Wanted, parallel: int
) -> Counter[str]:
    """Send every row and write what became of it; how many rows came to each status.

    Raises Failed before anything is sent if the file is wrong.
    """
    wanted_rows = _rows(file, common)  # once: what was checked is what is sent, whatever becomes of the file
    counts: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client())
        written = stack.enter_context(_new_file(out))
        writer = csv.DictWriter(written, _RESULT, restval="")
        writer.writeheader()
        progress = stack.enter_context(_progress())
        bar = progress.add_task("sending", total=len(wanted_rows))
        rows = iter(wanted_rows)

        async def work() -> None:
            for number, wanted in rows:  # one iterator for all workers: each takes the next row
                result: dict[str, Any] = {"status": "unknown", "reason": "stopped before the answer came"}
                try:
                    result = await _send_row(client, wanted)
                finally:
                    counts[result["status"]] += 1
                    writer.writerow({"row": number, "mobile": wanted.to, **result})
                    written.flush()
                    progress.advance(bar)

        await asyncio.gather(*(work() for _ in range(parallel)))
    return counts


async def _send_row(client: AsyncClient, wanted: Wanted) -> dict[str, Any]:
    from payamak.client import PayamakError, Refusal

    try:
        sent = await client.send(wanted.to, wanted.text, **wanted.arguments())
    except Refusal as error:
        return {"status": "refused", "code": error.code, "reason": error.english}
    except PayamakError as error:
        return {"status": "unknown" if error.may_have_been_sent else "failed", "reason": str(error)}
    except ValueError as error:
        return {"status": "failed", "reason": str(error)}
    return {"status": "accepted", "message_id": sent.message_id, "line": sent.line}


def _rows(file: Path, common: Wanted) -> list[tuple[int, Wanted]]:
    """Every row with its line number in the file. Raises Failed, with the line, if any cannot be followed."""
    try:
        return list(_read(_text_of(file.read_bytes()), common))
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except BadRow as error:
        raise Failed(f"{file}, line {error.line}: {error}; nothing was sent", ExitCode.USAGE) from error


def read_ids(file: Path) -> list[int]:
    """The message ids of a file, or of standard input for `-`; rows that have none are passed over. Raises Failed."""
    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return list(_ids(_text_of(octets)))
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except BadRow as error:
        raise Failed(f"{file}, line {error.line}: {error}", ExitCode.USAGE) from error


def _ids(text: str) -> Iterator[int]:
    first, _, _ = text.partition("\n")
    if "message_id" in first:
        rows = read_rows(text)
        number, head = next(rows, (1, []))
        columns = columns_of(head, number)
        words = ((line, named(row, line, columns).get("message_id", "")) for line, row in rows)
    else:
        lines = enumerate(text.splitlines(), 1)
        words = ((line, word) for line, said in lines for word in re.split(r"[\s,;،]+", said))
    for line, word in words:
        found = parse_whole_number(word) if word else None
        if word and (found is None or not 0 < found <= MOST_ID):
            raise BadRow(line, f"{word!r} is no message id")
        if found is not None:
            yield found


def _text_of(octets: bytes) -> str:
    """A file's text. Raises BadRow for one in another charset, or of another program: an Excel file is a ZIP file."""
    try:
        text, wrong_at = octets.decode("utf-8-sig"), octets.find(b"\0")
    except UnicodeDecodeError as error:
        text, wrong_at = "", error.start
    if wrong_at >= 0 or octets.startswith(b"PK"):
        line = octets[: max(wrong_at, 0)].count(b"\n") + 1
        raise BadRow(line, "this is no CSV in UTF-8: save it as «CSV UTF-8», with commas between the columns")
    return text


def _read(text: str, common: Wanted) -> Iterator[tuple[int, Wanted]]:
    rows = read_rows(text)
    first, head = next(rows, (1, []))
    names = columns_of(head, first)
    if len(names) == 1 and (sign := _OTHER_COMMA.search(names[0])):
        raise BadRow(first, f"{sign[0]!r} stands between the columns: save the file with commas")
    if any(name not in names for name in _NEEDED) or any(name not in _KNOWN for name in names):
        raise BadRow(first, f"the columns are {', '.join(_KNOWN)}, the first two needed, not {names}")
    for line, row in rows:
        check_no_row_inside(row, line, names.index("mobile"), lambda said: parse_recipient(said, None) is not None)
        yield line, _wanted(named(row, line, names), common, line)


def _wanted(row: dict[str, str], common: Wanted, line: int) -> Wanted:
    def number(name: str, default: int) -> int:
        text = row.get(name)
        value = parse_whole_number(text) if text else default
        if value is None:
            raise BadRow(line, f"{name} is a number, not {text!r}")
        return value

    for name in _NEEDED:
        if name not in row:
            raise BadRow(line, f"the row ends before its {name}")
    wanted = replace(
        common,
        to=row["mobile"].strip(),
        text=row["message"],
        line=row.get("line") or common.line,
        line2=row.get("line2") or common.line2,
        send_type=number("type", common.send_type),
        template=number("template", common.template),
    )
    try:
        wanted.arguments()
    except ValueError as error:
        raise BadRow(line, str(error)) from None
    return wanted


def _new_file(out: Path) -> TextIO:
    try:
        # It holds numbers: for its owner alone.
        return open(out, "x", encoding="utf-8", newline="", opener=lambda path, flags: os.open(path, flags, 0o600))
    except FileExistsError as error:
        raise Failed(
            f"{out} exists: it tells what was sent before. Move it away, or name another with --out", ExitCode.USAGE
        ) from error


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
