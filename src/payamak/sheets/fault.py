"""What is wrong with a file of rows, as a value: the kind of fault, the line if it is one row's,"
" and what it names."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from payamak.language import Words, persian_of


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


SENTENCES: Final[dict[Wrong, Words]] = {
    Wrong.NO_SHEET: Words(
        "this is no list of rows but {found}: csv, tsv, txt, xlsx, xls and ods are read",
        "این فهرستی از سطرها نیست، {found} است: csv، tsv، txt، xlsx، xls و ods خوانده می‌شود",
    ),
    Wrong.LOCKED: Words(
        "the workbook has a password: save it without one",
        "کارپوشه گذرواژه دارد: بدون گذرواژه ذخیره‌اش کنید",
    ),
    Wrong.TOO_LARGE: Words(
        "the file is larger than is read ({most}): take columns out that are not needed, or divide it",
        "فایل از اندازهٔ خواندنی ({most}) بزرگ‌تر است: ستون‌های نالازم را بردارید، یا آن را چند فایل کنید",
    ),
    Wrong.CHILD_DIED: Words(
        "the workbook cannot be read, or needs more memory than it may have: save it as CSV UTF-8",
        "کارپوشه خوانده نمی‌شود، یا بیش از حافظهٔ مجاز می‌خواهد: به شکل CSV UTF-8 ذخیره‌اش کنید",
    ),
    Wrong.CHILD_SLOW: Words(
        "the workbook was not read within {seconds} s: save it as CSV UTF-8, or divide it",
        "کارپوشه در {seconds} ثانیه خوانده نشد: به شکل CSV UTF-8 ذخیره‌اش کنید، یا آن را چند فایل کنید",
    ),
    Wrong.NO_ROWS: Words(
        "there is no row below the names of the columns",
        "زیر نام ستون‌ها هیچ سطری نیست",
    ),
    Wrong.NO_NUMBERS: Words(
        "no column is named as one of numbers (mobile, موبایل, شماره); the columns are {columns}",
        "نام هیچ ستونی نام ستون شماره نیست (mobile، موبایل، شماره)؛ ستون‌ها: {columns}",
    ),
    Wrong.NO_COLUMN: Words(
        "there is no column {column}; the columns are {columns}",
        "ستون {column} نیست؛ ستون‌ها: {columns}",
    ),
    Wrong.TWICE: Words(
        "the column {column} is there twice",
        "ستون {column} دو بار آمده است",
    ),
    Wrong.NO_FIELD: Words(
        "the text names {fields}, and no column is called so; the columns are {columns}",
        "متن از {fields} نام می‌برد و ستونی به این نام نیست؛ ستون‌ها: {columns}",
    ),
    Wrong.TOO_MANY_ROWS: Words(
        "there are more than {most} rows: divide the file",
        "بیش از {most} سطر دارد: آن را چند فایل کنید",
    ),
    Wrong.TOO_MANY_COLUMNS: Words(
        "there are {found} columns, {most} are read: take out those that are not needed",
        "{found} ستون دارد و {most} ستون خوانده می‌شود: ستون‌های نالازم را بردارید",
    ),
    Wrong.TOO_MANY_CELLS: Words(
        "something stands far from the rest, in {cell}: the sheet would have {found} cells, {most} are"
        " read; delete what is not part of the list",
        "چیزی دور از بقیه در {cell} هست: برگه {found} خانه می‌شد و {most} خانه خوانده می‌شود؛ آنچه جزو"
        " فهرست نیست پاک کنید",
    ),
    Wrong.SPOILED: Words(
        "{count} numbers are written like {sample}, the first in line {first}: the digits are gone; in"
        " Excel format the column as text and write them again, or send the xlsx instead of the csv",
        "{count} شماره مانند {sample} نوشته شده، نخستین در سطر {first}: رقم‌ها از دست رفته‌اند؛ در اکسل"
        " قالب ستون را متن کنید و دوباره بنویسید، یا به‌جای csv همان xlsx را بدهید",
    ),
    Wrong.MORE_FIELDS: Words(
        "{found} fields for {most} columns: a text with a separator in it stands in quotes",
        "{found} مقدار برای {most} ستون: متنی که جداکننده در آن است باید داخل گیومهٔ لاتین باشد",
    ),
    Wrong.ROWS_INSIDE: Words(
        "a field in quotes holds what looks like further rows: its quote was never closed",
        "مقداری که داخل گیومه است سطرهای دیگری در خود دارد: گیومه‌اش بسته نشده است",
    ),
    Wrong.AFTER_QUOTE: Words(
        "something follows a closing quote: the quote before it was never closed, or is not doubled",
        "پس از گیومهٔ بسته چیزی آمده است: گیومهٔ پیش از آن بسته نشده، یا دو بار نوشته نشده است",
    ),
    Wrong.OPEN_QUOTE: Words(
        "a quote is opened and never closed",
        "گیومه‌ای باز شده و بسته نشده است",
    ),
    Wrong.BEFORE_QUOTE: Words(
        "blanks stand before a quote: a quoted field begins with its quote",
        "پیش از گیومه فاصله آمده است: مقدار داخل گیومه با خود گیومه آغاز می‌شود",
    ),
    Wrong.QUOTE_INSIDE: Words(
        'a quote within a field: put the field into quotes, and write the quote twice ("")',
        'گیومه‌ای وسط مقدار است: همهٔ مقدار را داخل گیومه بگذارید و آن گیومه را دو بار ("") بنویسید',
    ),
}
"""A sentence each, in both languages with the same places."""


class BadSheet(ValueError):
    """The file is not read: why, in which line (counted from 1; None if it is about the whole file),"
    " and what it names"

    What it says it says in both languages; the places of the sentences are the keys of `given`.
    """

    def __init__(self, wrong: Wrong, line: int | None = None, given: Mapping[str, str | int] | None = None) -> None:
        self.wrong = wrong
        self.line = line
        self.given = dict(given or {})
        sentence = SENTENCES[wrong]
        persian = {name: persian_of(value) if isinstance(value, str) else value for name, value in self.given.items()}
        super().__init__(Words(sentence.format_map(self.given), sentence.fa.format_map(persian)))
