"""What failed in our hands, by its octets: twice the operator is asked to bring it again, then it is kept and taken.

What cannot be read is kept the first time: it would be no other the third.
"""

from __future__ import annotations

from hashlib import blake2b

from payamak.clock import Clock
from payamak.domain.unreadable import MOST_TRIES, Unreadable
from payamak.log import place_of
from payamak.upstreams.base import Sink

REMEMBERED = 1_000
"""Different pieces whose failures are counted; beyond that the oldest is counted anew. 16 octets each."""

UNREAD = "Unread"
"""In place of an error's name: nothing failed but the reading."""


class Unhandled:
    """Counts the failures of one link's pieces. A restart counts anew: the operator has to bring them again anyway."""

    def __init__(self, link: str, sink: Sink, clock: Clock) -> None:
        self._link = link
        self._sink = sink
        self._clock = clock
        self._times: dict[bytes, int] = {}

    async def keep(self, kind: str, octets: bytes, error: Exception) -> bool:
        """Count a failure; True when the piece is on disk as unreadable: acknowledge it. Raises StoreFailed."""
        digest = blake2b(octets, digest_size=16).digest()
        times = self._times.pop(digest, 0) + 1
        self._times[digest] = times
        if len(self._times) > REMEMBERED:
            del self._times[next(iter(self._times))]
        if times < MOST_TRIES:
            return False
        await self._put(kind, octets, type(error).__name__, " < ".join(reversed(place_of(error))))
        del self._times[digest]
        return True

    async def keep_unread(self, kind: str, octets: bytes, why: str) -> None:
        """Keep what no reading fits, `why` in words of ours; acknowledge it when this returns. Raises StoreFailed."""
        await self._put(kind, octets, UNREAD, why)

    async def _put(self, kind: str, octets: bytes, error: str, place: str) -> None:
        came_at = self._clock.now()
        piece = Unreadable(kind=kind, link=self._link, octets=octets, error=error, place=place, came_at=came_at)
        await self._sink.unreadable(piece)
