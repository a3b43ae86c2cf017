"""One encoder and one decoder for every PDU, and what reads optional parameters.

On the way in real centres are met halfway: a response may lack its body or the NUL at its end, limits of length are
not enforced, and a client reads what a centre brings as far as it goes (`lenient`). On the way out the specification
holds, but credentials may be longer than it allows.
"""

from __future__ import annotations

import struct
from typing import Final

from payamak.encoding.odd import Odd
from payamak.smpp.constants import HEADER_OCTETS, Status, Tag
from payamak.smpp.errors import BadPdu, BrokenStream
from payamak.smpp.fields import MalformedBody
from payamak.smpp.lenient import read_body
from payamak.smpp.pdu import CLASSES, DataSm, DeliverSm, Pdu, ReplaceSm, SubmitSm, Unknown, Unread

_HEADER: Final = struct.Struct(">IIII")


_BROUGHT: Final = (DeliverSm, DataSm)


def decode(frame: bytes, *, is_lenient: bool = False) -> Pdu:
    """Read one whole PDU, header included.

    `is_lenient`: what a centre brings (deliver_sm, data_sm) is read as far as it goes, and is `Unread` if that is not
    as far as its text. Raises BadPdu if the body does not fit its description, BrokenStream if `frame` is not even a
    header.
    """
    size = len(frame)
    if size < HEADER_OCTETS:
        raise BrokenStream(f"expected a header of {HEADER_OCTETS} octets, got {size}")
    length, command_id, status, sequence = _HEADER.unpack_from(frame)
    known = CLASSES.get(command_id)
    if length != size:
        detail = f"command_length says {length}, the PDU has {size} octets"
        raise BadPdu(detail, status=Status.ESME_RINVCMDLEN, command_id=command_id, sequence=sequence)
    if known is None:
        return Unknown(sequence=sequence, status=status, command_id=command_id, body=frame[HEADER_OCTETS:])
    description = known.wire
    odd: tuple[Odd, ...] = ()
    try:
        values, tlvs = description.decode_body(frame)
    except MalformedBody as error:
        if not (is_lenient and known in _BROUGHT):
            raise BadPdu(str(error), status=error.status, command_id=command_id, sequence=sequence) from None
        try:
            values, tlvs, odd = read_body(description, frame)
        except MalformedBody as error:
            body = frame[HEADER_OCTETS:]
            return Unread(
                sequence=sequence, status=status, command_id=command_id, body=body, octets=frame, detail=str(error)
            )
    octets = frame if is_lenient and known in _BROUGHT else b""
    fields = dict(zip(description.names, values, strict=True))
    return known(sequence=sequence, status=status, tlvs=tlvs, octets=octets, odd=odd, **fields)


def encode(pdu: Pdu, sequence: int | None = None, *, is_checked: bool = True) -> bytes:
    """Write one PDU; `sequence`, if given, instead of its own.

    Unless it `is_checked`, texts may be longer than allowed: what came in so can be written down again.

    Raises ValueError, naming the field, if a value does not fit what the specification allows.
    """
    if isinstance(pdu, Unknown):
        body = pdu.body
    else:
        body = pdu.wire.encode_body(pdu, pdu.tlvs, pdu.status, is_checked=is_checked)
    number = pdu.sequence if sequence is None else sequence
    try:
        return _HEADER.pack(HEADER_OCTETS + len(body), pdu.command_id, pdu.status, number) + body
    except struct.error:
        raise ValueError(f"status {pdu.status} or sequence {number} is no 32-bit number") from None


def tlv_octets(pdu: Pdu, tag: int) -> bytes | None:
    """Value of the first optional parameter with this tag, None if there is none."""
    for found, value in pdu.tlvs:
        if found == tag:
            return value
    return None


def tlv_int(pdu: Pdu, tag: int) -> int | None:
    """The same as a number; whatever its width, as some peers write it wider or narrower.

    None if it is empty, or beyond 32 bits: no number of SMPP is (section 3.2.4), and it may be as long as a PDU.
    """
    value = tlv_octets(pdu, tag)
    value = value.lstrip(b"\0") or b"\0" if value else b""
    return int.from_bytes(value, "big") if 0 < len(value) <= 4 else None


def tlv_text(pdu: Pdu, tag: int) -> str | None:
    """The same as a C-octet string, up to its NUL if it has one."""
    value = tlv_octets(pdu, tag)
    return None if value is None else str(value.split(b"\0", 1)[0], "latin-1")


def text_octets(pdu: SubmitSm | DeliverSm | DataSm | ReplaceSm) -> bytes:
    """The octets of the text: short_message, or message_payload where that is empty (section 5.3.2.32) or blank.

    Who fills both against the specification has written the text twice, or the first part of it, or one part in each.
    """
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    long = tlv_octets(pdu, Tag.MESSAGE_PAYLOAD) or b""
    if not short.strip(b" \0"):
        return long or short
    if not long.strip(b" \0") or long in short:
        return short
    return long if long.startswith(short) else short + long
