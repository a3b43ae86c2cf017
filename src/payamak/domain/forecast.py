"""When a campaign would be through: from its pace, the links' and the hours of its line. Pure.

Exact to a minute where nothing else uses the line and something limits the pace; without any limit nobody can say how
fast an operator takes what comes, and with others on the line it is the earliest that it can be.
"""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from payamak.domain.hours import Hours
from payamak.domain.jalali import TEHRAN
from payamak.domain.plan import Way
from payamak.domain.site import Site

MOST_DAYS = 400
"""A campaign that takes longer is told to take longer."""


class Forecast(Struct, frozen=True, kw_only=True):
    """When the first and the last message would be made, and how many on each day in Tehran (ISO, in order)."""

    first_at: int
    last_at: int
    days: tuple[tuple[str, int], ...]


def interval_us(site: Site, first: Way, pace_per_minute: int | None, parts: float) -> int | None:
    """Microseconds from one message of a campaign to the next, at the least; None if nothing limits them.

    `parts`: of a message, on average. Links of the first rank share what goes.
    """
    line = first[0]
    slowest = []
    if pace_per_minute:
        slowest.append(60_000_000 / pace_per_minute)
    if line.interval_ms:
        slowest.append(line.interval_ms * 1_000)
    paces = [link.parts_per_second for use in line.links if (link := site.links.get(use.link)) is not None]
    if paces and all(paces):
        slowest.append(1_000_000 * max(parts, 1.0) / sum(paces))
    return round(max(slowest)) if slowest else None


def forecast(count: int, each_us: int, window: Hours | None, from_at: int) -> Forecast | None:
    """So many messages, one each so many microseconds, within the hours; None if that takes more than MOST_DAYS."""
    at_us, left = _opens_us(window, from_at * 1_000), count
    first_us = last_us = at_us
    days: dict[str, int] = {}
    while left and len(days) <= MOST_DAYS:
        end_us = _closes_us(window, at_us)
        here = min(left, max((end_us - at_us + each_us - 1) // each_us, 1))
        days[_day(at_us)] = days.get(_day(at_us), 0) + here
        last_us = at_us + (here - 1) * each_us
        left -= here
        at_us = _opens_us(window, max(last_us + each_us, end_us))
    if left:
        return None
    return Forecast(first_at=first_us // 1_000, last_at=last_us // 1_000, days=tuple(days.items()))


_DAY_MS = 86_400_000


def _opens_us(window: Hours | None, at_us: int) -> int:
    """The instant itself, or the next at which it is open."""
    at_ms = at_us // 1_000
    if window is None or window.is_open(at_ms):
        return at_us
    return window.opens_at(at_ms) * 1_000


def _closes_us(window: Hours | None, at_us: int) -> int:
    """The end of the day in Tehran, or of the window if that is sooner."""
    offset_ms = int(TEHRAN.utcoffset(None).total_seconds()) * 1_000
    at_ms = at_us // 1_000
    midnight = (at_ms + offset_ms) // _DAY_MS * _DAY_MS - offset_ms
    ends = [midnight + _DAY_MS]
    if window is not None:
        closes = midnight + window.closes * 60_000
        ends.append(closes if closes > at_ms else closes + _DAY_MS)
    return min(ends) * 1_000


def _day(at_us: int) -> str:
    return dt.datetime.fromtimestamp(at_us // 1_000_000, TEHRAN).date().isoformat()
