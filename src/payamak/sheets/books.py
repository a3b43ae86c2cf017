"""Workbooks (xlsx, xls, ods), read in a child process: foreign binaries must not reach the one that serves.

python-calamine reads a sheet whole, some 390 octets a row of four columns, and makes a table of everything between the
first cell and the last: a small file with one far cell asks for all memory there is, and its process ends. So the
child looks at the cells first (extent.py), may have so much memory and time and no more, and if it dies that is a
sentence.
"""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile

import msgspec

from payamak.language import Words
from payamak.sheets.fault import BadSheet, Wrong

SECONDS: Final = 60
MEMORY: Final = 1 << 30
"""Octets of address space that the child may have."""

MOST_CELLS: Final = 20_000_000
MOST_COLUMNS: Final = 200

LARGEST_ENTRY: Final = 512 << 20
"""Octets of one unpacked part of a workbook."""

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_FOUND: Final = Words("a file of another program", "فایل برنامه‌ای دیگر")


class Book(StrEnum):
    """The kinds of workbooks."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


MOST_ROWS: Final = {Book.XLSX: 200_000, Book.ODS: 200_000, Book.XLS: 65_536}
"""Rows that are read of each kind."""


def kind_of(file: BinaryIO) -> Book | None:
    """What the file's octets say it is; None for a text. The file stands at its beginning afterwards.

    Raises BadSheet for a workbook with a password, and for what is another program's.
    """
    head = file.read(8)
    file.seek(0)
    if head == _OLE:
        return _ole(file)
    if not head.startswith(b"PK"):
        return None
    try:
        with ZipFile(file) as packed:
            names = packed.namelist()
            if any(entry.file_size > LARGEST_ENTRY for entry in packed.infolist()):
                raise BadSheet(Wrong.TOO_LARGE, given={"most": f"{LARGEST_ENTRY >> 20} MiB unpacked"})
    except (BadZipFile, ValueError, OSError, EOFError) as error:
        if isinstance(error, BadSheet):
            raise
        raise BadSheet(Wrong.CHILD_DIED) from error
    finally:
        file.seek(0)
    if "xl/workbook.xml" in names:
        return Book.XLSX
    if "content.xml" in names and "mimetype" in names:
        return Book.ODS
    raise BadSheet(Wrong.NO_SHEET, given={"found": _FOUND})


def _ole(file: BinaryIO) -> Book:
    """A workbook of before 2007, or one of today with a password: both stand in the same container."""
    octets = file.read(LARGEST_ENTRY)
    file.seek(0)
    if _ENCRYPTED in octets:
        raise BadSheet(Wrong.LOCKED)
    if not any(name.encode("utf-16-le") in octets for name in ("Workbook", "Book")):
        raise BadSheet(Wrong.NO_SHEET, given={"found": _FOUND})
    return Book.XLS


def read_book(file: BinaryIO, book: Book, rows: BinaryIO) -> None:
    """Write the rows of the first sheet that is shown to `rows`, each an array of its line and its texts.

    Raises BadSheet: with what the child found wrong, or because it died.
    """
    command = [sys.executable, "-I", "-m", "payamak.sheets.child", book.value]
    try:
        done = subprocess.run(
            command,
            stdin=file,
            stdout=rows,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
            env={"LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired as error:
        raise BadSheet(Wrong.CHILD_SLOW, given={"seconds": SECONDS}) from error
    if done.returncode == 0:
        return
    raise _told(done.stderr) or BadSheet(Wrong.CHILD_DIED)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a child that refuses a workbook says of it, as its last words."""

    wrong: Wrong
    line: int | None = None
    given: dict[str, str | int] = {}


def _told(said: bytes) -> BadSheet | None:
    try:
        report = msgspec.json.decode(said.rsplit(b"\n", 2)[-2] if said.endswith(b"\n") else said, type=Report)
    except (msgspec.MsgspecError, IndexError):
        return None
    return BadSheet(report.wrong, report.line, report.given)
