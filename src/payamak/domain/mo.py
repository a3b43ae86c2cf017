"""Messages from handsets (MO): their parts joined, their words understood, and when to post them again.

A part comes with its octets, so that a character which a handset cut in two between parts is whole again when they
are joined. All parts of a message share upstream, line, sender, reference and number of parts.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby

from msgspec import Struct

from payamak.domain.marks import LETTERS, NO_FILLERS
from payamak.domain.numbers import latin_digits
from payamak.domain.pauses import RELAYS
from payamak.domain.posting import PostState, Tried, next_post
from payamak.encoding.alphabets import AnyAlphabet, decode_pieces

LONGEST_OCTETS = 255 * 255
"""Of a whole message: no handset sends more than 255 parts, and none of these has more octets (SMPP 3.4 §5.2.21)."""

LONGEST_WORD = 1_000
"""Characters within which a message is one of the words, or begins with one; that is far above the longest word. To
fold costs more than in proportion: Unicode sorts the marks of a letter, however many somebody writes."""

REPEAT_MS = 600_000
"""How long a part that comes again may be a repetition: operators repeat within minutes, after their response timer or
when the link is back. Taste."""


class MoPart(Struct, frozen=True, kw_only=True):
    """One part as an upstream hands it over, its user data header already read and removed.

    `line` and `sender` are digits as far as they could be read. `reference` is None for a message of one part.
    """

    upstream: str
    link: str
    line: str
    sender: str
    alphabet: AnyAlphabet
    octets: bytes
    reference: int | None = None
    total: int = 1
    part: int = 1

    def __repr__(self) -> str:
        return f"MoPart(link={self.link!r}, line={self.line!r}, part={self.part}/{self.total})"

    @property
    def digest(self) -> bytes:
        """Equal for a part and its repetition, whichever link of the upstream brings it; 16 octets."""
        place = (self.upstream, self.line, self.sender, self.reference, self.total, self.part, self.alphabet.value)
        return hashlib.blake2b(repr(place).encode() + self.octets, digest_size=16).digest()


class Received(Struct, frozen=True, kw_only=True):
    """A message from a handset, as the store keeps it.

    `keyword` is the web request that it matched. `target` names the queue of its posts; `next_at` is there only while
    it is the first of its sender in it. `note` says in English what came of the last post; `reply_id` is our message
    that carries the answer of a web request.
    """

    id: int
    upstream: str
    link: str
    line: str
    sender: str
    text: str
    received_at: int
    is_complete: bool
    read_at: int | None
    relay: PostState
    keyword: str
    target: str
    tries: int
    waiting_since: int
    next_at: int | None
    note: str
    reply_id: int | None

    is_foreign: bool = False
    """Its link did not count for its line (Site.counts): it is shown, and neither read nor relayed."""

    def __repr__(self) -> str:
        return f"Received(id={self.id}, line={self.line!r}, relay={self.relay.value!r})"


class KeptAs(StrEnum):
    """What the store did with a part."""

    WHOLE = "whole"
    FOREIGN = "foreign"
    """Whole, from a link that does not count for the line."""

    PART = "part"
    REPEATED = "repeated"
    TOO_MANY = "too_many"
    """Not kept: as many parts of the link as may be wait for others already."""

    TOO_LONG = "too_long"
    """Not kept: its message would be longer than any can be."""

    DOUBTFUL = "doubtful"
    """Not kept: another bind that seems to be up has brought the same, and may be breaking at this moment."""


# ----------------------------------------------------------------------------------------------- parts


def join(parts: Iterable[tuple[int, AnyAlphabet, bytes]]) -> str:
    """The text of (number, alphabet, octets), in any order, with or without gaps."""
    ordered = sorted(parts, key=lambda part: part[0])
    # Neighbours of one alphabet are joined before they are read: a surrogate or escape pair may be cut between them.
    runs = groupby(enumerate(ordered), key=lambda item: (item[1][0] - item[0], item[1][1]))
    return "".join(decode_pieces((part[2] for _, part in run), alphabet) for (_, alphabet), run in runs)


# ----------------------------------------------------------------------------------------------- words

_LETTERS = {**LETTERS, 0x0640: None}
_AROUND = " .,:;!?،؛؟…\"'«»“”()[]*#"
_UNSEEN = {"Cf": "", "Cc": " ", "Mn": "", "Me": ""}
"""What a reader does not see, by its category of Unicode: joiners and marks of direction, vowel signs; a control
character, NUL among them, is a blank."""


def fold(text: str) -> str:
    """A text as it is compared: Latin digits, one case, Persian ی and ک, no joiners, marks or punctuation around."""
    text = unicodedata.normalize("NFKC", _seen(text)).casefold()
    # One case may be two characters: İ is i and a dot above it, a mark like any other.
    text = _seen(unicodedata.normalize("NFKC", _seen(text)).translate(_LETTERS))
    return " ".join(latin_digits(text).split()).strip(_AROUND)


def _seen(text: str) -> str:
    return "".join(_UNSEEN.get(unicodedata.category(char), char) for char in text.translate(NO_FILLERS))


def is_one_of(text: str, words: Iterable[str]) -> bool:
    """Whether a whole message is one of the words, blanks within it and signs around it not counted.

    An opt-out is law, so whatever else is no letter and no digit at either end does not count either: a symbol, or the
    `@` that a NUL is in septets.
    """
    text = text.strip()
    if len(text) > LONGEST_WORD:
        return False
    said = _bare(text)
    return bool(said) and any(said == _bare(word) for word in words)


def _bare(text: str) -> str:
    """A folded text from its first to its last letter or digit, without blanks."""
    folded = fold(text).replace(" ", "")
    seen = [place for place, char in enumerate(folded) if char.isalnum()]
    return folded[seen[0] : seen[-1] + 1] if seen else folded


def keyword_of(text: str, keywords: Iterable[str]) -> str | None:
    """The keyword that the message's first word is, as it is configured."""
    first = fold(text.lstrip()[:LONGEST_WORD]).partition(" ")[0].strip(_AROUND)
    return next((keyword for keyword in keywords if first and fold(keyword) == first), None)


def target_of(line: str, keyword: str) -> str:
    """The name of the queue of posts: one for the relay of a line, one for each of its keywords."""
    return f"{line}/{keyword}" if keyword else line


# ------------------------------------------------------------------------------------------- posting again

READ = 200
"""The HTTP status that means read (contract §6)."""


def after_post(
    received: Received, status: int | None, retry_after_ms: int | None, now: int
) -> tuple[PostState, int | None]:
    """What follows from a post's HTTP status (None: there was none), and when to post again."""
    tried = Tried(
        tries=received.tries + 1,
        waiting_since=received.waiting_since,
        salt=received.id,
        has_arrived=status == READ,
        status=status,
        retry_after_ms=retry_after_ms,
    )
    return next_post(tried, RELAYS, now)
