"""How much of what handsets send a link may bring: a bound in time, so that one operator's flood is nobody else's."""

from __future__ import annotations

from typing import Final

PART_OCTETS: Final = 255
"""What counts as one part: no part of an SMS has more octets (SMPP 3.4 §5.2.21), a payload counts as several."""

LEAST_BURST: Final = 512.0
"""Parts that may come at once after a pause: the longest message that there can be, and as many of one part."""

BURST_S: Final = 2.0

LONGEST_WAIT_S: Final = 2.0
"""How long a part may wait for its turn: response timers of centres begin at about 5 s."""

MOST_WAITING: Final = 500.0
"""Parts of a link that may wait so at a time; a connection reads on while it has fewer than 1,000 requests in hand."""


class IntakeBucket:
    """A bucket of parts for one link: `rate` parts a second flow in, each part that is taken costs one or more.

    It may owe a little: a centre that waits for our answers is slowed down by that, and refused nothing.
    """

    def __init__(self, rate: float, now_s: float) -> None:
        self._rate = rate
        self._most = max(LEAST_BURST, rate * BURST_S)
        self._least = -min(MOST_WAITING, rate * LONGEST_WAIT_S)
        self._left = self._most
        self._at_s = now_s

    def wait_s(self, octets: int, now_s: float) -> float | None:
        """How long a part of so many octets waits until it is taken; None: it is not (seconds of `Clock.monotonic`)."""
        self._left = min(self._most, self._left + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        left = self._left - 1 - max(0, octets - 1) // PART_OCTETS
        if left < self._least:
            return None
        self._left = left
        return max(0.0, -left / self._rate)
