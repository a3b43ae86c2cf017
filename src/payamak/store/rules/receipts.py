"""The transactions of receipts: keep every one, find its part, let it act (P3, P8; docs/guide/receipts.md).

store/rules/matching.py says which part a receipt belongs to. One without a part waits: its answer may still come, or
more may become known of how its operator writes ids. Where answers were lost on the same upstream and line for this
recipient it is dealt with the others that wait (store/rules/pooling.py), whether it comes after the loss or waits
already when the answer is given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import Any

from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.clocks import earliest
from payamak.domain.events import Event
from payamak.domain.ids import (
    ANSWER_TIME_MS,
    UNLEARN_AFTER,
    IdBase,
    IdHabit,
    is_number,
    operator_key,
    readings,
    unlearn,
)
from payamak.domain.message import Message, PartState, State
from payamak.domain.pools import CopyKey
from payamak.domain.receipts import ReceiptIn, Unmatched
from payamak.domain.site import LinkKind, ReceiptsPer
from payamak.store.feed import Change
from payamak.store.rules.aside import AsideKind, apart, is_aside
from payamak.store.rules.matching import Came, Found, Match, echoes, match
from payamak.store.rules.messages import happen, load
from payamak.store.rules.pooling import LONGEST_LIFE_MS, PoolKey, awaited_parts, names_of, receipt_of, settle
from payamak.store.rules.reclaiming import reclaim
from payamak.store.rules.rows import line_of_attempt
from payamak.store.rules.transaction import Transaction


def apply(tx: Transaction, message_id: int, event: Event, now: int, version: int | None = None) -> list[Change]:
    """Let `event` happen to the message; with early receipts of its answers, more than one change.

    Empty if the message does not exist or, with `version`, has changed since. Raises IllegalMove.
    """
    message = load(tx, message_id)
    if message is None or (version is not None and message.version != version):
        return []
    if not isinstance(event, ev.Answered):
        return [happen(tx, message, event, now)]
    lost = [outcome.part for outcome in event.outcomes if outcome.kind is ev.OutcomeKind.AMBIGUOUS]
    if any(outcome.is_nack for outcome in event.outcomes):
        event = replace(event, outcomes=tuple(_with_nacks(tx, message, event, each) for each in event.outcomes))
    changes: list[Change] = []
    if lost:
        changes, event = _with_lost(tx, message, event, lost, now)
        message = (load(tx, message_id) or message) if changes else message
    if tx.has_dealt:
        reclaim(tx, message, event)
    changes.append(happen(tx, message, event, now))
    answered = [outcome for outcome in event.outcomes if outcome.kind is not ev.OutcomeKind.AMBIGUOUS]
    if tx.has_unmatched:
        changes += _after_answers(tx, message, event, answered, now)
    if _is_for_texts(tx, changes[-1].message, event.step):
        changes += _tell_later_parts(tx, changes[-1].message, event, now)
    return changes


def _with_nacks(tx: Transaction, message: Message, event: ev.Answered, outcome: ev.Outcome) -> ev.Outcome:
    """How often the part has been answered by generic_nack without a reason, with this time."""
    if not outcome.is_nack:
        return outcome
    return replace(outcome, nacks=tx.one("nacks_of_part", (message.id, event.step, outcome.part))[0] + 1)


def _with_lost(
    tx: Transaction, message: Message, event: ev.Answered, lost: list[int], now: int
) -> tuple[list[Change], ev.Answered]:
    """What receipts that wait make certain before the loss itself happens, and the event with what they leave open.

    Before it, so that a delivered message is not sent again and an opt-out still leads to the next step.
    """
    _lose(tx, message.id, event.step, event.try_no, lost, now)
    changes = _settle_step(tx, message, event.step, event.try_no, now)
    if changes:
        message = load(tx, message.id) or message
    if message.step != event.step:
        return changes, event
    return changes, replace(event, awaited=awaited_parts(tx, message, lost, now))


def _after_answers(
    tx: Transaction, message: Message, event: ev.Answered, answered: list[ev.Outcome], now: int
) -> list[Change]:
    """Receipts that waited for these answers happen; what was a rival of others is none any more.

    All of them before any pool is looked at: there a receipt whose answer is here counts as one that names nobody.
    """
    changes: list[Change] = []
    for outcome in answered:
        if outcome.operator_id is not None:
            changes += _match_early(tx, (message.id, event.step, event.try_no, outcome.part), outcome.operator_id, now)
        elif outcome.kind is ev.OutcomeKind.TAKEN:
            changes += _match_echoes(tx, (message.id, event.step, event.try_no, outcome.part), now)
    if answered and tx.has_lost:
        changes += _settle_step(tx, message, event.step, event.try_no, now)
    return changes


def _settle_step(tx: Transaction, message: Message, step: int, try_no: int, now: int) -> list[Change]:
    """Look at the pools that an attempt's parts belong to: one for each upstream that has had them."""
    if not (tx.has_lost and tx.has_unmatched):
        return []
    line = message.plan[step].line_of(try_no)
    changes: list[Change] = []
    upstreams = {tx.family(row[0])[-1]: row[0] for row in tx.all("upstreams_of_attempt", (message.id, step, try_no))}
    for upstream in upstreams.values():
        changes += settle(tx, PoolKey(upstream, line, message.recipient), now, _dealt)
    return changes


def _dealt(tx: Transaction, receipt: ReceiptIn, key: CopyKey, now: int) -> list[Change]:
    """A receipt that named nobody happens to the copy that it was dealt to."""
    message_id, step, try_no, part = key
    found = Found(message_id, step, try_no, part, None, now, False)
    return _act(tx, receipt, Match(found, operator_key(receipt.operator_id) if receipt.operator_id else ""), now)


def receive(tx: Transaction, receipt: ReceiptIn, now: int) -> list[Change]:
    """Keep a receipt, matched or not, and let it happen to its message."""
    if not receipt.keys:
        receipt = replace(receipt, keys=(operator_key(receipt.operator_id),))
    found = match(tx, receipt, Came(now, is_new=True))
    if found.part is None:
        _keep(tx, receipt, now, "unmatched", why=found.why)
        tx.has_unmatched = True
    elif receipt.part_state is None:
        _keep(tx, receipt, now, "intermediate", found.part.message_id)
        return []
    elif found.part.receipt is not None and not _counts(receipt, found):
        if _may_be_siblings(tx, receipt, found.part):
            _keep(tx, receipt, now, "unmatched", why=Unmatched.SIBLING)
            tx.has_unmatched = True
        else:
            _keep(tx, receipt, now, "repeated", found.part.message_id)
        return []
    changes = [] if found.part is None else _act(tx, receipt, found, now)
    return changes + _settle_around(tx, receipt, now)


def knows(tx: Transaction, receipt: ReceiptIn, now: int) -> bool | None:
    """Whether a text that looks like a receipt names a part of ours by id, recipient and line; changes nothing.

    None if it may yet: a part for this recipient waits for its answer.
    """
    if receipt.recipient is None or receipt.line is None:
        return False
    part = match(tx, receipt, Came(now, is_new=True), judges=False).part
    if part is not None and (row := tx.one("plan_of", (part.message_id,))) is not None:
        return line_of_attempt(row[0], part.step, part.try_no) == receipt.line
    return None if tx.all_of_family("any_unanswered", receipt.upstream, receipt.recipient) else False


def _may_be_siblings(tx: Transaction, receipt: ReceiptIn, part: Found) -> bool:
    """Whether the receipt may be that of another part of the text, whose answer is still to come with the same id."""
    if receipt.is_again or not receipt.operator_id:
        return False
    return bool(tx.all("unanswered_parts", (part.message_id, part.step, part.try_no)))


def _settle_around(tx: Transaction, receipt: ReceiptIn, now: int) -> list[Change]:
    """Look at the pool that a receipt has come to, or left: a rival of its others is none any more."""
    if not (tx.has_lost and tx.has_unmatched) or receipt.line is None or receipt.recipient is None:
        return []
    return settle(tx, PoolKey(receipt.upstream, receipt.line, receipt.recipient), now, _dealt)


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
    operator_id = found.operator_id or receipt.operator_id
    tx.execute("receipt_on_part", (*facts, operator_id or None, found.key or None, receipt.code, *part.key))
    message = load(tx, part.message_id)
    if message is None:
        return []
    changes = [_receipted(tx, message, receipt, part, now)]
    if _is_for_texts(tx, message, part.step):
        changes += _tell_text(tx, receipt, part, now)
    return changes


def _receipted(tx: Transaction, message: Message, receipt: ReceiptIn, part: Found, now: int) -> Change:
    """What the receipt of one copy of a part makes of the message."""
    assert receipt.part_state is not None
    copies_left, others = _other_copies(tx, message, part)
    event = ev.Receipted(
        step=part.step,
        part=part.part,
        part_state=receipt.part_state,
        code=receipt.code,
        copies_left=copies_left,
        others=others,
    )
    return happen(tx, message, event, now)


# ----------------------------------------------------------------------------------- one receipt for a whole text


def _is_for_texts(tx: Transaction, message: Message, step: int) -> bool:
    """Whether a receipt of the operator that has the step's parts is about the whole text (`receipts_per`)."""
    is_long = step < len(message.parts) and len(message.parts[step]) > 1
    if not is_long or not any(link.receipts_per is ReceiptsPer.MESSAGE for link in tx.site.links.values()):
        return False
    names = {row[7] for row in tx.all("copies_of_step", (message.id, step))}
    links = [tx.site.links[name] for name in names if name in tx.site.links]
    return bool(links) and all(link.receipts_per is ReceiptsPer.MESSAGE for link in links)


def _tell_text(tx: Transaction, receipt: ReceiptIn, part: Found, now: int) -> list[Change]:
    """The same receipt happens to the other parts of the text, as far as they were taken and have none."""
    changes: list[Change] = []
    seen = {part.part}
    for row in tx.all("copies_of_step", (part.message_id, part.step)):
        number, try_no, answer, told = row[:4]
        if number in seen or try_no > part.try_no or answer != "taken":
            continue
        seen.add(number)
        if told is None or (told == PartState.UNSURE.value and receipt.part_state is not PartState.UNSURE):
            found = Found(part.message_id, part.step, try_no, number, told, row[9], True)
            changes += _tell_part(tx, receipt, found, now)
    return changes


def _tell_part(tx: Transaction, receipt: ReceiptIn, part: Found, now: int) -> list[Change]:
    assert receipt.part_state is not None
    facts = (receipt.part_state.value, receipt.stat, receipt.err, now)
    tx.execute("receipt_on_part", (*facts, None, None, receipt.code, *part.key))
    message = load(tx, part.message_id)
    return [] if message is None else [_receipted(tx, message, receipt, part, now)]


def _tell_later_parts(tx: Transaction, message: Message, event: ev.Answered, now: int) -> list[Change]:
    """Parts that are answered after the receipt of their text has come: it is about them too."""
    rows = tx.all("copies_of_step", (message.id, event.step))
    told = next((row for row in rows if row[1] == event.try_no and row[3] is not None), None)
    if told is None:
        return []
    number, try_no, _, letter, stat, err, code, link, upstream, on_wire_at, _ = told
    receipt = ReceiptIn(
        upstream=upstream,
        link=link,
        operator_id="",
        keys=(),
        part_state=PartState(letter),
        stat=stat or "",
        err=err,
        code=None if code is None else Code(code),
    )
    return _tell_text(tx, receipt, Found(message.id, event.step, try_no, number, letter, on_wire_at, True), now)


def _other_copies(
    tx: Transaction, message: Message, part: Found
) -> tuple[int, tuple[tuple[PartState, Code | None], ...]]:
    """How many further copies of the part may still arrive, and what receipts said of those that may not."""
    if message.tries <= 1 and message.step == part.step:
        return 0, ()
    left = 0
    told: list[tuple[PartState, Code | None]] = []
    for try_no, answer, receipt, code, _ in tx.all("copies_of_part", (part.message_id, part.step, part.part)):
        if try_no == part.try_no:
            continue
        if receipt is not None:
            told.append((PartState(receipt), None if code is None else Code(code)))
        elif answer in (None, "ambiguous", "taken"):
            left += 1
    return left, tuple(told)


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
            "\n".join(receipt.ids),
        ),
    )


# ------------------------------------------------------------------------------------- receipts that waited


def recover(tx: Transaction, message_id: int, now: int) -> list[Change]:
    """The process that had the message on the wire is dead: it is told what is left to it (Recovered).

    After `lose_answers` of every message that was there: only then receipts that wait are dealt rightly.
    """
    changes = settle_lost(tx, message_id, now)
    message = load(tx, message_id)
    if message is not None and message.state is State.SENDING:
        word = message.parts[message.step]
        lost = [i for i, letter in enumerate(word, 1) if letter in (PartState.ON_WIRE, PartState.AMBIGUOUS)]
        event = ev.Recovered(awaited=awaited_parts(tx, message, lost, now))
        changes.append(happen(tx, message, event, now))
    return changes


def lose_answers(tx: Transaction, message_id: int, now: int) -> None:
    """The answers to what a message has on the wire will not come."""
    message = load(tx, message_id)
    if message is not None and message.state is State.SENDING:
        parts = [row[0] for row in tx.all("unanswered_parts", (message_id, message.step, message.tries))]
        _lose(tx, message_id, message.step, message.tries, parts, now)


def settle_lost(tx: Transaction, message_id: int, now: int) -> list[Change]:
    """Let receipts that wait say what is certain of a message whose answers are lost; the rest stays on the wire."""
    message = load(tx, message_id)
    if message is None or message.state is not State.SENDING:
        return []
    return _settle_step(tx, message, message.step, message.tries, now)


def _lose(tx: Transaction, message_id: int, step: int, try_no: int, parts: Iterable[int], now: int) -> None:
    """The answers to these parts will not come any more."""
    for part in parts:
        tx.execute("lose_part", (now, message_id, step, try_no, part))
    tx.has_lost = True


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
    for reading, kept in _waiting_for(tx, upstream, part[0], operator_id, on_wire_at):
        receipt = receipt_of(kept)
        found = match(tx, receipt, Came(kept[1]), judges=False)
        if found.part is None:
            tx.execute("explain_receipt", (found.why.value, kept[0]))
        elif found.part.key == part:
            fitting.append((reading, found.operator_id, kept))
    if any(written == operator_id for _, written, _ in fitting):  # of those that fold alike, the exact
        fitting = [each for each in fitting if each[0] != key or _is_same_number(each[1], operator_id)]
    if len({reading for reading, _, _ in fitting}) > 1:
        for _, _, kept in fitting:
            tx.execute("explain_receipt", (Unmatched.TWO_READINGS.value, kept[0]))
        return []
    return [change for _, _, kept in fitting for change in _look_again(tx, kept, receipt_of(kept), now)]


def _waiting_for(
    tx: Transaction, upstream: str, message_id: int, operator_id: str, since_at: int
) -> list[tuple[str, Any]]:
    """The receipts that wait under an id, with the reading of it under which they do, each once."""
    ways = readings(operator_id)
    found = {
        kept[0]: (way, kept) for way in ways for kept in tx.all_of_family("unmatched_receipts", upstream, way, since_at)
    }
    recipient = tx.one("recipient_of", (message_id,))[0]
    named = (tx.all_of_family("unmatched_with_ids", upstream, whose, since_at) for whose in (recipient, None))
    for kept in chain.from_iterable(named):
        names = names_of(receipt_of(kept))
        if kept[0] not in found and (way := next((each for each in ways if each in names), None)) is not None:
            found[kept[0]] = (way, kept)
    return sorted(found.values(), key=lambda each: (ways.index(each[0]), each[1][1], each[1][0]))


def _is_same_number(written: str, operator_id: str) -> bool:
    """Whether two ids of one form are one, written otherwise: zeros and case mean nothing in a number alone."""
    return written == operator_id or all(is_number(each.strip().lower()) for each in (written, operator_id))


def _match_echoes(tx: Transaction, part: tuple[int, int, int, int], now: int) -> list[Change]:
    """The receipts that waited for an answer without an id, and echo the reference of its message."""
    row = tx.one("part_key", part)
    if row is None or not echoes(tx, row[0]):
        return []
    upstream, recipient, _, on_wire_at = row
    waiting = tx.all_of_family("unmatched_of_recipient", upstream, recipient, on_wire_at)
    echoed = [kept for kept in waiting if kept[13] == part[0] & 0xFFFF]
    return [change for kept in echoed for change in _look_again(tx, kept, receipt_of(kept), now)]


def _look_again(tx: Transaction, kept: Any, receipt: ReceiptIn, now: int) -> list[Change]:
    """A receipt that waited: it finds its part, or waits on. What fitted two messages was judged when it came."""
    found = match(tx, receipt, Came(kept[1]), judges=kept[12] != Unmatched.TWO_READINGS)
    if found.part is None:
        tx.execute("explain_receipt", (found.why.value, kept[0]))
        return []
    is_told = found.part.receipt is not None and receipt.part_state is not None and not _counts(receipt, found)
    if is_told and _may_be_siblings(tx, receipt, found.part):
        tx.execute("explain_receipt", (Unmatched.SIBLING.value, kept[0]))
        return []
    standing = "intermediate" if receipt.part_state is None else "matched"
    tx.execute("match_receipt", (standing, found.part.message_id, kept[0]))
    if receipt.part_state is None:
        return []
    return _act(tx, receipt, found, now) if _counts(receipt, found) else []


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
    known = (tx.site.version, habit.choice, habit.chosen_place, habit.unlearned)
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
    receipt = _as_configured(tx, receipt_of(kept))
    _look_again(tx, kept, receipt, now)
    _settle_around(tx, receipt, now)


def _still_settled(tx: Transaction, upstream: str, now: int) -> IdHabit:
    """The upstream's habit, unlearned if too many receipts have waited for too long that only another one explains."""
    habit = tx.habit(upstream)
    if habit.settled is not IdBase.AUTO or habit.place is not None:
        missed = tx.all("missed", (upstream, earliest(now) - ANSWER_TIME_MS, UNLEARN_AFTER))
        if len(missed) == UNLEARN_AFTER:
            habit = unlearn(habit)
            tx.put_habit(upstream, habit)
    return habit


def forget_ids(tx: Transaction, upstream: str) -> bool:
    """Begin to learn an upstream's ids anew, as if nothing had been seen; whether there was anything."""
    had = tx.habit(upstream) != IdHabit()
    tx.put_habit(upstream, IdHabit())
    return had


def forget_names(tx: Transaction, now: int) -> None:
    """Forget under which name a link has sent before, once nothing of that can be under way or be told of."""
    longest_grace = max((rules.grace_ms for rules in tx.site.rules_by_line.values()), default=0)
    over_at = now - LONGEST_LIFE_MS - longest_grace
    is_left, is_over = tx.one("upstream_names_left", (over_at,))
    if is_left:
        tx.execute("leave_upstream_names", (now,))
    if is_over:
        tx.execute("forget_upstream_names", (over_at,))
        tx.names_changed()


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
