"""Octets into whole PDUs, however they are cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smpp.strategies import chunked, pdus

from payamak.smpp.codec import encode
from payamak.smpp.errors import BrokenStream
from payamak.smpp.frames import FrameBuffer
from payamak.smpp.pdu import Pdu


@given(st.lists(pdus(), max_size=5), st.data())
def test_any_chunking(sent: list[object], data: st.DataObject) -> None:
    """Any cutting of the stream gives the same frames."""
    expected = [encode(pdu) for pdu in sent]  # type: ignore[arg-type]  # PDUs, drawn as such
    buffer = FrameBuffer()
    pieces = data.draw(chunked(b"".join(expected)))
    assert expected == [frame for piece in pieces for frame in buffer.feed(piece)]


def test_octet_by_octet() -> None:
    """Not enough yet is no error and gives nothing."""
    octets = struct.pack(">IIII", 20, 4, 0, 1) + b"abcd"
    buffer = FrameBuffer()
    assert [[]] * 19 + [[octets]] == [buffer.feed(octets[at : at + 1]) for at in range(20)]


@pytest.mark.parametrize("length", [0, 15, 101, 0x47455420, 0xFFFFFFFF])
def test_broken_stream(length: int) -> None:
    """A length no PDU can have breaks the stream; what came before it is not lost."""
    good = struct.pack(">IIII", 16, 0x15, 0, 1)
    buffer = FrameBuffer(limit_octets=100)
    with pytest.raises(BrokenStream) as caught:
        buffer.feed(good + struct.pack(">I", length))
    assert (good,) == caught.value.frames


def test_limit() -> None:
    """A PDU of exactly the limit passes."""
    octets = struct.pack(">IIII", 100, 4, 0, 1) + bytes(84)
    assert [octets] == FrameBuffer(limit_octets=100).feed(octets)


@given(st.lists(st.tuples(st.integers(0, 9), pdus()), max_size=5), st.data())
def test_nuls_between(sent: list[tuple[int, Pdu]], data: st.DataObject) -> None:
    """A client passes by octets of nothing between PDUs, however many and however cut; a server does not."""
    expected = [encode(pdu) for _, pdu in sent]
    stream = b"".join(bytes(nuls) + frame for (nuls, _), frame in zip(sent, expected, strict=True))
    buffer = FrameBuffer(skips_nuls=True)
    assert expected == [frame for piece in data.draw(chunked(stream)) for frame in buffer.feed(piece)]
    assert buffer.skipped == sum(nuls for nuls, _ in sent)


@pytest.mark.parametrize("after", [b"\0\0\0\x0f" + b"x" * 16, b"\0\0\0\0\x01" + b"GET / HTTP/1.1"])
def test_nuls_and_then_nothing_known(after: bytes) -> None:
    """What is no PDU behind them breaks the stream as ever."""
    with pytest.raises(BrokenStream):
        FrameBuffer(skips_nuls=True).feed(b"\0\0" + after)


def test_a_flood_of_nuls() -> None:
    """It is no PDU, however long, and what is kept of it is less than a header."""
    buffer = FrameBuffer(skips_nuls=True)
    assert buffer.feed(bytes(100_000)) == []
    assert len(buffer._rest) < 16
