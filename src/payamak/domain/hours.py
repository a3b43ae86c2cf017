"""The hours in which advertising may be sent (contract §8): a window of the day in Tehran.

Tehran is three and a half hours ahead of UTC all year: Iran gave up summer time in 2022, so no table of zones is
needed.
"""

from __future__ import annotations

import re

from msgspec import Struct

from payamak.domain.clocks import earliest, in_doubt_until
from payamak.domain.numbers import latin_digits
from payamak.language import Words

TEHRAN_MS = 12_600_000
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_WINDOW = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")


class Hours(Struct, frozen=True):
    """A window of the day, in minutes since midnight in Tehran; one that closes before it opens spans midnight."""

    opens: int
    closes: int

    def is_open(self, now: int) -> bool:
        """True if advertising may be sent at the instant `now`."""
        minute = (now + TEHRAN_MS) % _DAY_MS // _MINUTE_MS
        if self.opens < self.closes:
            return self.opens <= minute < self.closes
        return minute >= self.opens or minute < self.closes

    def is_open_by_all(self, now: int) -> bool:
        """True if it is open whichever clock is right."""
        return self.is_open(now) and self.is_open(earliest(now))

    def look_again_at(self, now: int) -> int:
        """For a window that is not: when it opens next; while the clocks disagree, when they may agree."""
        until = in_doubt_until(now)
        return self.opens_at(now) if until is None else until

    def opens_at(self, now: int) -> int:
        """The instant at which the window opens next; `now` itself while it is open."""
        if self.is_open(now):
            return now
        midnight = (now + TEHRAN_MS) // _DAY_MS * _DAY_MS - TEHRAN_MS
        today = midnight + self.opens * _MINUTE_MS
        return today if today > now else today + _DAY_MS


def parse_hours(text: str) -> Hours | None:
    """Read "07:00-22:00"; "always" is None. Raises ValueError for anything else, an empty window included."""
    text = latin_digits(text).strip()
    if text == "always":
        return None
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(
            Words(
                f"hours are written 07:00-22:00 or always, not {text!r}",
                f"ساعت‌ها را به شکل 07:00-22:00 یا always بنویسید، نه {text!r}",
            )
        )
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if opens == closes or closes > 1_440:
        raise ValueError(
            Words(f"the window {text!r} is empty or longer than a day", f"بازهٔ {text!r} خالی یا بلندتر از یک روز است")
        )
    return Hours(opens, closes)
