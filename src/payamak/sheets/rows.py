"""A csv file in rows, read strictly (RFC 4180): what could be read in two ways is a fault with its line.

Python's own reader takes a quote that never closes for a long field, and a quote behind a blank for a letter; in a file
of messages that sends one person the texts, and the numbers, of all that follow. So a quote stands only around a field,
a row has no more fields than there are columns, a column has one name, and no line within quotes may look like a row
itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from payamak.domain.marks import is_blank
from payamak.sheets.fault import BadSheet, Wrong

LONGEST_ROW: Final = 100_000
"""Characters of one row, line breaks within quotes included: a quote that never closes ends there."""

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_PLAIN_END: Final = "\r\n"


@lru_cache(maxsize=8)
def _patterns(separator: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A field, quoted or not; and what may follow it."""
    mark = re.escape(separator)
    return re.compile(rf'"((?:[^"]|"")*)"|([^"{mark}\r\n]*)'), re.compile(rf"{mark}|\r\n|\n|\r|\Z")


def read_rows(lines: Iterable[str], separator: str = ",", number: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line; lines without anything are passed over.

    `lines` are a text's lines with their ends, behind `number` others. A row may go on over several lines
    within quotes. Raises BadSheet.
    """
    held, first = "", 0
    for line in lines:
        number += 1
        if not held:
            if '"' not in line:
                fields = line.rstrip(_PLAIN_END).split(separator)
                if len(fields) > 1 or not is_blank(fields[0]):
                    yield number, fields
                continue
            first = number
        held += line
        if held.count('"') % 2 == 0 or len(held) > LONGEST_ROW:
            yield first, _row(held, separator, first)
            held = ""
    if held:
        yield first, _row(held, separator, first)


def _row(text: str, separator: str, line: int) -> list[str]:
    """The fields of a row that has quotes in it. Raises BadSheet with the line of what is wrong."""
    fields: list[str] = []
    at = 0
    _, end = _patterns(separator)
    while True:
        field, at = _field(text, at, line, separator)
        line += len(_LINE_END.findall(field))
        fields.append(field)
        after = end.match(text, at)
        assert after is not None
        at = after.end()
        if after[0] != separator:
            break
    return fields


def _field(text: str, at: int, line: int, separator: str) -> tuple[str, int]:
    """The field that begins at `at`, and where it ends: before a separator, the end of the line or of the text."""
    pattern, end = _patterns(separator)
    found = pattern.match(text, at)
    assert found is not None
    if end.match(text, found.end()):
        return (found[2] if found[1] is None else found[1].replace('""', '"')), found.end()
    if found[1] is not None:
        raise BadSheet(Wrong.AFTER_QUOTE, line + len(_LINE_END.findall(found[1])))
    if text[found.end()] == '"' and not found[2]:
        raise BadSheet(Wrong.OPEN_QUOTE, line)
    if is_blank(found[2]):
        raise BadSheet(Wrong.BEFORE_QUOTE, line)
    raise BadSheet(Wrong.QUOTE_INSIDE, line)


def check_no_row_inside(
    row: Sequence[str], line: int, place: int, separator: str, is_key: Callable[[str], bool]
) -> None:
    """Raise BadSheet if a line within a quoted field looks like a row: at `place` it has what only a row has there."""
    for field in row:
        if "\n" not in field and "\r" not in field:
            continue
        for number, inside in enumerate(_LINE_END.split(field)):
            pieces = inside.split(separator)
            if number and len(pieces) > max(place, 1) and is_key(pieces[place].strip('" ')):
                raise BadSheet(Wrong.ROWS_INSIDE, line)
        line += len(_LINE_END.findall(field))
