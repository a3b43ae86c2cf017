"""From the octets of a text to the text: every alphabet that an operator or a handset may use. Pure.

Which alphabet it is, data_coding says, and for septets perhaps a user data header too. Nothing that came is refused:
octets that are no proper text in their alphabet are shown as well as can be; what cannot be read for want of a table is
shown as a mark with its octets, never as other letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from payamak.encoding import gsm7, national


class Alphabet(StrEnum):
    """How the octets of a part are read; the value is kept in the store, and for some the name of a codec."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN_1 = "latin-1"
    CYRILLIC = "iso8859_5"
    HEBREW = "iso8859_8"
    JIS = "jis"
    ISO_2022_JP = "iso2022_jp"
    JIS_X_0212 = "jis_x_0212"
    KOREAN = "euc_kr"
    OCTETS = "octets"
    """No text, as far as anybody says: each octet is shown as the character of its number."""
    COMPRESSED = "compressed"
    """3GPP TS 23.042; kept as octets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class National:
    """The GSM 7-bit alphabet with national tables, by their numbers; 0 is the default one."""

    locking: int = 0
    single: int = 0

    @property
    def value(self) -> str:
        """Its name in the store, `gsm7/1/0`."""
        return f"{Alphabet.GSM7.value}/{self.locking}/{self.single}"


AnyAlphabet: TypeAlias = Alphabet | National


def alphabet_named(value: str) -> AnyAlphabet:
    """The alphabet of this name, as the store keeps it. Raises ValueError for none."""
    base, *tables = value.split("/")
    if not tables:
        return Alphabet(base)
    locking, single = map(int, tables)
    return National(locking=locking, single=single)


_SMPP = (
    *(Alphabet.GSM7, Alphabet.LATIN_1, Alphabet.OCTETS, Alphabet.LATIN_1),  # default, IA5, octets, Latin-1
    *(Alphabet.OCTETS, Alphabet.JIS, Alphabet.CYRILLIC, Alphabet.HEBREW),
    *(Alphabet.UCS2, Alphabet.OCTETS, Alphabet.ISO_2022_JP, Alphabet.OCTETS),  # 09 pictograms, 0B reserved
    *(Alphabet.OCTETS, Alphabet.JIS_X_0212, Alphabet.KOREAN, Alphabet.OCTETS),  # 0C, 0F reserved
)
"""data_coding 0x00 to 0x0F, SMPP 3.4 §5.2.19."""

_GENERAL = (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)
"""By bits 3 and 2 of TS 23.038 §4; what is reserved there is to be taken as the default alphabet."""


def alphabet_of(data_coding: int, default: Alphabet = Alphabet.GSM7) -> Alphabet:
    """The alphabet of a text: SMPP 3.4 §5.2.19 up to 0x0F, from there on the groups of TS 23.038 §4.

    `default` is that of data_coding 0, the centre's own. What a flash message says, or what lights a lamp, is a text.
    """
    if data_coding <= 0x0F:
        return _SMPP[data_coding] if data_coding else default
    group = data_coding >> 4
    if group <= 0b0111:  # 00xx general, 01xx to be deleted by itself; bit 5 compressed
        return Alphabet.COMPRESSED if data_coding & 0x20 else _GENERAL[data_coding >> 2 & 3]
    if group == 0b1110:  # a message waits, in UCS-2
        return Alphabet.UCS2
    if group == 0b1111:  # a message class; bit 2: data
        return Alphabet.OCTETS if data_coding & 0x04 else Alphabet.GSM7
    return Alphabet.GSM7  # 1100, 1101: a message waits; 1000 to 1011: reserved


def decode(octets: bytes, alphabet: AnyAlphabet) -> str:
    """The text of octets; what is no proper text is shown as well as can be, for nothing that came is refused."""
    if isinstance(alphabet, National):
        return _national(octets, alphabet)
    if alphabet is Alphabet.GSM7:
        try:
            return gsm7.decode(octets)
        except ValueError:
            return octets.decode("latin-1")  # a centre that sends Latin-1 under data_coding 0
    if alphabet is Alphabet.UCS2:
        return _ucs2(next(_in_one_order([octets])))
    if alphabet is Alphabet.OCTETS:
        return octets.decode("latin-1")
    if alphabet is Alphabet.COMPRESSED:
        return f"[compressed text, not readable: {octets.hex(' ')}]" if octets else ""
    return octets.rstrip(b"\0").decode(_codec(alphabet, octets), "replace")


def decode_pieces(pieces: Iterable[bytes], alphabet: AnyAlphabet) -> str:
    """The text of neighbours, joined before they are read: a character may be cut between two of them.

    A byte order mark holds from its piece on until another one comes, and is no part of the text.
    """
    if alphabet is Alphabet.UCS2:
        return _ucs2(b"".join(_in_one_order(pieces)))
    return decode(b"".join(pieces), alphabet)


def _national(octets: bytes, alphabet: National) -> str:
    try:
        return national.decode(octets, alphabet.locking, alphabet.single)
    except ValueError:
        return f"[no septets, not readable: {octets.hex(' ')}]"


def _codec(alphabet: Alphabet, octets: bytes) -> str:
    """The codec of an alphabet with one; the sets of JIS come under escapes of ISO 2022, or shifted without any."""
    has_escapes = b"\x1b" in octets
    if alphabet is Alphabet.JIS:
        return "iso2022_jp" if has_escapes else "shift_jis"
    if alphabet is Alphabet.JIS_X_0212:
        return "iso2022_jp_1" if has_escapes else "euc_jp"
    return alphabet.value


# ------------------------------------------------------------------------------------------------ UCS-2

_BIG = b"\xfe\xff"
_LITTLE = b"\xff\xfe"
"""U+FEFF in the wrong order; no character, so that a text cannot begin with it."""


def _ucs2(octets: bytes) -> str:
    """The text of big-endian units; NULs at the end, half units among them, are none of it."""
    end = len(octets)
    if end % 2 and octets[-1] == 0:
        end -= 1
    while end % 2 == 0 and end and octets[end - 2 : end] == b"\0\0":
        end -= 2
    return octets[:end].decode("utf-16-be", "replace")


def _in_one_order(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces in big-endian order, without their byte order marks."""
    is_little = False
    for piece in pieces:
        if piece[:2] in (_BIG, _LITTLE):
            is_little = piece[:2] == _LITTLE
            octets = piece[2:]
        else:
            octets = piece
        yield _swapped(octets) if is_little else octets


def _swapped(octets: bytes) -> bytes:
    """The two octets of each unit the other way round; half a unit at the end stays."""
    whole = len(octets) // 2 * 2
    swapped = bytearray(octets)
    swapped[0:whole:2], swapped[1:whole:2] = octets[1:whole:2], octets[0:whole:2]
    return bytes(swapped)
