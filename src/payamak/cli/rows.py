"""A CSV file in rows, read strictly (RFC 4180): what could be read in two ways is a fault with its line.

Python's own reader takes a quote that never closes for a long field, and a quote behind a blank for a letter; in a file
of messages that sends one person the texts, and the numbers, of all that follow. So a quote stands only around a field,
a row has no more fields than there are columns, a column has one name, and no line within quotes may look like a row
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from payamak.domain.marks import is_blank, without_marks

_FIELD: Final = re.compile(r'"((?:[^"]|"")*)"|([^",\r\n]*)')
_END: Final = re.compile(r",|\r\n|\n|\r|\Z")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


_OBEYED: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by, if it begins with one."""


def cell_of_words(text: str) -> str:
    """A cell with words of people: what a spreadsheet would obey begins with an apostrophe, which it does not show."""
    return f"'{text}" if text.startswith(_OBEYED) else text


class BadRow(ValueError):
    """Something in the file can be read in two ways, or in none; `line` counts from 1."""

    def __init__(self, line: int, said: str) -> None:
        super().__init__(said)
        self.line = line


def read_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line; lines without anything are passed over. Raises BadRow."""
    at, line = 0, 1
    while at < len(text):
        fields: list[str] = []
        first = line
        while True:
            field, at = _read_field(text, at, line)
            line += len(_LINE_END.findall(field))
            fields.append(field)
            end = _END.match(text, at)
            assert end is not None
            at = end.end()
            if end[0] != ",":
                break
        line += 1
        if len(fields) > 1 or not is_blank(fields[0]):
            yield first, fields


def _read_field(text: str, at: int, line: int) -> tuple[str, int]:
    """The field that begins at `at`, and where it ends: before a comma, the end of the line or of the text."""
    found = _FIELD.match(text, at)
    assert found is not None
    if _END.match(text, found.end()):
        return (found[2] if found[1] is None else found[1].replace('""', '"')), found.end()
    if found[1] is not None:
        here = line + len(_LINE_END.findall(found[1]))
        raise BadRow(here, "something follows a closing quote: the quote before it was never closed, or is not doubled")
    if text[found.end()] == '"' and not found[2]:
        raise BadRow(line, "a quote is opened and never closed")
    if is_blank(found[2]):
        raise BadRow(line, "blanks stand before a quote: a quoted field begins with its quote")
    raise BadRow(line, 'a quote within a field: put the field into quotes, and write the quote twice ("")')


def columns_of(row: Sequence[str], line: int) -> list[str]:
    """The names of the columns, as a first row has them, in small letters. Raises BadRow if one is there twice."""
    names = [without_marks(name).lower() for name in row]
    for name in names:
        if names.count(name) > 1:
            raise BadRow(line, f"the column {name!r} is there twice")
    return names


def named(row: Sequence[str], line: int, columns: Sequence[str]) -> dict[str, str]:
    """A row by the names of its columns; what it leaves out at its end is not there. Raises BadRow if it has more."""
    if len(row) > len(columns):
        raise BadRow(line, f"{len(row)} fields for {len(columns)} columns: a text with a comma stands in quotes")
    return dict(zip(columns, row, strict=False))


def check_no_row_inside(row: Sequence[str], line: int, place: int, is_key: Callable[[str], bool]) -> None:
    """Raise BadRow if a line within a quoted field looks like a row: at `place` it has what only a row has there."""
    for field in row:
        for number, inside in enumerate(_LINE_END.split(field)):
            pieces = inside.split(",")
            if number and len(pieces) > max(place, 1) and is_key(pieces[place].strip('" ')):
                raise BadRow(line, "a field in quotes holds what looks like further rows: its quote was never closed")
        line += len(_LINE_END.findall(field))
