"""The codec against everything that is not a well-behaved PDU, and its round trip."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smpp.strategies import pdus, unknowns

from payamak.smpp import pdu as p
from payamak.smpp.codec import decode, encode, text_octets, tlv_int, tlv_octets, tlv_text
from payamak.smpp.constants import TLVS, Status, Tag, TlvKind, command_name, status_name
from payamak.smpp.errors import BadPdu, BrokenStream, ProtocolError
from payamak.smpp.pdu import CLASSES, Pdu, Tlv, Unknown, response_to, tlv


def frame(command_id: int, body: bytes, *, status: int = 0, sequence: int = 7) -> bytes:
    """A PDU written by hand."""
    return struct.pack(">IIII", 16 + len(body), command_id, status, sequence) + body


@given(st.one_of(pdus(), unknowns))
def test_round_trip(pdu: Pdu) -> None:
    """What is encoded is decoded as it was, for every PDU and every optional parameter."""
    assert pdu == decode(encode(pdu))


@given(pdus(), st.integers(0, 0xFFFFFFFF))
def test_sequence_can_be_given(pdu: Pdu, sequence: int) -> None:
    """The number given to the encoder goes on the wire, the PDU keeps its own."""
    assert sequence == decode(encode(pdu, sequence)).sequence


@given(st.sampled_from([*CLASSES, 0x21, 0x80000021, 0xABC]), st.binary(max_size=120))
def test_garbage_body(command_id: int, body: bytes) -> None:
    """A body of garbage gives a PDU or BadPdu with the header's numbers, never another error."""
    try:
        seen: Pdu | BadPdu = decode(frame(command_id, body))
    except BadPdu as error:
        seen = error
    assert (command_id, 7) == (seen.command_id, seen.sequence)
    if isinstance(seen, BadPdu):
        assert seen.status != Status.ESME_ROK
        assert command_id < 0x80000000, "a response is always read"


@given(st.binary(max_size=64))
def test_garbage_frame(octets: bytes) -> None:
    """Octets that are no PDU at all raise ProtocolError and nothing else."""
    with pytest.raises(ProtocolError):
        decode(octets)


@given(pdus(), st.data())
def test_cut_short(pdu: Pdu, data: st.DataObject) -> None:
    """A request cut anywhere, its length put right, gives a PDU or BadPdu; a response always gives a PDU."""
    octets = encode(pdu)
    cut = octets[16 : data.draw(st.integers(16, len(octets)))]
    try:
        decode(frame(pdu.command_id, cut))
    except BadPdu:
        assert not pdu.is_response


@pytest.mark.parametrize(
    ("command_id", "body", "status"),
    [
        (4, b"", Status.ESME_RINVCMDLEN),
        (4, b"\0\1", Status.ESME_RINVCMDLEN),
        (4, b"CMT", Status.ESME_RINVCMDLEN),
        (4, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0", Status.ESME_RINVMSGLEN),
        (4, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\5hell", Status.ESME_RINVMSGLEN),
        (4, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\2hi\x02", Status.ESME_RINVOPTPARSTREAM),
        (4, b"\0\1\1\0\1\1\0\0\0\0\0\0\0\0\0\0\2hi\x02\x04\0\x02\1", Status.ESME_RINVOPTPARSTREAM),
    ],
)
def test_bad_request(command_id: int, body: bytes, status: Status) -> None:
    """A request that ends too early says with which status it is to be answered."""
    with pytest.raises(BadPdu) as caught:
        decode(frame(command_id, body))
    assert (status, command_id, 7) == (caught.value.status, caught.value.command_id, caught.value.sequence)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (frame(0x80000004, b"", status=0x58), p.SubmitSmResp(sequence=7, status=0x58)),
        (frame(0x80000004, b"", status=0x4A2), p.SubmitSmResp(sequence=7, status=0x4A2)),
        (frame(0x80000004, b"\0", status=0x45), p.SubmitSmResp(sequence=7, status=0x45)),
        (frame(0x80000004, b""), p.SubmitSmResp(sequence=7)),
        (frame(0x80000004, b"abc"), p.SubmitSmResp(sequence=7, message_id="abc")),
        (frame(0x80000004, b"a\0\x02"), p.SubmitSmResp(sequence=7, message_id="a")),
        (frame(0x80000009, b"", status=0xD), p.BindTransceiverResp(sequence=7, status=0xD)),
        (frame(0x80000003, b"a\0"), p.QuerySmResp(sequence=7, message_id="a")),
        (frame(0x80000004, b"x" * 80 + b"\0"), p.SubmitSmResp(sequence=7, message_id="x" * 80)),
        (frame(0x15, b"junk"), p.EnquireLink(sequence=7)),
    ],
)
def test_habits_of_the_field(octets: bytes, expected: Pdu) -> None:
    """Responses without body, without the last NUL, with vendor statuses or long ids are read."""
    assert expected == decode(octets)


def test_length_that_lies() -> None:
    """A frame whose command_length is another than its size is refused with the header's numbers."""
    with pytest.raises(BadPdu) as caught:
        decode(frame(4, b"") + b"\0")
    assert caught.value.status == Status.ESME_RINVCMDLEN
    with pytest.raises(BrokenStream):
        decode(b"\0" * 15)


def test_unknown_command_is_kept() -> None:
    """A command in no table comes with its body and goes out as it came."""
    octets = frame(0x0001_0203, b"anything")
    assert Unknown(sequence=7, command_id=0x0001_0203, body=b"anything") == decode(octets)
    assert octets == encode(decode(octets))


@pytest.mark.parametrize(
    "pdu",
    [
        p.SubmitSm(source_addr="a\0b"),
        p.SubmitSm(destination_addr="9" * 21),
        p.SubmitSm(service_type="سلام"),
        p.SubmitSm(esm_class=256),
        p.SubmitSm(esm_class=-1),
        p.SubmitSm(short_message=b"x" * 255),
        p.SubmitSm(sequence=1 << 32),
        p.SubmitSm(status=-1),
        p.SubmitSm(tlvs=(Tlv(0x10000, b""),)),
        p.SubmitSm(tlvs=(Tlv(0x424, b"x" * 65536),)),
    ],
)
def test_what_cannot_be_written(pdu: Pdu) -> None:
    """What does not fit the specification is refused before an octet is made."""
    with pytest.raises(ValueError, match=r"."):
        encode(pdu)


def test_optional_parameters() -> None:
    """Optional parameters are written by their kind and read back, the first of a tag counting."""
    pdu = p.SubmitSm(
        tlvs=(
            tlv(Tag.SAR_MSG_REF_NUM, 513),
            tlv(Tag.RECEIPTED_MESSAGE_ID, "id-1"),
            tlv(Tag.QOS_TIME_TO_LIVE, 7),
            tlv(0x1400, b"vendor"),
            tlv(0x1400, b"second"),
        )
    )
    assert [value for _, value in pdu.tlvs[:3]] == [b"\x02\x01", b"id-1\0", b"\0\0\0\x07"]
    assert tlv_int(pdu, Tag.SAR_MSG_REF_NUM) == 513
    assert tlv_text(pdu, Tag.RECEIPTED_MESSAGE_ID) == "id-1"
    assert tlv_octets(pdu, 0x1400) == b"vendor"
    assert tlv_int(pdu, Tag.SOURCE_PORT) is None
    assert tlv_text(pdu, Tag.SOURCE_PORT) is None
    for tag, value in ((Tag.PAYLOAD_TYPE, 256), (Tag.MESSAGE_PAYLOAD, 1), (0x1400, 1), (Tag.SOURCE_PORT, -1)):
        with pytest.raises(ValueError, match=r"tag|cannot hold"):
            tlv(tag, value)


def test_table_of_optional_parameters() -> None:
    """All optional parameters of SMPP 3.4 are in the table, once, each with a kind."""
    assert 44 == len(TLVS) == len(Tag)
    assert TlvKind.INT2 is TLVS[0x0204].kind
    assert TLVS[0x0424].name == "message_payload"


def test_text_octets() -> None:
    """The text is short_message, or message_payload where that is empty; of both, all that they say, once."""
    payload = (tlv(Tag.MESSAGE_PAYLOAD, b"long"),)
    for short, text in ((b" \0", b"long"), (b"lo", b"long"), (b"so long!", b"so long!"), (b"two, ", b"two, long")):
        assert text_octets(p.SubmitSm(short_message=short, tlvs=payload)) == text
    assert text_octets(p.SubmitSm(short_message=b"short", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b" \0"),))) == b"short"
    assert text_octets(p.DeliverSm(tlvs=payload)) == b"long"
    assert text_octets(p.DataSm(tlvs=payload)) == b"long"
    assert text_octets(p.DataSm()) == b""


def test_repr_keeps_secrets() -> None:
    """A repr, which ends in logs, holds neither passwords nor texts."""
    shown = repr(p.BindReceiver(system_id="me", password="hush")) + repr(
        p.SubmitSm(short_message=b"hush", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b"hush"),))
    )
    assert "hush" not in shown
    assert b"hush".hex() not in shown
    assert "Tlv(message_payload, 4 octets)" in shown


def test_response_to() -> None:
    """Each request gets its own kind of response; what has none gets generic_nack."""
    assert p.DeliverSmResp(sequence=5, status=0x64) == response_to(p.DeliverSm(sequence=5), 0x64)
    assert p.GenericNack(sequence=5, status=3) == response_to(Unknown(sequence=5, command_id=0x777), 3)
    assert p.GenericNack(sequence=5, status=3) == response_to(p.AlertNotification(sequence=5), 3)


def test_names() -> None:
    """Known numbers have the specification's names, others show as hexadecimal."""
    assert [status_name(0x58), status_name(0x400)] == ["ESME_RTHROTTLED", "0x00000400"]
    assert [command_name(0x80000004), command_name(0x10203)] == ["submit_sm_resp", "0x00010203"]


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        (b"", None),
        (b"\0", 0),
        (b"\xff\xff\xff\xff", 2**32 - 1),
        (bytes(60_000) + b"\x07", 7),
        (b"\x01\0\0\0\0", None),
        (b"\xff" * 60_000, None),
    ],
)
def test_a_number_has_32_bits(octets: bytes, number: int | None) -> None:
    """Wider than the table says is read, beyond 32 bits nothing is a number: a value may be as long as a PDU."""
    assert (
        tlv_int(p.DeliverSm(tlvs=(Tlv(int(Tag.USER_MESSAGE_REFERENCE), octets),)), Tag.USER_MESSAGE_REFERENCE) == number
    )
