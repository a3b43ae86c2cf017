"""How many connections there may be, and which one goes when there is no room for one more. Pure.

A connection waits while the next move is its peer's: it is new, idle between two requests, within a head or a body, or
does not take its answer. The address that holds most connections loses one that has begun a request and not ended it,
or else the one that waits longest. So a flood from one address pushes out itself and not those who call beside it, and
whoever sends a request in one go is served before its turn to go comes. A connection whose request is being answered
never goes.

The same rule serves for what is begun and not ended: a crowd of its own, in which an address has a share besides.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from typing import Generic, TypeVar

C = TypeVar("C")


class _Weights:
    """How many connections each address holds, and which addresses hold most. Every step is one dict's or two."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._holding: defaultdict[int, dict[str, None]] = defaultdict(dict)
        self._peak = 0

    def of(self, address: str) -> int:
        """How many this one holds."""
        return self._of.get(address, 0)

    def add(self, address: str, more: int) -> None:
        """One more (1) or one less (-1)."""
        before = self._of.pop(address, 0)
        after = before + more
        self._holding[before].pop(address, None)
        if after:
            self._of[address] = after
            self._holding[after][address] = None
        if after > self._peak or not self._holding[self._peak]:
            self._peak = after
        if not self._holding[before]:
            del self._holding[before]

    def heaviest(self, address: str) -> str:
        """The address that holds most; this one if it is among several. Call only if there is one."""
        heavy = self._holding[self._peak]
        return address if address in heavy else next(iter(heavy))


class Crowd(Generic[C]):
    """The connections of one server. All steps take the same short time, however many there are."""

    def __init__(self, most: int, most_of_each: int | None = None) -> None:
        self._most = most
        self._most_of_each = most if most_of_each is None else most_of_each
        self._addresses: dict[C, str] = {}
        self._weights = _Weights()
        # In the order in which they began to wait. A plain dict would go slow: to find its first entry it walks
        # over all that were taken out before.
        self._waiting: OrderedDict[C, None] = OrderedDict()
        self._waiting_by_address: dict[str, OrderedDict[C, None]] = {}
        self._first_by_address: dict[str, OrderedDict[C, None]] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, connection: C) -> bool:
        return connection in self._addresses

    def enter(self, newcomer: C, address: str) -> C | None:
        """Take one more, which waits; give the one that has to go, or None. It is the newcomer if nobody waits."""
        leaver = None
        if self._weights.of(address) >= self._most_of_each:
            leaver = self._last_of(address, newcomer)
        elif len(self._addresses) >= self._most:
            leaver = self._last_of(self._weights.heaviest(address), newcomer)
        self._addresses[newcomer] = address
        self._weights.add(address, 1)
        self.wait(newcomer)
        if leaver is not None:
            self.leave(leaver)
        return leaver

    def _last_of(self, address: str, newcomer: C) -> C:
        waiting = self._first_by_address.get(address) or self._waiting_by_address.get(address) or self._waiting
        return next(iter(waiting), newcomer)

    def hasten(self, connection: C) -> None:
        """It waits with something begun and not ended: unless it waits anew or is served it goes before others."""
        address = self._addresses.get(connection)
        if address is not None and connection in self._waiting:
            self._first_by_address.setdefault(address, OrderedDict())[connection] = None

    def _unhasten(self, connection: C, address: str) -> None:
        if (first := self._first_by_address.get(address)) is not None:
            first.pop(connection, None)
            if not first:
                del self._first_by_address[address]

    def wait(self, connection: C) -> None:
        """From now on it waits for its peer; if it did already, it begins anew."""
        address = self._addresses.get(connection)
        if address is None:
            return
        if self._first_by_address:
            self._unhasten(connection, address)
        neighbours = self._waiting_by_address.get(address)
        if neighbours is None:
            neighbours = self._waiting_by_address[address] = OrderedDict()
        for line in (self._waiting, neighbours):
            line[connection] = None
            line.move_to_end(connection)

    def serve(self, connection: C) -> None:
        """From now on the next move is ours."""
        self._waiting.pop(connection, None)
        address = self._addresses.get(connection, "")
        if self._first_by_address:
            self._unhasten(connection, address)
        if (neighbours := self._waiting_by_address.get(address)) is not None:
            neighbours.pop(connection, None)
            if not neighbours:
                del self._waiting_by_address[address]

    def leave(self, connection: C) -> None:
        """It is gone, or told to go: from now on it does not count."""
        self.serve(connection)
        address = self._addresses.pop(connection, None)
        if address is not None:
            self._weights.add(address, -1)
