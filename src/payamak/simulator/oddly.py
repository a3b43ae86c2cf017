"""How centres write what they bring where the standards have it otherwise: a deliver_sm as octets. Pure.

`written` makes of a well-made deliver_sm the PDU that goes on the wire; its octets are those of the golden files in
tests/golden/brought. A `Said` is what a handset writes, as octets too: in tables, orders and forms of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, unique

from payamak.smpp.codec import encode
from payamak.smpp.constants import HEADER_OCTETS, DataCoding, EsmClass, Tag
from payamak.smpp.pdu import DeliverSm, Pdu, Unknown


@unique
class Oddity(Enum):
    """What is odd of a deliver_sm as this centre writes it."""

    NONE = "none"
    NULS_BEHIND = "nuls_behind"
    TEXT_BEHIND = "text_behind"
    TEXT_SHORT = "text_short"
    CUT_PARAMETER = "cut_parameter"
    BARE_HEADER_BIT = "bare_header_bit"
    CUT_BODY = "cut_body"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a handset sends: user data as octets, and how they are announced."""

    octets: bytes
    data_coding: int = DataCoding.SMSC_DEFAULT.value
    has_header: bool = False
    oddity: Oddity = Oddity.NONE

    def pdu(self, sender: str, line: str) -> DeliverSm:
        """The deliver_sm that brings it, well made as yet."""
        return DeliverSm(
            source_addr=sender,
            destination_addr=line,
            esm_class=EsmClass.UDHI.value if self.has_header else 0,
            data_coding=self.data_coding,
            short_message=self.octets,
        )


def written(pdu: DeliverSm, oddity: Oddity) -> Pdu:
    """What goes on the wire in the place of this PDU."""
    if oddity is Oddity.NONE:
        return pdu
    if oddity is Oddity.BARE_HEADER_BIT:
        return replace(pdu, esm_class=pdu.esm_class | EsmClass.UDHI)
    text = len(pdu.short_message)
    bare = encode(replace(pdu, tlvs=()))[HEADER_OCTETS:]
    before, short = bare[: len(bare) - text - 1], pdu.short_message
    behind = encode(pdu)[HEADER_OCTETS + len(bare) :]
    said = {Oddity.TEXT_BEHIND: text // 2, Oddity.TEXT_SHORT: min(text + 7, 255)}.get(oddity, text)
    between = b"\0" if oddity is Oddity.NULS_BEHIND else b""
    cut = _CUT if oddity is Oddity.CUT_PARAMETER else b""
    body = before[:-1] if oddity is Oddity.CUT_BODY else before + bytes((said,)) + short + between + behind + cut
    return Unknown(command_id=pdu.command_id, body=body)


_CUT = Tag.NETWORK_ERROR_CODE.to_bytes(2) + b"\0\3" + b"\3"
"""A parameter that promises three octets and has one."""
