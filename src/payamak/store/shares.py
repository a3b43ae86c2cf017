"""How much of each queue goes into one transaction: enough to share a sync, little enough to be short. Pure.

Whoever comes next waits for the transaction that is under way and then for his own; a code does so twice on its way to
the wire. What a piece costs is another figure on every machine and under every load, so it is measured, and the shares
follow: together they are as many pieces as run in about TARGET_S.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Urgency(IntEnum):
    """Which queue of the writer a piece of work waits in: marks of codes, what became of messages, accepts by class."""

    CODE = 0
    RESULT = 1
    OTP = 2
    NORMAL = 3
    BULK = 4


ACCEPTS: Final = (Urgency.OTP, Urgency.NORMAL, Urgency.BULK)

SHARES: Final[dict[Urgency, int]] = {
    Urgency.CODE: 64,
    Urgency.RESULT: 256,
    Urgency.OTP: 64,
    Urgency.NORMAL: 64,
    Urgency.BULK: 32,
}
"""Pieces taken of each queue for one transaction at most. Taste: a batch of 400 takes about 10 ms, the sync included,
where nothing else wants the processor."""

TARGET_S: Final = 0.015
"""What the pieces of one transaction may take together, without its sync: some ten times what a good disk's sync
takes."""

_ALL: Final = sum(SHARES.values())
_LEAST: Final = 1 / 32
_MEMORY: Final = 200
"""Pieces of which the measured cost is the average, about."""


class Shares:
    """The shares of one writer."""

    def __init__(self) -> None:
        self._cost_s = TARGET_S / _ALL
        self._scale = 1.0

    def of(self, urgency: Urgency) -> int:
        """How many pieces of this queue the next transaction takes first; at least one."""
        return max(int(SHARES[urgency] * self._scale), 1)

    @property
    def together(self) -> int:
        """How many pieces it takes in all: what one queue leaves of its share goes to the others, by urgency."""
        return sum(self.of(urgency) for urgency in Urgency)

    def learn(self, pieces: int, ran_s: float) -> None:
        """So many pieces have run in so much time."""
        if pieces:
            self._cost_s += (ran_s / pieces - self._cost_s) * pieces / (pieces + _MEMORY)
            self._scale = min(max(TARGET_S / (max(self._cost_s, 1e-9) * _ALL), _LEAST), 1.0)
