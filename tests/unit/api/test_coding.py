"""Bodies in gzip."""

import gzip
import zlib

import pytest

from payamak.api.coding import BadCoding, TooLarge, uncoded

BODY = "message=سلام".encode() * 10


@pytest.mark.parametrize(
    ("octets", "coding"),
    [
        (BODY, ""),
        (BODY, "identity"),
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), " GZip "),
        (gzip.compress(BODY), "x-gzip"),
        (gzip.compress(BODY[:30]) + gzip.compress(BODY[30:]), "gzip"),
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
        (gzip.compress(gzip.compress(BODY)), "gzip, gzip"),
        (BODY, "gzip"),
        (gzip.compress(BODY)[:-1], "gzip"),
        (gzip.compress(BODY)[:-8] + b"\0" * 8, "gzip"),
        (gzip.compress(BODY) + b"more", "gzip"),
        (gzip.compress(b"") * 101, "gzip"),
    ],
)
def test_not_read(octets: bytes, coding: str) -> None:
    """Another coding, two of them, a body cut short, with a wrong sum or with something behind it is refused."""
    with pytest.raises(BadCoding):
        uncoded(octets, coding, 1 << 20)


def test_a_bomb_is_put_out() -> None:
    """What comes out is counted, and no more than the limit is made of it, also over several members."""
    assert uncoded(gzip.compress(BODY), "gzip", len(BODY)) == BODY
    for bomb in (gzip.compress(b"\0" * (256 << 20), 1), gzip.compress(b"\0" * 600_000) * 2):
        with pytest.raises(TooLarge):
            uncoded(bomb, "gzip", 1 << 20)
