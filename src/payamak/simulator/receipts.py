"""Ids and receipt texts as operators write them.

SMPP 3.4 leaves the receipt to the vendor; Appendix B only shows the common text. Operators differ in the
base of the id, its zeros and its case, in whether dates have seconds, and in whether the TLVs come along;
`IdFormat` and `ReceiptStyle` are those differences. Pure: instants are parameters.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from enum import Enum, unique
from functools import lru_cache
from typing import Final, assert_never

from payamak.smpp.constants import MessageState, Tag
from payamak.smpp.pdu import Tlv, tlv
from payamak.smpp.receipt import format_receipt


@unique
class IdFormat(Enum):
    """How an operator writes its message ids."""

    DECIMAL = "decimal"
    PADDED = "padded"
    HEX = "hex"
    HEX_UPPER = "hex_upper"
    UUID = "uuid"


@unique
class ReceiptStyle(Enum):
    """How an operator writes its receipts.

    `FULL` is Appendix B with all its fields and the TLVs; `TEXT_ONLY` leaves the TLVs out; `SHORT` leaves
    out what Appendix B calls sub, dlvrd and text; `TLV_ONLY` has no text; `SECONDS` dates to the second.
    """

    FULL = "full"
    TEXT_ONLY = "text_only"
    SHORT = "short"
    SECONDS = "seconds"
    TLV_ONLY = "tlv_only"

    @property
    def has_text(self) -> bool:
        """Whether short_message holds a receipt text."""
        return self is not ReceiptStyle.TLV_ONLY

    @property
    def has_tlvs(self) -> bool:
        """Whether receipted_message_id and message_state come along."""
        return self is not ReceiptStyle.TEXT_ONLY


PADDED_DIGITS: Final = 20
_NETWORK_GSM: Final = b"\x03"
"""Network type of network_error_code (SMPP 3.4 §5.3.2.31)."""

MESSAGE_STATES: Final = {
    "ENROUTE": MessageState.ENROUTE,
    "DELIVRD": MessageState.DELIVERED,
    "EXPIRED": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
}
"""stat word to message_state (SMPP 3.4 §5.2.28); a word that is not here is told as UNKNOWN."""


def render_id(number: int, style: IdFormat) -> str:
    """The operator id of a message as text; the same number gives the same text in every call."""
    match style:
        case IdFormat.DECIMAL:
            return str(number)
        case IdFormat.PADDED:
            return f"{number:0{PADDED_DIGITS}d}"
        case IdFormat.HEX:
            return f"{number:x}"
        case IdFormat.HEX_UPPER:
            return f"{number:X}"
        case IdFormat.UUID:
            digest = hashlib.blake2b(number.to_bytes(16), digest_size=16).digest()
            return str(uuid.UUID(bytes=digest, version=4))
        case _:
            assert_never(style)


def receipt_text(
    style: ReceiptStyle, operator_id: str, *, stat: str, err: str, submitted_at: int, done_at: int, text: str
) -> bytes:
    """The text of a receipt (SMPP 3.4 Appendix B), dates in UTC; `text` is left out unless it is ASCII."""
    pattern = "%y%m%d%H%M%S" if style is ReceiptStyle.SECONDS else "%y%m%d%H%M"
    submit_date, done_date = _date(submitted_at // 1000, pattern), _date(done_at // 1000, pattern)
    if style is ReceiptStyle.TLV_ONLY:
        return b""
    if style is ReceiptStyle.SHORT:
        short = f"id:{operator_id} submit date:{submit_date} done date:{done_date} stat:{stat} err:{err}"
        return short.encode("latin-1")
    return format_receipt(
        operator_id,
        stat,
        submit_date=submit_date,
        done_date=done_date,
        err=err,
        text=text if text.isascii() else "",
    )


def receipt_tlvs(
    style: ReceiptStyle, operator_id: str, *, stat: str, err: str, user_message_reference: int | None
) -> tuple[Tlv, ...]:
    """The TLVs of a receipt; network_error_code only where no text tells it, and if `err` is a number."""
    if not style.has_tlvs:
        return ()
    tlvs = [
        tlv(Tag.RECEIPTED_MESSAGE_ID, operator_id),
        tlv(Tag.MESSAGE_STATE, MESSAGE_STATES.get(stat, MessageState.UNKNOWN)),
    ]
    if not style.has_text and err.isdecimal():
        tlvs.append(tlv(Tag.NETWORK_ERROR_CODE, _NETWORK_GSM + int(err).to_bytes(2)))
    if user_message_reference is not None:
        tlvs.append(tlv(Tag.USER_MESSAGE_REFERENCE, user_message_reference))
    return tuple(tlvs)


# At 10,000 receipts a second nearly all share the second they were submitted and done in.
@lru_cache(maxsize=256)
def _date(second: int, pattern: str) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(pattern)
