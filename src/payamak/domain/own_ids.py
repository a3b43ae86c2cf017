"""A caller's own id of a message: of which kind it is, and what the caller may ask for under it (P6).

The same id and the same body: the same answer. The same id and another body: an error, for the caller believes that
this body was sent. What makes a body is what the caller asks to be done: the recipient, the line, the text. An encoding
and a class change nothing of what is sent, and are no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from itertools import product
from typing import Final

from msgspec import Struct

MARK_OCTETS: Final = 16


class OwnIdKind(StrEnum):
    """Who counts these ids. The same key of two kinds is two ids: a CheckId never meets a reference."""

    CHECK_ID = "check"
    """SOAP's: a whole number of 64 bits, in decimal digits."""

    REFERENCE = "reference"
    """Words of a program that asks through an interface of the house's own."""


OwnKey = tuple[OwnIdKind, str]
"""An own id as its caller names it."""


class OwnId(Struct, frozen=True, kw_only=True):
    """An own id, and the digest of the body that comes under it."""

    kind: OwnIdKind
    key: str
    digest: bytes

    @property
    def name(self) -> OwnKey:
        """The id without what came under it."""
        return self.kind, self.key


def digest_of(account_id: int, own: OwnKey, recipient: str, lines: Iterable[str | None], texts: Iterable[str]) -> bytes:
    """The body that comes under an own id: one mark for each way to say the same.

    There are several ways because a site may change between a call and its repetition. `lines` are the line as asked
    (None where none was) and the one that is meant by it, each as its key; `texts` the text as asked and as accepted,
    with its footer or in its template. Under another account or id the same body has other marks: what stays in the
    store when the message has been removed tells nobody which ids had the same recipient.
    """
    ways = product(dict.fromkeys(lines), dict.fromkeys(texts))
    return b"".join(sorted(_mark(account_id, own, recipient, line, text) for line, text in ways))


def _mark(account_id: int, own: OwnKey, recipient: str, line: str | None, text: str) -> bytes:
    # Several of the fields are the caller's words: with their lengths no others can read the same. A CheckId is digits
    # alone, and stands as it did before there were other kinds: what was kept then is to be met again.
    kind, key = own
    name = key if kind is OwnIdKind.CHECK_ID else f"{kind}{len(key)}:{key}"
    body = f"{account_id},{name},{'-' if line is None else line},{len(recipient)}:{recipient},{text}"
    return hashlib.blake2b(body.encode("utf-8", "surrogatepass"), digest_size=MARK_OCTETS).digest()


def has_same_body(kept: bytes | None, met: bytes) -> bool:
    """True if what was kept under an id and what is met under it now are the same in one of the ways to say it.

    None was kept before there were digests: then whatever comes is the same, as it ever was.
    """
    return kept is None or not _marks(kept).isdisjoint(_marks(met))


def _marks(digest: bytes) -> frozenset[bytes]:
    return frozenset(digest[start : start + MARK_OCTETS] for start in range(0, len(digest), MARK_OCTETS))
