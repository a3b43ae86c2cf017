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

from msgspec import Struct
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
from payamak.store.columns import line_of_attempt
from payamak.store.desk import Desk
from payamak.store.feed import Change
from payamak.store.rules import messages
from payamak.store.rules.aside import AsideKind, apart, is_aside
from payamak.store.rules.matching import Came, Found, Match, echoes, match
from payamak.store.rules.pooling import (
    LONGEST_LIFE_MS,
    CopyOfPart,
    Kept,
    PoolKey,
    awaited_parts,
    names_of,
    receipt_of,
    settle,
)
from payamak.store.rules.reclaiming import reclaim


class _PartKey(Struct, frozen=True, kw_only=True):
    """Whose part it is, the receipt that it has, and since when it is under way."""

    upstream: str
    recipient: str
    receipt: str | None
    on_wire_at: int


class _CopyOfStep(Struct, frozen=True, kw_only=True):
    """A try of a part of a step: its answer, its receipt and that one's words; columns of `part`."""

    part: int
    try_no: int
    answer: str | None
    receipt: PartState | None
    receipt_stat: str | None
    receipt_err: str | None
    code: Code | None
    link: str
    upstream: str
    on_wire_at: int
    operator_id: str | None


class _NamesLeft(Struct, frozen=True, kw_only=True):
    """Of the names that links have had: whether the time of one is to begin, and whether that of one is over."""

    is_left: bool
    is_over: bool


class _Unclaimed(Struct, frozen=True, kw_only=True):
    """A receipt that nobody claims, for its removal."""

    id: int
    upstream: str
    received_at: int


async def advance(desk: Desk, message_id: int, event: Event, now: int, version: int | None = None) -> list[Change]:
    """Let `event` happen to the message; with early receipts of its answers, more than one change.

    Empty if the message does not exist or, with `version`, has changed since. Raises IllegalMove.
    """
    await desk.expect([("message", (message_id,))])
    message = await desk.message(message_id)
    if message is None or (version is not None and message.version != version):
        return []
    if not isinstance(event, ev.Answered):
        return [await messages.advance(desk, message, event, now)]
    lost = [outcome.part for outcome in event.outcomes if outcome.kind is ev.OutcomeKind.AMBIGUOUS]
    if any(outcome.is_nack for outcome in event.outcomes):
        event = replace(event, outcomes=await _with_nacks(desk, message, event))
    changes: list[Change] = []
    if lost:
        changes, event = await _with_lost(desk, message, event, lost, now)
        message = (await desk.message(message_id) or message) if changes else message
    if desk.memory.has_dealt:
        await reclaim(desk, message, event)
    changes.append(await messages.advance(desk, message, event, now))
    answered = [outcome for outcome in event.outcomes if outcome.kind is not ev.OutcomeKind.AMBIGUOUS]
    if desk.memory.has_unmatched:
        changes += await _after_answers(desk, message, event, answered, now)
    if await _is_for_texts(desk, changes[-1].message, event.step):
        changes += await _tell_later_parts(desk, changes[-1].message, event, now)
    return changes


async def _with_nacks(desk: Desk, message: Message, event: ev.Answered) -> tuple[ev.Outcome, ...]:
    """How often each part has been answered by generic_nack without a reason, with this time."""
    return tuple([await _counted(desk, message, event, outcome) for outcome in event.outcomes])


async def _counted(desk: Desk, message: Message, event: ev.Answered, outcome: ev.Outcome) -> ev.Outcome:
    if not outcome.is_nack:
        return outcome
    return replace(outcome, nacks=await desk.value("nacks_of_part", (message.id, event.step, outcome.part)) + 1)


async def _with_lost(
    desk: Desk, message: Message, event: ev.Answered, lost: list[int], now: int
) -> tuple[list[Change], ev.Answered]:
    """What receipts that wait make certain before the loss itself happens, and the event with what they leave open.

    Before it, so that a delivered message is not sent again and an opt-out still leads to the next step.
    """
    _lose(desk, message.id, event.step, event.try_no, lost, now)
    changes = await _settle_step(desk, message, event.step, event.try_no, now)
    if changes:
        message = await desk.message(message.id) or message
    if message.step != event.step:
        return changes, event
    return changes, replace(event, awaited=await awaited_parts(desk, message, lost, now))


async def _after_answers(
    desk: Desk, message: Message, event: ev.Answered, answered: list[ev.Outcome], now: int
) -> list[Change]:
    """Receipts that waited for these answers happen; what was a rival of others is none any more.

    All of them before any pool is looked at: there a receipt whose answer is here counts as one that names nobody.
    """
    changes: list[Change] = []
    for outcome in answered:
        if outcome.operator_id is not None:
            changes += await _match_early(
                desk, (message.id, event.step, event.try_no, outcome.part), outcome.operator_id, now
            )
        elif outcome.kind is ev.OutcomeKind.TAKEN:
            changes += await _match_echoes(desk, (message.id, event.step, event.try_no, outcome.part), now)
    if answered and desk.memory.has_lost:
        changes += await _settle_step(desk, message, event.step, event.try_no, now)
    return changes


async def _settle_step(desk: Desk, message: Message, step: int, try_no: int, now: int) -> list[Change]:
    """Look at the pools that an attempt's parts belong to: one for each upstream that has had them."""
    if not (desk.memory.has_lost and desk.memory.has_unmatched):
        return []
    line = message.plan[step].line_of(try_no)
    changes: list[Change] = []
    names = await desk.values("upstreams_of_attempt", (message.id, step, try_no))
    upstreams = {(await desk.family(name))[-1]: name for name in names}
    for upstream in upstreams.values():
        changes += await settle(desk, PoolKey(upstream, line, message.recipient), now, _dealt)
    return changes


async def _dealt(desk: Desk, receipt: ReceiptIn, key: CopyKey, now: int) -> list[Change]:
    """A receipt that named nobody happens to the copy that it was dealt to."""
    message_id, step, try_no, part = key
    found = Found(message_id, step, try_no, part, None, now, False)
    return await _act(
        desk, receipt, Match(found, operator_key(receipt.operator_id) if receipt.operator_id else ""), now
    )


async def receive(desk: Desk, receipt: ReceiptIn, now: int) -> list[Change]:
    """Keep a receipt, matched or not, and let it happen to its message."""
    if not receipt.keys:
        receipt = replace(receipt, keys=(operator_key(receipt.operator_id),))
    upstream, operator_id = receipt.upstream, receipt.operator_id
    await desk.expect([("part_by_operator_id", (upstream, key, operator_id)) for key in receipt.keys])
    found = await match(desk, receipt, Came(now, is_new=True))
    if found.part is None:
        _keep(desk, receipt, now, "unmatched", why=found.why)
        desk.memory.has_unmatched = True
    elif receipt.part_state is None:
        _keep(desk, receipt, now, "intermediate", found.part.message_id)
        return []
    elif found.part.receipt is not None and not _counts(receipt, found):
        if await _may_be_siblings(desk, receipt, found.part):
            _keep(desk, receipt, now, "unmatched", why=Unmatched.SIBLING)
            desk.memory.has_unmatched = True
        else:
            _keep(desk, receipt, now, "repeated", found.part.message_id)
        return []
    changes = [] if found.part is None else await _act(desk, receipt, found, now)
    return changes + await _settle_around(desk, receipt, now)


async def knows(desk: Desk, receipt: ReceiptIn, now: int) -> bool | None:
    """Whether a text that looks like a receipt names a part of ours by id, recipient and line; changes nothing.

    None if it may yet: a part for this recipient waits for its answer.
    """
    if receipt.recipient is None or receipt.line is None:
        return False
    part = (await match(desk, receipt, Came(now, is_new=True), judges=False)).part
    if part is not None and (plan := await desk.value("plan_of", (part.message_id,))) is not None:
        return line_of_attempt(plan, part.step, part.try_no) == receipt.line
    return None if await desk.any_of_family("any_unanswered", receipt.upstream, receipt.recipient) else False


async def _may_be_siblings(desk: Desk, receipt: ReceiptIn, part: Found) -> bool:
    """Whether the receipt may be that of another part of the text, whose answer is still to come with the same id."""
    if receipt.is_again or not receipt.operator_id:
        return False
    return await desk.value("unanswered_parts", (part.message_id, part.step, part.try_no)) is not None


async def _settle_around(desk: Desk, receipt: ReceiptIn, now: int) -> list[Change]:
    """Look at the pool that a receipt has come to, or left: a rival of its others is none any more."""
    if not (desk.memory.has_lost and desk.memory.has_unmatched) or receipt.line is None or receipt.recipient is None:
        return []
    return await settle(desk, PoolKey(receipt.upstream, receipt.line, receipt.recipient), now, _dealt)


def _counts(receipt: ReceiptIn, found: Match) -> bool:
    """Final is final (P8), but an operator that was unsure may still make up its mind."""
    first = found.part.receipt if found.part is not None else None
    return first is None or (first == PartState.UNSURE.value and receipt.part_state is not PartState.UNSURE)


async def _act(desk: Desk, receipt: ReceiptIn, found: Match, now: int) -> list[Change]:
    """A final receipt that counts, and its part; the unsure one whose place it takes is kept beside it."""
    part = found.part
    assert part is not None
    assert receipt.part_state is not None
    if part.receipt is not None:
        desk.execute("keep_first_receipt", part.key)
    facts = (receipt.part_state.value, receipt.stat, receipt.err, now)
    operator_id = found.operator_id or receipt.operator_id
    desk.execute("receipt_on_part", (*facts, operator_id or None, found.key or None, receipt.code, *part.key))
    message = await desk.message(part.message_id)
    if message is None:
        return []
    changes = [await _receipted(desk, message, receipt, part, now)]
    if await _is_for_texts(desk, message, part.step):
        changes += await _tell_text(desk, receipt, part, now)
    return changes


async def _receipted(desk: Desk, message: Message, receipt: ReceiptIn, part: Found, now: int) -> Change:
    """What the receipt of one copy of a part makes of the message."""
    assert receipt.part_state is not None
    copies_left, others = await _other_copies(desk, message, part)
    event = ev.Receipted(
        step=part.step,
        part=part.part,
        part_state=receipt.part_state,
        code=receipt.code,
        copies_left=copies_left,
        others=others,
    )
    return await messages.advance(desk, message, event, now)


# ----------------------------------------------------------------------------------- one receipt for a whole text


async def _is_for_texts(desk: Desk, message: Message, step: int) -> bool:
    """Whether a receipt of the operator that has the step's parts is about the whole text (`receipts_per`)."""
    is_long = step < len(message.parts) and len(message.parts[step]) > 1
    if not is_long or not any(link.receipts_per is ReceiptsPer.MESSAGE for link in desk.site.links.values()):
        return False
    names = {copy.link for copy in await desk.rows("copies_of_step", _CopyOfStep, (message.id, step))}
    links = [desk.site.links[name] for name in names if name in desk.site.links]
    return bool(links) and all(link.receipts_per is ReceiptsPer.MESSAGE for link in links)


async def _tell_text(desk: Desk, receipt: ReceiptIn, part: Found, now: int) -> list[Change]:
    """The same receipt happens to the other parts of the text, as far as they were taken and have none."""
    changes: list[Change] = []
    seen = {part.part}
    for copy in await desk.rows("copies_of_step", _CopyOfStep, (part.message_id, part.step)):
        if copy.part in seen or copy.try_no > part.try_no or copy.answer != "taken":
            continue
        seen.add(copy.part)
        told = copy.receipt
        if told is None or (told is PartState.UNSURE and receipt.part_state is not PartState.UNSURE):
            found = Found(part.message_id, part.step, copy.try_no, copy.part, told, copy.on_wire_at, True)
            changes += await _tell_part(desk, receipt, found, now)
    return changes


async def _tell_part(desk: Desk, receipt: ReceiptIn, part: Found, now: int) -> list[Change]:
    assert receipt.part_state is not None
    facts = (receipt.part_state.value, receipt.stat, receipt.err, now)
    desk.execute("receipt_on_part", (*facts, None, None, receipt.code, *part.key))
    message = await desk.message(part.message_id)
    return [] if message is None else [await _receipted(desk, message, receipt, part, now)]


async def _tell_later_parts(desk: Desk, message: Message, event: ev.Answered, now: int) -> list[Change]:
    """Parts that are answered after the receipt of their text has come: it is about them too."""
    copies = await desk.rows("copies_of_step", _CopyOfStep, (message.id, event.step))
    told = next((copy for copy in copies if copy.try_no == event.try_no and copy.receipt is not None), None)
    if told is None:
        return []
    receipt = ReceiptIn(
        upstream=told.upstream,
        link=told.link,
        operator_id="",
        keys=(),
        part_state=told.receipt,
        stat=told.receipt_stat or "",
        err=told.receipt_err,
        code=told.code,
    )
    part = Found(message.id, event.step, told.try_no, told.part, told.receipt, told.on_wire_at, True)
    return await _tell_text(desk, receipt, part, now)


async def _other_copies(
    desk: Desk, message: Message, part: Found
) -> tuple[int, tuple[tuple[PartState, Code | None], ...]]:
    """How many further copies of the part may still arrive, and what receipts said of those that may not."""
    if message.tries <= 1 and message.step == part.step:
        return 0, ()
    left = 0
    told: list[tuple[PartState, Code | None]] = []
    for copy in await desk.rows("copies_of_part", CopyOfPart, (part.message_id, part.step, part.part)):
        if copy.try_no == part.try_no:
            continue
        if copy.receipt is not None:
            told.append((copy.receipt, copy.code))
        elif copy.answer in (None, "ambiguous", "taken"):
            left += 1
    return left, tuple(told)


def _keep(
    desk: Desk,
    receipt: ReceiptIn,
    now: int,
    standing: str,
    message_id: int | None = None,
    why: Unmatched | None = None,
) -> None:
    state = None if receipt.part_state is None else receipt.part_state.value
    desk.execute(
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


async def recover(desk: Desk, message_id: int, now: int) -> list[Change]:
    """The process that had the message on the wire is dead: it is told what is left to it (Recovered).

    After `lose_answers` of every message that was there: only then receipts that wait are dealt rightly.
    """
    changes = await settle_lost(desk, message_id, now)
    message = await desk.message(message_id)
    if message is not None and message.state is State.SENDING:
        word = message.parts[message.step]
        lost = [i for i, letter in enumerate(word, 1) if letter in (PartState.ON_WIRE, PartState.AMBIGUOUS)]
        event = ev.Recovered(awaited=await awaited_parts(desk, message, lost, now))
        changes.append(await messages.advance(desk, message, event, now))
    return changes


async def lose_answers(desk: Desk, message_id: int, now: int) -> None:
    """The answers to what a message has on the wire will not come."""
    message = await desk.message(message_id)
    if message is not None and message.state is State.SENDING:
        parts = await desk.values("unanswered_parts", (message_id, message.step, message.tries))
        _lose(desk, message_id, message.step, message.tries, parts, now)


async def settle_lost(desk: Desk, message_id: int, now: int) -> list[Change]:
    """Let receipts that wait say what is certain of a message whose answers are lost; the rest stays on the wire."""
    message = await desk.message(message_id)
    if message is None or message.state is not State.SENDING:
        return []
    return await _settle_step(desk, message, message.step, message.tries, now)


def _lose(desk: Desk, message_id: int, step: int, try_no: int, parts: Iterable[int], now: int) -> None:
    """The answers to these parts will not come any more."""
    for part in parts:
        desk.execute("lose_part", (now, message_id, step, try_no, part))
    desk.memory.has_lost = True


async def _match_early(desk: Desk, part: tuple[int, int, int, int], operator_id: str, now: int) -> list[Change]:
    """The receipts that waited for this answer happen to its part, in the order of their arrival.

    Where receipts with different ids read as this answer's and nothing is known of the operator's habit, none is
    taken for it.
    """
    own = await desk.row("part_key", _PartKey, part)
    if own is None:
        return []
    key = operator_key(operator_id)
    fitting = []
    for reading, kept in await _waiting_for(desk, own, operator_id):
        receipt = receipt_of(kept)
        found = await match(desk, receipt, Came(kept.received_at), judges=False)
        if found.part is None:
            desk.execute("explain_receipt", (found.why.value, kept.id))
        elif found.part.key == part:
            fitting.append((reading, found.operator_id, kept))
    if any(written == operator_id for _, written, _ in fitting):  # of those that fold alike, the exact
        fitting = [
            (reading, written, kept)
            for reading, written, kept in fitting
            if reading != key or _is_same_number(written, operator_id)
        ]
    if len({reading for reading, _, _ in fitting}) > 1:
        for _, _, kept in fitting:
            desk.execute("explain_receipt", (Unmatched.TWO_READINGS.value, kept.id))
        return []
    return [change for _, _, kept in fitting for change in await _look_again(desk, kept, receipt_of(kept), now)]


async def _waiting_for(desk: Desk, part: _PartKey, operator_id: str) -> list[tuple[str, Kept]]:
    """The receipts that wait under an id, with the reading of it under which they do, each once."""
    ways = readings(operator_id)
    found: dict[int, tuple[str, Kept]] = {}
    for way in ways:
        waiting = await desk.rows_of_family("unmatched_receipts", Kept, part.upstream, way, part.on_wire_at)
        found |= {kept.id: (way, kept) for kept in waiting}
    named = [
        await desk.rows_of_family("unmatched_with_ids", Kept, part.upstream, whose, part.on_wire_at)
        for whose in (part.recipient, None)
    ]
    for kept in chain.from_iterable(named):
        names = names_of(receipt_of(kept))
        if kept.id not in found and (way_of_it := next((each for each in ways if each in names), None)) is not None:
            found[kept.id] = (way_of_it, kept)

    def order(each: tuple[str, Kept]) -> tuple[int, int, int]:
        way, kept = each
        return ways.index(way), kept.received_at, kept.id

    return sorted(found.values(), key=order)


def _is_same_number(written: str, operator_id: str) -> bool:
    """Whether two ids of one form are one, written otherwise: zeros and case mean nothing in a number alone."""
    return written == operator_id or all(is_number(each.strip().lower()) for each in (written, operator_id))


async def _match_echoes(desk: Desk, part: tuple[int, int, int, int], now: int) -> list[Change]:
    """The receipts that waited for an answer without an id, and echo the reference of its message."""
    own = await desk.row("part_key", _PartKey, part)
    if own is None or not await echoes(desk, own.upstream):
        return []
    message_id, *_ = part
    waiting = await desk.rows_of_family("unmatched_of_recipient", Kept, own.upstream, own.recipient, own.on_wire_at)
    echoed = [kept for kept in waiting if kept.reference == message_id & 0xFFFF]
    return [change for kept in echoed for change in await _look_again(desk, kept, receipt_of(kept), now)]


async def _look_again(desk: Desk, kept: Kept, receipt: ReceiptIn, now: int) -> list[Change]:
    """A receipt that waited: it finds its part, or waits on. What fitted two messages was judged when it came."""
    found = await match(desk, receipt, Came(kept.received_at), judges=kept.why != Unmatched.TWO_READINGS)
    if found.part is None:
        desk.execute("explain_receipt", (found.why.value, kept.id))
        return []
    is_told = found.part.receipt is not None and receipt.part_state is not None and not _counts(receipt, found)
    if is_told and await _may_be_siblings(desk, receipt, found.part):
        desk.execute("explain_receipt", (Unmatched.SIBLING.value, kept.id))
        return []
    standing = "intermediate" if receipt.part_state is None else "matched"
    desk.execute("match_receipt", (standing, found.part.message_id, kept.id))
    if receipt.part_state is None:
        return []
    return await _act(desk, receipt, found, now) if _counts(receipt, found) else []


def _as_configured(desk: Desk, receipt: ReceiptIn) -> ReceiptIn:
    """The receipt with its id read as its link says now; a server of the contract writes ids in one way only."""
    link = desk.site.links.get(receipt.link)
    if link is None or link.kind is not LinkKind.SMPP:
        return receipt
    return replace(receipt, keys=readings(receipt.operator_id, link.id_base))


async def retry(desk: Desk, now: int, limit: int) -> int:
    """Look again at receipts that fitted two messages, or one under another reading, once more is known; how many.

    Each upstream's are gone through once for each change of its habit or of the configuration, `limit` at a time.
    """
    looked = 0
    for upstream in await desk.values("conflict_upstreams"):
        if not await is_aside(desk, AsideKind.UPSTREAM, upstream, now):
            looked += (
                await apart(desk, AsideKind.UPSTREAM, upstream, now, partial(_retry_of, desk, upstream, now, limit))
                or 0
            )
    return looked


async def _retry_of(desk: Desk, upstream: str, now: int, limit: int) -> int:
    habit = await _still_settled(desk, upstream, now)
    known = (desk.site.version, habit.choice, habit.chosen_place, habit.unlearned)
    known_then, after_id = desk.memory.retried.get(upstream, (None, 0))
    if known_then != known:
        after_id = 0
    if after_id is None:
        return 0
    rows = await desk.rows("conflicts_of", Kept, (upstream, after_id, limit))
    for kept in rows:
        await apart(desk, AsideKind.RECEIPT, kept.id, now, partial(_retry_one, desk, kept, now))
    desk.memory.retried[upstream] = (known, rows[-1].id if len(rows) == limit else None)
    return len(rows)


async def _retry_one(desk: Desk, kept: Kept, now: int) -> None:
    receipt = _as_configured(desk, receipt_of(kept))
    await _look_again(desk, kept, receipt, now)
    await _settle_around(desk, receipt, now)


async def _still_settled(desk: Desk, upstream: str, now: int) -> IdHabit:
    """The upstream's habit, unlearned if too many receipts have waited for too long that only another one explains."""
    habit = desk.habit(upstream)
    if habit.settled is not IdBase.AUTO or habit.place is not None:
        missed = await desk.values("missed", (upstream, earliest(now) - ANSWER_TIME_MS, UNLEARN_AFTER))
        if len(missed) == UNLEARN_AFTER:
            habit = unlearn(habit)
            desk.put_habit(upstream, habit)
    return habit


async def forget_ids(desk: Desk, upstream: str) -> bool:
    """Begin to learn an upstream's ids anew, as if nothing had been seen; whether there was anything."""
    had = desk.habit(upstream) != IdHabit()
    desk.put_habit(upstream, IdHabit())
    return had


async def forget_names(desk: Desk, now: int) -> None:
    """Forget under which name a link has sent before, once nothing of that can be under way or be told of."""
    longest_grace = max((rules.grace_ms for rules in desk.site.rules_by_line.values()), default=0)
    over_at = now - LONGEST_LIFE_MS - longest_grace
    names = await desk.row("upstream_names_left", _NamesLeft, (over_at,))
    assert names is not None, "a look whether there are any has a row"
    if names.is_left:
        desk.execute("leave_upstream_names", (now,))
    if names.is_over:
        desk.execute("forget_upstream_names", (over_at,))
        desk.memory.families = None


MOST_UNMATCHED = 1_000_000
"""Receipts without a message that are kept, some 200 MB: a bind shared with another program must not fill the disk."""


async def retire_unmatched(desk: Desk, old_at: int, limit: int, most: int = MOST_UNMATCHED) -> int:
    """Remove up to `limit` receipts that nobody claimed and that came before `old_at`, or are too many; how many.

    They are counted for their upstream: `payamak link ids` and the doctor tell of them.
    """
    beyond = await desk.value("unmatched_beyond", (most,))
    if beyond is not None:
        old_at = max(old_at, beyond + 1)
    rows = await desk.rows("unmatched_before", _Unclaimed, (old_at, limit))
    for row in rows:
        desk.execute("delete_receipt", (row.id,))
    counts = Counter(row.upstream for row in rows)
    for upstream, count in counts.items():
        until = max(row.received_at for row in rows if row.upstream == upstream)
        desk.execute("count_removed", (upstream, count, until))
    return len(rows)
