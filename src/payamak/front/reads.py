"""Whose turn it is to read states: who asks in bulk waits while messages that are sent wait for the store.

A read of states holds the interpreter, in a turn of the loop or on a reading thread, and the writer's thread needs that
many times on its way through a transaction. A few callers who ask on and on would so make every send wait for seconds.
So each read is charged by the ids that it names, and sends go first:

* no send waits: every read goes at once;
* one waits: the next read goes when the one before has been paid for, so long as that send is not late;
* one is late: reads wait until it is not, but at most MOST_S; then one goes each TICK_S, first come, first served.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

ID_S: Final = 0.000_005
"""What one id costs: 10,000 of them take the store some 25 ms, and as much again to write the answer."""

NOBODY_S: Final = 0.000_5
"""A send that has waited for less is none: the writer takes it as soon as it is awake."""

LATE_S: Final = 0.015
"""A send that has waited so long for its transaction is late: half of what admission thinks late. Taste."""

MOST_S: Final = 0.1
"""How long a read waits at most before it is one of those that go all the same. Taste."""

TICK_S: Final = 0.002
"""How often waiting reads are looked at: 500 a second go in the worst case, also while sends are late. Taste."""


class Reads:
    """The turns of one event loop. Times in seconds, of `monotonic`."""

    def __init__(self, monotonic: Callable[[], float], sends_wait_s: Callable[[], float]) -> None:
        """`sends_wait_s` tells for how long the oldest accept has waited for the store; about 0 if none does."""
        self._monotonic = monotonic
        self._sends_wait_s = sends_wait_s
        self._paid_at_s = float("-inf")
        self._waiting: deque[tuple[asyncio.Future[None], float, int]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, ids: int) -> None:
        """Return when so many ids may be read."""
        now_s = self._monotonic()
        if not self._waiting and self._may_go(now_s):
            self._charge(now_s, ids)
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, now_s, ids))
        self._look_again(loop)
        await turn

    def _may_go(self, now_s: float) -> bool:
        waits_s = self._sends_wait_s()
        return waits_s < NOBODY_S or (waits_s < LATE_S and now_s >= self._paid_at_s)

    def _charge(self, now_s: float, ids: int) -> None:
        self._paid_at_s = max(self._paid_at_s, now_s) + ids * ID_S

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and self._waiting:
            self._timer = loop.call_later(TICK_S, self._look)

    def _look(self) -> None:
        """Let go whose turn it is; of those that have waited long enough one, whatever waits beside it."""
        self._timer = None
        now_s, has_forced = self._monotonic(), False
        while self._waiting:
            turn, since_s, ids = self._waiting[0]
            if not turn.done():  # else whoever asked has hung up
                if not self._may_go(now_s):
                    if has_forced or now_s - since_s < MOST_S:
                        break
                    has_forced = True
                self._charge(now_s, ids)
                turn.set_result(None)
            self._waiting.popleft()
        self._look_again(asyncio.get_running_loop())
