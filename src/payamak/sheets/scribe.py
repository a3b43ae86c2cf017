"""The process that writes one workbook and ends: `python -m payamak.sheets.scribe FOLDER`, rows at stdin, the file out.

The first line says how the sheet looks, each other one is a row of texts. What it cannot hold in memory lies in the
folder on the way. Every cell is written as a string: nothing that people wrote becomes a formula, a link or a number.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final

import msgspec
from xlsxwriter import Workbook

from payamak.sheets.exports import Sheeting

MEMORY: Final = 512 << 20
"""Octets of address space that this process may have; a million rows take a tenth of it."""

MOST_ROWS: Final = 1_048_576
"""Rows of one sheet, its head included (ECMA-376: Excel has no more); the next row begins another sheet."""


def limit() -> None:
    """From here on: so much memory, and no core."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))


def write_workbook(lines: Iterator[bytes], out: BinaryIO, folder: str, most_rows: int = MOST_ROWS) -> None:
    """Write what the lines say; nothing of it is kept in memory but the row at hand."""
    sheeting = msgspec.json.decode(next(lines), type=Sheeting)
    decode = msgspec.json.Decoder(tuple[str, ...]).decode
    book = Workbook(out, {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
    bold = book.add_format({"bold": True})
    write, place = _new_sheet(book, sheeting, bold, 1), 1
    for line in lines:
        if place == most_rows:
            write, place = _new_sheet(book, sheeting, bold, len(book.worksheets()) + 1), 1
        for column, text in enumerate(decode(line)):
            write(place, column, text)
        place += 1
    book.close()


def _new_sheet(book: Workbook, sheeting: Sheeting, bold: Any, number: int) -> Callable[[int, int, str], int]:
    """One more sheet, with its head; what writes a string into a cell of it."""
    sheet = book.add_worksheet(sheeting.title if number == 1 else f"{sheeting.title} {number}")
    if sheeting.from_right:
        sheet.right_to_left()
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(sheeting.columns):
        sheet.set_column(column, column, max(len(name) + 2, 14))
    for column, name in enumerate(sheeting.columns):
        sheet.write_string(0, column, name, bold)
    written: Callable[[int, int, str], int] = sheet.write_string
    return written


def main() -> int:
    """Write what stdin says to stdout, which is a file."""
    limit()
    write_workbook(iter(sys.stdin.buffer), sys.stdout.buffer, sys.argv[1])
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
