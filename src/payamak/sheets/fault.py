"""What is wrong with a file of rows, as a value: the kind of fault, the line if it is one row's, and what it names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Wrong(StrEnum):
    """The kinds of faults; first those of the file as such, then of its columns and size, then of one row."""

    NO_SHEET = "no_sheet"
    LOCKED = "locked"
    TOO_LARGE = "too_large"
    CHILD_DIED = "child_died"
    CHILD_SLOW = "child_slow"
    NO_ROWS = "no_rows"
    NO_NUMBERS = "no_numbers"
    NO_COLUMN = "no_column"
    TWICE = "twice"
    NO_FIELD = "no_field"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_CELLS = "too_many_cells"
    SPOILED = "spoiled"
    MORE_FIELDS = "more_fields"
    ROWS_INSIDE = "rows_inside"
    AFTER_QUOTE = "after_quote"
    OPEN_QUOTE = "open_quote"
    BEFORE_QUOTE = "before_quote"
    QUOTE_INSIDE = "quote_inside"


ENGLISH: Final[dict[Wrong, str]] = {
    Wrong.NO_SHEET: "this is no list of rows but {found}: csv, tsv, txt, xlsx, xls and ods are read",
    Wrong.LOCKED: "the workbook has a password: save it without one",
    Wrong.TOO_LARGE: "the file is larger than is read ({most}): take columns out that are not needed, or divide it",
    Wrong.CHILD_DIED: "the workbook cannot be read, or needs more memory than it may have: save it as CSV UTF-8",
    Wrong.CHILD_SLOW: "the workbook was not read within {seconds} s: save it as CSV UTF-8, or divide it",
    Wrong.NO_ROWS: "there is no row below the names of the columns",
    Wrong.NO_NUMBERS: "no column is named as one of numbers (mobile, موبایل, شماره); the columns are {columns}",
    Wrong.NO_COLUMN: "there is no column {column}; the columns are {columns}",
    Wrong.TWICE: "the column {column} is there twice",
    Wrong.NO_FIELD: "the text names {fields}, and no column is called so; the columns are {columns}",
    Wrong.TOO_MANY_ROWS: "there are more than {most} rows: divide the file",
    Wrong.TOO_MANY_COLUMNS: "there are {found} columns, {most} are read: take out those that are not needed",
    Wrong.TOO_MANY_CELLS: "something stands far from the rest, in {cell}: the sheet would have {found} cells,"
    " {most} are read; delete what is not part of the list",
    Wrong.SPOILED: "{count} numbers are written like {sample}, the first in line {first}: the digits are gone; in Excel"
    " format the column as text and write them again, or send the xlsx instead of the csv",
    Wrong.MORE_FIELDS: "{found} fields for {most} columns: a text with a separator in it stands in quotes",
    Wrong.ROWS_INSIDE: "a field in quotes holds what looks like further rows: its quote was never closed",
    Wrong.AFTER_QUOTE: "something follows a closing quote: the quote before it was never closed, or is not doubled",
    Wrong.OPEN_QUOTE: "a quote is opened and never closed",
    Wrong.BEFORE_QUOTE: "blanks stand before a quote: a quoted field begins with its quote",
    Wrong.QUOTE_INSIDE: 'a quote within a field: put the field into quotes, and write the quote twice ("")',
}
"""A sentence each, for logs and for whoever has no other words."""


class BadSheet(ValueError):
    """The file is not read: why, in which line (counted from 1; None if it is about the whole file), and what it names.

    `str()` of it is the English sentence; the places of both languages' sentences are the keys of `given`.
    """

    def __init__(self, wrong: Wrong, line: int | None = None, given: Mapping[str, str | int] | None = None) -> None:
        self.wrong = wrong
        self.line = line
        self.given = dict(given or {})
        super().__init__(ENGLISH[wrong].format_map(self.given))
