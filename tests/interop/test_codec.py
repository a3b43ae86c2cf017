"""Both codecs write the same octets, and each reads what the other wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smpp.strategies import pdus

from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import TLVS
from payamak.smpp.pdu import DeliverSm, Pdu, ShortMessage, SubmitSm, Tlv

pytestmark = pytest.mark.interop

THEIRS: dict[type[ShortMessage], Callable[..., smpp34.SubmitSm | smpp34.DeliverSm]] = {
    SubmitSm: smpp34.SubmitSm,
    DeliverSm: smpp34.DeliverSm,
}
OCTET = st.integers(0, 255)
# ASCII only: the specification says so, and the peer writes anything else in UTF-8.
TEXT = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
FIELDS = {
    "service_type": st.text(TEXT, max_size=5),
    "source_addr_ton": OCTET,
    "source_addr_npi": OCTET,
    "source_addr": st.text(TEXT, max_size=20),
    "dest_addr_ton": OCTET,
    "dest_addr_npi": OCTET,
    "destination_addr": st.text(TEXT, max_size=20),
    "esm_class": OCTET,
    "protocol_id": OCTET,
    "priority_flag": OCTET,
    "schedule_delivery_time": st.sampled_from(["", "261122184000000+", "000001000000000R"]),
    "validity_period": st.sampled_from(["", "261122184000000+", "000001000000000R"]),
    "registered_delivery": OCTET,
    "replace_if_present_flag": OCTET,
    "data_coding": OCTET,
    "sm_default_msg_id": OCTET,
    "short_message": st.binary(max_size=254),
}
TAGS = st.sampled_from(sorted(TLVS)) | st.integers(0x1400, 0x3FFF)
VALUES = st.lists(st.tuples(TAGS, st.binary(max_size=300)), max_size=4)


@given(
    kind=st.sampled_from([SubmitSm, DeliverSm]),
    fields=st.fixed_dictionaries({}, optional=FIELDS),
    tlvs=VALUES,
    sequence=st.integers(1, 0x7FFFFFFF),
)
def test_both_write_the_same_message(
    kind: type[ShortMessage], fields: dict[str, Any], tlvs: list[tuple[int, bytes]], sequence: int
) -> None:
    """A submit_sm or deliver_sm with any fields and optional parameters is written alike and read back by both."""
    ours = kind(sequence=sequence, tlvs=tuple(Tlv(*one) for one in tlvs), **fields)
    # The peer's defaults for the recipient's type are 1 and 1, ours are 0; the addresses have no defaults there.
    given_too = {"dest_addr_ton": 0, "dest_addr_npi": 0, "source_addr": "", "destination_addr": "", **fields}
    theirs = THEIRS[kind](**given_too, tlvs=[smpp34.Tlv(*one) for one in tlvs], sequence_number=sequence)
    octets = encode(ours)
    assert octets.hex() == theirs.encode().hex()
    assert decode(theirs.encode()) == ours
    read = smpp34.decode(octets)
    assert isinstance(read, smpp34.SubmitSm | smpp34.DeliverSm)
    for name in FIELDS:
        assert getattr(read, name) == getattr(ours, name)
    assert [(one.tag, one.value) for one in read.tlvs] == tlvs


@given(pdu=pdus())
def test_the_peer_reads_our_header(pdu: Pdu) -> None:
    """Whatever we write, the peer finds the same length, command, status, sequence and body."""
    octets = encode(pdu)
    read = smpp34.decode(octets)
    assert (read.command_id, read.sequence_number) == (pdu.command_id, pdu.sequence)
    if isinstance(read, smpp34.RawPdu):
        assert (read.command_length, read.command_status) == (len(octets), pdu.status)
        assert read.body == octets[16:]


@pytest.mark.parametrize("tag", sorted(TLVS))
def test_both_have_the_same_tags(tag: int) -> None:
    """Every optional parameter of our table has its number under the same name in the peer's."""
    assert getattr(smpp34, f"TLV_{TLVS[tag].tag.name}") == tag


def test_our_table_has_all_the_peer_has() -> None:
    """The peer knows no optional parameter that we do not know."""
    theirs = {getattr(smpp34, name) for name in dir(smpp34) if name.startswith("TLV_")}
    assert theirs == TLVS.keys()
