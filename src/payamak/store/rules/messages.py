"""The transactions of a message's life: accept, put on the wire, advance. SQL selects and guards; advance() decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain import states
from payamak.domain.clocks import earliest
from payamak.domain.events import Effect, Event, OutcomeKind
from payamak.domain.ids import operator_key
from payamak.domain.message import NOBODY, Message, PartState, Reason, State, Step
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.plan import reservation
from payamak.errors import Refused
from payamak.store.columns import kept_columns
from payamak.store.desk import Desk
from payamak.store.feed import Change, WirePlace
from payamak.store.reader import Reader, array
from payamak.store.records import Claim, NewMessage
from payamak.store.rules import money, usage, webhooks


class _OptedOut(Struct, frozen=True, kw_only=True):
    """A line that a recipient refuses, and how he is said to."""

    line: str
    code: Code


class _OptedOutOf(Struct, frozen=True, kw_only=True):
    """The same, with who refuses it."""

    recipient: str
    line: str
    code: Code


Priced = tuple[NewMessage, int]
"""A message, its plan knowing of the recipient's opt-outs, and the rial to reserve for it."""


def opt_outs_of(db: Reader, recipient: str, at: int) -> dict[str, Code]:
    """What is known of the recipient and not over at an instant: line → code."""
    return {row.line: row.code for row in db.rows("opt_outs_of", _OptedOut, (recipient, at))}


async def known_opt_outs(desk: Desk, recipient: str, at: int) -> dict[str, Code]:
    """The same for a rule."""
    return {row.line: row.code for row in await desk.rows("opt_outs_of", _OptedOut, (recipient, at))}


async def opt_outs_of_many(desk: Desk, recipients: Iterable[str], now: int) -> dict[str, dict[str, Code]]:
    """What is known of those of the recipients of whom anything is: recipient → line → code."""
    known: dict[str, dict[str, Code]] = {}
    wanted = array(sorted(set(recipients)))
    for row in await desk.rows("opt_outs_of_many", _OptedOutOf, (wanted, earliest(now))):
        known.setdefault(row.recipient, {})[row.line] = row.code
    return known


def known_of_many(db: Reader, recipients: Iterable[str], now: int) -> dict[str, dict[str, Code]]:
    """The same for a reader."""
    known: dict[str, dict[str, Code]] = {}
    for row in db.rows("opt_outs_of_many", _OptedOutOf, (array(sorted(set(recipients))), earliest(now))):
        known.setdefault(row.recipient, {})[row.line] = row.code
    return known


async def accept(
    desk: Desk, new: NewMessage, now: int, place: WirePlace | None = None, *, is_held: bool = False
) -> Change:
    """Keep a fresh message. Raises Refused with 27, 33 or 14 before anything is written.

    `place`: it is marked as on the wire as well, unless a known opt-out leads it to another step. `is_held`: it may be
    the copy of one that was sent before the store was put back, and waits for a person.
    """
    at = earliest(now)
    await desk.expect((("opt_outs_of", (new.recipient, at)), ("balance", (new.account_id,))))
    plan = with_known_opt_outs(new.plan, await known_opt_outs(desk, new.recipient, at))
    priced = new if plan is new.plan else replace(new, plan=plan)
    amount = reservation(plan)
    await money.reserve(desk, new.account_id, amount)
    message_id = desk.next_id()
    effects: tuple[Effect, ...] = ()
    if place is not None and desk.owner != NOBODY and _goes_at_once(desk, new, plan):
        fresh = _fresh(message_id, priced, amount, now, owner=desk.owner)
        event = ev.OnWire(link=place.link, owner=desk.owner)
        message, effects = states.advance(fresh, event, now, desk.site.rules(fresh.current.line))
    else:
        owner = NOBODY if is_held else _taken_by(desk, priced, now)
        fresh = message = _fresh(message_id, priced, amount, now, owner=owner, is_held=is_held)
    desk.keep(message)
    if amount:
        money.enter(desk, now, new.account_id, message.id, "reserve", "available", "reserved", amount)
    for effect in effects:
        _EFFECTS[type(effect)](desk, message, effect, now)
    webhooks.tell_all(desk, (fresh,) if fresh.state is message.state else (fresh, message), now)
    change = Change(message=message, event="Accepted", effects=effects)
    desk.changes.append(change)
    return change


def _goes_at_once(desk: Desk, new: NewMessage, plan: tuple[Step, ...]) -> bool:
    """Whether a message with a place is still what the place was given for, and goes again if it is lost (P3)."""
    line = plan[states.first_step(plan) or 0].line
    return plan is new.plan and desk.site.rules(line).on_ambiguous is ev.OnAmbiguous.RESEND


def priced(new: NewMessage, known: Mapping[str, Code] | None, amounts: dict[int, int]) -> Priced | Code:
    """A message as its recipient's opt-outs leave it, and what is to be reserved; `amounts`: known by their plans."""
    if known is None and (amount := amounts.get(id(new.plan))) is not None:
        return new, amount
    try:
        plan = with_known_opt_outs(new.plan, known or {})
    except Refused as refused:
        return refused.code
    amount = reservation(plan)
    if known is None:
        amounts[id(new.plan)] = amount
        return new, amount
    return replace(new, plan=plan), amount


def accept_priced(desk: Desk, news: Sequence[tuple[NewMessage, int]], now: int) -> list[Message]:
    """Keep fresh messages, each with the rial that are reserved for it already; in their order.

    Their plans know of the recipients' opt-outs. What messages share, a plan above all, is made once for them, and the
    rows of a table are written together, the messages before what refers to them.
    """
    moulds: dict[tuple[object, ...], tuple[Message, tuple[Any, ...]]] = {}
    messages = []
    for new, amount in news:
        message_id = desk.next_id()
        owner = _taken_by(desk, new, now)
        # The plan by identity: to compare two is dearer than to write one.
        shared_by = (new.account_id, new.lane, new.source, new.deadline_at, new.due_at, new.campaign_id, amount, owner)
        key = (id(new.plan), *shared_by)
        if (mould := moulds.get(key)) is None:
            model = _fresh(message_id, new, amount, now, owner=owner)
            _, _, _, *same = kept_columns(model)
            mould = moulds[key] = model, tuple(same)
        model, shared = mould
        message = replace(model, id=message_id, recipient=new.recipient)
        desk.keep(message, (message_id, new.account_id, new.recipient, *shared))
        messages.append(message)
    money.enter_reservations(desk, now, messages)
    webhooks.tell_all(desk, messages, now)
    desk.changes += [Change(message=message, event="Accepted") for message in messages]
    return messages


def _taken_by(desk: Desk, new: NewMessage, now: int) -> int:
    """Who takes a fresh message right away; counts the room for it."""
    if new.due_at is not None and new.due_at > now:
        return NOBODY
    return desk.take_room(new.plan[states.first_step(new.plan) or 0].line, new.lane)


def _fresh(message_id: int, new: NewMessage, amount: int, now: int, *, owner: int, is_held: bool = False) -> Message:
    """A message as it is kept first; `amount` rial are reserved for it."""
    waits = new.due_at is not None and new.due_at > now
    return Message(
        id=message_id,
        account_id=new.account_id,
        recipient=new.recipient,
        plan=new.plan,
        accepted_at=int(now),
        deadline_at=new.deadline_at,
        due_at=new.deadline_at if is_held else new.due_at or int(now),
        changed_at=int(now),
        reason=Reason.RESTORED if is_held else Reason.OUTSIDE_HOURS if waits else Reason.ACCEPTED,
        lane=new.lane,
        source=new.source,
        step=states.first_step(new.plan) or 0,
        reserved=amount,
        owner=owner,
        campaign_id=new.campaign_id,
    )


async def put_on_wire(desk: Desk, claims: Sequence[Claim], now: int) -> list[Change]:
    """Mark the claimed messages, as far as they are still what their owner last saw, and nobody else's.

    None of an owner that was ended: what it has on the wire nobody would recover.
    """
    changes = []
    await desk.expect([("message", (claim.message_id,)) for claim in claims])
    for claim in claims:
        message = await desk.message(claim.message_id)
        if message is None or message.version != claim.version or message.owner not in (NOBODY, claim.owner):
            continue
        if desk.memory.is_ended(claim.owner):
            continue
        if message.state is State.QUEUED:
            changes.append(await advance(desk, message, ev.OnWire(link=claim.link, owner=claim.owner), now))
    return changes


async def revoke(desk: Desk, message_ids: Sequence[int], now: int) -> None:
    """Cancel messages whose callers were told that they are not accepted; what another hand has ended stays so.

    Before anybody has heard of them: those that their accept has marked have not left.
    """
    for message_id in message_ids:
        message = await desk.message(message_id)
        if message is not None and not message.is_final:
            await advance(desk, message, ev.Revoked(), now)


async def advance(desk: Desk, message: Message, event: Event, now: int) -> Change:
    """Advance a message that was read in this transaction, store it and carry out the effects."""
    if isinstance(event, ev.Answered | ev.Receipted) and _is_opt_out(event):
        known = tuple((await known_opt_outs(desk, message.recipient, earliest(now))).items())
        event = replace(event, known=known)
    after, effects = states.advance(message, event, now, desk.site.rules(message.current.line))
    if after is not message:
        if after.state is State.QUEUED and after.step != message.step:  # a fallback: it may go straight on
            after = replace(after, owner=desk.take_room(after.current.line, after.lane))
        desk.put(message, after)
        if after.campaign_id:
            desk.count_ends(
                after.campaign_id,
                final=after.is_final - message.is_final,
                failed=after.has_failed - message.has_failed,
            )
    for effect in effects:
        _EFFECTS[type(effect)](desk, after, effect, now)
    if after is not message:
        usage.count(desk, message, after, effects, now)
    if after.state is not message.state:
        webhooks.tell(desk, after, now)
    change = Change(message=after, event=type(event).__name__, before=message.state, effects=effects)
    desk.changes.append(change)
    return change


def _is_opt_out(event: ev.Answered | ev.Receipted) -> bool:
    if isinstance(event, ev.Receipted):
        return event.part_state is PartState.OPTED_OUT
    return any(outcome.kind is OutcomeKind.OPTED_OUT for outcome in event.outcomes)


# ------------------------------------------------------------------------------------------- effects


def _open_attempt(desk: Desk, message: Message, effect: ev.Submit, now: int) -> None:
    link = desk.site.links.get(effect.link)
    upstream = desk.site.upstream_of(link) if link else effect.link
    for part in effect.parts:
        desk.execute("open_part", (message.id, effect.step, effect.try_no, part, effect.link, upstream, now))


def _record(desk: Desk, message: Message, effect: ev.Record, now: int) -> None:
    for outcome in effect.outcomes:
        key = None if outcome.operator_id is None else operator_key(outcome.operator_id)
        values = (outcome.kind.value, outcome.status, outcome.code, outcome.operator_id, key, now)
        desk.memory.has_lost = desk.memory.has_lost or outcome.kind is OutcomeKind.AMBIGUOUS
        desk.execute("answer_part", (*values, message.id, effect.step, effect.try_no, outcome.part))


def _learn(desk: Desk, message: Message, effect: ev.LearnOptOut, now: int) -> None:
    desk.execute("put_opt_out", (message.recipient, effect.line, effect.code, "learned", now, effect.until))


_EFFECTS: dict[type[Effect], Callable[[Desk, Message, Any, int], None]] = {
    ev.Submit: _open_attempt,
    ev.Record: _record,
    ev.Settle: money.settle,
    ev.Refund: money.refund,
    ev.Release: money.release,
    ev.LearnOptOut: _learn,
}
