"""Requests that got no answer in time, by their sequence: a late answer is still theirs.

The answer may come after the response timer, or over a later bind than the one that carried the request. Sequences of a
link run on over its binds, so that such an answer is never taken for another request's. Pure: the time is a parameter.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

OVERDUE_KEPT: Final = 10_000
"""How many requests of one link are remembered for their late answers; the oldest are forgotten first. Taste."""

OVERDUE_KEPT_S: Final = 3_600.0
"""How long a request is remembered, in seconds. Far shorter than the 2^31 sequences of a link last at any pace, so that
a sequence that begins again never meets its own past. Taste."""

T = TypeVar("T")


class Overdue(Generic[T]):
    """What is known of each request that waits for a late answer; bounded in number and in time."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[float, T]] = {}  # in the order of keeping, so the first one is the oldest

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._kept

    def keep(self, sequence: int, known: T, now: float) -> None:
        """Remember a request from now on; forgets what is too old or too much. `now`: seconds, monotonic."""
        self._kept.pop(sequence, None)
        self._kept[sequence] = (now, known)
        while len(self._kept) > OVERDUE_KEPT or next(iter(self._kept.values()))[0] <= now - OVERDUE_KEPT_S:
            del self._kept[next(iter(self._kept))]

    def get(self, sequence: int, now: float) -> T | None:
        """What is known of a request; None if it was never kept, was taken, or is too old."""
        kept_at_s, known = self._kept.get(sequence, (0.0, None))
        return None if kept_at_s <= now - OVERDUE_KEPT_S else known

    def take(self, sequence: int, now: float) -> T | None:
        """The same, and forget it: its answer has come."""
        known = self.get(sequence, now)
        self._kept.pop(sequence, None)
        return known
