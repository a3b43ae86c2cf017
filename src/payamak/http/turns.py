"""Whose turn it is to be read: a flood gets a few ms of each turn of the event loop, in fair order.

A flood makes thousands of connections readable at once. A loop that parses and answers them all in one go keeps waiting
who is not in the crowd: the operators' links and the writer's news, of which a code needs several on its way to the
wire. So all that is done for HTTP in one turn of the loop has a bound in time. What comes beyond it is held, its
connection read no further, and is taken in the turns that follow: each address in its turn, and of one address
first come, first served. How long it has waited is what admission judges by.

Bodies and answers have their turns too: a body in chunks of an octet costs as much as a hundred calls, and a caller who
asks on and on and reads nothing is answered until his sockets are full.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final, Protocol

TURN_S: Final = 0.01
"""What is done for HTTP in one turn: about 100 refusals, or 25 calls that are taken."""

SLICE_S: Final = 0.002
"""What of a turn one address has at a time where others wait: a newcomer comes behind so much of each. Taste."""

TAKEN_S: Final = 0.0002
"""What a call that is taken costs the loop later, in other callbacks of the same turn. Measured, about."""

HELD_OCTETS: Final = 16 << 20
"""What may be held unread of all connections together; beyond it nothing waits for its turn."""

HELD_OF_EACH_OCTETS: Final = 8 << 20
"""Of these, what one address may have; beyond it, or beyond all, what is large is dropped."""


class Waiter(Protocol):
    """A connection that waits for its turn."""

    def take_turn(self) -> None:
        """Go on with what has come; wait again if this turn has no time left."""
        ...


class LoopTurns:
    """The turns of one event loop, shared by the connections of one server."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends_s: float | None = None
        self._slice_ends_s: float | None = None
        self._lines: OrderedDict[str, deque[tuple[Waiter, float, int]]] = OrderedDict()
        self._held_octets = 0
        self._held_of: Counter[str] = Counter()
        self.waited_s = 0.0
        """For how long what is being parsed now has waited for its turn."""

    def has_time(self) -> bool:
        """Whether this turn has time for more of whoever is at it."""
        now_s = self._monotonic()
        if self._slice_ends_s is not None and now_s >= self._slice_ends_s and self._lines:
            return False
        return self._has_time(now_s)

    def _has_time(self, now_s: float) -> bool:
        if self._ends_s is None:
            self._ends_s = now_s + TURN_S
            asyncio.get_running_loop().call_soon(self._begin_next)
        return now_s < self._ends_s

    def charge(self, cost_s: float) -> None:
        """Count what will be done later in this turn."""
        if self._ends_s is not None:
            self._ends_s -= cost_s

    @property
    def is_late(self) -> bool:
        """Whether what comes now has to wait: nobody goes before those who wait already."""
        return bool(self._lines) or not self.has_time()

    def must_wait(self, octets: int) -> bool:
        """Whether something small has to wait. What finds no room is looked at, and refused for little."""
        return self.is_late and self._held_octets + octets <= HELD_OCTETS

    def has_room(self, address: str, octets: int) -> bool:
        """Whether so much may wait. What is large and finds no room is dropped: to look at it would be dear."""
        return self._held_octets + octets <= HELD_OCTETS and self._held_of[address] + octets <= HELD_OF_EACH_OCTETS

    def wait(self, waiter: Waiter, address: str, octets: int) -> None:
        """Let it take its turn when it comes; it has so many octets to parse."""
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = deque()
        line.append((waiter, self._monotonic(), octets))
        self._held_octets += octets
        self._held_of[address] += octets
        self.has_time()  # sees to it that there is a next turn

    def _begin_next(self) -> None:
        self._ends_s = None
        try:
            while self._lines and self._has_time(self._monotonic()):
                address, line = self._lines.popitem(last=False)
                waiter, since_s, octets = line.popleft()
                if line:
                    self._lines[address] = line
                self._held_octets -= octets
                self._held_of[address] -= octets
                if not self._held_of[address]:
                    del self._held_of[address]
                now_s = self._monotonic()
                self.waited_s = now_s - since_s
                self._slice_ends_s = now_s + SLICE_S
                waiter.take_turn()
        finally:
            self._slice_ends_s = None
            self.waited_s = 0.0
