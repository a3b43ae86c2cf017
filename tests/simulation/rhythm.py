"""How often the program looks round although nobody called: every second while something happens, seldom while not.

The looks are there for what other processes may have done. Between them nothing of the program waits for them, so a
world that stretches them while it is calm still shows whatever hangs on one; and a day without events costs a hundred
looks instead of half a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final
from unittest import mock

from payamak import running
from payamak.delivery import inbound, marking, recovery, timekeeping, worker
from payamak.front import feeder
from payamak.http import server
from payamak.posts import rounds

CALM: Final = ((5.0, 1.0), (60.0, 10.0), (3_600.0, 120.0), (float("inf"), 1_800.0))
"""(seconds since something happened, seconds between two looks)."""

_PERIODS: Final = (
    (worker, "POLL_S"),
    (rounds, "POLL_S"),
    (recovery, "LOOK_EVERY_S"),
    (recovery, "SWEEP_EVERY_S"),
    (inbound, "SWEEP_EVERY_S"),
    (marking, "KEEP_EVERY_S"),
    (timekeeping, "LOOK_EVERY_S"),
    (feeder, "REST_S"),
    (running, "WATCH_CONFIG_S"),
    (server, "_SWEEP_S"),
)
LONGEST_S: Final = CALM[-1][1]


class Rhythm:
    """Sets the periods. `stir` when something happens, `pass_time` after each leap of the clock."""

    def __init__(self, shortest_s: float = 1.0) -> None:
        self.shortest_s = shortest_s
        self._stirred_at_s = 0.0
        self._now_s = 0.0
        self.period_s = 0.0

    def stir(self) -> None:
        """Something happens now."""
        self._stirred_at_s = self._now_s
        self._set(CALM[0][1])

    def pass_time(self, now_s: float) -> None:
        """The clock has leapt."""
        self._now_s = now_s
        calm_s = now_s - self._stirred_at_s
        self._set(next(period_s for limit_s, period_s in CALM if calm_s < limit_s))

    def _set(self, period_s: float) -> None:
        period_s = max(period_s, self.shortest_s)
        if period_s != self.period_s:
            self.period_s = period_s
            for module, name in _PERIODS:
                setattr(module, name, period_s)


@contextmanager
def kept_periods() -> Iterator[None]:
    """Whatever a rhythm sets, the modules have their own periods again afterwards."""
    with ExitStack() as stack:
        for module, name in _PERIODS:
            stack.enter_context(mock.patch.object(module, name, 1.0))
        yield
