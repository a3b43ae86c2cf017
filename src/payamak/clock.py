"""Where time comes from; everything below the runtime takes a Clock or `now`, so that a virtual one can be put in."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> int:
        """The instant: whole milliseconds since 1970 UTC. May jump when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """See Clock.now."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return time.monotonic()
