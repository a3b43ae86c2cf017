"""Rows for a spreadsheet, into a file of their own: csv, or a workbook (xlsx) that a child process writes.

Both are written as the rows come, so that a million of them are never in memory. No cell is obeyed as a formula: in csv
words of people that would be get an apostrophe (harmless.py), in a workbook every cell is text, numbers too, so that a
mobile number or an id stays as it is. The file is its owner's alone, appears whole or not at all, and replaces none.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from payamak.language import Words
from payamak.sheets.harmless import cell_of_words

AT_ONCE: Final = 500
"""Rows that are written together."""

LONGEST_CELL: Final = 32_767
"""Characters that a workbook's cell can have."""

Cell = str | int
"""What stands in a cell: words, or a number of our own."""


class Form(StrEnum):
    """The kinds of files that are written."""

    CSV = "csv"
    XLSX = "xlsx"


class Sheeting(Struct, frozen=True, kw_only=True):
    """How a sheet looks: the names of its columns, its own name, and whether it is read from the right."""

    columns: tuple[str, ...]
    title: str = "1"
    from_right: bool = False


class NotWritten(ValueError):
    """The file was not written; nothing of it is left."""


def form_of(file: Path) -> Form:
    """What to write, by the file's name. Raises NotWritten."""
    try:
        return Form(file.suffix[1:].lower())
    except ValueError:
        raise NotWritten(
            Words(f"{file}: the name ends in .csv or .xlsx", f"{file}: نام فایل به .csv یا .xlsx پایان می‌یابد")
        ) from None


async def export(file: Path, sheeting: Sheeting, rows: AsyncIterable[Sequence[Cell]]) -> int:
    """Write the rows; how many. Raises NotWritten, OSError, and whatever the rows raise; then there is no file."""
    write = _csv if form_of(file) is Form.CSV else _workbook
    with _new_file(file) as out:
        return await write(out, sheeting, rows)


@contextmanager
def _new_file(file: Path) -> Iterator[IO[bytes]]:
    """What is written within is the file afterwards; if that raises, nothing is left. Raises NotWritten, OSError."""
    if file.exists():
        raise NotWritten(
            Words(f"{file} exists; nothing was written: name another", f"{file} هست؛ چیزی نوشته نشد: نام دیگری بدهید")
        )
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=file.parent))  # its owner's alone
    made = folder / file.name
    try:
        with open(made, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.link(made, file)  # unlike a rename, it takes no other file's place
    except FileExistsError as error:
        raise NotWritten(Words(f"{file} has come meanwhile", f"{file} در این میان ساخته شد")) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _csv(out: IO[bytes], sheeting: Sheeting, rows: AsyncIterable[Sequence[Cell]]) -> int:
    """With the mark by which programs of spreadsheets know UTF-8."""
    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(map(cell_of_words, sheeting.columns))
    async for row in rows:
        writer.writerow([cell_of_words(cell) if isinstance(cell, str) else cell for cell in row])
        count += 1
    text.detach()
    return count


async def _workbook(out: IO[bytes], sheeting: Sheeting, rows: AsyncIterable[Sequence[Cell]]) -> int:
    """By a child: it takes the rows in lines, and so much memory as it needs is its own."""
    encode = msgspec.json.Encoder().encode
    command = (sys.executable, "-I", "-m", "payamak.sheets.scribe", str(Path(out.name).parent))
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=out,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
    )
    assert child.stdin is not None
    count = 0
    try:
        child.stdin.write(encode(sheeting) + b"\n")
        async for row in rows:
            child.stdin.write(encode([_text(cell) for cell in row]) + b"\n")
            count += 1
            if count % AT_ONCE == 0:
                await child.stdin.drain()
        await child.stdin.drain()
        child.stdin.close()
        if await child.wait() != 0:
            raise _child_ended()
    except (BrokenPipeError, ConnectionResetError) as error:
        raise _child_ended() from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return count


def _child_ended() -> NotWritten:
    return NotWritten(
        Words(
            "the process that writes workbooks has ended; write csv, or look for memory and room on the disk",
            "برنامهٔ نویسندهٔ کارپوشه پایان یافت؛ csv بنویسید، یا حافظه و جای دیسک را ببینید",
        )
    )


def _text(cell: Cell) -> str:
    text = str(cell)
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # half of a pair is no text
    return text[:LONGEST_CELL]
