"""UCS-2 units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.encoding import ucs2


@pytest.mark.parametrize(
    ("text", "octets"),
    [("", b""), ("ی‌ک", b"\x06\xcc\x20\x0c\x06\xa9"), ("A", b"\x00A"), ("😀", b"\xd8\x3d\xde\x00")],
)
def test_units_are_big_endian(text: str, octets: bytes) -> None:
    """Persian letters and the zero-width non-joiner stay as written; a character beyond U+FFFF is a pair."""
    assert ucs2.encode(text) == octets
    assert ucs2.decode(octets) == text


@pytest.mark.parametrize("text", ["\ud83d", "a\ude00", "\ude00\ud83d"])
def test_half_a_pair_is_refused(text: str) -> None:
    """A lone surrogate is no text."""
    with pytest.raises(ucs2.LoneSurrogate, match="U\\+D"):
        ucs2.encode(text)


@pytest.mark.parametrize("octets", [b"\xd8\x3d", b"\xde\x00\x00A", b"\xd8\x3d\x00A"])
def test_octets_with_half_a_pair_are_refused(octets: bytes) -> None:
    """Units that break a pair are no text."""
    with pytest.raises(ucs2.LoneSurrogate):
        ucs2.decode(octets)


def test_half_a_unit_is_refused() -> None:
    """An odd number of octets is no text."""
    with pytest.raises(ValueError, match="whole number of units"):
        ucs2.decode(b"\x00A\x00")


@given(st.text())
def test_what_is_encoded_comes_back(text: str) -> None:
    """Decoding gives back every text."""
    assert ucs2.decode(ucs2.encode(text)) == text
