"""The simulated operator: an SMSC on a port that does with each submit_sm what its plan says.

A submit is read, met by a behaviour (`rules.py`), entered in the ledger, and only then answered. Actions without
delay are carried out in the same loop turn, so that the usual case costs no timer but the receipt's; that is what
lets one core serve more than 10,000 submits a second. Receipts go through the outbox, which keeps them until they are
acknowledged, over any receiver or transceiver of the same system_id.

While a simulator runs, its operator can be made to throttle, to drop its links, to unbind them, to refuse binds, to get
into any `Trouble`, and to send received messages (MO). `stop()` then `start()` is an outage: the port, the ledger and
what waits in the outbox stay.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, assert_never

from payamak.clock import Clock, SystemClock
from payamak.encoding import Encoding, SplitMethod, choose, split
from payamak.simulator.behaviour import (
    Action,
    Answer,
    Behaviour,
    Close,
    Garbage,
    Plan,
    Receipt,
    Reply,
    Silence,
    Unbind,
    react,
)
from payamak.simulator.config import SimulatorConfig
from payamak.simulator.habits import answered_id, is_told, receipted_id, response, written
from payamak.simulator.ledger import Counters, Entry, Ledger
from payamak.simulator.outbox import Letter, Outbox
from payamak.simulator.reading import ALONE, Placed, read_part, read_text
from payamak.simulator.receipts import IdFormat, receipt_text, receipt_tlvs, render_id
from payamak.simulator.rules import Rule, Rulebook
from payamak.simulator.trouble import Trouble, Troubles, What
from payamak.smpp.codec import encode, tlv_int
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import MAX_SEQUENCE, DataCoding, EsmClass, Status, Tag
from payamak.smpp.link import LinkServer, ServerConnection, serve
from payamak.smpp.pdu import (
    Bind,
    BindReceiver,
    BindTransmitter,
    DeliverSm,
    Pdu,
    SubmitSm,
    response_to,
    sar_tlvs,
    tlv,
)
from payamak.smpp.states import BindType

SWEEP_S: Final = 0.05
"""How often it is looked for connections whose time is over, while any trouble is set."""

FAREWELL_S: Final = 0.01
"""How long a connection that is about to be closed may still flush answers written before."""

_IDS_PER_MS: Final = 100
"""Room for the ids of one millisecond, so that a restarted simulator does not repeat ids it gave before."""


@dataclass(kw_only=True, slots=True)
class _Peer:
    """What the simulator knows of one connection."""

    number: int
    since_s: float
    is_silent: bool = False
    is_unbound: bool = False
    second: int = 0
    submits: int = 0


@dataclass(kw_only=True, slots=True)
class _Case:
    """One submit being handled; `entry` is None when the ledger is brief."""

    connection: ServerConnection
    pdu: SubmitSm
    number: int
    received_at: int
    entry: Entry | None
    place: Placed = ALONE


class Simulator:
    """One simulated operator. All methods belong to the event loop that called `start()`."""

    def __init__(self, config: SimulatorConfig | None = None, clock: Clock | None = None) -> None:
        """Open the ledger. Raises OSError if its file cannot be written."""
        self.config = config or SimulatorConfig()
        self._clock = clock or SystemClock()
        self.ledger = Ledger(path=self.config.ledger_path, keep=self.config.keep)
        self.port = self.config.port
        self._server: LinkServer | None = None
        self._peers: dict[ServerConnection, _Peer] = {}
        self._numbers = itertools.count(1)
        self._ids = itertools.count(self._clock.now() * _IDS_PER_MS)
        self._references = itertools.count(1)
        self._outbox = Outbox(
            limits=self.config.limits, retry_ms=self.config.receipt_retry_ms, witness=_Scribe(self.ledger, self._clock)
        )
        self._throttled_until = 0.0
        self._bind_refusal = 0
        self._throttling = react(Behaviour.THROTTLED, timing=self.config.timing, registered_delivery=0)
        self.set_rules(self.config.rules)
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._troubles = self._made(())

    @property
    def counters(self) -> Counters:
        """What happened so far, in numbers."""
        return self.ledger.counters

    @property
    def kept_receipts(self) -> int:
        """Receipts and received messages that are not acknowledged yet."""
        return self._outbox.kept

    async def start(self) -> int:
        """Listen, and return the port. After `stop()` it is the same port again. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self.ledger.open()
        limits = self.config.limits
        self._server = await serve(
            self.config.host,
            self.port,
            on_bind=self._on_bind,
            on_request=self._on_request,
            on_connection=self._on_connection,
            on_closed=self._on_closed,
            config=SessionConfig(
                window=limits.receipt_window,
                response_timeout_s=self.config.receipt_timeout_s,
                enquire_link_s=0.0,
            ),
            system_id=self.config.system_id,
            ssl=self.config.tls,
        )
        self.port = self._server.port
        self.set_troubles(self.config.troubles)
        return self.port

    async def stop(self, timeout_s: float = 2.0) -> None:
        """Unbind and close every connection within `timeout_s`, stop listening, close the ledger's file."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        if self._server is not None:
            for connection, peer in list(self._peers.items()):
                if peer.is_silent:
                    connection.abort()
            await self._server.close(timeout_s)
            self._server = None
        self.ledger.close()

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Follow this script from the next submit on; all counts begin anew."""
        self._rulebook = Rulebook(
            rules,
            timing=self.config.timing,
            digits=self.config.digits,
            refuse_lines=self.config.refuse_lines,
            advertising_lines=self.config.advertising_lines,
        )

    def set_troubles(self, troubles: Iterable[Trouble] = ()) -> None:
        """Have these troubles, their times counted from now, in place of those before; none ends them all."""
        self._troubles = self._made(troubles)
        self.ledger.record_troubles([trouble.what.value for trouble in self._troubles.all], self._clock.now())
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        if self._troubles:
            self._sweep()

    def _made(self, troubles: Iterable[Trouble]) -> Troubles:
        config = self.config
        return Troubles(troubles, config.timing, began_s=self._clock.monotonic(), seed=config.seed)

    def _sweep(self) -> None:
        """Cut or unbind the connections whose time is over, and look again soon."""
        now = self._clock.monotonic()
        for what, end in ((What.CUTS, ServerConnection.abort), (What.UNBINDS, self._unbind)):
            life_s = self._troubles.value(what, now)
            for connection, peer in list(self._peers.items()):
                if life_s is not None and now - peer.since_s >= life_s:
                    end(connection)
        self._sweep_timer = self._loop.call_later(SWEEP_S, self._sweep)

    def throttle(self, seconds: float) -> None:
        """Answer every submit with ESME_RTHROTTLED for so long; 0 ends it."""
        self._throttled_until = self._clock.monotonic() + seconds

    def drop_links(self) -> int:
        """Cut every connection without a word; returns how many."""
        connections = list(self._peers)
        for connection in connections:
            connection.abort()
        return len(connections)

    def unbind_links(self) -> int:
        """Ask every bound connection to unbind, and go on answering and bringing receipts; returns how many."""
        return sum(self._unbind(connection) for connection in list(self._peers))

    def _unbind(self, connection: ServerConnection) -> bool:
        peer = self._peers.get(connection)
        if peer is None or peer.is_silent or peer.is_unbound or not connection.is_bound:
            return False
        peer.is_unbound = True
        connection.unbind()
        self._outbox.detach(connection)
        return True

    def refuse_binds(self, is_refusing: bool, status: int = Status.ESME_RBINDFAIL) -> None:
        """Refuse every bind from now on with this status, or stop refusing. Live binds stay."""
        self._bind_refusal = int(status) if is_refusing else 0

    async def send_mo(
        self,
        line: str,
        sender: str,
        text: str,
        *,
        system_id: str | None = None,
        method: SplitMethod = SplitMethod.UDH8,
    ) -> bool:
        """Deliver a received message, a long one in parts. Waits until every part is acknowledged.

        Without `system_id` it goes to a system_id that can receive now. Returns False if a part was given up.
        Raises ValueError if nobody is bound and no system_id is named, or the text has too many parts.
        """
        to = system_id or next(iter(self._outbox.receivers()), None)
        if to is None:
            raise ValueError("nobody is bound as receiver or transceiver: expected a system_id")
        loop = asyncio.get_running_loop()
        waiting = []
        reference = next(self._references)
        for part in split(text, choose(text), reference, method):
            in_tlv = method is SplitMethod.PAYLOAD and len(part.payload) > 140
            in_sar = method is SplitMethod.SAR and part.total > 1
            sar = sar_tlvs(reference, part.total, part.number) if in_sar else ()
            pdu = DeliverSm(
                source_addr=sender,
                destination_addr=line,
                esm_class=EsmClass.UDHI.value if part.udh else 0,
                data_coding=_CODINGS[part.encoding],
                short_message=b"" if in_tlv else part.udh + part.payload,
                tlvs=(tlv(Tag.MESSAGE_PAYLOAD, part.payload),) if in_tlv else sar,
            )
            letter = Letter(pdu=pdu, is_mo=True, done=loop.create_future())
            waiting.append(letter.done)
            self._outbox.add(to, letter)
        return all(await asyncio.gather(*(done for done in waiting if done is not None)))

    def _on_connection(self, connection: ServerConnection) -> None:
        now = self._clock.monotonic()
        self._peers[connection] = _Peer(number=next(self._numbers), since_s=now)
        if rest_s := self._troubles.value(What.SLOW_BIND, now):
            connection.pause_reading()
            self._loop.call_later(rest_s, connection.resume_reading)

    def _on_closed(self, connection: ServerConnection) -> None:
        self._outbox.detach(connection)
        if self._peers.pop(connection, None) is not None:
            self.ledger.record_closed()

    def _on_bind(self, connection: ServerConnection, bind: Bind) -> int:
        status = self._bind_refusal or self._check(bind)
        early = self._outbox.first(bind.system_id)
        if early is not None and self._troubles.value(What.EARLY, self._clock.monotonic()) is not None:
            connection.write_raw(encode(early.pdu, MAX_SEQUENCE))  # whatever is said of it, it comes again
        kind = _bind_mode(bind)
        self.ledger.record_bind(bind.system_id, kind, self._peers[connection].number, status, self._clock.now())
        if not status and kind is not BindType.TRANSMITTER:
            # The bind's answer must leave before the first receipt does.
            self._loop.call_soon(self._attach, connection)
        return status

    def _attach(self, connection: ServerConnection) -> None:
        if connection in self._peers:
            self._outbox.attach(connection)

    def _check(self, bind: Bind) -> int:
        """The status that the bind's credentials, and the number of binds, deserve."""
        accounts = self.config.accounts
        if accounts and bind.system_id not in accounts:
            return Status.ESME_RINVSYSID.value
        if accounts and bind.password != accounts[bind.system_id]:
            return Status.ESME_RINVPASWD.value
        most = self.config.limits.binds
        if most is not None and self._count_binds(bind.system_id) >= most:
            return Status.ESME_RALYBND.value
        return Status.ESME_ROK.value

    def _count_binds(self, system_id: str) -> int:
        live = (one for one, peer in self._peers.items() if one.is_bound and not peer.is_silent)
        return sum(one.system_id == system_id for one in live)

    def _on_request(self, connection: ServerConnection, pdu: Pdu) -> Pdu | None:
        if not isinstance(pdu, SubmitSm):
            return response_to(pdu, Status.ESME_RINVCMDID)
        peer = self._peers.get(connection)
        if peer is not None and not peer.is_silent:
            self._on_submit(connection, peer, pdu)
        return None

    def _on_submit(self, connection: ServerConnection, peer: _Peer, pdu: SubmitSm) -> None:
        """Read, plan, enter in the ledger, and only then act."""
        now = self._clock.now()
        has_place = bool(pdu.esm_class & EsmClass.UDHI or pdu.tlvs)
        place, octets = read_part(pdu) if has_place else (ALONE, pdu.short_message)
        recipient = pdu.destination_addr.removeprefix("+")
        if self._is_throttling(peer, now):
            plan = self._throttling
        else:
            plan = self._rulebook.plan(
                recipient, pdu.source_addr, part=place.part, registered_delivery=pdu.registered_delivery
            )
            if self._troubles:
                plan = self._troubles.befall(plan, self._clock.monotonic())
        if plan.status is None and not any(isinstance(action, Answer) for action in plan.actions):
            connection.waive(pdu)
        case = _Case(connection=connection, pdu=pdu, number=next(self._ids), received_at=now, entry=None, place=place)
        if self.ledger.is_brief:
            self.ledger.count_submit(plan.behaviour.value, is_taken=plan.is_taken)
        else:
            case.entry = Entry(
                serial=self.ledger.next_serial(),
                received_at=now,
                connection=peer.number,
                system_id=connection.system_id,
                operator_id=self._answered_id(case, plan) if plan.is_taken else "",
                line=pdu.source_addr,
                recipient=recipient,
                text=read_text(octets, pdu.data_coding),
                reference=place.reference,
                part=place.part,
                total=place.total,
                data_coding=pdu.data_coding,
                registered_delivery=pdu.registered_delivery,
                user_message_reference=tlv_int(pdu, Tag.USER_MESSAGE_REFERENCE) if pdu.tlvs else None,
                behaviour=plan.behaviour.value,
                status=plan.status,
            )
            self.ledger.record_submit(case.entry)
        for action in plan.actions:
            if action.delay_ms:
                self._loop.call_later(action.delay_ms / 1000, self._act, case, action)
            else:
                self._act(case, action)

    def _is_throttling(self, peer: _Peer, now: int) -> bool:
        if self._throttled_until and self._clock.monotonic() < self._throttled_until:
            return True
        most = self.config.limits.submits_per_s
        if most is None:
            return False
        if peer.second != now // 1000:
            peer.second, peer.submits = now // 1000, 0
        peer.submits += 1
        return peer.submits > most

    def _answered_id(self, case: _Case, plan: Plan) -> str:
        answers = [action for action in plan.actions if isinstance(action, Answer)]
        return self._id_in(case, answers[0] if answers else Answer(delay_ms=0))

    def _id_in(self, case: _Case, answer: Answer) -> str:
        usual = render_id(case.number, IdFormat.HEX if answer.hex_id else self.config.answer_ids)
        return answered_id(answer.habit, usual, case.number, case.pdu, case.place)

    def _act(self, case: _Case, action: Action) -> None:
        """Carry out one action; a connection that is gone or silent gets nothing, its receipts still go out."""
        if isinstance(action, Receipt):
            if not is_told(action.habit, case.place):
                return
            self._outbox.add(case.connection.system_id, self._receipt(case, action))
            return
        if isinstance(action, Reply):
            self._outbox.add(case.connection.system_id, self._reply(case, action))
            return
        peer = self._peers.get(case.connection)
        if peer is None or peer.is_silent:
            return
        match action:
            case Answer():
                self._answer(case, action)
            case Close():
                case.connection.pause_reading()
                self._loop.call_later(FAREWELL_S, case.connection.abort)
            case Silence():
                peer.is_silent = True
                case.connection.pause_reading()
                self._outbox.detach(case.connection)
            case Unbind():
                self._unbind(case.connection)
            case Garbage():
                case.connection.write_raw(action.octets)
            case _:
                assert_never(action)

    def _answer(self, case: _Case, answer: Answer) -> None:
        self.ledger.record_answer(case.entry, answer.status, self._clock.now())
        case.connection.respond(case.pdu, response(answer.habit, answer.status, self._id_in(case, answer)))

    def _receipt(self, case: _Case, receipt: Receipt) -> Letter:
        """The receipt as a deliver_sm, from the recipient to the line (SMPP 3.4 §5.2.12, Appendix B)."""
        config, pdu, entry = self.config, case.pdu, case.entry
        usual = config.receipt_ids or config.answer_ids
        operator_id = render_id(case.number, IdFormat.DECIMAL if receipt.decimal_id else usual)
        answered = answered_id(receipt.habit, operator_id, case.number, pdu, case.place)
        operator_id = receipted_id(receipt.habit, operator_id, answered, case.number)
        style, stat, err = config.receipt_style, receipt.stat, receipt.err
        text = receipt_text(
            style,
            operator_id,
            stat=stat,
            err=err,
            submitted_at=case.received_at,
            done_at=self._clock.now(),
            text=entry.text if entry else "",
        )
        reference = tlv_int(pdu, Tag.USER_MESSAGE_REFERENCE) if pdu.tlvs else None
        deliver = DeliverSm(
            source_addr_ton=pdu.dest_addr_ton,
            source_addr_npi=pdu.dest_addr_npi,
            source_addr=pdu.destination_addr,
            dest_addr_ton=pdu.source_addr_ton,
            dest_addr_npi=pdu.source_addr_npi,
            destination_addr=pdu.source_addr,
            esm_class=EsmClass.DELIVERY_RECEIPT.value,
            short_message=text,
            tlvs=receipt_tlvs(style, operator_id, stat=stat, err=err, user_message_reference=reference),
        )
        made = written(receipt.habit, deliver)
        return Letter(pdu=made, oddity=receipt.oddity, stat=stat, err=err, entry=entry)

    def _reply(self, case: _Case, reply: Reply) -> Letter:
        """What the handset sends to the line that it has heard from."""
        pdu = reply.said.pdu(case.pdu.destination_addr, case.pdu.source_addr)
        return Letter(pdu=pdu, oddity=reply.said.oddity, is_mo=True)


_CODINGS: Final = {Encoding.GSM7: DataCoding.SMSC_DEFAULT.value, Encoding.UCS2: DataCoding.UCS2.value}


class _Scribe:
    """Writes into the ledger what the outbox tells."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def on_sent(self, letter: Letter) -> None:
        """The letter leaves."""
        if letter.is_mo:
            self._ledger.record_mo(letter.pdu.destination_addr, letter.pdu.source_addr, self._clock.now())
        else:
            self._ledger.record_receipt(letter.entry, letter.stat, letter.err, self._clock.now(), letter.tries)

    def on_answered(self, letter: Letter, status: int) -> None:
        """Its deliver_sm_resp came."""
        if letter.is_mo:
            pdu = letter.pdu
            self._ledger.record_mo_acknowledged(pdu.destination_addr, pdu.source_addr, status, self._clock.now())
        else:
            self._ledger.record_acknowledged(letter.entry, status, self._clock.now())

    def on_dropped(self, letter: Letter) -> None:
        """It was given up."""
        self._ledger.record_dropped()


def _bind_mode(bind: Bind) -> BindType:
    if isinstance(bind, BindTransmitter):
        return BindType.TRANSMITTER
    return BindType.RECEIVER if isinstance(bind, BindReceiver) else BindType.TRANSCEIVER
