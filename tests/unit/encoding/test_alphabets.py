"""The alphabet of a data_coding, and the text of octets in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from payamak.encoding.alphabets import (
    Alphabet,
    AnyAlphabet,
    National,
    alphabet_named,
    alphabet_of,
    decode,
    decode_pieces,
)

ROWS = [
    line.split(" ", 2)
    for line in (Path(__file__).parents[2] / "golden" / "alphabets" / "data_coding.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("data_coding", "alphabet", "text"), ROWS)
def test_data_coding(data_coding: str, alphabet: str, text: str) -> None:
    """Each of the 256 values has its alphabet, by SMPP §5.2.19 and TS 23.038 §4, and four octets their text in it."""
    found = alphabet_of(int(data_coding, 16))
    assert found.value == alphabet
    assert decode(b"a\0b\0", found) == text.replace("\\0", "\0")


def test_every_value_has_its_row() -> None:
    """The file leaves none out and has none twice."""
    assert [int(row[0], 16) for row in ROWS] == list(range(256))


def test_a_centres_own_default() -> None:
    """What data_coding 0 is may be said; nothing else changes with it."""
    assert alphabet_of(0, Alphabet.LATIN_1) is Alphabet.LATIN_1
    assert all(alphabet_of(value, Alphabet.LATIN_1) is alphabet_of(value) for value in range(1, 256))


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
        (b"caf\xe9\0", Alphabet.LATIN_1, "café"),
        (b"\xfe\xff\x06\x44\x06\x3a\x06\x48", Alphabet.UCS2, "لغو"),
        (b"\xff\xfe\x44\x06\x3a\x06\x48\x06", Alphabet.UCS2, "لغو"),
        (b"\xff\xfe\x44\x06\x06", Alphabet.UCS2, "ل�"),
        (b"\x06\x44\0\0", Alphabet.UCS2, "ل"),
        (b"\x06\x44\0", Alphabet.UCS2, "ل"),
        (b"\x06\x44\x01\0", Alphabet.UCS2, "لĀ"),
        (b"\0\0", Alphabet.UCS2, ""),
        ("漢字".encode("shift_jis"), Alphabet.JIS, "漢字"),
        ("漢字".encode("iso2022_jp"), Alphabet.JIS, "漢字"),
        ("漢字".encode("iso2022_jp"), Alphabet.ISO_2022_JP, "漢字"),
        ("漢字".encode("euc_jp"), Alphabet.JIS_X_0212, "漢字"),
        ("한글".encode("euc_kr"), Alphabet.KOREAN, "한글"),
        (b"\x01\0", Alphabet.OCTETS, "\x01\0"),
        (b"", Alphabet.COMPRESSED, ""),
    ],
)
def test_decode(octets: bytes, alphabet: Alphabet, text: str) -> None:
    """Every alphabet is read, in either order of its octets; what is broken is shown as well as can be."""
    assert decode(octets, alphabet) == text


def test_the_order_of_octets_holds_for_the_parts_that_follow() -> None:
    """A mark at the beginning of a text that was cut says it of every part; one in the middle is no character."""
    little = "سلام 😀".encode("utf-16")
    assert decode_pieces([little[:6], little[6:]], Alphabet.UCS2) == "سلام 😀"
    big = b"\xfe\xff" + "سل".encode("utf-16-be")
    assert decode_pieces([big, big], Alphabet.UCS2) == "سلسل"


@pytest.mark.parametrize("alphabet", [*Alphabet, National(), National(locking=1), National(locking=13, single=2)])
def test_the_name_in_the_store(alphabet: AnyAlphabet) -> None:
    """What the store keeps of an alphabet gives it back."""
    assert alphabet_named(alphabet.value) == alphabet


@pytest.mark.parametrize("value", ["", "koi8", "gsm7/1", "gsm7/x/0"])
def test_no_name(value: str) -> None:
    """Another word is none."""
    with pytest.raises(ValueError):
        alphabet_named(value)
