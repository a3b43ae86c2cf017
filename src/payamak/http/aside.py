"""What is large is unpacked and read on a thread, one at a time: a megabyte takes tens of ms, and nobody waits for it.

A stranger needs a kilobyte of gzip for a megabyte of form or JSON, so its size on the wire bounds nothing. Small bodies
are read where they come and never wait here. Large ones have their turns neighbourhood by neighbourhood; where too many
wait, further ones are told 23.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, TypeVar

from payamak.codes import Code
from payamak.errors import Refused

LARGE_OCTETS: Final = 32 << 10
"""Bodies up to this size are read where they come: about a millisecond."""

WAITING: Final = 100
"""Large bodies that may wait, and of each neighbourhood: at some 20 ms each they wait 2 s at most. Taste."""
WAITING_OF_EACH: Final = 20

T = TypeVar("T")


class AsideThread:
    """One thread's turns; lives on one event loop."""

    def __init__(self) -> None:
        self._is_running = False
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._waiting = 0

    async def read(self, place: str, octets: int, work: Callable[[], T]) -> T:
        """What `work` makes of so many octets, here or on the thread. Raises what it raises, and Refused(BUSY)."""
        return work() if octets <= LARGE_OCTETS else await self.run(place, work)

    async def run(self, place: str, work: Callable[[], T]) -> T:
        """The same of what is large for certain; `place` is the caller's neighbourhood."""
        if self._is_running:
            await self._turn(place)
        self._is_running = True
        try:
            return await asyncio.to_thread(work)
        finally:
            self._pass_on()

    async def _turn(self, place: str) -> None:
        if self._waiting >= WAITING or len(self._lines.get(place, ())) >= WAITING_OF_EACH:
            raise Refused(Code.BUSY, "too many large bodies wait to be read")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(place, deque()).append(turn)
        self._waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # the turn came, but nobody is here to take it
            raise

    def _pass_on(self) -> None:
        """The thread is free: the next neighbourhood's first has it."""
        while self._lines:
            place, line = self._lines.popitem(last=False)
            turn = line.popleft()
            self._waiting -= 1
            if line:
                self._lines[place] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._is_running = False
