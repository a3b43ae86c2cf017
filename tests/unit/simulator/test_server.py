"""The simulator over TCP: each behaviour as a real client sees it, and the operator's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.unit.simulator.esme import LINE, LINE2, Esme, submits

from payamak.encoding import SplitMethod
from payamak.simulator.behaviour import TABLE, Behaviour, Timing
from payamak.simulator.config import Limits, SimulatorConfig
from payamak.simulator.ledger import Ledger
from payamak.simulator.reading import read_text, read_user_data
from payamak.simulator.receipts import IdFormat, ReceiptStyle
from payamak.simulator.rules import Rule
from payamak.simulator.server import Simulator
from payamak.smpp.codec import text_octets, tlv_int
from payamak.smpp.constants import Status, Tag
from payamak.smpp.link import DownReason, LinkLost, ResponseTimeout
from payamak.smpp.pdu import QuerySm, SubmitSmResp, tlv
from payamak.smpp.states import BindType

CONFIG = SimulatorConfig(
    refuse_lines=frozenset({LINE}),
    timing=Timing(receipt_ms=1, late_ms=60),
    receipt_retry_ms=5,
    receipt_timeout_s=0.3,
)
ACCEPTS = "989120000001"
DIGITS = {entry.behaviour: "98912000" + entry.digits for entry in TABLE}
ANSWERED = {
    Behaviour.DELIVERS: (0, ["DELIVRD"], "000"),
    Behaviour.DELIVERS_LATE: (0, ["DELIVRD"], "000"),
    Behaviour.UNDELIVERABLE: (0, ["UNDELIV"], "001"),
    Behaviour.EXPIRES: (0, ["EXPIRED"], "002"),
    Behaviour.UNKNOWN_STAT: (0, ["PARKED"], "099"),
    Behaviour.UNSURE: (0, ["UNKNOWN"], "099"),
    Behaviour.NO_RECEIPT: (0, [], ""),
    Behaviour.REJECTED: (0x0B, [], ""),
    Behaviour.REJECTED_LATE: (0, ["REJECTD"], "011"),
    Behaviour.OPTED_OUT: (0x433, [], ""),
    Behaviour.OPTED_OUT_ADVERTISING: (0x427, [], ""),
    Behaviour.OPTED_OUT_ALL: (0x427, [], ""),
    Behaviour.OPTED_OUT_LATE: (0, ["REJECTD"], "033"),
    Behaviour.OPTED_OUT_ADVERTISING_LATE: (0, ["REJECTD"], "027"),
    Behaviour.OPTED_OUT_ALL_LATE: (0, ["REJECTD"], "027"),
    Behaviour.ANSWERS_TWICE: (0, ["DELIVRD"], "000"),
    Behaviour.RECEIPT_FIRST: (0, ["DELIVRD"], "000"),
    Behaviour.RECEIPT_TWICE: (0, ["DELIVRD", "DELIVRD"], "000"),
}


@asynccontextmanager
async def running(**changes: object) -> AsyncIterator[Simulator]:
    """A started simulator that is stopped at the end."""
    simulator = Simulator(replace(CONFIG, **changes))  # type: ignore[arg-type]
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop(0.5)


async def until(simulator: Simulator, holds: Callable[[Ledger], bool]) -> None:
    """Wait for the operator's book to say so; fails after a minute."""
    async with asyncio.timeout(60):
        await simulator.ledger.until(holds)


@pytest.mark.parametrize("behaviour", ANSWERED)
async def test_answer_and_receipts(behaviour: Behaviour) -> None:
    """The client gets the status, the receipts and the error code that the behaviour's row names."""
    status, stats, err = ANSWERED[behaviour]
    async with running() as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(DIGITS[behaviour])
        assert answer.status == status
        await esme.until(lambda: len(esme.receipts) >= len(stats))
        assert [receipt.stat_text for receipt in esme.receipts] == stats
        for receipt in esme.receipts:
            assert isinstance(answer, SubmitSmResp)
            assert (receipt.operator_id, receipt.err) == (answer.message_id, err)
        (entry,) = simulator.ledger.entries
        await until(simulator, lambda ledger: len(entry.acknowledged) >= len(stats))
        assert (entry.behaviour, entry.status, entry.receipts) == (behaviour.value, status, stats)
        assert entry.answers == [status] * (2 if behaviour is Behaviour.ANSWERS_TWICE else 1)
        assert entry.acknowledged == [0] * len(stats)


async def test_other_line_accepts() -> None:
    """A recipient that stopped one line accepts another; one that stopped all accepts none."""
    async with running() as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(DIGITS[Behaviour.OPTED_OUT], line=LINE2)
        assert answer.status == 0
        (answer,) = await esme.submit(DIGITS[Behaviour.OPTED_OUT_ALL], line=LINE2)
        assert answer.status == 0x427


async def test_late_is_later() -> None:
    """A late receipt comes after the receipts of messages submitted after it."""
    async with running() as simulator, Esme(simulator) as esme:
        (late,) = await esme.submit(DIGITS[Behaviour.DELIVERS_LATE])
        (usual,) = await esme.submit(ACCEPTS)
        await esme.until(lambda: len(esme.receipts) == 2)
        assert isinstance(late, SubmitSmResp)
        assert isinstance(usual, SubmitSmResp)
        assert [one.operator_id for one in esme.receipts] == [usual.message_id, late.message_id]


async def test_receipt_first() -> None:
    """The receipt arrives before the answer that names its id."""
    async with running() as simulator, Esme(simulator) as esme:
        await esme.submit(DIGITS[Behaviour.RECEIPT_FIRST])
        assert esme.events == ["up", "receipt", "answer"]


async def test_hex_ids() -> None:
    """The answer names the id in hex, the receipt the same number in decimal."""
    async with running() as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(DIGITS[Behaviour.HEX_IDS])
        await esme.until(lambda: bool(esme.receipts))
        assert isinstance(answer, SubmitSmResp)
        assert int(answer.message_id, 16) == int(esme.receipts[0].operator_id)
        assert simulator.ledger.entries[0].operator_id == answer.message_id


@pytest.mark.parametrize("style", IdFormat)
async def test_id_formats(style: IdFormat) -> None:
    """Answers and receipts write their ids as configured, each in its own way."""
    async with running(answer_ids=style, receipt_ids=IdFormat.DECIMAL) as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(ACCEPTS)
        await esme.until(lambda: bool(esme.receipts))
        assert isinstance(answer, SubmitSmResp)
        assert simulator.ledger.entries[0].operator_id == answer.message_id
        assert (answer.message_id == esme.receipts[0].operator_id) == (style is IdFormat.DECIMAL)


@pytest.mark.parametrize("style", ReceiptStyle)
async def test_receipt_styles(style: ReceiptStyle) -> None:
    """Whatever its style, a receipt tells its id; with TLVs it gives the user_message_reference back."""
    async with running(receipt_style=style) as simulator, Esme(simulator) as esme:
        (answer,) = await esme.submit(ACCEPTS, tlvs=(tlv(Tag.USER_MESSAGE_REFERENCE, 4711),))
        await esme.until(lambda: bool(esme.receipts))
        assert isinstance(answer, SubmitSmResp)
        assert esme.receipts[0].operator_id == answer.message_id
        echoed = tlv_int(esme.delivered[0], Tag.USER_MESSAGE_REFERENCE)
        assert echoed == (4711 if style.has_tlvs else None)
        assert simulator.ledger.entries[0].user_message_reference == 4711


@pytest.mark.parametrize(("behaviour", "status"), [(Behaviour.THROTTLED, 0x58), (Behaviour.QUEUE_FULL, 0x14)])
async def test_refused_for_a_while(behaviour: Behaviour, status: int) -> None:
    """A throttled recipient, or one whose queue is full, is taken at the fourth try."""
    async with running() as simulator, Esme(simulator) as esme:
        statuses = [(await esme.submit(DIGITS[behaviour]))[0].status for _ in range(4)]
        assert statuses == [status] * 3 + [0]


@pytest.mark.parametrize(("behaviour", "stats"), [(Behaviour.NEVER_ANSWERS, []), (Behaviour.ANSWER_LOST, ["DELIVRD"])])
async def test_no_answer(behaviour: Behaviour, stats: list[str]) -> None:
    """The client's response timer fires; the operator has the message, and tells so only if the row says it."""
    async with running() as simulator, Esme(simulator, response_timeout_s=0.1) as esme:
        with pytest.raises(ResponseTimeout):
            await esme.submit(DIGITS[behaviour])
        assert [receipt.stat_text for receipt in esme.receipts] == stats
        (entry,) = simulator.ledger.entries
        assert (entry.status, entry.answers, entry.is_taken) == (None, [], True)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour.DISCONNECTS, DownReason.PEER_CLOSED),
        (Behaviour.SILENCE, DownReason.LINK_DEAD),
        (Behaviour.GARBAGE, DownReason.LINK_DEAD),
    ],
)
async def test_link_breaks(behaviour: Behaviour, reason: DownReason) -> None:
    """The client loses the link with the submit unanswered, binds again, and the next try is delivered."""
    async with running() as simulator, Esme(simulator, enquire_link_s=0.1) as esme:
        with pytest.raises(LinkLost) as lost:
            await esme.submit(DIGITS[behaviour])
        assert lost.value.sent
        await esme.until(lambda: esme.count("up") == 2)
        assert [down.reason for down in esme.downs] == [reason]
        (answer,) = await esme.submit(DIGITS[behaviour])
        assert answer.status == 0
        await esme.until(lambda: len(esme.receipts) == 1)
        assert [entry.status for entry in simulator.ledger.entries] == [None, 0]


async def test_earlier_answers_leave_first() -> None:
    """What was answered before a disconnect reaches the client before the connection ends."""
    async with running() as simulator, Esme(simulator) as esme:
        pdus = [*submits(ACCEPTS, "one"), *submits(DIGITS[Behaviour.DISCONNECTS], "two")]
        first, second = (esme.link.request(pdu) for pdu in pdus)
        with pytest.raises(LinkLost):
            await second
        assert (await first).status == 0


async def test_long_text() -> None:
    """A long text is joined in the ledger as it was written, each part with its own receipt."""
    text = "متن بلند فارسی 😀 " * 20
    async with running() as simulator, Esme(simulator) as esme:
        answers = await esme.submit(ACCEPTS, text)
        await esme.until(lambda: len(esme.receipts) == len(answers))
        (whole,) = simulator.ledger.messages()
        assert (whole.text, whole.line, whole.recipient) == (text, LINE, ACCEPTS)
        assert len(answers) == whole.parts == whole.total > 1


async def test_sar_parts() -> None:
    """Parts numbered by the sar TLVs are joined as those with a header are."""
    async with running() as simulator, Esme(simulator) as esme:
        for number, text in ((2, "world"), (1, "hello ")):
            numbers = (
                tlv(Tag.SAR_MSG_REF_NUM, 300),
                tlv(Tag.SAR_TOTAL_SEGMENTS, 2),
                tlv(Tag.SAR_SEGMENT_SEQNUM, number),
            )
            await esme.submit(ACCEPTS, text, tlvs=numbers)
        assert [one.text for one in simulator.ledger.messages()] == ["hello world"]


async def test_rule_for_one_part() -> None:
    """A script can refuse one part of a long text and take the others."""
    rules = (Rule(recipient="*", part=2, behaviour=Behaviour.OPTED_OUT),)
    async with running(rules=rules) as simulator, Esme(simulator) as esme:
        answers = await esme.submit(ACCEPTS, "س" * 200)
        assert [answer.status for answer in answers] == [0, 0x433, 0]


@pytest.mark.parametrize("receipt", [0, 2])
async def test_receipt_not_asked(receipt: int) -> None:
    """Without being asked, or asked for failures only, the operator sends no receipt of a delivery."""
    async with running() as simulator, Esme(simulator) as esme:
        await esme.submit(ACCEPTS, receipt=receipt)
        await esme.submit(DIGITS[Behaviour.DELIVERS_LATE])
        await esme.until(lambda: bool(esme.receipts))
        assert [entry.receipts for entry in simulator.ledger.entries] == [[], ["DELIVRD"]]


async def test_other_requests() -> None:
    """A request that the operator does not serve is refused, and the link goes on."""
    async with running() as simulator, Esme(simulator) as esme:
        answer = await esme.link.request(QuerySm(message_id="1"))
        assert answer.status == Status.ESME_RINVCMDID
        assert (await esme.submit(ACCEPTS))[0].status == 0


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        ("payamak", "secret", None),
        ("payamak", "wrong", Status.ESME_RINVPASWD),
        ("nobody", "secret", Status.ESME_RINVSYSID),
    ],
)
async def test_credentials(system_id: str, password: str, status: int | None) -> None:
    """A bind needs a known system_id and its password."""
    wait_for = "up" if status is None else "down"
    async with (
        running(accounts={"payamak": "secret"}) as simulator,
        Esme(simulator, system_id=system_id, password=password, wait_for=wait_for) as esme,
    ):
        assert [down.status for down in esme.downs[:1]] == ([] if status is None else [status])
        counters = simulator.counters
        assert (counters.binds, counters.binds_refused > 0) == (int(status is None), status is not None)


async def test_bind_limit() -> None:
    """More binds of a system_id than allowed are refused with ESME_RALYBND."""
    async with running(limits=Limits(binds=1)) as simulator, Esme(simulator):
        async with Esme(simulator, wait_for="down") as second:
            assert second.downs[0].status == Status.ESME_RALYBND
        async with Esme(simulator, system_id="other") as other:
            assert other.link.is_bound


async def test_refuse_binds() -> None:
    """An operator that refuses binds lets nobody in until it stops refusing."""
    async with running() as simulator:
        simulator.refuse_binds(True)
        async with Esme(simulator, wait_for="down") as esme:
            assert esme.downs[0].status == Status.ESME_RBINDFAIL
            simulator.refuse_binds(False)
            await esme.until(lambda: "up" in esme.events)


async def test_throttle() -> None:
    """While the operator throttles, every submit gets ESME_RTHROTTLED; afterwards they are taken again."""
    async with running() as simulator, Esme(simulator) as esme:
        simulator.throttle(60)
        assert (await esme.submit(ACCEPTS))[0].status == Status.ESME_RTHROTTLED
        simulator.throttle(0)
        assert (await esme.submit(ACCEPTS))[0].status == 0


async def test_pace() -> None:
    """Beyond its pace the operator answers ESME_RTHROTTLED, and takes no more than the pace in a second."""
    async with running(limits=Limits(submits_per_s=5)) as simulator, Esme(simulator) as esme:
        answers = await asyncio.gather(*(esme.submit(ACCEPTS) for _ in range(30)))
        statuses = [answer.status for (answer,) in answers]
        assert set(statuses) == {0, Status.ESME_RTHROTTLED}
        assert statuses.count(0) in (5, 10)


async def test_set_rules() -> None:
    """A new script holds from the next submit on."""
    async with running() as simulator, Esme(simulator) as esme:
        assert (await esme.submit(ACCEPTS))[0].status == 0
        simulator.set_rules([Rule(recipient=ACCEPTS, behaviour=Behaviour.REJECTED)])
        assert (await esme.submit(ACCEPTS))[0].status == 0x0B


async def test_receipt_refused() -> None:
    """A receipt that the client refuses for now comes again until it is taken."""
    async with (
        running() as simulator,
        Esme(simulator, answer=lambda nth: Status.ESME_RX_T_APPN if nth < 3 else 0) as esme,
    ):
        await esme.submit(ACCEPTS)
        await until(simulator, lambda ledger: ledger.counters.receipts_acknowledged == 1)
        (entry,) = simulator.ledger.entries
        assert entry.acknowledged == [Status.ESME_RX_T_APPN, Status.ESME_RX_T_APPN, 0]
        assert len(esme.receipts) == 3
        assert simulator.kept_receipts == 0


async def test_receipt_refused_for_good() -> None:
    """A receipt that the client refuses for good is given up."""
    async with running() as simulator, Esme(simulator, answer=lambda nth: Status.ESME_RX_P_APPN) as esme:
        await esme.submit(ACCEPTS)
        await until(simulator, lambda ledger: ledger.counters.receipts_dropped == 1)
        assert (simulator.counters.receipts_sent, simulator.kept_receipts) == (1, 0)


async def test_receipt_tries() -> None:
    """A receipt is sent no more often than the limit says, answered or not."""
    async with (
        running(limits=Limits(receipt_tries=2), receipt_timeout_s=0.05) as simulator,
        Esme(simulator, answer=lambda nth: None) as esme,
    ):
        await esme.submit(ACCEPTS)
        await until(simulator, lambda ledger: ledger.counters.receipts_dropped == 1)
        assert simulator.counters.receipts_sent == 2


async def test_receipt_not_acknowledged() -> None:
    """A receipt without an answer comes again after its time-out."""
    async with (
        running(receipt_timeout_s=0.05) as simulator,
        Esme(simulator, answer=lambda nth: None if nth == 1 else 0) as esme,
    ):
        await esme.submit(ACCEPTS)
        await until(simulator, lambda ledger: ledger.counters.receipts_acknowledged == 1)
        assert len(esme.receipts) == 2


async def test_receipt_after_rebind() -> None:
    """A receipt that was not acknowledged when the connection broke comes again over the next one."""
    async with (
        running(receipt_timeout_s=60) as simulator,
        Esme(simulator, answer=lambda nth: None if nth == 1 else 0) as esme,
    ):
        await esme.submit(ACCEPTS)
        await esme.until(lambda: len(esme.receipts) == 1)
        assert simulator.drop_links() == 1
        await until(simulator, lambda ledger: ledger.counters.receipts_acknowledged == 1)
        first, second = esme.receipts
        assert first.operator_id == second.operator_id
        assert simulator.counters.connections_closed == 1


async def test_receipt_to_receiver() -> None:
    """Receipts of a transmitter's messages wait for a receiver of the same system_id, and go to no other."""
    async with (
        running() as simulator,
        Esme(simulator, bind_mode=BindType.TRANSMITTER) as transmitter,
        Esme(simulator, bind_mode=BindType.RECEIVER, system_id="other") as other,
    ):
        await transmitter.submit(ACCEPTS)
        async with Esme(simulator, bind_mode=BindType.RECEIVER) as receiver:
            await receiver.until(lambda: len(receiver.receipts) == 1)
        assert (transmitter.receipts, other.receipts) == ([], [])


async def test_receipt_window() -> None:
    """No more receipts than the window allows are unanswered on a connection."""
    async with (
        running(limits=Limits(receipt_window=3), receipt_timeout_s=60) as simulator,
        Esme(simulator, answer=lambda nth: None) as esme,
        Esme(simulator, system_id="other") as other,
    ):
        for _ in range(5):
            await esme.submit(ACCEPTS)
        await other.submit(DIGITS[Behaviour.DELIVERS_LATE])
        await other.until(lambda: len(other.receipts) == 1)
        assert len(esme.receipts) == 3


async def test_outbox_is_bounded() -> None:
    """Receipts beyond what the outbox holds are dropped and counted."""
    async with (
        running(limits=Limits(receipts_kept=2)) as simulator,
        Esme(simulator, bind_mode=BindType.TRANSMITTER) as esme,
    ):
        for _ in range(3):
            await esme.submit(ACCEPTS)
        await until(simulator, lambda ledger: ledger.counters.receipts_dropped == 1)
        assert simulator.kept_receipts == 2


async def test_outage() -> None:
    """After an outage the operator is back at the same port with the receipts it had not delivered."""
    async with running() as simulator, Esme(simulator, bind_mode=BindType.TRANSMITTER) as esme:
        await esme.submit(ACCEPTS)
        await simulator.stop(0.5)
        await esme.until(lambda: "down" in esme.events)
        await simulator.start()
        await esme.until(lambda: esme.count("up") == 2)
        async with Esme(simulator) as receiver:
            await receiver.until(lambda: len(receiver.receipts) == 1)


@pytest.mark.parametrize("method", SplitMethod)
@pytest.mark.parametrize("text", ["11", "لغو", "پیام بلند از گوشی " * 12])
async def test_send_mo(text: str, method: SplitMethod) -> None:
    """A received message reaches the client whole, from the sender to the line."""
    async with running() as simulator, Esme(simulator) as esme:
        assert await simulator.send_mo(LINE, ACCEPTS, text, method=method)
        parts = [read_user_data(text_octets(pdu), pdu.esm_class) for pdu in esme.delivered]
        codings = [pdu.data_coding for pdu in esme.delivered]
        ordered = sorted(zip(parts, codings, strict=True), key=lambda part: part[0][0].part)
        assert "".join(read_text(octets, coding) for (_, octets), coding in ordered) == text
        assert {(pdu.source_addr, pdu.destination_addr) for pdu in esme.delivered} == {(ACCEPTS, LINE)}
        assert simulator.counters.mo_acknowledged == len(esme.delivered) == esme.count("mo")


async def test_send_mo_refused() -> None:
    """A received message that the client refuses for good is given up, and the caller learns it."""
    async with running() as simulator, Esme(simulator, answer=lambda nth: Status.ESME_RX_R_APPN):
        assert not await simulator.send_mo(LINE, ACCEPTS, "11")


async def test_send_mo_to_nobody() -> None:
    """With nobody bound, a received message needs a system_id to wait for."""
    async with running() as simulator:
        with pytest.raises(ValueError, match="nobody is bound"):
            await simulator.send_mo(LINE, ACCEPTS, "11")
        waiting = asyncio.create_task(simulator.send_mo(LINE, ACCEPTS, "11", system_id="payamak"))
        async with Esme(simulator):
            assert await waiting


async def test_brief_ledger() -> None:
    """With counters only, behaviours and receipts are the same."""
    async with running(keep=False) as simulator, Esme(simulator) as esme:
        await esme.submit(ACCEPTS, "س" * 100)
        assert (await esme.submit(DIGITS[Behaviour.OPTED_OUT]))[0].status == 0x433
        await until(simulator, lambda ledger: ledger.counters.receipts_acknowledged == 2)
        assert (simulator.counters.submits, simulator.counters.taken) == (3, 2)
        assert simulator.ledger.entries == []
