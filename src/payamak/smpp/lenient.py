"""A deliver_sm or data_sm that does not fit its description, read as far as it goes.

A centre that writes an octet too many, or cuts what it writes, does not know it: refused, it brings the same octets for
days, or never again, and a receipt or a person's message is lost. So our client takes whatever its mandatory
parameters leave no doubt of, and says what was odd. Behind the length of the text stand, in this order: text, perhaps
octets of nothing, optional parameters, perhaps octets of nothing; where one ends is told by the length, and where that
is wrong by the parameters themselves: whole ones, of tags that the specification has, one behind the other to the end.
"""

from __future__ import annotations

from typing import Final

from payamak.encoding.odd import Odd
from payamak.smpp.constants import TLVS, Status, Tag
from payamak.smpp.fields import TLV_HEAD, BodyLayout, FieldKind, MalformedBody, Tlv

SEARCHED_OCTETS: Final = 1_024
"""How far behind the text's beginning the first optional parameter is looked for: a text of 254 octets, and more."""

_VENDOR_TAGS: Final = range(0x1400, 0x4000)
"""Section 5.3.2: SMSC vendor specific optional parameters."""


def read_body(wire: BodyLayout, frame: bytes) -> tuple[list[object], tuple[Tlv, ...], tuple[Odd, ...]]:
    """Values in the order of `wire.names`, optional parameters, and what was odd.

    Raises Malformed if the body ends before the text does: then nobody can say from whom it is, or what it is.
    """
    values: list[object] = []
    position, size = 16, len(frame)
    for kind, count, name in wire.steps:
        if kind is FieldKind.CSTRING:
            end = frame.find(0, position)
            if end < 0:
                raise MalformedBody(f"{name} has no end", Status.ESME_RINVCMDLEN)
            values.append(str(frame[position:end], "latin-1"))
            position = end + 1
        elif kind is FieldKind.INT1:
            run = frame[position : position + count]
            if len(run) < count:
                raise MalformedBody(f"body ends at {name}", Status.ESME_RINVCMDLEN)
            values += run
            position += count
        elif position >= size:
            raise MalformedBody(f"body ends at {name}", Status.ESME_RINVMSGLEN)
        else:
            text, tlvs, odd = _read_behind(frame[position + 1 :], frame[position])
            return [*values, text], tlvs, odd
    text, tlvs, odd = _read_behind(frame[position:], 0)
    if text and not any(tag == Tag.MESSAGE_PAYLOAD for tag, _ in tlvs):
        tlvs = (*tlvs, Tlv(Tag.MESSAGE_PAYLOAD, text))  # of a data_sm no text stands there, but it is one
    return values, tlvs, odd


def _read_behind(behind: bytes, said: int) -> tuple[bytes, tuple[Tlv, ...], tuple[Odd, ...]]:
    """The text, the optional parameters and what was odd; `said` is how long the text ought to be."""
    tlvs, end = _parameters(behind, said)
    rest = behind[end:]
    if said <= len(behind) and not rest.strip(b"\0"):
        return behind[:said], tlvs, (Odd.NULS_BEHIND,) if rest else ()
    if tlvs and all(_is_tag(tag) for tag, _ in tlvs):
        return behind[:said], (*tlvs, *_text_of_cut(rest)), (Odd.CUT_PARAMETER,)
    start = _first_parameter(behind)
    if start is not None:
        found, _ = _parameters(behind, start)
        if start < said:
            return behind[:start], found, (Odd.TEXT_SHORT,)
        if not behind[said:start].strip(b"\0"):
            return behind[:said], found, (Odd.NULS_BEHIND,)
        return behind[:start], found, (Odd.TEXT_BEHIND,)
    if said > len(behind):
        return behind, (), (Odd.TEXT_SHORT,)
    if _is_cut_parameter(rest):
        return behind[:said], (*tlvs, *_text_of_cut(rest)), (Odd.CUT_PARAMETER,)
    return behind, (), (Odd.TEXT_BEHIND,)


def _parameters(behind: bytes, start: int) -> tuple[tuple[Tlv, ...], int]:
    """The whole parameters from `start` on, of any tag, and where they end."""
    found = []
    while start + TLV_HEAD.size <= len(behind):
        tag, length = TLV_HEAD.unpack_from(behind, start)
        end = start + TLV_HEAD.size + length
        if end > len(behind):
            break
        found.append(Tlv(tag, behind[start + TLV_HEAD.size : end]))
        start = end
    return tuple(found), start


def _first_parameter(behind: bytes) -> int | None:
    """Where the first parameter begins, if from there on there is nothing but whole ones; None if nowhere.

    Each place is looked at once, however the chains run together.
    """
    useless: set[int] = set()
    for first in range(min(len(behind), SEARCHED_OCTETS)):
        position, passed = first, []
        while position not in useless and position + TLV_HEAD.size <= len(behind):
            tag, length = TLV_HEAD.unpack_from(behind, position)
            if not _is_tag(tag):
                break
            passed.append(position)
            position += TLV_HEAD.size + length
            if position == len(behind):
                return first
        useless.update(passed)
    return None


def _is_tag(tag: int) -> bool:
    return tag in TLVS or tag in _VENDOR_TAGS


def _is_cut_parameter(rest: bytes) -> bool:
    """Whether octets behind the text look like the beginning of a parameter, and not like more text."""
    if len(rest) < 2:
        return rest[0] < _VENDOR_TAGS.start >> 8
    tag = int.from_bytes(rest[:2], "big")
    return tag in TLVS or (len(rest) > 2 and rest[2] == 0 and _is_tag(tag))


def _text_of_cut(rest: bytes) -> tuple[Tlv, ...]:
    """What there is of a text in message_payload; of an id or a number a part would be another one."""
    is_text = len(rest) > TLV_HEAD.size and int.from_bytes(rest[:2], "big") == Tag.MESSAGE_PAYLOAD
    return (Tlv(Tag.MESSAGE_PAYLOAD, rest[TLV_HEAD.size :]),) if is_text else ()
