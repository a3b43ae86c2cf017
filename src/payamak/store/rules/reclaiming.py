"""Receipts that were dealt and change hands, for an answer names the id of one of them (P3, P8).

A receipt that names nobody is dealt to a copy of a part that fares the same whichever way it is dealt
(domain/pools.py). Whose it was nobody knew; an answer that comes after that, late or of a copy that was still under
way, may say it. Then the record is put right: the copy gets its own receipt, and who held it gets the one that the
copy held, or none. No part fares otherwise for that, but a part that waits for this very receipt has it now, and what
is left in the pool is what was there.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.ids import IdBase, key_under, operator_key, readings
from payamak.domain.message import Message
from payamak.domain.pools import CopyKey
from payamak.store.rules.transaction import Transaction


class Told(Struct, frozen=True):
    """A copy whose answer is not known, and what a receipt that was dealt to it says: the columns of a part."""

    key: CopyKey
    on_wire_at: int
    name: str | None
    receipt: tuple[Any, ...]

    @property
    def has_receipt(self) -> bool:
        """Whether one was dealt to it."""
        return self.receipt[0] is not None

    @property
    def told_at(self) -> int:
        """When that came; 0 if none did."""
        return self.receipt[3] or 0


def reclaim(tx: Transaction, message: Message, event: ev.Answered) -> None:
    """Before the answers are kept: what they name goes to the copies that they are about."""
    for outcome in event.outcomes:
        if outcome.operator_id is not None:
            _reclaim(tx, message, (message.id, event.step, event.try_no, outcome.part), outcome.operator_id)


def _reclaim(tx: Transaction, message: Message, key: CopyKey, operator_id: str) -> None:
    row = tx.one("told_copy", key)
    if row is None:
        return
    upstream, own = row[0], _told(row)
    if own.has_receipt and (own.name is None or own.name in readings(operator_id)):
        return
    for name in _names(tx, upstream, operator_id):
        for other in tx.all("told_copies_of_id", (upstream, name, message.recipient, own.on_wire_at)):
            holder = _told(other)
            if holder.key == key:
                continue
            if not own.has_receipt:
                _let_wait(tx, upstream, holder)
            elif holder.on_wire_at <= own.told_at:
                _exchange(tx, upstream, own, holder)
            return
    if own.has_receipt:
        _pass_on(tx, upstream, own)


def _names(tx: Transaction, upstream: str, operator_id: str) -> list[str]:
    """The ids that the receipt of an answer may have: as the habit writes it, or under any reading until that is known.

    A reading that only chance explains costs nothing: whose the receipt is, matching decides (store/rules/matching.py).
    """
    habit = tx.habit(upstream).settled
    names = readings(operator_id)
    if habit is IdBase.AUTO:
        return list(names)
    return [name for name in names if key_under(name, habit) == operator_key(operator_id)]


def _let_wait(tx: Transaction, upstream: str, holder: Told) -> None:
    """The receipt waits again: the answer, once it is kept, finds it as one that came early."""
    tx.execute("let_receipt_wait", (holder.key[0], upstream, holder.name))
    _put(tx, holder.key, _NOTHING)
    tx.has_unmatched = tx.has_lost = True


def _exchange(tx: Transaction, upstream: str, own: Told, holder: Told) -> None:
    for one, other in ((own, holder), (holder, own)):
        _put(tx, one.key, other.receipt)
    if own.key[0] != holder.key[0]:
        tx.execute("hand_receipts_over", (own.key[0], own.name, holder.key[0], holder.name, upstream))


def _pass_on(tx: Transaction, upstream: str, own: Told) -> None:
    """It is not the copy's, and nobody knows whose: another copy of the part without an answer takes it."""
    message_id, step, _, part = own.key
    for row in tx.all("untold_copies", (message_id, step, part, upstream, own.told_at)):
        other = _told(row)
        if other.key != own.key:
            _put(tx, other.key, own.receipt)
            _put(tx, own.key, _NOTHING)
            tx.has_lost = True
            return


_NOTHING: tuple[None, ...] = (None,) * 7


def _put(tx: Transaction, key: CopyKey, receipt: tuple[Any, ...]) -> None:
    tx.execute("put_told", (*receipt, *key))


def _told(row: Any) -> Told:
    """From the columns of `-- name: told_copy`."""
    return Told(key=tuple(row[1:5]), on_wire_at=row[5], name=row[11], receipt=tuple(row[6:13]))
