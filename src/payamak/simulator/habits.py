"""How operators write ids and receipts where they do not write them as everybody does. Pure.

Each habit was met in the field; docs/reference/links.md says which setting of a link serves it.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from enum import Enum, unique

from payamak.simulator.reading import Placed
from payamak.smpp.constants import Tag
from payamak.smpp.pdu import DeliverSm, GenericNack, SubmitSm, SubmitSmResp, Tlv, tlv
from payamak.smpp.receipt import parse_receipt


@unique
class Habit(Enum):
    """What an operator does in its own way."""

    USUAL = "usual"
    HYPHENS = "hyphens"
    HEX_PREFIX = "hex_prefix"
    TWO_IDS = "two_ids"
    IN_PAYLOAD = "in_payload"
    NUL_HEADER = "nul_header"
    ONE_ID = "one_id"
    ONE_RECEIPT = "one_receipt"
    NO_ID = "no_id"
    UNMARKED = "unmarked"
    NAMED_IN_REFUSAL = "named_in_refusal"
    NACK = "nack"


def answered_id(habit: Habit, usual: str, number: int, pdu: SubmitSm, place: Placed) -> str:
    """The id in the answer to a part; `usual` is what an operator without habits writes."""
    match habit:
        case Habit.HYPHENS:
            return str(uuid.UUID(bytes=hashlib.blake2b(number.to_bytes(16), digest_size=16).digest(), version=4))
        case Habit.HEX_PREFIX:
            return f"0x{number:x}"
        case Habit.ONE_ID if place.reference is not None:
            text = f"{pdu.source_addr}/{pdu.destination_addr}/{place.reference}/{place.total}".encode()
            return str(int.from_bytes(hashlib.blake2b(text, digest_size=5).digest()))
        case Habit.NO_ID | Habit.NACK:
            return ""
        case _:
            return usual


def response(habit: Habit, status: int, message_id: str) -> SubmitSmResp | GenericNack:
    """The answer; an id beside a refusal only where that is the habit."""
    if habit is Habit.NACK:
        return GenericNack(status=status)
    return SubmitSmResp(status=status, message_id="" if status and habit is not Habit.NAMED_IN_REFUSAL else message_id)


def is_told(habit: Habit, place: Placed) -> bool:
    """Whether a part of a text gets a receipt of its own."""
    return habit is not Habit.ONE_RECEIPT or place.part == place.total


def receipted_id(habit: Habit, usual: str, answered: str, number: int) -> str:
    """The id in the text of a receipt."""
    match habit:
        case Habit.HYPHENS | Habit.ONE_ID:
            return answered
        case Habit.HEX_PREFIX:
            return str(number)
        case _:
            return usual


def written(habit: Habit, pdu: DeliverSm) -> DeliverSm:
    """The receipt in the operator's own way."""
    match habit:
        case Habit.HYPHENS:
            receipt = parse_receipt(pdu)
            return _named(pdu, receipt.operator_id.replace("-", "") if receipt else "")
        case Habit.TWO_IDS:
            receipt = parse_receipt(pdu)
            return _named(pdu, f"7{receipt.operator_id}7" if receipt else "")
        case Habit.IN_PAYLOAD:
            payload = tlv(Tag.MESSAGE_PAYLOAD, pdu.short_message)
            return replace(pdu, short_message=b" ", tlvs=(*_without_id(pdu), payload))
        case Habit.NUL_HEADER:
            return replace(pdu, esm_class=pdu.esm_class | 0x40, tlvs=_without_id(pdu))
        case Habit.UNMARKED:
            return replace(pdu, esm_class=0, tlvs=())
        case _:
            return pdu


def _named(pdu: DeliverSm, operator_id: str) -> DeliverSm:
    return replace(pdu, tlvs=(tlv(Tag.RECEIPTED_MESSAGE_ID, operator_id), *_without_id(pdu)))


def _without_id(pdu: DeliverSm) -> tuple[Tlv, ...]:
    return tuple(each for each in pdu.tlvs if each[0] not in (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE))
