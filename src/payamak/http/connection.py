"""One HTTP connection: uvicorn's protocol, made fit for what the field sends (contract §5).

`PayamakHttpProtocol` adds to uvicorn's protocol what it lacks: raw octets in a query, limits of time and size for a
request's head, half-closed connections, an `Upgrade` that is ignored without losing the body, turns in a crowd, and
refusals that cost next to nothing.
"""

import asyncio
import re
from functools import partial
from typing import Final, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from payamak.domain.neighbourhood import neighbourhood
from payamak.http.app import ADMITTED, Response
from payamak.http.limits import Shared
from payamak.http.turns import TAKEN_S
from payamak.http.wire import Flow, Outlet, send_failed

_HIGH_OCTETS: Final = re.compile(rb"[\x80-\xff]")
# A method's last letter, a blank, a target in ASCII up to its first raw octet. Attempts start at blanks only
# and end at the next one, so the search is linear.
_RAW_TARGET: Final = re.compile(rb"[A-Z] (?:/|[hH][tT][tT][pP][sS]?://)[!-~]*[\x80-\xff]")
_SLICE_OCTETS: Final = 4 << 10
_HEADS_OCTETS: Final = 1 << 10
_MOST_PIPELINED: Final = 16
"""Octets that are parsed at a time, of a body and of what may be many small requests, and requests read ahead on one
connection: what is parsed takes a hundred times the memory of its octets. Matters of taste."""

_MOST_CHUNKS: Final = 20_000
_FREE_CHUNKS: Final = 1_000
_OCTETS_A_CHUNK: Final = 32
"""Chunks of one body: 1 MiB in chunks of 52 octets, and, after the first thousand, 32 octets in each on the average: of
one octet it costs a microsecond like any other. Taste; programs that write line by line have more."""
_MOST_FRAMING_OCTETS: Final = 256 << 10
"""What a chunked body may have beside its content: so many chunks need 160 KiB, trailers and extensions next to none.
Nobody reads those two; without a limit they are a head without end."""

_PLAIN_DIGITS: Final = 4
"""Of the length of a body for which nothing is made until it is whole: below 10,000 octets, mostly in one piece."""


class PayamakHttpProtocol(HttpToolsProtocol):
    """One connection.

    Raw octets in a request's target are escaped before the parser sees them, and only there. Whether an octet
    belongs to a request line only the parser can know, so octets are fed in pieces at whose ends we know it:
    up to the last line feed, the rest, and up to the first raw octet of what looks like a request line. A
    line feed ends the request line that began before it; a piece without one leaves it open.
    """

    def __init__(self, config: Config, shared: Shared) -> None:
        super().__init__(config, shared.state, {}, asyncio.get_running_loop())
        self._shared = shared
        self._crowd = shared.crowd
        self._turns = shared.turns
        self._limits = shared.limits
        self._address = ""
        self._place = ""
        self._waits_for_turn = False
        self._is_deferred = False  # nothing is made for this request until its body is whole
        self._deferred_body = b""
        self._must_end = False  # after the request that is deferred
        self.is_unfinished = False
        self.url = b""  # until a request has begun
        self._unparsed = b""
        self._flow: Flow
        self._parsed_octets = 0  # of the unparsed ones; they are cut off when all are
        self._has_ended = False  # the peer's end came before all that it sent was parsed
        self._stuck_due_monotonic_s: float | None = None
        self.access_log = False  # its lines hold query strings
        self._is_in_request_line = False
        self._is_in_head = False
        self._is_in_body = False
        self._head_octets = 0
        self._piece_octets = 0
        self._chunks = 0
        self._content_octets = 0
        self._framing_octets = 0
        self._has_answered = False  # and what comes next waits for its turn
        self._is_replaying_head = False
        self._is_broken = False
        self._due_monotonic_s: float | None = None

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first head; make room."""
        super().connection_made(transport)
        self.flow = self._flow = Flow(transport)
        self._outlet = Outlet(transport)
        self._due_monotonic_s = self.loop.time() + self._limits.head_s
        self._address = self.client[0] if self.client else ""
        self._place = neighbourhood(self._address)
        leaver = self._crowd.enter(self, self._place)
        if leaver is not None:
            leaver.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the server, which may be waiting to stop."""
        super().connection_lost(exc)
        self._crowd.leave(self)
        self._end_unfinished()
        self._unparsed = b""
        self._unset_keepalive_if_required()
        self._shared.on_lost()

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
        elif self._must_wait(len(data)):
            if len(data) > _SLICE_OCTETS and not self._turns.has_room(self._place, len(data)):
                self._shared.unfinished.dropped += 1
                self.drop()
                return
            self._unparsed = data
            self._wait_for_turn()
        elif len(data) <= _HEADS_OCTETS:
            self._take(data)
            self._look_whether_unfinished()
        else:
            self._unparsed = data
            self._take_slices()

    @property
    def _is_taking_body(self) -> bool:
        """Whether a body is on its way to somebody who waits for it."""
        return self._is_in_body and not self._is_deferred

    def _must_wait(self, octets: int) -> bool:
        """Whether what has come waits for its turn. What is large does, or is dropped: nobody else pays for it."""
        if self._is_taking_body or octets > _SLICE_OCTETS:
            return self._turns.is_late
        return self._turns.must_wait(octets)

    def on_response_complete(self) -> None:
        """An answer is out: go on with what was asked meanwhile, now or, if this turn is over, in its turn."""
        if (self.pipeline or self._unparsed) and not self._turns.has_time() and not self.transport.is_closing():
            self._has_answered = True
            if not self._waits_for_turn:
                self._waits_for_turn = True
                self._turns.wait(self, self._place, 0)
            return
        self._go_on()

    def _go_on(self) -> None:
        if self.pipeline:
            self._turns.charge(TAKEN_S)
        super().on_response_complete()
        if self._unparsed and not self._waits_for_turn:
            self._take_slices()
        if self._open_cycle() is None:
            self._crowd.wait(self)

    def take_turn(self) -> None:
        """Parse what came when there was no time."""
        self._waits_for_turn = False
        if self._has_answered:
            self._has_answered = False
            self._go_on()
            return
        if not self._unparsed:
            return  # gone meanwhile
        if self._open_cycle() is None and not self._is_taking_body:
            self._crowd.wait(self)
        try:
            self._take_slices()
        except BaseException:
            self.transport.abort()
            raise

    def _wait_for_turn(self) -> None:
        self._waits_for_turn = True
        self._hold()
        if not self._is_taking_body:
            self._end_unfinished()
            self._crowd.serve(self)
        self._turns.wait(self, self._place, len(self._unparsed) - self._parsed_octets)

    def _hold(self) -> None:
        self._flow.is_held = True
        self.flow.pause_reading()

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
        """Parse what is left until enough requests wait, or the turn is over; an answer, or a turn, brings us here."""
        data, was_held, has_time = self._unparsed, self._flow.is_held, True
        while has_time and self._parsed_octets < len(data) and self._may_parse():
            start = self._parsed_octets
            self._parsed_octets += _SLICE_OCTETS if self._is_in_body else _HEADS_OCTETS
            self._take(data[start : self._parsed_octets])
            has_time = self._turns.has_time()
        if self._parsed_octets < len(data) and not self._is_broken:
            if self._may_parse():
                self._wait_for_turn()
            else:
                self._hold()
            return
        self._flow.is_held = False
        self._unparsed, self._parsed_octets = b"", 0
        self._look_whether_unfinished()
        if was_held and not self.pipeline:
            self.flow.resume_reading()
        if self._has_ended and self.eof_received() is None:
            self.transport.close()

    def _look_whether_unfinished(self) -> None:
        """All that has come is parsed: if a body, or a head that is long already, is not whole, its peer goes on."""
        if not (self._is_in_body or (self._is_in_head and self._head_octets > _SLICE_OCTETS)) or self._is_broken:
            return
        if not self.is_unfinished:
            self.is_unfinished = True
            self._shared.unfinished.begin(self)

    def _end_unfinished(self) -> None:
        if self.is_unfinished:
            self.is_unfinished = False
            if self._shared.unfinished.end(self) and self._open_cycle() is None:
                self._crowd.wait(self)

    def caller(self) -> str:
        """Whose request is begun and not ended; from now on it is the first of his to go."""
        self._crowd.hasten(self)
        gate = self._shared.gate
        if gate is None or self._is_in_head:  # a head that has not ended names nobody
            return self._address
        return gate.caller(self.headers, self._address)

    def drop(self) -> None:
        """Wait no more for the rest of a request: 23 in its door's form, as far as there is one."""
        self.is_unfinished = False
        self._break_off(self._shared.refusals.bare(408) if self._is_in_head else self._shared.dropping(self.url))

    def shutdown(self) -> None:
        """See uvicorn: end now, or after the request that is under way."""
        if self._is_deferred:
            self._must_end = True
        else:
            super().shutdown()

    def _may_parse(self) -> bool:
        return not self._is_broken and len(self.pipeline) < _MOST_PIPELINED

    def _take(self, data: bytes) -> None:
        try:
            if data.isascii():
                self._feed(data)
            else:
                self._feed_with_raw_octets(data)
            if self._is_in_head and self._head_octets > self._limits.head_octets:
                raise httptools.HttpParserError("head too large")
        except httptools.HttpParserError:
            if not self._is_broken:
                self._break_off(self._shared.refusals.bare(400))
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
        self._content_octets += len(body)
        if self._is_deferred:
            self._deferred_body += body
        else:
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
        if self._is_broken:
            raise httptools.HttpParserError("something behind the last request")
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
        self._end_unfinished()
        self._is_deferred = self._may_wait_for_its_body()
        if not self._is_deferred:
            self._hand_on(is_admitted=False)
        self._is_in_body = True
        self._chunks = 0
        self._content_octets = 0
        self._framing_octets = 0

    def _hand_on(self, *, is_admitted: bool) -> None:
        try:
            super().on_headers_complete()
        except BaseException:
            if is_admitted and self._shared.gate is not None:
                self._shared.gate.leave()
            raise
        if not self.pipeline:
            self._turns.charge(TAKEN_S)
        self.scope[ADMITTED] = is_admitted  # type: ignore[typeddict-unknown-key]
        self.cycle.transport = self._outlet  # type: ignore[assignment]
        self.cycle.send_500_response = partial(send_failed, self.cycle)  # type: ignore[method-assign]

    def _may_wait_for_its_body(self) -> bool:
        """Whether it is a plain call that nothing stands before: until it has come whole, nothing is made for it."""
        gate = self._shared.gate
        if gate is None or self.expect_100_continue or self.flow.write_paused or self._open_cycle() is not None:
            return False
        if self.parser.should_upgrade() or not all(map(_is_plain, self.headers)):
            return False
        return gate.is_call(self.parser.get_method(), self.url)

    def _look(self) -> Response | bool:
        """Let the gate look at a request that has come whole."""
        gate = self._shared.gate
        assert gate is not None
        return gate.admit(self.parser.get_method(), self.url, self.headers, self._address, self._turns.waited_s)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._chunks += 1
        if self._chunks > min(_MOST_CHUNKS, _FREE_CHUNKS + self._content_octets // _OCTETS_A_CHUNK):
            raise httptools.HttpParserError("too many chunks")

    def on_message_complete(self) -> None:
        """The body is whole; from here the time is ours."""
        if self.parser.should_upgrade():
            return  # the head alone: see _ignore_upgrade
        self._is_in_body = False
        self._end_unfinished()
        if self._is_deferred and not self._take_deferred():
            return
        self._due_monotonic_s = None
        if not self.flow.write_paused:
            self._crowd.serve(self)
        super().on_message_complete()

    def _take_deferred(self) -> bool:
        """Hand the request on, its body behind it; or refuse it, then False."""
        self._is_deferred = False
        body, self._deferred_body = self._deferred_body, b""
        looked = self._look()
        if isinstance(looked, Response):
            self._refuse(looked)
            return False
        self._hand_on(is_admitted=looked)
        if body:
            super().on_body(body)
        if self._must_end:
            self.cycle.keep_alive = False
        return True

    def _refuse(self, answer: Response) -> None:
        """Write an answer that is ready, and idle on."""
        self.server_state.total_requests += 1
        closes = self._must_end or self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive()
        self._outlet.write(self._shared.refusals.octets(answer, closes=closes))
        if closes:
            self._is_broken = True  # what was sent behind it is not for us
            self.transport.close()
            return
        self._due_monotonic_s = self.loop.time() + self._limits.keep_alive_s

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
            self._break_off(self._shared.refusals.bare(408))
        else:
            self.transport.close()

    def _break_off(self, answer: bytes) -> None:
        """Read no more. Requests that came whole are still answered; only the broken one gets this answer."""
        self._is_broken = True
        self._end_unfinished()
        cycle = self._open_cycle()
        if cycle is not None and not self._is_in_body:
            cycle.keep_alive = False
            return
        is_answered = (
            self._is_in_body
            and not self._is_deferred
            and (cycle is None or cycle.response_started or bool(self.pipeline))
        )
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if not is_answered:
            self._outlet.write(answer)
        self.transport.close()


def _is_plain(header: tuple[bytes, bytes]) -> bool:
    """Whether it says nothing of a body that is large, or whose length is not known before."""
    name, value = header
    if name == b"content-length":
        return len(value) <= _PLAIN_DIGITS
    return name != b"transfer-encoding"


def _escape(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % octet[0][0]
