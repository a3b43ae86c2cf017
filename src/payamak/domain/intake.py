"""How much of what handsets send a link may bring: a bound in time, so that one operator's flood is nobody else's."""

from __future__ import annotations

from typing import Final

PART_OCTETS: Final = 255
"""What counts as one part: no part of an SMS has more octets (SMPP 3.4 §5.2.21), a payload counts as several."""

LEAST_BURST: Final = 512.0
"""Parts that may come at once after a pause: the longest message that there can be, and as many of one part."""

BURST_S: Final = 2.0


class Intake:
    """A bucket of parts for one link: `rate` parts a second flow in, each part that is taken costs one or more."""

    def __init__(self, rate: float, now_s: float) -> None:
        self._rate = rate
        self._most = max(LEAST_BURST, rate * BURST_S)
        self._left = self._most
        self._at_s = now_s

    def takes(self, octets: int, now_s: float) -> bool:
        """Whether a part of so many octets is taken now (seconds of `Clock.monotonic`)."""
        self._left = min(self._most, self._left + max(0.0, now_s - self._at_s) * self._rate)
        self._at_s = now_s
        cost = 1 + max(0, octets - 1) // PART_OCTETS
        if self._left < cost:
            return False
        self._left -= cost
        return True
