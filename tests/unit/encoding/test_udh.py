"""Headers that tell where a part stands and in which tables, those that tell nothing, and those that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.encoding.udh import Header, Place, cut_header, make_place, read_header


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
        (b"\x05\x70\x03\x2a\x02\x00x", None, b"x"),
        (b"\x05\x00\x03\x2a\x02\x01", Place(reference=0x2A, total=2, part=1), b""),
        (b"\x00x", None, b"x"),
    ],
    ids=["8", "16", "after ports", "ports", "alone", "beyond", "part 0", "unknown", "no text", "empty"],
)
def test_header(octets: bytes, place: Place | None, rest: bytes) -> None:
    """A header that its elements fill tells the place if it makes sense, and is never part of the text."""
    header = read_header(octets)
    assert (header.place, octets[header.octets :], header.is_odd) == (place, rest, False)
    assert cut_header(octets) == (octets[1 : header.octets], rest)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x05",
        b"\x05\x00\x03\x2a",
        b"\x02\x00\x03abc",
        b"\x05\x00\x03\x2a\x02",
        b"Hello, is the price still 5000?",
        b"id:1001 sub:001 dlvrd:001 stat:DELIVRD err:000 text:",
        b"\x02\x41\x00text",
        b"\x03\x24\x02\x01x",
        b"\x06\x00\x03\x2a\x02\x03x",
    ],
    ids=["nothing", "too long", "cut", "cut value", "cut later", "text", "receipt", "empty element", "length", "place"],
)
def test_no_header(octets: bytes) -> None:
    """What no elements fill, and no well-known element begins, is text, all of it."""
    assert read_header(octets) == Header()
    assert cut_header(octets) == (b"", octets)


@pytest.mark.parametrize(
    ("octets", "rest"),
    [
        (b"\x06\x00\x03\x2a\x02\x01text", b"text"),
        (b"\x46\x00\x03\x2a\x02\x01text", b"text"),
        (b"\x03\x00\x03\x2a\x02\x01text", b"text"),
        (b"\x04\x24\x01\x01text", b"text"),
        (b"\x0b\x00\x03\x2a\x02\x01text of its own", b"text of its own"),
    ],
    ids=["one too many", "beyond the end", "too few", "a table", "far too many"],
)
def test_a_length_that_lies(octets: bytes, rest: bytes) -> None:
    """A header whose length is wrong ends where its well-known elements end."""
    header = read_header(octets)
    assert (octets[header.octets :], header.is_odd) == (rest, True)
    assert header.place == Place(reference=0x2A, total=2, part=1) or header.single == 1


@pytest.mark.parametrize("length", [5, 6])
def test_whole_units(length: int) -> None:
    """Of UCS-2 the reading counts that leaves whole units: a filling octet is none of the text."""
    text = "سلام".encode("utf-16-be")
    filling = b"\x00" * (length - 5)
    octets = bytes((length,)) + b"\x00\x03\x2a\x02\x01" + filling + text
    assert octets[read_header(octets, is_ucs2=True).octets :] == text


@pytest.mark.parametrize("text", ["سلام", "Hello", "د A", "11", "لغو", ""])
def test_ucs2_without_a_header(text: str) -> None:
    """A text in UCS-2 that is said to have a header stays whole, whatever its octets are like."""
    octets = text.encode("utf-16-be")
    rest = octets[read_header(octets, is_ucs2=True).octets :]
    assert rest.decode("utf-16-be") == text


def test_tables() -> None:
    """The elements of the national tables, beside a place."""
    header = read_header(b"\x0b\x24\x01\x01\x25\x01\x03\x00\x03\x2a\x02\x01x")
    assert (header.single, header.locking) == (1, 3)
    assert header.place == Place(reference=0x2A, total=2, part=1)


@given(octets=st.binary(max_size=160), is_ucs2=st.booleans())
def test_nothing_is_thrown_away(octets: bytes, is_ucs2: bool) -> None:
    """Whatever comes: a header is within it, and what is not header is text."""
    header = read_header(octets, is_ucs2=is_ucs2)
    elements, rest = cut_header(octets, is_ucs2=is_ucs2)
    assert octets[: header.octets] + rest == octets
    assert (octets[:1] if header.octets else b"") + elements + rest == octets


@pytest.mark.parametrize("place", [(None, 2, 1), (1, None, 1), (1, 2, None), (1, 1, 1), (1, 2, 3)])
def test_no_place(place: tuple[int | None, int | None, int | None]) -> None:
    """Parameters that are missing or make no sense tell no place."""
    assert make_place(*place) is None
