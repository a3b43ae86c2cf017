"""The body of one request while it comes: kept within a room that all bodies share, or handed on in pieces."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.http.request import BodyLimits, Family, Response

UNREAD_OCTETS: Final = 64 << 10
"""Octets of a streamed body that may lie unread before its connection is read no further."""


SMALL_OCTETS: Final = 4 << 10
"""A body in one piece of this size is kept as it is."""


class Gone(Exception):
    """The caller left, or was not waited for any more, before the body was whole."""


class TooLong(Exception):
    """The body is longer than its route takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLimits:
    """What bodies that are not whole may hold, but for the first `free_octets` of each; beyond it they get 23."""

    together_octets: int = 64 << 20
    of_each_octets: int = 16 << 20
    """Of these, what the bodies of one address (IPv6: one /64) hold: nobody takes the room of all."""
    free_octets: int = 16 << 10


class BodyRoom:
    """What the bodies of one server hold that are not whole yet."""

    def __init__(self, limits: RoomLimits) -> None:
        self.limits = limits
        self._held_octets = 0
        self._held_of: Counter[str] = Counter()

    def takes(self, place: str, octets: int) -> bool:
        """Hold so many octets more for a place, if there is room."""
        limits = self.limits
        if self._held_octets + octets > limits.together_octets or self._held_of[place] + octets > limits.of_each_octets:
            return False
        self._held_octets += octets
        self._held_of[place] += octets
        return True

    def leave(self, place: str, octets: int) -> None:
        """So many octets are held no more."""
        self._held_octets -= octets
        self._held_of[place] -= octets
        if not self._held_of[place]:
            del self._held_of[place]


class Body:
    """A body in pieces, until it is whole or refused."""

    __slots__ = ("_chunks", "_family", "_held_octets", "_limits", "_place", "_room", "refused", "taken_octets")

    def __init__(self, room: BodyRoom, address: str, limits: BodyLimits, family: Family) -> None:
        self._room = room
        self._place = address
        self._limits = limits
        self._family = family
        self._chunks: list[bytes] = []
        self._held_octets = 0
        self.taken_octets = 0
        self.refused: Response | None = None

    def take(self, chunk: bytes) -> bool:
        """Take one more piece; whether a body that is refused already has gone on for so long that nobody waits.

        What is not taken is read away first: many clients look for an answer only when they have sent all.
        """
        self.taken_octets += len(chunk)
        if self.taken_octets > self._limits.largest_octets:  # told also to who found no room before
            self._refuse(self._family(Code.MALFORMED, 413))
        elif self.refused is None:
            self._chunks.append(chunk)
            more = self.taken_octets - self._room.limits.free_octets - self._held_octets
            if more > 0:
                if self._room.takes(place := neighbourhood(self._place), more):
                    self._held_octets += more
                    self._place = place
                else:
                    self._refuse(self._family(Code.BUSY, 200))
        return self.refused is not None and self.taken_octets >= self._limits.drained_octets

    def _refuse(self, answer: Response) -> None:
        self.refused = answer
        self.leave()

    def leave(self) -> bytes:
        """All of it, in one piece; it holds no room any more."""
        chunks, self._chunks = self._chunks, []
        if self._held_octets:
            self._room.leave(self._place, self._held_octets)
            self._held_octets = 0
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class Stream:
    """A body as it comes, for one reader. `on_read` is called when the reader waits for more."""

    def __init__(self, largest_octets: int, on_read: Callable[[], None]) -> None:
        self._largest_octets = largest_octets
        self._on_read = on_read
        self._pieces: deque[bytes] = deque()
        self._taken_octets = 0
        self._unread_octets = 0
        self._has_ended = False
        self._failure: type[Gone | TooLong] | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether so much lies unread that nothing more should come."""
        return self._unread_octets > UNREAD_OCTETS

    def take(self, piece: bytes) -> None:
        """One more piece."""
        self._taken_octets += len(piece)
        if self._taken_octets > self._largest_octets:
            self.fail(TooLong)
        elif self._failure is None:
            self._pieces.append(piece)
            self._unread_octets += len(piece)
            self._wake()

    def end(self) -> None:
        """It is whole."""
        self._has_ended = True
        self._wake()

    def fail(self, failure: type[Gone | TooLong]) -> None:
        """It will never be whole."""
        if self._failure is None and not self._has_ended:
            self._failure = failure
            self._pieces.clear()
            self._unread_octets = 0
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        """The next piece. Raises Gone and TooLong."""
        while True:
            if self._failure is not None:
                raise self._failure
            if self._pieces:
                piece = self._pieces.popleft()
                self._unread_octets -= len(piece)
                return piece
            if self._has_ended:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            self._on_read()
            await self._waiter
