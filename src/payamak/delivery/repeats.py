"""Which receipts may come again: those that were brought by a connection that is gone, and perhaps our answer with it.

Where several parts of a text have one id, their receipts are alike, and so is a repetition. An operator repeats what it
has no answer for. So a receipt is taken for a repetition if an equal one came by a connection that ended before it was
answered, or a moment after that: the answer may have gone down with it. All else that is alike is another part's.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final

from payamak.domain.receipts import REPEAT_MS

ACK_DOUBT_S: Final = 2.0
"""An answer that left so shortly before its connection ended may not have arrived. Taste: many round trips."""

NEWS_S: Final = 1.0
"""How long an equal receipt over another connection waits for the news that the first one is gone (see inbound.py)."""

DOUBTS_KEPT: Final = 10_000
"""Receipts that may come again and are remembered; the oldest are forgotten first. Taste."""


class Brought:
    """What each link's connection has brought, and what may come again. Times in seconds, of `monotonic`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._storing: dict[str, Counter[bytes]] = {}
        self._answered: dict[str, deque[tuple[float, bytes]]] = {}
        self._doubtful: OrderedDict[bytes, tuple[float, int]] = OrderedDict()
        self._changed = asyncio.Event()

    def begin(self, link: str, digest: bytes) -> None:
        """A receipt has come and is being stored: it has no answer yet."""
        self._storing.setdefault(link, Counter())[digest] += 1

    def end(self, link: str, digest: bytes, *, is_answered: bool) -> None:
        """It is stored and answered at once, or it could not be."""
        storing = self._storing.get(link)
        if not storing or not storing[digest]:
            return  # its connection has ended meanwhile
        storing[digest] -= 1
        if not storing[digest]:
            del storing[digest]
        if is_answered:
            answered = self._answered.setdefault(link, deque())
            answered.append((self._monotonic(), digest))
            self._forget(answered)

    def link_changed(self, link: str) -> None:
        """Its connection ended, or begins: what has no answer that surely arrived may come again."""
        doubtful = self._storing.pop(link, Counter())
        answered = self._answered.pop(link, deque())
        self._forget(answered)
        doubtful.update(digest for _, digest in answered)
        for digest, count in doubtful.items():
            self._doubt(digest, count)
        if doubtful:
            self._changed.set()
            self._changed = asyncio.Event()

    async def is_again(self, link: str, digest: bytes) -> bool:
        """Whether a receipt that has come is a repetition; each one that may come again is so once.

        Waits for news of the connection where another link has just brought the same.
        """
        until_s = asyncio.get_running_loop().time() + NEWS_S
        while (again := self.look(link, digest)) is None:
            changed = self._changed
            try:
                async with asyncio.timeout_at(until_s):
                    await changed.wait()
            except TimeoutError:
                return self._take(digest)
        return again

    def look(self, link: str, digest: bytes) -> bool | None:
        """The same without waiting; None while only that news could tell."""
        if self._take(digest):
            return True
        return None if self._is_under_way_elsewhere(link, digest) else False

    def _doubt(self, digest: bytes, count: int) -> None:
        _, before = self._doubtful.pop(digest, (0.0, 0))
        self._doubtful[digest] = (self._monotonic(), before + count)
        while len(self._doubtful) > DOUBTS_KEPT:
            self._doubtful.popitem(last=False)

    def _take(self, digest: bytes) -> bool:
        since_s, count = self._doubtful.pop(digest, (0.0, 0))
        if not count or self._monotonic() - since_s > REPEAT_MS / 1_000:
            return False
        if count > 1:
            self._doubtful[digest] = (since_s, count - 1)
        return True

    def _is_under_way_elsewhere(self, link: str, digest: bytes) -> bool:
        if any(name != link and storing[digest] for name, storing in self._storing.items()):
            return True
        for name, answered in self._answered.items():
            if name != link:
                self._forget(answered)
                if any(known == digest for _, known in answered):
                    return True
        return False

    def _forget(self, answered: deque[tuple[float, bytes]]) -> None:
        while answered and answered[0][0] < self._monotonic() - ACK_DOUBT_S:
            answered.popleft()
