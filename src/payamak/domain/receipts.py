"""A receipt in our own words, as an upstream hands it over."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.ids import IdHabit
from payamak.domain.message import PartState
from payamak.domain.site import ReceiptWord

NAMED_STATES: Final[dict[str, PartState | None]] = {
    ReceiptWord.DELIVERED: PartState.DELIVERED,
    ReceiptWord.UNDELIVERABLE: PartState.UNDELIVERABLE,
    ReceiptWord.EXPIRED: PartState.EXPIRED,
    ReceiptWord.REJECTED: PartState.REJECTED,
    ReceiptWord.UNKNOWN: PartState.UNSURE,
    ReceiptWord.UNDER_WAY: None,
}
"""The letter of a part for each state that a link's `receipt_verdicts` may name; None moves nothing."""


class ReceiptIn(Struct, frozen=True, kw_only=True):
    """A receipt as it came from an upstream. `part_state` is None for an intermediate one (not final).

    `keys` are the readings of the operator's id to try, best first (IdBase); `line` and `recipient` as we write
    them, if they could be read. `ids` are all the ids that it names, by their Place, where there is more than one.

    `is_again`: an equal one came by a connection that ended before our answer to it can be known to have arrived.
    `began_at`: when this process began to take receipts; what it has not taken itself may come again too.
    """

    upstream: str
    link: str
    operator_id: str
    keys: tuple[str, ...]
    part_state: PartState | None
    stat: str
    err: str | None = None
    code: Code | None = None
    line: str | None = None
    recipient: str | None = None
    reference: int | None = None
    ids: tuple[str, ...] = ()
    is_again: bool = False
    began_at: int | None = None

    @property
    def digest(self) -> bytes:
        """Equal for a receipt and its repetition, whichever link of the upstream brings it; 16 octets."""
        told = (self.part_state, self.stat, self.err, self.line, self.recipient, self.reference)
        return hashlib.blake2b(
            repr((self.upstream, self.operator_id, self.ids, told)).encode(), digest_size=16
        ).digest()


REPEAT_MS = 600_000
"""How long an equal receipt over a later connection may be a repetition; as for messages from handsets (mo.py)."""


class Unmatched(StrEnum):
    """Why a receipt waits: what was looked for and not found.

    TWO_READINGS and OTHER_READING are looked at again when more is known. SIBLING: a part has this id and its receipt,
    and another part of the text, whose answer is still to come, may have the same id.
    """

    NO_ID = "no_id"
    UNKNOWN_ID = "unknown_id"
    OTHER_RECIPIENT = "other_recipient"
    TWO_READINGS = "two_readings"
    OTHER_READING = "other_reading"
    SIBLING = "sibling"


class WaitingReceipt(Struct, frozen=True, kw_only=True):
    """A receipt that belongs to no known message, with the keys that were tried (`tried`) and why none will do."""

    id: int
    received_at: int
    upstream: str
    link: str
    operator_id: str
    line: str | None
    recipient: str | None
    stat: str
    err: str | None
    tried: tuple[str, ...]
    why: str


class IdReport(Struct, frozen=True, kw_only=True):
    """What is known of an upstream's ids: its habit, how many receipts wait and why, how many were removed for age."""

    upstream: str
    habit: IdHabit
    waiting: dict[str, int]
    removed: int = 0
    removed_until: int | None = None


class OpenId(Struct, frozen=True, kw_only=True):
    """A part that an operator took under `operator_id` and whose receipt is still to come."""

    operator_id: str
    recipient: str
    taken_at: int
    deadline_at: int


Cursor = tuple[str, int, int]
"""Where a page of open messages ends: line, deadline, message id."""

FIRST_PAGE: Cursor = ("", 0, 0)


class OpenIds(Struct, frozen=True, kw_only=True):
    """A page of them; it may be empty although more follow. `after` is None at the end."""

    ids: tuple[OpenId, ...]
    after: Cursor | None
