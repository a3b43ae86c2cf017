"""One connection of either end: a session on a socket.

`Connection` is one `asyncio.Protocol` over one `Session`. Whatever is written in one turn of the loop
leaves as one write: writing PDU by PDU costs a factor of twenty (measured on other gateways). Whoever asks is called
back in the turn in which the end of the request is read, so that an answer is known before a receipt behind it in the
same segment. What a request's end tells is what the promise "no blind second copy" stands on:

    NotBound, WindowFull, ValueError   raised at once: nothing was or will be written
    LinkLost(sent=False)               not one octet left
    LinkLost(sent=True)                the octets left, the answer has not come; it may still, over a later bind
    ResponseTimeout                    the same; the answer may still come, to `on_late_response`
    a response                         the peer's verdict; look at `status`, it may be a generic_nack
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol, TypeAlias, cast

from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import Status, command_name, status_name
from payamak.smpp.events import (
    AlertReceived,
    BindRefused,
    BindRequested,
    Bound,
    DeadReason,
    Event,
    LateResponse,
    LinkDead,
    PduRefused,
    RequestReceived,
    ResponseOverdue,
    ResponseReceived,
    UnbindRequested,
    Unbound,
)
from payamak.smpp.link.losses import Down, DownReason, LinkLost, ResponseTimeout
from payamak.smpp.overdue import Overdue
from payamak.smpp.pdu import Pdu, response_to
from payamak.smpp.session import NotBound, Session, WindowFull
from payamak.smpp.states import Role, SessionState

# Requests of the peer being worked on at one time; beyond that we stop reading until one is done. Taste.
_HANDLERS_AT_ONCE: Final = 1000
# Octets handled in one turn of the loop, so that floods on some links leave time for everybody else: 250 enquire_link,
# some 3 ms. Taste.
_TURN_OCTETS: Final = 4 << 10
# How long what was read waits for its turn if the last one brought nothing: only a flood of enquire_link, of answers to
# nothing and the like gets so slow. Taste.
_USELESS_PAUSE_S: Final = 0.02
# The same if a request of the centre was refused at once: a flood of them takes a quarter of the loop, and up to some
# 5,000 a second go by, so that answers behind them do not wait long. Taste.
_REFUSED_PAUSE_S: Final = 0.004
# The same for each further turn's octets of a long PDU: 64 KB cost their link some 14 ms, and a flood of them goes by
# at 70 a second, also one of receipts, which no bound of messages holds back. Taste.
_LONG_PAUSE_S: Final = 0.001
# What the peer may leave unread before we read nothing more of it. These are responses to its requests: `request` stops
# long before. Two honest ends never come near it, so they cannot wait for each other. Taste.
_UNREAD_OCTETS: Final = 1 << 20
# What is read of a connection after its end: the answers to a window of a thousand, and no flood. Taste.
_LAST_READ_OCTETS: Final = 1 << 16
# Lines of the log for the same oddity of one peer; then only when their number has doubled. Taste.
_TOLD_ALL: Final = 10
# Of the time a stop may take, the share that outstanding answers get; the rest is for unbind. Taste.
_ANSWERS_SHARE: Final = 0.75
# How long a peer may take to read our last octets. Taste.
_LAST_WRITE_S: Final = 5.0


class Log(Protocol):
    """A structured logger's method. Never gets texts, passwords or numbers."""

    def __call__(self, event: str, /, **fields: object) -> object:
        """Write one event with its fields."""


class Later:
    """A response that is given later, by a call: what many requests need at once, without a task for each."""

    __slots__ = ("_given", "_respond")

    def __init__(self) -> None:
        self._given: Pdu | Exception | None = None
        self._respond: Callable[[Later, Pdu | Exception], None] | None = None

    def give(self, response: Pdu | Exception) -> None:
        """The response, or the bug for which there is none; once."""
        self._given = response
        if self._respond is not None:
            self._respond(self, response)

    def hear(self, respond: Callable[[Later, Pdu | Exception], None]) -> None:
        """Call this with the response, at once if it has been given."""
        self._respond = respond
        if self._given is not None:
            respond(self, self._given)


Answer: TypeAlias = Pdu | Awaitable[Pdu | None] | Later | None
"""What a request handler gives: the response, None for no answer now, an awaitable of either, or a response to come.

After a None that no `Connection.respond` follows, `Connection.waive` says so.
"""

Ended: TypeAlias = Pdu | LinkLost | ResponseTimeout
"""How a request ended: the peer's response, or why there is none (yet)."""

Told: TypeAlias = Callable[[Ended], None]
"""Who asked; called once, on the loop, in the turn in which the request has its end."""


class LinkConnection(asyncio.Protocol):
    """One connection of either end: the session, its transport, its timer, and who asked what."""

    def __init__(
        self,
        role: Role,
        config: SessionConfig,
        log: Log | None,
        *,
        first_sequence: int = 1,
        overdue: Overdue[int] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = Session(role, config, now=self._loop.time(), first_sequence=first_sequence, overdue=overdue)
        self._log = log
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, tuple[Told, float]] = {}  # who asked, and when its octets were written
        self._unwritten: list[int] = []  # sequences whose octets have not been handed to the transport yet
        self._handlers: set[asyncio.Task[None] | Later] = set()
        self._idle: asyncio.Future[None] | None = None  # of who waits until nothing is under way
        self._pauses: set[str] = set()  # who wants nothing to be read
        self._held: list[bytes] = []  # what a transport read all the same
        self._flush_handle: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._is_stuck = False  # the peer does not read, the transport's buffer is full
        self._is_draining = False
        self._has_refused = False  # at once, something of what was read last
        self._told: Counter[str] = Counter()
        self.asked = 0
        """Requests that were written, or are about to be."""
        self.answered = 0
        """Requests that the peer has answered on this connection, whatever it said, late or in time."""
        self.down: Down | None = None

    # --- what the two ends do differently

    def _on_request(self, pdu: Pdu) -> Answer:
        raise NotImplementedError

    def _on_bind(self, event: BindRequested | Bound | BindRefused) -> None:
        raise NotImplementedError

    def _on_late_response(self, sequence: int, pdu: Pdu) -> None:
        raise NotImplementedError

    def _on_unbind_asked(self) -> None:
        """The peer has asked to unbind, and something is under way that it is waited for."""

    def _on_room(self) -> None:
        """The peer reads again: requests can be written that no answer will make room for."""

    # --- asking and answering

    @property
    def is_bound(self) -> bool:
        """Whether requests can be written now."""
        return self._session.is_bound and not self._is_draining

    @property
    def window_free(self) -> int:
        """How many more requests `request` takes now; 0 while not bound or while the peer does not read."""
        return self._session.window_free if self.is_bound and not self._is_stuck else 0

    @property
    def unmatched_responses(self) -> int:
        """Responses that answered nothing we asked."""
        return self._session.unmatched_responses

    @property
    def next_sequence(self) -> int:
        """The number that the next request would have."""
        return self._session.next_sequence

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """As `ask`; the future gives the response, or fails with LinkLost or ResponseTimeout."""
        future: asyncio.Future[Pdu] = self._loop.create_future()
        sequence = self.ask(pdu, partial(_end, future))
        future.add_done_callback(partial(self._lose_interest, sequence))
        return future

    def ask(self, pdu: Pdu, told: Told) -> int:
        """Number and write a request, and give its number; its octets leave in this loop turn's flush.

        Raises NotBound, WindowFull (also while the peer does not read) or ValueError at once: then nothing was
        or will be written, and nobody is told. A bug in `told` is reported, and ends nothing here.
        """
        if self._is_draining:
            raise NotBound("the link is being stopped")
        if self._is_stuck:
            raise WindowFull("the peer does not read")
        now = self._loop.time()
        sequence = self._session.request(pdu, now)
        self._waiting[sequence] = (told, now)
        self.asked += 1
        self._unwritten.append(sequence)
        self._flush_soon()
        return sequence

    def _lose_interest(self, sequence: int, future: asyncio.Future[Pdu]) -> None:
        if future.cancelled():
            self._waiting.pop(sequence, None)
            self._look_idle()

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Write a response with the sequence of `request`; also twice, also after the handler gave None.

        Dropped if the session is over. Raises ValueError if it cannot be encoded.
        """
        if self._session.respond(request, response):
            self._flush_soon()

    def waive(self, request: Pdu) -> None:
        """Say that this request will get no answer, so that no unbind waits for one."""
        self._session.waive(request)
        self._flush_soon()

    async def wait_closed(self) -> None:
        """Return once the connection is gone; `down` says why."""
        await asyncio.shield(self._closed)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Take no more requests, wait for outstanding answers and handlers, unbind, close; within `timeout_s`.

        Asked again while it is at it, it ends within the shorter time.
        """
        if self._is_draining:
            await asyncio.wait([self._closed], timeout=timeout_s)
            self.abort()
            return await self.wait_closed()
        self._is_draining = True
        self.down = self.down or Down(reason=DownReason.STOPPED)
        try:
            async with asyncio.timeout(timeout_s):
                await self._wait_idle(timeout_s * _ANSWERS_SHARE)
                if self._session.is_bound:
                    self._session.unbind(self._loop.time())
                    self._flush()
                elif self._session.state is SessionState.LEAVING:
                    for event in self._session.leave_now():
                        self._handle(event)
                elif self._transport is not None:
                    self._transport.close()
                await self.wait_closed()
        except TimeoutError:
            self.say("smpp_close_timeout", outstanding=len(self._waiting))
        finally:
            for handler in self._handlers:
                if not isinstance(handler, Later):
                    handler.cancel()
            self.abort()
        return await self.wait_closed()

    def give_up(self, reason: str) -> None:
        """Drop the connection at once for a reason of ours, which `down` then tells."""
        self.down = self.down or Down(reason=DownReason.GIVEN_UP, detail=reason)
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once: no unbind, and what is not written yet is lost."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait_idle(self, timeout_s: float) -> None:
        """Until every request of either end has its end, as far as there is time."""
        self._idle = self._loop.create_future()
        self._look_idle()
        await asyncio.wait([self._idle], timeout=max(timeout_s, 0.0))
        self._idle = None

    def _look_idle(self) -> None:
        if self._idle is not None and not self._idle.done() and not self._waiting and not self._handlers:
            self._idle.set_result(None)

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open, TLS included. asyncio and uvloop have set TCP_NODELAY on it."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._flush_soon()

    def data_received(self, data: bytes) -> None:
        """Octets from the peer."""
        if self._pauses or self._held:
            # uvloop starts to read after connection_made, whatever was asked for there.
            self._held.append(data)
            if self._pauses and self._transport is not None:
                self._transport.pause_reading()
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        # The rest of a long PDU comes in one turn, for the answers behind it wait; then it is read no faster than the
        # short ones that would have its octets.
        size, read = max(_TURN_OCTETS, self._session.missing_octets), self._session.pdus_read
        self._has_refused = False
        skipped = self._session.skipped_octets
        events = self._session.receive(data[:size], self._loop.time())
        if self._session.skipped_octets != skipped:
            self._say_of_many("smpp_nuls_between", octets=self._session.skipped_octets)
        has_more = len(data) > size
        if has_more:
            self._held.insert(0, data[size:])
            self._hold_reading("turn")
        for event in events:
            self._handle(event)
        long_s = max(0, min(len(data), size) // _TURN_OCTETS - 1) * _LONG_PAUSE_S
        if self._has_refused or has_more or long_s:
            is_amid = self._session.pdus_read == read  # in the midst of a PDU: it may be of use
            is_useful = is_amid or any(not isinstance(event, PduRefused | AlertReceived) for event in events)
            pause_s = _REFUSED_PAUSE_S if self._has_refused else 0 if is_useful else _USELESS_PAUSE_S
            self._hold_reading("turn")
            self._loop.call_later(max(pause_s, long_s), self._next_turn)
        self._flush_soon()

    def _next_turn(self) -> None:
        """Go on with what was read before; only with the last of it more is read."""
        self._pauses.discard("turn")
        if self._pauses:
            return  # whoever holds brings us here again
        data = b"".join(self._held)
        self._held.clear()
        if len(data) <= max(_TURN_OCTETS, self._session.missing_octets):
            self._resume_reading()
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: what came before is taken, then every request without an answer is told so."""
        if "asked" not in self._pauses and (data := b"".join((*self._held, self._unread()))):
            for event in self._session.receive(data, self._loop.time()):
                self._handle(event)
        self._held.clear()
        was_leaving = self._session.state is SessionState.LEAVING
        self._session.lose(self._loop.time(), set(self._unwritten))
        for handle in (self._timer, self._flush_handle):
            if handle is not None:
                handle.cancel()
        reason = DownReason.PEER_UNBOUND if was_leaving else DownReason.PEER_CLOSED
        self.down = self.down or Down(reason=reason, detail=str(exc or ""))
        self._tell_lost(self.down.reason)
        self.say("smpp_closed", reason=self.down.reason, detail=self.down.detail)
        if not self._closed.done():
            self._closed.set_result(None)

    def _unread(self) -> bytes:
        """What still lies in the socket: a write that meets a reset ends the transport before it has read that.

        The transport closes the socket after `connection_lost`. With TLS the octets would need its keys.
        """
        transport = self._transport
        if transport is None or transport.get_extra_info("ssl_object") is not None:
            return b""
        try:
            return os.read(transport.get_extra_info("socket").fileno(), _LAST_READ_OCTETS)
        except OSError:
            return b""

    def _tell_lost(self, reason: DownReason) -> None:
        """Every request without an answer hears that there will be none on this connection."""
        now, unwritten = self._loop.time(), set(self._unwritten)
        waiting, self._waiting = self._waiting, {}
        sent = sum(sequence not in unwritten for sequence in waiting)
        for sequence, (told, written_at_s) in waiting.items():
            is_sent = sequence not in unwritten
            lost = LinkLost(
                sent=is_sent,
                sequence=sequence,
                age_s=now - written_at_s if is_sent else 0.0,
                alone=is_sent and sent == 1,
                reason=reason,
            )
            self.guard(told, lost)
        self._look_idle()

    def pause_writing(self) -> None:
        """The transport's buffer is full: the window counts as full."""
        self._is_stuck = True

    def resume_writing(self) -> None:
        """The transport's buffer has drained."""
        self._is_stuck = False
        self._release_reading("unread")
        self.guard(self._on_room)

    # --- events

    def _handle(self, event: Event) -> None:
        match event:
            case ResponseReceived():
                self.answered += 1
                self._tell(event.sequence, event.pdu)
            case RequestReceived():
                self._take_request(event.pdu)
            case ResponseOverdue():
                self._tell(event.sequence, ResponseTimeout(event.sequence))
            case LateResponse():
                self.answered += 1
                self.guard(self._on_late_response, event.sequence, event.pdu)
            case BindRequested() | Bound() | BindRefused():
                self._on_bind(event)
            case UnbindRequested():
                self.say("smpp_unbind_asked", outstanding=len(self._waiting))
                self.guard(self._on_unbind_asked)
            case Unbound():
                self._finish(Down(reason=DownReason.PEER_UNBOUND if event.by_peer else DownReason.STOPPED))
            case LinkDead():
                is_bind = event.reason is DeadReason.BIND_TIMEOUT
                reason = DownReason.BIND_TIMEOUT if is_bind else DownReason.LINK_DEAD
                self.down = self.down or Down(reason=reason, detail=event.detail or event.reason)
                if event.reason is DeadReason.BROKEN_STREAM:
                    self._flush()
                self.abort()  # close() would wait for a peer that does not read any more
            case PduRefused():
                name, status = command_name(event.command_id), status_name(event.status)
                self._say_of_many("smpp_pdu_refused", command=name, status=status, sequence=event.sequence)
            case AlertReceived():
                self._say_of_many("smpp_alert", sequence=event.pdu.sequence)

    def _tell(self, sequence: int, ended: Ended) -> None:
        """A request has its end; nobody hears of it if whoever asked has lost interest."""
        told, _ = self._waiting.pop(sequence, (None, 0.0))
        if told is not None:
            self.guard(told, ended)
        self._look_idle()

    def _take_request(self, pdu: Pdu) -> None:
        try:
            answer = self._on_request(pdu)
            if isinstance(answer, Pdu):
                self._has_refused |= answer.status != 0 and self._session.role is Role.ESME
                self.respond(pdu, answer)
        except Exception as error:
            self._answer_failure(pdu, error)
            return
        if answer is None or isinstance(answer, Pdu):
            return
        if isinstance(answer, Later):
            self._handlers.add(answer)
            answer.hear(partial(self._respond_now, pdu))
        else:
            task = self._loop.create_task(self._respond_later(pdu, answer))
            self._handlers.add(task)
            task.add_done_callback(self._handler_done)
        if len(self._handlers) >= _HANDLERS_AT_ONCE:
            self._hold_reading("handlers")

    async def _respond_later(self, pdu: Pdu, answer: Awaitable[Pdu | None]) -> None:
        try:
            response = await answer
            if response is None:
                self.waive(pdu)
            else:
                self.respond(pdu, response)
        except Exception as error:
            self._answer_failure(pdu, error)

    def _respond_now(self, pdu: Pdu, later: Later, response: Pdu | Exception) -> None:
        try:
            if isinstance(response, Exception):
                raise response
            self.respond(pdu, response)
        except Exception as error:
            self._answer_failure(pdu, error)
        self._handler_done(later)

    def _handler_done(self, handler: asyncio.Task[None] | Later) -> None:
        self._handlers.discard(handler)
        if len(self._handlers) < _HANDLERS_AT_ONCE:
            self._release_reading("handlers")
        self._look_idle()

    def _answer_failure(self, pdu: Pdu, error: Exception) -> None:
        """Our bug, not the peer's: a temporary error, so that it comes again, and the bug is told once."""
        self._report(f"the handler of {pdu.name} failed", error)
        is_esme = self._session.role is Role.ESME
        self.respond(pdu, response_to(pdu, Status.ESME_RX_T_APPN if is_esme else Status.ESME_RSYSERR))

    # --- out

    def _flush_soon(self) -> None:
        if self._flush_handle is None:
            self._flush_handle = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None
        if self._transport is None or self._transport.is_closing():
            return
        data = self._session.data_to_send()
        if data:
            self._transport.write(data)
            self._unwritten.clear()
            if self._is_stuck and self._transport.get_write_buffer_size() > _UNREAD_OCTETS:
                self._hold_reading("unread")
        self._arm()

    def _finish(self, down: Down) -> None:
        """The session is over in good order: write what is left, then close, but not wait for ever to do so."""
        self.down = self.down or down
        self._flush()
        if self._transport is not None:
            self._transport.close()
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(_LAST_WRITE_S, self.abort)

    def _hold_reading(self, why: str) -> None:
        if not self._pauses and self._transport is not None:
            self._transport.pause_reading()
        self._pauses.add(why)

    def _release_reading(self, why: str) -> None:
        if why not in self._pauses:
            return
        self._pauses.discard(why)
        if self._pauses:
            return
        if self._held:
            self._pauses.add("turn")
            self._loop.call_soon(self._next_turn)
        else:
            self._resume_reading()

    def _resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # --- time and telling

    def _arm(self) -> None:
        due = self._session.next_timer()
        if self._timer is not None:
            # Most timers are moved on before they fire: one that fires early just looks again.
            if due is not None and self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for event in self._session.tick(self._loop.time()):
            self._handle(event)
        self._flush_soon()

    def guard(self, callback: Callable[..., object], *args: object) -> None:
        """Call what was handed in; a bug there is told, and ends nothing here."""
        try:
            callback(*args)
        except Exception as error:
            self._report("a callback of the link failed", error)

    def _report(self, message: str, error: Exception) -> None:
        self._loop.call_exception_handler({"message": message, "exception": error, "protocol": self})

    def _say_of_many(self, event: str, **fields: object) -> None:
        """Tell of what a peer may do without end: it must not fill the disk with our log."""
        self._told[event] += 1
        count = self._told[event]
        if count <= _TOLD_ALL or not count & (count - 1):
            self.say(event, count=count, **fields)

    def say(self, event: str, **fields: object) -> None:
        """Write one event, if there is a log."""
        if self._log is not None:
            self._log(event, **fields)


def _end(future: asyncio.Future[Pdu], ended: Ended) -> None:
    if future.done():
        return  # whoever asked has lost interest
    if isinstance(ended, Pdu):
        future.set_result(ended)
    else:
        future.set_exception(ended)
