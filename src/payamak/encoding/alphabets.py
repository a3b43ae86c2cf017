"""From the octets of a text to the text: every alphabet that an operator or a handset may use. Pure.

Which alphabet it is, data_coding says. Nothing that came is refused: octets that are no proper text in their
alphabet are shown as well as can be.
"""

from __future__ import annotations

from enum import StrEnum

from payamak.encoding import gsm7


class Alphabet(StrEnum):
    """How the octets of a part are read; but for the first two, the name of a codec with one octet a character."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN_1 = "latin-1"
    CYRILLIC = "iso8859_5"
    HEBREW = "iso8859_8"


_ALPHABETS = {0x00: Alphabet.GSM7, 0x06: Alphabet.CYRILLIC, 0x07: Alphabet.HEBREW, 0x08: Alphabet.UCS2}
"""By data_coding. What is not here is read as Latin-1, octets that are no text included."""


def alphabet_of(data_coding: int) -> Alphabet:
    """The alphabet of a text: SMPP 3.4 §5.2.19, and the groups of GSM 03.38 §4 that have an alphabet of their own.

    0x10 to 0x1F: a message class (flash) beside the alphabet in bits 3 and 2; 0xF0 to 0xFF: only bit 2.
    """
    if 0x10 <= data_coding <= 0x1F:
        return {0: Alphabet.GSM7, 2: Alphabet.UCS2}.get(data_coding >> 2 & 3, Alphabet.LATIN_1)
    if data_coding >= 0xF0 and not data_coding & 0x04:
        return Alphabet.GSM7
    return _ALPHABETS.get(data_coding, Alphabet.LATIN_1)


def decode(octets: bytes, alphabet: Alphabet) -> str:
    """The text of octets; what is no proper text is shown as well as can be, for nothing that came is refused."""
    if alphabet is Alphabet.GSM7:
        try:
            return gsm7.decode(octets)
        except ValueError:
            return octets.decode("latin-1")  # a centre that sends Latin-1 under data_coding 0
    if alphabet is Alphabet.UCS2:
        return octets.decode("utf-16-be", "replace")
    return octets.decode(alphabet.value, "replace")
