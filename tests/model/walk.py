"""Random walks of one message through `advance()`, beside what the promise makes of the same events. No store, no disk.

A walk is a list of numbers, so that it can be repeated from its seed and made shorter until only what matters is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.model.compare import ANSWERS, NEWS, difference, reason_class
from tests.model.promise import FAILED, LATER, LOST, OPTED_OUT, REFUSED, TAKEN, UNSURE, Expected, PlannedStep, covering

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Effect, Event, IllegalMove, OnAmbiguous, Outcome, Rules
from payamak.domain.message import Message, PartState, Reason, Step
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.plan import reservation
from payamak.domain.standing import state_code
from payamak.domain.states import advance, first_step
from payamak.encoding import Encoding

Action = tuple[int, int, int]

START = 1_700_000_000_000
LIFE = 3_600_000
GRACE = 86_400_000
LINES = ("1", "2", "3", "4")
PRICES = (100, 0, 250, 70)
PARTS = (1, 1, 2, 1, 3, 1, 1)
VERDICTS = (TAKEN, TAKEN, LOST, LOST, OPTED_OUT, OPTED_OUT, LATER, REFUSED)
WORDS = ("delivered", "delivered", OPTED_OUT, OPTED_OUT, *NEWS)
PAUSES = (0, 60_000, 1_000_000, 1_000_000, LIFE, GRACE, GRACE + LIFE)
KNOWN: tuple[dict[str, int], ...] = ({}, {}, {}, {}, {}, {}, {"2": 33}, {"*": 27}, {"3": 33, "1": 27})
OTHERS: tuple[tuple[tuple[str, int | None], ...], ...] = (
    (),
    (),
    (),
    ((OPTED_OUT, 33),),
    ((UNSURE, None),),
    ((FAILED, None),),
)
"""What receipts said of a part's other copies."""

CREDIT = 10_000


def a_walk(seed: int, length: int) -> list[Action]:
    """The numbers of a seed."""
    random = Random(seed)
    return [(random.randrange(64), random.randrange(1 << 16), random.randrange(1 << 16)) for _ in range(length)]


class Walk:
    """One message, its second opinion, and its purses."""

    def __init__(self, shape: Action) -> None:
        many, look, holds = shape
        count = (3, 2, 3, 1)[many % 4]
        plan = [
            PlannedStep(
                line=LINES[i],
                price=PRICES[(look >> 4 * i) % 4],
                parts=PARTS[(look >> i) % len(PARTS)],
                keeps=bool(look >> (i + 8) & 1),
                is_advertising=LINES[i] != "3",
            )
            for i in range(count)
        ]
        known = KNOWN[holds % len(KNOWN)]
        if all(covering(step, known) is not None for step in plan):
            known = {}
        self.now = START
        self.is_holding = bool(holds >> 4 & 1)
        self.second = Expected(plan=plan, deadline=START + LIFE, known=known)
        steps = with_known_opt_outs(
            tuple(
                Step(line=s.line, text="x", encoding=Encoding.GSM7, parts=s.parts, price=s.price, keep=s.keeps,
                     advertising=s.is_advertising)
                for s in plan
            ),
            {line: Code(code) for line, code in known.items()},
        )  # fmt: skip
        self.message = Message(
            id=1001, account_id=1, recipient="989120000001", plan=steps, accepted_at=START, deadline_at=START + LIFE,
            due_at=START, changed_at=START, step=first_step(steps) or 0, reserved=reservation(steps),
        )  # fmt: skip
        self.available, self.aside, self.revenue = CREDIT - self.message.reserved, self.message.reserved, 0
        self.attempts: dict[tuple[int, int], tuple[int, ...]] = {}
        self.seen: set[str] = set()
        self.compare()

    def play(self, actions: Sequence[Action]) -> None:
        """All of them, or until a few events have not moved what is final; compared after each."""
        patience = 6
        for kind, a, b in actions:
            self.happen(kind, a, b)
            self.compare()
            self.seen.add(f"{self.second.state} {self.second.reason}")
            patience -= self.message.is_final
            if patience == 0:
                break

    def happen(self, kind: int, a: int, b: int) -> None:
        """One event to both, as the numbers say: what usually comes next, more often than not."""
        state = self.message.state.value
        if kind < 24:
            usual = {"queued": self._on_wire, "sending": self._answered}.get(state, self._receipted)
            usual(a, b) if kind % 4 or usual != self._answered else self._receipted(a, b)
        elif kind < 32:
            self._answered(a, b)
        elif kind < 44:
            self._receipted(a, b)
        elif kind < 48:
            self._on_wire(a, b)
        else:
            self._seldom(kind, a)

    def _seldom(self, kind: int, a: int) -> None:
        second = self.second
        waits = second.state == "queued"
        match kind:
            case 48 | 49 | 50:
                self.now += PAUSES[a % len(PAUSES)]
            case 51 | 52 | 53 | 54:
                awaited = tuple(part for part in range(1, len(second.parts) + 1) if (a + part) % 4 == 0)
                if self._advance(ev.Recovered(awaited=awaited), second.state == "sending") is not None:
                    second.restarted(self.now, holds=self.is_holding, awaited=awaited)
            case 55 | 56:
                if self._advance(ev.DeadlinePassed(), waits) is not None:
                    second.deadline_passed(self.now)
            case 57 | 58:
                self.now = max(self.now, START + LIFE + GRACE) if a % 2 else self.now
                if self._advance(ev.ReceiptOverdue(), second.state == "enroute") is not None:
                    second.receipt_overdue(self.now, GRACE)
            case 59:
                if self._advance(ev.Cancelled(), waits) is not None:
                    second.cancelled()
            case 60:
                if self._advance(ev.Revoked(), waits or second.is_first_mark) is not None:
                    second.revoked()
            case 61:
                line = LINES[a % 4]
                if self._advance(ev.Moved(line=line, advertising=line != "3"), waits) is not None:
                    second.moved(line, is_advertising=line != "3")
            case 62:
                parts = tuple(part for part in range(1, len(second.parts) + 1) if (a + part) % 3)
                event = ev.Pooled(step=second.step, parts=parts, has_receipts=bool(a % 4))
                if self._advance(event, second.state in ("queued", "sending")) is not None:
                    second.pooled(parts, has_receipts=bool(a % 4))
            case _:
                if self._advance(ev.Postponed(reason=Reason.PACED, until=self.now + 9), waits) is not None:
                    second.why = "waits"

    def _on_wire(self, a: int, b: int) -> None:
        effects = self._advance(ev.OnWire(link="north", owner=1), self.second.state == "queued")
        if effects is not None:
            going = self.second.goes_out(self.now)
            submits = [effect for effect in effects if isinstance(effect, ev.Submit)]
            assert going == tuple(part for submit in submits for part in submit.parts), "what leaves"
            for submit in submits:
                assert self.now < START + LIFE, "nothing goes out after the deadline"
                assert (submit.step, submit.try_no) not in self.attempts, "an attempt is made once"
                self.attempts[submit.step, submit.try_no] = submit.parts

    def _answered(self, a: int, b: int) -> None:
        if not self.attempts:
            return
        attempts = list(self.attempts)
        step, try_no = attempts[-1] if a % 8 else attempts[a // 8 % len(attempts)]
        parts = self.attempts[step, try_no]
        count = len(parts) if b % 4 else 1 + b // 4 % len(parts)
        verdicts = [(part, VERDICTS[(b >> 2 * part) % len(VERDICTS)]) for part in parts][-count:]
        answers = [(part, verdict, {OPTED_OUT: 33, REFUSED: 15}.get(verdict)) for part, verdict in verdicts]
        known = KNOWN[a // 16 % len(KNOWN)]
        gives_receipts = a % 16 != 15
        awaited = tuple(part for part, verdict, _ in answers if verdict == LOST and (a + part) % 3 == 0)
        event = ev.Answered(
            step=step,
            try_no=try_no,
            outcomes=tuple(
                Outcome(part=part, kind=ANSWERS[verdict], code=None if code is None else Code(code))
                for part, verdict, code in answers
            ),
            gives_receipts=gives_receipts,
            awaited=awaited,
            known=tuple((line, Code(code)) for line, code in known.items()),
        )
        effects = self._advance(event, True)
        second, learned = self.second, False
        if (step, try_no) == (second.step, second.tries):
            learned = second.answers(
                answers, self.now, holds=self.is_holding, gives_receipts=gives_receipts, known=known, awaited=awaited
            )
        elif step == second.step:
            second.answers_late(answers, self.now, holds=self.is_holding, gives_receipts=gives_receipts)
        assert learned == self._learned(effects), "what is learned of the recipient"

    def _receipted(self, a: int, b: int) -> None:
        if not self.attempts:
            return
        attempts = list(self.attempts)
        step, try_no = attempts[-1] if a % 2 else attempts[a // 2 % len(attempts)]
        parts = self.attempts[step, try_no]
        part = parts[b // 16 % len(parts)]
        news = WORDS[b % len(WORDS)]
        code = 27 if news == OPTED_OUT else None
        copies_left = int((b >> 9) % 5 == 0)
        others = OTHERS[b // 64 % len(OTHERS)]
        known = KNOWN[a // 16 % len(KNOWN)]
        event = ev.Receipted(
            step=step,
            part=part,
            part_state=PartState(NEWS[news]),
            code=None if code is None else Code(code),
            copies_left=copies_left,
            others=tuple((PartState(NEWS[word]), None if c is None else Code(c)) for word, c in others),
            known=tuple((line, Code(code)) for line, code in known.items()),
        )
        effects = self._advance(event, True)
        facts = (step, part, news, code, self.now)
        learned = self.second.receipt(
            *facts, copies_left=copies_left, others=others, holds=self.is_holding, known=known
        )
        assert learned == self._learned(effects), "what is learned of the recipient"

    def _advance(self, event: Event, is_possible: bool) -> tuple[Effect, ...] | None:
        """Let it happen to the product's message; None if it cannot, and that is what was expected."""
        rules = Rules(on_ambiguous=OnAmbiguous.HOLD if self.is_holding else OnAmbiguous.RESEND, grace_ms=GRACE)
        try:
            self.message, effects = advance(self.message, event, self.now, rules)
        except IllegalMove:
            assert not is_possible, f"{type(event).__name__} must be possible"
            return None
        if not is_possible:
            assert effects == (), f"{type(event).__name__} must change nothing"
            return None
        for effect in effects:
            self._pay(effect)
        return effects

    def _pay(self, effect: Effect) -> None:
        match effect:
            case ev.Settle(reserved=reserved, available=available):
                self.aside -= reserved
                self.available -= available
                self.revenue += reserved + available
            case ev.Refund(amount=amount):
                self.revenue -= amount
                self.aside += amount
            case ev.Release(amount=amount):
                self.aside -= amount
                self.available += amount
            case _:
                pass

    @staticmethod
    def _learned(effects: tuple[Effect, ...] | None) -> bool:
        return any(isinstance(effect, ev.LearnOptOut) for effect in effects or ())

    def compare(self) -> None:
        """The product's message and the promise's, and the purses."""
        m, s = self.message, self.second
        product: dict[str, object] = {
            "state": m.state.value,
            "reason": reason_class(m.reason),
            "told": state_code(m.state, m.was_taken),
        }
        product |= {
            "told": state_code(m.state, m.was_taken),
            "step": m.step,
            "line": m.current.line,
            "tries": m.tries,
            "copies": m.copies,
        }
        product |= {"reserved": m.reserved, "charged": m.charged, "late": m.was_settled_late}
        product |= {"aside": self.aside, "revenue": self.revenue, "sum": self.available + self.aside + self.revenue}
        second: dict[str, object] = {
            "state": s.state,
            "reason": s.reason,
            "told": s.told,
            "step": s.step,
            "line": s.line,
        }
        second |= {"tries": s.tries, "copies": s.copies, "reserved": s.reserved, "charged": s.charged}
        second |= {"late": s.was_settled_late, "aside": s.reserved, "revenue": s.charged, "sum": CREDIT}
        if s.end is not None and s.reason in ("opted out", "refused"):
            product["code"], second["code"] = m.code, s.code
        assert product == second, difference(product, second)


def fails(actions: Sequence[Action]) -> str | None:
    """What is wrong in a walk; None if nothing is."""
    try:
        Walk(actions[0]).play(actions[1:])
    except AssertionError as error:
        return str(error)
    return None


def shortest(actions: list[Action]) -> list[Action]:
    """What is left of a walk that fails when every action without which it still fails is taken out."""
    i = len(actions) - 1
    while i > 0:
        shorter = actions[:i] + actions[i + 1 :]
        if fails(shorter):
            actions = shorter
        i -= 1
    return actions


class Telling(Walk):
    """A walk that keeps its events, to be shown."""

    def __init__(self, shape: Action) -> None:
        self.told: list[str] = []
        super().__init__(shape)
        self.told = [", ".join(f"{s.line} for {s.price}{' kept' * s.keep} x{s.parts}" for s in self.message.plan)]

    def _advance(self, event: Event, is_possible: bool) -> tuple[Effect, ...] | None:
        effects = super()._advance(event, is_possible)
        self.told.append(f"{self.now - START:>9} {event} -> {self.message.state} {self.message.reason} {effects}")
        return effects


def told(actions: list[Action]) -> str:
    """A walk that fails, in words."""
    walk = Telling(actions[0])
    try:
        walk.play(actions[1:])
    except AssertionError as error:
        walk.told.append(f"{error}; parts: {walk.message.parts}, the promise: {walk.second.fates}")
    return "\n".join(walk.told)
