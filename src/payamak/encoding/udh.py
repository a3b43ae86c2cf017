"""User data headers of concatenation, written and read: which part of which long text these octets are. Pure.

A header stands before the text of a part (GSM 03.40 §9.2.3.24): its own length in one octet, then elements of
identifier, length and value. Ours has one element; what comes from outside may have any, torn ones included.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CONCATENATED_8: Final = 0x00
"""An element with a reference of 8 bits, §9.2.3.24.1."""
_CONCATENATED_16: Final = 0x08
"""An element with a reference of 16 bits, §9.2.3.24.8."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a part stands in a long message."""

    reference: int
    total: int
    part: int


def make_place(reference: int | None, total: int | None, part: int | None) -> Place | None:
    """The place that these numbers tell; None for a message of one part, and for numbers that make no sense."""
    if reference is None or total is None or part is None or not 2 <= total <= 255 or not 1 <= part <= total:
        return None
    return Place(reference=reference, total=total, part=part)


def write_header_8(reference: int, total: int, part: int) -> bytes:
    """A header of six octets; of the reference its low 8 bits are used."""
    return bytes((5, _CONCATENATED_8, 3, reference & 0xFF, total, part))


def write_header_16(reference: int, total: int, part: int) -> bytes:
    """A header of seven octets; of the reference its low 16 bits are used."""
    return bytes((6, _CONCATENATED_16, 4, reference >> 8 & 0xFF, reference & 0xFF, total, part))


def read_header(octets: bytes) -> tuple[Place | None, bytes]:
    """The place that a user data header tells, and the text's octets behind it (GSM 03.40 §9.2.3.24).

    An element that is cut short, or none of concatenation, tells no place.
    """
    elements, rest = cut_header(octets)
    return next(filter(None, (make_place(*told) for told in concatenations(elements))), None), rest


def cut_header(octets: bytes) -> tuple[bytes, bytes]:
    """The elements of the header that `octets` begin with, its length octet removed, and what stands behind it."""
    if not octets:
        return b"", b""
    end = 1 + octets[0]
    return octets[1:end], octets[end:]


def concatenations(elements: bytes) -> Iterator[tuple[int, int, int]]:
    """Each (reference, total, part) that the elements of a header tell, as it is written, sensible or not."""
    position = 0
    while position + 2 <= len(elements):
        identifier, length = elements[position], elements[position + 1]
        value = elements[position + 2 : position + 2 + length]
        if identifier == _CONCATENATED_8 and len(value) == 3:
            yield value[0], value[1], value[2]
        elif identifier == _CONCATENATED_16 and len(value) == 4:
            yield value[0] << 8 | value[1], value[2], value[3]
        position += 2 + length
