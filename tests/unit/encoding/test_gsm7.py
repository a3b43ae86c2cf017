"""The GSM 7-bit alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.encoding import gsm7

ALPHABET = gsm7.BASIC.replace("\x1b", "") + "".join(gsm7.EXTENSION)


def test_the_alphabet_has_128_places_and_ten_extensions() -> None:
    """Every septet has one character, the escape included, and ten more stand behind the escape."""
    assert len(gsm7.BASIC) == len(set(gsm7.BASIC)) == 128
    assert gsm7.BASIC[gsm7.ESCAPE] == "\x1b"
    assert set(gsm7.EXTENSION) == set("^{}[]~\\|€\f")


@pytest.mark.parametrize(
    ("text", "septets"),
    [
        ("", b""),
        ("@", b"\x00"),
        ("$_", b"\x02\x11"),
        ("Hello 123\n", b"Hello 123\n"),
        ("ÄÖÑÜ§¿äöñüà", b"\x5b\x5c\x5d\x5e\x5f\x60\x7b\x7c\x7d\x7e\x7f"),
        ("ΔΞÉ¤¡", b"\x10\x1a\x1f\x24\x40"),
        ("€", b"\x1b\x65"),
        ("^{}\\[~]|\f", b"\x1b\x14\x1b\x28\x1b\x29\x1b\x2f\x1b\x3c\x1b\x3d\x1b\x3e\x1b\x40\x1b\x0a"),
    ],
)
def test_characters_have_the_septets_of_the_standard(text: str, septets: bytes) -> None:
    """Each character has its septet of GSM 03.38, and those of the extension an escape before it."""
    assert gsm7.encode(text) == septets
    assert gsm7.decode(septets) == text


@pytest.mark.parametrize("char", ["ی", "ê", "`", "\x00", "\t", "\x1b", "ç", "é\u0301", "😀", "\ud800", "“"])
def test_a_character_outside_is_refused(char: str) -> None:
    """What the alphabet lacks is refused with its name, never replaced."""
    assert not gsm7.can_encode(f"a{char}")
    with pytest.raises(gsm7.NotGsm7, match=f"U\\+{ord(char[-1]):04X}"):
        gsm7.encode(f"a{char}")


@pytest.mark.parametrize(
    ("septets", "text"),
    [(b"a\x1b", "a "), (b"\x1b\x1b", "  "), (b"\x1bA", "A"), (b"\x1b\x1b\x65", " €"), (b"\x1b\x00b", "@b")],
)
def test_a_stray_escape_is_shown_as_the_standard_says(septets: bytes, text: str) -> None:
    """An escape with nothing in the table behind it shows a blank or the basic character."""
    assert gsm7.decode(septets) == text


def test_an_octet_above_127_is_no_septet() -> None:
    """Eight-bit data is refused."""
    with pytest.raises(ValueError, match="0x7F"):
        gsm7.decode(b"a\x80")


@given(st.text(ALPHABET))
def test_what_is_encoded_comes_back(text: str) -> None:
    """Decoding gives back every text of the alphabet, and each extension character costs two septets."""
    septets = gsm7.encode(text)
    assert gsm7.decode(septets) == text
    assert len(septets) == len(text) + sum(char in gsm7.EXTENSION for char in text)


@given(st.text())
def test_can_encode_foretells_encode(text: str) -> None:
    """`can_encode` is true exactly for the texts that `encode` takes."""
    if gsm7.can_encode(text):
        gsm7.encode(text)
    else:
        with pytest.raises(gsm7.NotGsm7):
            gsm7.encode(text)


@given(st.binary())
def test_octets_decode_or_are_refused(octets: bytes) -> None:
    """Any septets decode to some text; nothing but ValueError comes of the rest."""
    if octets.isascii():
        gsm7.decode(octets)
    else:
        with pytest.raises(ValueError):
            gsm7.decode(octets)
