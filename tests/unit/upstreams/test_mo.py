"""From a deliver_sm or data_sm that is no receipt to a part of a message, and the answer to it."""

from __future__ import annotations

import pytest
from tests.unit.upstreams.answers import answered

from payamak.clock import SystemClock
from payamak.domain.mo import MoPart, join
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Line, Link, build_site
from payamak.domain.unreadable import Unreadable
from payamak.encoding.alphabets import Alphabet
from payamak.encoding.parts import SplitMethod, choose, split
from payamak.errors import StoreFailed
from payamak.smpp.constants import EsmClass, Status, Tag
from payamak.smpp.pdu import DataSm, DataSmResp, DeliverSm, DeliverSmResp, tlv
from payamak.upstreams.base import Acknowledge
from payamak.upstreams.smpp import SmppUpstream

SITE = build_site([Line(number="9830003300"), Line(number="10003300")], 1)
LINK = Link(name="north", upstream="operator")


class Keeper:
    """A sink that keeps parts, or cannot."""

    def __init__(self) -> None:
        self.parts: list[MoPart] = []
        self.fails = False

    async def unreadable(self, piece: Unreadable) -> None:
        """See Sink."""
        raise AssertionError(f"nothing is unreadable here: {piece!r}")

    def link_changed(self, name: str) -> None:
        """See Sink."""

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """See Sink."""
        return False

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink."""
        told(StoreFailed("the disk is full"))

    async def mo(self, part: MoPart) -> None:
        """See Sink."""
        if self.fails:
            raise StoreFailed("the disk is full")
        self.parts.append(part)


@pytest.fixture
async def keeper() -> Keeper:
    """Where parts go."""
    return Keeper()


def upstream(keeper: Keeper) -> SmppUpstream:
    """An upstream that is not connected."""
    return SmppUpstream(LINK, keeper, lambda: SITE, SystemClock(), lambda event, **fields: None)


async def part_of(keeper: Keeper, pdu: DeliverSm | DataSm) -> MoPart:
    """What the sink gets of a PDU."""
    answer = await answered(upstream(keeper), pdu)
    assert isinstance(answer, DeliverSmResp if isinstance(pdu, DeliverSm) else DataSmResp)
    assert (answer.sequence, answer.status) == (pdu.sequence, Status.ESME_ROK)
    return keeper.parts[-1]


async def test_deliver_sm(keeper: Keeper) -> None:
    """A short text, sender and line as we write them, in either spelling of the line."""
    pdu = DeliverSm(sequence=7, source_addr="+989121234567", destination_addr="30003300", short_message=b"\x1b\x65 5")
    assert await part_of(keeper, pdu) == MoPart(
        upstream="operator",
        link="north",
        line="9830003300",
        sender="989121234567",
        alphabet=Alphabet.GSM7,
        octets=b"\x1b\x65 5",
    )


async def test_data_sm(keeper: Keeper) -> None:
    """data_sm has its text in message_payload."""
    octets = "سلام".encode("utf-16-be")
    payload = (tlv(Tag.MESSAGE_PAYLOAD, octets),)
    pdu = DataSm(source_addr="09121234567", destination_addr="9810003300", data_coding=8, tlvs=payload)
    part = await part_of(keeper, pdu)
    assert (part.line, part.sender, part.alphabet, part.octets) == ("10003300", "989121234567", Alphabet.UCS2, octets)


async def test_unknown_numbers(keeper: Keeper) -> None:
    """A line that is not configured and a sender that is no mobile are kept as they came."""
    part = await part_of(keeper, DeliverSm(source_addr="IRANCELL", destination_addr="+98 5000", short_message=b"x"))
    assert (part.sender, part.line) == ("IRANCELL", "985000")


@pytest.mark.parametrize(
    ("came", "sender"),
    [
        ("0912 123 4567", "989121234567"),
        ("(+98)9121234567", "989121234567"),
        ("0989121234567", "989121234567"),
        ("9830003301", "9830003301"),
        ("+9830003301", "+9830003301"),
        ("98 3000 3301", "98 3000 3301"),
        ("0098219100", "0098219100"),
        ("Bank\u200c", "Bank\u200c"),
    ],
)
async def test_a_sender_that_is_no_mobile_stays_as_it_came(keeper: Keeper, came: str, sender: str) -> None:
    """A mobile is 98… whatever its spelling; a 3000-line as a sender is no mobile, and nothing of it is changed."""
    part = await part_of(keeper, DeliverSm(source_addr=came, destination_addr="30003300", short_message=b"x"))
    assert part.sender == sender


@pytest.mark.parametrize("method", [SplitMethod.UDH8, SplitMethod.UDH16])
@pytest.mark.parametrize("text", ["سلام 😀 " * 40, "Grüße [€] " * 40])
async def test_long_by_header(keeper: Keeper, method: SplitMethod, text: str) -> None:
    """The user data header gives the place and is no part of the text, also within message_payload."""
    for part in split(text, choose(text), 0x1234, method):
        octets = part.udh + part.payload
        pdu = DeliverSm(
            source_addr="9121234567",
            destination_addr="30003300",
            esm_class=EsmClass.UDHI,
            data_coding=8 if choose(text) == "ucs2" else 0,
            short_message=octets if part.number > 1 else b"",
            tlvs=() if part.number > 1 else (tlv(Tag.MESSAGE_PAYLOAD, octets),),
        )
        await part_of(keeper, pdu)
    assert {part.reference for part in keeper.parts} == {0x1234 if method is SplitMethod.UDH16 else 0x34}
    assert [part.part for part in keeper.parts] == list(range(1, keeper.parts[0].total + 1))
    assert join((part.part, part.alphabet, part.octets) for part in keeper.parts) == text


async def test_long_by_sar(keeper: Keeper) -> None:
    """The sar parameters give it where there is no header."""
    place = (
        tlv(Tag.SAR_MSG_REF_NUM, 300),
        tlv(Tag.SAR_TOTAL_SEGMENTS, 2),
        tlv(Tag.SAR_SEGMENT_SEQNUM, 2),
    )
    pdu = DeliverSm(source_addr="9121234567", destination_addr="30003300", short_message=b"x", tlvs=place)
    part = await part_of(keeper, pdu)
    assert (part.reference, part.total, part.part) == (300, 2, 2)


async def test_a_store_that_fails(keeper: Keeper) -> None:
    """What is not on disk gets a temporary error, so that the operator brings it again: messages and receipts."""
    keeper.fails = True
    receipt = DeliverSm(esm_class=EsmClass.DELIVERY_RECEIPT, short_message=b"id:1 stat:DELIVRD err:000")
    for pdu in (DeliverSm(short_message=b"x"), DataSm(), receipt):
        answer = await answered(upstream(keeper), pdu)
        assert answer.status == Status.ESME_RX_T_APPN
