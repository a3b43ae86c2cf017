"""UCS-2 as the networks speak it: UTF-16 in big-endian units of two octets (GSM 03.38 §6.2.3).

The standard knows no surrogate pairs, handsets do; so a character beyond U+FFFF goes as a pair and costs two
units.
"""

from typing import Final

UNIT_OCTETS: Final = 2


class LoneSurrogate(ValueError):
    """The text, or the octets, hold half of a surrogate pair."""


def encode(text: str) -> bytes:
    """Return the units of `text`, two octets each.

    Raises LoneSurrogate if the text is not proper Unicode.
    """
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise LoneSurrogate(f"U+{ord(text[error.start]):04X} is half of a surrogate pair") from None


def decode(octets: bytes) -> str:
    """Return the text of big-endian units.

    Raises LoneSurrogate if a pair is broken, ValueError if the number of octets is odd.
    """
    if len(octets) % UNIT_OCTETS:
        raise ValueError(f"{len(octets)} octets are no whole number of units")
    try:
        return octets.decode("utf-16-be")
    except UnicodeDecodeError as error:
        raise LoneSurrogate(f"the unit at octet {error.start} is half of a surrogate pair") from None


def ends_within_pair(octets: bytes) -> bool:
    """Say whether the last unit is the high half of a surrogate pair (U+D800 to U+DBFF)."""
    return len(octets) >= UNIT_OCTETS and 0xD8 <= octets[-UNIT_OCTETS] <= 0xDB
