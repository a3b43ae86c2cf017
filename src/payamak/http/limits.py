"""What all connections of one HTTP server have in common: its limits, its crowd and turns, its application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from payamak.domain.neighbourhood import neighbourhood
from payamak.http.answers import AnswerOctets
from payamak.http.app import Application
from payamak.http.crowd import Crowd
from payamak.http.exchange import Exchange
from payamak.http.turns import LoopTurns


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How long, and for how much, a connection may keep us waiting. Times are kept to the second."""

    head_s: float = 15.0
    """From a request's first octet, or from connecting, to the end of its head."""
    body_s: float = 60.0
    """From the head's end to the body's."""
    keep_alive_s: int = 75
    """How long a connection may idle between two requests."""
    head_octets: int = 64 << 10
    """Request line and headers together; more is answered 400."""
    connections: int = 10_000
    """Connections at one time; one more and the one that waits longest is closed, see `Crowd`."""
    unfinished: int = 2_000
    """Requests at one time whose body, or long head, is not whole; one more and the oldest is dropped, see `Crowd`."""
    unfinished_of_each: int = 500
    """Of one address (IPv6: one /64). Matters of taste: whoever writes a request in one go has none."""
    backlog: int = 2_048
    """Connections that the system may hold for us until we take them."""


FRESH_S: Final = 0.02
"""From a request's first read to its being counted as unfinished. So few ms make no flood. Taste."""


class Guest(Protocol):
    """A connection as the crowd has it."""

    transport: asyncio.Transport
    is_unfinished: bool
    """Whether it has begun a request and waits for the rest."""

    def caller(self) -> str:
        """The caller's own address whose request is begun, after trusted proxies were believed."""
        ...

    def drop(self) -> None:
        """Wait no more for the request that it has begun and not ended."""
        ...

    def shutdown(self) -> None:
        """End now, or after the requests that are under way."""
        ...

    def close_if_late(self, now_monotonic_s: float) -> None:
        """Close if it keeps us waiting for too long."""
        ...


class Unfinished(Crowd[Guest]):
    """Requests that are begun and not ended; each address, and all, may have so many.

    Many programs write head and body apart, so a request has a moment before it is counted.
    """

    dropped = 0
    """How many were not waited for any more."""

    def __init__(self, most: int, most_of_each: int) -> None:
        super().__init__(most, most_of_each)
        self._fresh: list[Guest] = []

    def begin(self, guest: Guest) -> None:
        """A request has not come whole."""
        if not self._fresh:
            asyncio.get_running_loop().call_later(FRESH_S, self._count)
        self._fresh.append(guest)

    def end(self, guest: Guest) -> bool:
        """Now it has; whether it was counted."""
        was_counted = guest in self
        self.leave(guest)
        return was_counted

    def _count(self) -> None:
        """Count those that are still not whole; those that have to go for them are dropped."""
        fresh, self._fresh = self._fresh, []
        for guest in fresh:
            if guest.is_unfinished and guest not in self:
                leaver = self.enter(guest, neighbourhood(guest.caller()))
                if leaver is not None:
                    self.dropped += 1
                    leaver.drop()


class Shared:
    """What the connections of one server have in common. Both tables are in the order of their entries' beginnings."""

    def __init__(
        self,
        app: Application,
        limits: HttpLimits | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.app = app
        self.limits = limits or HttpLimits()
        self.crowd = Crowd[Guest](self.limits.connections)
        self.unfinished = Unfinished(self.limits.unfinished, self.limits.unfinished_of_each)
        self.turns = LoopTurns(monotonic)
        self.answers = AnswerOctets()
        self.connections: dict[Guest, None] = {}
        self.running: dict[Exchange, None] = {}
        """Requests at which a handler is at work, those whose callers are gone included."""
        self.on_lost = on_lost
