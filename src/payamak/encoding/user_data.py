"""The user data of one part: its header and its text, in whatever way a centre hands them over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from payamak.encoding import gsm7, national
from payamak.encoding.alphabets import Alphabet, AnyAlphabet, National
from payamak.encoding.odd import Odd
from payamak.encoding.udh import Header, Place, read_header


class Septets(StrEnum):
    """How a centre hands over texts of the GSM 7-bit alphabet: a septet to an octet, or packed as on the air."""

    UNPACKED = "unpacked"
    PACKED_BEHIND_HEADER = "packed_behind_header"
    PACKED = "packed"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserData:
    """What came of it: `octets` of text, septets unpacked, in `alphabet`; what of it was odd."""

    place: Place | None
    alphabet: AnyAlphabet
    octets: bytes
    odd: tuple[Odd, ...] = ()


def read_user_data(
    octets: bytes, alphabet: Alphabet, *, has_header: bool, septets: Septets = Septets.UNPACKED
) -> UserData:
    """Take the user data of a part apart; nothing of it is lost, and a header that is announced need not be there."""
    header = read_header(octets, is_ucs2=alphabet is Alphabet.UCS2) if has_header and octets else Header()
    odd: list[Odd] = [*_oddities_of(header)] if has_header and octets else []
    text = octets[header.octets :]
    read: AnyAlphabet = alphabet
    if alphabet is Alphabet.GSM7:
        if septets is Septets.PACKED or (septets is Septets.PACKED_BEHIND_HEADER and header.octets):
            text = gsm7.unpack(text, behind_octets=header.octets)
        if header.locking or header.single:
            read = National(locking=header.locking, single=header.single)
        odd += _oddities(text, header)
    elif alphabet is Alphabet.COMPRESSED:
        odd.append(Odd.COMPRESSED)
    return UserData(place=header.place, alphabet=read, octets=text, odd=tuple(odd))


def header_oddities(octets: bytes, alphabet: Alphabet) -> tuple[Odd, ...]:
    """What is odd of the header that user data is said to have; nothing where there is no user data."""
    return _oddities_of(read_header(octets, is_ucs2=alphabet is Alphabet.UCS2)) if octets else ()


def _oddities_of(header: Header) -> tuple[Odd, ...]:
    if not header.octets:
        return (Odd.NO_HEADER,)
    return (Odd.HEADER_LENGTH,) if header.is_odd else ()


def _oddities(septets: bytes, header: Header) -> list[Odd]:
    odd = [Odd.NO_SEPTETS] * (not septets.isascii())
    is_single_needed = gsm7.ESCAPE in septets
    if not national.is_readable(header.locking, header.single if is_single_needed else national.DEFAULT):
        odd.append(Odd.NATIONAL_TABLE)
    return odd
