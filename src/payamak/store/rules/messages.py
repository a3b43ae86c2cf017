"""The transactions of a message's life: accept, put on the wire, advance. SQL selects and guards; advance() decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.clocks import earliest
from payamak.domain.events import Effect, Event, OutcomeKind
from payamak.domain.ids import operator_key
from payamak.domain.message import NOBODY, Message, PartState, Reason, State, Step
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.plan import reservation
from payamak.domain.states import advance, first_step
from payamak.store.columns import changing_columns, changing_columns_with_plan, kept_columns
from payamak.store.feed import Change, WirePlace
from payamak.store.reader import Reader, array
from payamak.store.records import Claim, NewMessage
from payamak.store.rules import money, webhooks
from payamak.store.rules.transaction import Transaction


class _OptedOut(Struct, frozen=True, kw_only=True):
    """A line that a recipient refuses, and how he is said to."""

    line: str
    code: Code


class _OptedOutOf(Struct, frozen=True, kw_only=True):
    """The same, with who refuses it."""

    recipient: str
    line: str
    code: Code


def opt_outs_of(db: Reader, recipient: str, at: int) -> dict[str, Code]:
    """What is known of the recipient and not over at an instant: line → code."""
    return {row.line: row.code for row in db.rows("opt_outs_of", _OptedOut, (recipient, at))}


def known_opt_outs(tx: Transaction, recipient: str, now: int) -> dict[str, Code]:
    """The same of what is surely not over."""
    return opt_outs_of(tx.db, recipient, earliest(now))


def opt_outs_of_many(tx: Transaction, recipients: Iterable[str], now: int) -> dict[str, dict[str, Code]]:
    """What is known of those of the recipients of whom anything is: recipient → line → code."""
    known: dict[str, dict[str, Code]] = {}
    wanted = array(sorted(set(recipients)))
    for row in tx.rows("opt_outs_of_many", _OptedOutOf, (wanted, earliest(now))):
        known.setdefault(row.recipient, {})[row.line] = row.code
    return known


def accept(
    tx: Transaction, new: NewMessage, now: int, place: WirePlace | None = None, *, is_held: bool = False
) -> Change:
    """Keep a fresh message. Raises Refused with 27, 33 or 14 before anything is written.

    `place`: it is marked as on the wire as well, unless a known opt-out leads it to another step. `is_held`: it may be
    the copy of one that was sent before the store was put back, and waits for a person.
    """
    plan = with_known_opt_outs(new.plan, known_opt_outs(tx, new.recipient, now))
    priced = new if plan is new.plan else replace(new, plan=plan)
    amount = reservation(plan)
    money.reserve(tx, new.account_id, amount)
    if place is not None and _goes_at_once(tx, new, plan):
        fresh, message, effects = _marked(tx, priced, amount, place, now)
    else:
        owner = NOBODY if is_held else _taken_by(tx, priced, now)
        fresh = message = _fresh(priced, amount, now, owner=owner, is_held=is_held)
        effects = ()
    message = replace(message, id=tx.insert("insert_message", kept_columns(message)))
    if amount:
        money.enter(tx, now, new.account_id, message.id, "reserve", "available", "reserved", amount)
    for effect in effects:
        _EFFECTS[type(effect)](tx, message, effect, now)
    if fresh.state is message.state:
        webhooks.tell(tx, message, now)
    else:
        webhooks.tell_all(tx, (replace(fresh, id=message.id), message), now)
    change = Change(message=message, event="Accepted", effects=effects)
    tx.changes.append(change)
    return change


def _goes_at_once(tx: Transaction, new: NewMessage, plan: tuple[Step, ...]) -> bool:
    """Whether a message with a place is still what the place was given for, and goes again if it is lost (P3)."""
    return plan is new.plan and tx.site.rules(plan[first_step(plan) or 0].line).on_ambiguous is ev.OnAmbiguous.RESEND


def _marked(
    tx: Transaction, new: NewMessage, amount: int, place: WirePlace, now: int
) -> tuple[Message, Message, tuple[Effect, ...]]:
    """A fresh message that goes at once, but for its id: as accepted, as marked, and what the mark brings."""
    fresh = _fresh(new, amount, now, owner=tx.feed.owner)
    event = ev.OnWire(link=place.link, owner=tx.feed.owner)
    return fresh, *advance(fresh, event, now, tx.site.rules(fresh.current.line))


def accept_priced(tx: Transaction, news: Sequence[tuple[NewMessage, int]], now: int) -> list[Message]:
    """Keep fresh messages, each with the rial that are reserved for it already; in their order, under ids in a row.

    Their plans know of the recipients' opt-outs. What messages share, a plan above all, is made once for them, and the
    rows of a table are written together, the messages before what refers to them.
    """
    first_id = int(tx.value("last_given", ("message",))) + 1
    moulds: dict[tuple[object, ...], tuple[Message, tuple[Any, ...]]] = {}
    messages, rows = [], []
    for message_id, (new, amount) in enumerate(news, start=first_id):
        owner = _taken_by(tx, new, now)
        # The plan by identity: to compare two is dearer than to write one.
        key = (id(new.plan), new.account_id, new.lane, new.source, new.deadline_at, new.due_at, amount, owner)
        if (mould := moulds.get(key)) is None:
            model = _fresh(new, amount, now, owner=owner)
            _, _, _, *same = kept_columns(model)
            mould = moulds[key] = model, tuple(same)
        model, shared = mould
        messages.append(replace(model, id=message_id, recipient=new.recipient))
        rows.append((message_id, new.account_id, new.recipient, *shared))
    tx.many("insert_message", rows)
    money.enter_reservations(tx, now, messages)
    webhooks.tell_all(tx, messages, now)
    tx.changes += [Change(message=message, event="Accepted") for message in messages]
    return messages


def _taken_by(tx: Transaction, new: NewMessage, now: int) -> int:
    """Who takes a fresh message right away; counts the room for it."""
    if new.due_at is not None and new.due_at > now:
        return NOBODY
    return tx.feed.take_room(new.plan[first_step(new.plan) or 0].line, new.lane)


def _fresh(new: NewMessage, amount: int, now: int, *, owner: int, is_held: bool = False) -> Message:
    """A message as it is kept first, but for its id; `amount` rial are reserved for it."""
    waits = new.due_at is not None and new.due_at > now
    return Message(
        id=0,
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
        step=first_step(new.plan) or 0,
        reserved=amount,
        owner=owner,
    )


def load(tx: Transaction, message_id: int) -> Message | None:
    """The message as it stands in this transaction."""
    return tx.row("message", Message, (message_id,))


def put_on_wire(tx: Transaction, claims: Sequence[Claim], now: int) -> list[Change]:
    """Mark the claimed messages, as far as they are still what their owner last saw, and nobody else's."""
    changes = []
    for claim in claims:
        message = load(tx, claim.message_id)
        if message is None or message.version != claim.version or message.owner not in (NOBODY, claim.owner):
            continue
        if message.state is State.QUEUED:
            changes.append(happen(tx, message, ev.OnWire(link=claim.link, owner=claim.owner), now))
    return changes


def revoke(tx: Transaction, message_ids: Sequence[int], now: int) -> None:
    """Cancel messages whose callers were told that they are not accepted; what another hand has ended stays so.

    Before anybody has heard of them: those that their accept has marked have not left.
    """
    for message_id in message_ids:
        message = load(tx, message_id)
        if message is not None and not message.is_final:
            happen(tx, message, ev.Revoked(), now)


def happen(tx: Transaction, message: Message, event: Event, now: int) -> Change:
    """Advance a message that was read in this transaction, store it and carry out the effects."""
    if isinstance(event, ev.Answered | ev.Receipted) and _is_opt_out(event):
        known = tuple(known_opt_outs(tx, message.recipient, now).items())
        event = replace(event, known=known)
    after, effects = advance(message, event, now, tx.site.rules(message.current.line))
    if after is not message:
        if after.state is State.QUEUED and after.step != message.step:  # a fallback: it may go straight on
            after = replace(after, owner=tx.feed.take_room(after.current.line, after.lane))
        _update(tx, message, after)
    for effect in effects:
        _EFFECTS[type(effect)](tx, after, effect, now)
    if after.state is not message.state:
        webhooks.tell(tx, after, now)
    change = Change(message=after, event=type(event).__name__, before=message.state, effects=effects)
    tx.changes.append(change)
    return change


def _is_opt_out(event: ev.Answered | ev.Receipted) -> bool:
    if isinstance(event, ev.Receipted):
        return event.part_state is PartState.OPTED_OUT
    return any(outcome.kind is OutcomeKind.OPTED_OUT for outcome in event.outcomes)


def _update(tx: Transaction, before: Message, after: Message) -> None:
    guard = (before.id, before.version)
    if after.plan is before.plan and after.step == before.step:
        changed = tx.change("update_message_same_plan", (*changing_columns(after), *guard))
    else:
        changed = tx.change("update_message", (*changing_columns_with_plan(after), *guard))
    if changed != 1:
        raise RuntimeError(f"message {before.id} changed inside its own transaction")


# ------------------------------------------------------------------------------------------- effects


def _open_attempt(tx: Transaction, message: Message, effect: ev.Submit, now: int) -> None:
    link = tx.site.links.get(effect.link)
    upstream = tx.site.upstream_of(link) if link else effect.link
    for part in effect.parts:
        tx.execute("open_part", (message.id, effect.step, effect.try_no, part, effect.link, upstream, now))


def _record(tx: Transaction, message: Message, effect: ev.Record, now: int) -> None:
    for outcome in effect.outcomes:
        key = None if outcome.operator_id is None else operator_key(outcome.operator_id)
        values = (outcome.kind.value, outcome.status, outcome.code, outcome.operator_id, key, now)
        tx.has_lost = tx.has_lost or outcome.kind is OutcomeKind.AMBIGUOUS
        tx.execute("answer_part", (*values, message.id, effect.step, effect.try_no, outcome.part))


def _learn(tx: Transaction, message: Message, effect: ev.LearnOptOut, now: int) -> None:
    tx.execute("put_opt_out", (message.recipient, effect.line, effect.code, "learned", now, effect.until))


_EFFECTS: dict[type[Effect], Callable[[Transaction, Message, Any, int], None]] = {
    ev.Submit: _open_attempt,
    ev.Record: _record,
    ev.Settle: money.settle,
    ev.Refund: money.refund,
    ev.Release: money.release,
    ev.LearnOptOut: _learn,
}
