"""The SMPP session of either end, without a socket and without a clock.

Octets and the time go in, events and octets come out: `receive` and `tick` give events, `data_to_send` what
is to be written. `now` is monotonic, in seconds, never smaller than the last one given.

    OPEN --bind--> BOUND_TX | BOUND_RX | BOUND_TRX --unbind--> UNBINDING --unbind_resp--> LEAVING --> CLOSED
                                          \\--the peer's unbind--> LEAVING --our unbind_resp--> CLOSED

A session ends by `Unbound` (either end asked) or `LinkDead` (a timer, or octets that are no SMPP); the
program around it closes the connection. By itself the session answers enquire_link, unbind, and whatever is
unreadable, unknown or not legal now (`states.TAKEN`); but a client hands on what a centre brings, read or not. An
unbind ends nothing that is under way: LEAVING lasts until every answer has come and every one that we owe has left, at
most `unbind_wait_s`; a session where nothing is under way passes through it at once. It matches responses to requests
by sequence and kind:

    asked --answer--> ResponseReceived
      \\--response timer, or the connection is lost--> ResponseOverdue --answer--> LateResponse

Any other response is counted in `unmatched_responses` and dropped. Every PDU that arrives proves the peer
alive: dead is only who says nothing at all for `enquire_link_s`, and nothing after our enquire_link.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

from payamak.smpp.codec import decode, encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import (
    INTERFACE_VERSION,
    MAX_SEQUENCE,
    RESPONSE_BIT,
    CommandId,
    Status,
    Tag,
)
from payamak.smpp.errors import BadPdu, BrokenStream
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
from payamak.smpp.frames import FrameBuffer
from payamak.smpp.overdue import Overdue
from payamak.smpp.pdu import (
    CLASSES,
    AlertNotification,
    Bind,
    BindResp,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    Unbind,
    UnbindResp,
    Unknown,
    Unread,
    response_to,
    tlv,
)
from payamak.smpp.states import BOUND_STATES, LEGAL, MODE_OF_BIND, STATE_OF_MODE, TAKEN, BindType, Role, SessionState

OWED_KEPT: Final = 10_000
"""Requests of the peer that are remembered until their answers leave; the oldest are forgotten first. Taste."""
UNBINDS_KEPT: Final = 16
"""Unbinds of the peer that get their answer when the session ends; who repeats it more often gets no more. Taste."""


class NotBound(Exception):
    """This request may not be written in the state the session is in; nothing was or will be written."""


class WindowFull(Exception):
    """As many requests as allowed wait for their answers; nothing was or will be written."""


@dataclass(frozen=True, slots=True)
class _Asked:
    command_id: int
    overdue_at_s: float

    def is_answered_by(self, pdu: Pdu) -> bool:
        return _answers(pdu, self.command_id)


def _answers(pdu: Pdu, command_id: int) -> bool:
    return pdu.command_id in (command_id | RESPONSE_BIT, GenericNack.command_id)


class Session:
    """One end of one connection. Never raises on what the peer sends."""

    def __init__(
        self,
        role: Role,
        config: SessionConfig | None = None,
        *,
        now: float,
        first_sequence: int = 1,
        overdue: Overdue[int] | None = None,
    ) -> None:
        """`first_sequence` and `overdue` (the command_id by sequence) are what an earlier session of the link left."""
        self.role = role
        self.config = config or SessionConfig()
        self.state = SessionState.OPEN
        self.mode: BindType | None = None
        self.unmatched_responses = 0
        self.pdus_read = 0
        self._frames = FrameBuffer(self.config.frame_limit_octets, skips_nuls=role is Role.ESME)
        self._out: list[bytes] = []
        self.next_sequence = first_sequence
        # Deadlines grow in the order of asking, so the first entry is always the next one due.
        self._outstanding: dict[int, _Asked] = {}
        self._overdue: Overdue[int] = Overdue() if overdue is None else overdue
        self._own: dict[int, _Asked] = {}  # our bind, unbind and enquire_link; outside the window
        self._owed: dict[int, None] = {}  # requests of the peer that are being worked on
        self._unbinds: list[int] = []  # of the peer, unanswered
        self._is_left_by_peer = False
        self._is_bind_requested = False
        self._handshake_due_s: float | None = None
        self._enquiry_due_s: float | None = None
        self._heard_at_s = now
        self._enquired_at_s = now
        self._active_at_s = now
        if role is Role.SMSC:
            self._handshake_due_s = self._after(now, self.config.bind_timeout_s)

    # --- what may be asked

    @property
    def is_bound(self) -> bool:
        """Whether requests can be written, as far as the bind mode allows."""
        return self.state in BOUND_STATES

    @property
    def outstanding(self) -> int:
        """How many requests wait for their answers."""
        return len(self._outstanding)

    @property
    def window_free(self) -> int:
        """How many more requests `request` takes now; 0 while not bound."""
        return max(self.config.window - len(self._outstanding), 0) if self.is_bound else 0

    @property
    def missing_octets(self) -> int:
        """Octets that the PDU which is just coming in lacks."""
        return self._frames.missing

    @property
    def skipped_octets(self) -> int:
        """Octets of nothing that came between PDUs."""
        return self._frames.skipped

    # --- out

    def data_to_send(self) -> bytes:
        """All octets to be written since the last call, in order."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def bind(self, pdu: Bind, now: float) -> int:
        """Ask to be bound (ESME). `Bound` or `BindRefused` follows. Raises NotBound once asked or bound."""
        if self._is_bind_requested:
            raise NotBound("a bind is already under way")
        sequence = self._ask(pdu, now, self._own)
        self._is_bind_requested = True
        self._handshake_due_s = self._after(now, self.config.bind_timeout_s)
        return sequence

    def answer_bind(self, request: Bind, status: int, now: float, *, system_id: str = "") -> None:
        """Answer `BindRequested` (SMSC): bound with status 0, else still open. No-op once it is over."""
        if self.state is not SessionState.OPEN or not self._is_bind_requested:
            return
        self._is_bind_requested = False
        response = CLASSES[request.command_id | RESPONSE_BIT]
        if status:
            self._write(response(status=status), request.sequence)
            return
        tlvs = (tlv(Tag.SC_INTERFACE_VERSION, INTERFACE_VERSION),)
        assert issubclass(response, BindResp)
        self._write(response(system_id=system_id, tlvs=tlvs), request.sequence)
        self._become_bound(MODE_OF_BIND[request.command_id], now)

    def request(self, pdu: Pdu, now: float) -> int:
        """Number and write a request; gives its sequence.

        Raises NotBound if it is not legal now, WindowFull, or ValueError if it cannot be encoded; then
        nothing is written and no number used.
        """
        if len(self._outstanding) >= self.config.window and self.is_bound:
            raise WindowFull(f"{len(self._outstanding)} requests wait for answers")
        self._active_at_s = now
        return self._ask(pdu, now, self._outstanding)

    def respond(self, request: Pdu, response: Pdu) -> bool:
        """Write the response to `request`, with its sequence. False if the session is over: dropped.

        Raises ValueError if it cannot be encoded; nothing is written then.
        """
        if self.state is SessionState.CLOSED:
            return False
        self._write(response, request.sequence)
        self._owed.pop(request.sequence, None)
        return True

    def waive(self, request: Pdu) -> None:
        """No answer to this request is to be waited for: whoever handles it gives none."""
        self._owed.pop(request.sequence, None)

    def notify(self, pdu: Outbind | AlertNotification) -> None:
        """Write what gets no response (SMSC). Raises NotBound if it is not legal now."""
        self._check_legal(pdu)
        self._write(pdu, self._take_sequence())

    def unbind(self, now: float) -> None:
        """Ask to end in good order; `Unbound` or `LinkDead` follows. Raises NotBound if not bound."""
        if self.state not in BOUND_STATES:
            raise NotBound(f"unbind in state {self.state}")
        self._ask(Unbind(), now, self._own)
        self.state = SessionState.UNBINDING
        self._handshake_due_s = self._after(now, self.config.bind_timeout_s)

    def leave_now(self) -> list[Event]:
        """While LEAVING: wait no longer for what is under way."""
        events: list[Event] = []
        if self.state is SessionState.LEAVING:
            self._part(events)
        return events

    def lose(self, now: float, unwritten: Container[int]) -> None:
        """The connection is gone: what was written may still be answered over a later one, so it is overdue."""
        self.close()
        for sequence, asked in self._outstanding.items():
            if sequence not in unwritten:
                self._overdue.keep(sequence, asked.command_id, now)
        self._outstanding.clear()

    def close(self) -> None:
        """The session is over or is given up; nothing happens on it any more."""
        self.state = SessionState.CLOSED
        self._handshake_due_s = self._enquiry_due_s = None

    # --- in

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take octets from the peer. However they are cut, the events are the same."""
        events: list[Event] = []
        if self.state is SessionState.CLOSED:
            return events
        broken, was_leaving = "", self.state is SessionState.LEAVING
        frames: list[bytes] | tuple[bytes, ...]
        try:
            frames = self._frames.feed(data)
        except BrokenStream as error:
            frames, broken = error.frames, str(error)
        self.pdus_read += len(frames)
        if frames:
            self._heard_at_s = now
            self._enquiry_due_s = None
        for frame in frames:
            self._take(frame, now, events)
            if self.is_closed:
                return events
        if broken:
            self._write(GenericNack(status=Status.ESME_RINVCMDLEN), 0)  # section 4.3: which request it was nobody knows
            self._die(DeadReason.BROKEN_STREAM, events, broken)
        elif self.state is SessionState.LEAVING:
            if not self._is_awaiting:
                self._part(events)
            elif not was_leaving and self._is_left_by_peer:
                events.append(UnbindRequested())
        return events

    @property
    def is_closed(self) -> bool:
        """Whether the session is over."""
        return self.state is SessionState.CLOSED

    def _take(self, frame: bytes, now: float, events: list[Event]) -> None:
        try:
            pdu = decode(frame, is_lenient=self.role is Role.ESME)
        except BadPdu as error:
            known = CLASSES.get(error.command_id, GenericNack)
            self._refuse(known(sequence=error.sequence), error.status, events)
            return
        if pdu.command_id not in (EnquireLink.command_id, EnquireLink.command_id | RESPONSE_BIT):
            self._active_at_s = now
        if pdu.command_id >= RESPONSE_BIT:
            self._take_response(pdu, now, events)
        elif isinstance(pdu, Unknown) and not isinstance(pdu, Unread):
            self._refuse(pdu, Status.ESME_RINVCMDID, events)
        elif self._state_for_peer not in TAKEN.get((self.role.peer, pdu.command_id), ()):
            self._refuse(pdu, self._status_of_illegal(pdu), events)
        else:
            self._take_request(pdu, now, events)

    @property
    def _state_for_peer(self) -> SessionState:
        """The state by which the peer's requests are judged: who has asked to unbind may finish what it has begun."""
        if self.state is not SessionState.LEAVING:
            return self.state
        if self._is_left_by_peer and self.mode is not None:
            return STATE_OF_MODE[self.mode]
        return SessionState.UNBINDING

    def _take_request(self, pdu: Pdu, now: float, events: list[Event]) -> None:
        if isinstance(pdu, EnquireLink):
            self._write(response_to(pdu), pdu.sequence)
        elif isinstance(pdu, Unbind):
            if len(self._unbinds) < UNBINDS_KEPT:
                self._unbinds.append(pdu.sequence)
            self._leave(now, by_peer=True)
        elif isinstance(pdu, Bind):
            if self._is_bind_requested:
                self._refuse(pdu, Status.ESME_RALYBND, events)
                return
            self._is_bind_requested = True
            events.append(BindRequested(pdu=pdu))
        elif isinstance(pdu, Outbind):
            # We opened this connection ourselves and bind on it anyway; being called is not what we do.
            self._refuse(pdu, Status.ESME_RINVBNDSTS, events)
        elif isinstance(pdu, AlertNotification):
            events.append(AlertReceived(pdu=pdu))
        else:
            self._owed[pdu.sequence] = None
            if len(self._owed) > OWED_KEPT:
                del self._owed[next(iter(self._owed))]
            events.append(RequestReceived(pdu))

    def _take_response(self, pdu: Pdu, now: float, events: list[Event]) -> None:
        sequence = pdu.sequence
        if (asked := self._outstanding.get(sequence)) is not None and asked.is_answered_by(pdu):
            del self._outstanding[sequence]
            events.append(ResponseReceived(sequence, pdu))
        elif (command_id := self._overdue.get(sequence, now)) is not None and _answers(pdu, command_id):
            self._overdue.take(sequence, now)
            events.append(LateResponse(sequence=sequence, pdu=pdu))
        elif (asked := self._own.get(sequence)) is not None and asked.is_answered_by(pdu):
            del self._own[sequence]
            self._take_own_response(asked.command_id, pdu, now, events)
        else:
            self.unmatched_responses += 1

    def _take_own_response(self, command_id: int, pdu: Pdu, now: float, events: list[Event]) -> None:
        if command_id == CommandId.UNBIND:
            self._leave(now, by_peer=False)
        elif command_id != CommandId.ENQUIRE_LINK and self.state is SessionState.OPEN:
            self._is_bind_requested = False
            self._handshake_due_s = None
            if isinstance(pdu, BindResp) and not pdu.status:
                mode = MODE_OF_BIND[command_id]
                self._become_bound(mode, now)
                events.append(Bound(mode=mode, pdu=pdu))
            else:
                events.append(BindRefused(status=pdu.status or Status.ESME_RBINDFAIL))

    def _status_of_illegal(self, pdu: Pdu) -> int:
        if isinstance(pdu, Bind) and self._state_for_peer in BOUND_STATES:
            return Status.ESME_RALYBND
        is_brought = isinstance(pdu, DeliverSm | DataSm | Unread)
        if is_brought and self._state_for_peer in (SessionState.UNBINDING, SessionState.OPEN):
            # Temporary on purpose: the peer shall keep what it has and bring it again, over the next link or once it
            # has answered our bind.
            return Status.ESME_RX_T_APPN
        if self._state_for_peer is SessionState.UNBINDING:
            return Status.ESME_RSYSERR
        return Status.ESME_RINVBNDSTS

    def _refuse(self, pdu: Pdu, status: int, events: list[Event]) -> None:
        """Answer what cannot be taken: with its own kind of response, else generic_nack (section 4.3)."""
        if pdu.is_response:
            self.unmatched_responses += 1
            return
        if not isinstance(pdu, AlertNotification):
            self._write(response_to(pdu, status), pdu.sequence)
        events.append(PduRefused(command_id=pdu.command_id, sequence=pdu.sequence, status=int(status)))

    # --- leaving

    @property
    def _is_awaiting(self) -> bool:
        """Whether an answer is still to come, or one that we owe still to leave."""
        return bool(self._outstanding or self._owed)

    def _leave(self, now: float, *, by_peer: bool) -> None:
        """One end has unbound: wait for what is under way. What else is in the same octets is read first."""
        if self.state is SessionState.LEAVING:
            return
        self._is_left_by_peer = by_peer
        self.state = SessionState.LEAVING
        self._handshake_due_s = now + self.config.unbind_wait_s
        self._enquiry_due_s = None

    def _part(self, events: list[Event]) -> None:
        """Nothing is waited for any more: say goodbye."""
        for sequence in self._unbinds:
            self._write(UnbindResp(), sequence)
        self.close()
        events.append(Unbound(by_peer=self._is_left_by_peer))

    # --- time

    def next_timer(self) -> float | None:
        """When `tick` has something to do, None if never as things stand."""
        return min(self._timers(), default=None)

    def _timers(self) -> Iterator[float]:
        if self.is_closed:
            return
        if self.state is SessionState.LEAVING and not self._is_awaiting:
            yield 0.0  # the last answer that we owed has been written: at once
        if self._handshake_due_s is not None:
            yield self._handshake_due_s
        if self._outstanding and self.config.response_timeout_s:
            yield next(iter(self._outstanding.values())).overdue_at_s
        if not self.is_bound:
            return
        if self._enquiry_due_s is not None:
            yield self._enquiry_due_s
        elif self.config.enquire_link_s:
            yield self._silent_since_s + self.config.enquire_link_s
        if self.config.inactivity_s:
            yield self._active_at_s + self.config.inactivity_s

    def tick(self, now: float) -> list[Event]:
        """Do what is due by now; calling too early or too often does no harm."""
        events: list[Event] = []
        if self.is_closed:
            return events
        self._mark_overdue(now, events)
        if self.state is SessionState.LEAVING:
            if not self._is_awaiting or (self._handshake_due_s or 0.0) <= now:
                self._part(events)
        elif self._handshake_due_s is not None and self._handshake_due_s <= now:
            is_unbinding = self.state is SessionState.UNBINDING
            self._die(DeadReason.UNBIND_TIMEOUT if is_unbinding else DeadReason.BIND_TIMEOUT, events)
        elif self.is_bound:
            self._tick_bound(now, events)
        return events

    def _tick_bound(self, now: float, events: list[Event]) -> None:
        config = self.config
        if config.inactivity_s and self._active_at_s + config.inactivity_s <= now:
            self._die(DeadReason.INACTIVE, events)
        elif self._enquiry_due_s is not None:
            if self._enquiry_due_s <= now:
                self._die(DeadReason.NO_ANSWER, events)
        elif config.enquire_link_s and self._silent_since_s + config.enquire_link_s <= now:
            self._own.clear()  # an older enquire_link whose answer never came
            self._ask(EnquireLink(), now, self._own)
            self._enquired_at_s = now
            self._enquiry_due_s = now + config.enquiry_timeout_s

    @property
    def _silent_since_s(self) -> float:
        """Since when nothing came; where we ask always, since when we have not asked."""
        return self._enquired_at_s if self.config.enquires_always else self._heard_at_s

    def _mark_overdue(self, now: float, events: list[Event]) -> None:
        while self._outstanding:
            sequence, asked = next(iter(self._outstanding.items()))
            if asked.overdue_at_s > now:
                return
            del self._outstanding[sequence]
            self._overdue.keep(sequence, asked.command_id, now)
            events.append(ResponseOverdue(sequence=sequence))

    def _die(self, reason: DeadReason, events: list[Event], detail: str = "") -> None:
        self.close()
        events.append(LinkDead(reason=reason, detail=detail))

    # --- small parts

    def _become_bound(self, mode: BindType, now: float) -> None:
        self.mode = mode
        self.state = STATE_OF_MODE[mode]
        self._handshake_due_s = None
        self._heard_at_s = self._active_at_s = self._enquired_at_s = now

    def _check_legal(self, pdu: Pdu) -> None:
        if self.state not in LEGAL.get((self.role, pdu.command_id), ()):
            raise NotBound(f"{pdu.name} in state {self.state}")

    def _ask(self, pdu: Pdu, now: float, table: dict[int, _Asked]) -> int:
        self._check_legal(pdu)
        sequence = self.next_sequence
        self._write(pdu, sequence)
        self._take_sequence()
        timeout_s = self.config.response_timeout_s
        table[sequence] = _Asked(pdu.command_id, now + timeout_s if timeout_s else float("inf"))
        return sequence

    def _take_sequence(self) -> int:
        sequence = self.next_sequence
        self.next_sequence = 1 if sequence >= MAX_SEQUENCE else sequence + 1
        return sequence

    def _write(self, pdu: Pdu, sequence: int) -> None:
        self._out.append(encode(pdu, sequence))

    @staticmethod
    def _after(now: float, timeout_s: float) -> float | None:
        return now + timeout_s if timeout_s else None
