"""smpp.pdu, the parser within Jasmin, reads what our codec writes, and writes it again as the same octets."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpp.pdu.pdu_encoding import PDUEncoder  # type: ignore[import-untyped]

from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import Status, Tag
from payamak.smpp.fields import sar_tlvs
from payamak.smpp.pdu import (
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    tlv,
)

pytestmark = pytest.mark.interop

ASCII = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
TON, NPI = st.integers(0, 6), st.sampled_from([0, 1, 3, 4, 6, 8, 9, 10, 14, 18])
FIELDS = {
    "service_type": st.text(ASCII, max_size=5),
    "source_addr_ton": TON,
    "source_addr_npi": NPI,
    "source_addr": st.text(ASCII, max_size=20),
    "dest_addr_ton": TON,
    "dest_addr_npi": NPI,
    "destination_addr": st.text(ASCII, max_size=20),
    "esm_class": st.sampled_from([0x00, 0x03, 0x04, 0x40, 0x44, 0x80]),
    "protocol_id": st.integers(0, 255),
    "priority_flag": st.integers(0, 3),
    "registered_delivery": st.sampled_from([0, 1, 2]),
    "data_coding": st.sampled_from([0, 1, 3, 4, 8, 0xF0, 0xF5]),
    "short_message": st.binary(max_size=254),
}
TLVS = st.sampled_from(
    [
        (),
        (tlv(Tag.USER_MESSAGE_REFERENCE, 4_711),),
        sar_tlvs(517, 3, 2),
        (tlv(Tag.MESSAGE_PAYLOAD, b"\x06\x33" * 300),),
    ]
)
SEQUENCE = st.integers(1, 0x7FFFFFFF)


def again(octets: bytes) -> bytes:
    """The octets, read and written by the other parser."""
    written = PDUEncoder().encode(PDUEncoder().decode(BytesIO(octets)))
    assert isinstance(written, bytes)
    return written


@given(
    kind=st.sampled_from([SubmitSm, DeliverSm]),
    fields=st.fixed_dictionaries({}, optional=FIELDS),
    tlvs=TLVS,
    sequence=SEQUENCE,
)
def test_a_message(kind: type[SubmitSm | DeliverSm], fields: dict[str, Any], tlvs: Any, sequence: int) -> None:
    """A submit_sm or deliver_sm is the same after it."""
    pdu = kind(sequence=sequence, tlvs=tuple(tlvs), **fields)
    assert decode(again(encode(pdu))) == pdu
    assert again(encode(pdu)).hex() == encode(pdu).hex()


@pytest.mark.parametrize(
    "validity", ["000001020304000R", "261122184059000+", "261122184000014+"], ids=["relative", "absolute", "tehran"]
)
def test_a_validity(validity: str) -> None:
    """It reads each form of a validity and writes it as it was."""
    pdu = SubmitSm(sequence=1, destination_addr="989120009000", validity_period=validity)
    assert again(encode(pdu)).hex() == encode(pdu).hex()


BIND: dict[str, Any] = {
    "system_id": "payamak",
    "password": "secret",
    "system_type": "SMPP",
    "addr_ton": 1,
    "addr_npi": 1,
}
OTHERS: list[Pdu] = [
    BindTransmitter(sequence=1, interface_version=0x34, address_range="9830*", **BIND),
    BindReceiver(sequence=2, interface_version=0x34, **BIND),
    BindTransceiver(sequence=3, interface_version=0x34, **BIND),
    BindTransmitterResp(sequence=1, system_id="SMSC"),
    BindReceiverResp(sequence=2, system_id="SMSC"),
    BindTransceiverResp(sequence=3, system_id="SMSC", tlvs=(tlv(Tag.SC_INTERFACE_VERSION, 0x34),)),
    SubmitSmResp(sequence=4, message_id="2298d520-b783"),
    DeliverSmResp(sequence=5),
    EnquireLink(sequence=6),
    EnquireLinkResp(sequence=6),
    Unbind(sequence=7),
    UnbindResp(sequence=7),
    GenericNack(sequence=8, status=Status.ESME_RINVCMDID),
]


@pytest.mark.parametrize("pdu", OTHERS, ids=lambda pdu: type(pdu).__name__)
def test_all_else(pdu: Pdu) -> None:
    """Binds, answers, enquiries and unbinds are the same octets after it."""
    assert again(encode(pdu)).hex() == encode(pdu).hex()
