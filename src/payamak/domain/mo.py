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

from payamak.domain.numbers import latin_digits
from payamak.domain.posting import Pauses, Tried, next_post
from payamak.encoding import gsm7

REPEAT_MS = 600_000
"""How long a part that comes again may be a repetition: operators repeat within minutes, after their response timer or
when the link is back. Taste."""


class Alphabet(StrEnum):
    """How the octets of a part are read; but for the first two, the name of a codec with one octet a character."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    LATIN_1 = "latin-1"
    CYRILLIC = "iso8859_5"
    HEBREW = "iso8859_8"


class MoPart(Struct, frozen=True, kw_only=True):
    """One part as an upstream hands it over, its user data header already read and removed.

    `line` and `sender` are digits as far as they could be read. `reference` is None for a message of one part.
    """

    upstream: str
    link: str
    line: str
    sender: str
    alphabet: Alphabet
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


class RelayState(StrEnum):
    """What becomes of a received message on its way to the customer's URL."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


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
    relay: RelayState
    keyword: str
    target: str
    tries: int
    waiting_since: int
    next_at: int | None
    note: str
    reply_id: int | None

    def __repr__(self) -> str:
        return f"Received(id={self.id}, line={self.line!r}, relay={self.relay.value!r})"


class Kept(StrEnum):
    """What the store did with a part."""

    WHOLE = "whole"
    PART = "part"
    REPEATED = "repeated"
    DOUBTFUL = "doubtful"
    """Not kept: another bind that seems to be up has brought the same, and may be breaking at this moment."""


# ----------------------------------------------------------------------------------------------- parts


class Place(Struct, frozen=True, kw_only=True):
    """Where a part stands in a long message."""

    reference: int
    total: int
    part: int


def make_place(reference: int | None, total: int | None, part: int | None) -> Place | None:
    """The place that these numbers tell; None for a message of one part, and for numbers that make no sense."""
    if reference is None or total is None or part is None or total < 2 or not 1 <= part <= total:
        return None
    return Place(reference=reference, total=total, part=part)


def read_header(octets: bytes) -> tuple[Place | None, bytes]:
    """The place that a user data header tells, and the text's octets behind it (GSM 03.40 §9.2.3.24).

    An element that is cut short, or none of concatenation, tells no place.
    """
    if not octets:
        return None, b""
    end = 1 + octets[0]
    elements, position = octets[1:end], 0
    place = None
    while place is None and position + 2 <= len(elements):
        identifier, length = elements[position], elements[position + 1]
        value = elements[position + 2 : position + 2 + length]
        if identifier == 0x00 and len(value) == 3:  # §9.2.3.24.1: a reference of 8 bits
            place = make_place(value[0], value[1], value[2])
        elif identifier == 0x08 and len(value) == 4:  # §9.2.3.24.8: a reference of 16 bits
            place = make_place(value[0] << 8 | value[1], value[2], value[3])
        position += 2 + length
    return place, octets[end:]


def decode(octets: bytes, alphabet: Alphabet) -> str:
    """The text of octets; what is no proper text is shown as well as can be, for nothing that came is refused."""
    if alphabet is Alphabet.GSM7:
        try:
            return gsm7.decode(octets)
        except ValueError:
            return octets.decode("latin-1")  # a centre that sends Latin-1 under data_coding 0
    if alphabet is Alphabet.UCS2:
        return octets.decode("utf-16-be", "replace")
    return octets.decode(alphabet.value, "replace")


def join(parts: Iterable[tuple[int, Alphabet, bytes]]) -> str:
    """The text of (number, alphabet, octets), in any order, with or without gaps."""
    ordered = sorted(parts, key=lambda part: part[0])
    # Neighbours of one alphabet are joined before they are read: a surrogate or escape pair may be cut between them.
    runs = groupby(enumerate(ordered), key=lambda item: (item[1][0] - item[0], item[1][1]))
    return "".join(decode(b"".join(part[2] for _, part in run), alphabet) for (_, alphabet), run in runs)


# ----------------------------------------------------------------------------------------------- words

_LETTERS = str.maketrans(
    "يىك", "ییک", "\u0640\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_AROUND = " .,:;!?،؛؟…\"'«»“”()[]*#"


def fold(text: str) -> str:
    """A text as it is compared: Latin digits, one case, Persian ی and ک, no joiners, marks or punctuation around."""
    text = unicodedata.normalize("NFKC", text).translate(_LETTERS)
    text = "".join(char for char in text if unicodedata.category(char) != "Mn")
    return " ".join(latin_digits(text).casefold().split()).strip(_AROUND)


def is_one_of(text: str, words: Iterable[str]) -> bool:
    """Whether a whole message is one of the words, blanks within it not counted."""
    said = fold(text).replace(" ", "")
    return bool(said) and any(said == fold(word).replace(" ", "") for word in words)


def keyword_of(text: str, keywords: Iterable[str]) -> str | None:
    """The keyword that the message's first word is, as it is configured."""
    first = fold(text).partition(" ")[0].strip(_AROUND)
    return next((keyword for keyword in keywords if first and fold(keyword) == first), None)


def target_of(line: str, keyword: str) -> str:
    """The name of the queue of posts: one for the relay of a line, one for each of its keywords."""
    return f"{line}/{keyword}" if keyword else line


# ------------------------------------------------------------------------------------------- posting again

FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 4 * 3_600_000
GIVE_UP_MS = 3 * 86_400_000
"""P9: growing pauses for three days, then kept for replay. First and longest pause are a matter of taste."""

RELAY_PAUSES = Pauses(first_ms=FIRST_PAUSE_MS, longest_ms=LONGEST_PAUSE_MS, give_up_ms=GIVE_UP_MS)

READ = 200
"""The HTTP status that means read (contract §6)."""


def after_post(
    received: Received, status: int | None, retry_after_ms: int | None, now: int
) -> tuple[RelayState, int | None]:
    """What follows from a post's HTTP status (None: there was none), and when to post again."""
    tried = Tried(
        tries=received.tries + 1,
        waiting_since=received.waiting_since,
        salt=received.id,
        has_arrived=status == READ,
        status=status,
        retry_after_ms=retry_after_ms,
    )
    state, next_at = next_post(tried, RELAY_PAUSES, now)
    return RelayState(state.value), next_at
