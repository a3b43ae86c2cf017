"""The whole life of a message: one pure function over one table of states.

    advance(message, event, now, rules) -> (message, effects)

No other place decides what happens next. The writer calls it on the row that it has read in the same
transaction, stores the message that comes back and carries out the effects there; the worker acts on `Submit`
only, after the commit. An event that the table does not list for a state raises IllegalMove and changes nothing.

What can go wrong, and what the table makes of it:

* The answer is lost (link broken, time-out, our own death): the parts are *ambiguous*. `resend` queues them
  again and counts the copies, until `most_tries` of a part have stayed without an answer; then, and always with
  `hold`, the message ends as unknown, which receipts may settle late, once (P3, P8).
* Receipts have come that may be those of an ambiguous part (Pooled): no copy of it goes while they wait.
* The link broke at a message alone, `MOST_BREAKS` times: it ends as unknown, for it keeps everybody else out.
* An opt-out, at once or in a receipt, closes the step and starts the next one that is not known to be opted out,
  unless a part was already delivered or the plan or the time is at its end (P4).
* A definite answer to a resent part settles the ambiguous attempt before it: the operator has spoken about
  this recipient and this line. A receipt speaks of its own copy alone: DELIVERED of any copy settles the part, another
  verdict ends resending and decides when no copy is left that may still arrive.
* A receipt for an earlier step counts only as long as the present step has not been on the wire (P8).
* The clocks disagree (domain/clocks.py): nothing goes that is past its deadline by either, nothing ends that is not
  past it by both; between the two it waits until they may agree.
* The store is a copy that was put back (P10): what waits or was on the wire is held, whatever else happens to it, until
  a person lets it go or it ends; then it may have arrived, for nobody knows what was sent after the copy was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.clocks import earliest, in_doubt_until
from payamak.domain.events import Effect, Event, OnAmbiguous, OutcomeKind, Rules
from payamak.domain.message import MOST_MOVES, NOBODY, RECEIPTED, Message, PartState, Reason, Relocation, State, Step
from payamak.domain.optout import mark_opted_out
from payamak.domain.pauses import pause_ms

Advance = tuple[Message, tuple[Effect, ...]]
DEFAULT_RULES = Rules()

_W, _S, _A, _T = PartState.WAITING, PartState.ON_WIRE, PartState.AMBIGUOUS, PartState.TAKEN
_D, _O, _R = PartState.DELIVERED, PartState.OPTED_OUT, PartState.REJECTED
_SETTLED = RECEIPTED - {PartState.UNSURE}
_NOT_ARRIVED = _SETTLED - {_D}

MOST_BREAKS = 3
"""Links that may break at one message alone before it is given up (a matter of taste: chance may break one or two)."""


def advance(message: Message, event: Event, now: int, rules: Rules = DEFAULT_RULES) -> Advance:
    """Answer what `event` makes of `message` at instant `now`.

    Pure and total: it reads no clock and raises IllegalMove, and nothing else, for a pair that TABLE does not
    list. The version of the message grows by one with every change; an unchanged message comes back as itself.
    """
    move = TABLE.get((message.state, type(event)))
    if move is None:
        raise ev.IllegalMove(message.state, type(event).__name__)
    after, effects = move.make(message, event, now, rules)
    if message.is_held and not isinstance(event, ev.Resumed):
        after = _still_held(after)
    if after is message or after == message:
        return message, effects
    return replace(after, version=message.version + 1, changed_at=int(now)), effects


def first_step(plan: Iterable[Step]) -> int | None:
    """The index of the first step that is not known to be opted out; None if every one is."""
    return next((index for index, step in enumerate(plan) if step.skip is None), None)


def _is_past(m: Message, now: int) -> bool:
    """Whether the deadline is past by every clock: only then a message may end of it (P7)."""
    return earliest(now) >= m.deadline_at


# ------------------------------------------------------------------------------------- words of parts


def _word(m: Message) -> str:
    return m.parts[m.step] if m.step < len(m.parts) else _W * m.current.wire_parts


def _with_word(m: Message, step: int, word: str) -> tuple[str, ...]:
    parts = m.parts + ("",) * (step + 1 - len(m.parts))
    return (*parts[:step], word, *parts[step + 1 :])


def _set(word: str, part: int, letter: str) -> str:
    return word[: part - 1] + letter + word[part:]


def _unanswered(m: Message) -> str:
    return m.unanswered or "0" * m.current.wire_parts


def _count_unanswered(m: Message, parts: Iterable[int], change: int) -> Message:
    """Count tries of parts (1-based) that stay without an answer, or whose answer came after all; at most nine.

    An answer that is told twice counts once, as far as it matters: a part whose last try is lost has one at least.
    """
    digits = [int(digit) for digit in _unanswered(m)]
    for part, letter in ((part, _word(m)[part - 1]) for part in parts):
        digits[part - 1] = min(max(digits[part - 1] + change, int(letter == _A)), 9)
    return replace(m, unanswered="".join(map(str, digits)))


def _to_resend(m: Message, word: str) -> list[int]:
    """The lost parts of which another copy may go: no receipts are awaited that may be theirs."""
    return [part for part, letter in enumerate(word, 1) if letter == _A and part not in m.awaited]


# ------------------------------------------------------------------------------------------- the ends


def _end(m: Message, state: State, reason: Reason, code: Code | None = None, **more: Any) -> Advance:
    """A final state: what is left of the reservation goes back to the balance (P5)."""
    effects = (ev.Release(amount=m.reserved),) if m.reserved else ()
    return replace(m, state=state, reason=reason, code=code, reserved=0, owner=NOBODY, **more), effects


def _settled(m: Message, step: Step) -> Advance:
    """Charge `step`, from the reservation first; a message settled after its end draws on the balance."""
    if m.is_settled or step.price == 0:
        return replace(m, is_settled=True), ()
    reserved = min(step.price, m.reserved)
    after = replace(m, reserved=m.reserved - reserved, charged=m.charged + step.price, is_settled=True)
    return after, (ev.Settle(reserved=reserved, available=step.price - reserved),)


def _give_up(m: Message, state: State, reason: Reason) -> Advance:
    """End a waiting message; one that may have arrived ends as unknown (P2).

    That is one with an ambiguous part, and one with a copy sent that the operator put off: "come again" says
    nothing about the part before it.
    """
    if m.is_held:
        return _end(m, State.UNKNOWN, Reason.RESTORED)
    if _A in _word(m) or m.unanswered.strip("0"):
        return _end(m, State.UNKNOWN, Reason.ANSWER_LOST)
    return _end(m, state, reason)


def _close_opted_out(m: Message, code: Code, known: Iterable[tuple[str, Code]], now: int, rules: Rules) -> Advance:
    """An opt-out verdict on the current step: learn it, pay back, and go to the next step or to the end (P4)."""
    line = m.current.line_of(m.tries)
    effects: list[Effect] = [ev.LearnOptOut(line=line, code=code, until=now + rules.optout_memory_ms)]
    if _D in _word(m):
        after, released = _end(m, State.UNDELIVERABLE, Reason.PARTLY_DELIVERED, code)
        return after, (*effects, *released)
    if m.is_settled and m.current.price and not m.current.keep:
        effects.append(ev.Refund(amount=m.current.price))
        m = replace(m, reserved=m.reserved + m.current.price, charged=m.charged - m.current.price)
    elif m.is_settled:
        kept = replace(m.current, is_kept=True)
        m = replace(m, plan=(*m.plan[: m.step], kept, *m.plan[m.step + 1 :]))
    plan = mark_opted_out(m.plan, {**dict(known), line: code}, m.step + 1)
    following = first_step(plan[m.step + 1 :])
    if following is None or _is_past(m, now):
        after, released = _end(m, State.REJECTED, Reason.OPTED_OUT, code, plan=plan)
        return after, (*effects, *released)
    after = replace(
        m,
        plan=plan,
        state=State.QUEUED,
        reason=Reason.FALLBACK,
        code=code,
        step=m.step + 1 + following,
        tries=0,
        due_at=int(now),
        is_settled=False,
        owner=NOBODY,  # who takes it now is the store's to say
        unanswered="",
        awaited=(),
        breaks=0,
    )
    return after, tuple(effects)


def _lost(m: Message, word: str, now: int, rules: Rules) -> Advance:
    """No part is on the wire any more and at least one is ambiguous: resend or hold, as the line says (P3)."""
    m = replace(m, parts=_with_word(m, m.step, word), owner=NOBODY)
    if m.breaks >= MOST_BREAKS:
        return _end(m, State.UNKNOWN, Reason.LINK_BROKE)
    is_spent = any(letter == _A and int(n) >= rules.most_tries for letter, n in zip(word, _unanswered(m), strict=True))
    if rules.on_ambiguous is OnAmbiguous.HOLD or is_spent or _is_past(m, now):
        return _end(m, State.UNKNOWN, Reason.ANSWER_LOST)
    return _waits_again(m, word, Reason.RESEND, now), ()


def _waits_again(m: Message, word: str, reason: Reason, now: int) -> Message:
    """Queued for the parts that may go again; until its deadline if receipts are awaited for all of them."""
    if _to_resend(m, word) or _W in word:
        due_at = now + pause_ms(reason, m.tries, m.id)
    else:
        reason, due_at = Reason.RECEIPTS_AWAITED, m.deadline_at
    return replace(m, state=State.QUEUED, reason=reason, due_at=due_at, owner=NOBODY)


# -------------------------------------------------------------------------------------- moves: queued


def _too_late(m: Message, now: int) -> Advance:
    """It does not go. It ends if its deadline is past by every clock; else it waits until they may agree."""
    until = in_doubt_until(now)
    if until is None or _is_past(m, now):
        return _give_up(m, State.EXPIRED, Reason.DEADLINE)
    if m.is_held:
        return m, ()
    return replace(m, reason=Reason.CLOCK, due_at=until, owner=NOBODY), ()


def _on_wire(m: Message, event: ev.OnWire, now: int, rules: Rules) -> Advance:
    if now >= m.deadline_at:
        return _too_late(m, now)
    if m.is_held:
        return m, ()
    if m.accepted_at > now:  # by a clock that was wrong: its deadline is to be set back first
        return replace(m, reason=Reason.CLOCK, due_at=m.accepted_at, owner=NOBODY), ()
    word = _word(m)
    copies = _to_resend(m, word)
    going = tuple(part for part, letter in enumerate(word, 1) if letter == _W or part in copies)
    if not going:
        return _waits_again(m, word, Reason.RESEND, now), ()
    for part in going:
        word = _set(word, part, _S)
    after = replace(
        m,
        state=State.SENDING,
        reason=Reason.ON_WIRE,
        tries=m.tries + 1,
        copies=m.copies + len(copies),
        parts=_with_word(m, m.step, word),
        owner=event.owner,
    )
    return after, (ev.Submit(link=event.link, step=m.step, try_no=after.tries, parts=going, copies=len(copies)),)


def _postponed(m: Message, event: ev.Postponed, now: int, rules: Rules) -> Advance:
    return replace(m, reason=event.reason, due_at=event.until, owner=NOBODY), ()


def _deadline(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    return _give_up(m, State.EXPIRED, Reason.DEADLINE) if _is_past(m, now) else (m, ())


def _cancelled(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    return _give_up(m, State.CANCELLED, Reason.CANCELLED)


def _revoked(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    return _give_up(m, State.CANCELLED, Reason.ANSWERED_BUSY)


def _revoked_on_wire(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    """It was marked by the transaction that kept it, and nobody has heard of it: none of its parts has left.

    What is not as its accept leaves it may have left, and stays.
    """
    word = _word(m)
    if m.tries != 1 or any(m.parts[: m.step]) or set(word) != {_S}:
        return m, ()
    places = range(1, len(word) + 1)
    outcomes = tuple(ev.Outcome(part=part, kind=OutcomeKind.LATER, reason=Reason.ANSWERED_BUSY) for part in places)
    unsent = replace(m, parts=_with_word(m, m.step, _W * len(word)))
    after, released = _end(unsent, State.CANCELLED, Reason.ANSWERED_BUSY)
    return after, (ev.Record(step=m.step, try_no=m.tries, outcomes=outcomes), *released)


def can_move(m: Message, wire_parts: int) -> bool:
    """Whether a message can still go by another line, as so many parts.

    The parts of a text come from one line, or no handset can join them: all of them go again, or none. And a lost part
    is sent again as the part that it was.
    """
    word = _word(m)
    if m.state is not State.QUEUED or not set(word) <= {_W, _A}:
        return False
    if word.count(_W) + len(_to_resend(m, word)) < len(word):
        return False  # receipts are awaited
    return wire_parts == len(word) or (_A not in word and not m.unanswered.strip("0"))


def _moved(m: Message, event: ev.Moved, now: int, rules: Rules) -> Advance:
    """The price stays that of acceptance (P5), and so does the text, footer and all."""
    was = m.current
    step = replace(
        was,
        line=event.line,
        advertising=event.advertising,
        kind=event.kind or was.kind,
        encoding=event.encoding or was.encoding,
        parts=event.parts or was.parts,
        split=event.split or was.split,
        earlier_lines=tuple(was.line_of(try_no) for try_no in range(1, m.tries + 1)),
        moves=(*was.moves, Relocation(from_line=was.line, at=int(now), by=event.by))[-MOST_MOVES:],
    )
    if not can_move(m, step.wire_parts):
        return m, ()
    after = replace(m, plan=(*m.plan[: m.step], step, *m.plan[m.step + 1 :]), owner=NOBODY)
    if step.wire_parts != len(_word(m)):
        after = replace(after, unanswered="", parts=_with_word(after, m.step, _W * step.wire_parts))
    if event.due_at > now:
        return replace(after, reason=Reason.OUTSIDE_HOURS, due_at=event.due_at), ()
    return replace(after, reason=Reason.MOVED, due_at=int(now)), ()


def _set_back(m: Message, event: ev.SetBack, now: int, rules: Rules) -> Advance:
    """What was written by a clock that was ahead: a validity is as long as it was meant, and no pause is longer."""
    by = event.by if m.accepted_at > now else 0
    m = replace(m, accepted_at=m.accepted_at - by, deadline_at=m.deadline_at - by)
    if m.state is not State.QUEUED:
        return m, ()
    due_at = m.deadline_at if m.reason is Reason.RECEIPTS_AWAITED else min(m.due_at, int(now))
    return replace(m, due_at=due_at, owner=NOBODY), ()


# ------------------------------------------------------------------------------- moves: a copy put back


def _still_held(m: Message) -> Message:
    """A message that only a person lets go; it is due when it ends."""
    if m.state is not State.QUEUED:
        return m
    return replace(m, reason=Reason.RESTORED, due_at=m.deadline_at, owner=NOBODY)


def _restored(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    """What was on the wire when the copy was made is ambiguous, as after any death (P3)."""
    word = _word(m)
    lost = tuple(ev.Outcome(part=i, kind=OutcomeKind.AMBIGUOUS) for i, letter in enumerate(word, 1) if letter == _S)
    if not lost:
        return _still_held(m), ()
    after = replace(m, state=State.QUEUED, parts=_with_word(m, m.step, word.replace(_S, _A)))
    after = _count_unanswered(after, [outcome.part for outcome in lost], 1)
    return _still_held(after), (ev.Record(step=m.step, try_no=m.tries, outcomes=lost),)


def _resumed(m: Message, event: ev.Resumed, now: int, rules: Rules) -> Advance:
    """By hand. What was on the wire goes by its line's rule; what waited goes, as the copy that it may be.

    There is no record of the try in which it may have gone already, but it counts as one.
    """
    if not m.is_held:
        return m, ()
    word = _word(m)
    if _is_past(m, now):
        return _give_up(m, State.UNKNOWN, Reason.RESTORED)
    if _A in word:  # it was on the wire
        return _lost(m, word, now, rules)
    if not event.is_moved:
        waiting = [part for part, letter in enumerate(word, 1) if letter == _W]
        m = replace(m, tries=m.tries + 1, parts=_with_word(m, m.step, word.replace(_W, _A)))
        m = _count_unanswered(m, waiting, 1)
    return replace(m, reason=Reason.RESUMED, due_at=int(now)), ()


# ------------------------------------------------------------------------------------- moves: sending

_LETTER: dict[OutcomeKind, PartState] = {
    OutcomeKind.TAKEN: _T,
    OutcomeKind.LATER: _W,
    OutcomeKind.OPTED_OUT: _O,
    OutcomeKind.REFUSED: _R,
    OutcomeKind.AMBIGUOUS: _A,
}


def _answered(m: Message, event: ev.Answered, now: int, rules: Rules) -> Advance:
    record = ev.Record(step=event.step, try_no=event.try_no, outcomes=event.outcomes)
    if event.step == m.step and event.try_no < m.tries:
        after, effects = _answered_by_earlier_try(m, event, now, rules)
        return after, (record, *effects)
    if (event.step, event.try_no) != (m.step, m.tries):
        return m, (record,)
    word = _word(m)
    refusal: ev.Outcome | None = None
    later = Reason.OPERATOR_BUSY
    for outcome in (_ended(each, rules) for each in event.outcomes):
        was, part = word[outcome.part - 1], outcome.part
        if was not in (_S, _A):
            continue  # a second answer changes nothing; an overdue one settles the ambiguity
        word = _set(word, part, _LETTER[outcome.kind])
        m = replace(m, parts=_with_word(m, m.step, word))
        if was == _S and outcome.kind is OutcomeKind.AMBIGUOUS:
            m = replace(_count_unanswered(m, (part,), 1), breaks=m.breaks + outcome.broke_link)
        elif was == _A and outcome.kind is not OutcomeKind.AMBIGUOUS:
            m = _count_unanswered(m, (part,), -1)
        if outcome.kind in (OutcomeKind.OPTED_OUT, OutcomeKind.REFUSED) and refusal is None:
            refusal = outcome
        elif outcome.kind is OutcomeKind.LATER:
            later = outcome.reason
    after = replace(m, was_taken=m.was_taken or _T in word)
    after = _with_awaited(after, (*m.awaited, *event.awaited))
    after, effects = _after_answers(after, word, refusal, later, event, now, rules)
    return after, (record, *effects)


def _ended(outcome: ev.Outcome, rules: Rules) -> ev.Outcome:
    """A part that is answered by generic_nack as often as it may be tried is refused: it is never taken so."""
    if not outcome.is_nack or outcome.nacks < rules.most_tries:
        return outcome
    return replace(outcome, kind=OutcomeKind.REFUSED, code=Code.INTERNAL)


def _answered_by_earlier_try(m: Message, event: ev.Answered, now: int, rules: Rules) -> Advance:
    """The answer to a try after which the part was sent, or is to be sent, again: it may have been taken long since.

    A refusal is only recorded: what became of the later copy, its own answer will tell.
    """
    word = _word(m)
    definite = [outcome for outcome in event.outcomes if outcome.kind is not OutcomeKind.AMBIGUOUS]
    after = _count_unanswered(m, [outcome.part for outcome in definite], -1) if m.unanswered and definite else m
    for outcome in definite:
        if outcome.kind is OutcomeKind.TAKEN and word[outcome.part - 1] in (_W, _A):
            word = _set(word, outcome.part, _T)
    if word == _word(m):
        return after, ()
    after = _with_awaited(replace(after, parts=_with_word(m, m.step, word), was_taken=True), m.awaited)
    return _none_on_wire(after, word, Reason.OPERATOR_BUSY, event.gives_receipts, now, rules)


def _with_awaited(m: Message, parts: Iterable[int]) -> Message:
    """Keep which lost parts have receipts to wait for; a part that is no longer lost needs none."""
    word = _word(m)
    awaited = tuple(sorted({part for part in parts if word[part - 1] == _A}))
    return m if awaited == m.awaited else replace(m, awaited=awaited)


def _after_answers(
    m: Message,
    word: str,
    refusal: ev.Outcome | None,
    later: Reason,
    event: ev.Answered,
    now: int,
    rules: Rules,
) -> Advance:
    """A refusal of one part counts at once, everything else when no part is on the wire."""
    if refusal is not None:
        if refusal.kind is OutcomeKind.OPTED_OUT:
            return _close_opted_out(m, refusal.code or Code.OPTED_OUT, event.known, now, rules)
        ended = (State.UNDELIVERABLE, Reason.PARTLY_DELIVERED) if _D in word else (State.REJECTED, Reason.REFUSED)
        return _end(m, *ended, refusal.code or Code.INTERNAL)
    return _none_on_wire(m, word, later, event.gives_receipts, now, rules)


def _none_on_wire(m: Message, word: str, later: Reason, gives_receipts: bool, now: int, rules: Rules) -> Advance:
    """Fold the parts of an attempt, unless one is still on the wire: resend, come again, or all of it is taken."""
    if _S in word or (m.state is State.QUEUED and (_A in word or _W in word)):
        return m, ()
    if _A in word:
        return _lost(m, word, now, rules)
    if _W in word:
        return _waits_again(m, word, later, now), ()
    return _taken(m, gives_receipts)


def _taken(m: Message, gives_receipts: bool) -> Advance:
    after, settle = _settled(replace(m, state=State.ENROUTE, reason=Reason.TAKEN, owner=NOBODY), m.current)
    if gives_receipts:
        return after, settle
    after, release = _end(after, State.ENROUTE, Reason.NO_RECEIPTS)
    return after, (*settle, *release)


def _recovered(m: Message, event: ev.Recovered, now: int, rules: Rules) -> Advance:
    before = _word(m)
    word = before.replace(_S, _A)
    lost = tuple(ev.Outcome(part=i, kind=OutcomeKind.AMBIGUOUS) for i, letter in enumerate(word, 1) if letter == _A)
    m = _count_unanswered(m, [part for part, letter in enumerate(before, 1) if letter == _S], 1)
    m = _with_awaited(replace(m, parts=_with_word(m, m.step, word)), (*m.awaited, *event.awaited))
    after, effects = _lost(m, word, now, rules)
    return after, (ev.Record(step=m.step, try_no=m.tries, outcomes=lost), *effects)


# ------------------------------------------------------------------------------------ moves: receipts


def _receipted(m: Message, event: ev.Receipted, now: int, rules: Rules) -> Advance:
    """A receipt while the message is still under way, in whatever state."""
    if m.is_final:
        return m, ()  # the link was said to give none
    if event.step != m.step:
        return _receipted_earlier(m, event)
    word = _word(m)
    if word[event.part - 1] in _SETTLED:
        return m, ()  # final is final (P8): the store keeps the second receipt, nothing moves
    m = replace(m, was_taken=True)
    if event.part_state is not _D and event.copies_left:
        return _waits_for_copies(m, event, now)
    letter, code = _told_of_copies(event)
    word = _set(word, event.part, letter)
    m = _with_awaited(replace(m, parts=_with_word(m, m.step, word)), m.awaited)
    if letter is _O:
        return _close_opted_out(m, code or Code.OPTED_OUT, event.known, now, rules)
    ended = fold(word)
    if ended is not None:
        return _ended_by_receipt(m, ended)
    if m.state is State.ENROUTE:
        return m, ()
    return _none_on_wire(m, word, Reason.OPERATOR_BUSY, True, now, rules)  # it may have been the last one there


def _told_of_copies(event: ev.Receipted) -> tuple[PartState, Code | None]:
    """What the receipts of a part's copies make of it, now that no copy is left: an unsure one makes all unsure."""
    said = ((event.part_state, event.code), *event.others)
    for letter in (_D, PartState.UNSURE, _O):
        for verdict in said:
            if verdict[0] is letter:
                return verdict
    return said[0]


def _waits_for_copies(m: Message, event: ev.Receipted, now: int) -> Advance:
    """A copy did not arrive and another one may: no more of them goes, and the part waits for what becomes of that."""
    word = _word(m)
    if word[event.part - 1] != _A:
        return m, ()
    after = _with_awaited(m, (*m.awaited, event.part))
    if after.state is State.QUEUED and after is not m:
        after = _waits_again(after, word, Reason.RESEND, now)
    return after, ()


def _pooled(m: Message, event: ev.Pooled, now: int, rules: Rules) -> Advance:
    """Receipts have come that may be those of lost parts, or have turned out to be others'."""
    if event.step != m.step:
        return m, ()
    kept = (*m.awaited, *event.parts) if event.has_receipts else (p for p in m.awaited if p not in event.parts)
    after = _with_awaited(m, kept)
    if after is not m and after.state is State.QUEUED:
        after = _waits_again(after, _word(m), Reason.RESEND, now)
    return after, ()


def _ended_by_receipt(m: Message, ended: tuple[State, Reason], **more: Any) -> Advance:
    after, settle = _settled(m, m.current)
    after, release = _end(after, *ended, **more)
    return after, (*settle, *release)


def fold(word: str) -> tuple[State, Reason] | None:
    """What the receipts of a step's parts make of the message; None as long as one is missing."""
    letters = set(word)
    if not letters <= RECEIPTED:
        return None
    if letters == {_D}:
        return State.DELIVERED, Reason.RECEIPT
    if _D in letters and letters & _NOT_ARRIVED:
        return State.UNDELIVERABLE, Reason.PARTLY_DELIVERED
    for letter, end in _FOLD:
        if letter in letters:
            return end
    raise AssertionError(f"a part letter without a meaning in {word!r}")


_FOLD: tuple[tuple[PartState, tuple[State, Reason]], ...] = (
    (PartState.UNDELIVERABLE, (State.UNDELIVERABLE, Reason.RECEIPT)),
    (PartState.EXPIRED, (State.UNDELIVERABLE, Reason.EXPIRED_AT_OPERATOR)),
    (PartState.REJECTED, (State.REJECTED, Reason.RECEIPT)),
    (PartState.OPTED_OUT, (State.REJECTED, Reason.OPTED_OUT)),
    (PartState.UNSURE, (State.UNKNOWN, Reason.OPERATOR_UNSURE)),
)


def _receipted_earlier(m: Message, event: ev.Receipted) -> Advance:
    """After a fallback, DELIVERED of an earlier step drops the present one, unless that was on the wire (P8)."""
    word = m.parts[event.step] if event.step < len(m.parts) else ""
    if event.part_state is not _D or not word or m.state is not State.QUEUED or m.tries > 0:
        return m, ()
    word = _set(word, event.part, _D)
    if set(word) != {_D}:
        return replace(m, parts=_with_word(m, event.step, word)), ()
    was_paid = m.plan[event.step].is_kept
    back = replace(m, step=event.step, parts=_with_word(m, event.step, word), is_settled=was_paid, was_taken=True)
    return _ended_by_receipt(back, (State.DELIVERED, Reason.RECEIPT))


def _receipted_late(m: Message, event: ev.Receipted, now: int, rules: Rules) -> Advance:
    """A receipt for a message that ended as unknown: it may settle it, once (P8)."""
    if m.was_settled_late or event.step != m.step:
        return m, ()
    word = _word(m)
    if word[event.part - 1] in _SETTLED or (event.copies_left and event.part_state is not _D):
        return m, ()
    letter, code = _told_of_copies(event)
    word = _set(word, event.part, letter)
    m = replace(m, parts=_with_word(m, m.step, word), was_taken=True)
    if letter is _O:
        return _opted_out_late(m, code or Code.OPTED_OUT, now, rules)
    ended = fold(word)
    if ended is None or ended[0] is State.UNKNOWN:
        return m, ()
    return _ended_by_receipt(m, ended, was_settled_late=True)


def _opted_out_late(m: Message, code: Code, now: int, rules: Rules) -> Advance:
    """An opt-out settles `unknown`: learned and paid back as ever, but it is too late for the next step."""
    learn = ev.LearnOptOut(line=m.current.line_of(m.tries), code=code, until=now + rules.optout_memory_ms)
    if _D in _word(m):
        return replace(
            m, state=State.UNDELIVERABLE, reason=Reason.PARTLY_DELIVERED, code=code, was_settled_late=True
        ), (learn,)
    effects: tuple[Effect, ...] = (learn,)
    price = m.current.price
    if m.is_settled and price and not m.current.keep:
        effects = (learn, ev.Refund(amount=price), ev.Release(amount=price))
        m = replace(m, charged=m.charged - price, is_settled=False)
    return replace(m, state=State.REJECTED, reason=Reason.OPTED_OUT, code=code, was_settled_late=True), effects


def _overdue(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    """No receipt in time: unknown, unless a part is known not to have arrived (P7)."""
    if m.reason is Reason.NO_RECEIPTS or earliest(now) < m.deadline_at + rules.grace_ms:
        return m, ()
    told = "".join(letter for letter in _word(m) if letter in RECEIPTED)
    ended = fold(told) if told else None
    if ended is not None and ended[0] in (State.UNDELIVERABLE, State.REJECTED):
        return _end(m, *ended)
    return _end(m, State.UNKNOWN, Reason.SOME_RECEIPTS if told else Reason.NO_RECEIPT)


def _only_recorded(m: Message, event: Event, now: int, rules: Rules) -> Advance:
    """Final is final (P8), and an answer to a step that is closed moves nothing."""
    if isinstance(event, ev.Answered):
        return m, (ev.Record(step=event.step, try_no=event.try_no, outcomes=event.outcomes),)
    return m, ()


# ------------------------------------------------------------------------------------------ the table


class Transition(Struct, frozen=True):
    """One line of the table: the function that makes the move and the states it may lead to."""

    make: Callable[[Message, Any, int, Rules], Advance]
    to: tuple[State, ...]


_Q, _SENDING, _E = State.QUEUED, State.SENDING, State.ENROUTE
_BY_RECEIPT = (State.DELIVERED, State.UNDELIVERABLE, State.REJECTED, State.UNKNOWN)
_BY_ANSWER = (_SENDING, _E, _Q, State.REJECTED, State.UNDELIVERABLE, State.UNKNOWN)

TABLE: dict[tuple[State, type], Transition] = {
    (_Q, ev.OnWire): Transition(_on_wire, (_Q, _SENDING, State.EXPIRED, State.UNKNOWN)),
    (_Q, ev.Postponed): Transition(_postponed, (_Q,)),
    (_Q, ev.DeadlinePassed): Transition(_deadline, (_Q, State.EXPIRED, State.UNKNOWN)),
    (_Q, ev.Cancelled): Transition(_cancelled, (State.CANCELLED, State.UNKNOWN)),
    (_Q, ev.Revoked): Transition(_revoked, (State.CANCELLED, State.UNKNOWN)),
    (_Q, ev.Moved): Transition(_moved, (_Q,)),
    (_Q, ev.SetBack): Transition(_set_back, (_Q,)),
    (_Q, ev.Restored): Transition(_restored, (_Q,)),
    (_Q, ev.Resumed): Transition(_resumed, (_Q, State.UNKNOWN)),
    (_Q, ev.Answered): Transition(_answered, (_Q, _E, State.REJECTED, State.UNDELIVERABLE)),
    (_Q, ev.Pooled): Transition(_pooled, (_Q,)),
    (_Q, ev.Receipted): Transition(_receipted, (_Q, _E, *_BY_RECEIPT)),
    (_SENDING, ev.Answered): Transition(_answered, _BY_ANSWER),
    (_SENDING, ev.Revoked): Transition(_revoked_on_wire, (_SENDING, State.CANCELLED)),
    (_SENDING, ev.Pooled): Transition(_pooled, (_SENDING,)),
    (_SENDING, ev.SetBack): Transition(_set_back, (_SENDING,)),
    (_SENDING, ev.Restored): Transition(_restored, (_Q,)),
    (_SENDING, ev.Recovered): Transition(_recovered, (_Q, State.UNKNOWN)),
    (_SENDING, ev.Receipted): Transition(_receipted, (_SENDING, _Q, _E, *_BY_RECEIPT)),
    (_E, ev.Receipted): Transition(_receipted, (_E, _Q, *_BY_RECEIPT)),
    (_E, ev.ReceiptOverdue): Transition(_overdue, (_E, State.UNDELIVERABLE, State.REJECTED, State.UNKNOWN)),
    (_E, ev.SetBack): Transition(_set_back, (_E,)),
    (_E, ev.Answered): Transition(_only_recorded, (_E,)),
    (State.UNKNOWN, ev.Receipted): Transition(_receipted_late, _BY_RECEIPT),
    **{
        (state, event): Transition(_only_recorded, (state,))
        for state in State
        if state not in (_Q, _SENDING, _E)
        for event in (ev.Answered, ev.Receipted)
        if (state, event) != (State.UNKNOWN, ev.Receipted)
    },
}
