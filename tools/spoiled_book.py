"""`python -m tools.spoiled_book FILE`: a workbook of customers as Excel leaves one, for the clerk's guide.

Its numbers are spoiled in the ways of every such file: the first zero lost, digits in Persian, a number that is shown
as 9.12E+09, a landline; a name is missing and somebody is there twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from xlsxwriter import Workbook

HEAD: Final = ("شماره موبايل", "نام", "سال", "")
"""As typed with an Arabic ي, and with a column that somebody once had and emptied."""

ROWS: Final[tuple[tuple[str | int, str, str | int], ...]] = (
    ("09120001001", "سارا", 1405),
    (9120001002, "علی", 1405),  # the first zero is lost: Excel took it for a number
    (989120001003, "مریم", 1405),  # shown as 9.8912E+11
    ("۰۹۱۲۰۰۰۱۰۰۴", "رضا", "۱۴۰۵"),
    ("+98 912 000 1005", "=زهرا", 1405),  # a name that a spreadsheet would obey
    ("02188776655", "حسین", 1405),  # a landline
    ("09120001007", "", 1405),  # nobody knows the name
    ("0912-000-1002", "علی", 1405),  # there already
)


def write(file: Path) -> None:
    """Write the workbook; an earlier one is replaced."""
    with Workbook(str(file)) as book:
        sheet = book.add_worksheet("مشتریان")
        sheet.right_to_left()
        for column, name in enumerate(HEAD):
            sheet.write_string(0, column, name)
        for place, row in enumerate(ROWS, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(place, column, cell)
                else:
                    sheet.write_string(place, column, cell)


def main() -> int:
    """Write it where the command line says."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    write(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: {len(ROWS)} rows, spoiled as Excel leaves them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
