"""Receipts that were dealt and change hands, for an answer names the id of one of them (P3, P8).

A receipt that names nobody is dealt to a copy of a part that fares the same whichever way it is dealt
(domain/pools.py). Whose it was nobody knew; an answer that comes after that, late or of a copy that was still under
way, may say it. Then the record is put right: the copy gets its own receipt, and who held it gets the one that the
copy held, or none. No part fares otherwise for that, but a part that waits for this very receipt has it now, and what
is left in the pool is what was there.
"""

from __future__ import annotations

from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.ids import IdBase, key_under, operator_key, readings
from payamak.domain.message import Message
from payamak.domain.pools import CopyKey
from payamak.store.desk import Desk


class Told(Struct, frozen=True, kw_only=True):
    """A copy whose answer is not known, and what a receipt that was dealt to it says: columns of `part`."""

    upstream: str
    message_id: int
    step: int
    try_no: int
    part: int
    on_wire_at: int
    receipt: str | None
    receipt_stat: str | None
    receipt_err: str | None
    receipt_at: int | None
    operator_id: str | None
    operator_key: str | None
    code: int | None

    @property
    def key(self) -> CopyKey:
        """The copy's key in the store."""
        return self.message_id, self.step, self.try_no, self.part

    @property
    def has_receipt(self) -> bool:
        """Whether one was dealt to it."""
        return self.receipt is not None

    @property
    def told_at(self) -> int:
        """When that came; 0 if none did."""
        return self.receipt_at or 0


async def reclaim(desk: Desk, message: Message, event: ev.Answered) -> None:
    """Before the answers are kept: what they name goes to the copies that they are about."""
    for outcome in event.outcomes:
        if outcome.operator_id is not None:
            await _reclaim(desk, message, (message.id, event.step, event.try_no, outcome.part), outcome.operator_id)


async def _reclaim(desk: Desk, message: Message, key: CopyKey, operator_id: str) -> None:
    own = await desk.row("told_copy", Told, key)
    if own is None or (own.has_receipt and own.operator_key in (None, *readings(operator_id))):
        return
    for name in _names(desk, own.upstream, operator_id):
        holders = await desk.rows("told_copies_of_id", Told, (own.upstream, name, message.recipient, own.on_wire_at))
        for holder in holders:
            if holder.key == key:
                continue
            if not own.has_receipt:
                _let_wait(desk, holder)
            elif holder.on_wire_at <= own.told_at:
                _exchange(desk, own, holder)
            return
    if own.has_receipt:
        await _pass_on(desk, own)


def _names(desk: Desk, upstream: str, operator_id: str) -> list[str]:
    """The ids that the receipt of an answer may have: as the habit writes it, or under any reading until that is known.

    A reading that only chance explains costs nothing: whose the receipt is, matching decides (store/rules/matching.py).
    """
    habit = desk.habit(upstream).settled
    names = readings(operator_id)
    if habit is IdBase.AUTO:
        return list(names)
    return [name for name in names if key_under(name, habit) == operator_key(operator_id)]


def _let_wait(desk: Desk, holder: Told) -> None:
    """The receipt waits again: the answer, once it is kept, finds it as one that came early."""
    desk.execute("let_receipt_wait", (holder.message_id, holder.upstream, holder.operator_key))
    _put(desk, holder.key, None)
    desk.memory.has_unmatched = desk.memory.has_lost = True


def _exchange(desk: Desk, own: Told, holder: Told) -> None:
    for one, other in ((own, holder), (holder, own)):
        _put(desk, one.key, other)
    if own.message_id != holder.message_id:
        pair = (own.message_id, own.operator_key, holder.message_id, holder.operator_key)
        desk.execute("hand_receipts_over", (*pair, own.upstream))


async def _pass_on(desk: Desk, own: Told) -> None:
    """It is not the copy's, and nobody knows whose: another copy of the part without an answer takes it."""
    for other in await desk.rows(
        "untold_copies", Told, (own.message_id, own.step, own.part, own.upstream, own.told_at)
    ):
        if other.key != own.key:
            _put(desk, other.key, own)
            _put(desk, own.key, None)
            desk.memory.has_lost = True
            return


def _put(desk: Desk, key: CopyKey, held: Told | None) -> None:
    """Let a copy have the receipt that another one held, or none."""
    words: tuple[object, ...] = (None, None, None, None, None, None, None)
    if held is not None:
        words = (held.receipt, held.receipt_stat, held.receipt_err, held.receipt_at)
        words += (held.operator_id, held.operator_key, held.code)
    desk.execute("put_told", (*words, *key))
