"""Bodies in gzip."""

import gzip
import zlib

import pytest

from payamak.http.coding import BadCoding, TooLarge, uncoded

BODY = "message=سلام".encode() * 10


@pytest.mark.parametrize(
    ("octets", "coding"),
    [
        (BODY, ""),
        (BODY, "identity"),
        (gzip.compress(BODY, mtime=0), "gzip"),
        (gzip.compress(BODY, mtime=0), " GZip "),
        (gzip.compress(BODY, mtime=0), "x-gzip"),
        (gzip.compress(BODY[:30], mtime=0) + gzip.compress(BODY[30:], mtime=0), "gzip"),
    ],
)
def test_read(octets: bytes, coding: str) -> None:
    """gzip is read, in any letter case and in several members, and so is a body without a coding."""
    assert uncoded(octets, coding, len(BODY)) == BODY
    assert uncoded(b"", coding, 0) == b"", "a GET may carry the header"


@pytest.mark.parametrize(
    ("octets", "coding"),
    [
        (zlib.compress(BODY), "deflate"),
        (BODY, "br"),
        (gzip.compress(gzip.compress(BODY, mtime=0), mtime=0), "gzip, gzip"),
        (BODY, "gzip"),
        (gzip.compress(BODY, mtime=0)[:-1], "gzip"),
        (gzip.compress(BODY, mtime=0)[:-8] + b"\0" * 8, "gzip"),
        (gzip.compress(BODY, mtime=0) + b"more", "gzip"),
        (gzip.compress(b"", mtime=0) * 101, "gzip"),
    ],
)
def test_not_read(octets: bytes, coding: str) -> None:
    """Another coding, two of them, a body cut short, with a wrong sum or with something behind it is refused."""
    with pytest.raises(BadCoding):
        uncoded(octets, coding, 1 << 20)


def test_a_bomb_is_put_out() -> None:
    """What comes out is counted, and no more than the limit is made of it, also over several members."""
    assert uncoded(gzip.compress(BODY, mtime=0), "gzip", len(BODY)) == BODY
    for bomb in (gzip.compress(b"\0" * (256 << 20), 1, mtime=0), gzip.compress(b"\0" * 600_000, mtime=0) * 2):
        with pytest.raises(TooLarge):
            uncoded(bomb, "gzip", 1 << 20)
