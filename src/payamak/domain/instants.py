"""Instants as people write and read them: long ago, a day by its name, a date of either calendar. Pure.

A Jalali date and a day that is named by a word are Tehran's; a Gregorian date without a zone is the reader's own.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum
from typing import Final

from payamak.domain.jalali import DATE, FIRST_YEAR, TEHRAN, check_year, read_jalali, read_time, to_jalali
from payamak.domain.marks import without_marks
from payamak.domain.numbers import latin_digits
from payamak.language import Words


class Calendar(Enum):
    """In which calendar instants are shown."""

    ISO = "iso"
    JALALI = "jalali"


EXPECTED: Final = Words(
    "write 2h (ago; s, m, h, d), today, yesterday, 1405/09/05 or 2026-11-26T18:00",
    "2h (پیش؛ s، m، h، d)، امروز، دیروز، 1405/09/05 یا 2026-11-26T18:00 بنویسید",
)

_AGO: Final = re.compile(r"(\d{1,9})\s*([smhd])", re.ASCII | re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DAYS: Final = {"today": 0, "yesterday": 1, "امروز": 0, "دیروز": 1}
"""How many days ago a day is that has a name."""


def read_instant(text: str, now: int) -> dt.datetime:
    """The instant that a person means; without a zone where he wrote a Gregorian date and named none.

    `now`: milliseconds since 1970 UTC. Raises ValueError, with what to write, also for a year before 2000.
    """
    said = without_marks(latin_digits(text))
    if found := _AGO.fullmatch(said):
        return _ago(said, int(found[1]) * _SECONDS[found[2].lower()], now)
    name, _, time = said.replace("ي", "ی").partition(" ")
    if (ago := _DAYS.get(name.lower())) is not None:
        day = _at(now).astimezone(TEHRAN).date() - dt.timedelta(days=ago)
        return dt.datetime.combine(day, read_time(time or "00:00"), tzinfo=TEHRAN)
    if (when := read_jalali(said)) is None:
        when = _gregorian(text, said)
    check_year(when)
    return when


def show_instant(at: int, calendar: Calendar, zone: dt.tzinfo | None = None) -> str:
    """An instant to the second: `1405/09/05 18:30:00` in Tehran's time, or `2026-11-26 18:30:00` in `zone`'s.

    `at`: milliseconds since 1970 UTC; without a zone it is that of the machine. Beyond the Jalali years it is ISO.
    """
    if calendar is Calendar.JALALI:
        when = _at(at).astimezone(TEHRAN)
        try:
            year, month, day = to_jalali(when.date())
        except ValueError:
            pass
        else:
            return f"{year:04d}/{month:02d}/{day:02d} {when:%H:%M:%S}"
    return _at(at).astimezone(zone).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def show_day(day: dt.date, calendar: Calendar) -> str:
    """A day: `1405/09/05` or `2026-11-26`; beyond the Jalali years it is ISO."""
    if calendar is Calendar.JALALI:
        try:
            return "{:04d}/{:02d}/{:02d}".format(*to_jalali(day))
        except ValueError:
            pass
    return day.isoformat()


def duration_text(ms: int) -> str:
    """A duration for people, the same in every language: `1d 2h`, `3m 20s`, `1.2s`, `40ms`."""
    if 0 < ms < 1_000:
        return f"{ms}ms"
    if ms < 10_000:
        return f"{ms / 1_000:.1f}s"
    left, words = ms // 1_000, []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _SECONDS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2])


def _at(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at // 1_000, dt.UTC)


def _ago(said: str, seconds: int, now: int) -> dt.datetime:
    """So long ago. Raises ValueError for what is before anything here."""
    reached_s = now // 1_000 - seconds
    if reached_s < dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp():
        raise ValueError(
            Words(
                f"{said} ago is before {FIRST_YEAR}, and nothing here is",
                f"{said} پیش، قبل از {FIRST_YEAR} است و این‌جا چیزی از آن زمان نیست",
            )
        )
    return _at(reached_s * 1_000)


def _gregorian(text: str, said: str) -> dt.datetime:
    """A Gregorian date, also with slashes and short months."""
    try:
        if found := DATE.fullmatch(said):
            date = dt.date(int(found[1]), int(found[2]), int(found[3]))
            return dt.datetime.combine(date, read_time(found[4] or "00:00"))
        return dt.datetime.fromisoformat(said)
    except ValueError:
        raise ValueError(Words(f"{text!r} is no time; {EXPECTED}", f"{text!r} زمان نیست؛ {EXPECTED.fa}")) from None
