"""What was odd of that which a link brings, counted by its word and told: the first times, then at each doubling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from payamak.encoding.odd import Odd

TOLD_ALL = 10
"""Lines of the log for one oddity of a link; then only when their number has doubled. Taste."""


class Oddities:
    """The counts of one link, from its start on."""

    def __init__(self, link: str, log: Callable[..., object]) -> None:
        self._link = link
        self._log = log
        self.counts: Counter[str] = Counter()

    def count(self, odd: Iterable[Odd]) -> None:
        """Count what was odd of one PDU."""
        for one in odd:
            self.counts[one.value] += 1
            count = self.counts[one.value]
            if count <= TOLD_ALL or not count & (count - 1):
                self._log("odd", link=self._link, what=one.value, count=count)
