"""Which calls are taken when more come than can be served: early and cheap refusals, so that the rest stay quick.

What comes in beyond our speed has to wait somewhere, and the longer it waits the less anyone has of its answer. So
each call is looked at when its body is there, before its password is checked or its JSON parsed: what has not come
whole is nothing that has to be served, and has its own bounds (`HttpLimits`, `BodyLimits`). Two delays are measured,
never a rate, which would be another one on every machine: for how long the call has waited to be read (turns.py), or
its turn of the event loop has lasted, and for how long the oldest accept has waited for the disk. Up to LOW_S all calls
are taken, from HIGH_S on none, between the two a share that falls evenly. The rest is answered 23 in its door's own
form.

A few calls at once are never refused: their delay is not of their making. And of each address (IPv6: of each /64) a few
calls a second are taken all the same, so that whoever floods us is refused and not those who call beside him.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from payamak.domain.neighbourhood import neighbourhood

FEW: Final = 100
"""Calls under way up to which all are taken: together about 20 ms of work."""

MOST: Final = 5_000
"""Calls under way at most: the bound of what they hold in memory, some 10 kB each. They may wait for a verdict."""

LOW_S: Final = 0.03
HIGH_S: Final = 0.10
"""How late an accept may be. What becomes of a code after it depends on turns and transactions being short."""

FROM_EACH: Final = 5
FROM_ALL: Final = 20
FAVOURS_S: Final = 0.1
"""Calls of one address, and of all, that are taken in so much time however late it is: 50 and 200 a second, which the
smallest machine keeps up with."""

TURN_S: Final = 0.005
"""A turn of the loop that has lasted so long is late by what it lasts longer."""


class Admission:
    """Counts the calls under way and says whether one more is taken. Lives on one event loop."""

    def __init__(self, monotonic: Callable[[], float], waiting_s: Callable[[], float]) -> None:
        """`waiting_s` tells for how long the oldest accept has waited for the disk."""
        self._monotonic = monotonic
        self._waiting_s = waiting_s
        self._turn_ends_s: float | None = None
        self._credit = 0.0
        self._favours_end_s = 0.0
        self._taken_of: Counter[str] = Counter()
        self._favours = 0
        self.under_way = 0
        self.refused = 0

    def admits(self, address: str, waited_s: float = 0.0) -> bool:
        """Say whether a call from this address is taken that has waited so long for its turn."""
        late_s = max(self._late_s(), waited_s)
        self._renew_favours()
        if self.under_way < FEW:
            return True
        if self.under_way < MOST and (self._has_time(late_s) or self._is_favoured(address)):
            self._taken_of[neighbourhood(address)] += 1
            return True
        self.refused += 1
        return False

    @property
    def has_room(self) -> bool:
        """Whether one more may be under way, for a call that was looked at before."""
        return self.under_way < MOST

    def _has_time(self, late_s: float) -> bool:
        share = (HIGH_S - max(late_s, self._waiting_s())) / (HIGH_S - LOW_S)
        if share >= 1.0:
            return True
        self._credit += max(share, 0.0)
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def _is_favoured(self, address: str) -> bool:
        if self._favours >= FROM_ALL or self._taken_of[neighbourhood(address)] >= FROM_EACH:
            return False
        self._favours += 1
        return True

    def _late_s(self) -> float:
        """How late this turn of the loop is; a timer tells the next one from it, and runs only while calls come."""
        now_s = self._monotonic()
        if self._turn_ends_s is None:
            self._turn_ends_s = now_s + TURN_S
            asyncio.get_running_loop().call_later(TURN_S, self._end_turn)
        return now_s - self._turn_ends_s

    def _end_turn(self) -> None:
        self._turn_ends_s = None

    def _renew_favours(self) -> None:
        now_s = self._monotonic()
        if now_s >= self._favours_end_s:
            self._favours_end_s = now_s + FAVOURS_S
            self._favours = 0
            self._taken_of.clear()
