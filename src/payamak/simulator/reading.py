"""Reading what a submit_sm carries: the text of a part and its place in a long text. Pure.

The simulator never refuses what it cannot read: a checker wants to see what came, so a place that makes no sense is
told as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from payamak.encoding.alphabets import alphabet_of, decode
from payamak.encoding.udh import concatenations, cut_header
from payamak.smpp.codec import text_octets, tlv_int
from payamak.smpp.constants import EsmClass, Tag
from payamak.smpp.pdu import SubmitSm


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """Where a part says that it stands in a long text. `reference` is None for a text of one part."""

    reference: int | None = None
    part: int = 1
    total: int = 1


ALONE: Final = Placed()


def read_user_data(octets: bytes, esm_class: int) -> tuple[Placed, bytes]:
    """What the header's first concatenation tells, and the octets behind it; no header, no place."""
    if not esm_class & EsmClass.UDHI:
        return ALONE, octets
    elements, rest = cut_header(octets)
    for reference, total, part in concatenations(elements):
        return Placed(reference=reference, total=total, part=part), rest
    return ALONE, rest


def read_part(pdu: SubmitSm) -> tuple[Placed, bytes]:
    """The place of a part and the octets of its text; the header goes before the sar TLVs (SMPP 3.4 §5.3.2.22)."""
    place, octets = read_user_data(text_octets(pdu), pdu.esm_class)
    if place is ALONE and pdu.tlvs:
        reference = tlv_int(pdu, Tag.SAR_MSG_REF_NUM)
        total, part = tlv_int(pdu, Tag.SAR_TOTAL_SEGMENTS), tlv_int(pdu, Tag.SAR_SEGMENT_SEQNUM)
        if reference is not None and total and part:
            place = Placed(reference=reference, part=part, total=total)
    return place, octets


def read_text(octets: bytes, data_coding: int) -> str:
    """The text of a part in the alphabet of its data_coding."""
    return decode(octets, alphabet_of(data_coding))
