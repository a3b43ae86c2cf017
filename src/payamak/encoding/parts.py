"""From a text to the parts that each fit one short message. Split first, then count: there is one way to cut.

A short message holds 140 octets (GSM 03.40 §9.2.3.24): 160 septets or 70 UCS-2 units. A text of several parts
gives each part a user data header (UDH) that takes from these octets; so a part holds less than a text alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from payamak.encoding import gsm7, ucs2, udh

MAX_PARTS: Final = 255
"""The header numbers the parts in one octet (GSM 03.40 §9.2.3.24.1)."""

_ALONE_OCTETS: Final = 140


class Encoding(StrEnum):
    """How a text is written: GSM7 and UCS2 as they go on the air.

    LATIN_1 and ASCII are for centres that take data_coding 0 for these and turn the text into GSM 7-bit themselves.
    """

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN_1 = "latin-1"
    ASCII = "ascii"


class SplitMethod(StrEnum):
    """How an upstream wants a text of several parts.

    `UDH8` and `UDH16` put the reference into one or two octets of the header. `SAR` tells it in parameters beside the
    text (SMPP 3.4 §5.3.2.22 to 24); the operator writes the header, and the parts are cut as for UDH8. `PAYLOAD` hands
    the whole text over in one PDU (message_payload, SMPP 3.4 §5.3.2.32); the operator cuts it, and its parts are
    counted as UDH8 cuts them.
    """

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"


class TooManyParts(ValueError):
    """The text needs more parts than a header can number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What goes into one submit_sm: `udh`, then `payload`.

    `number` counts from 1 to `total`. `udh` is empty when the text goes in one piece. `payload` holds
    unpacked septets (one to an octet), characters of one octet, or big-endian UCS-2 units.
    """

    number: int
    total: int
    text: str
    encoding: Encoding
    udh: bytes
    payload: bytes


def choose(text: str, default: Encoding = Encoding.GSM7) -> Encoding:
    """Return `default` if its alphabet has every character of `text`, else UCS2: one Persian letter decides."""
    if default is Encoding.GSM7:
        return default if gsm7.can_encode(text) else Encoding.UCS2
    try:
        text.encode(default.value)
    except UnicodeEncodeError:
        return Encoding.UCS2
    return default


def split(text: str, encoding: Encoding, reference: int, method: SplitMethod) -> tuple[Part, ...]:
    """Cut `text` into parts, at least one; an escape pair or a surrogate pair is never cut.

    `reference` ties the parts together; its low 8 or 16 bits are used, so that a plain counter will do.
    Raises gsm7.NotGsm7, ucs2.LoneSurrogate or UnicodeEncodeError, all of them ValueErrors, if the text has no such
    encoding, TooManyParts beyond 255 parts.
    """
    payloads = _cut(text, encoding, method)
    total = len(payloads)
    if total > MAX_PARTS:
        raise TooManyParts(f"the text needs {total} parts; a header can number {MAX_PARTS}")
    if total == 1 or method is SplitMethod.PAYLOAD:
        payload = b"".join(payloads)
        return (Part(number=1, total=1, text=text, encoding=encoding, udh=b"", payload=payload),)
    return tuple(
        Part(
            number=number,
            total=total,
            text=_decode(payload, encoding),
            encoding=encoding,
            udh=b"" if method is SplitMethod.SAR else _udh(method, reference, total, number),
            payload=payload,
        )
        for number, payload in enumerate(payloads, start=1)
    )


def count_parts(text: str, encoding: Encoding | None = None, method: SplitMethod = SplitMethod.UDH8) -> int:
    """Return the number of parts that `split` makes and that the price counts, whatever their number.

    Without `encoding` it is the one that `choose` gives. Raises as `split` does, but for TooManyParts.
    """
    return len(_cut(text, encoding or choose(text), method))


def joined(parts: Iterable[Part]) -> str:
    """Return the text of `parts`, given in any order."""
    return "".join(part.text for part in sorted(parts, key=lambda part: part.number))


def _cut(text: str, encoding: Encoding, method: SplitMethod) -> list[bytes]:
    """Return the payloads of the parts: as many as are counted, also where they travel together."""
    if encoding in _OF_ONE_OCTET:
        return _cut_octets(text.encode(encoding.value), method)
    octets = _encode(text, encoding)
    if len(octets) <= _payload_octets(encoding, udh_octets=0):
        return [octets]
    limit = _payload_octets(encoding, udh_octets=len(_udh(method, 0, 0, 0)))
    payloads = []
    start = 0
    while start < len(octets):
        payload = octets[start : start + limit]
        if encoding is Encoding.GSM7 and payload[-1] == gsm7.ESCAPE:
            payload = payload[:-1]
        elif encoding is Encoding.UCS2 and ucs2.ends_within_pair(payload):
            payload = payload[: -ucs2.UNIT_OCTETS]
        payloads.append(payload)
        start += len(payload)
    return payloads


_OF_ONE_OCTET: Final = (Encoding.LATIN_1, Encoding.ASCII)
_TWO_SEPTETS: Final = frozenset(ord(char) for char in gsm7.EXTENSION if char.isascii())


def _cut_octets(octets: bytes, method: SplitMethod) -> list[bytes]:
    """Parts of a text whose centre writes GSM 7-bit on the air: as many characters as there fit there, at one septet
    each, or two for those of the extension table."""
    costs = [1 + (octet in _TWO_SEPTETS) for octet in octets]
    if sum(costs) <= _payload_octets(Encoding.GSM7, udh_octets=0):
        return [octets]
    limit = _payload_octets(Encoding.GSM7, udh_octets=len(_udh(method, 0, 0, 0)))
    payloads, start, used = [], 0, 0
    for place, cost in enumerate(costs):
        if used + cost > limit:
            payloads.append(octets[start:place])
            start, used = place, 0
        used += cost
    return [*payloads, octets[start:]]


def _payload_octets(encoding: Encoding, *, udh_octets: int) -> int:
    """Return how many octets of payload fit beside a header.

    GSM7: the text starts on a septet boundary after the header, so the six octets of an 8-bit reference cost
    seven septets (153 are left) and the seven octets of a 16-bit one cost eight (152). UCS2: whole units,
    67 and 66.
    """
    free_octets = _ALONE_OCTETS - udh_octets
    match encoding:
        case Encoding.UCS2:
            return free_octets // ucs2.UNIT_OCTETS * ucs2.UNIT_OCTETS
        case _:
            return free_octets * 8 // 7


def _udh(method: SplitMethod, reference: int, total: int, number: int) -> bytes:
    """Return the header of a part as the method wants it."""
    match method:
        case SplitMethod.UDH8 | SplitMethod.SAR | SplitMethod.PAYLOAD:
            return udh.write_header_8(reference, total, number)
        case SplitMethod.UDH16:
            return udh.write_header_16(reference, total, number)
        case _:
            assert_never(method)


def _encode(text: str, encoding: Encoding) -> bytes:
    return gsm7.encode(text) if encoding is Encoding.GSM7 else ucs2.encode(text)


def _decode(payload: bytes, encoding: Encoding) -> str:
    if encoding in _OF_ONE_OCTET:
        return payload.decode(encoding.value)
    return gsm7.decode(payload) if encoding is Encoding.GSM7 else ucs2.decode(payload)
