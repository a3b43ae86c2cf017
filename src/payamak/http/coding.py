"""Bodies that came compressed: gzip, and no other coding (RFC 9110 §8.4; contract §5). Pure.

What comes out counts against the limit, and no more than one octet beyond it is ever made: a kilobyte of gzip may hold
a megabyte of blanks, and a few more of them a machine's memory.
"""

from __future__ import annotations

import zlib
from typing import Final

_GZIP: Final = frozenset(("gzip", "x-gzip"))
_NONE: Final = frozenset(("", "identity"))
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_MOST_MEMBERS: Final = 100
"""A body may be several gzip files in a row (RFC 1952 §2.2); nobody sends so many."""


class BadCoding(Exception):
    """Another coding, or octets that are not what it says."""


class TooLarge(Exception):
    """More comes out than is taken."""


def uncoded(body: bytes, coding: str, most_octets: int) -> bytes:
    """The body as it was before the coding of its Content-Encoding. Raises BadCoding and TooLarge."""
    name = coding.strip().lower()
    if name in _NONE or not body:
        return body
    if name not in _GZIP:
        raise BadCoding
    whole = bytearray()
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            whole += member.decompress(body, most_octets + 1 - len(whole))
        except zlib.error:
            raise BadCoding from None
        if len(whole) > most_octets:
            raise TooLarge
        if not member.eof:
            break
        body = member.unused_data
        if not body:
            return bytes(whole)
    raise BadCoding
