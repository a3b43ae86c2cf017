"""One request on its connection, from its head to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from payamak.http.body import Body, Stream
from payamak.http.request import BodyLimits, Response, Route

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The other end of a connection: its address, the one that it asked, and that with the port."""

    address: str
    asked: str
    server: str


class Exchange:
    """What is known of one request, and how far it has come.

    `answer` stands as soon as it is known, before it is its turn; `is_running`: a handler is at work on it. `closes`:
    the connection ends behind it. `is_old`: in HTTP/1.0. `expects`: the caller waits to be told to go on; `asks`: he
    was not told yet.
    """

    route: Route | None = None
    parameters: Mapping[str, str] = _NONE
    limits: BodyLimits = BodyLimits()
    content = b""
    """Its body, if that came in one small piece; else there is a `body` or a `stream`."""
    body: Body | None = None
    stream: Stream | None = None
    answer: Response | None = None
    task: asyncio.Task[None] | None = None
    closes = False
    is_admitted = False
    is_old = False
    is_running = False
    is_whole = False
    whole_at_s: float | None = None
    """When its last octet came, by the loop's clock."""
    asked_by: str | None = None
    """The name that its caller gives himself, once a handler has read it."""

    def __init__(self, method: str, path: bytes, query: bytes, head: tuple[dict[str, str], bool], peer: Peer) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers, self.is_forwarded = head
        self.peer = peer
        self.address = peer.address
        self.asks = self.expects = "expect" in self.headers and self.headers["expect"].lower() == "100-continue"

    def name_caller(self, name: str | None) -> None:
        """See Request.asked_by."""
        self.asked_by = name

    @property
    def is_streamed(self) -> bool:
        """Whether its handler begins before its body is there."""
        return self.route is not None and self.route.is_streamed and self.answer is None

    @property
    def length_octets(self) -> int:
        """The length of the body as it was told; 0 if it was not. The parser has refused what is no number."""
        told = self.headers.get("content-length", "")
        return int(told) if told.isdigit() and len(told) < 20 else 0
