"""Reading what a submit_sm carries: the text of a part and its place in a long text. Pure.

The simulator never refuses what it cannot read: a checker wants to see what came, so octets that are no
proper text in their data_coding are shown as well as can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from payamak.encoding import gsm7, ucs2
from payamak.smpp.codec import text_octets, tlv_int
from payamak.smpp.constants import DataCoding, EsmClass, Tag
from payamak.smpp.pdu import SubmitSm

_CONCATENATED_8: Final = 0x00
_CONCATENATED_16: Final = 0x08


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a part stands in a long text. `reference` is None for a text of one part."""

    reference: int | None = None
    part: int = 1
    total: int = 1


ALONE: Final = Place()


def read_user_data(octets: bytes, esm_class: int) -> tuple[Place, bytes]:
    """The place that the header tells and the octets behind it (GSM 03.40 §9.2.3.24); no header, no place."""
    if not esm_class & EsmClass.UDHI or not octets:
        return ALONE, octets
    end = 1 + octets[0]
    return _place(octets[1:end]), octets[end:]


def _place(elements: bytes) -> Place:
    """The first concatenation element; a header that is cut short tells no place."""
    position = 0
    while position + 2 <= len(elements):
        identifier, length = elements[position], elements[position + 1]
        value = elements[position + 2 : position + 2 + length]
        if identifier == _CONCATENATED_8 and len(value) == 3:
            return Place(reference=value[0], total=value[1], part=value[2])
        if identifier == _CONCATENATED_16 and len(value) == 4:
            return Place(reference=value[0] << 8 | value[1], total=value[2], part=value[3])
        position += 2 + length
    return ALONE


def read_part(pdu: SubmitSm) -> tuple[Place, bytes]:
    """The place of a part and the octets of its text; the header goes before the sar TLVs (SMPP 3.4 §5.3.2.22)."""
    place, octets = read_user_data(text_octets(pdu), pdu.esm_class)
    if place is ALONE and pdu.tlvs:
        reference = tlv_int(pdu, Tag.SAR_MSG_REF_NUM)
        total, part = tlv_int(pdu, Tag.SAR_TOTAL_SEGMENTS), tlv_int(pdu, Tag.SAR_SEGMENT_SEQNUM)
        if reference is not None and total and part:
            place = Place(reference=reference, part=part, total=total)
    return place, octets


def read_text(octets: bytes, data_coding: int) -> str:
    """The text of a part by data_coding (SMPP 3.4 §5.2.19): 0 unpacked GSM-7, 8 UCS-2, else Latin-1."""
    match data_coding:
        case DataCoding.SMSC_DEFAULT:
            try:
                return gsm7.decode(octets)
            except ValueError:
                return octets.decode("latin-1")
        case DataCoding.UCS2:
            try:
                return ucs2.decode(octets)
            except ValueError:
                return octets.decode("utf-16-be", errors="replace")
        case _:
            return octets.decode("latin-1")
