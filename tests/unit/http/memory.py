"""One connection of the HTTP server whose transport is memory: what is written, and what it was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from payamak.http.app import Application
from payamak.http.connection import HttpConnection
from payamak.http.limits import HttpLimits, Shared


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self, peer: str = "192.0.2.1", asked: tuple[str, int] = ("127.0.0.1", 8080)) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False
        self._names = {"peername": (peer, 1234), "sockname": asked}

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._names.get(name, default)

    def pause_reading(self) -> None:
        """Tests feed on."""

    def resume_reading(self) -> None:
        """Tests feed on."""


class Line:
    """A connection to an application, fed by hand."""

    def __init__(
        self,
        app: Application,
        *,
        wire: Wire | None = None,
        limits: HttpLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shared = Shared(app, limits, monotonic=monotonic)
        self.connection = HttpConnection(self.shared)
        self.wire = wire or Wire()
        self.connection.connection_made(self.wire)

    async def rest(self) -> None:
        """Wait until everything that was asked is answered, as far as it can be."""
        async with asyncio.timeout(60):
            while self.connection._waits_for_turn or self.shared.running:  # noqa: ASYNC110 - what it does is what is tested
                await asyncio.sleep(0)

    async def feed(self, octets: bytes) -> None:
        """Octets come, and have their effect."""
        if not self.wire.is_closed:
            self.connection.data_received(octets)
        await self.rest()


@dataclass
class Told:
    """What one request was answered, and how many pieces of its body were not waited for."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks_left: int = 0


def taken_apart(octets: bytes) -> Told:
    """One answer; its headers must be different ones."""
    head, _, body = octets.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    if not head:
        return Told()
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ")[::2] for line in lines]
    assert len(dict(pairs)) == len(pairs), head
    return Told(status=int(first.split()[1]), headers=dict(pairs), body=body)


async def call(
    app: Application,
    path: str = "/echo",
    *,
    method: str = "POST",
    query: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
    chunks: Iterable[bytes] = (b"",),
    leaves: bool = False,
    peer: str = "192.0.2.1",
) -> Told:
    """One request over a connection of its own, its body in chunks; a caller who `leaves` does so after the last."""
    line, left = Line(app, wire=Wire(peer)), list(chunks)
    head = [f"{method} {path}".encode() + (b"?" + query if query else b"") + b" HTTP/1.1"]
    head += [b"%b: %b" % header for header in headers]
    if b"".join(left) and not any(name == b"content-length" for name, _ in headers):
        head.append(b"transfer-encoding: chunked")
        left = [b"%x\r\n%b\r\n" % (len(each), each) for each in left if each]
        left[-1] += b"" if leaves else b"0\r\n\r\n"
    await line.feed(b"\r\n".join(head) + b"\r\n\r\n")
    while left and not taken_apart(line.wire.written).status:
        await line.feed(left.pop(0))
    line.connection.connection_lost(None)
    told = taken_apart(line.wire.written)
    told.chunks_left = len(left)
    return told
