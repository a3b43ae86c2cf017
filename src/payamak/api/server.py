"""The HTTP server: uvicorn's protocol inside our own loop, made fit for what the field sends (contract §5).

uvicorn runs no server of its own here: signals, start and stop are the runtime's. `PayamakHttpProtocol` adds
to uvicorn's protocol what it lacks: raw octets in a query, limits of time and size for a request's head,
half-closed connections, and an `Upgrade` that is ignored without losing the body.
"""

import asyncio
import re
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from payamak.api.crowd import Crowd

_HIGH_OCTETS: Final = re.compile(rb"[\x80-\xff]")
# A method's last letter, a blank, a target in ASCII up to its first raw octet. Attempts start at blanks only
# and end at the next one, so the search is linear.
_RAW_TARGET: Final = re.compile(rb"[A-Z] (?:/|[hH][tT][tT][pP][sS]?://)[!-~]*[\x80-\xff]")
_SWEEP_S: Final = 1.0
_SLICE_OCTETS: Final = 4 << 10
_MOST_PIPELINED: Final = 16
"""Octets that are parsed at a time, and requests read ahead on one connection: what is parsed takes a hundred times the
memory of its octets. Matters of taste."""

_MOST_CHUNKS: Final = 20_000
"""Chunks of one body: 1 MiB in chunks of 52 octets. Each costs a microsecond, also one of a single octet. Taste."""
_MOST_FRAMING_OCTETS: Final = 256 << 10
"""What a chunked body may have beside its content: so many chunks need 160 KiB, trailers and extensions next to none.
Nobody reads those two; without a limit they are a head without end."""

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


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


class _Flow(FlowControl):
    """uvicorn's, which reads on after every answer, however much is still to be parsed."""

    is_held = False
    """Whether nothing may be read, whoever asks."""

    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()


class PayamakHttpProtocol(HttpToolsProtocol):
    """One connection.

    Raw octets in a request's target are escaped before the parser sees them, and only there. Whether an octet
    belongs to a request line only the parser can know, so octets are fed in pieces at whose ends we know it:
    up to the last line feed, the rest, and up to the first raw octet of what looks like a request line. A
    line feed ends the request line that began before it; a piece without one leaves it open.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        limits: HttpLimits,
        on_lost: Callable[[], None],
        crowd: "Crowd[PayamakHttpProtocol] | None" = None,
    ) -> None:
        super().__init__(config, server_state, {}, asyncio.get_running_loop())
        self._crowd = Crowd[PayamakHttpProtocol](limits.connections) if crowd is None else crowd
        self._unparsed = b""
        self._flow: _Flow
        self._parsed_octets = 0  # of the unparsed ones; they are cut off when all are
        self._has_ended = False  # the peer's end came before all that it sent was parsed
        self._stuck_due_monotonic_s: float | None = None
        self.access_log = False  # its lines hold query strings
        self._limits = limits
        self._on_lost = on_lost
        self._is_in_request_line = False
        self._is_in_head = False
        self._is_in_body = False
        self._head_octets = 0
        self._piece_octets = 0
        self._chunks = 0
        self._framing_octets = 0
        self._is_replaying_head = False
        self._is_broken = False
        self._due_monotonic_s: float | None = None

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first head; make room."""
        super().connection_made(transport)
        self.flow = self._flow = _Flow(transport)
        self._due_monotonic_s = self.loop.time() + self._limits.head_s
        leaver = self._crowd.enter(self, self.client[0] if self.client else "")
        if leaver is not None:
            leaver.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the server, which may be waiting to stop."""
        super().connection_lost(exc)
        self._crowd.leave(self)
        self._unparsed = b""
        self._unset_keepalive_if_required()
        self._on_lost()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep a half-closed connection until what was asked in full is answered: old clients close so."""
        if self._unparsed:
            self._has_ended = True
            return True
        cycle = self._open_cycle()
        if cycle is None or self._is_in_head or self._is_in_body:
            return None
        cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what came; what is not HTTP is answered with a bare 400."""
        if self._is_broken:
            return
        self._unset_keepalive_if_required()
        if self._unparsed:
            self._unparsed += data
        elif len(data) <= _SLICE_OCTETS:
            self._take(data)
        else:
            self._unparsed = data
            self._take_slices()

    def on_response_complete(self) -> None:
        """An answer is out: go on with what was asked meanwhile."""
        super().on_response_complete()
        if self._unparsed:
            self._take_slices()
        if self._open_cycle() is None:
            self._crowd.wait(self)

    def pause_writing(self) -> None:
        """The peer does not take its answers: it has the time of a body to begin."""
        super().pause_writing()
        self._stuck_due_monotonic_s = self.loop.time() + self._limits.body_s
        self._crowd.wait(self)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._stuck_due_monotonic_s = None
        if self._open_cycle() is not None and not self._is_in_head and not self._is_in_body:
            self._crowd.serve(self)

    def _take_slices(self) -> None:
        """Parse what is left until enough requests wait; an answer brings us here again."""
        data, was_held = self._unparsed, self._flow.is_held
        while self._parsed_octets < len(data) and not self._is_broken and len(self.pipeline) < _MOST_PIPELINED:
            start = self._parsed_octets
            self._parsed_octets += _SLICE_OCTETS
            self._take(data[start : self._parsed_octets])
        self._flow.is_held = self._parsed_octets < len(data) and not self._is_broken
        if self._flow.is_held:
            self.flow.pause_reading()
            return
        self._unparsed, self._parsed_octets = b"", 0
        if was_held and not self.pipeline:
            self.flow.resume_reading()
        if self._has_ended and self.eof_received() is None:
            self.transport.close()

    def _take(self, data: bytes) -> None:
        try:
            if data.isascii():
                self._feed(data)
            else:
                self._feed_with_raw_octets(data)
            if self._is_in_head and self._head_octets > self._limits.head_octets:
                raise httptools.HttpParserError("head too large")
        except httptools.HttpParserError:
            self._break_off(b"400 Bad Request")
            return
        if self._due_monotonic_s is None and self._open_cycle() is None:
            # Something came that begins no request, a stray line end perhaps: it must not stop the clock.
            self._due_monotonic_s = self.loop.time() + self._limits.head_s

    # Feeding the parser.

    def _feed_with_raw_octets(self, data: bytes) -> None:
        position = 0
        if self._is_in_request_line:
            position = self._feed_request_line(data, 0)
        while (found := _RAW_TARGET.search(data, position)) is not None:
            self._feed(data[position : found.end() - 1])
            position = found.end() - 1
            if self._is_in_request_line:
                position = self._feed_request_line(data, position)
        self._feed(data[position:])

    def _feed_request_line(self, data: bytes, start: int) -> int:
        """Feed the rest of an open request line, escaped; return where it ends."""
        end = data.find(b"\n", start) + 1 or len(data)
        self._feed(_HIGH_OCTETS.sub(_escape, data[start:end]))
        return end

    def _feed(self, data: bytes) -> None:
        line_end = data.rfind(b"\n") + 1
        if 0 < line_end < len(data):
            self._parse(data[:line_end])
            self._is_in_request_line = False
            self._parse(data[line_end:])
        elif data:
            self._parse(data)
            if line_end:
                self._is_in_request_line = False

    def _parse(self, piece: bytes | memoryview) -> None:
        while piece:
            if self._is_in_head:
                self._head_octets += len(piece)
            self._piece_octets = len(piece)
            if self._is_in_body:
                self._framing_octets += len(piece)
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as stopped:
                self._ignore_upgrade()
                piece = memoryview(piece)[stopped.args[0] :]
            else:
                if self._is_in_body and self._framing_octets > _MOST_FRAMING_OCTETS:
                    raise httptools.HttpParserError("a body of nothing but its frames")
                return

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._framing_octets -= len(body)
        super().on_body(body)

    def _ignore_upgrade(self) -> None:
        """Go on as if nobody had asked for another protocol (RFC 9110 §7.8 allows it).

        Java's HTTP client asks for h2c with every first request, and httptools leaves the body of such a
        request unparsed. A fresh parser is given a head with nothing but the body's length, unheard.
        """
        framing = [(n, v) for n, v in self.headers if n in (b"content-length", b"transfer-encoding")]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_replaying_head = True
        head = b"".join(b"%b: %b\r\n" % header for header in framing)
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A request line begins."""
        if self._is_replaying_head:
            return
        super().on_message_begin()
        self._is_in_request_line = True
        self._is_in_head = True
        self._head_octets = 0
        self._due_monotonic_s = self.loop.time() + self._limits.head_s
        if self._open_cycle() is None:
            self._crowd.wait(self)

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if not self._is_replaying_head:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; a trailer is dropped."""
        if not self._is_replaying_head and not self._is_in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: check its size, hand the request on."""
        if self._is_replaying_head:
            self._is_replaying_head = False
            return
        self._is_in_head = False
        limit = self._limits.head_octets
        if (self._head_octets or self._piece_octets > limit) and self._head_size() > limit:
            raise httptools.HttpParserError("head too large")
        if self.expect_100_continue and self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110 §10.1.1
        self._due_monotonic_s = self.loop.time() + self._limits.body_s
        super().on_headers_complete()
        self._is_in_body = True
        self._chunks = 0
        self._framing_octets = 0

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._chunks += 1
        if self._chunks > _MOST_CHUNKS:
            raise httptools.HttpParserError("too many chunks")

    def on_message_complete(self) -> None:
        """The body is whole; from here the time is ours."""
        if self.parser.should_upgrade():
            return  # the head alone: see _ignore_upgrade
        self._is_in_body = False
        self._due_monotonic_s = None
        if not self.flow.write_paused:
            self._crowd.serve(self)
        super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _open_cycle(self) -> RequestResponseCycle | None:
        """The last request, if its answer is not out in full."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None until the first head
        return None if cycle is None or cycle.response_complete else cycle

    # Ending.

    def close_if_late(self, now_monotonic_s: float) -> None:
        """Close the connection if its head or body is overdue, or if it does not take its answers."""
        if self._stuck_due_monotonic_s is not None and now_monotonic_s >= self._stuck_due_monotonic_s:
            self.transport.abort()
            return
        if self._due_monotonic_s is None:
            if self.transport.is_closing():
                self._due_monotonic_s = now_monotonic_s + self._limits.body_s
            return
        if now_monotonic_s < self._due_monotonic_s:
            return
        if self.transport.is_closing():
            self.transport.abort()
        elif self.flow.read_paused:
            self._due_monotonic_s = now_monotonic_s + self._limits.body_s  # it is we who do not read
        elif self._is_in_head or self._is_in_body:
            self._break_off(b"408 Request Timeout")
        else:
            self.transport.close()

    def _break_off(self, status: bytes) -> None:
        """Read no more. Requests that came whole are still answered; only the broken one gets the status."""
        self._is_broken = True
        cycle = self._open_cycle()
        if cycle is not None and not self._is_in_body:
            cycle.keep_alive = False
            return
        is_answered = self._is_in_body and (cycle is None or cycle.response_started or bool(self.pipeline))
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if not is_answered:
            self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self.transport.close()


class HttpServer:
    """An HTTP server within the running loop. Installs no signal handlers and logs no requests."""

    def __init__(
        self,
        app: AsgiApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        listener: socket.socket | None = None,
        limits: HttpLimits | None = None,
    ) -> None:
        """Listen on `host` and `port` (0: a free one), or on a bound socket that is handed in."""
        self._host = host
        self._port = port
        self._socket = listener
        self._limits = limits or HttpLimits()
        self._config = Config(
            app,
            http=PayamakHttpProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=self._limits.keep_alive_s,
        )
        self._state = ServerState()
        self._crowd: Crowd[PayamakHttpProtocol] = Crowd(self._limits.connections)
        self._has_lost_one = asyncio.Event()
        self._listening: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen; return the port. Raises OSError if the address cannot be had."""
        self._config.load()
        loop = asyncio.get_running_loop()
        backlog = self._limits.backlog
        if self._socket is not None:
            self._listening = await loop.create_server(self._connect, sock=self._socket, backlog=backlog)
        else:
            self._listening = await loop.create_server(self._connect, self._host, self._port, backlog=backlog)
        self._set_date()
        self._ticker = asyncio.create_task(self._tick())
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    async def stop(self, grace_s: float) -> None:
        """Take no more connections, answer what was asked for up to `grace_s`, then cut the rest."""
        if self._listening is None or self._ticker is None:
            return
        self._listening.close()
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        for connection in list(self._state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while self._state.connections:
                    self._has_lost_one.clear()
                    await self._has_lost_one.wait()
        for connection in list(self._state.connections):
            connection.transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connect(self) -> PayamakHttpProtocol:
        return PayamakHttpProtocol(self._config, self._state, self._limits, self._has_lost_one.set, self._crowd)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._set_date()
            now_monotonic_s = loop.time()
            for connection in list(self._state.connections):
                if isinstance(connection, PayamakHttpProtocol):
                    connection.close_if_late(now_monotonic_s)

    def _set_date(self) -> None:
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode("ascii"))]


def _escape(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % octet[0][0]
