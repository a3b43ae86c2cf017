"""The user data of a part: its header, its alphabet, septets in either form, and what of it is odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.encoding import gsm7
from payamak.encoding.alphabets import Alphabet, National, decode
from payamak.encoding.odd import Odd
from payamak.encoding.user_data import Septets, read_user_data

HEADER = b"\x05\x00\x03\x2a\x02\x01"


def packed(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets as they are on the air, behind so many bits of filling (GSM 03.38 §6.1.2.1.1)."""
    bits = sum(septet << 7 * number for number, septet in enumerate(septets)) << fill_bits
    return bits.to_bytes((len(septets) * 7 + fill_bits + 7) // 8, "little")


def test_the_standards_example() -> None:
    """`hellohello` packed, as every description of the alphabet has it."""
    assert packed(b"hellohello").hex() == "e8329bfd4697d9ec37"
    assert gsm7.unpack(bytes.fromhex("e8329bfd4697d9ec37")) == b"hellohello"


@given(septets=st.binary(max_size=160).map(lambda octets: bytes(o & 0x7F for o in octets)), header=st.integers(0, 12))
def test_unpack(septets: bytes, header: int) -> None:
    """What is packed comes out as it was, behind headers of any length; only an @ may be taken for filling."""
    found = gsm7.unpack(packed(septets, -header * 8 % 7), behind_octets=header)
    assert found == septets or found == septets.removesuffix(b"\0")


@pytest.mark.parametrize(
    ("septets", "header", "octets", "text"),
    [
        (Septets.UNPACKED, True, HEADER + b"hello", "hello"),
        (Septets.UNPACKED, False, b"hello", "hello"),
        (Septets.PACKED_BEHIND_HEADER, True, HEADER + packed(b"hello", 1), "hello"),
        (Septets.PACKED_BEHIND_HEADER, True, b"hello there", "hello there"),
        (Septets.PACKED_BEHIND_HEADER, False, b"hello", "hello"),
        (Septets.PACKED, True, b"\x03\x24\x01\x01" + packed(b"\x1bS\x1bg", 3), "Şğ"),
        (Septets.PACKED, False, packed(b"hello"), "hello"),
    ],
)
def test_septets(septets: Septets, header: bool, octets: bytes, text: str) -> None:
    """As the link says: unpacked, packed behind a header that is there, or always packed."""
    data = read_user_data(octets, Alphabet.GSM7, has_header=header, septets=septets)
    assert decode(data.octets, data.alphabet) == text


def test_only_septets_are_unpacked() -> None:
    """UCS-2 and data stay as they are, whatever the link says of septets, and national tables are not theirs."""
    octets = b"\x03\x24\x01\x01" + "سلام".encode("utf-16-be")
    data = read_user_data(octets, Alphabet.UCS2, has_header=True, septets=Septets.PACKED)
    assert (data.alphabet, decode(data.octets, data.alphabet)) == (Alphabet.UCS2, "سلام")


@pytest.mark.parametrize(
    ("octets", "alphabet", "header", "odd"),
    [
        (b"hello", Alphabet.GSM7, False, ()),
        (HEADER + b"hello", Alphabet.GSM7, True, ()),
        (b"", Alphabet.GSM7, True, ()),
        (b"hello", Alphabet.GSM7, True, (Odd.NO_HEADER,)),
        (b"\x06" + HEADER[1:] + b"hello", Alphabet.GSM7, True, (Odd.HEADER_LENGTH,)),
        (b"\xe9", Alphabet.GSM7, False, (Odd.NO_SEPTETS,)),
        (b"\x03\x25\x01\x06ab", Alphabet.GSM7, True, (Odd.NATIONAL_TABLE,)),
        (b"\x03\x24\x01\x06ab", Alphabet.GSM7, True, ()),
        (b"\x03\x24\x01\x06a\x1bb", Alphabet.GSM7, True, (Odd.NATIONAL_TABLE,)),
        (b"ab", Alphabet.COMPRESSED, False, (Odd.COMPRESSED,)),
    ],
)
def test_odd(octets: bytes, alphabet: Alphabet, header: bool, odd: tuple[Odd, ...]) -> None:
    """What is not as it ought to be is told; a national table that nothing needs is not."""
    assert read_user_data(octets, alphabet, has_header=header).odd == odd


def test_tables_make_the_alphabet() -> None:
    """A header's tables are part of the alphabet that a part is kept with."""
    data = read_user_data(b"\x03\x25\x01\x01a\x07b", Alphabet.GSM7, has_header=True)
    assert (data.alphabet, data.octets) == (National(locking=1), b"a\x07b")
