"""The GSM 7-bit default alphabet and its extension table (GSM 03.38 §6.2.1 and §6.2.1.1).

Septets are kept unpacked, one to an octet, as SMPP carries them under data_coding 0; `unpack` reads what a centre
hands over as it is on the air.
"""

from typing import Final

ESCAPE: Final = 0x1B
"""Announces a character of the extension table; never the second septet of a pair, so that a cut is safe
exactly when the septet before it is not this one."""

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""The 128 characters in the order of their septets; the escape stands at its own place."""

EXTENSION: Final[dict[str, int]] = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""The characters that cost two septets, with the one that follows the escape."""


class NotGsm7(ValueError):
    """A character is not in the alphabet."""


class _Septets(dict[int, str]):
    """A table for `str.translate` that refuses what it does not know, instead of letting it through."""

    def __missing__(self, ordinal: int) -> str:
        raise NotGsm7(f"U+{ordinal:04X} is not in the GSM 7-bit alphabet")


_SEPTETS: Final = _Septets(
    {ord(char): chr(septet) for septet, char in enumerate(BASIC) if septet != ESCAPE}
    | {ord(char): chr(ESCAPE) + chr(septet) for char, septet in EXTENSION.items()}
)
_ALPHABET: Final = frozenset(map(chr, _SEPTETS))
# GSM 03.38: an escape with nothing in the table behind it is shown as a blank, or as the basic character.
_BASIC_SHOWN: Final = BASIC.replace("\x1b", " ")
_EXTENSION_SHOWN: Final = {septet: char for char, septet in EXTENSION.items()}


def can_encode(text: str) -> bool:
    """Say whether every character of `text` is in the alphabet or its extension."""
    return _ALPHABET.issuperset(text)


def encode(text: str) -> bytes:
    """Return the septets of `text`, one to an octet.

    Raises NotGsm7 at the first character outside the alphabet.
    """
    return text.translate(_SEPTETS).encode("ascii")


def decode(septets: bytes) -> str:
    """Return the text of unpacked septets.

    An escape before a septet that the extension table lacks shows the basic character of that septet; one
    before another escape, or at the end, shows a blank (GSM 03.38 §6.2.1.1). Raises ValueError on an octet
    above 0x7F.
    """
    if not septets.isascii():
        raise ValueError("an octet above 0x7F is no unpacked septet")
    head, *escaped = septets.decode("ascii").split("\x1b")
    shown = [head.translate(_BASIC_SHOWN)]
    for run in escaped:
        if not run:
            shown.append(" ")
            continue
        first = ord(run[0])
        shown += (_EXTENSION_SHOWN.get(first, _BASIC_SHOWN[first]), run[1:].translate(_BASIC_SHOWN))
    return "".join(shown)


def unpack(octets: bytes, *, behind_octets: int = 0) -> bytes:
    """The septets that are packed into these octets (GSM 03.38 §6.1.2.1.1), one to an octet.

    `behind_octets` of a header stand before them: the text begins at the next whole septet (GSM 03.40 §9.2.3.24). How
    many septets there are nobody says: where the last octet has room for one more of seven zero bits, it is filling.
    """
    filling_bits = -behind_octets * 8 % 7
    bits = max(len(octets) * 8 - filling_bits, 0)
    aligned = (int.from_bytes(octets, "little") >> filling_bits).to_bytes(len(octets), "little")
    septets = bytearray()
    for start in range(0, len(aligned), 7):  # seven octets are eight septets
        run = int.from_bytes(aligned[start : start + 7], "little")
        septets += bytes(run >> 7 * number & 0x7F for number in range(8))
    found = bytes(septets[: bits // 7])
    return found[:-1] if bits % 7 == 0 and found.endswith(b"\0") else found
