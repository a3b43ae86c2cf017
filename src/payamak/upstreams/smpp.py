"""The SMPP upstream: the only file that speaks both of messages and of PDUs.

A step becomes one submit_sm for each part, an answer becomes an Outcome, a deliver_sm a receipt. Everything is
tied to the part by whom its request calls back, never by the order of answers. When the link breaks or the response
timer fires after the octets left, the outcome is AMBIGUOUS; when nothing left, it is LATER. An answer that comes after
that is still the part's own, also over a later bind: it is reported too.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import ssl
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from functools import partial

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.bounded import bounded_id, bounded_word
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.ids import readings
from payamak.domain.intake import IntakeBucket
from payamak.domain.message import Lane, Message, Reason
from payamak.domain.mo import LONGEST_OCTETS, MoPart
from payamak.domain.numbers import RECIPIENT_PREFIXES, parse_line, parse_recipient
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Link, Site
from payamak.domain.site.links import DefaultAlphabet, Validity
from payamak.domain.site.secrets import resolve
from payamak.encoding.alphabets import Alphabet, alphabet_of
from payamak.encoding.parts import Encoding, Part, SplitMethod, split
from payamak.encoding.udh import make_place
from payamak.encoding.user_data import header_oddities, read_user_data
from payamak.errors import NotTaken, StoreFailed
from payamak.smpp.codec import encode, text_octets, tlv_int
from payamak.smpp.constants import DataCoding, EsmClass, RegisteredDelivery, Status, Tag
from payamak.smpp.link import Answer, ClientLink, Down, DownReason, Ended, Later, LinkConfig, LinkLost
from payamak.smpp.overdue import Overdue
from payamak.smpp.pdu import (
    DataSm,
    DeliverSm,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unread,
    response_to,
    sar_tlvs,
    tlv,
)
from payamak.smpp.receipt import Receipt, is_receipt, looks_like_receipt, parse_receipt, says_nothing
from payamak.smpp.session import NotBound, WindowFull
from payamak.smpp.states import BindType
from payamak.upstreams.base import Parcel, Report, Sink, keep_receipt
from payamak.upstreams.lately import Lately
from payamak.upstreams.oddities import Oddities
from payamak.upstreams.unhandled import Unhandled
from payamak.upstreams.verdicts import blamed, outcome_of, read_verdicts, receipt_meaning

_BIND_MODES = {mode.value: mode for mode in BindType}

_DEFAULT_ALPHABETS = {
    DefaultAlphabet.GSM7: Alphabet.GSM7,
    DefaultAlphabet.LATIN_1: Alphabet.LATIN_1,
    DefaultAlphabet.ASCII: Alphabet.LATIN_1,  # an octet above 0x7F of a centre that says ASCII is shown, not lost
}

_SAYS_RECEIPT = re.compile(rb"\b(?:id|stat|dlvrd) ?:")
"""What cannot be read has no esm_class; a word of Appendix B tells a receipt, for the person who looks at it."""

BREAK_AFTER_S = 5.0
"""A link that breaks later than this after a part's octets has not broken at that part (taste)."""


def tls_context(link: Link) -> ssl.SSLContext | None:
    """The TLS settings of a link: its own CA if it names one, a client certificate if it has one."""
    if not link.tls:
        return None
    context = ssl.create_default_context(cafile=link.tls_ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if link.tls_certificate_file:
        context.load_cert_chain(link.tls_certificate_file, link.tls_key_file or None)
    return context


def secret(text: str) -> str:
    """A link's password as configured, read from the environment if it is there. Raises ValueError if it is not."""
    return resolve(text, os.environ, "a link's password", may_be_empty=True)


def link_config(link: Link) -> LinkConfig:
    """The settings of the connection."""
    context = tls_context(link)
    return LinkConfig(
        host=link.host,
        port=link.port,
        system_id=link.system_id,
        password=secret(link.password),
        system_type=link.system_type,
        interface_version=link.interface_version,
        addr_ton=link.bind_ton,
        addr_npi=link.bind_npi,
        address_range=link.address_range,
        bind_mode=_BIND_MODES[link.bind_mode.value],
        window=link.window,
        response_timeout_s=link.response_timeout_s,
        enquire_link_s=link.enquire_link_s,
        enquires_always=link.enquire_link_always,
        bind_timeout_s=link.bind_timeout_s,
        unbind_wait_s=link.unbind_wait_ms / 1_000,
        ssl=context,
        server_hostname=(link.tls_server_name or link.host) if context else None,
    )


class _Sending:
    """A parcel whose parts leave together, as far as the window has room for all of them; a refusal of one part drops
    those that have not left.

    `until_s`: what was left of the validity, by the monotonic clock. The deadline that the message names may be that of
    a clock which was wrong when it was accepted.
    """

    __slots__ = ("has_begun", "message", "parts", "report", "until_s", "waiting")

    def __init__(self, parcel: Parcel, parts: dict[int, Part], report: Report, clock: Clock) -> None:
        self.message = parcel.message
        self.until_s = clock.monotonic() + (parcel.message.deadline_at - clock.now()) / 1_000
        self.parts = parts
        self.waiting = deque(parcel.parts)
        self.has_begun = False
        self.report = report


class SmppUpstream:
    """One SMPP bind as an Upstream."""

    def __init__(
        self,
        link: Link,
        sink: Sink,
        site: Callable[[], Site],
        clock: Clock,
        log: Callable[..., object],
        *,
        recipient_prefixes: Collection[str] = RECIPIENT_PREFIXES,
    ) -> None:
        self._recipient_prefixes = recipient_prefixes
        self.name = link.name
        self.link = link
        self._sink = sink
        self._site = site
        self._clock = clock
        self._log = log
        self._verdicts = read_verdicts(link.status_verdicts)
        self._unhandled = Unhandled(link.name, sink, clock)
        self._intake = IntakeBucket(link.received_per_second, clock.monotonic())
        self._refusals: Counter[str] = Counter()
        self.oddities = Oddities(link.name, log)
        self._down_reason = "connecting"
        self._sendings: dict[Lane, deque[_Sending]] = {lane: deque() for lane in Lane}
        self._lately = Lately()
        self._overdue: Overdue[tuple[int, Message, Report]] = Overdue()
        self._last_answer_at_s = float("-inf")
        self._is_narrow = False
        self._is_resting = False
        self._keeping: set[asyncio.Task[None]] = set()
        self._client = ClientLink(
            link_config(link),
            on_request=self._on_asked,
            on_up=self._on_up,
            on_down=self._on_down,
            on_late_response=self._on_late_response,
            on_room=self._flow,
            on_leaving=self._on_leaving,
            log=partial(log, link=link.name),
        )

    @property
    def is_up(self) -> bool:
        """Bound, and not only to receive."""
        return self._client.is_bound and self.link.bind_mode != "receiver"

    @property
    def down_reason(self) -> str:
        """Why it is down; empty while it is bound."""
        return "" if self._client.is_bound else self._down_reason

    @property
    def window(self) -> int:
        """Parts without an answer at a time."""
        return self.link.window

    @property
    def ahead(self) -> int:
        """Half a window: as much as is answered while marks are committed, if that takes half as long as an answer."""
        return max(1, self.link.window // 2)

    @property
    def answered_since_bind(self) -> int:
        """Submits answered on the present bind, with any status, late answers included; 0 while there is none."""
        return self._client.answered_since_bind

    @property
    def last_answer_at_s(self) -> float:
        """When the last answer to a submit came, of any status, late ones included: seconds of `Clock.monotonic`.

        Minus infinity before the first one; it is kept over binds.
        """
        return self._last_answer_at_s

    def narrow(self, is_narrow: bool) -> None:
        """See Upstream.narrow."""
        self._is_narrow = is_narrow
        self._flow()

    def rest(self, is_resting: bool) -> None:
        """See Upstream.rest."""
        self._is_resting = is_resting
        self._flow()

    def give_back(self) -> None:
        """See Upstream.give_back."""
        for sendings in self._sendings.values():
            while sendings:
                sending = sendings.popleft()
                while sending.waiting:
                    unsent = sending.waiting.popleft()
                    sending.report(Outcome(part=unsent, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN))

    def break_now(self, reason: str) -> None:
        """Drop the connection at once and bind again by the rule for reconnecting; no-op while there is none.

        What is outstanding is then reported ambiguous, with `LinkLost.reason` GIVEN_UP.
        """
        self._client.break_now(reason)

    def start(self) -> None:
        """Connect and bind, and do so again whenever the link breaks."""
        self._client.start()

    async def stop(self, timeout_s: float) -> None:
        """Wait for answers, unbind, close."""
        await self._client.stop(timeout_s)

    # -- MT

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream.submit."""
        message = parcel.message
        step = message.current
        try:
            cut = split(step.text, step.encoding, _reference(message), step.split)
        except Exception as error:
            self._refuse(message, parcel.parts, report, error)
            return
        sending = _Sending(parcel, {part.number: part for part in cut}, report, self._clock)
        self._sendings[message.lane].append(sending)
        self._flow()

    def _flow(self) -> None:
        """Write what the window allows: the higher class first, within a class parcel by parcel."""
        for sendings in self._sendings.values():
            while sendings:
                sending = sendings[0]
                while sending.waiting:
                    if self._client.is_bound and (self._is_resting or not self._has_room(sending)):
                        return
                    sending.has_begun = True
                    self._write(sending, sending.waiting.popleft())
                sendings.popleft()

    def _has_room(self, sending: _Sending) -> bool:
        """Whether enough of the window is free for the next part: all of it while the link is narrow.

        A text begins when there is room for all of it. A link that breaks in its midst leaves pieces with the operator,
        and a text of which receipts come for some parts and not for others is not sent again (P3).
        """
        needed = 1 if sending.has_begun else len(sending.waiting)
        return self._client.window_free >= (self.link.window if self._is_narrow else min(needed, self.link.window))

    def _write(self, sending: _Sending, number: int) -> None:
        is_late = self._clock.now() >= sending.message.deadline_at or self._clock.monotonic() >= sending.until_s
        if is_late:  # it has waited for the window until now (P7)
            sending.report(Outcome(part=number, kind=OutcomeKind.LATER, reason=Reason.DEADLINE))
            return
        try:
            pdu = self._submit_sm(sending.message, sending.parts[number])
            self._client.ask(pdu, partial(self._on_response, sending, number))
        except (NotBound, WindowFull):
            sending.report(Outcome(part=number, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN))
            return
        except Exception as error:
            self._refuse(sending.message, (number,), sending.report, error)

    def _refuse(self, message: Message, parts: Iterable[int], report: Report, error: Exception) -> None:
        """No PDU can be made of it, on no link: nothing left and nothing ever will, so it must not wait in silence."""
        self._log("part_not_encodable", link=self.name, message_id=message.id, error=type(error).__name__)
        for number in parts:
            report(Outcome(part=number, kind=OutcomeKind.REFUSED, code=Code.INTERNAL))

    def _on_response(self, sending: _Sending, number: int, ended: Ended) -> None:
        if isinstance(ended, Pdu):
            self._last_answer_at_s = self._clock.monotonic()
            outcome = self._outcome(number, sending.message, ended)
        elif isinstance(ended, LinkLost) and not ended.sent:
            outcome = Outcome(part=number, kind=OutcomeKind.LATER, reason=Reason.LINK_DOWN)
        else:
            broke_link = isinstance(ended, LinkLost) and self._is_to_blame(ended)
            outcome = Outcome(part=number, kind=OutcomeKind.AMBIGUOUS, broke_link=broke_link)
            late = (number, sending.message, sending.report)
            self._overdue.keep(ended.sequence, late, self._clock.monotonic())
        sending.report(outcome)
        if outcome.kind in (OutcomeKind.OPTED_OUT, OutcomeKind.REFUSED):
            while sending.waiting:
                unsent = sending.waiting.popleft()
                sending.report(Outcome(part=unsent, kind=OutcomeKind.LATER, reason=Reason.REFUSED))
        self._flow()

    def _is_to_blame(self, lost: LinkLost) -> bool:
        """Whether a part may have broken the link by itself: others were answered on this bind, then it went, alone."""
        is_ours = lost.reason in (DownReason.GIVEN_UP, DownReason.STOPPED)
        return lost.alone and not is_ours and lost.age_s <= BREAK_AFTER_S and self.answered_since_bind > 0

    def _on_late_response(self, sequence: int, pdu: Pdu) -> None:
        """An answer after its time-out, or over a later bind: no verdict is thrown away."""
        self._last_answer_at_s = self._clock.monotonic()
        known = self._overdue.take(sequence, self._last_answer_at_s)
        if known is not None:
            number, message, report = known
            report(self._outcome(number, message, pdu))

    def _outcome(self, number: int, message: Message, pdu: Pdu) -> Outcome:
        """What an answer means by the link's table, and by what the link has answered to others lately.

        Whatever is no submit_sm_resp has taken nothing.
        """
        line, recipient = message.current.line, message.recipient
        operator_id = pdu.message_id if isinstance(pdu, SubmitSmResp) else None
        is_nack = not isinstance(pdu, SubmitSmResp)
        blame = blamed(pdu.status, line, recipient, self._lately)
        outcome = outcome_of(number, pdu.status, operator_id, self._verdicts, blame, is_nack=is_nack)
        self._lately.keep(line, recipient, is_taken=outcome.kind is OutcomeKind.TAKEN)
        return outcome

    def _submit_sm(self, message: Message, part: Part) -> SubmitSm:
        link = self.link
        octets = part.udh + part.payload
        tlvs = [tlv(Tag.USER_MESSAGE_REFERENCE, message.id & 0xFFFF)] if link.echoes_reference else []
        if message.current.split is SplitMethod.SAR and part.total > 1:
            tlvs += sar_tlvs(_reference(message), part.total, part.number)
        in_payload = message.current.split is SplitMethod.PAYLOAD and len(octets) > 140
        if in_payload:
            tlvs.append(tlv(Tag.MESSAGE_PAYLOAD, octets))
        return SubmitSm(
            service_type=link.service_type,
            source_addr_ton=link.source_ton,
            source_addr_npi=link.source_npi,
            source_addr=message.current.line,
            dest_addr_ton=link.recipient_ton,
            dest_addr_npi=link.recipient_npi,
            destination_addr=message.recipient,
            esm_class=EsmClass.UDHI if part.udh else 0,
            validity_period=_VALIDITIES[link.validity](message, self._clock.now()),
            registered_delivery=RegisteredDelivery.RECEIPT if link.gives_receipts else 0,
            data_coding=DataCoding.UCS2 if part.encoding is Encoding.UCS2 else DataCoding.SMSC_DEFAULT,
            short_message=b"" if in_payload else octets,
            tlvs=tuple(tlvs),
        )

    # -- receipts and messages from handsets

    def _on_asked(self, pdu: Pdu) -> Answer:
        """A request of the operator: a message of a handset beyond what the link may bring costs next to nothing.

        Receipts come as fast as we send: they have no bound of their own. What may be one has it once it is none. What
        nobody can read has that of messages: it is kept like one, and who brings it may bring it without end.
        """
        assert isinstance(pdu, DeliverSm | DataSm | Unread)
        if not isinstance(pdu, Unread):
            if is_receipt(pdu):
                return self._on_receipt(pdu)
            if self._may_be_receipt(pdu):
                return self._on_request(pdu)
        try:
            wait_s = self._wait_s(pdu)
        except NotTaken as why:
            return self._not_taken(pdu, why)
        return self._in_turn(pdu, wait_s) if wait_s else self._on_request(pdu)

    def _may_be_receipt(self, pdu: DeliverSm | DataSm) -> bool:
        """Whether it looks like a receipt of a centre that marks none; whose it is, only the store knows."""
        return self.link.receipts_without_esm_class and not is_receipt(pdu) and looks_like_receipt(pdu)

    def _wait_s(self, pdu: DeliverSm | DataSm | Unread) -> float:
        """How long a message of a handset has to wait for its turn. Raises NotTaken beyond what the link may bring."""
        octets = len(pdu.body if isinstance(pdu, Unread) else text_octets(pdu))
        if octets > LONGEST_OCTETS and not isinstance(pdu, Unread):
            raise NotTaken("too_long", is_for_good=True)
        if (wait_s := self._intake.wait_s(octets, self._clock.monotonic())) is None:
            raise NotTaken("too_fast")
        return wait_s

    async def _in_turn(self, pdu: Pdu, wait_s: float) -> Pdu:
        await asyncio.sleep(wait_s)
        return await self._on_request(pdu)

    def _not_taken(self, pdu: Pdu, why: NotTaken) -> Pdu:
        """The answer to a part that is not taken: for good a wrong length (SMPP 3.4 §5.1.3), else to come again."""
        self._refusals[why.why] += 1
        count = self._refusals[why.why]
        if not count & (count - 1):  # a flood must not fill the disk with our log
            self._log("mo_not_taken", link=self.name, reason=why.why, count=count)
        status = Status.ESME_RINVMSGLEN if why.is_for_good else Status.ESME_RX_T_APPN
        return response_to(pdu, status)

    def _on_receipt(self, pdu: DeliverSm | DataSm) -> Answer:
        """A receipt: stored, then acknowledged. Nothing of it waits, for they come as fast as we send."""
        self.oddities.count(pdu.odd)
        later = Later()
        try:
            said = parse_receipt(pdu)
            assert said is not None  # it is marked as one
            if said.is_blank and says_nothing(pdu):
                return self._kept_unread(pdu, "receipt", "no id, no state and no error of a receipt")
            receipt = self._receipt_in(pdu, said)
            self._count_header(pdu)
            self._sink.receipt(receipt, partial(self._on_stored, pdu, later))
        except Exception as error:
            self._on_stored(pdu, later, error)
        return later

    def _on_stored(self, pdu: DeliverSm | DataSm, later: Later, error: Exception | None) -> None:
        if error is None:
            later.give(response_to(pdu))
        elif isinstance(error, StoreFailed):
            later.give(self._not_stored(pdu, error))
        else:
            task = asyncio.get_running_loop().create_task(self._keep_or_fail(pdu, later, error))
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)

    def _count_header(self, pdu: DeliverSm | DataSm) -> None:
        """What is odd about the header of a receipt that has one; its text is read without."""
        if pdu.esm_class & EsmClass.UDHI:
            self.oddities.count(header_oddities(text_octets(pdu), self._alphabet(pdu.data_coding)))

    async def _keep_or_fail(self, pdu: DeliverSm | DataSm, later: Later, error: Exception) -> None:
        """A bug of ours: the operator is asked to bring it again, but not for ever."""
        try:
            later.give(response_to(pdu) if await self._is_kept(pdu, error) else error)
        except Exception as another:
            later.give(another)

    def _not_stored(self, pdu: Pdu, error: StoreFailed) -> Pdu:
        self._log("not_stored", link=self.name, reason=str(error))
        return response_to(pdu, Status.ESME_RX_T_APPN)

    async def _on_request(self, pdu: Pdu) -> Pdu:
        """What is not marked as a receipt: stored, then acknowledged; a temporary error if it cannot be."""
        if isinstance(pdu, Unread):
            return await self._on_unread(pdu)
        assert isinstance(pdu, DeliverSm | DataSm)
        self.oddities.count(pdu.odd)
        try:
            receipt = await self._receipt_of(pdu)
            if receipt is None:
                if self._may_be_receipt(pdu):
                    await asyncio.sleep(self._wait_s(pdu))
                await self._sink.mo(self._mo_part(pdu))
            else:
                self._count_header(pdu)
                await keep_receipt(self._sink, receipt)
        except NotTaken as why:
            return self._not_taken(pdu, why)
        except StoreFailed as error:
            return self._not_stored(pdu, error)
        except Exception as error:  # a bug of ours: the operator is asked to bring it again, but not for ever
            if not await self._is_kept(pdu, error):
                raise
        return response_to(pdu)

    async def _receipt_of(self, pdu: DeliverSm | DataSm) -> ReceiptIn | None:
        """The receipt that one without a mark is, if it is ours; None for a person's message."""
        if not self.link.receipts_without_esm_class or (looks := parse_receipt(pdu, is_marked=False)) is None:
            return None
        made = self._receipt_in(pdu, looks)
        return made if await self._sink.is_ours(made) else None

    async def _is_kept(self, pdu: DeliverSm | DataSm, error: Exception) -> bool:
        try:
            kind = "receipt" if pdu.esm_class & EsmClass.TYPE_MASK else "mo"  # SMPP 3.4 §5.2.12
            return await self._unhandled.keep(kind, _as_came(pdu), error)
        except StoreFailed as failure:
            self._log("not_stored", link=self.name, reason=str(failure))
            return False

    async def _on_unread(self, pdu: Unread) -> Pdu:
        """What nobody can read is kept as octets and acknowledged: it would come again for days, and be no other."""
        return await self._kept_unread(pdu, "receipt" if _SAYS_RECEIPT.search(pdu.body) else "mo", pdu.detail)

    async def _kept_unread(self, pdu: Unread | DeliverSm | DataSm, kind: str, why: str) -> Pdu:
        try:
            await self._unhandled.keep_unread(kind, _as_came(pdu), why)
        except StoreFailed as failure:
            return self._not_stored(pdu, failure)
        return response_to(pdu)

    def _mo_part(self, pdu: DeliverSm | DataSm) -> MoPart:
        """What a handset sent; the header goes before the sar parameters (SMPP 3.4 §5.3.2.22)."""
        has_header = bool(pdu.esm_class & EsmClass.UDHI)
        alphabet, octets = self._alphabet(pdu.data_coding), text_octets(pdu)
        data = read_user_data(octets, alphabet, has_header=has_header, septets=self.link.septets)
        self.oddities.count(data.odd)
        place = data.place
        if place is None:
            reference, part = tlv_int(pdu, Tag.SAR_MSG_REF_NUM), tlv_int(pdu, Tag.SAR_SEGMENT_SEQNUM)
            place = make_place(reference, tlv_int(pdu, Tag.SAR_TOTAL_SEGMENTS), part)
        line = self._site().line(pdu.destination_addr)
        return MoPart(
            upstream=self._site().upstream_of(self.link),
            link=self.name,
            line=line.number if line else parse_line(pdu.destination_addr) or bounded_id(pdu.destination_addr),
            sender=parse_recipient(pdu.source_addr, self._recipient_prefixes) or bounded_id(pdu.source_addr),
            alphabet=data.alphabet,
            octets=data.octets,
            reference=place.reference if place else None,
            total=place.total if place else 1,
            part=place.part if place else 1,
        )

    def _alphabet(self, data_coding: int) -> Alphabet:
        return alphabet_of(data_coding, _DEFAULT_ALPHABETS[self.link.default_alphabet])

    def _receipt_in(self, pdu: DeliverSm | DataSm, receipt: Receipt) -> ReceiptIn:
        operator_id = bounded_id(receipt.operator_id)
        state, code = receipt_meaning(self.link, receipt)
        site = self._site()
        recipient, line = pdu.source_addr, site.line(pdu.destination_addr)
        if line is None and site.line(pdu.source_addr) and parse_recipient(pdu.destination_addr, None):
            recipient, line = pdu.destination_addr, site.line(pdu.source_addr)  # as the message had them: some centres
        return ReceiptIn(
            upstream=self._site().upstream_of(self.link),
            link=self.name,
            operator_id=operator_id,
            keys=readings(operator_id, self.link.id_base),
            part_state=state,
            stat=bounded_word(receipt.stat_text or receipt.stat.value),
            err=None if receipt.err is None else bounded_word(receipt.err),
            code=code,
            line=line.number if line else None,
            recipient=parse_recipient(recipient, None),
            reference=tlv_int(pdu, Tag.USER_MESSAGE_REFERENCE),
            ids=tuple(map(bounded_id, receipt.ids)) if len(set(filter(None, receipt.ids))) > 1 else (),
        )

    # -- the link itself

    def _on_up(self) -> None:
        self._down_reason = ""
        self._log("link_up", link=self.name)
        self._sink.link_changed(self.name)

    def _on_leaving(self) -> None:
        """The centre unbinds: what waits for the window goes by another link, what is on the wire may be answered."""
        self._down_reason = "the centre is unbinding"
        self._log("link_leaving", link=self.name)
        self._flow()
        self._sink.link_changed(self.name)

    def _on_down(self, down: Down) -> None:
        self._down_reason = " ".join(
            filter(None, (down.reason.value, f"0x{down.status:08x}" if down.status else "", down.detail))
        )
        event = "link_closed" if down.reason is DownReason.STOPPED else "link_down"
        self._log(event, link=self.name, reason=self._down_reason)
        self._flow()
        self._sink.link_changed(self.name)


def _reference(message: Message) -> int:
    """What ties the parts of a text together; the steps of a message have different ones."""
    return message.id * 7 + message.step


def _as_came(pdu: Pdu) -> bytes:
    """The octets of a PDU under sequence 1, so that the same under another sequence are the same."""
    octets = pdu.octets or encode(pdu, is_checked=False)
    return octets[:12] + (1).to_bytes(4) + octets[16:]


def relative_validity(message: Message, now: int) -> str:
    """The time that is left, as an SMPP relative time (§7.1.1.1): the operator must not deliver after the deadline.

    Counted from the instant of writing; rounded down to seconds, at least one.
    """
    seconds = max((message.deadline_at - now) // 1_000, 1)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"0000{days:02d}{hours:02d}{minutes:02d}{seconds:02d}000R"


def absolute_validity(message: Message, now: int) -> str:
    """The deadline as an SMPP absolute time of UTC (§7.1.1), in whole seconds; never before the next second."""
    until_s = max(message.deadline_at, now + 1_000) // 1_000
    return dt.datetime.fromtimestamp(until_s, dt.UTC).strftime("%y%m%d%H%M%S000+")


def no_validity(message: Message, now: int) -> str:
    """NULL: the operator's own default counts."""
    return ""


_VALIDITIES: dict[Validity, Callable[[Message, int], str]] = {
    Validity.RELATIVE: relative_validity,
    Validity.ABSOLUTE: absolute_validity,
    Validity.NONE: no_validity,
}
