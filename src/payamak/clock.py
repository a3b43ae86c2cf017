"""Where time comes from; everything below the runtime takes a Clock or `now`, so that a virtual one can be put in.

Three clocks. The wall clock is asked for instants: deadlines, hours, what is written. It may jump, so it is asked
beside the boot clock only (delivery/timekeeping.py). The monotonic clock is asked for durations of this process: paces,
rests, time-outs, limits; it stands still while the machine is suspended, as the loop's timers do.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> int:
        """The instant: whole milliseconds since 1970 UTC. Does not jump; see payamak.domain.clocks."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""
        ...


class Source(Protocol):
    """The machine's clocks as they are."""

    boot_id: int
    """Which start of the machine the boot clock counts from; 0: not known."""

    def wall(self) -> int:
        """Milliseconds since 1970 UTC, as the machine's clock is set."""
        ...

    def boot(self) -> int:
        """Milliseconds since the machine started, those that it was suspended included where the system tells."""
        ...

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        ...


class SystemClock:
    """The machine's clocks; as a Clock, one that believes what the wall clock says."""

    def __init__(self) -> None:
        self.boot_id = _boot_id()
        self._boot_clock: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

    def wall(self) -> int:
        """See Source.wall."""
        return time.time_ns() // 1_000_000

    def now(self) -> int:
        """What the wall clock says."""
        return self.wall()

    def boot(self) -> int:
        """See Source.boot. Where there is no such clock a suspended machine is a jump."""
        return time.clock_gettime_ns(self._boot_clock) // 1_000_000

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return time.monotonic()


def _boot_id() -> int:
    with suppress(OSError, ValueError):
        return int(_BOOT_ID.read_text(encoding="ascii").strip().replace("-", ""), 16) % (1 << 62)
    return 0
