"""Receipts whose id names nobody, and the copies that they may be about: what is certain however they are dealt (P3).

An answer that is lost is an operator id that is lost. What tells of the copy then is a receipt with an id that we have
never heard, for the same upstream, line and recipient. The copies it may be about are a *pool*: each of them has at
most one such receipt, each receipt is one copy's, and of one that was on the wire before the receipt came. In general
many ways to deal the receipts among the copies remain, and nothing is guessed: a part is settled when every way says
the same of it. Pure; instants are ms since 1970 UTC.

    delivered     some i DELIVRD receipts, the first ones, outnumber the copies of all other parts that were on the wire
                  before the i-th: they cannot all be others'
    not arrived   no DELIVRD receipt waits, and the receipts until some instant are as many as all copies on the wire
                  until then, all of the part's among them: each of these has one

One part sent once: one receipt. N parts sent once: N. Two parts sent twice: three DELIVRD of four. Two codes to one
person: two. Receipts for all parts of one message, sent once and alone in the pool, say the same of the *message* in
every way, so they are dealt in their order. Where delivered and not delivered wait together and no count decides, the
receipts wait.

A settled part takes copy and receipt with it, which changes nothing for the others: pairs are taken that no receipt
came between (`_pair`), so that each count above loses one on both sides, or on none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from payamak.domain.message import PartState

PartKey = tuple[int, int, int]
"""Message, step, part (1-based)."""

CopyKey = tuple[int, int, int, int]
"""Message, step, try, part (1-based)."""


class Copy(Struct, frozen=True):
    """One attempt at one part, on the wire since `since_at`, of which no receipt has told.

    `is_lost`: its answer will not come any more. A copy whose answer is still to come, or whose id is known but may be
    written otherwise in receipts, is there as a rival only.
    """

    key: CopyKey
    since_at: int
    is_lost: bool

    @property
    def message_id(self) -> int:
        """Whose copy it is."""
        return self.key[0]

    @property
    def part(self) -> PartKey:
        """The part that it is a copy of."""
        return self.key[0], self.key[1], self.key[3]


class LooseReceipt(Struct, frozen=True):
    """A final receipt that names no copy: `number` is the caller's, `came_at` its instant, `says` the letter of a part.

    `name` is the operator's id in the form under which ids are compared; "" if it has none.
    """

    number: int
    came_at: int
    says: PartState
    name: str


class Pair(Struct, frozen=True):
    """A receipt dealt to a copy: whichever other way it is dealt, the part fares the same."""

    receipt: LooseReceipt
    copy: Copy


def distinct(receipts: Iterable[LooseReceipt]) -> list[LooseReceipt]:
    """The receipts in the order of their coming, those with one id, or without any, counted once.

    A definite word takes the place of an unsure one, at the instant of the first.
    """
    first: dict[str, LooseReceipt] = {}
    for receipt in sorted(receipts, key=lambda r: (r.came_at, r.number)):
        known = first.get(receipt.name)
        if known is None:
            first[receipt.name] = receipt
        elif known.says is PartState.UNSURE and receipt.says is not PartState.UNSURE:
            first[receipt.name] = LooseReceipt(receipt.number, known.came_at, receipt.says, receipt.name)
    return sorted(first.values(), key=lambda r: (r.came_at, r.number))


def deal(copies: Sequence[Copy], receipts: Iterable[LooseReceipt]) -> list[Pair]:
    """The pairs that settle what is certain, in the order in which they should happen; empty if nothing is.

    Only parts with a lost copy are settled. Each pair names another receipt and another copy.
    """
    left = list(copies)
    waiting = distinct(receipts)
    pairs: list[Pair] = []
    while found := _settle_one(left, waiting):
        for pair in found:
            left.remove(pair.copy)
            waiting.remove(pair.receipt)
        pairs += found
    return pairs + _settle_text(left, waiting)


def awaits(copy: Copy, receipts: Iterable[LooseReceipt]) -> bool:
    """Whether one of the receipts that wait may be this copy's."""
    return any(receipt.came_at >= copy.since_at for receipt in receipts)


def _settle_one(copies: list[Copy], receipts: list[LooseReceipt]) -> list[Pair]:
    """The pairs of one part that is certain; the first that is found."""
    for part in dict.fromkeys(copy.part for copy in copies if copy.is_lost):
        own = [copy for copy in copies if copy.part == part]
        if forced := _forced(part, copies, receipts):
            pair = _pair(own, receipts, forced)
            if pair is None and len(own) == len(copies):
                pair = _any_pair(own, forced)
            if pair is not None:
                return [pair]
        if _has_not_arrived(own, copies, receipts) and (pairs := _pair_all(own, receipts)):
            return pairs
    return []


def _forced(part: PartKey, copies: list[Copy], receipts: list[LooseReceipt]) -> list[LooseReceipt]:
    """The first DELIVRD that cannot all be those of other parts: one of them is this part's. Empty if they can."""
    delivered = [receipt for receipt in receipts if receipt.says is PartState.DELIVERED]
    others = [copy.since_at for copy in copies if copy.part != part]
    for count, receipt in enumerate(delivered, 1):
        if count > sum(since_at <= receipt.came_at for since_at in others):
            return delivered[:count]
    return []


def _has_not_arrived(own: list[Copy], copies: list[Copy], receipts: list[LooseReceipt]) -> bool:
    if any(receipt.says is PartState.DELIVERED for receipt in receipts):
        return False
    last_at = max(copy.since_at for copy in own)
    return any(
        receipt.came_at >= last_at and count >= sum(copy.since_at <= receipt.came_at for copy in copies)
        for count, receipt in enumerate(receipts, 1)
    )


def _pair(own: Iterable[Copy], receipts: list[LooseReceipt], wanted: list[LooseReceipt]) -> Pair | None:
    """A copy and the first receipt that came after it, if that is one of those that are wanted.

    Lost ones go first, for the answer of another names its receipt; and of these the latest.
    """
    for copy in sorted(own, key=_lost_and_late, reverse=True):
        first = next((receipt for receipt in receipts if receipt.came_at >= copy.since_at), None)
        if first is not None and first in wanted:
            return Pair(first, copy)
    return None


def _lost_and_late(copy: Copy) -> tuple[bool, int]:
    return copy.is_lost, copy.since_at


def _any_pair(own: list[Copy], delivered: list[LooseReceipt]) -> Pair | None:
    """A copy and a DELIVRD, whatever came between: where the part is alone in the pool nobody else is concerned."""
    best_first = sorted(own, key=_lost_and_late, reverse=True)
    found = ((r, c) for r in delivered for c in best_first if c.since_at <= r.came_at)
    return next((Pair(receipt, copy) for receipt, copy in found), None)


def _pair_all(own: list[Copy], receipts: list[LooseReceipt]) -> list[Pair]:
    """A receipt for every copy of a part, or nothing."""
    pairs: list[Pair] = []
    left = list(receipts)
    for copy in sorted(own, key=lambda c: c.since_at, reverse=True):
        pair = _pair([copy], left, left)
        if pair is None:
            return []
        left.remove(pair.receipt)
        pairs.append(pair)
    return pairs


def _settle_text(copies: list[Copy], receipts: list[LooseReceipt]) -> list[Pair]:
    """The parts of one message that were sent once and are alone in the pool, when each has a receipt."""
    messages = {copy.key[:2] for copy in copies}
    is_whole = len(receipts) == len(copies) == len({copy.part for copy in copies}) and len(messages) == 1
    if not is_whole or not all(copy.is_lost for copy in copies):
        return []
    last_at = max(copy.since_at for copy in copies)
    if any(receipt.came_at < last_at for receipt in receipts):
        return []
    in_order = sorted(copies, key=lambda copy: copy.key[3])
    best_first = sorted(receipts, key=lambda receipt: receipt.says is not PartState.DELIVERED)
    return [Pair(receipt, copy) for receipt, copy in zip(best_first, in_order, strict=True)]
