"""The process that reads one workbook and ends: `python -m payamak.sheets.child xlsx`, the file at stdin, rows out.

It may have so much memory and time and opens no other file. Exit status 1, with a fault as its last line on stderr, for
a workbook that is not read; whatever else ends it is for the parent to tell.
"""

from __future__ import annotations

import datetime as dt
import io
import resource
import sys
import zlib
from typing import Any, BinaryIO, Final
from zipfile import BadZipFile, ZipFile

import msgspec
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from payamak.sheets.books import MEMORY, SECONDS, Book, Report
from payamak.sheets.extent import Extent, extent_of_ods, extent_of_xlsx
from payamak.sheets.fault import BadSheet, Wrong

_EXACT: Final = 1 << 53
"""Below it a whole number is a whole number as a program of spreadsheets keeps it."""


def limit() -> None:
    """From here on: so much memory, so many seconds, no core, no new files."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def text_of(value: Any) -> str:
    """A cell as a text: whole numbers without a fraction, a day as 2026-11-26, an instant with its time."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes" if not value.second else "seconds")
    if isinstance(value, dt.time):
        return value.isoformat("minutes" if not value.second else "seconds")
    return "" if value is None else str(value)


def write_rows(book: Book, octets: bytes, out: BinaryIO) -> None:
    """Write the rows of the first sheet that is shown. Raises BadSheet."""
    try:
        place = 0
        if book is not Book.XLS:  # before anything makes a table of it
            with ZipFile(io.BytesIO(octets)) as packed:
                place, extent = extent_of_xlsx(packed) if book is Book.XLSX else (0, extent_of_ods(packed))
            extent.check(book)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(octets)).get_sheet_by_index(place)
        if book is Book.XLS:
            Extent(first_row=1, last_row=sheet.total_height, first_column=1, last_column=sheet.total_width).check(book)
        encode = msgspec.json.Encoder().encode
        for line, row in enumerate(sheet.iter_rows(), 1):
            out.write(encode((line, [text_of(value) for value in row])) + b"\n")
    except PasswordError as error:
        raise BadSheet(Wrong.LOCKED) from error
    except (CalamineError, BadZipFile, KeyError, zlib.error) as error:
        raise BadSheet(Wrong.CHILD_DIED) from error


def main() -> int:
    """Read what stdin is, by the kind that the command line names."""
    limit()
    try:
        write_rows(Book(sys.argv[1]), sys.stdin.buffer.read(), sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BadSheet as fault:
        report = Report(wrong=fault.wrong, line=fault.line, given=fault.given)
        sys.stderr.buffer.write(b"\n" + msgspec.json.encode(report) + b"\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
