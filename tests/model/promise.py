"""What must become of a message, said a second time: from the promise (P2–P8) and the contract (§1–§3) alone.

No table and no state is kept here, only facts: what became of each part of each step, what was paid, and how it
ended. The state is read from them. Where this text and domain/states.py disagree one of them is wrong, and the
promise says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WAITS, OUT, LOST, TAKEN = "waits", "out", "lost", "taken"
"""A part that is still to be sent, is on the wire, was sent and never answered, was taken by the operator."""

ARRIVED, FAILED, EXPIRED, REJECTED, OPTED_OUT, UNSURE = (
    "delivered",
    "undeliverable",
    "expired",
    "rejected",
    "opted out",
    "unsure",
)
"""What a receipt says of a part."""

LATER, REFUSED = "later", "refused"
"""Answers beside TAKEN, OPTED_OUT and LOST."""

NOT_ARRIVED = (FAILED, EXPIRED, REJECTED, OPTED_OUT)
EVERY_LINE = "*"


@dataclass(frozen=True)
class PlannedStep:
    """One step as it was planned and priced when the message was accepted."""

    line: str
    price: int
    parts: int = 1
    keeps: bool = False
    is_advertising: bool = True


def covering(step: PlannedStep, known: Mapping[str, int]) -> int | None:
    """The code of the opt-out that covers a step: its own line's, or the operator's list for advertising (§3)."""
    return known.get(step.line, known.get(EVERY_LINE) if step.is_advertising else None)


@dataclass
class Expected:
    """The facts of one message, and what follows from them."""

    plan: list[PlannedStep]
    deadline: int
    known: Mapping[str, int] = field(default_factory=dict)
    step: int = 0
    tries: int = 0
    copies: int = 0
    why: str = "accepted"
    end: tuple[str, str] | None = None
    code: int | None = None
    was_taken: bool = False
    was_settled_late: bool = False
    budget: int = 0

    def __post_init__(self) -> None:
        self.skipped = {i for i, step in enumerate(self.plan) if covering(step, self.known) is not None}
        self.paid: set[int] = set()
        self.sent_by = ""  # the line of the last attempt: a verdict is about that line, also after a move
        self.fates: dict[int, list[str]] = {}
        open_steps = [i for i in range(len(self.plan)) if i not in self.skipped]
        # The dearest end: a step's price, and those before it that are not paid back (P5).
        self.budget = max(
            self.plan[i].price + sum(self.plan[k].price for k in open_steps if k < i and self.plan[k].keeps)
            for i in open_steps
        )
        self.step = open_steps[0]
        self._begin()

    def _begin(self) -> None:
        self.tries = 0
        self.fates[self.step] = [WAITS] * self.plan[self.step].parts

    # -- what can be read

    @property
    def parts(self) -> list[str]:
        """What became of the parts of the present step."""
        return self.fates[self.step]

    @property
    def line(self) -> str:
        """The line of the present step."""
        return self.plan[self.step].line

    @property
    def state(self) -> str:
        """Exactly one visible state (P2)."""
        if self.end is not None:
            return self.end[0]
        if OUT in self.parts:
            return "sending"
        return "queued" if {WAITS, LOST} & set(self.parts) else "enroute"

    @property
    def reason(self) -> str:
        """Its reason; all that merely waits for another try is one class."""
        if self.end is not None:
            return self.end[1]
        return {"sending": "on wire", "queued": self.why, "enroute": "taken"}[self.state]

    @property
    def told(self) -> int:
        """The number that wsStates tells (§2)."""
        ended = {"enroute": 8, "delivered": 1, "undeliverable": 2, "rejected": 16, "unknown": 4}
        if self.state in ended:
            return ended[self.state]
        is_over = self.state in ("expired", "cancelled")
        return -1 if not self.was_taken else 2 if is_over else 8

    @property
    def charged(self) -> int:
        """Each step that an operator took and that was not paid back (P5)."""
        return sum(self.plan[i].price for i in self.paid)

    @property
    def reserved(self) -> int:
        """What is set aside, less what was settled; nothing after the end (P5)."""
        return 0 if self.end is not None else self.budget - self.charged

    # -- what can happen

    def goes_out(self, now: int) -> tuple[int, ...]:
        """It is put on the wire: the parts that leave (1-based), or none because it is too late (P7)."""
        if now >= self.deadline:
            self._gives_up("expired", "deadline")
            return ()
        going = tuple(i for i, fate in enumerate(self.parts, 1) if fate in (WAITS, LOST))
        self.copies += self.parts.count(LOST)
        self.tries += 1
        self.sent_by = self.line
        for part in going:
            self.parts[part - 1] = OUT
        return going

    def answers(
        self,
        answers: Sequence[tuple[int, str, int | None]],
        now: int,
        *,
        holds: bool,
        gives_receipts: bool,
        known: Mapping[str, int],
    ) -> bool:
        """The operator answers parts of the present attempt; whether an opt-out was learned."""
        if self.end is not None:
            return False
        was_out = OUT in self.parts
        verdict: tuple[str, int | None] | None = None
        is_news = False
        for part, answer, code in answers:
            if self.parts[part - 1] not in (OUT, LOST):
                continue  # a second answer changes nothing
            is_news = True
            self.parts[part - 1] = {LATER: WAITS, REFUSED: REJECTED}.get(answer, answer)
            if answer in (OPTED_OUT, REFUSED) and verdict is None:
                verdict = answer, code
        self.was_taken |= TAKEN in self.parts
        if not is_news:
            return False
        if verdict is None:
            self._look(now, was_out=was_out, holds=holds, gives_receipts=gives_receipts)
            return False
        if verdict[0] == OPTED_OUT:
            self._closes(verdict[1], now, known)
            return True
        self.code = verdict[1]
        self.end = ("undeliverable", "partly delivered") if ARRIVED in self.parts else ("rejected", "refused")
        return False

    def receipt(
        self,
        step: int,
        part: int,
        news: str,
        code: int | None,
        now: int,
        *,
        is_last_copy: bool,
        holds: bool,
        known: Mapping[str, int],
    ) -> bool:
        """A receipt for a part; whether an opt-out was learned. `is_last_copy`: the part was not sent again since."""
        if self.end is not None and (self.end[0] != "unknown" or self.was_settled_late or step != self.step):
            return False  # final is final (P8)
        if step != self.step:
            self._earlier_step(step, part, news)
            return False
        if self.parts[part - 1] in (ARRIVED, *NOT_ARRIVED):
            return False
        if news != ARRIVED and not is_last_copy:
            return False  # the later copy will tell
        was_out = OUT in self.parts
        self.parts[part - 1] = news
        self.was_taken = True
        if news == OPTED_OUT:
            self._closes(code, now, known)
            return True
        if {WAITS, OUT, LOST, TAKEN} & set(self.parts):
            if self.end is None:
                self._look(now, was_out=was_out, holds=holds)
            return False
        ended = self._told_by_receipts(self.parts)
        if self.end is None or ended[0] != "unknown":
            self._ends_late(ended)
            self.paid.add(self.step)
        return False

    def _earlier_step(self, step: int, part: int, news: str) -> None:
        """DELIVERED of an earlier step counts only while the present one has not been on the wire (P8)."""
        if news != ARRIVED or self.state != "queued" or self.tries or step not in self.fates:
            return
        self.fates[step][part - 1] = ARRIVED
        if set(self.fates[step]) == {ARRIVED}:
            self.step = step
            self.was_taken = True
            self.paid.add(step)
            self.end = ("delivered", "receipt")

    def restarted(self, now: int, *, holds: bool) -> tuple[int, ...]:
        """The program died while parts were out: nobody knows what became of them (P3); those parts."""
        if self.state != "sending":
            return ()
        self.fates[self.step] = [LOST if fate == OUT else fate for fate in self.parts]
        lost = tuple(i for i, fate in enumerate(self.parts, 1) if fate == LOST)
        self._look(now, was_out=True, holds=holds)
        return lost

    def cancelled(self) -> None:
        """Taken back while it waits."""
        self._gives_up("cancelled", "cancelled")

    def revoked(self) -> None:
        """Taken back because its caller was told that it was not accepted (P1)."""
        self._gives_up("cancelled", "answered busy")

    def deadline_passed(self, now: int) -> None:
        """Validity is over (P7)."""
        if now >= self.deadline:
            self._gives_up("expired", "deadline")

    def receipt_overdue(self, now: int, grace: int) -> None:
        """No receipt until deadline and grace: unknown (P7), unless a part is known not to have arrived."""
        if self.end is None and now >= self.deadline + grace:
            ended = self._told_by_receipts([fate for fate in self.parts if fate != TAKEN])
            self.end = ended if ended[0] in ("undeliverable", "rejected") else ("unknown", "no receipt")

    def moved(self, line: str, *, is_advertising: bool) -> bool:
        """To another line by hand, if no part has gone by this one for certain."""
        if not {WAITS, LOST} >= set(self.parts):
            return False
        old = self.plan[self.step]
        self.plan[self.step] = PlannedStep(line, old.price, old.parts, old.keeps, is_advertising)
        self.why = "moved"
        return True

    # -- what follows

    def _gives_up(self, state: str, reason: str) -> None:
        """It will not be sent (again); if a copy may have arrived that is unknown, not expired or cancelled (P2)."""
        may_have_arrived = LOST in self.parts or (self.copies > 0 and self.tries > 1)
        self.end = ("unknown", "answer lost") if may_have_arrived else (state, reason)

    def _look(self, now: int, *, was_out: bool, holds: bool, gives_receipts: bool = True) -> None:
        """After news: has the whole step been answered, and what does that make of it?"""
        fates = set(self.parts)
        if OUT in fates or (not was_out and {WAITS, LOST} & fates):
            return
        if LOST in fates:
            self.why = "resend"
            if holds or now >= self.deadline:
                self.end = ("unknown", "answer lost")
        elif WAITS in fates:
            self.why = "waits"
        else:
            self.paid.add(self.step)
            if not gives_receipts:
                self.end = ("enroute", "no receipts")

    def _closes(self, code: int | None, now: int, known: Mapping[str, int]) -> None:
        """An opt-out closes the step; the next one starts afresh, at most once and in time (P4)."""
        self.code = code
        if ARRIVED in self.parts:
            self._ends_late(("undeliverable", "partly delivered"))
            return
        if not self.plan[self.step].keeps:
            self.paid.discard(self.step)
        if self.end is None:
            facts = {**known, self.sent_by: code or 0}
            following = range(self.step + 1, len(self.plan))
            self.skipped |= {i for i in following if covering(self.plan[i], facts) is not None}
            left = [i for i in following if i not in self.skipped]
            if left and now < self.deadline:
                self.step, self.why = left[0], "fallback"
                self._begin()
                return
        self._ends_late(("rejected", "opted out"))

    def _ends_late(self, end: tuple[str, str]) -> None:
        self.was_settled_late = self.end is not None
        self.end = end

    @staticmethod
    def _told_by_receipts(fates: Sequence[str]) -> tuple[str, str]:
        """The parts' receipts as one end; the worst news counts, and a text that arrived in part did not arrive."""
        if fates and set(fates) == {ARRIVED}:
            return "delivered", "receipt"
        if ARRIVED in fates and set(NOT_ARRIVED) & set(fates):
            return "undeliverable", "partly delivered"
        if FAILED in fates:
            return "undeliverable", "receipt"
        if EXPIRED in fates:
            return "undeliverable", "expired at operator"
        if REJECTED in fates:
            return "rejected", "receipt"
        return "unknown", "operator unsure"
