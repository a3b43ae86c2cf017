"""A file of messages, sent to a server over HTTP with a bounded number of requests at a time, and resumed.

What became of each row stands in a journal (cli/journal.py) while it is sent, and in NAME.sent.csv at the end of each
run: in the file's order, with its columns. No row whose answer was lost is sent again unless a person says so.
"""

from __future__ import annotations

import asyncio
import csv
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from payamak.cli import journal
from payamak.cli.journal import STOPS, Fate, Journal, RowTold
from payamak.cli.shell import ExitCode, Failed
from payamak.cli.wanted import Resuming, Wanted
from payamak.domain.marks import is_blank
from payamak.domain.numbers import parse_whole_number
from payamak.language import sentence_of, worded
from payamak.sheets.fault import BadSheet
from payamak.sheets.harmless import cell_of_words
from payamak.sheets.sheet import Asked, Sheet, read_sheet

if TYPE_CHECKING:
    from rich.progress import Progress

    from payamak.client import AsyncClient

_NEEDED: Final = ("mobile", "message")
_KNOWN: Final = (*_NEEDED, "line", "line2", "type", "template")
_RESULT: Final = ("status", "message_id", "sent_by", "code", "reason")


class Ended(Struct, frozen=True, kw_only=True):
    """How a run ended: rows by what became of them, how many were not sent yet, and why it stopped before its end."""

    counts: dict[str, int]
    missing: int
    why: str = ""


async def send_file(
    open_client: Callable[[], AsyncClient],
    file: Path,
    out: Path,
    common: Wanted,
    parallel: int,
    resuming: Resuming,
    tell: Callable[[Ended], None],
) -> Ended:
    """Send the rows that are to be sent, write what became of all, and tell it.

    Raises Failed before anything is sent if the file is wrong. When it is cancelled, what is under way is unknown, and
    all is written and told before the cancellation goes on.
    """
    with _read(file) as sheet:
        wanted = _rows(file, sheet, common)  # once: what was checked is what is sent, whatever becomes of the file
        digest = journal.digest_of((row, astuple(each)) for row, each in wanted)
        with closing((journal.go_on if resuming.resume else journal.begin)(out, digest)) as kept:
            sending = _Sending(kept, resuming.repeat_unknown)
            todo = [each for each in wanted if sending.is_to_be_sent(each[0])]
            try:
                with _progress() as progress:
                    bar = progress.add_task("sending", total=len(todo))
                    async with open_client() as client:
                        await sending.send(client, iter(todo), parallel, lambda: progress.advance(bar))
            finally:
                _write_result(out, sheet, kept)
                counts = Counter(kept.told[row].status.value for row, _ in wanted if row in kept.told)
                missing = sum(sending.is_missing(row) for row, _ in wanted)
                if missing == 0 and Fate.UNKNOWN.value not in counts:
                    journal.journal_of(out).unlink()
                ended = Ended(counts=dict(counts), missing=missing, why=sending.why)
                tell(ended)
    return ended


class _Sending:
    """Rows on their way. `why` is set by what makes all further ones useless."""

    def __init__(self, kept: Journal, repeat_unknown: bool) -> None:
        self.why = ""
        self._kept = kept
        self._repeat_unknown = repeat_unknown

    def is_missing(self, row: int) -> bool:
        """Whether nothing of it was sent, and it may still be taken."""
        told = self._kept.told.get(row)
        return told is None or told.is_open

    def is_to_be_sent(self, row: int) -> bool:
        """Whether this run sends it."""
        told = self._kept.told.get(row)
        return self.is_missing(row) or (self._repeat_unknown and told is not None and told.status is Fate.UNKNOWN)

    async def send(
        self, client: AsyncClient, rows: Iterator[tuple[int, Wanted]], parallel: int, advance: Callable[[], None]
    ) -> None:
        """Send them, so many at a time, until all are sent or one says that it is useless."""

        async def work() -> None:
            for row, wanted in rows:  # one iterator for all workers: each takes the next row
                before = self._kept.told.get(row)
                self._kept.begin(row)
                told = await _send_row(client, row, wanted)
                may_have_gone = before is not None and before.status is Fate.UNKNOWN
                self._kept.end(structs.replace(told, status=Fate.UNKNOWN) if may_have_gone and told.is_open else told)
                advance()
                self.why = self.why or _why_stop(told)
                if self.why:
                    return

        await asyncio.gather(*(work() for _ in range(parallel)))


def _why_stop(told: RowTold) -> str:
    """Why no further row is sent, if this one says so: the account may not, or the server is not reached."""
    return told.reason if told.status is Fate.FAILED or told.code in STOPS else ""


async def _send_row(client: AsyncClient, row: int, wanted: Wanted) -> RowTold:
    from payamak.client import PayamakError, Refusal

    try:
        sent = await client.send(wanted.to, wanted.text, **wanted.arguments())
    except Refusal as error:
        return RowTold(row=row, status=Fate.REFUSED, code=error.code, reason=worded(error.english, error.persian))
    except PayamakError as error:
        fate = Fate.UNKNOWN if error.may_have_been_sent else Fate.FAILED
        return RowTold(row=row, status=fate, reason=str(error))
    except ValueError as error:
        return RowTold(row=row, status=Fate.REFUSED, reason=sentence_of(error))
    return RowTold(row=row, status=Fate.ACCEPTED, message_id=sent.message_id, sent_by=sent.line)


def _read(file: Path) -> closing[Sheet]:
    try:
        return closing(read_sheet(file, Asked(number="mobile")))
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    except BadSheet as error:
        raise _wrong(file, error.line, error) from error


def _rows(file: Path, sheet: Sheet, common: Wanted) -> list[tuple[int, Wanted]]:
    """Every row with its line number in the file. Raises Failed, with the line, if any cannot be followed."""
    names = [name.lower() for name in sheet.columns]
    if any(name not in names for name in _NEEDED) or any(name not in _KNOWN for name in names):
        raise Failed(
            worded(
                f"{file}: the columns are {', '.join(_KNOWN)}, the first two needed, not {names}",
                f"{file}: ستون‌ها {', '.join(_KNOWN)} هستند و دو تای نخست لازم است، نه {names}",
            ),
            ExitCode.USAGE,
        )
    wanted = []
    for row in sheet.rows():
        try:
            wanted.append((row.line, _wanted(dict(zip(names, row.texts, strict=True)), common)))
        except ValueError as error:
            raise _wrong(file, row.line, error) from error
    return wanted


def _wrong(file: Path, line: int | None, error: ValueError) -> Failed:
    where = worded(f"{file}, line {line}", f"{file}، سطر {line}") if line else f"{file}"
    return Failed(
        worded(f"{where}: {error}; nothing was sent", f"{where}: {sentence_of(error)}؛ چیزی فرستاده نشد"),
        ExitCode.USAGE,
    )


def _write_result(out: Path, sheet: Sheet, kept: Journal) -> None:
    """The file's rows with what became of them, for its owner alone; it takes the place of an earlier one whole."""
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with open(descriptor, "w", encoding="utf-8-sig", newline="") as made:
            writer = csv.writer(made)
            writer.writerow(["row", *map(cell_of_words, sheet.columns), *_RESULT])
            for row in sheet.rows():
                told = kept.told.get(row.line)
                cells = ("",) * len(_RESULT) if told is None else _cells(told)
                writer.writerow([row.line, *map(cell_of_words, row.texts), *cells])
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _cells(told: RowTold) -> tuple[object, ...]:
    return told.status.value, told.message_id, told.sent_by, told.code, cell_of_words(told.reason)


def _wanted(row: dict[str, str], common: Wanted) -> Wanted:
    """What a row asks for. Raises ValueError."""

    def number(name: str, default: int) -> int:
        text = row.get(name)
        value = parse_whole_number(text) if text else default
        if value is None:
            raise ValueError(worded(f"{name} is a number, not {text!r}", f"{name} عدد است، نه {text!r}"))
        return value

    for name in _NEEDED:
        if is_blank(row[name]):
            raise ValueError(worded(f"{name} is empty", f"{name} خالی است"))
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


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
