"""One HTTP connection: the requests that come over it, and their answers in order (contract §5).

What is parsed (parser.py) is an `Exchange` from its head to its answer. Beside HTTP/1 itself there is what the internet
needs: limits of time for head and body, half-closed connections, turns in a crowd, and refusals that cost next to
nothing. No handler is asked before a request has come whole, but for a streamed one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

import httptools

from payamak.domain.neighbourhood import neighbourhood
from payamak.http.answers import CONTINUE, LAST_CHUNK
from payamak.http.body import Gone, Stream
from payamak.http.exchange import Exchange, Peer
from payamak.http.limits import Shared
from payamak.http.parser import Parser, is_plain, split_target
from payamak.http.request import Response
from payamak.http.turns import TAKEN_S
from payamak.log import event_logger, place_of

_SLICE_OCTETS: Final = 4 << 10
_HEADS_OCTETS: Final = 1 << 10
_MOST_PIPELINED: Final = 16
"""Octets that are parsed at a time, of a body and of what may be many small requests, and requests read ahead on one
connection: what is parsed takes a hundred times the memory of its octets. Matters of taste."""

_PLAIN_OCTETS: Final = 10_000
"""Bodies below it come mostly in one piece."""

_FAILED: Final = Response(status=500, content_type="", body=b"", headers=(("connection", "close"),))
"""The answer of a bug that no application has caught."""


_log = event_logger("api")


class HttpConnection(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._app = shared.app
        self._crowd = shared.crowd
        self._turns = shared.turns
        self._limits = shared.limits
        self._loop = asyncio.get_running_loop()
        self._parser = Parser(self, self._limits.head_octets)
        self._peer = Peer(address="", asked="", server="localhost")
        self._place = ""
        # Requests in the order in which they came, from the first whose answer is not out in full.
        self._open: deque[Exchange] = deque()
        self._reading: Exchange | None = None  # the last one whose head is whole
        self._has_begun = False  # a request, in what is being parsed now
        # What has come and waits to be parsed.
        self._unparsed = b""
        self._parsed_octets = 0  # of the unparsed ones; they are cut off when all are
        self._has_ended = False  # the peer's end came before all that it sent was parsed
        self._waits_for_turn = False
        self._has_answered = False  # and what comes next waits for its turn
        self.is_unfinished = False
        # The transport.
        self._is_reading = True
        self._is_write_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._is_broken = False
        self._due_monotonic_s: float | None = None
        self._stuck_due_monotonic_s: float | None = None

    @property
    def waiting(self) -> int:
        """Requests that wait behind the one whose answer is due."""
        return max(len(self._open) - 1, 0)

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first head; make room."""
        self.transport = transport
        self._peer = _peer(transport)
        self._place = neighbourhood(self._peer.address)
        self._shared.connections[self] = None
        self._due_monotonic_s = self._loop.time() + self._limits.head_s
        leaver = self._crowd.enter(self, self._place)
        if leaver is not None:
            leaver.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever is served is served to the end, and told nothing. Tell the server, which may be waiting to stop."""
        self._shared.connections.pop(self, None)
        self._crowd.leave(self)
        self._end_unfinished()
        self._unparsed = b""
        self._let_go(self._open)
        self._open.clear()
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._shared.on_lost()

    def _let_go(self, exchanges: deque[Exchange] | tuple[Exchange, ...]) -> None:
        """Nobody waits for these answers."""
        for exchange in exchanges:
            if exchange.stream is not None:
                exchange.stream.fail(Gone)
            if not exchange.is_running:
                self._app.leave(exchange)

    def eof_received(self) -> bool | None:
        """Keep a half-closed connection until what was asked in full is answered: old clients close so."""
        if self._unparsed:
            self._has_ended = True
            return True
        if not self._open or self._parser.is_in_head or self._parser.is_in_body:
            return None
        self._open[-1].closes = True
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what came; what is not HTTP is answered with a bare 400."""
        if self._is_broken:
            return
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
            self._set_reading()
        else:
            self._unparsed = data
            self._take_slices()

    @property
    def _is_taking_body(self) -> bool:
        """Whether a body is on its way that is large, or whose length is not known before."""
        return (
            self._parser.is_in_body
            and self._reading is not None
            and not 0 < self._reading.length_octets < _PLAIN_OCTETS
        )

    def _must_wait(self, octets: int) -> bool:
        """Whether what has come waits for its turn. What is large does, or is dropped: nobody else pays for it."""
        if self._is_taking_body or octets > _SLICE_OCTETS:
            return self._turns.is_late
        return self._turns.must_wait(octets)

    def take_turn(self) -> None:
        """Go on with what came, or with what was asked meanwhile, when there was no time."""
        self._waits_for_turn = False
        if self._has_answered:
            self._has_answered = False
            self._go_on()
            return
        if not self._unparsed:
            return  # gone meanwhile
        if not self._is_serving and not self._is_taking_body:
            self._crowd.wait(self)
        try:
            self._take_slices()
        except BaseException:
            self.transport.abort()
            raise

    def _wait_for_turn(self) -> None:
        self._set_reading()
        if not self._is_taking_body:
            self._end_unfinished()
            self._crowd.serve(self)
        if not self._waits_for_turn:
            self._waits_for_turn = True
            self._turns.wait(self, self._place, len(self._unparsed) - self._parsed_octets)

    def _set_reading(self) -> None:
        """Read on unless there is enough to do."""
        is_enough = len(self._open) > 1 or bool(self._unparsed) or self._is_full
        if is_enough is self._is_reading and not self.transport.is_closing():
            self._is_reading = not is_enough
            if is_enough:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def pause_writing(self) -> None:
        """The peer does not take its answers: it has the time of a body to begin."""
        self._is_write_paused = True
        self._stuck_due_monotonic_s = self._loop.time() + self._limits.body_s
        self._crowd.wait(self)

    def resume_writing(self) -> None:
        """It does again."""
        self._is_write_paused = False
        self._stuck_due_monotonic_s = None
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        if self._open and not self._parser.is_in_head and not self._parser.is_in_body:
            self._crowd.serve(self)
        if self._open and self._open[0].answer is not None:
            self._go_on()

    def _take_slices(self) -> None:
        """Parse what is left until enough requests wait, or the turn is over; an answer, or a turn, brings us here."""
        data, has_time = self._unparsed, True
        while has_time and self._parsed_octets < len(data) and self._may_parse():
            start = self._parsed_octets
            self._parsed_octets += _SLICE_OCTETS if self._parser.is_in_body else _HEADS_OCTETS
            self._take(data[start : self._parsed_octets])
            has_time = self._turns.has_time()
        if self._parsed_octets < len(data) and not self._is_broken:
            if self._may_parse():
                self._wait_for_turn()
            else:
                self._set_reading()
            return
        self._unparsed, self._parsed_octets = b"", 0
        self._look_whether_unfinished()
        self._set_reading()
        if self._has_ended and self.eof_received() is None:
            self.transport.close()

    def _may_parse(self) -> bool:
        return not self._is_broken and not self._is_full and self.waiting < _MOST_PIPELINED

    @property
    def _is_full(self) -> bool:
        """Whether a streamed body is read more slowly than it comes."""
        reading = self._reading
        return reading is not None and reading.answer is None and reading.stream is not None and reading.stream.is_full

    # Requests that are begun and not ended.

    def _look_whether_unfinished(self) -> None:
        """All that has come is parsed: if a body, or a head that is long already, is not whole, its peer goes on."""
        if (
            not (self._parser.is_in_body or (self._parser.is_in_head and self._parser.head_octets > _SLICE_OCTETS))
            or self._is_broken
        ):
            return
        if not self.is_unfinished:
            self.is_unfinished = True
            self._shared.unfinished.begin(self)

    def _end_unfinished(self) -> None:
        if self.is_unfinished:
            self.is_unfinished = False
            if self._shared.unfinished.end(self) and not self._is_serving:
                self._crowd.wait(self)

    def caller(self) -> str:
        """Whose request is begun and not ended; from now on it is the first of his to go."""
        self._crowd.hasten(self)
        if self._parser.is_in_head or self._reading is None:  # a head that has not ended names nobody
            return self._peer.address
        return self._reading.address

    def drop(self) -> None:
        """Wait no more for the rest of a request: 23 in its door's form, as far as there is one."""
        self.is_unfinished = False
        busy = None
        if self._reading is not None and not self._parser.is_in_head and is_plain(self._parser.url):
            busy = self._app.busy(self._reading)
        answers = self._shared.answers
        self._break_off(answers.bare(408) if busy is None else answers.octets(busy, closes=True))

    # Feeding the parser.

    def _take(self, data: bytes) -> None:
        """Parse so much, then serve what it has brought: what turns out to be broken is not answered as if whole."""
        try:
            self._parser.feed(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, Exception) and not isinstance(cause, httptools.HttpParserError):
                self._fail(cause)  # raised by us, within the parser's calls
            elif not self._is_broken:
                self._break_off(self._shared.answers.bare(400))
        self._advance()
        if self._has_begun:
            self._has_begun = False
            if not self._is_serving:
                self._crowd.wait(self)
        if self._due_monotonic_s is None and not self._open:
            # Something came that begins no request, a stray line end perhaps: it must not stop the clock.
            self._due_monotonic_s = self._loop.time() + self._limits.head_s

    def _fail(self, error: Exception) -> None:
        """A bug of ours, outside every handler: a 500 to whoever was being served, and the end."""
        _log("request_failed", error=type(error).__name__, where=place_of(error))
        if not self._is_broken:
            self._break_off(self._shared.answers.octets(_FAILED, closes=True))
        if self._open and not self._open[0].is_running:
            self._write(self._shared.answers.octets(_FAILED, closes=True))
            self._end()

    # What the parser tells.

    def on_begun(self) -> None:
        """A request line begins."""
        if self._is_broken:
            raise httptools.HttpParserError("something behind the last request")
        self._due_monotonic_s = self._loop.time() + self._limits.head_s
        self._has_begun = True

    def on_head(self, method: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """The head is whole: see what is asked."""
        self._reading = None
        self._end_unfinished()
        path, query = split_target(target)
        exchange = self._reading = self._app.begin(method, path, query, headers, self._peer)
        exchange.is_old = self._parser.is_old
        exchange.closes = not self._parser.keeps_alive
        self._due_monotonic_s = self._loop.time() + (exchange.limits.body_s or self._limits.body_s)
        if exchange.is_streamed:
            exchange.stream = Stream(exchange.limits.largest_octets, self._wants_more)
        self._open.append(exchange)

    def on_piece(self, piece: bytes) -> None:
        """A piece of the body; of one that is answered already it is read away."""
        reading = self._reading
        if reading is None or self._is_broken:
            return
        if reading.answer is not None:
            if self._parser.content_octets > reading.limits.drained_octets and reading not in self._open:
                self._end()
        elif reading.stream is not None:
            reading.stream.take(piece)
        else:
            self._app.take(reading, piece)

    def on_whole(self) -> None:
        """The body is whole; from here the time is ours."""
        self._end_unfinished()
        reading = self._reading
        if reading is None or self._is_broken:
            return
        reading.is_whole = True
        reading.whole_at_s = self._loop.time()
        self._app.end(reading)
        if not self._open or self._open[-1] is not reading:  # it was answered before
            self._idle()
            return
        self._due_monotonic_s = None
        if reading.stream is not None:
            reading.stream.end()
            self._serve_first()

    # Answers, in order.

    def _advance(self) -> None:
        """Serve the first that waits, if it can be; go on to the next while answers stand and the turn has time."""
        while self._open and not self._open[0].is_running:
            first = self._open[0]
            if first.answer is None:
                try:
                    self._look(first)
                except Exception as error:
                    self._fail(error)
                    return
            if first.answer is None or self._is_write_paused:
                return
            self._send(first)
            if self._open and not self._turns.has_time():
                self._wait_to_go_on()
                return

    def _look(self, first: Exchange) -> None:
        """It is its turn: take it or refuse it, if enough of it is there."""
        if not first.is_whole and not first.asks and first.stream is None:
            return
        self._app.look(first, self._turns.waited_s)
        if first.is_whole:
            first.asks = False
        if first.answer is not None:
            return
        if first.is_whole or first.stream is not None:
            first.is_running = True
            self._turns.charge(TAKEN_S)
            self._serve_first()
            first.task = self._loop.create_task(self._serve(first))
            self._shared.running[first] = None
        else:
            self._ask_for_body(first)

    def _serve_first(self) -> None:
        """From now on the next move is ours, if the first is whole and its answer could go out."""
        if self._is_serving and not self._is_write_paused:
            self._crowd.serve(self)

    @property
    def _is_serving(self) -> bool:
        return bool(self._open) and self._open[0].is_whole

    def _ask_for_body(self, exchange: Exchange) -> None:
        if exchange.asks:
            exchange.asks = False
            if not exchange.is_old:  # RFC 9110 §10.1.1
                self._write(CONTINUE)

    def _wants_more(self) -> None:
        """Whoever reads a streamed body has read what there was."""
        if self._reading is not None and not self.transport.is_closing():
            self._ask_for_body(self._reading)
            if self._unparsed:
                self._wait_for_turn()
            else:
                self._set_reading()

    async def _serve(self, exchange: Exchange) -> None:
        """Let the application answer, and send it. A cancelled request ends quietly: only the server's stop cancels."""
        try:
            answer = await self._ask_application(exchange)
            if not self._open or self._open[0] is not exchange:
                return  # gone meanwhile, or not waited for
            exchange.answer = answer
            if answer.stream is not None:
                await self._send_stream(exchange, answer)
                return
            exchange.is_running = False
            if not self._is_write_paused:
                self._send(exchange)
                self._answered()
        finally:
            self._shared.running.pop(exchange, None)

    async def _ask_application(self, exchange: Exchange) -> Response:
        """Its answer, or a bare 500. Raises CancelledError if the server stops."""
        try:
            return await self._app.answer(exchange)
        except asyncio.CancelledError:
            if exchange.task is None or exchange.task.cancelling():
                raise
        except Exception as error:
            _log("request_failed", error=type(error).__name__, where=place_of(error))
        finally:
            self._app.leave(exchange)
        return _FAILED

    def _send(self, first: Exchange) -> None:
        """Write the answer of the first, whole and in one piece."""
        answer = first.answer
        assert answer is not None, "it stands"
        closes = first.closes or first.asks or ("connection", "close") in answer.headers
        try:
            octets = self._shared.answers.octets(answer, closes=closes, has_body=first.method != "HEAD")
        except ValueError as error:
            _log("request_failed", error=type(error).__name__, where=place_of(error))
            octets, closes = self._shared.answers.octets(_FAILED, closes=True), True
        self._write(octets)
        self._tell(first, answer)
        self._close_exchange(first, closes)

    def _tell(self, first: Exchange, answer: Response) -> None:
        """It is answered: whoever counts hears of it."""
        took_s = None if first.whole_at_s is None else self._loop.time() - first.whole_at_s
        self._app.answered(first, answer, took_s)

    async def _send_stream(self, first: Exchange, answer: Response) -> None:
        """Write the answer of the first as it is made, no faster than it is taken."""
        assert answer.stream is not None, "it has one"
        is_chunked = not first.is_old
        closes = first.closes or first.is_old
        try:
            self._write(self._shared.answers.head(answer, closes=closes, is_chunked=is_chunked))
            if first.method != "HEAD":
                async for piece in answer.stream:
                    await self._drained()
                    if piece:
                        self._write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
                if is_chunked:
                    self._write(LAST_CHUNK)
        except Gone:
            return
        except Exception as error:
            _log("request_failed", error=type(error).__name__, where=place_of(error))
            self.transport.abort()  # what has gone out must not look whole
            return
        finally:
            first.is_running = False
            if isinstance(answer.stream, AsyncGenerator):
                await answer.stream.aclose()
        self._tell(first, answer)
        if self._open and self._open[0] is first:
            self._close_exchange(first, closes)
            self._answered()

    async def _drained(self) -> None:
        """Wait until the caller takes more. Raises Gone if he left."""
        while self._is_write_paused:
            if self.transport.is_closing():
                raise Gone
            self._writable = self._loop.create_future()
            await self._writable

    def _close_exchange(self, first: Exchange, closes: bool) -> None:
        self._open.popleft()
        if closes:
            self._end()
        elif not self._open:
            self._crowd.wait(self)
            if not self._parser.is_in_head and not self._parser.is_in_body:
                self._idle()

    def _idle(self) -> None:
        self._due_monotonic_s = self._loop.time() + self._limits.keep_alive_s

    def _write(self, octets: bytes) -> None:
        """Write to whoever is still there: what is for somebody who has just gone is dropped."""
        if not self.transport.is_closing():
            self.transport.write(octets)

    def _answered(self) -> None:
        """An answer is out: go on with what was asked meanwhile, now or, if this turn is over, in its turn."""
        if (self._open or self._unparsed) and not self._turns.has_time() and not self.transport.is_closing():
            self._wait_to_go_on()
            return
        self._go_on()

    def _wait_to_go_on(self) -> None:
        self._has_answered = True
        if not self._waits_for_turn:
            self._waits_for_turn = True
            self._turns.wait(self, self._place, 0)

    def _go_on(self) -> None:
        self._advance()
        if self._unparsed and not self._waits_for_turn:
            self._take_slices()
        else:
            self._set_reading()

    # Ending.

    def shutdown(self) -> None:
        """End now, or after the requests that are under way."""
        if self._open:
            self._open[-1].closes = True
        else:
            self.transport.close()

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
        elif not self._is_reading:
            self._due_monotonic_s = now_monotonic_s + self._limits.body_s  # it is we who do not read
        elif self._parser.is_in_head or self._parser.is_in_body:
            self._break_off(self._shared.answers.bare(408))
        else:
            self.transport.close()

    def _break_off(self, answer: bytes) -> None:
        """Read no more. Requests that came whole are still answered; only the broken one gets this answer."""
        self._is_broken = True
        self._end_unfinished()
        is_answered = False
        if self._parser.is_in_body and self._reading is not None:
            is_answered = not self._open or self._open[-1] is not self._reading
            if not is_answered and (self._reading.answer is None or not self._reading.is_running):
                self._let_go((self._open.pop(),))
        if self._open:
            self._open[-1].closes = True
            return
        if not is_answered:
            self._write(answer)
        self.transport.close()

    def _end(self) -> None:
        """The last answer is out; what was sent behind it is not for us."""
        self._is_broken = True
        self._let_go(self._open)
        self._open.clear()
        self._unparsed = b""
        self._end_unfinished()
        self.transport.close()


def _peer(transport: asyncio.Transport) -> Peer:
    """Both ends; a transport that knows none has none."""
    caller, asked = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    address = str(caller[0]) if isinstance(caller, tuple | list) and caller else ""
    if not isinstance(asked, tuple | list) or len(asked) < 2:
        return Peer(address=address, asked="", server="localhost")
    host = f"[{asked[0]}]" if ":" in str(asked[0]) else str(asked[0])
    return Peer(address=address, asked=str(asked[0]), server=f"{host}:{asked[1]}")
