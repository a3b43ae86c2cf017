"""How far the cells of a workbook's sheet reach, told by its XML before anything makes a table of it.

Only cells that hold something count: a sheet may have sixteen thousand empty, coloured columns. What a sheet says of
its own size is not believed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final
from zipfile import ZipFile

from msgspec import Struct

from payamak.sheets.books import LARGEST_ENTRY, MOST_CELLS, MOST_COLUMNS, MOST_ROWS, Book
from payamak.sheets.fault import BadSheet, Wrong

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 1 << 16
"""Octets of the longest tag, or cell up to its value, that is looked for over the border of two chunks."""

_XLSX_TAGS: Final = re.compile(rb"<(?:\w+:)?(row|c)(\s[^<>]*?)?(/?)>")
_REFERENCE: Final = re.compile(rb"\sr=[\"']([A-Z]{0,4})([0-9]{0,8})[\"']")
_VALUE: Final = re.compile(rb"\s*<(?:\w+:)?(?:v|is|f)\b")
_ODS_TAGS: Final = re.compile(
    rb"<(?:/table:(table)\b[^<>]*|table:(table-row|table-cell|covered-table-cell)\b([^<>]*?))>"
)
_REPEATED_COLUMNS: Final = re.compile(rb"table:number-columns-repeated=[\"']([0-9]{1,9})[\"']")
_REPEATED_ROWS: Final = re.compile(rb"table:number-rows-repeated=[\"']([0-9]{1,9})[\"']")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s[^<>]*>")
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\s[^<>]*>")


class Extent(Struct, kw_only=True):
    """The rectangle of the cells that hold something, from 1; 0 while there is none."""

    first_row: int = 0
    last_row: int = 0
    first_column: int = 0
    last_column: int = 0

    def add(self, row: int, column: int, to_row: int, to_column: int) -> None:
        """Cells from one corner to another hold something."""
        self.first_row = min(self.first_row or row, row)
        self.first_column = min(self.first_column or column, column)
        self.last_row = max(self.last_row, to_row)
        self.last_column = max(self.last_column, to_column)

    def check(self, book: Book) -> None:
        """Raise BadSheet if a table of it would be larger than is read."""
        rows = self.last_row - self.first_row + 1 if self.last_row else 0
        columns = self.last_column - self.first_column + 1 if self.last_column else 0
        most_rows = MOST_ROWS[book]
        if rows * columns > MOST_CELLS or (rows > 5 * most_rows and columns > 5):
            given: dict[str, str | int] = {"cell": f"{_letters(self.last_column)}{self.last_row}"}
            raise BadSheet(Wrong.TOO_MANY_CELLS, given={**given, "found": rows * columns, "most": MOST_CELLS})
        if columns > MOST_COLUMNS:
            raise BadSheet(Wrong.TOO_MANY_COLUMNS, given={"found": columns, "most": MOST_COLUMNS})
        if rows > most_rows + 1:
            raise BadSheet(Wrong.TOO_MANY_ROWS, given={"most": f"{most_rows:,}"})


def extent_of_xlsx(packed: ZipFile) -> tuple[int, Extent]:
    """Of the first sheet that is shown, whose place among the workbook's this is."""
    place, path = _shown(packed)
    extent = Extent()
    row = column = 0
    for tag, chunk in _tags(packed, path, _XLSX_TAGS):
        reference = _REFERENCE.search(tag[2]) if tag[2] else None
        if tag[1] == b"row":
            row = max(int(reference[2]), 1) if reference and reference[2] else row + 1
            column = 0
            continue
        column = _column(reference[1]) if reference and reference[1] else column + 1
        row = max(int(reference[2]), 1) if reference and reference[2] else max(row, 1)
        if not tag[3] and _VALUE.match(chunk, tag.end()):
            extent.add(row, column, row, column)
    return place, extent


def extent_of_ods(packed: ZipFile) -> Extent:
    """Of the first sheet: cells and rows may be said to be repeated."""
    extent = Extent()
    row, rows, column = 1, 0, 1
    for tag, _ in _tags(packed, "content.xml", _ODS_TAGS):
        if tag[1]:
            break
        if tag[2] == b"table-row":
            row, rows, column = row + rows, _times(_REPEATED_ROWS, tag[3]), 1
            continue
        columns = _times(_REPEATED_COLUMNS, tag[3])
        if b"office:value-type=" in tag[3] or b"table:formula=" in tag[3]:
            extent.add(row, column, row + max(rows, 1) - 1, column + columns - 1)
        column += columns
    return extent


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return max(int(found[1]), 1) if found else 1


def _tags(packed: ZipFile, path: str, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Every tag of a part of the workbook, with the octets in which it stands. Raises BadSheet if there are too many
    octets, whatever the packed file says of its size."""
    octets, held = 0, b""
    with packed.open(path) as part:
        while True:
            chunk = part.read(_CHUNK)
            octets += len(chunk)
            if octets > LARGEST_ENTRY:
                raise BadSheet(Wrong.TOO_LARGE, given={"most": f"{LARGEST_ENTRY >> 20} MiB unpacked"})
            held += chunk
            border = len(held) - (_OVERLAP if chunk else 0)
            end = 0
            for tag in pattern.finditer(held):
                if tag.start() >= border:
                    break
                end = tag.end()
                yield tag, held
            held = held[max(end, border, 0) :]
            if not chunk:
                return


def _shown(packed: ZipFile) -> tuple[int, str]:
    """The first sheet of cells that is not hidden: its place, and where in the file it lies."""
    book = packed.read("xl/workbook.xml").decode("utf-8", "replace")
    relations = packed.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets = {_attribute(tag, "Id"): _attribute(tag, "Target") for tag in _RELATION.findall(relations)}
    found: list[tuple[bool, int, str]] = []
    for place, tag in enumerate(_SHEET.findall(book)):
        target = targets.get(_attribute(tag, r"(?:\w+:)?id"), "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if path in packed.namelist() and "chartsheets" not in path:
            found.append((_attribute(tag, "state") in ("hidden", "veryHidden"), place, path))
    if not found:
        raise BadSheet(Wrong.CHILD_DIED)
    _, place, path = min(found)
    return place, path


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{name}=[\"']([^\"']*)[\"']", tag)
    return found[1] if found else ""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
