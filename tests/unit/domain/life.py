"""A message played through `advance()` event by event, with everything checked that must hold after each.

`Life` carries out the effects as the store does: on purses, and on a list of attempts. A history is written as a
script, one word an event:

    wire            put on the wire                      recover   found on the wire after a restart
    a:to            answers of the attempt on the wire: part 1 taken, part 2 opted out; `.` says nothing of a part
    a0.1:t          the same for step 0, try 1           n:t       by a link that gives no receipts
    r1:d  r0.1:d    a receipt for part 1 of the current step, of step 0
    postpone  cancel  revoke  move  deadline  overdue  restore  resume  set-back  the events of these names
    @deadline  @grace  @late                             the time goes on to the deadline, the grace's end, far beyond
    @doubt                                               the clocks disagree: by one of them all of that is over
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as changed

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.clocks import Reading, earliest
from payamak.domain.events import Effect, Event, Outcome, OutcomeKind, Rules
from payamak.domain.message import Message, PartState, Reason, State, Step
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.plan import reservation
from payamak.domain.states import DEFAULT_RULES, TABLE, advance, first_step
from payamak.encoding import Encoding

START = 1_700_000_000_000
DEADLINE = START + 3_600_000
GRACE_END = DEADLINE + DEFAULT_RULES.grace_ms
CREDIT = 10_000
DOUBT_ENDS = GRACE_END + 600_000
CLOCK = {
    "@deadline": DEADLINE,
    "@grace": GRACE_END,
    "@late": GRACE_END + 86_400_000,
    "@doubt": Reading(GRACE_END, START + 1, DOUBT_ENDS),
}
HOLD = Rules(on_ambiguous=ev.OnAmbiguous.HOLD)

KINDS: dict[str, OutcomeKind] = {
    "t": OutcomeKind.TAKEN,
    "l": OutcomeKind.LATER,
    "o": OutcomeKind.OPTED_OUT,
    "r": OutcomeKind.REFUSED,
    "a": OutcomeKind.AMBIGUOUS,
}
_CODES = {OutcomeKind.OPTED_OUT: Code.OPTED_OUT_OF_LINE, OutcomeKind.REFUSED: Code.FORBIDDEN_TEXT}
PLAIN: dict[str, Event] = {
    "wire": ev.OnWire(link="link", owner=1),
    "recover": ev.Recovered(),
    "pool": ev.Pooled(step=0, parts=(1,), has_receipts=True),
    "unpool": ev.Pooled(step=0, parts=(1,), has_receipts=False),
    "postpone": ev.Postponed(reason=Reason.LINK_DOWN, until=START + 60_000),
    "cancel": ev.Cancelled(),
    "revoke": ev.Revoked(),
    "move": ev.Moved(line="moved", advertising=False),
    "deadline": ev.DeadlinePassed(),
    "overdue": ev.ReceiptOverdue(),
    "set-back": ev.SetBack(by=3_600_000),
    "restore": ev.Restored(),
    "resume": ev.Resumed(),
    "resume-moved": ev.Resumed(is_moved=True),
}


def a_step(line: str = "1", parts: int = 1, price: int = 100, **more: object) -> Step:
    """A step of a plan; only what advance() looks at matters."""
    return changed(Step(line=line, text="x", encoding=Encoding.GSM7, parts=parts, price=price), **more)


def a_message(*steps: Step, facts: Mapping[str, Code] | None = None) -> Message:
    """A message as the store accepts it: known opt-outs marked, the dearest end reserved, leased."""
    plan = with_known_opt_outs(steps or (a_step(),), facts or {})
    return Message(
        id=1001,
        account_id=1,
        recipient="989121234567",
        plan=plan,
        accepted_at=START,
        deadline_at=DEADLINE,
        due_at=START,
        changed_at=START,
        step=first_step(plan) or 0,
        reserved=reservation(plan),
        owner=1,
    )


def outcome(part: int, letter: str, code: Code | None = None) -> Outcome:
    """The answer that a letter of a script stands for."""
    kind = KINDS[letter]
    reason = Reason.THROTTLED if kind is OutcomeKind.LATER else Reason.OPERATOR_BUSY
    return Outcome(part=part, kind=kind, code=code or _CODES.get(kind), reason=reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """A message, the time, and what its effects have done so far. `available` is what is left of CREDIT."""

    message: Message
    now: int = START
    rules: Rules = DEFAULT_RULES
    reservation: int
    available: int = CREDIT
    reserved: int = 0
    revenue: int = 0
    attempts: Mapping[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()

    @classmethod
    def of(cls, message: Message, rules: Rules = DEFAULT_RULES) -> Life:
        """A life that begins with the reservation."""
        amount = message.reserved
        return cls(message=message, rules=rules, reservation=amount, available=CREDIT - amount, reserved=amount)

    def play(self, script: str, known: tuple[tuple[str, Code], ...] = ()) -> Life:
        """Play a script; `known` is what is known of the recipient when an opt-out comes."""
        life = self
        for word in script.split():
            life = replace(life, now=CLOCK[word]) if word in CLOCK else life.happen(life.read(word, known))
        return life

    @property
    def told(self) -> str:
        """Where the message stands, in one line: state, reason, step, and what it has cost."""
        m = self.message
        return f"{m.state} {m.reason} step {m.step} paid {m.charged}"

    def read(self, word: str, known: tuple[tuple[str, Code], ...] = ()) -> Event:
        """The event that a word of a script stands for."""
        if word in PLAIN:
            return PLAIN[word]
        found = re.fullmatch(r"([anrR])(?:(\d)\.)?(\d?):([a-z.]+)", word)
        assert found, f"no such word: {word}"
        step = int(found[2]) if found[2] else self.message.step
        if found[1] in "rR":
            state = PartState(found[4])
            code = Code.OPTED_OUT if state is PartState.OPTED_OUT else None
            left = int(found[1] == "R")
            return ev.Receipted(
                step=step, part=int(found[3]), part_state=state, code=code, copies_left=left, known=known
            )
        return ev.Answered(
            step=step,
            try_no=int(found[3]) if found[3] else self.message.tries,
            outcomes=tuple(outcome(i, letter) for i, letter in enumerate(found[4], 1) if letter != "."),
            gives_receipts=found[1] == "a",
            known=known,
        )

    def happen(self, event: Event) -> Life:
        """Let an event happen, carry out its effects, and check the invariants. Raises IllegalMove."""
        before = self.message
        after, effects = advance(before, event, self.now, self.rules)
        assert (after, effects) == advance(before, event, self.now, self.rules), "not a function"
        life = replace(self, message=after, effects=effects)
        for effect in effects:
            life = life._carry_out(effect)
        life._check_move(before, event)
        life._check_standing()
        life._check_money(before)
        life._check_steps(before, event)
        life._check_end(before, event)
        return life

    def _carry_out(self, effect: Effect) -> Life:
        match effect:
            case ev.Submit():
                assert (effect.step, effect.try_no) not in self.attempts, "an attempt is made once"
                attempts = {**self.attempts, (effect.step, effect.try_no): effect.parts}
                return replace(self, attempts=attempts)
            case ev.Settle(reserved=reserved, available=available):
                assert reserved + available > 0, "the ledger has no empty entries"
                return replace(
                    self,
                    reserved=self.reserved - reserved,
                    available=self.available - available,
                    revenue=self.revenue + reserved + available,
                )
            case ev.Refund(amount=amount):
                assert amount > 0, "the ledger has no empty entries"
                return replace(self, revenue=self.revenue - amount, reserved=self.reserved + amount)
            case ev.Release(amount=amount):
                assert amount > 0, "the ledger has no empty entries"
                return replace(self, reserved=self.reserved - amount, available=self.available + amount)
            case _:
                return self

    def _check_move(self, before: Message, event: Event) -> None:
        after = self.message
        assert after.state in TABLE[before.state, type(event)].to
        if after is before:
            assert not any(isinstance(effect, ev.Settle | ev.Refund | ev.Release) for effect in self.effects)
        else:
            assert after != changed(before, version=before.version + 1, changed_at=self.now), "a change of nothing"
            assert (after.version, after.changed_at) == (before.version + 1, self.now)
        if before.is_final and before.state is not State.UNKNOWN:
            assert after is before, "final is final"
        if before.state is State.UNKNOWN and after.state is not State.UNKNOWN:
            assert after.was_settled_late
            assert not before.was_settled_late, "unknown is settled once"
        assert after.was_taken >= before.was_taken
        recorded = [effect for effect in self.effects if isinstance(effect, ev.Record)]
        is_news = isinstance(event, ev.Answered | ev.Recovered)
        was_sent = isinstance(event, ev.Restored) and before.state is State.SENDING
        is_unsent = isinstance(event, ev.Revoked) and before.state is State.SENDING and after is not before
        assert len(recorded) == (is_news or was_sent or is_unsent), "every answer is kept"
        if before.is_held and not isinstance(event, ev.Resumed):
            assert after.is_held or after.state is not State.QUEUED, "a person lets it go"
            assert not any(isinstance(effect, ev.Submit) for effect in self.effects), "nothing goes out unasked"

    def _check_standing(self) -> None:
        """The letters of the parts fit the state: what waits has something to send, what is sent is waited for."""
        m = self.message
        letters = set(m.parts[m.step] if m.step < len(m.parts) else "w")
        match m.state:
            case State.QUEUED:
                assert letters & {"w", "a"}
                assert "s" not in letters
                self._check_tries()
            case State.SENDING:
                assert "s" in letters
            case State.ENROUTE:
                assert letters & set("wsa") == set()
                assert "t" in letters or m.reason is Reason.NO_RECEIPTS
            case _:
                assert m.is_final
        assert not m.is_final or not m.is_leased

    def _check_tries(self) -> None:
        """What may go again has not had its tries; what has nothing to send waits for receipts until its deadline."""
        m = self.message
        word = m.parts[m.step] if m.step < len(m.parts) else ""
        lost = [i for i, letter in enumerate(word, 1) if letter == "a"]
        assert all(1 <= int(m.unanswered[i - 1]) < self.rules.most_tries for i in lost), "a copy too many"
        assert set(m.awaited) <= set(lost)
        if m.reason is Reason.RECEIPTS_AWAITED:
            assert m.due_at == m.deadline_at

    def _check_money(self, before: Message) -> None:
        m = self.message
        assert (self.reserved, self.revenue) == (m.reserved, m.charged)
        assert self.available + self.reserved + self.revenue == CREDIT
        assert min(m.reserved, m.charged) >= 0
        if not m.was_settled_late:
            assert self.available >= CREDIT - self.reservation, "the reservation is enough"
            assert all(e.available == 0 for e in self.effects if isinstance(e, ev.Settle)), "only late from the balance"
        if m.is_final:
            assert m.reserved == 0
        if not before.charged and m.charged:
            assert m.was_taken

    def _check_end(self, before: Message, event: Event) -> None:
        """What time ends is past its deadline by every clock."""
        by_time = isinstance(event, ev.OnWire | ev.DeadlinePassed | ev.ReceiptOverdue)
        if by_time and self.message.is_final and not before.is_final:
            assert earliest(self.now) >= self.message.deadline_at

    def _check_steps(self, before: Message, event: Event) -> None:
        after = self.message
        submits = [effect for effect in self.effects if isinstance(effect, ev.Submit)]
        if submits:
            (submit,) = submits
            word = before.parts[before.step] if before.step < len(before.parts) else "w" * before.current.wire_parts
            assert self.now < after.deadline_at, "nothing goes out after the deadline"
            lost = [i for i, letter in enumerate(word, 1) if letter == "a" and i not in before.awaited]
            assert submit.parts == tuple(i for i, letter in enumerate(word, 1) if letter == "w" or i in lost)
            assert submit.parts, "an empty attempt"
            assert (submit.step, submit.try_no) == (before.step, before.tries + 1)
            assert after.copies == before.copies + len(lost)
            for earlier, step in enumerate(after.plan[: submit.step]):
                word = after.parts[earlier] if step.skip is None else ""
                assert step.skip is not None or set(word) & {"o", "d"}, "only an opt-out moves on"
        is_opt_out = any(isinstance(effect, ev.LearnOptOut) for effect in self.effects)
        if after.step > before.step:
            assert is_opt_out
            assert earliest(self.now) < after.deadline_at
            assert all(step.skip for step in after.plan[before.step + 1 : after.step])
            assert after.plan[after.step].skip is None
            assert "d" not in after.parts[before.step], "no fallback for a text that has partly arrived"
        if after.step < before.step:
            assert isinstance(event, ev.Receipted)
            assert (event.part_state, event.step) == (PartState.DELIVERED, after.step)
            assert (before.state, before.tries) == (State.QUEUED, 0), "dropped only before it is on the wire"
            assert after.state is State.DELIVERED
