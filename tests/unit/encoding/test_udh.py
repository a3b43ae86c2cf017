"""Headers that tell where a part stands, and those that tell nothing."""

from __future__ import annotations

import pytest

from payamak.encoding.udh import Place, make_place, read_header


@pytest.mark.parametrize(
    ("octets", "place", "rest"),
    [
        (b"\x05\x00\x03\x2a\x03\x02text", Place(reference=0x2A, total=3, part=2), b"text"),
        (b"\x06\x08\x04\x01\x2a\x03\x02text", Place(reference=0x12A, total=3, part=2), b"text"),
        (b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x2a\x02\x01x", Place(reference=0x2A, total=2, part=1), b"x"),
        (b"\x06\x05\x04\x0b\x84\x23\xf0x", None, b"x"),
        (b"\x05\x00\x03\x2a\x01\x01x", None, b"x"),
        (b"\x05\x00\x03\x2a\x02\x03x", None, b"x"),
        (b"\x05\x00\x03\x2a\x02\x00x", None, b"x"),
        (b"\x05\x00\x03\x2a", None, b""),
        (b"\x00x", None, b"x"),
        (b"", None, b""),
    ],
    ids=["8 bits", "16 bits", "after ports", "ports", "alone", "beyond", "part 0", "cut", "empty header", "nothing"],
)
def test_header(octets: bytes, place: Place | None, rest: bytes) -> None:
    """The header tells the place if it makes sense, and is never part of the text."""
    assert read_header(octets) == (place, rest)


@pytest.mark.parametrize("place", [(None, 2, 1), (1, None, 1), (1, 2, None), (1, 1, 1), (1, 2, 3)])
def test_no_place(place: tuple[int | None, int | None, int | None]) -> None:
    """Parameters that are missing or make no sense tell no place."""
    assert make_place(*place) is None
