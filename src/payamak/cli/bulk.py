"""A CSV file of messages, sent with a bounded number of requests at a time."""

from __future__ import annotations

import asyncio
import csv
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from payamak.cli.shell import ExitCode, Failed
from payamak.cli.wanted import Wanted
from payamak.domain.numbers import parse_whole_number

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
    count = sum(1 for _ in _rows(file, common))
    counts: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client())
        written = stack.enter_context(_new_file(out))
        writer = csv.DictWriter(written, _RESULT, restval="")
        writer.writeheader()
        progress = stack.enter_context(_progress())
        bar = progress.add_task("sending", total=count)
        rows = _rows(file, common)

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


def _rows(file: Path, common: Wanted) -> Iterator[tuple[int, Wanted]]:
    """Each row with its line number in the file."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            missing = [name for name in _NEEDED if name not in names]
            unknown = [name for name in names if name not in _KNOWN]
            if missing or unknown:
                raise Failed(
                    f"{file}, line 1: the columns are {', '.join(_KNOWN)}, the first two needed, not {names}",
                    ExitCode.USAGE,
                )
            for row in reader:
                yield reader.line_num, _wanted(row, common, f"{file}, line {reader.line_num}")
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Failed(f"{file}: this is no CSV in UTF-8: {error}", ExitCode.USAGE) from error


def _wanted(row: dict[str, str | None], common: Wanted, where: str) -> Wanted:
    def number(name: str, default: int) -> int:
        text = row.get(name)
        value = parse_whole_number(text) if text else default
        if value is None:
            raise Failed(f"{where}: {name} is a number, not {text!r}", ExitCode.USAGE)
        return value

    return replace(
        common,
        to=(row["mobile"] or "").strip(),
        text=row["message"] or "",
        line=row.get("line") or common.line,
        line2=row.get("line2") or common.line2,
        send_type=number("type", common.send_type),
        template=number("template", common.template),
    )


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
