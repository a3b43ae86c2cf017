"""What is shown how: digits, money, dates, numbers of handsets and texts, as a person of the panel may see them. Pure.

Amounts, counts and dates are in Persian digits. Phones, lines and ids are in Latin ones, for they are copied and
compared, and stand apart (LRI and PDI), or Persian beside them would turn them around. Whoever may not see whole
numbers and texts sees neither anywhere, for all pages have them from here.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from payamak.domain.jalali import TEHRAN, to_jalali
from payamak.texts.calendar import MONTHS, WEEKDAYS
from payamak.visible import visible, visible_lines

_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_LRI, _PDI = "\u2066", "\u2069"
FIRST_WORDS: Final = 70
"""Characters of a text that a list shows."""


def digits(text: str) -> str:
    """The same in Persian digits."""
    return text.translate(_PERSIAN_DIGITS)


def count(number: int) -> str:
    """A number, by thousands: ۱٬۲۳۴."""
    return digits(f"{abs(number):,}".replace(",", "٬")) if number >= 0 else f"{_LRI}−{count(-number)}{_PDI}"


def day(at: int) -> str:
    """A day, with its name: پنجشنبه ۵ آذر ۱۴۰۵."""
    when = _local(at)
    year, month, date = to_jalali(when.date())
    return f"{WEEKDAYS[when.weekday()]} {digits(str(date))} {MONTHS[month - 1]} {digits(str(year))}"


def short_day(at: int) -> str:
    """A day in figures: ۱۴۰۵/۰۹/۰۵."""
    year, month, date = to_jalali(_local(at).date())
    return digits(f"{year:04d}/{month:02d}/{date:02d}")


def clock_time(at: int) -> str:
    """The time of the day: ۰۹:۳۰."""
    return digits(_local(at).strftime("%H:%M"))


def seconds(at: int) -> str:
    """The same to the second: ۰۹:۳۰:۱۵."""
    return digits(_local(at).strftime("%H:%M:%S"))


def moment(at: int) -> str:
    """Day and time: پنجشنبه ۵ آذر ۱۴۰۵، ۰۹:۳۰."""
    return f"{day(at)}، {clock_time(at)}"


def lately(at: int, now: int) -> str:
    """For lists: the time alone of what was today, else day and time in figures."""
    return clock_time(at) if _local(at).date() == _local(now).date() else f"{short_day(at)}، {clock_time(at)}"


def begin_of_day(year_month_day: dt.date) -> int:
    """The instant at which a day begins in Tehran."""
    return int(dt.datetime.combine(year_month_day, dt.time(), TEHRAN).timestamp() * 1_000)


def _local(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at // 1_000, TEHRAN)


def apart(text: str | int) -> str:
    """A Latin word within a Persian sentence, that nothing beside it turns around."""
    return f"{_LRI}{text}{_PDI}"


def national(recipient: str) -> str:
    """A mobile as people write it here: 09121234567; what is none as it is."""
    return f"0{recipient[2:]}" if len(recipient) == 12 and recipient.startswith("98") else recipient


class Sight:
    """What one person may see of numbers and texts."""

    def __init__(self, *, is_full: bool) -> None:
        self.is_full = is_full

    def number(self, recipient: str) -> str:
        """A handset's number, or what is left of it: 0912•••••00."""
        shown = national(recipient)
        if self.is_full:
            return shown
        return f"{shown[:4]}•••••{shown[-2:]}" if len(shown) >= 11 else "•••••"

    def text(self, text: str) -> list[str]:
        """A text's lines, with marks for what nobody would see; none where it is not his to read."""
        return visible_lines(text) if self.is_full else []

    def first_words(self, text: str) -> str:
        """Its beginning, in one line."""
        if not self.is_full:
            return ""
        line = visible(" ".join(text.split()))
        return line if len(line) <= FIRST_WORDS else f"{line[: FIRST_WORDS - 1].rstrip()}…"
