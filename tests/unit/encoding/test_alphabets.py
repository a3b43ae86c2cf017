"""The alphabet of a data_coding, and the text of octets in it."""

from __future__ import annotations

import pytest

from payamak.encoding.alphabets import Alphabet, alphabet_of, decode


@pytest.mark.parametrize(
    ("data_coding", "alphabet"),
    [
        *((0, Alphabet.GSM7), (1, Alphabet.LATIN_1), (3, Alphabet.LATIN_1), (4, Alphabet.LATIN_1)),
        *((6, Alphabet.CYRILLIC), (7, Alphabet.HEBREW), (8, Alphabet.UCS2), (0x0D, Alphabet.LATIN_1)),
        *((0x10, Alphabet.GSM7), (0x14, Alphabet.LATIN_1), (0x18, Alphabet.UCS2), (0x19, Alphabet.UCS2)),
        *((0xF0, Alphabet.GSM7), (0xF1, Alphabet.GSM7), (0xF5, Alphabet.LATIN_1), (0x40, Alphabet.LATIN_1)),
    ],
)
def test_alphabets(data_coding: int, alphabet: Alphabet) -> None:
    """Every data_coding has an alphabet; flash messages are text too."""
    assert alphabet_of(data_coding) is alphabet


@pytest.mark.parametrize(
    ("octets", "alphabet", "text"),
    [
        (b"\x1b\x65 5", Alphabet.GSM7, "€ 5"),
        (b"caf\xe9", Alphabet.GSM7, "café"),
        ("سلام 😀".encode("utf-16-be"), Alphabet.UCS2, "سلام 😀"),
        (b"\x06", Alphabet.UCS2, "�"),
        (b"caf\xe9", Alphabet.LATIN_1, "café"),
        (b"\xb0", Alphabet.CYRILLIC, "А"),
        (b"\xe0", Alphabet.HEBREW, "א"),
    ],
)
def test_decode(octets: bytes, alphabet: Alphabet, text: str) -> None:
    """Every alphabet is read; what is broken is shown as well as can be."""
    assert decode(octets, alphabet) == text
