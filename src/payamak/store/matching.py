"""Which part a receipt belongs to: by its id under one reading or several, told apart by the recipient (P3, P8).

Found is what names exactly one part. The rules, in their order:

* Only parts of the receipt's upstream, and those that were on the wire before it came.
* Of recurring ids the newest with the same recipient; an id written exactly alike goes before one that is alike but for
  zeros and case: some operators count in base 64, where case tells two ids apart.
* While several readings are tried and fit different parts, what was learned of the upstream decides; as long as that
  is too little, nobody guesses: the receipt waits, and is looked at again when more is known.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from payamak.domain.ids import IdBase, judge, key_by_reading, key_under, operator_key
from payamak.domain.receipts import ReceiptIn, Unmatched
from payamak.store.transaction import Transaction

LOOK_BACK_MS = 8 * 86_400_000
"""How old a part may be that another reading of an id names: the longest validity (7 days) and the grace (1 day)."""

CLOCK_STEP_MS = 3_600_000
"""A clock that was set back must not make a receipt look older than the part that it is about."""


class Found(Struct, frozen=True):
    """A part by its key, and the receipt that it has already (a letter of PartState, or None).

    `is_answered`: its id stood in an answer. A part whose answer was lost has it from a receipt.
    """

    message_id: int
    step: int
    try_no: int
    part: int
    receipt: str | None
    on_wire_at: int
    is_answered: bool

    @property
    def key(self) -> tuple[int, int, int, int]:
        """The part's key in the store."""
        return self.message_id, self.step, self.try_no, self.part


class Came(Struct, frozen=True):
    """When a receipt came. A new one is about what was on the wire before it, whatever the clocks say."""

    at: int
    is_new: bool = False

    def is_after(self, on_wire_at: int) -> bool:
        """Whether it may be about a part that was on the wire then."""
        return self.is_new or on_wire_at <= self.at + CLOCK_STEP_MS

    def is_near(self, on_wire_at: int) -> bool:
        """Whether the part is not too old for another reading of an id."""
        return on_wire_at >= self.at - LOOK_BACK_MS


class Match(Struct, frozen=True):
    """The part, or why there is none; `key` is the form under which the id counts."""

    part: Found | None
    key: str
    why: Unmatched = Unmatched.UNKNOWN_ID


def match(tx: Transaction, receipt: ReceiptIn, at: Came, *, judges: bool = True) -> Match:
    """The part of a receipt that came `at`; with `judges`, what its id shows of the upstream's habit is counted."""
    if not receipt.operator_id:
        return Match(None, "", Unmatched.NO_ID)
    if len(receipt.keys) == 1:
        return _by_one_key(tx, receipt, receipt.keys[0], at)
    settled = tx.habit(receipt.upstream).settled
    if settled is not IdBase.AUTO:
        return _by_one_key(tx, receipt, key_under(receipt.keys[0], settled), at)
    return _by_readings(tx, receipt, key_by_reading(receipt.operator_id), at, judges=judges)


def _by_one_key(tx: Transaction, receipt: ReceiptIn, key: str, at: Came) -> Match:
    part, is_somebodys = _newest(tx, receipt, key, at)
    if part is not None:
        return Match(part, key)
    if receipt.recipient is not None:  # else nothing would tell a chance match from a true one
        for other in key_by_reading(receipt.operator_id).values():
            elsewhere = _newest(tx, receipt, other, at)[0] if other != key else None
            if elsewhere and elsewhere.receipt is None and at.is_near(elsewhere.on_wire_at):
                return Match(None, key, Unmatched.OTHER_READING)
    return Match(None, key, Unmatched.OTHER_RECIPIENT if is_somebodys else Unmatched.UNKNOWN_ID)


def _by_readings(tx: Transaction, receipt: ReceiptIn, ways: dict[IdBase, str], at: Came, *, judges: bool) -> Match:
    """Every reading is tried; what several of them name is told apart by the habit, or not at all."""
    found: dict[IdBase, Found] = {}
    is_somebodys = False
    for base, key in ways.items():
        part, is_anothers = _newest(tx, receipt, key, at)
        is_somebodys |= is_anothers
        if part is not None:
            found[base] = part
    fresh = {base: part for base, part in found.items() if at.is_near(part.on_wire_at)}
    found = fresh or found
    if not found:
        return Match(None, receipt.keys[0], Unmatched.OTHER_RECIPIENT if is_somebodys else Unmatched.UNKNOWN_ID)
    is_evidence = all(part.is_answered for part in found.values()) and any(not part.receipt for part in found.values())
    if judges and is_evidence and receipt.recipient is not None:
        tx.put_habit(receipt.upstream, judge(tx.habit(receipt.upstream), found.keys()))
    base = next(iter(found)) if len(found) == 1 else tx.habit(receipt.upstream).choice
    if base not in found:
        return Match(None, receipt.keys[0], Unmatched.TWO_READINGS)
    return Match(found[base], ways[base])


def _newest(tx: Transaction, receipt: ReceiptIn, key: str, at: Came) -> tuple[Found | None, bool]:
    """The newest part under a key with the receipt's recipient; and whether the key is only another recipient's."""
    alike: Found | None = None
    is_anothers = False
    may_be_exact = operator_key(receipt.operator_id) == key
    for row in tx.execute("part_by_operator_id", (receipt.upstream, key, receipt.operator_id)):
        if receipt.recipient is not None and row[5] != receipt.recipient:
            is_anothers = True
        elif at.is_after(row[7]):
            if row[6] or not may_be_exact:
                return _found(row), False
            alike = alike or _found(row)
    return alike, is_anothers and alike is None


def _found(row: Any) -> Found:
    return Found(row[0], row[1], row[2], row[3], row[4], row[7], bool(row[8]))
