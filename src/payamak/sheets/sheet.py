"""A file of people read whole: its columns, its rows as texts, which column has their numbers.

What was checked is what is used: the rows go into an unnamed file of our own on the way, so that nothing that happens
to the file afterwards reaches them, and a million rows are not in memory.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, BinaryIO, Final

import msgspec
from msgspec import Struct

from payamak.domain.marks import is_blank, without_marks
from payamak.domain.numbers import latin_digits, parse_recipient
from payamak.sheets import books, plain
from payamak.sheets.fault import BadSheet, Wrong
from payamak.sheets.names import doubled, key_of, number_column
from payamak.sheets.rows import check_no_row_inside, read_rows

MOST_ROWS: Final = 1_000_000
"""Of a text file; workbooks have bounds of their own (books.py)."""

_SPOILED: Final = re.compile(r"[+-]?[0-9](?:[.,٫/][0-9]+)?[eE]\+?[0-9]{1,3}")
_LOST_ZERO: Final = re.compile(r"9[0-9]{9}")


class Asked(Struct, frozen=True, kw_only=True):
    """What the rows are for: the names that the text wants as columns, and which column has the numbers (None: by its
    name)."""

    fields: tuple[str, ...] = ()
    number: str | None = None
    most_rows: int = MOST_ROWS


class Row(Struct, frozen=True, array_like=True):
    """A row: the line of the file in which it begins, from 1, and a text for each column."""

    line: int
    texts: tuple[str, ...]


class Sheet:
    """What was read: `count` rows, the place of the column of numbers, and how many of these had lost their zero.

    To be closed by whoever has read it.
    """

    def __init__(self, columns: tuple[str, ...], number: int | None) -> None:
        self.columns = columns
        self.number = number
        self.count = 0
        self.zeros = 0
        self._kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._encode = msgspec.json.Encoder().encode
        self._places = {key_of(name): place for place, name in enumerate(columns) if name}

    def place_of(self, column: str) -> int | None:
        """Where the column of this name stands, however it is spelled; None if there is none."""
        return self._places.get(key_of(column))

    def put(self, row: Row) -> None:
        """Keep one more row."""
        self._kept.write(self._encode(row) + b"\n")

    def rows(self) -> Iterator[Row]:
        """Every row, in the order of the file; again from the first at each call."""
        decode = msgspec.json.Decoder(Row).decode
        self._kept.seek(0)
        for line in self._kept:
            yield decode(line)

    def close(self) -> None:
        """Let go of the rows."""
        self._kept.close()


def read_sheet(file: Path, asked: Asked | None = None) -> Sheet:
    """Read a file: its kind is told by its content, not by its name. Raises OSError, and BadSheet with the first fault.

    Faults of the whole file come before those of a row, in this order: no rows, no column of numbers, a column twice, a
    field without a column, too many rows; numbers that a program has rounded.
    """
    with file.open("rb") as opened:
        return read_octets(opened, asked or Asked())


def read_octets(opened: BinaryIO, asked: Asked) -> Sheet:
    """As `read_sheet`, of a file that is open; a text's is closed afterwards."""
    if opened.seek(0, 2) > plain.LARGEST:
        raise BadSheet(Wrong.TOO_LARGE, given={"most": f"{plain.LARGEST >> 20} MiB"})
    opened.seek(0)
    book = books.kind_of(opened)
    if book is None:
        return _of_text(opened, asked)
    with tempfile.TemporaryFile() as rows:
        books.read_book(opened, book, rows)
        rows.seek(0)
        return _keep(_decoded(rows), "", asked)


def _decoded(rows: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    """What a child has written: a line number and its texts."""
    return map(msgspec.json.Decoder(tuple[int, list[str]]).decode, rows)


def _of_text(opened: BinaryIO, asked: Asked) -> Sheet:
    with io.TextIOWrapper(opened, encoding=plain.alphabet_of(opened), newline="") as text:
        lines = plain.lines_of(text)
        first = next(lines, "")
        separator, only_names_it = plain.separator_of(first)
        rows = read_rows(lines, separator, 1) if only_names_it else read_rows(chain([first], lines), separator)
        return _keep(rows, separator, asked)


_Lines = Iterator[tuple[int, list[str]]]
"""Rows on their way: the line in which each begins, and its fields."""


def _keep(rows: _Lines, separator: str, asked: Asked) -> Sheet:
    """Put all rows into a sheet. `separator` is "" for a workbook's rows, which are all as wide as its widest."""
    first = next((row for row in rows if not all(map(is_blank, row[1]))), None)
    if first is None:
        raise BadSheet(Wrong.NO_ROWS)
    _, names = first
    head = [without_marks(name) for name in names]
    while head and not head[-1]:
        head.pop()
    if len(head) == 1 and parse_recipient(head[0], None) is not None:
        head, rows = ["mobile"], chain([first], rows)  # a list of nothing but numbers needs no name
    place = number_column(head) if asked.number is None else _place_of(head, asked.number)
    sheet = Sheet(tuple(head), place)
    try:
        filling = _Filling(sheet, separator, len(names) if separator else books.MOST_CELLS, asked.most_rows)
        filling.fill(rows)
        _check(sheet, filling, asked)
    except BaseException:
        sheet.close()
        raise
    return sheet


def _place_of(names: Sequence[str], wanted: str) -> int:
    keys = [key_of(name) for name in names]
    if key_of(wanted) not in keys:
        raise BadSheet(Wrong.NO_COLUMN, given={"column": repr(wanted), "columns": _listed(names)})
    return keys.index(key_of(wanted))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name for name in names[:20] if name) + (", …" if len(names) > 20 else "")


class _Filling:
    """Rows that go into a sheet; what is wrong with one is kept, for faults of the whole file are told first.

    Columns without a name and a value, up to `wide`, are what a program leaves of a wider table.
    """

    def __init__(self, sheet: Sheet, separator: str, wide: int, most_rows: int) -> None:
        self.sheet = sheet
        self.fault: BadSheet | None = None
        self.spoiled = 0
        self.first_spoiled = (0, "")
        self._separator = separator
        self._wide = wide
        self._most_rows = most_rows

    def fill(self, rows: _Lines) -> None:
        """Take row by row; after the fault of one they are counted only, and after one too many none is looked at."""
        try:
            for line, row in rows:
                while len(self.sheet.columns) < len(row) <= self._wide and not row[-1]:
                    row.pop()
                if all(map(is_blank, row)):
                    continue
                self.sheet.count += 1
                if self.sheet.count > self._most_rows:
                    return
                if self.fault is None:
                    self.fault = self._fault_of(row, line)
        except BadSheet as fault:
            self.fault = self.fault or fault

    def _fault_of(self, row: list[str], line: int) -> BadSheet | None:
        try:
            self._take(row, line)
        except BadSheet as fault:
            return fault
        return None

    def _take(self, row: list[str], line: int) -> None:
        width, place = len(self.sheet.columns), self.sheet.number
        if len(row) > width:
            raise BadSheet(Wrong.MORE_FIELDS, line, {"found": len(row), "most": width})
        if self._separator and place is not None:
            check_no_row_inside(row, line, place, self._separator, lambda said: parse_recipient(said, None) is not None)
        row += [""] * (width - len(row))
        if place is not None:
            self._mend(row, place, line)
        self.sheet.put(Row(line, tuple(row)))

    def _mend(self, row: list[str], place: int, line: int) -> None:
        number = latin_digits(row[place].strip())
        if _LOST_ZERO.fullmatch(number):
            row[place] = f"0{number}"
            self.sheet.zeros += 1
        elif _SPOILED.fullmatch(number):
            self.spoiled += 1
            if self.spoiled == 1:
                self.first_spoiled = (line, number)


def _check(sheet: Sheet, filling: _Filling, asked: Asked) -> None:
    """Raise the first fault, in the order that the reader promises."""
    columns = {"columns": _listed(sheet.columns)}
    if not sheet.count and filling.fault is None:
        raise BadSheet(Wrong.NO_ROWS)
    if len(sheet.columns) > books.MOST_COLUMNS:
        raise BadSheet(Wrong.TOO_MANY_COLUMNS, given={"found": len(sheet.columns), "most": books.MOST_COLUMNS})
    if sheet.number is None:
        raise BadSheet(Wrong.NO_NUMBERS, given=columns)
    if (twice := doubled(sheet.columns)) is not None:
        raise BadSheet(Wrong.TWICE, given={"column": repr(twice)})
    if missing := [name for name in asked.fields if sheet.place_of(name) is None]:
        raise BadSheet(Wrong.NO_FIELD, given={"fields": ", ".join(missing), **columns})
    if sheet.count > asked.most_rows:
        raise BadSheet(Wrong.TOO_MANY_ROWS, given={"most": f"{asked.most_rows:,}"})
    if filling.spoiled:
        first, sample = filling.first_spoiled
        raise BadSheet(Wrong.SPOILED, given={"count": filling.spoiled, "sample": sample, "first": first})
    if filling.fault is not None:
        raise filling.fault
