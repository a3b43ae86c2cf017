"""Kept connections to customers' servers, HTTP/1.1, by origin and address.

A connection goes to an address that was checked, and TLS has checked it for the one name; so it is used again for that
origin at that address alone. It is kept for a few seconds, a few for each, and never used again after anything odd: an
answer that the other side or our limits cut off, octets that nobody asked for, an answer that came before the whole
post had left.

    take() ----> ask() --answer--> idle, KEPT_S at most --> take() ...
       or connect()      |             |
                         |             +--> anything comes, or it ends: closed
                         +--> time-out, rubbish, end: closed; the post has no answer, and is not sent a second time

Nothing is sent twice here. Before a connection is used again its socket is looked at: what lies there unread is its
end, or the answer to something that we have not asked. Then another one is taken, which costs nothing, as nothing had
left.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple, cast

from payamak.posts.answers import AnswerReader, RemoteProtocolError

KEPT_CONNECTIONS: Final = 8
"""Idle ones for an origin at an address: as many as there are posts to a target at a time (rounds.PLACES)."""

KEPT_S: Final = 4.0
"""Less than the 5 s after which servers in wide use (Node, Apache, uvicorn) end an idle connection: the end of one that
crosses a post on the wire leaves that post without an answer."""

DRAIN_S: Final = 1.0
"""How long the rest of a body that nobody wants is waited for, so that the connection can be used again."""


class ConnectError(Exception):
    """No connection came about; in the system's words, which quote nothing of the other side."""


class Origin(NamedTuple):
    """Whom a connection is for: never used for another. `host` is the name that TLS has checked."""

    is_tls: bool
    host: str
    port: int
    address: str


class PostConnection(asyncio.Protocol):
    """One connection: one post at a time."""

    def __init__(self, when_ended: Callable[[PostConnection], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._when_ended = when_ended
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self._reader: AnswerReader | None = None
        self._answer: asyncio.Future[None] | None = None
        self._draining: asyncio.TimerHandle | None = None
        self.idle_since_s = 0.0
        self.is_reusable = True
        self.ended: asyncio.Future[None] = self._loop.create_future()

    async def ask(self, request: bytes, reader: AnswerReader) -> None:
        """Send a post, wait until its answer is read. Raises RemoteProtocolError.

        Whoever gives up waiting closes the connection: its answer may still come.
        """
        assert self._transport is not None
        self._reader = reader
        self._answer = self._loop.create_future()
        try:
            if self._transport.is_closing():
                raise RemoteProtocolError("the connection ended before the post")
            self._transport.write(request)
            await self._answer
        finally:
            self._reader = self._answer = None
            if self._draining is not None:
                self._draining.cancel()
                self._draining = None
            self.idle_since_s = self._loop.time()

    def is_quiet(self) -> bool:
        """Whether nothing lies there unread: no end, and no answer to what we have not asked."""
        return self.is_reusable and not self.ended.done() and not self._poll.poll(0)

    def close(self) -> None:
        """Close it at once."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    # -- called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN | select.POLLHUP)

    def data_received(self, octets: bytes) -> None:
        """See asyncio.Protocol."""
        reader = self._reader
        if reader is None:  # to nothing that we have asked
            self.close()
            return
        try:
            reader.feed(octets)
        except RemoteProtocolError as error:
            self._fail(error)
            return
        if reader.is_done:
            self._finish(reader)
        elif reader.status is not None and not reader.is_body_wanted and self._draining is None:
            self._draining = self._loop.call_later(DRAIN_S, self._finish, reader)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.is_reusable = False
        if not self.ended.done():
            self.ended.set_result(None)
        if (reader := self._reader) is not None:
            try:
                reader.end()
            except RemoteProtocolError as fault:
                self._fail(fault)
            else:
                self._finish(reader)
        self._when_ended(self)

    def _finish(self, reader: AnswerReader) -> None:
        assert self._transport is not None
        # An answer before the whole post has left is one to a part of it: what it leaves behind is read as a post.
        has_left = self._transport.get_write_buffer_size() == 0
        if not (reader.leaves_the_connection_open and has_left):
            self.close()
        self._reader = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def _fail(self, error: RemoteProtocolError) -> None:
        self._reader = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


class KeptConnections:
    """The connections of one poster. Lives on one event loop."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[PostConnection]] = {}
        self._open: dict[PostConnection, Origin] = {}
        self._context: ssl.SSLContext | None = None
        self._looking: asyncio.TimerHandle | None = None

    @property
    def count(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def take(self, origin: Origin) -> PostConnection | None:
        """One that is kept and quiet, the last used first."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_quiet():
                return connection
            connection.close()
        return None

    async def connect(self, origin: Origin) -> PostConnection:
        """A new one. Raises ConnectError."""
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: PostConnection(self._forget),
                origin.address,
                origin.port,
                ssl=self._tls() if origin.is_tls else None,
                server_hostname=origin.host if origin.is_tls else None,
            )
        except OSError as error:
            raise ConnectError(str(error)) from error
        self._open[connection] = origin
        if connection.ended.done():
            self._forget(connection)
        return connection

    def keep(self, connection: PostConnection) -> None:
        """It has done its post: keep it if it may be used again."""
        origin = self._open.get(connection)
        if origin is None or not connection.is_reusable:
            connection.close()
            return
        idle = self._idle.setdefault(origin, [])
        if len(idle) >= KEPT_CONNECTIONS:
            connection.close()
            return
        idle.append(connection)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(KEPT_S, self._look)

    async def close(self) -> None:
        """Close them all."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._idle.clear()
        ending = [connection.ended for connection in self._open]
        for connection in list(self._open):
            connection.close()
        if ending:
            await asyncio.wait(ending)

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _forget(self, connection: PostConnection) -> None:
        origin = self._open.pop(connection, None)
        if origin is not None and connection in (idle := self._idle.get(origin, [])):
            idle.remove(connection)

    def _look(self) -> None:
        """Close what has been idle for too long, the first of each list the longest."""
        loop = asyncio.get_running_loop()
        self._looking = None
        soonest_s = None
        for origin, idle in list(self._idle.items()):
            while idle and loop.time() - idle[0].idle_since_s >= KEPT_S - 0.01:
                idle.pop(0).close()
            if not idle:
                del self._idle[origin]
            elif soonest_s is None or idle[0].idle_since_s < soonest_s:
                soonest_s = idle[0].idle_since_s
        if soonest_s is not None:
            self._looking = loop.call_at(soonest_s + KEPT_S, self._look)
