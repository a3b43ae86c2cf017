"""A PDU as a person may see it: every field that says something, but no text and no secret. Pure.

What is shown of a text is how many octets it has; of a password that there is one; of a handset's number what `mask`
leaves of it. What else may hold words of people (an optional parameter of a vendor, an unknown command) is counted too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Final, TypeAlias

from payamak.smpp.codec import decode, text_octets, tlv_int, tlv_text
from payamak.smpp.constants import TLVS, Tag, TlvKind, command_name, status_name
from payamak.smpp.errors import ProtocolError
from payamak.smpp.pdu import DataSm, DeliverSm, Pdu, ReplaceSm, SubmitSm, Unknown
from payamak.smpp.receipt import looks_like_receipt, parse_receipt

Shown: TypeAlias = dict[str, str | int]
"""Names of fields and their values, in the order of the PDU; first `pdu`, its name, and `sequence`."""

HIDDEN: Final = "•••"

LONGEST: Final = 64
"""Of a value that the peer wrote: no id is longer (SMPP 3.4 §5.2.23)."""

_HEADER: Final = frozenset(field.name for field in fields(Pdu))
_TEXTS: Final = frozenset(("short_message", "body", "detail", "command_id"))
_SECRETS: Final = frozenset(("password",))


def shown(octets: bytes, mask: Callable[[str], str], *, is_ours: bool) -> Shown:
    """One whole PDU. `is_ours`: we wrote it, and the handset's number is where it goes; else where it comes from."""
    try:
        pdu = decode(octets, is_lenient=not is_ours)
    except ProtocolError as error:
        name = command_name(int.from_bytes(octets[4:8], "big"))
        return {"pdu": name, "octets": len(octets), "wrong": type(error).__name__}
    made: Shown = {"pdu": pdu.name, "sequence": pdu.sequence}
    if pdu.is_response or pdu.status:
        made["status"] = status_name(pdu.status)
    handset = "destination_addr" if is_ours else "source_addr"
    for field in fields(pdu):
        value = getattr(pdu, field.name)
        if field.name in _HEADER or field.name in _TEXTS or value == field.default:
            continue
        if field.name in _SECRETS:
            value = HIDDEN
        elif field.name == handset:
            value = mask(value)
        made[field.name] = value[:LONGEST] if isinstance(value, str) else value
    if isinstance(pdu, SubmitSm | DeliverSm | DataSm | ReplaceSm):
        made["text_octets"] = len(text_octets(pdu))
    if isinstance(pdu, Unknown):
        made["body_octets"] = len(pdu.body)
    return made | _receipt(pdu) | _parameters(pdu)


def _receipt(pdu: Pdu) -> Shown:
    """What a delivery receipt says, without the beginning of the text that many repeat."""
    if not isinstance(pdu, DeliverSm | DataSm):
        return {}
    receipt = parse_receipt(pdu, is_marked=not looks_like_receipt(pdu))
    if receipt is None:
        return {}
    said = {"id": receipt.operator_id, "stat": receipt.stat_text, "err": receipt.err or ""}
    return {name: value[:LONGEST] for name, value in said.items() if value}


def _parameters(pdu: Pdu) -> Shown:
    made: Shown = {}
    for tag, value in pdu.tlvs:
        known = TLVS.get(tag)
        number = tlv_int(pdu, tag) if known and known.kind not in (TlvKind.OCTETS, TlvKind.CSTRING) else None
        if known and number is not None:
            made[known.name] = number
        elif tag == Tag.RECEIPTED_MESSAGE_ID:
            made["receipted_message_id"] = (tlv_text(pdu, tag) or "")[:LONGEST]
        elif tag == Tag.NETWORK_ERROR_CODE:
            made["network_error_code"] = value[:3].hex()
        elif tag != Tag.MESSAGE_PAYLOAD:
            made[known.name if known else f"0x{tag:04x}"] = f"{len(value)} octets"
    return made
