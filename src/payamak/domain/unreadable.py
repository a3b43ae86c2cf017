"""What an operator brought or answered and we could not read at all, or not handle by a bug of ours."""

from __future__ import annotations

from msgspec import Struct

MOST_TRIES = 3
"""How often the same octets may fail before they are kept as unreadable and acknowledged: a bug of a moment (a document
that is put right at once) costs nothing, and an operator that repeats for ever is not kept repeating."""


class Unreadable(Struct, frozen=True, kw_only=True):
    """One piece: its octets as they came (of an answer its outcomes, as JSON), what failed and where. `came_at` in ms.

    `kind` is receipt, mo or answer; of an answer `message_id` is known.
    """

    id: int = 0
    kind: str
    link: str
    message_id: int | None = None
    octets: bytes
    error: str
    place: str
    came_at: int

    def __repr__(self) -> str:
        return f"Unreadable(kind={self.kind!r}, octets={len(self.octets)})"
