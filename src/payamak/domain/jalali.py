"""The Jalali calendar: its days as Gregorian ones and back, and a date of it wherever an instant is read. Pure.

Its years and the Gregorian ones of our time lie six centuries apart, so a date says by its year which of the two it is
of; nothing else is ever taken for a year of long ago. The leap years are those of the cycle of 33 years, which agrees
with the official ones of these two centuries; beyond them nothing is read.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from payamak.domain.marks import without_marks
from payamak.domain.numbers import latin_digits
from payamak.language import Words

MARK: Final = "jalali:"
"""What may stand before a date that is one of the Jalali calendar, for whoever reads it later."""

FIRST_YEAR: Final = 2000
"""Before it no instant of a setting or of a message lies."""

TEHRAN: Final = dt.timezone(dt.timedelta(hours=3, minutes=30))
"""All year: Iran gave up summer time in 2022, so no table of zones is needed."""

_FIRST, _LAST = 1300, 1472
_LEAPS_OF_33: Final = frozenset((1, 5, 9, 13, 17, 22, 26, 30))
_ANCHOR: Final = (1400, dt.date(2021, 3, 21))
"""A year, and its first of Farvardin."""

_SHORT_HOUR: Final = re.compile(r"^(?=\d:)", re.ASCII)
"""Before an hour of one digit."""

DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[Tt ]\s*(.+))?", re.ASCII)
"""A date as people write one in either calendar, digits in Latin: year, month, day, and a time if wanted."""


_MONTH: Final = re.compile(r"(\d{4})[-/](\d{1,2})", re.ASCII)


def _no_day(said: str) -> Words:
    return Words(
        f"{said} is no day of the Jalali years {_FIRST} to {_LAST}",
        f"{said} روزی از سال‌های شمسی {_FIRST} تا {_LAST} نیست",
    )


def to_gregorian(year: int, month: int, day: int) -> dt.date:
    """The same day in the Gregorian calendar. Raises ValueError for no day of 1300 to 1472."""
    if not (_FIRST <= year <= _LAST and 1 <= month <= 12 and 1 <= day <= _days_of(year, month)):
        raise ValueError(_no_day(f"{year:04d}-{month:02d}-{day:02d}"))
    before = sum(_days_of(year, each) for each in range(1, month)) + day - 1
    return _new_year(year) + dt.timedelta(days=before)


def to_jalali(date: dt.date) -> tuple[int, int, int]:
    """The same day in the Jalali calendar: year, month, day. Raises ValueError outside 1300 to 1472."""
    year = date.year - 621  # the one that begins in it
    if date < _new_year(year):
        year -= 1
    if not _FIRST <= year <= _LAST:
        raise ValueError(_no_day(str(date)))
    left, month = (date - _new_year(year)).days, 1
    while left >= _days_of(year, month):
        left, month = left - _days_of(year, month), month + 1
    return year, month, left + 1


def is_leap(year: int) -> bool:
    """Whether Esfand has thirty days."""
    return year % 33 in _LEAPS_OF_33


def _new_year(year: int) -> dt.date:
    """The first of Farvardin."""
    anchor_year, anchor = _ANCHOR
    low, high = sorted((year, anchor_year))
    days = sum(366 if is_leap(each) else 365 for each in range(low, high))
    return anchor + dt.timedelta(days=days if year >= anchor_year else -days)


def _days_of(year: int, month: int) -> int:
    if month == 12:
        return 30 if is_leap(year) else 29
    return 31 if month <= 6 else 30


def read_month(text: str) -> tuple[int, int]:
    """The year and month that a person names: `1405/09`, `۱۴۰۵-۹`. Raises ValueError."""
    found = _MONTH.fullmatch(without_marks(latin_digits(text)))
    if found is None or not (_FIRST <= int(found[1]) < _LAST and 1 <= int(found[2]) <= 12):
        raise ValueError(
            Words(f"{text!r} is no Jalali month; write 1405/09", f"{text!r} ماه شمسی نیست؛ 1405/09 بنویسید")
        )
    return int(found[1]), int(found[2])


def read_jalali(text: str) -> dt.datetime | None:
    """The instant that a Jalali date names, in Tehran's time unless it names a zone; None if it is none.

    `1405/09/05`, `۱۴۰۵-۹-۵ 18:30`, `1405-09-05T18:30:00+03:30`, also behind `jalali:`. Raises ValueError where the mark
    or the year says that it is one, and it is no day or no time.
    """
    said = without_marks(latin_digits(text))
    is_marked = said.lower().startswith(MARK)
    found = DATE.fullmatch(said[len(MARK) :].strip() if is_marked else said)
    if found is None or not (is_marked or _FIRST <= int(found[1]) <= _LAST):
        if is_marked:
            raise ValueError(
                Words(
                    f"{text!r} is no date; write 1406-01-01 or 1406-01-01T18:00:00+03:30",
                    f"{text!r} تاریخ نیست؛ 1406-01-01 یا 1406-01-01T18:00:00+03:30 بنویسید",
                )
            )
        return None
    date = to_gregorian(int(found[1]), int(found[2]), int(found[3]))
    time = read_time(found[4]) if found[4] else dt.time()
    return dt.datetime.combine(date, time, tzinfo=time.tzinfo or TEHRAN)


def read_time(said: str) -> dt.time:
    """A time of day, `8:30` too. Raises ValueError that says what to write."""
    try:
        return dt.time.fromisoformat(_SHORT_HOUR.sub("0", said.strip()))
    except ValueError:
        raise ValueError(
            Words(
                f"{said!r} is no time of day; write 18:30 or 18:30:00", f"{said!r} ساعت نیست؛ 18:30 یا 18:30:00 بنویسید"
            )
        ) from None


def check_year(when: dt.datetime) -> None:
    """Raise ValueError, with what is meant perhaps, for an instant before 2000."""
    if when.year >= FIRST_YEAR:
        return
    if (meant := _meant(when)) is None:
        raise ValueError(
            Words(
                f"the year {when.year} is before {FIRST_YEAR}, and nothing here is",
                f"سال {when.year} پیش از {FIRST_YEAR} است و این‌جا چیزی از آن زمان نیست",
            )
        )
    raise ValueError(
        Words(
            f"{when.year} is no year of the Gregorian calendar that can be meant; if it is a date of the Jalali "
            f"calendar write {meant.isoformat()}",
            f"سال {when.year} میلادی نمی‌تواند باشد؛ اگر تاریخ شمسی است {meant.isoformat()} بنویسید",
        )
    )


def _meant(when: dt.datetime) -> dt.datetime | None:
    """The instant whose Jalali date was taken for a Gregorian one."""
    try:
        date = to_gregorian(when.year, when.month, when.day)
    except ValueError:
        return None
    return dt.datetime.combine(date, when.timetz(), tzinfo=when.tzinfo or TEHRAN)
