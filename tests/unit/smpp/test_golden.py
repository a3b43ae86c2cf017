"""Octets written by hand from chapter 4 of the specification, both ways."""

from pathlib import Path

import pytest

from payamak.smpp import pdu as p
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import MAX_SEQUENCE, MessageState, Status, Tag
from payamak.smpp.pdu import CLASSES, Pdu, tlv

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "pdu"

PDUS: list[Pdu] = [
    p.BindTransmitter(
        sequence=1,
        system_id="SMPP3TEST",
        password="secret08",
        system_type="SUBMIT1",
        addr_ton=1,
        addr_npi=1,
    ),
    p.BindReceiver(sequence=2, system_id="neg", password="pw", address_range="98"),
    p.BindTransceiver(sequence=MAX_SEQUENCE, interface_version=0x33),
    p.BindTransmitterResp(sequence=1, system_id="sms"),
    p.BindReceiverResp(sequence=2, status=Status.ESME_RINVPASWD),
    p.BindTransceiverResp(sequence=MAX_SEQUENCE, system_id="smsc", tlvs=(tlv(Tag.SC_INTERFACE_VERSION, 0x34),)),
    p.Outbind(sequence=1, system_id="sms", password="pw"),
    p.Unbind(sequence=9),
    p.UnbindResp(sequence=9),
    p.EnquireLink(sequence=10),
    p.EnquireLinkResp(sequence=10),
    p.GenericNack(sequence=11, status=Status.ESME_RINVCMDID),
    p.SubmitSm(
        sequence=3,
        service_type="CMT",
        source_addr_npi=1,
        source_addr="9830003300",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="989395213300",
        esm_class=0x40,
        priority_flag=1,
        registered_delivery=1,
        data_coding=8,
        short_message=bytes.fromhex("05000307020106330644"),
        tlvs=(tlv(Tag.USER_MESSAGE_REFERENCE, 0x1234),),
    ),
    p.SubmitSmResp(sequence=3, message_id="1f0a"),
    p.DeliverSm(
        sequence=4,
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="989395213300",
        destination_addr="3000",
        esm_class=4,
        short_message=b"id:1f0a stat:DELIVRD",
        tlvs=(tlv(Tag.RECEIPTED_MESSAGE_ID, "1f0a"), tlv(Tag.MESSAGE_STATE, MessageState.DELIVERED)),
    ),
    p.DeliverSmResp(sequence=4),
    p.DataSm(
        sequence=5,
        source_addr_ton=5,
        source_addr="Negin",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="989",
        registered_delivery=1,
        tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b"hi"),),
    ),
    p.DataSmResp(sequence=5, message_id="7f", tlvs=(tlv(Tag.DELIVERY_FAILURE_REASON, 0),)),
    p.QuerySm(sequence=6, message_id="1f0a", source_addr="30"),
    p.QuerySmResp(sequence=6, message_id="1f0a", final_date="201231235959000R", message_state=MessageState.DELIVERED),
    p.CancelSm(
        sequence=7,
        message_id="1f0a",
        source_addr="300",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="989",
    ),
    p.CancelSmResp(sequence=7, status=Status.ESME_RCANCELFAIL),
    p.ReplaceSm(
        sequence=8,
        message_id="1f0a",
        source_addr="30",
        validity_period="000001000000000R",
        registered_delivery=1,
        short_message=b"hi",
    ),
    p.ReplaceSmResp(sequence=8),
    p.AlertNotification(
        sequence=12,
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr="989",
        esme_addr="3000",
        tlvs=(tlv(Tag.MS_AVAILABILITY_STATUS, 0),),
    ),
]


def golden(name: str) -> bytes:
    """The octets of one file; what stands behind `#` explains them."""
    lines = (GOLDEN / f"{name}.hex").read_text(encoding="ascii").splitlines()
    return bytes.fromhex("".join(line.partition("#")[0] for line in lines))


@pytest.mark.parametrize("pdu", PDUS, ids=lambda pdu: pdu.name)
def test_golden_octets(pdu: Pdu) -> None:
    """Each PDU is written as the specification says, and read back as it was."""
    expected = golden(pdu.name)
    assert expected == encode(pdu)
    assert pdu == decode(expected)


def test_every_pdu_has_its_golden_octets() -> None:
    """No PDU that we speak is without octets written by hand, and no file without its PDU."""
    assert set(CLASSES.values()) == {type(pdu) for pdu in PDUS}
    assert {path.stem for path in GOLDEN.glob("*.hex")} == {pdu.name for pdu in PDUS}
