"""Dates of the Jalali calendar, where somebody writes one for an instant: told from others, read where marked. Pure.

1406 is a year of both calendars, and six centuries lie between the two; so a year that nobody can mean by the Gregorian
one is refused, and a Jalali date is read only behind `jalali:`. The leap years are those of
the cycle of 33 years, which agrees with the official ones of these two centuries; beyond them nothing is read.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from payamak.domain.marks import without_marks
from payamak.domain.numbers import latin_digits

MARK: Final = "jalali:"
"""Before a date that is one of the Jalali calendar."""

FIRST_YEAR: Final = 1900
"""Before it no instant of a setting lies."""

_FIRST, _LAST = 1300, 1472
_LEAPS_OF_33: Final = frozenset((1, 5, 9, 13, 17, 22, 26, 30))
_ANCHOR: Final = (1400, dt.date(2021, 3, 21))
"""A year, and its first of Farvardin."""

_TEHRAN: Final = dt.timezone(dt.timedelta(hours=3, minutes=30))
_DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](.+))?", re.ASCII)


def to_gregorian(year: int, month: int, day: int) -> dt.date:
    """The same day in the Gregorian calendar. Raises ValueError for no day of 1300 to 1472."""
    if not (_FIRST <= year <= _LAST and 1 <= month <= 12 and 1 <= day <= _days_of(year, month)):
        raise ValueError(f"{year:04d}-{month:02d}-{day:02d} is no day of the Jalali years {_FIRST} to {_LAST}")
    anchor_year, anchor = _ANCHOR
    low, high = sorted((year, anchor_year))
    days = sum(366 if is_leap(each) else 365 for each in range(low, high))
    before = sum(_days_of(year, each) for each in range(1, month)) + day - 1
    return anchor + dt.timedelta(days=(days if year >= anchor_year else -days) + before)


def is_leap(year: int) -> bool:
    """Whether Esfand has thirty days."""
    return year % 33 in _LEAPS_OF_33


def _days_of(year: int, month: int) -> int:
    if month == 12:
        return 30 if is_leap(year) else 29
    return 31 if month <= 6 else 30


def read_marked(text: str) -> dt.datetime | None:
    """The instant of `jalali:1406-01-01T18:00:00+03:30`, in Tehran's time unless it names a zone; None if unmarked.

    The time may be left out. Raises ValueError, saying what is wrong.
    """
    said = without_marks(latin_digits(text))
    if not said.lower().startswith(MARK):
        return None
    found = _DATE.fullmatch(said[len(MARK) :].strip())
    if found is None:
        raise ValueError(f"{text!r} is no date; write {MARK}1406-01-01 or {MARK}1406-01-01T18:00:00+03:30")
    date = to_gregorian(int(found[1]), int(found[2]), int(found[3]))
    time = dt.time.fromisoformat(found[4]) if found[4] else dt.time()
    return dt.datetime.combine(date, time, tzinfo=time.tzinfo or _TEHRAN)


def check_year(when: dt.datetime) -> None:
    """Raise ValueError, with what is meant perhaps, for an instant before 1900."""
    if when.year < FIRST_YEAR:
        raise ValueError(_told((when.year, when.month, when.day), when.timetz()))


def check_written(text: str) -> None:
    """The same for what is written where an instant is expected, whether it can be read as one or not.

    A day that only the Jalali calendar has, such as 1406-02-31, is none for those who read dates.
    """
    found = _DATE.match(latin_digits(without_marks(text)))
    if found is None or int(found[1]) >= FIRST_YEAR:
        return
    try:
        time = dt.time.fromisoformat(found[4] or "00")
    except ValueError:
        time = dt.time()
    raise ValueError(_told((int(found[1]), int(found[2]), int(found[3])), time))


def _told(date: tuple[int, int, int], time: dt.time) -> str:
    """What is said of a year that nobody can mean, and how to write what is meant, so that it is read at once."""
    said = f"{date[0]} is no year of the Gregorian calendar that can be meant"
    try:
        meant = dt.datetime.combine(to_gregorian(*date), time, tzinfo=time.tzinfo or _TEHRAN)
    except ValueError:
        return said
    is_plain = time.replace(tzinfo=None) == dt.time() and meant.tzinfo == _TEHRAN
    marked = f"{MARK}{date[0]:04d}-{date[1]:02d}-{date[2]:02d}" + ("" if is_plain else f"T{time.isoformat()}")
    return f"{said}; if it is a date of the Jalali calendar write {meant.isoformat()}, or {marked}"
