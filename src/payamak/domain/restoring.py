"""A copy of the store that was put back (P10): what is known of it, and the numbers that nobody has been given yet.

Nobody here knows what happened after the copy was made, least of all which ids were given. So ids begin far above all
that may have been; how far, is a guess on the safe side that keeps them short, for callers keep ids in 32 bits.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

DAY_MS: Final = 86_400_000

TIMES_THE_BUSIEST_DAY: Final = 10
"""How much busier than the busiest day that the copy knows every day since may have been."""

AT_LEAST: Final = 10_000
"""Ids that are passed over even where the copy knows of no traffic at all."""

SHORT_IDS: Final = 1 << 31
"""Below it an id fits into the 32 bits, with sign, of many callers' databases."""

ID_LIMIT: Final = 1 << 53
"""Ids stay below it: every JSON parser reads them exactly."""

EVENTS_SINCE_S: Final = 1_577_836_800
"""2020-01-01 UTC. Events of messages in a restored copy are numbered from the seconds since then on: above all that an
event of a message had been numbered before, and below 2**31 until 2088."""

EVENTS_AHEAD: Final = 1_000_000
"""Events of one message that there may have been since an earlier restore, should the clock have been set back."""


class Why(StrEnum):
    """Why the store is held to be a copy that was put back."""

    ASKED = "asked"
    COPY = "copy"
    MARK = "mark"


class Restore(Struct, frozen=True, kw_only=True):
    """A restore as it was noticed: why, when, and until when the store knows what happened.

    `last_id` is the last message of the copy, `ids_above` the number above which ids go on. `held` messages and `posts`
    (of messages from handsets) waited in the copy; `held` is counted down as they are let go. `is_open` as long as
    nobody has said that what waits may go.
    """

    why: Why
    noticed_at: int
    known_until_at: int
    last_id: int
    ids_above: int
    held: int
    posts: int
    is_open: bool


def ids_above(last: int, busiest_day: int, known_until_at: int, now: int, known: int) -> int:
    """The id above which ids go on: above `known`, and above what may have been given since the copy was made.

    `last` is the last id of the copy, `busiest_day` the most ids of a day there, `known` an id that is known to be
    above all (0: none). Where the guess would make ids longer than 31 bits, it takes half of what is left.
    """
    days = max(-((known_until_at - now) // DAY_MS), 1)
    guess = TIMES_THE_BUSIEST_DAY * busiest_day * days + AT_LEAST
    left = SHORT_IDS - 1 - last
    if guess > left // 2 and left // 2 >= AT_LEAST:
        guess = left // 2
    return max(known, last + guess)


def events_above(now: int, known: int) -> int:
    """The number above which the events of the copy's messages go on; `known` is that of the last restore, or 0."""
    return max(now // 1_000 - EVENTS_SINCE_S, known + EVENTS_AHEAD if known else 0, EVENTS_AHEAD)
