"""What centres bring and do not write as the standards have it: read as far as it goes, counted, and acknowledged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden.brought.samples import LINE, NAMES, SENDER, Form, form, frame_of
from tests.unit.upstreams.answers import answered

from payamak.clock import SystemClock
from payamak.domain.mo import MoPart, join
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Line, build_site
from payamak.domain.unreadable import Unreadable
from payamak.errors import StoreFailed
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import EsmClass, Status
from payamak.smpp.pdu import DataSm, DataSmResp, DeliverSm, DeliverSmResp, Pdu, Unread
from payamak.smpp.receipt import Receipt, parse_receipt
from payamak.upstreams.base import Acknowledge
from payamak.upstreams.smpp import SmppUpstream

SITE = build_site([Line(number=LINE)], 1)


class Sink:
    """Keeps what comes; the disk may fail."""

    def __init__(self) -> None:
        self.parts: list[MoPart] = []
        self.receipts: list[ReceiptIn] = []
        self.pieces: list[Unreadable] = []
        self.fails = False

    def link_changed(self, name: str) -> None:
        """See Sink."""

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink."""
        self.receipts.append(receipt)
        told(None)

    async def mo(self, part: MoPart) -> None:
        """See Sink."""
        self.parts.append(part)

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """See Sink."""
        return False

    async def unreadable(self, piece: Unreadable) -> None:
        """See Sink."""
        if self.fails:
            raise StoreFailed("the disk is full")
        self.pieces.append(piece)


class Clumsy(Sink):
    """Has a bug."""

    async def mo(self, part: MoPart) -> None:
        """See Sink."""
        raise KeyError(part.line)


def upstream(sink: Sink, one: Form) -> SmppUpstream:
    """An upstream that is not connected, of the form's link."""
    return SmppUpstream(one.link, sink, lambda: SITE, SystemClock(), lambda event, **fields: None)


def read(one: Form) -> Pdu:
    """The form's PDU as a client reads it."""
    return decode(frame_of(one, 7), is_lenient=True)


@pytest.mark.parametrize("name", NAMES)
async def test_form(name: str) -> None:
    """The text, the receipt or the octets are kept, what was odd is counted, and the centre is told that it is so."""
    expected, sink = form(name).expected, Sink()
    made = upstream(sink, form(name))
    answer = await answered(made, read(form(name)))
    assert isinstance(answer, DeliverSmResp | DataSmResp)
    assert (answer.sequence, answer.status) == (7, Status.ESME_ROK)
    assert tuple(made.oddities.counts) == expected.odd
    texts = [join([(part.part, part.alphabet, part.octets)]) for part in sink.parts]
    assert texts == ([] if expected.text is None else [expected.text])
    assert {(part.sender, part.line) for part in sink.parts} <= {(SENDER, LINE)}
    receipts = [(receipt.operator_id, receipt.stat, receipt.recipient, receipt.line) for receipt in sink.receipts]
    assert receipts == ([] if expected.receipt is None else [(*expected.receipt, SENDER, LINE)])
    pieces = [(piece.error, piece.place, piece.octets) for piece in sink.pieces]
    kept = [] if expected.unreadable is None else [("Unread", expected.unreadable, frame_of(form(name)))]
    assert pieces == kept


async def test_only_a_store_that_fails_refuses() -> None:
    """Octets that cannot even be kept are asked for again; they are the same under every sequence."""
    sink = Sink()
    made, pdu = upstream(sink, form("body_ends")), read(form("body_ends"))
    sink.fails = True
    answer = await answered(made, pdu)
    assert (type(answer), answer.status, answer.sequence) == (DeliverSmResp, Status.ESME_RX_T_APPN, 7)
    sink.fails = False
    assert (await answered(made, pdu)).status == Status.ESME_ROK
    assert [piece.octets for piece in sink.pieces] == [frame_of(form("body_ends"), 1)]


async def test_what_cannot_be_read_has_a_kind() -> None:
    """A receipt's words make it a receipt for whoever looks at it; without an esm_class nothing else does."""
    sink = Sink()
    made = upstream(sink, form("body_ends"))
    for body in (b"\0\0\0id:1 stat:DELIVRD", b"\0\0\0abc"):
        frame = (16 + len(body)).to_bytes(4) + bytes.fromhex("00000103 00000000 00000001") + body
        pdu = decode(frame, is_lenient=True)
        assert isinstance(pdu, Unread)
        assert isinstance(await answered(made, pdu), DataSmResp)
    assert [piece.kind for piece in sink.pieces] == ["receipt", "mo"]


async def test_an_address_that_is_too_long_is_no_bug() -> None:
    """What is read beyond the specification's limits can be kept too: as it came, not written anew."""
    sink = Clumsy()
    made = upstream(sink, form("nul_behind"))
    name = "a-name-that-no-alphanumeric-sender-may-have"
    frame = encode(DeliverSm(source_addr="x", destination_addr=LINE, short_message=b"hi"))
    frame = frame.replace(b"x\0", name.encode() + b"\0")
    frame = len(frame).to_bytes(4) + frame[4:]
    for sequence in (1, 2, 3):
        pdu = decode(frame[:12] + sequence.to_bytes(4) + frame[16:], is_lenient=True)
        if sequence < 3:
            with pytest.raises(KeyError):
                await answered(made, pdu)
        else:
            assert (await answered(made, pdu)).status == Status.ESME_ROK
    assert [name.encode() in piece.octets for piece in sink.pieces] == [True]


TEXT = b"id:1001 sub:001 dlvrd:001 submit date:2611260900 done date:2611260901 stat:DELIVRD err:000 text:"
WHOLE = DeliverSm(
    source_addr=SENDER, destination_addr=LINE, esm_class=EsmClass.DELIVERY_RECEIPT, short_message=TEXT, sequence=7
)


@given(st.binary(max_size=64))
def test_anything_behind_the_text(behind: bytes) -> None:
    """Whatever octets stand behind a receipt's text, its id, state and recipient are read."""
    frame = encode(WHOLE) + behind
    pdu = decode(len(frame).to_bytes(4) + frame[4:], is_lenient=True)
    assert isinstance(pdu, DeliverSm)
    receipt = parse_receipt(pdu)
    assert isinstance(receipt, Receipt)
    assert pdu.source_addr == SENDER
    if not pdu.tlvs:
        assert (receipt.operator_id, receipt.stat_text) == ("1001", "DELIVRD")


@given(said=st.integers(0, 255))
def test_any_length_of_the_text(said: int) -> None:
    """Whatever the length octet says, the whole text is there, with parameters behind it and without.

    But where it says that the parameters are text too, to the last octet: then nothing is odd.
    """
    for behind in (b"", b"\x04\x27\0\1\2"):
        if behind and said == len(TEXT + behind):
            continue
        made = encode(WHOLE)
        frame = made[: -len(TEXT) - 1] + bytes((said,)) + TEXT + behind
        pdu = decode(len(frame).to_bytes(4) + frame[4:], is_lenient=True)
        assert isinstance(pdu, DeliverSm)
        assert pdu.short_message == TEXT
        assert len(pdu.tlvs) == bool(behind)


@given(st.sampled_from([5, 0x103]), st.binary(max_size=400))
def test_any_body(command_id: int, body: bytes) -> None:
    """Of any body something comes: a PDU that is read, or one whose octets can be kept."""
    frame = (16 + len(body)).to_bytes(4) + command_id.to_bytes(4) + b"\0\0\0\0\0\0\0\7" + body
    pdu = decode(frame, is_lenient=True)
    assert isinstance(pdu, DeliverSm | DataSm | Unread)
    assert (pdu.octets, pdu.sequence) == (frame, 7)
