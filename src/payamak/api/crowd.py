"""How many connections there may be, and which one goes when there is no room for one more. Pure.

A connection waits while the next move is its peer's: it is new, idle between two requests, within a head or a body, or
does not take its answer. Who waits longest goes first, of the newcomer's own address before all others. So a flood
from one address pushes out itself, and whoever sends a request in one go is served before its turn to go comes. A
connection whose request is being answered never goes.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

C = TypeVar("C")


class Crowd(Generic[C]):
    """The connections of one server. All steps take the same short time, however many there are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._addresses: dict[C, str] = {}
        # In the order in which they began to wait. A plain dict would go slow: to find its first entry it walks
        # over all that were taken out before.
        self._waiting: OrderedDict[C, None] = OrderedDict()
        self._waiting_by_address: dict[str, OrderedDict[C, None]] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def enter(self, newcomer: C, address: str) -> C | None:
        """Take one more, which waits; give the one that has to go, or None. It is the newcomer if nobody waits."""
        leaver = None
        if len(self._addresses) >= self._most:
            neighbours = self._waiting_by_address.get(address) or self._waiting
            leaver = next(iter(neighbours), newcomer)
        self._addresses[newcomer] = address
        self.wait(newcomer)
        if leaver is not None:
            self.leave(leaver)
        return leaver

    def wait(self, connection: C) -> None:
        """From now on it waits for its peer; if it did already, it begins anew."""
        address = self._addresses.get(connection)
        if address is None:
            return
        for line in (self._waiting, self._waiting_by_address.setdefault(address, OrderedDict())):
            line[connection] = None
            line.move_to_end(connection)

    def serve(self, connection: C) -> None:
        """From now on the next move is ours."""
        self._waiting.pop(connection, None)
        address = self._addresses.get(connection, "")
        if (neighbours := self._waiting_by_address.get(address)) is not None:
            neighbours.pop(connection, None)
            if not neighbours:
                del self._waiting_by_address[address]

    def leave(self, connection: C) -> None:
        """It is gone, or told to go: from now on it does not count."""
        self.serve(connection)
        self._addresses.pop(connection, None)
