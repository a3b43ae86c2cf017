"""The transactions of receipts: keep every one, find its part, let it act (design §2, receipts; P3, P8).

store/matching.py says which part a receipt belongs to. One without a part waits: its answer may still come, or more may
become known of how its operator writes ids. If the answer of exactly one part of this recipient was lost, on the
same upstream and line, the receipt is that part's, whether it comes after the loss or waits already when the answer is
given up.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Event
from payamak.domain.message import Message, PartState
from payamak.domain.operator_ids import (
    ANSWER_TIME_MS,
    UNLEARN_AFTER,
    IdBase,
    IdHabit,
    is_number,
    operator_key,
    readings,
    unlearn,
)
from payamak.domain.receipt import ReceiptIn, Unmatched
from payamak.domain.site import LinkKind
from payamak.store.aside import AsideKind, apart, is_aside
from payamak.store.feed import Change
from payamak.store.matching import Match, match, only_lost_part
from payamak.store.messages import happen, load
from payamak.store.transaction import Transaction

_MAY_BE_LOST = (Unmatched.NO_ID, Unmatched.UNKNOWN_ID, Unmatched.OTHER_RECIPIENT)
"""A receipt whose id names a part, under whatever reading, is not the receipt of a part whose answer was lost."""


def apply(tx: Transaction, message_id: int, event: Event, now: int, version: int | None = None) -> list[Change]:
    """Let `event` happen to the message; with early receipts of its answers, more than one change.

    Empty if the message does not exist or, with `version`, has changed since. Raises IllegalMove.
    """
    message = load(tx, message_id)
    if message is None or (version is not None and message.version != version):
        return []
    if not isinstance(event, ev.Answered) or not tx.has_unmatched:
        return [happen(tx, message, event, now)]
    lost = [outcome.part for outcome in event.outcomes if outcome.kind is ev.OutcomeKind.AMBIGUOUS]
    changes = _waiting_for_lost(tx, message, event.step, event.try_no, lost, now)
    changes.append(happen(tx, (load(tx, message_id) or message) if changes else message, event, now))
    for outcome in event.outcomes:
        if outcome.operator_id is not None:
            part = (message_id, event.step, event.try_no, outcome.part)
            changes += _match_early(tx, part, outcome.operator_id, now)
    return changes


def receive(tx: Transaction, receipt: ReceiptIn, now: int) -> list[Change]:
    """Keep a receipt, matched or not, and let it happen to its message."""
    if not receipt.keys:
        receipt = replace(receipt, keys=(operator_key(receipt.operator_id),))
    found = match(tx, receipt, now)
    says_something = receipt.part_state is not PartState.UNSURE or receipt.operator_id
    if found.part is None and receipt.part_state is not None and found.why in _MAY_BE_LOST and says_something:
        found = replace(found, part=only_lost_part(tx, receipt, now))
    if found.part is None:
        _keep(tx, receipt, now, "unmatched", why=found.why)
        tx.has_unmatched = True
        return []
    if receipt.part_state is None:
        _keep(tx, receipt, now, "intermediate", found.part.message_id)
        return []
    if found.part.receipt is not None and not _counts(receipt, found):
        _keep(tx, receipt, now, "repeated", found.part.message_id)
        return []
    return _act(tx, receipt, found, now)


def _counts(receipt: ReceiptIn, found: Match) -> bool:
    """Final is final (P8), but an operator that was unsure may still make up its mind."""
    first = found.part.receipt if found.part is not None else None
    return first is None or (first == PartState.UNSURE.value and receipt.part_state is not PartState.UNSURE)


def _act(tx: Transaction, receipt: ReceiptIn, found: Match, now: int) -> list[Change]:
    """A final receipt that counts, and its part; the unsure one whose place it takes is kept beside it."""
    part = found.part
    assert part is not None
    assert receipt.part_state is not None
    if part.receipt is not None:
        tx.execute("keep_first_receipt", part.key)
    facts = (receipt.part_state.value, receipt.stat, receipt.err, now)
    tx.execute("receipt_on_part", (*facts, receipt.operator_id or None, found.key or None, *part.key))
    message = load(tx, part.message_id)
    if message is None:
        return []
    latest_try = tx.one("latest_try", (part.message_id, part.step, part.part))[0] if message.tries > 1 else part.try_no
    event = ev.Receipted(
        step=part.step,
        part=part.part,
        part_state=receipt.part_state,
        code=receipt.code,
        is_superseded=latest_try > part.try_no,
    )
    return [happen(tx, message, event, now)]


def _keep(
    tx: Transaction,
    receipt: ReceiptIn,
    now: int,
    standing: str,
    message_id: int | None = None,
    why: Unmatched | None = None,
) -> None:
    state = None if receipt.part_state is None else receipt.part_state.value
    tx.execute(
        "insert_receipt",
        (
            now,
            receipt.upstream,
            receipt.link,
            receipt.operator_id,
            operator_key(receipt.operator_id) if receipt.operator_id else "",
            "\n".join(receipt.keys),
            receipt.line,
            receipt.recipient,
            state,
            receipt.stat,
            receipt.err,
            receipt.code,
            standing,
            message_id,
            "" if why is None else why.value,
            receipt.reference,
        ),
    )


# ------------------------------------------------------------------------------------- receipts that waited


def recover(tx: Transaction, message_id: int, now: int) -> list[Change]:
    """The process that had the message on the wire is dead: the answers are lost, receipts that wait may say more.

    Empty if none does; what is still on the wire then is ambiguous.
    """
    message = load(tx, message_id)
    if message is None or not tx.has_unmatched:
        return []
    lost = [row[0] for row in tx.all("unanswered_parts", (message_id, message.step, message.tries))]
    return _waiting_for_lost(tx, message, message.step, message.tries, lost, now)


def _waiting_for_lost(
    tx: Transaction, message: Message, step: int, try_no: int, parts: list[int], now: int
) -> list[Change]:
    """Receipts that came while these parts were on the wire: they happen now, if they name exactly one lost part.

    Before the loss itself, so that a delivered message is not sent again and an opt-out still leads to the next step.
    """
    changes: list[Change] = []
    for part in parts:
        row = tx.one("part_key", (message.id, step, try_no, part))
        if row is None or row[2] is not None:
            continue
        tx.execute("lose_part", (now, message.id, step, try_no, part))
        for kept in tx.all("unmatched_of_recipient", (row[0], row[1], row[3])):
            receipt = _receipt_of(kept)
            found = only_lost_part(tx, receipt, now) if _may_be_of_lost(tx, receipt, kept[1]) else None
            if found is not None and found.key == (message.id, step, try_no, part):
                tx.execute("match_receipt", ("matched", message.id, kept[0]))
                changes += _act(tx, receipt, Match(found, receipt.keys[0]), now)
    return changes


def _may_be_of_lost(tx: Transaction, receipt: ReceiptIn, came_at: int) -> bool:
    """Final, and its id names no part whose answer is known."""
    if receipt.part_state is None or (receipt.part_state is PartState.UNSURE and not receipt.operator_id):
        return False
    found = match(tx, receipt, came_at, judges=False)
    return found.part is None and found.why in _MAY_BE_LOST


def _match_early(tx: Transaction, part: tuple[int, int, int, int], operator_id: str, now: int) -> list[Change]:
    """The receipts that waited for this answer happen to its part, in the order of their arrival.

    Where receipts with different ids read as this answer's and nothing is known of the operator's habit, none is
    taken for it.
    """
    row = tx.one("part_key", part)
    if row is None:
        return []
    upstream, _, _, on_wire_at = row
    key = operator_key(operator_id)
    fitting = []
    for reading in readings(operator_id):
        for kept in tx.all("unmatched_receipts", (upstream, reading, on_wire_at)):
            receipt = _receipt_of(kept)
            found = match(tx, receipt, kept[1], judges=False)
            if found.part is None:
                tx.execute("explain_receipt", (found.why.value, kept[0]))
            elif found.part.key == part:
                fitting.append((reading, kept))
    if not is_number(key) and any(kept[4] == operator_id for _, kept in fitting):  # of those that fold alike, the exact
        fitting = [(reading, kept) for reading, kept in fitting if reading != key or kept[4] == operator_id]
    if len({reading for reading, _ in fitting}) > 1:
        for _, kept in fitting:
            tx.execute("explain_receipt", (Unmatched.TWO_READINGS.value, kept[0]))
        return []
    return [change for _, kept in fitting for change in _look_again(tx, kept, _receipt_of(kept), now)]


def _look_again(tx: Transaction, kept: Any, receipt: ReceiptIn, now: int) -> list[Change]:
    """A receipt that waited: it finds its part, or waits on. What fitted two messages was judged when it came."""
    found = match(tx, receipt, kept[1], judges=kept[12] != Unmatched.TWO_READINGS)
    if found.part is None:
        tx.execute("explain_receipt", (found.why.value, kept[0]))
        return []
    standing = "intermediate" if receipt.part_state is None else "matched"
    tx.execute("match_receipt", (standing, found.part.message_id, kept[0]))
    return _act(tx, receipt, found, now) if receipt.part_state is not None and _counts(receipt, found) else []


def _receipt_of(kept: Any) -> ReceiptIn:
    """A kept receipt as it came."""
    _, _, upstream, link, operator_id, keys, line, recipient, state, stat, err, code, _, reference = kept
    return ReceiptIn(
        upstream=upstream,
        link=link,
        operator_id=operator_id,
        keys=tuple(keys.split("\n")),
        part_state=None if state is None else PartState(state),
        stat=stat,
        err=err,
        code=None if code is None else Code(code),
        line=line,
        recipient=recipient,
        reference=reference,
    )


def _as_configured(tx: Transaction, receipt: ReceiptIn) -> ReceiptIn:
    """The receipt with its id read as its link says now; a server of the contract writes ids in one way only."""
    link = tx.site.links.get(receipt.link)
    if link is None or link.kind is not LinkKind.SMPP:
        return receipt
    return replace(receipt, keys=readings(receipt.operator_id, link.id_base))


def retry(tx: Transaction, now: int, limit: int) -> int:
    """Look again at receipts that fitted two messages, or one under another reading, once more is known; how many.

    Each upstream's are gone through once for each change of its habit or of the configuration, `limit` at a time.
    """
    looked = 0
    for (upstream,) in tx.all("conflict_upstreams"):
        if not is_aside(tx, AsideKind.UPSTREAM, upstream, now):
            looked += apart(tx, AsideKind.UPSTREAM, upstream, now, partial(_retry_of, tx, upstream, now, limit)) or 0
    return looked


def _retry_of(tx: Transaction, upstream: str, now: int, limit: int) -> int:
    habit = _still_settled(tx, upstream, now)
    known = (tx.site.version, habit.choice, habit.unlearned)
    known_then, after_id = tx.retried.get(upstream, (None, 0))
    if known_then != known:
        after_id = 0
    if after_id is None:
        return 0
    rows = tx.all("conflicts_of", (upstream, after_id, limit))
    for kept in rows:
        apart(tx, AsideKind.RECEIPT, kept[0], now, partial(_retry_one, tx, kept, now))
    tx.retried[upstream] = (known, rows[-1][0] if len(rows) == limit else None)
    return len(rows)


def _retry_one(tx: Transaction, kept: Any, now: int) -> None:
    _look_again(tx, kept, _as_configured(tx, _receipt_of(kept)), now)


def _still_settled(tx: Transaction, upstream: str, now: int) -> IdHabit:
    """The upstream's habit, unlearned if too many receipts have waited for too long that only another one explains."""
    habit = tx.habit(upstream)
    if habit.settled is not IdBase.AUTO:
        missed = tx.all("missed", (upstream, now - ANSWER_TIME_MS, UNLEARN_AFTER))
        if len(missed) == UNLEARN_AFTER:
            habit = unlearn(habit)
            tx.put_habit(upstream, habit)
    return habit


def forget_ids(tx: Transaction, upstream: str) -> bool:
    """Begin to learn an upstream's ids anew, as if nothing had been seen; whether there was anything."""
    had = tx.habit(upstream) != IdHabit()
    tx.put_habit(upstream, IdHabit())
    return had


MOST_UNMATCHED = 1_000_000
"""Receipts without a message that are kept, some 200 MB: a bind shared with another program must not fill the disk."""


def retire_unmatched(tx: Transaction, old_at: int, limit: int, most: int = MOST_UNMATCHED) -> int:
    """Remove up to `limit` receipts that nobody claimed and that came before `old_at`, or are too many; how many.

    They are counted for their upstream: `payamak link ids` and the doctor tell of them.
    """
    beyond = tx.one("unmatched_beyond", (most,))
    if beyond is not None:
        old_at = max(old_at, beyond[0] + 1)
    rows = tx.all("unmatched_before", (old_at, limit))
    for receipt_id, _, _ in rows:
        tx.execute("delete_receipt", (receipt_id,))
    counts = Counter(upstream for _, upstream, _ in rows)
    for upstream, count in counts.items():
        until = max(received_at for _, name, received_at in rows if name == upstream)
        tx.execute("count_removed", (upstream, count, until))
    return len(rows)
