"""What all connections of one HTTP server have in common: its limits, its crowd and turns, its gate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from uvicorn.protocols.http import httptools_impl
from uvicorn.server import ServerState

from payamak.api.app import SAFETY_HEADERS, Response
from payamak.api.crowd import Crowd
from payamak.api.phrases import STATUS_LINES
from payamak.api.turns import Turns

# uvicorn makes its lines from the interpreter's words, and each of its answers looks them up here.
httptools_impl.STATUS_LINE.update(STATUS_LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How long, and for how much, a connection may keep us waiting. Times are kept to the second."""

    head_s: float = 15.0
    """From a request's first octet, or from connecting, to the end of its head."""
    body_s: float = 60.0
    """From the head's end to the body's."""
    keep_alive_s: int = 20
    """How long a connection may idle between two requests."""
    head_octets: int = 64 << 10
    """Request line and headers together; more is answered 400."""
    connections: int = 10_000
    """Connections at one time; one more and the one that waits longest is closed, see `Crowd`."""
    backlog: int = 2_048
    """Connections that the system may hold for us until we take them."""


class Guest(Protocol):
    """A connection as the crowd has it."""

    transport: asyncio.Transport


class Gate(Protocol):
    """Who looks at a call before anything is made for it."""

    def admit(
        self, method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], peer: str, waited_s: float
    ) -> Response | bool:
        """The answer that refuses it, True if it is taken, False if the application is to look itself."""
        ...

    def leave(self) -> None:
        """A call that was taken did not reach the application."""
        ...


class Refusals:
    """Answers as octets, ready to be written; those of the same second are made once."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._made_for: list[tuple[bytes, bytes]] = []
        self._made: dict[tuple[Response, bool], bytes] = {}

    def octets(self, answer: Response, *, closes: bool) -> bytes:
        """As uvicorn would write it, the date included."""
        if self._made_for is not self._state.default_headers:
            self._made_for = self._state.default_headers
            self._made.clear()
        made = self._made.get((answer, closes))
        if made is None:
            made = self._made[answer, closes] = self._make(answer, closes)
        return made

    def _make(self, answer: Response, closes: bool) -> bytes:
        headers = [
            *self._made_for,
            (b"content-type", answer.content_type.encode("latin-1")),
            (b"content-length", b"%d" % len(answer.body)),
            *SAFETY_HEADERS,
            *([(b"connection", b"close")] if closes else []),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        return STATUS_LINES[answer.status] + lines + b"\r\n" + answer.body


class Shared:
    """What the connections of one server have in common."""

    def __init__(
        self,
        state: ServerState,
        limits: HttpLimits | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        gate: Gate | None = None,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.state = state
        self.limits = limits or HttpLimits()
        self.crowd = Crowd[Guest](self.limits.connections)
        self.turns = Turns(monotonic)
        self.gate = gate
        self.refusals = Refusals(state)
        self.on_lost = on_lost
