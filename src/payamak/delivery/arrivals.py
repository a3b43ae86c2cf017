"""What one turn of the event loop brings from the operators, handed to the store in one call.

First the answers, then the receipts: a receipt that is read in the same turn as its own answer finds it stored, and
need not be kept as one that belongs to nobody yet. One piece each, so that a fault stays alone, and one wake-up of the
store for all of them. The store knows each by a ticket; who is told of it is remembered here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from payamak.clock import Clock
from payamak.domain.receipts import ReceiptIn
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.store.records import Answers, Arrival

Told = Callable[[list[Change] | Exception], None]
"""Told once what came of it: the changes, all of them committed, or the error for which there are none."""


class Arrivals:
    """Gathers what has come and hands it on when the turn is over. Lives on one event loop."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._answers: list[Callable[[], tuple[Answers, Told]]] = []
        self._receipts: list[tuple[ReceiptIn, Told]] = []
        self._drawn = 0
        self._told: dict[int, Told] = {}
        store.feed.recorded = self._recorded

    def answered(self, made: Callable[[], tuple[Answers, Told]]) -> None:
        """Answers to one attempt; asked for when the turn is over, for others of its parts may come in the same."""
        self._hand_on_soon()
        self._answers.append(made)

    def receipt(self, receipt: ReceiptIn, told: Told) -> None:
        """A receipt."""
        self._hand_on_soon()
        self._receipts.append((receipt, told))

    def _hand_on_soon(self) -> None:
        if not self._answers and not self._receipts:
            self._loop.call_soon(self._hand_on)

    def _hand_on(self) -> None:
        answers, receipts = self._answers, self._receipts
        self._answers, self._receipts = [], []
        came: list[tuple[Answers | ReceiptIn, Told]] = [*(made() for made in answers), *receipts]
        self._store.record([self._arrival(*each) for each in came], self._clock.now())

    def _arrival(self, what: Answers | ReceiptIn, told: Told) -> Arrival:
        self._drawn += 1
        self._told[self._drawn] = told
        return Arrival(ticket=self._drawn, what=what)

    def _recorded(self, ticket: int, came: list[Change] | Exception) -> None:
        """From the Feed: what became of one of them."""
        self._told.pop(ticket)(came)
