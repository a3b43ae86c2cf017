"""What failed in our hands, by its octets: twice the operator is asked to bring it again, then it is kept and taken."""

from __future__ import annotations

from hashlib import blake2b

from payamak.clock import Clock
from payamak.domain.unreadable import MOST_TRIES, Unreadable
from payamak.log import place_of
from payamak.upstreams.base import Sink

REMEMBERED = 1_000
"""Different pieces whose failures are counted; beyond that the oldest is counted anew. 16 octets each."""


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
        piece = Unreadable(
            kind=kind,
            link=self._link,
            octets=octets,
            error=type(error).__name__,
            place=" < ".join(reversed(place_of(error))),
            came_at=self._clock.now(),
        )
        await self._sink.unreadable(piece)
        del self._times[digest]
        return True
