"""The pools of the store: copies without an operator's id and the receipts that may be theirs (P3; domain/pools.py).

A pool is of one upstream, line and recipient. It is looked at whenever something may have become certain: a receipt
came that names nobody, an answer was lost, a rival was answered or has its own receipt. What is certain happens at
once; of what waits on, no further copy goes (`Pooled`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from msgspec import Struct

from payamak.codes import LONGEST_LIFE_MINUTES, Code
from payamak.domain import events as ev
from payamak.domain.clocks import earliest
from payamak.domain.ids import IdBase, operator_key
from payamak.domain.message import Message, PartState, State
from payamak.domain.pools import Copy, CopyKey, LooseReceipt, Pair, awaits, deal
from payamak.domain.receipts import ReceiptIn, Unmatched
from payamak.domain.site import LinkKind
from payamak.store.columns import line_of_attempt
from payamak.store.desk import Desk
from payamak.store.feed import Change
from payamak.store.rules.messages import advance

LONGEST_LIFE_MS = LONGEST_LIFE_MINUTES * 60_000
"""The longest validity of a message (contract §1): no copy of an open message is older."""

MOST_MESSAGES = 500
"""The newest messages of a recipient that are looked through for copies. One with more of them since the oldest copy
that may count is a test handset or an abuse: then nothing is settled by recipient and line."""

MOST_ROWS = 200
"""Copies, and receipts, of a pool that are dealt; beyond, nothing is settled, for dealing costs their product."""

_MAY_BE_LOST = frozenset(why.value for why in (Unmatched.NO_ID, Unmatched.UNKNOWN_ID, Unmatched.OTHER_RECIPIENT))
"""A receipt whose id names a part, under whatever reading, is not the receipt of a part whose answer was lost."""

Settle = Callable[[Desk, ReceiptIn, CopyKey, int], Coroutine[Any, Any, list[Change]]]
"""Lets a receipt happen to the copy that it was dealt to."""


class PoolKey(Struct, frozen=True):
    """Whose copies and receipts may be each other's."""

    upstream: str
    line: str
    recipient: str


class Kept(Struct, frozen=True, kw_only=True):
    """A receipt as the store keeps it while it waits: columns of `receipt`; lists are joined by line ends."""

    id: int
    received_at: int
    upstream: str
    link: str
    operator_id: str
    operator_keys: str
    line: str | None
    recipient: str | None
    part_state: PartState | None
    stat: str
    err: str | None
    code: Code | None
    why: str
    reference: int | None
    ids: str


class CopyOfPart(Struct, frozen=True, kw_only=True):
    """A try of one part, and what came of it: columns of `part`."""

    try_no: int
    answer: str | None
    receipt: PartState | None
    code: Code | None
    upstream: str


class _MayBe(Struct, frozen=True, kw_only=True):
    """A copy that a receipt may be about, with what of its message says so."""

    message_id: int
    step: int
    try_no: int
    part: int
    on_wire_at: int
    answer: str | None
    operator_id: str | None
    receipt: PartState | None
    plan: str
    deadline_at: int
    state: State


class _Beyond(Struct, frozen=True, kw_only=True):
    """The message after which a recipient's newest ones begin."""

    id: int
    accepted_at: int


class _Dealt(Struct, frozen=True, kw_only=True):
    """The ids of a receipt that was dealt."""

    operator_key: str
    ids: str


class Held(Struct, frozen=True):
    """A receipt of the store that waits: its row, its instant and its words."""

    number: int
    came_at: int
    receipt: ReceiptIn


class Pool(Struct, frozen=True):
    """The copies of a pool and the receipts that may be theirs; `states` are those of the messages with a lost copy."""

    copies: tuple[Copy, ...]
    waiting: tuple[LooseReceipt, ...]
    held: dict[int, Held]
    states: dict[int, State]

    def of_reference(self, reference: int | None) -> tuple[list[Copy], list[LooseReceipt]]:
        """What a receipt that echoes the reference of its message may be about, and those that echo it."""
        copies = [c for c in self.copies if reference is None or c.message_id & 0xFFFF == reference]
        return copies, [w for w in self.waiting if self.held[w.number].receipt.reference == reference]

    @property
    def references(self) -> set[int]:
        """The references that its receipts echo."""
        echoed = (held.receipt.reference for held in self.held.values())
        return {reference for reference in echoed if reference is not None}


async def waits_for(desk: Desk, key: PoolKey, now: int) -> bool:
    """Whether answers of the upstream were lost and receipts wait: else there is no pool to look at."""
    if not (desk.memory.has_lost and desk.memory.has_unmatched):
        return False
    since_at = _since_at(desk, key, now)
    return await desk.any_of_family("a_lost_part", key.upstream, since_at)


async def settle(desk: Desk, key: PoolKey, now: int, act: Settle) -> list[Change]:
    """Let happen what the receipts of a pool make certain, and keep back copies of what they do not; the changes."""
    pool = await read_pool(desk, key, now) if await waits_for(desk, key, now) else None
    if pool is None:
        return await _free(desk, key, now) if desk.memory.has_lost else []
    changes: list[Change] = []
    dealt: set[int] = set()
    for pair in _pairs(pool):
        held = pool.held[pair.receipt.number]
        message_id, *_ = pair.copy.key
        desk.execute("match_receipt", ("matched", message_id, held.number))
        desk.memory.has_dealt = True
        changes += await act(desk, held.receipt, pair.copy.key, now)
        dealt.add(held.number)
        for number in _repetitions(pool, held, dealt):
            desk.execute("match_receipt", ("repeated", message_id, number))
            dealt.add(number)
    return changes + await _keep_back(desk, pool, dealt, now)


async def awaited_parts(desk: Desk, message: Message, parts: list[int], now: int) -> tuple[int, ...]:
    """Of parts whose answer is lost now, those of which no further copy may go: receipts wait, or told of a copy."""
    pools: dict[str, Pool | None] = {}
    awaited = []
    for part in parts:
        copies = await desk.rows("copies_of_part", CopyOfPart, (message.id, message.step, part))
        if any(copy.receipt not in (None, PartState.DELIVERED) for copy in copies):
            awaited.append(part)
            continue
        if not desk.memory.has_unmatched or not copies:
            continue
        upstream = copies[-1].upstream
        if upstream not in pools:
            key = PoolKey(upstream, message.current.line_of(message.tries), message.recipient)
            pools[upstream] = await read_pool(desk, key, now)
        pool = pools[upstream]
        if pool is not None and _is_awaited(pool, (message.id, message.step, part), set()):
            awaited.append(part)
    return tuple(awaited)


async def read_pool(desk: Desk, key: PoolKey, now: int) -> Pool | None:
    """The pool as it stands in this transaction; None if no receipt waits, no copy is lost, or there are too many."""
    since_at = _since_at(desk, key, now)
    rows = await desk.rows_of_family("unmatched_of_recipient", Kept, key.upstream, key.recipient, since_at)
    held = {row.id: Held(row.id, row.received_at, receipt_of(row)) for row in rows if _may_be_of_lost(row, key)}
    after_id, is_all = await _newest_messages(desk, key, since_at)
    if not held or len(rows) >= MOST_ROWS or not is_all:
        return None
    first_at = min(one.came_at for one in held.values())
    grace_ms = desk.site.rules(key.line).grace_ms
    # Settled ids tell a receipt that names one from an answered copy's; they say nothing of one that names none.
    is_anyones = not await _ids_are_settled(desk, key.upstream) or any(not _name(one.receipt) for one in held.values())
    copies: list[Copy] = []
    states: dict[int, State] = {}
    told_without_id: set[int] = set()
    for row in await desk.rows_of_family("pool_of_recipient", _MayBe, key.upstream, key.recipient, since_at, after_id):
        if line_of_attempt(row.plan, row.step, row.try_no) != key.line or row.deadline_at + grace_ms <= first_at:
            continue
        copy_key = (row.message_id, row.step, row.try_no, row.part)
        if row.receipt is None and row.answer != "taken":
            copies.append(Copy(copy_key, row.on_wire_at, row.answer == "ambiguous"))
            states[row.message_id] = row.state
        elif row.receipt in (None, PartState.UNSURE):
            # Answered, whatever became of its message, or told nothing for certain: its own receipt may be to come.
            if is_anyones or row.operator_id is None:
                copies.append(Copy(copy_key, row.on_wire_at, False))
        elif row.operator_id is None:
            told_without_id.add(row.message_id)
    dealt = await _dealt_names(desk, key, after_id, since_at)
    held = {
        number: one
        for number, one in held.items()
        if not _may_repeat(one.receipt, told_without_id) and dealt.isdisjoint(names_of(one.receipt))
    }
    if not held or len(copies) > MOST_ROWS or not any(copy.is_lost for copy in copies):
        return None
    names = _one_name_each(held.values())
    waiting = tuple(
        LooseReceipt(one.number, one.came_at, one.receipt.part_state or PartState.UNSURE, names[one.number])
        for one in held.values()
    )
    return Pool(tuple(copies), waiting, held, states)


def receipt_of(kept: Kept) -> ReceiptIn:
    """A receipt as it came."""
    return ReceiptIn(
        upstream=kept.upstream,
        link=kept.link,
        operator_id=kept.operator_id,
        keys=tuple(kept.operator_keys.split("\n")),
        part_state=kept.part_state,
        stat=kept.stat,
        err=kept.err,
        code=kept.code,
        line=kept.line,
        recipient=kept.recipient,
        reference=kept.reference,
        ids=tuple(kept.ids.split("\n")) if kept.ids else (),
    )


def _since_at(desk: Desk, key: PoolKey, now: int) -> int:
    return earliest(now) - LONGEST_LIFE_MS - desk.site.rules(key.line).grace_ms


def _name(receipt: ReceiptIn) -> str:
    return operator_key(receipt.operator_id) if receipt.operator_id else ""


def names_of(receipt: ReceiptIn) -> set[str]:
    """Every id that a receipt names, in the form under which ids are compared."""
    return {operator_key(each) for each in (receipt.operator_id, *receipt.ids) if each}


def _one_name_each(held: Iterable[Held]) -> dict[int, str]:
    """A name for each receipt that waits: those that share any id have the same, for they may be one told twice."""
    name_of: dict[str, str] = {}
    found: dict[int, str] = {}
    for one in held:
        names = names_of(one.receipt)
        known = {name_of[name] for name in names if name in name_of}
        name = min(known or names or {""})
        name_of |= dict.fromkeys(names, name)
        for other in known - {name}:
            name_of = {key: name if value == other else value for key, value in name_of.items()}
            found = {number: name if value == other else value for number, value in found.items()}
        found[one.number] = name
    return found


async def _dealt_names(desk: Desk, key: PoolKey, after_id: int, since_at: int) -> set[str]:
    """The ids of receipts that have found a message of the recipient after they had waited."""
    rows = await desk.rows_of_family("dealt_to_recipient", _Dealt, key.upstream, key.recipient, after_id, since_at)
    return {name for row in rows for name in (row.operator_key, *map(operator_key, filter(None, row.ids.split("\n"))))}


def _may_repeat(receipt: ReceiptIn, told_without_id: set[int]) -> bool:
    """Whether a receipt without an id may be one that has settled a part already and is brought again."""
    if receipt.operator_id:
        return False
    return any(receipt.reference in (None, message_id & 0xFFFF) for message_id in told_without_id)


def _repetitions(pool: Pool, dealt: Held, others: set[int]) -> list[int]:
    """The receipts that wait under the id of one that was dealt: brought again, they tell of no other copy."""
    names = names_of(dealt.receipt)
    same = (number for number, held in pool.held.items() if not names.isdisjoint(names_of(held.receipt)))
    return [number for number in same if number not in others]


def _may_be_of_lost(kept: Kept, key: PoolKey) -> bool:
    """Final, of the line, and its id names no part; one that is unsure and has no id says nothing at all."""
    says_something = kept.part_state is not PartState.UNSURE or kept.operator_id
    is_final = kept.part_state is not None
    return kept.line == key.line and is_final and kept.why in _MAY_BE_LOST and bool(says_something)


async def _newest_messages(desk: Desk, key: PoolKey, since_at: int) -> tuple[int, bool]:
    """The id after which the recipient's newest messages begin, and whether these are all that may count."""
    beyond = await desk.row("message_beyond", _Beyond, (key.recipient, MOST_MESSAGES))
    return (0, True) if beyond is None else (beyond.id, beyond.accepted_at < since_at)


async def _ids_are_settled(desk: Desk, upstream: str) -> bool:
    """Whether a receipt that names no answer's id can be no answered part's: how the upstream writes ids is known."""
    links = [link for link in desk.site.links.values() if desk.site.upstream_of(link) in await desk.family(upstream)]
    is_open = any(link.kind is LinkKind.SMPP and link.id_base is IdBase.AUTO for link in links)
    return bool(links) and (not is_open or desk.habit(upstream).settled is not IdBase.AUTO)


def _pairs(pool: Pool) -> list[Pair]:
    """What is certain: among receipts that echo a reference first; then, if none of them waits on, among others."""
    pairs: list[Pair] = []
    waits_on = False
    for reference in sorted(pool.references):
        copies, waiting = pool.of_reference(reference)
        found = deal(copies, waiting)
        pairs += found
        waits_on |= bool(copies) and len(found) < len(waiting)
    if waits_on:
        return pairs
    taken = {pair.copy for pair in pairs}
    copies, waiting = pool.of_reference(None)
    return pairs + deal([copy for copy in copies if copy not in taken], waiting)


def _is_awaited(pool: Pool, part: tuple[int, int, int], dealt: set[int]) -> bool:
    """Whether a receipt that waits on may be that of a lost copy of the part."""
    message_id, *_ = part
    for copy in pool.copies:
        if copy.is_lost and copy.part == part:
            copies_of = [
                w
                for w in pool.waiting
                if w.number not in dealt and pool.held[w.number].receipt.reference in (None, message_id & 0xFFFF)
            ]
            if awaits(copy, copies_of):
                return True
    return False


async def _keep_back(desk: Desk, pool: Pool, dealt: set[int], now: int) -> list[Change]:
    """Say to the messages of a pool which of their lost parts have receipts to wait for now, if that has changed."""
    changes: list[Change] = []
    for message_id in sorted(number for number, state in pool.states.items() if state in (State.QUEUED, State.SENDING)):
        message = await desk.message(message_id)
        if message is None or message.state not in (State.QUEUED, State.SENDING):
            continue
        lost = [i for i, letter in enumerate(_word(message), 1) if letter == PartState.AMBIGUOUS]
        changes += await _say_awaited(
            desk, message, {i: _is_awaited(pool, (message.id, message.step, i), dealt) for i in lost}, now
        )
    return changes


async def _free(desk: Desk, key: PoolKey, now: int) -> list[Change]:
    """No receipt of the pool waits any more: copies that were kept back for one may go again."""
    changes: list[Change] = []
    after_id, _ = await _newest_messages(desk, key, now)
    for message_id in await desk.values("awaiting_of_recipient", (key.recipient, after_id)):
        message = await desk.message(message_id)
        if message is None or not message.awaited or message.current.line_of(message.tries) != key.line:
            continue
        if key.upstream in await desk.values("upstreams_of_attempt", (message_id, message.step, message.tries)):
            changes += await _say_awaited(desk, message, dict.fromkeys(message.awaited, False), now)
    return changes


async def _say_awaited(desk: Desk, message: Message, awaited: dict[int, bool], now: int) -> list[Change]:
    more = tuple(part for part, waits in awaited.items() if waits and part not in message.awaited)
    no_more = [part for part, waits in awaited.items() if not waits and part in message.awaited]
    fewer = tuple([part for part in no_more if not await _was_told(desk, message, part)])
    changes: list[Change] = []
    if more:
        changes.append(await advance(desk, message, ev.Pooled(step=message.step, parts=more, has_receipts=True), now))
        message = changes[-1].message
    if fewer:
        changes.append(await advance(desk, message, ev.Pooled(step=message.step, parts=fewer, has_receipts=False), now))
    return changes


async def _was_told(desk: Desk, message: Message, part: int) -> bool:
    """Whether a receipt has told that one of the part's copies did not arrive: that ends resending for good."""
    copies = await desk.rows("copies_of_part", CopyOfPart, (message.id, message.step, part))
    return any(copy.receipt is not None for copy in copies)


def _word(message: Message) -> str:
    return message.parts[message.step] if message.step < len(message.parts) else ""
