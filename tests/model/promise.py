"""What must become of a message, said a second time: from the promise (P2–P8) and the contract (§1–§3) alone.

No table and no state is kept here, only facts: what became of each part of each step, what was paid, and how it
ended. The state is read from them. Where this text and domain/states.py disagree one of them is wrong, and the
promise says which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
MOST_TRIES = 3
"""Of a part in a step, tries that may stay without an answer (P3)."""


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
        self.silent = [0] * self.plan[self.step].parts
        self.awaited: set[int] = set()
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
    def is_first_mark(self) -> bool:
        """On the wire as its accept may leave it: for the first time, and nothing was heard of it."""
        is_first = self.tries == 1 and not any(self.fates.get(step) for step in range(self.step))
        return self.end is None and is_first and set(self.parts) == {OUT}

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
        copies = self._copies_to_go()
        going = tuple(i for i, fate in enumerate(self.parts, 1) if fate == WAITS or i in copies)
        if not going:
            self.why = "receipts awaited"
            return ()
        self.copies += len(copies)
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
        awaited: Collection[int] = (),
    ) -> bool:
        """The operator answers parts of the present attempt; whether an opt-out was learned.

        `awaited`: lost parts of which receipts tell, or may, so that no further copy goes (P3).
        """
        if self.end is not None:
            return False
        was_out = OUT in self.parts
        verdict: tuple[str, int | None] | None = None
        is_news = False
        for part, answer, code in answers:
            if self.parts[part - 1] not in (OUT, LOST):
                continue  # a second answer changes nothing
            is_news = True
            self._count_silence(part, answer)
            self.parts[part - 1] = {LATER: WAITS, REFUSED: REJECTED}.get(answer, answer)
            if answer in (OPTED_OUT, REFUSED) and verdict is None:
                verdict = answer, code
        self.was_taken |= TAKEN in self.parts
        self._await({*self.awaited, *awaited})
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
        copies_left: int,
        others: Sequence[tuple[str, int | None]],
        holds: bool,
        known: Mapping[str, int],
    ) -> bool:
        """A receipt for a copy of a part; whether an opt-out was learned.

        `copies_left`: other copies that may still arrive; `others`: what was said of those that may not.
        """
        if self.end is not None and (self.end[0] != "unknown" or self.was_settled_late or step != self.step):
            return False  # final is final (P8)
        if step != self.step:
            self._earlier_step(step, part, news)
            return False
        if self.parts[part - 1] in (ARRIVED, *NOT_ARRIVED):
            return False
        if news != ARRIVED and copies_left:
            if self.end is None:
                self.was_taken = True
                self._may_wait({*self.awaited, part})
            return False  # another copy may still arrive; it ends resending
        if news != ARRIVED:
            news, code = self._said_of_all([(news, code), *others])
        was_out = OUT in self.parts
        self.parts[part - 1] = news
        self.was_taken = True
        self._await(self.awaited)
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

    def restarted(self, now: int, *, holds: bool, awaited: Collection[int] = ()) -> tuple[int, ...]:
        """The program died while parts were out: nobody knows what became of them (P3); those parts."""
        if self.state != "sending":
            return ()
        for part, fate in enumerate(self.parts, 1):
            if fate == OUT:
                self._count_silence(part, LOST)
        self.fates[self.step] = [LOST if fate == OUT else fate for fate in self.parts]
        self._await({*self.awaited, *awaited})
        lost = tuple(i for i, fate in enumerate(self.parts, 1) if fate == LOST)
        self._look(now, was_out=True, holds=holds)
        return lost

    def cancelled(self) -> None:
        """Taken back while it waits."""
        self._gives_up("cancelled", "cancelled")

    def revoked(self) -> None:
        """Taken back because its caller was told that it was not accepted (P1); what its accept marked has not left."""
        if self.is_first_mark:
            self.fates[self.step] = [WAITS] * len(self.parts)
        self._gives_up("cancelled", "answered busy")

    def deadline_passed(self, now: int) -> None:
        """Validity is over (P7)."""
        if now >= self.deadline:
            self._gives_up("expired", "deadline")

    def receipt_overdue(self, now: int, grace: int) -> None:
        """No receipt for a part until deadline and grace: unknown (P7), unless one is known not to have arrived."""
        if self.end is None and now >= self.deadline + grace:
            told = [fate for fate in self.parts if fate != TAKEN]
            ended = self._told_by_receipts(told)
            unknown = ("unknown", "some receipts" if told else "no receipt")
            self.end = ended if ended[0] in ("undeliverable", "rejected") else unknown

    def moved(self, line: str, *, is_advertising: bool) -> bool:
        """To another line by hand, if no part has gone by this one for certain."""
        if not {WAITS, LOST} >= set(self.parts):
            return False
        if self.parts.count(WAITS) + len(self._copies_to_go()) < len(self.parts):
            return False  # the parts of a text come from one line
        old = self.plan[self.step]
        self.plan[self.step] = PlannedStep(line, old.price, old.parts, old.keeps, is_advertising)
        self.why = "moved"
        return True

    def answers_late(
        self, answers: Sequence[tuple[int, str, int | None]], now: int, *, holds: bool, gives_receipts: bool
    ) -> None:
        """An answer to a try after which the part was sent again, or waits to be: what was taken does not go on."""
        if self.end is not None or self.state == "enroute":
            return
        is_taken = False
        for part, answer, _ in answers:
            if answer == LOST:
                continue
            self.silent[part - 1] = max(self.silent[part - 1] - 1, int(self.parts[part - 1] == LOST))
            if answer == TAKEN and self.parts[part - 1] in (WAITS, LOST):
                self.parts[part - 1] = TAKEN
                is_taken = True
        if is_taken:
            self.was_taken = True
            self._await(self.awaited)
            if not {OUT, WAITS, LOST} & set(self.parts):
                self._look(now, was_out=True, holds=holds, gives_receipts=gives_receipts)

    def pooled(self, parts: Collection[int], *, has_receipts: bool) -> None:
        """Receipts have come that may be those of lost parts, or were others' (P3)."""
        if self.end is None and self.state in ("queued", "sending"):
            self._may_wait({*self.awaited, *parts} if has_receipts else self.awaited - set(parts))

    # -- what follows

    def _copies_to_go(self) -> list[int]:
        return [part for part, fate in enumerate(self.parts, 1) if fate == LOST and part not in self.awaited]

    def _await(self, parts: set[int]) -> None:
        self.awaited = {part for part in parts if self.parts[part - 1] == LOST}

    def _may_wait(self, parts: set[int]) -> None:
        """Which parts have receipts to wait for; what is queued then goes, or waits, accordingly."""
        before = self.awaited
        self._await(parts)
        if self.awaited != before and self.state == "queued":
            self.why = "resend" if self._copies_to_go() or WAITS in self.parts else "receipts awaited"

    def _count_silence(self, part: int, answer: str) -> None:
        """Tries of a part that stayed without an answer, less those that were answered late."""
        was = self.parts[part - 1]
        if was == OUT and answer == LOST:
            self.silent[part - 1] += 1
        elif was == LOST and answer != LOST:
            self.silent[part - 1] -= 1

    @staticmethod
    def _said_of_all(said: Sequence[tuple[str, int | None]]) -> tuple[str, int | None]:
        """What is said of all copies of a part: one that is unsure makes all unsure; else an opt-out of any counts."""
        for word in (ARRIVED, UNSURE, OPTED_OUT):
            for one in said:
                if one[0] == word:
                    return one
        return said[0]

    def _gives_up(self, state: str, reason: str) -> None:
        """It will not be sent (again); if a copy may have arrived that is unknown, not expired or cancelled (P2)."""
        may_have_arrived = LOST in self.parts or any(self.silent)
        self.end = ("unknown", "answer lost") if may_have_arrived else (state, reason)

    def _look(self, now: int, *, was_out: bool, holds: bool, gives_receipts: bool = True) -> None:
        """After news: has the whole step been answered, and what does that make of it?"""
        fates = set(self.parts)
        if OUT in fates or (not was_out and {WAITS, LOST} & fates):
            return
        if LOST in fates:
            self.why = "resend" if self._copies_to_go() or WAITS in fates else "receipts awaited"
            is_spent = any(n >= MOST_TRIES for n, fate in zip(self.silent, self.parts, strict=True) if fate == LOST)
            if holds or is_spent or now >= self.deadline:
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
