"""What one turn of the event loop brings from the operators, handed to the store in one call.

First the answers, then the receipts: a receipt that is read in the same turn as its own answer finds it stored, and
need not be kept as one that belongs to nobody yet. One piece each, so that a fault stays alone, and one wake-up of the
store for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from payamak.clock import Clock
from payamak.store.base import Arrival, Store


class Arrivals:
    """Gathers what has come and hands it on when the turn is over. Lives on one event loop."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._answers: list[Callable[[], Arrival]] = []
        self._receipts: list[Arrival] = []

    def answered(self, made: Callable[[], Arrival]) -> None:
        """Answers to one attempt; asked for when the turn is over, for others of its parts may come in the same."""
        self._hand_on_soon()
        self._answers.append(made)

    def receipt(self, arrival: Arrival) -> None:
        """A receipt."""
        self._hand_on_soon()
        self._receipts.append(arrival)

    def _hand_on_soon(self) -> None:
        if not self._answers and not self._receipts:
            self._loop.call_soon(self._hand_on)

    def _hand_on(self) -> None:
        answers, receipts = self._answers, self._receipts
        self._answers, self._receipts = [], []
        self._store.record([*(made() for made in answers), *receipts], self._clock.now())
