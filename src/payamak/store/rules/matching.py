"""Which part a receipt belongs to: by its id under one reading or several, told apart by the recipient (P3, P8).

Found is what names exactly one part. The rules, in their order:

* Only parts of the receipt's upstream, and those that were on the wire before it came.
* Of recurring ids the newest with the same recipient; an id written exactly alike goes before one that is alike but for
  zeros and case: some operators count in base 64, where case tells two ids apart.
* While several readings are tried and fit different parts, what was learned of the upstream decides; as long as that
  is too little, nobody guesses: the receipt waits, and is looked at again when more is known.
* A receipt may name several ids, in the parameter, the text and message_payload: each is tried, and what they find is
  told apart in the same way, by recipient, line and habit.
* Several parts of one text may have one id: each receipt goes to one that has none, unless it is a repetition.
* What was taken without any id is found by the reference that the operator echoes.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from payamak.domain.ids import (
    IdBase,
    IdPlace,
    judge,
    judge_place,
    key_by_reading,
    key_under,
    operator_key,
    readings,
)
from payamak.domain.receipts import REPEAT_MS, ReceiptIn, Unmatched
from payamak.store.columns import line_of_attempt
from payamak.store.desk import Desk

LOOK_BACK_MS = 8 * 86_400_000
"""How old a part may be that another reading of an id names: the longest validity (7 days) and the grace (1 day)."""

CLOCK_STEP_MS = 3_600_000
"""A clock that was set back must not make a receipt look older than the part that it is about."""


class Found(Struct, frozen=True):
    """A part by its key, and the receipt that it has already (a letter of PartState, or None).

    `is_answered`: its id stood in an answer that took it. A part whose answer was lost has it from a receipt.
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


_NEVER = 1 << 62


class Came(Struct, frozen=True):
    """When a receipt came. A new one is about what was on the wire before it, whatever the clocks say."""

    at: int
    is_new: bool = False

    def is_after(self, on_wire_at: int) -> bool:
        """Whether it may be about a part that was on the wire then."""
        return self.is_new or on_wire_at <= self.at + CLOCK_STEP_MS

    @property
    def latest(self) -> int:
        """The last instant at which what it is about may have gone to the wire."""
        return _NEVER if self.is_new else self.at + CLOCK_STEP_MS

    def is_near(self, on_wire_at: int) -> bool:
        """Whether the part is not too old for another reading of an id."""
        return on_wire_at >= self.at - LOOK_BACK_MS


class Match(Struct, frozen=True):
    """The part, or why there is none; `key` is the form under which the id counts, `operator_id` the id as written."""

    part: Found | None
    key: str
    why: Unmatched = Unmatched.UNKNOWN_ID
    operator_id: str = ""


async def match(desk: Desk, receipt: ReceiptIn, at: Came, *, judges: bool = True) -> Match:
    """The part of a receipt that came `at`; with `judges`, what its ids show of the upstream's habit is counted."""
    named = _named(desk, receipt)
    if len(named) > 1:
        found = await _by_places(desk, receipt, named, at, judges=judges)
    elif not receipt.operator_id:
        found = Match(None, "", Unmatched.NO_ID)
    else:
        found = await _by_id(desk, receipt, at, judges=judges)
    if found.part is None and receipt.reference is not None and found.why in _MAY_ECHO:
        return await _by_reference(desk, receipt, at) or found
    return found


_MAY_ECHO = (Unmatched.NO_ID, Unmatched.UNKNOWN_ID, Unmatched.OTHER_RECIPIENT)


def _named(desk: Desk, receipt: ReceiptIn) -> dict[IdPlace, ReceiptIn]:
    """The receipt under each of the ids that it names, by the place of the id; those that are alike once."""
    if not receipt.ids:
        return {}
    link = desk.site.links.get(receipt.link)
    base = IdBase.AUTO if link is None else link.id_base
    seen: dict[str, IdPlace] = {}
    for place, operator_id in zip(IdPlace, receipt.ids, strict=False):
        if operator_id:
            seen.setdefault(operator_key(operator_id), place)
    ids = dict(zip(IdPlace, receipt.ids, strict=False))
    return {place: _under(receipt, ids[place], base) for place in seen.values()}


def _under(receipt: ReceiptIn, operator_id: str, base: IdBase) -> ReceiptIn:
    return replace(receipt, operator_id=operator_id, keys=readings(operator_id, base), ids=())


async def _by_places(
    desk: Desk, receipt: ReceiptIn, named: dict[IdPlace, ReceiptIn], at: Came, *, judges: bool
) -> Match:
    """Every id that it names is tried; what several of them find is told apart by line and habit, or not at all."""
    habit = desk.habit(receipt.upstream)
    all_found = {place: await _by_id(desk, one, at, judges=False) for place, one in named.items()}
    found = {place: m for place, m in all_found.items() if m.part is not None}
    if habit.place in named:
        settled = all_found[habit.place]
        is_others = settled.part is None and any(m.part and m.part.receipt is None for m in found.values())
        return replace(settled, why=Unmatched.OTHER_READING) if is_others else settled
    on_line = {place: m for place, m in found.items() if await _is_of_line(desk, m.part, receipt.line)}
    found = on_line or found
    if not found:
        return min(all_found.values(), key=lambda m: _LEAST_SURE.index(m.why))
    if judges and receipt.recipient is not None and _is_evidence(m.part for m in found.values()):
        desk.put_habit(receipt.upstream, judge_place(habit, found.keys()))
    if len({m.part.key for m in found.values() if m.part}) == 1:
        return next(iter(found.values()))
    choice = desk.habit(receipt.upstream).chosen_place
    return found[choice] if choice in found else Match(None, operator_key(receipt.operator_id), Unmatched.TWO_READINGS)


_LEAST_SURE = [
    Unmatched.TWO_READINGS,
    Unmatched.OTHER_READING,
    Unmatched.OTHER_RECIPIENT,
    Unmatched.UNKNOWN_ID,
    Unmatched.NO_ID,
    Unmatched.SIBLING,
]
"""Why none of several ids finds a part: what may still change goes first."""


async def _is_of_line(desk: Desk, part: Found | None, line: str | None) -> bool:
    plan = await desk.value("plan_of", (part.message_id,)) if part is not None and line is not None else None
    return part is not None and (plan is None or line_of_attempt(plan, part.step, part.try_no) == line)


def _is_evidence(parts: Iterable[Found | None]) -> bool:
    told = [part for part in parts if part is not None]
    return all(part.is_answered for part in told) and any(not part.receipt for part in told)


async def _by_id(desk: Desk, receipt: ReceiptIn, at: Came, *, judges: bool) -> Match:
    """By the one id that it names."""
    first, *others = receipt.keys
    if not others:
        found = await _by_one_key(desk, receipt, first, at)
    elif (settled := desk.habit(receipt.upstream).settled) is not IdBase.AUTO:
        found = await _by_one_key(desk, receipt, key_under(first, settled), at)
    else:
        found = await _by_readings(desk, receipt, key_by_reading(receipt.operator_id), at, judges=judges)
    return replace(found, operator_id=receipt.operator_id)


async def _by_one_key(desk: Desk, receipt: ReceiptIn, key: str, at: Came) -> Match:
    part, is_somebodys = await _newest(desk, receipt, key, at)
    if part is not None:
        return Match(part, key)
    if receipt.recipient is not None:  # else nothing would tell a chance match from a true one
        for other in key_by_reading(receipt.operator_id).values():
            elsewhere, _ = await _newest(desk, receipt, other, at) if other != key else (None, False)
            if elsewhere and elsewhere.receipt is None and at.is_near(elsewhere.on_wire_at):
                return Match(None, key, Unmatched.OTHER_READING)
    return Match(None, key, Unmatched.OTHER_RECIPIENT if is_somebodys else Unmatched.UNKNOWN_ID)


async def _by_readings(desk: Desk, receipt: ReceiptIn, ways: dict[IdBase, str], at: Came, *, judges: bool) -> Match:
    """Every reading is tried; what several of them name is told apart by the habit, or not at all."""
    found: dict[IdBase, Found] = {}
    is_somebodys = False
    first_key, *_ = receipt.keys
    for base, key in ways.items():
        part, is_anothers = await _newest(desk, receipt, key, at)
        is_somebodys |= is_anothers
        if part is not None:
            found[base] = part
    fresh = {base: part for base, part in found.items() if at.is_near(part.on_wire_at)}
    found = fresh or found
    if not found:
        return Match(None, first_key, Unmatched.OTHER_RECIPIENT if is_somebodys else Unmatched.UNKNOWN_ID)
    if judges and receipt.recipient is not None and _is_evidence(found.values()):
        desk.put_habit(receipt.upstream, judge(desk.habit(receipt.upstream), found.keys()))
    base = next(iter(found)) if len(found) == 1 else desk.habit(receipt.upstream).choice
    if base not in found:
        return Match(None, first_key, Unmatched.TWO_READINGS)
    return Match(found[base], ways[base])


class _Echoed(Struct, frozen=True, kw_only=True):
    """A part of a message of which an echoed reference may tell."""

    message_id: int
    step: int
    try_no: int
    part: int
    receipt: str | None
    on_wire_at: int
    answer: str | None
    operator_id: str | None
    plan: str

    @property
    def line(self) -> str:
        """The line by which it went."""
        return line_of_attempt(self.plan, self.step, self.try_no)


class _Row(Struct, frozen=True, kw_only=True):
    """A part that the operator has under an id, with the recipient of its message."""

    message_id: int
    step: int
    try_no: int
    part: int
    receipt: str | None
    recipient: str
    is_exact: bool
    on_wire_at: int
    answer: str | None
    answered_at: int | None
    receipt_at: int | None

    @property
    def found(self) -> Found:
        is_answered = self.answer == "taken"
        return Found(self.message_id, self.step, self.try_no, self.part, self.receipt, self.on_wire_at, is_answered)


async def _newest(desk: Desk, receipt: ReceiptIn, key: str, at: Came) -> tuple[Found | None, bool]:
    """The newest part under a key with the receipt's recipient; and whether the key is only another recipient's.

    An id in an answer that took nothing is a hint: it counts where no other part has it.
    """
    rows = await desk.rows_of_family("part_by_operator_id", _Row, receipt.upstream, key, receipt.operator_id)
    if len(await desk.family(receipt.upstream)) > 1:
        rows.sort(key=lambda row: (row.answered_at or 0, row.message_id), reverse=True)
    own = [row for row in rows if receipt.recipient is None or row.recipient == receipt.recipient]
    own = [row for row in own if at.is_after(row.on_wire_at)]
    may_be_exact = operator_key(receipt.operator_id) == key
    alike = [row for row in own if row.is_exact or not may_be_exact] or own
    if not alike:
        return None, any(receipt.recipient not in (None, row.recipient) for row in rows)
    first, *_ = alike
    newest = next((row for row in alike if row.answer in ("taken", "ambiguous", None)), first)
    return _sibling(receipt, newest, alike, at).found, False


def _sibling(receipt: ReceiptIn, newest: _Row, alike: list[_Row], at: Came) -> _Row:
    """Of parts of one text under one id, the first without a receipt; for a repetition, the one that was told.

    Some centres answer every part of a text with one id.
    """
    siblings = [row for row in alike if (row.message_id, row.step) == (newest.message_id, newest.step)]
    if len(siblings) == 1:
        return newest
    told = [row for row in siblings if row.receipt is not None]
    if told and (receipt.is_again or any(_may_be_it(receipt, row, at) for row in told)):
        return next(iter(told))
    untold = [row for row in siblings if row.receipt is None and row.answer == newest.answer]
    return min(untold, key=lambda row: (-row.try_no, row.part)) if untold else newest


def _may_be_it(receipt: ReceiptIn, row: _Row, at: Came) -> bool:
    """Whether this receipt may be the one that the part was told by, taken by a process that died before its answer."""
    if receipt.began_at is None or row.receipt_at is None or receipt.part_state is None:
        return False
    is_before = at.at - REPEAT_MS <= row.receipt_at < receipt.began_at
    return is_before and row.receipt == receipt.part_state.value


# ------------------------------------------------------------------------------------- by an echoed reference


async def echoes(desk: Desk, upstream: str) -> bool:
    """Whether the operator returns in its receipts the reference that we send with each part."""
    family = await desk.family(upstream)
    return any(link.echoes_reference and desk.site.upstream_of(link) in family for link in desk.site.links.values())


async def _by_reference(desk: Desk, receipt: ReceiptIn, at: Came) -> Match | None:
    """The part of the one message that the receipt echoes, if all of it that is under way was taken without an id."""
    if receipt.recipient is None or receipt.reference is None or not await echoes(desk, receipt.upstream):
        return None
    window = (receipt.recipient, receipt.reference, at.at - LOOK_BACK_MS, at.latest)
    rows = await desk.rows_of_family("parts_of_reference", _Echoed, receipt.upstream, *window)
    untold = [row for row in rows if row.receipt is None]
    if any(row.answer != "taken" or row.operator_id is not None for row in untold):
        return None  # lost, or still to be answered, or known by an id of its own: nothing says which one it is
    own = [row for row in untold if receipt.line in (None, row.line)]
    told = [row for row in rows if row.receipt is not None and row.operator_id is None]
    if not receipt.operator_id and told and (receipt.is_again or not own):
        own = told  # it is brought again
    if len({row.message_id for row in own}) != 1:
        return None
    first = min(own, key=lambda row: (-row.try_no, row.part))
    found = Found(first.message_id, first.step, first.try_no, first.part, first.receipt, first.on_wire_at, True)
    key = operator_key(receipt.operator_id) if receipt.operator_id else ""
    return Match(found, key, operator_id=receipt.operator_id)
