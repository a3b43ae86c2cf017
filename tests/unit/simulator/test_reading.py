"""Texts, headers, ids and receipt texts."""

import pytest

from payamak.encoding import Encoding, SplitMethod, choose, split
from payamak.simulator.reading import Placed, read_text, read_user_data
from payamak.simulator.receipts import IdFormat, ReceiptStyle, receipt_text, receipt_tlvs, render_id
from payamak.smpp.pdu import DeliverSm
from payamak.smpp.receipt import parse_receipt

UDH = 0x40
CODINGS = {Encoding.GSM7: 0, Encoding.UCS2: 8}


@pytest.mark.parametrize("method", [SplitMethod.UDH8, SplitMethod.UDH16])
@pytest.mark.parametrize("text", ["hello {€}", "x" * 400, "سلام دنیا " * 30, "😀" * 80])
def test_parts_are_read_back(text: str, method: SplitMethod) -> None:
    """What the encoder cuts, the operator joins: texts and places."""
    parts = split(text, choose(text), 0x1234, method)
    reference = None if len(parts) == 1 else 0x34 if method is SplitMethod.UDH8 else 0x1234
    read = []
    for one in parts:
        place, octets = read_user_data(one.udh + one.payload, UDH if one.udh else 0)
        assert Placed(reference=reference, part=one.number, total=one.total) == place
        read.append(read_text(octets, CODINGS[one.encoding]))
    assert text == "".join(read)


@pytest.mark.parametrize(
    ("octets", "rest"),
    [
        (b"", b""),
        (b"\x05", b"\x05"),
        (b"\x02\x00\x03abc", b"\x02\x00\x03abc"),
        (b"\x03\x70\x01\x09text", b"text"),
    ],
)
def test_strange_headers(octets: bytes, rest: bytes) -> None:
    """A header that tells something else tells no place, and what is torn is none: a checker sees what came."""
    assert read_user_data(octets, UDH) == (Placed(), rest)


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"\xe9", 0, "é"),
        (b"\x06", 8, "�"),
        (b"\xd8\x3d", 8, "�"),
        (b"caf\xe9", 3, "café"),
        (b"\x00\xff", 4, "\x00ÿ"),
    ],
)
def test_strange_texts(octets: bytes, data_coding: int, text: str) -> None:
    """Octets that are no proper text are shown as well as can be."""
    assert text == read_text(octets, data_coding)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (IdFormat.DECIMAL, "48879"),
        (IdFormat.PADDED, "00000000000000048879"),
        (IdFormat.HEX, "beef"),
        (IdFormat.HEX_UPPER, "BEEF"),
    ],
)
def test_ids(style: IdFormat, text: str) -> None:
    """An id is written as the operator's habit says."""
    assert text == render_id(0xBEEF, style)


def test_uuid_ids() -> None:
    """A UUID has 36 characters, is the same each time, and differs for each message."""
    ids = {render_id(number, IdFormat.UUID) for number in (1, 1, 2)}
    assert len(ids) == 2
    assert {len(one) for one in ids} == {36}


DATES = "submit date:2311142213 done date:2311142214"
TEXTS = {
    ReceiptStyle.FULL: f"id:77 sub:001 dlvrd:000 {DATES} stat:UNDELIV err:001 text:abcdefghijklmnopqrst",
    ReceiptStyle.TEXT_ONLY: f"id:77 sub:001 dlvrd:000 {DATES} stat:UNDELIV err:001 text:abcdefghijklmnopqrst",
    ReceiptStyle.SHORT: f"id:77 {DATES} stat:UNDELIV err:001",
    ReceiptStyle.SECONDS: "id:77 sub:001 dlvrd:000 submit date:231114221320 done date:231114221420 "
    "stat:UNDELIV err:001 text:abcdefghijklmnopqrst",
    ReceiptStyle.TLV_ONLY: "",
}


@pytest.mark.parametrize("style", ReceiptStyle)
def test_receipt_texts(style: ReceiptStyle) -> None:
    """A receipt's text has the fields of its style, its dates in UTC, its text cut to 20 characters."""
    text = receipt_text(
        style,
        "77",
        stat="UNDELIV",
        err="001",
        submitted_at=1_700_000_000_000,
        done_at=1_700_000_060_000,
        text="abcdefghijklmnopqrstuvwxyz",
    )
    assert TEXTS[style] == text.decode("latin-1")
    assert style.has_text == bool(text)


@pytest.mark.parametrize("style", ReceiptStyle)
@pytest.mark.parametrize(("stat", "err"), [("DELIVRD", "000"), ("REJECTD", "033")])
def test_receipts_are_read_back(style: ReceiptStyle, stat: str, err: str) -> None:
    """Whatever its style, a receipt tells the gateway's parser its id, its stat and its error code."""
    text = receipt_text(style, "77", stat=stat, err=err, submitted_at=0, done_at=0, text="سلام")
    tlvs = receipt_tlvs(style, "77", stat=stat, err=err, user_message_reference=9)
    receipt = parse_receipt(DeliverSm(esm_class=0x04, short_message=text, tlvs=tlvs))
    assert receipt is not None
    assert (receipt.operator_id, receipt.stat, receipt.err) == ("77", stat, err)
    assert bool(tlvs) == style.has_tlvs
