"""Room for batches in the writer's queue, counted in messages, and the line of those that wait for it."""

from __future__ import annotations

import asyncio
from collections import deque


class Room:
    """Room for so many messages at once; a batch that finds too little waits in line until others leave.

    A batch of more than that waits for all of it. Lives on one event loop.
    """

    def __init__(self, messages: int) -> None:
        self._most = self._free = messages
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def waiting(self) -> int:
        """Batches in line."""
        return len(self._waiting)

    async def take(self, messages: int) -> None:
        """Come in with so many messages, after those that came before. Whoever is cancelled has taken nothing."""
        wanted = min(messages, self._most)
        if not self._waiting and wanted <= self._free:
            self._free -= wanted
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = wanted, turn
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(messages)
            else:
                self._waiting.remove(entry)
                self._let_in()
            raise

    def give(self, messages: int) -> None:
        """Leave."""
        self._free += min(messages, self._most)
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            self._free -= wanted
            turn.set_result(None)
