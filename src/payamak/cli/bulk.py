"""A CSV file of messages, sent with a bounded number of requests at a time."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from payamak.cli.shell import ExitCode, Failed
from payamak.cli.wanted import Wanted
from payamak.domain.marks import is_blank
from payamak.domain.numbers import parse_whole_number
from payamak.sheets.fault import BadSheet
from payamak.sheets.sheet import Asked, read_sheet

if TYPE_CHECKING:
    from rich.progress import Progress

    from payamak.client import AsyncClient

_NEEDED: Final = ("mobile", "message")
_KNOWN: Final = (*_NEEDED, "line", "line2", "type", "template")
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
    line: int | None = None
    try:
        with closing(read_sheet(file, Asked(number="mobile"))) as sheet:
            names = [name.lower() for name in sheet.columns]
            if any(name not in names for name in _NEEDED) or any(name not in _KNOWN for name in names):
                raise Failed(
                    f"{file}: the columns are {', '.join(_KNOWN)}, the first two needed, not {names}", ExitCode.USAGE
                )
            wanted = []
            for row in sheet.rows():
                line = row.line
                wanted.append((line, _wanted(dict(zip(names, row.texts, strict=True)), common)))
            return wanted
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except ValueError as error:
        line = error.line if isinstance(error, BadSheet) else line
        where = f"{file}, line {line}" if line else f"{file}"
        raise Failed(f"{where}: {error}; nothing was sent", ExitCode.USAGE) from error


def _wanted(row: dict[str, str], common: Wanted) -> Wanted:
    """What a row asks for. Raises ValueError."""

    def number(name: str, default: int) -> int:
        text = row.get(name)
        value = parse_whole_number(text) if text else default
        if value is None:
            raise ValueError(f"{name} is a number, not {text!r}")
        return value

    for name in _NEEDED:
        if is_blank(row[name]):
            raise ValueError(f"{name} is empty")
    wanted = replace(
        common,
        to=row["mobile"].strip(),
        text=row["message"],
        line=row.get("line") or common.line,
        line2=row.get("line2") or common.line2,
        send_type=number("type", common.send_type),
        template=number("template", common.template),
    )
    wanted.arguments()
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
