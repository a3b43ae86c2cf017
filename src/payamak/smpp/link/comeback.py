"""When a link that was lost may bind again. Pure: the time and the chance are parameters, in seconds."""

from __future__ import annotations

from collections import deque
from typing import Final

BINDS_PER_MINUTE: Final = 6
"""What a centre is asked at most, whatever ends the binds: one that cuts every connection is no better for more."""

_MINUTE_S: Final = 60.0


class Comeback:
    """The pauses of one link.

    A pause begins at `initial_s`, doubles with every loss up to `max_s`, and begins anew after a bind in which a
    request was answered, whatever the answer: that bind was of use. One that nothing was asked on (an idle link, a
    receiver) was of use if it stayed for `max_s`. A bind on which all was asked in vain never is, however long it
    stayed: else a message at which the centre breaks, or a centre that answers nothing, is met anew without a pause.

    Beside that there are at most `per_minute` binds in any minute. Two thirds of them come as soon as the pause allows:
    the first one and three after breaks, for a message at which the link breaks is given up at the third
    (domain/states.py) and must not cost the others ten seconds. The rest are spread, so that a centre that cuts every
    bind leaves no half minute without one.
    """

    def __init__(self, initial_s: float, max_s: float, per_minute: int = BINDS_PER_MINUTE) -> None:
        """`per_minute` 0 = no bound on binds."""
        self._initial_s = initial_s
        self._max_s = max_s
        self._pause_s = initial_s
        self._most = per_minute
        self._binds: deque[float] = deque(maxlen=per_minute)

    def bind_asked(self, now: float) -> None:
        """A bind leaves; it counts, whatever its answer."""
        self._binds.append(now)

    def lost(self, *, bound_for_s: float, asked: int, answered: int) -> None:
        """A bind is over, or an attempt has failed (`bound_for_s` 0)."""
        if answered or (not asked and bound_for_s >= self._max_s):
            self._pause_s = self._initial_s

    def wait_s(self, now: float, jitter: float) -> float:
        """How long to wait before the next attempt; `jitter` shortens the pause, never the bound. Call once a loss."""
        pause_s = self._pause_s * jitter
        self._pause_s = min(self._pause_s * 2, self._max_s)
        return max(pause_s, self._allowed_at_s(now) - now)

    def _allowed_at_s(self, now: float) -> float:
        """When the bound on binds allows the next one."""
        if not self._most:
            return now
        recent = [at_s for at_s in self._binds if at_s > now - _MINUTE_S]
        if len(recent) * 3 < self._most * 2:
            return now
        even_s = _MINUTE_S / self._most
        free_at_s = recent[0] + _MINUTE_S  # when the oldest of them no longer counts
        shared_s = (free_at_s - recent[-1]) / (self._most - len(recent) + 1)
        return recent[-1] + max(even_s, shared_s)
