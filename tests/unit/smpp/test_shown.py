"""What a person sees of a PDU: what it is about, and nothing that is a secret or a text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.numbers import masked
from payamak.smpp.codec import encode
from payamak.smpp.constants import DataCoding, EsmClass, Status, Tag
from payamak.smpp.pdu import (
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    EnquireLink,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unknown,
    tlv,
)
from payamak.smpp.shown import shown

LINE, ALI = "9830003300", "989120001234"
RECEIPT = b"id:17 sub:001 dlvrd:001 submit date:2611261830 done date:2611261830 stat:DELIVRD err:000 text:Salam A"


@pytest.mark.parametrize(
    ("pdu", "is_ours", "wanted"),
    [
        (
            BindTransceiver(sequence=1, system_id="shop", password="s3cret"),
            True,
            {"pdu": "bind_transceiver", "sequence": 1, "system_id": "shop", "password": "•••"},
        ),
        (
            BindTransceiverResp(sequence=1, status=Status.ESME_RINVPASWD),
            False,
            {"pdu": "bind_transceiver_resp", "sequence": 1, "status": "ESME_RINVPASWD"},
        ),
        (EnquireLink(sequence=2), True, {"pdu": "enquire_link", "sequence": 2}),
        (
            SubmitSm(
                sequence=3,
                source_addr=LINE,
                destination_addr=ALI,
                data_coding=DataCoding.UCS2,
                short_message="سلام".encode("utf-16-be"),
                tlvs=(tlv(Tag.USER_MESSAGE_REFERENCE, 7), tlv(0x1400, b"secret")),
            ),
            True,
            {
                "pdu": "submit_sm",
                "sequence": 3,
                "source_addr": LINE,
                "destination_addr": "98912***1234",
                "data_coding": 8,
                "text_octets": 8,
                "user_message_reference": 7,
                "0x1400": "6 octets",
            },
        ),
        (
            SubmitSmResp(sequence=3, message_id="17"),
            False,
            {"pdu": "submit_sm_resp", "sequence": 3, "status": "ESME_ROK", "message_id": "17"},
        ),
        (
            DeliverSm(
                sequence=4,
                source_addr=ALI,
                destination_addr=LINE,
                esm_class=EsmClass.DELIVERY_RECEIPT,
                short_message=RECEIPT,
                tlvs=(tlv(Tag.NETWORK_ERROR_CODE, b"\x03\x00\x00"),),
            ),
            False,
            {
                "pdu": "deliver_sm",
                "sequence": 4,
                "source_addr": "98912***1234",
                "destination_addr": LINE,
                "esm_class": 4,
                "text_octets": len(RECEIPT),
                "id": "17",
                "stat": "DELIVRD",
                "err": "000",
                "network_error_code": "030000",
            },
        ),
        (
            Unknown(sequence=5, command_id=0x00010200, body=b"secret"),
            False,
            {"pdu": "0x00010200", "sequence": 5, "body_octets": 6},
        ),
    ],
)
def test_what_is_shown(pdu: Pdu, is_ours: bool, wanted: dict[str, str | int]) -> None:
    """Every field that says something, in the order of the PDU."""
    assert shown(encode(pdu), masked, is_ours=is_ours) == wanted


def test_what_is_no_pdu() -> None:
    """What cannot be read is named by its command and its size."""
    octets = encode(SubmitSm(sequence=1, destination_addr=ALI))[:20]
    assert shown(octets, masked, is_ours=True) == {"pdu": "submit_sm", "octets": 20, "wrong": "BadPdu"}


def test_numbers_are_whole_if_asked_for() -> None:
    """A mask that leaves them leaves them."""
    told = shown(encode(SubmitSm(sequence=1, destination_addr=ALI)), str, is_ours=True)
    assert told["destination_addr"] == ALI


_WORDS = st.text("QXZ", min_size=5, max_size=12)


@given(st.booleans(), _WORDS, _WORDS, st.sampled_from(["short", "payload", "vendor", "receipt"]))
def test_no_text_and_no_secret_is_ever_shown(is_ours: bool, text: str, password: str, where: str) -> None:
    """Wherever words of people may stand in a PDU, none of them is shown, nor is a number of a handset."""
    octets = text.encode()
    tlvs = {"payload": (tlv(Tag.MESSAGE_PAYLOAD, octets),), "vendor": (tlv(0x1500, octets),)}.get(where, ())
    short = octets if where == "short" else b"id:1 stat:DELIVRD text:" + octets if where == "receipt" else b""
    esm_class = EsmClass.DELIVERY_RECEIPT if where == "receipt" else 0
    numbers: dict[str, Any] = {"destination_addr" if is_ours else "source_addr": ALI}
    kind = SubmitSm if is_ours else DeliverSm
    for pdu in (
        kind(sequence=1, esm_class=esm_class, short_message=short, tlvs=tlvs, **numbers),
        DataSm(sequence=2, tlvs=tlvs, **numbers),
        BindTransceiver(sequence=3, system_id="x", password=password[:8]),
        Unknown(sequence=4, command_id=0x00010200, body=octets),
    ):
        told = json.dumps(shown(encode(pdu), masked, is_ours=is_ours))
        assert not any(letter in told for letter in "QXZ")
        assert ALI not in told
