"""User data headers, written and read: which part of which long text these octets are, and in which tables. Pure.

A header stands before the text of a part (GSM 03.40 §9.2.3.24): its own length in one octet, then elements of
identifier, length and value. Ours has one element; what comes from outside may have any, torn ones included, or be
announced by a bit and not be there at all. So a header is believed as far as its own content bears it out
(`cut_header`), and what is no header is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_CONCATENATED_8: Final = 0x00
"""An element with a reference of 8 bits, §9.2.3.24.1."""
_CONCATENATED_16: Final = 0x08
"""An element with a reference of 16 bits, §9.2.3.24.8."""
_SINGLE_SHIFT: Final = 0x24
_LOCKING_SHIFT: Final = 0x25
"""Elements with the number of a national table, 3GPP TS 23.040 §9.2.3.24.15 and §9.2.3.24.16."""

_KNOWN: Final = {
    _CONCATENATED_8: 3,
    0x01: 2,  # special message indication
    0x04: 2,  # ports of 8 bits
    0x05: 4,  # ports of 16 bits
    0x06: 1,  # control by the centre
    0x07: 1,  # whose header it is
    _CONCATENATED_16: 4,
    _SINGLE_SHIFT: 1,
    _LOCKING_SHIFT: 1,
}
"""Elements whose length is fixed, with it: what tells a header from a text where its length does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """What a user data header tells; `octets` is what it takes of the user data, its length octet included.

    0 octets: there is none. The tables are 0 where none is named.
    """

    octets: int = 0
    place: Place | None = None
    locking: int = 0
    single: int = 0
    is_odd: bool = False
    """It ends elsewhere than its length says."""


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


def read_header(octets: bytes, *, is_ucs2: bool = False) -> Header:
    """What the header tells that `octets` begin with; the text stands behind it (GSM 03.40 §9.2.3.24)."""
    end = _end_of_header(octets, is_ucs2=is_ucs2)
    elements = octets[1:end]
    tables = {identifier: value[0] for identifier, value in _elements(elements) if len(value) == 1}
    return Header(
        octets=end,
        place=next(filter(None, (make_place(*told) for told in concatenations(elements))), None),
        locking=tables.get(_LOCKING_SHIFT, 0),
        single=tables.get(_SINGLE_SHIFT, 0),
        is_odd=bool(end) and end != 1 + octets[0],
    )


def cut_header(octets: bytes, *, is_ucs2: bool = False) -> tuple[bytes, bytes]:
    """The elements of the header that `octets` begin with, its length octet removed, and what stands behind it.

    No elements, and all octets, where there is none.
    """
    end = _end_of_header(octets, is_ucs2=is_ucs2)
    return octets[1:end], octets[end:]


def _end_of_header(octets: bytes, *, is_ucs2: bool) -> int:
    """Where the header ends, 0 if there is none.

    First its length counts, if elements fill that exactly; then the end of well-known elements, from the first on;
    then the length again, if there is one such element. Of UCS-2 the first reading counts that leaves whole units.
    """
    if not octets:
        return 0
    said, borne_out = 1 + octets[0], _end_of_known(octets)
    readings = []
    if said <= len(octets) and _fill(octets[1:said]):
        readings.append(said)
    if borne_out > 1:
        readings.append(borne_out)
        readings += [said] * (said <= len(octets))
    readings.append(0)
    whole = (end for end in readings if (len(octets) - end) % 2 == 0)
    return next(whole, readings[0]) if is_ucs2 else readings[0]


def _fill(elements: bytes) -> bool:
    """Whether these octets are whole elements, one behind the other, and nothing else; an empty one is none."""
    position = 0
    while position + 2 <= len(elements):
        identifier, length = elements[position], elements[position + 1]
        if not length or _KNOWN.get(identifier, length) != length:
            return False
        position += 2 + length
    return position == len(elements)


def _end_of_known(octets: bytes) -> int:
    """Where the well-known elements end that begin behind the length octet, and before the end that it says."""
    position, said = 1, 1 + octets[0]
    while position < said and position + 2 <= len(octets):
        identifier, length = octets[position], octets[position + 1]
        end = position + 2 + length
        if _KNOWN.get(identifier) != length or end > len(octets):
            break
        if any(not 1 <= part <= total for _, total, part in concatenations(octets[position:end])):
            break
        position = end
    return position


def _elements(elements: bytes) -> Iterator[tuple[int, bytes]]:
    """Each element's identifier and value, as far as they are whole."""
    position = 0
    while position + 2 <= len(elements):
        identifier, length = elements[position], elements[position + 1]
        value = elements[position + 2 : position + 2 + length]
        if len(value) == length:
            yield identifier, value
        position += 2 + length


def concatenations(elements: bytes) -> Iterator[tuple[int, int, int]]:
    """Each (reference, total, part) that the elements of a header tell, as it is written, sensible or not."""
    for identifier, value in _elements(elements):
        if identifier == _CONCATENATED_8 and len(value) == 3:
            yield value[0], value[1], value[2]
        elif identifier == _CONCATENATED_16 and len(value) == 4:
            yield value[0] << 8 | value[1], value[2], value[3]
