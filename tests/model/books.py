"""The whole store as it must be: messages, what left us, receipts that found nobody, opt-outs, money.

Matching of receipts is told from P3, P8 and docs/guide/receipts.md: by the operator's id the newest copy with the same
recipient counts; if none has it, one single lost copy of this recipient, line and upstream, or none. Ids here have one
reading each; for those with several tests/store/sqlite/test_receipt_torture.py has its own reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.model.promise import LOST, UNSURE, Expected, PlannedStep, covering

DAY = 86_400_000
LOOK_BACK = 8 * DAY
SETTLE_TIME = 7 * DAY
CLOCK_STEP = DAY // 24
"""A receipt may seem to be older than its copy by so much, if the clock was set back."""

UNDER_WAY = "under way"
"""What a receipt says beside the news of promise.py: recorded, nothing moves."""


@dataclass(frozen=True)
class LineRules:
    """What a line says about its messages."""

    holds: bool = False
    grace: int = DAY
    memory: int = 7 * DAY
    is_advertising: bool = True


@dataclass
class Copy:
    """A part of an attempt, as it left us."""

    message_id: int
    step: int
    try_no: int
    part: int
    line: str
    upstream: str
    recipient: str
    at: int
    answer: str | None = None
    answered_at: int = 0
    operator_id: str | None = None
    receipt: str | None = None


@dataclass(frozen=True)
class News:
    """A receipt as it comes in."""

    upstream: str
    operator_id: str
    news: str
    at: int
    code: int | None = None
    line: str | None = None
    recipient: str | None = None
    reference: int | None = None


@dataclass(frozen=True)
class Known:
    """An opt-out that is known, until an instant (None: for ever)."""

    code: int
    until: int | None
    is_learned: bool


@dataclass
class Accepted:
    """A message of the books: whose it is, and what must become of it."""

    account: str
    recipient: str
    at: int
    life: Expected
    is_held: bool


@dataclass
class Account:
    """Money that came in, what messages that are gone by now have cost, and how long messages are kept."""

    keep: int
    credits: int = 0
    spent_by_gone: int = 0


@dataclass
class Books:
    """Everything that the store has to know."""

    lines: dict[str, LineRules]
    accounts: dict[str, Account]
    direct: str
    messages: dict[int, Accepted] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    strays: list[News] = field(default_factory=list)
    opt_outs: dict[tuple[str, str], Known] = field(default_factory=dict)
    check_ids: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)

    # -- money

    def available(self, account: str) -> int:
        """What came in, less what is set aside and what was charged (P5)."""
        purse = self.accounts[account]
        lives = [m.life for m in self.messages.values() if m.account == account]
        return purse.credits - purse.spent_by_gone - sum(life.reserved + life.charged for life in lives)

    def credit(self, account: str, amount: int) -> None:
        """Money from outside, or back."""
        self.accounts[account].credits += amount

    # -- the front

    def known(self, recipient: str, now: int) -> dict[str, int]:
        """Line → code of the opt-outs that hold."""
        return {
            line: known.code
            for (whose, line), known in self.opt_outs.items()
            if whose == recipient and (known.until is None or known.until > now)
        }

    def prepare(self, account: str, recipient: str, plan: Sequence[PlannedStep], deadline: int, now: int) -> Expected:
        """A fresh message's life; raises LookupError with 27 or 33 if every step is opted out."""
        known = self.known(recipient, now)
        codes = [covering(step, known) for step in plan]
        if None not in codes:
            raise LookupError(codes[-1])
        return Expected(plan=list(plan), deadline=deadline, known=known)

    def accept(self, message_id: int, account: str, recipient: str, life: Expected, now: int) -> None:
        """It is on disk, and so is its price."""
        is_held = life.line == self.direct
        self.messages[message_id] = Accepted(account, recipient, now, life, is_held)

    # -- the back

    def put_on_wire(self, message_id: int, upstream: str, now: int) -> tuple[int, ...]:
        """The parts that leave now."""
        message = self.messages[message_id]
        life = message.life
        going = life.goes_out(now)
        for part in going:
            step, tries = life.step, life.tries
            self.copies.append(Copy(message_id, step, tries, part, life.line, upstream, message.recipient, now))
        message.is_held = False
        return going

    def attempt(self, message_id: int, step: int, try_no: int) -> list[Copy]:
        """The copies of one attempt."""
        return [c for c in self.copies if (c.message_id, c.step, c.try_no) == (message_id, step, try_no)]

    def answer(
        self,
        message_id: int,
        step: int,
        try_no: int,
        answers: Sequence[tuple[int, str, int | None, str | None]],
        now: int,
        *,
        gives_receipts: bool,
    ) -> None:
        """The operator's answers: part, verdict, code, the operator's id."""
        message = self.messages[message_id]
        life = message.life
        rows = {copy.part: copy for copy in self.attempt(message_id, step, try_no)}
        self._lose([rows[part] for part, verdict, _, _ in answers if verdict == LOST], now)
        for part, verdict, _, operator_id in answers:
            if rows[part].answer in (None, LOST):
                rows[part].answer, rows[part].answered_at = verdict, now
                rows[part].operator_id = operator_id or rows[part].operator_id
        if (step, try_no) == (life.step, life.tries):
            with_code = [(part, verdict, code) for part, verdict, code, _ in answers]
            line, known, was = life.sent_by, self.known(message.recipient, now), (life.state, life.step)
            holds = self.lines[life.line].holds
            if life.answers(with_code, now, holds=holds, gives_receipts=gives_receipts, known=known):
                self._learn(message, line, life, now)
            self._hold(message, was)
        for part, _, _, operator_id in answers:
            if operator_id is not None:
                self._early(rows[part], operator_id, now)

    def _learn(self, message: Accepted, line: str, life: Expected, now: int) -> None:
        """What is learned is never widened (§3), and does not shorten what a person or the operator said."""
        key = (message.recipient, line)
        there = self.opt_outs.get(key)
        if there is None or there.is_learned or (there.until is not None and there.until <= now):
            self.opt_outs[key] = Known(life.code or 0, now + self.lines[line].memory, is_learned=True)

    def _lose(self, copies: Sequence[Copy], now: int) -> None:
        """Their answers will not come any more; a receipt that waits already may belong to one of them alone (P3)."""
        for copy in [copy for copy in copies if copy.receipt is None]:
            if copy.answer is None:
                copy.answer, copy.answered_at = LOST, now
            for stray in [s for s in self.strays if s.at >= copy.at]:
                if self._only_lost(stray, now) is copy:
                    self.strays.remove(stray)
                    self._tell(copy, stray, now)

    def _early(self, copy: Copy, operator_id: str, now: int) -> None:
        """Receipts that came before this answer."""
        for stray in [s for s in self.strays if s.operator_id == operator_id and s.upstream == copy.upstream]:
            if stray.at >= copy.at and stray.recipient in (None, copy.recipient):
                self.strays.remove(stray)
                self._tell(copy, stray, now)

    # -- receipts

    def receipt(self, news: News, now: int) -> None:
        """A receipt comes: it finds its copy, or it waits where a person sees it."""
        copy = self._by_id(news) or self._only_lost(news, now)
        if copy is None:
            self.strays.append(news)
        else:
            self._tell(copy, news, now)

    def _tell(self, copy: Copy, news: News, now: int) -> None:
        if news.news == UNDER_WAY:
            return
        if copy.receipt not in (None, UNSURE) or (copy.receipt == UNSURE and news.news == UNSURE):
            return  # final is final (P8); an operator that was unsure may make up its mind
        copy.receipt = news.news
        copy.operator_id = copy.operator_id or news.operator_id or None
        message = self.messages[copy.message_id]
        life, line, was = message.life, message.life.sent_by, (message.life.state, message.life.step)
        same = [c for c in self.copies if (c.message_id, c.step, c.part) == (copy.message_id, copy.step, copy.part)]
        is_last = copy.try_no == max(c.try_no for c in same)
        known, holds = self.known(message.recipient, now), self.lines[life.line].holds
        facts = (copy.step, copy.part, news.news, news.code, now)
        if life.receipt(*facts, is_last_copy=is_last, holds=holds, known=known):
            self._learn(message, line, life, now)
        self._hold(message, was)

    def _hold(self, message: Accepted, was: tuple[str, int]) -> None:
        """A fallback goes straight to the back where that has room; whatever else moves is held by nobody."""
        life = message.life
        if (life.state, life.step) != was:
            message.is_held = life.step > was[1] and life.end is None and life.line == self.direct

    def _by_id(self, news: News) -> Copy | None:
        found = [
            copy
            for copy in self.copies
            if news.operator_id
            and (copy.upstream, copy.operator_id) == (news.upstream, news.operator_id)
            and news.recipient in (None, copy.recipient)
            and copy.at <= news.at + CLOCK_STEP
        ]
        return max(found, key=lambda copy: (copy.answered_at, copy.message_id), default=None)

    def _only_lost(self, news: News, now: int) -> Copy | None:
        """The attempt that upstream, line, recipient and time, or an echoed reference, name alone (P3)."""
        says_nothing = news.news == UNDER_WAY or (news.news == UNSURE and not news.operator_id)
        if says_nothing or None in (news.recipient, news.line) or self._by_id(news) is not None:
            return None
        candidates = [
            copy
            for copy in self.copies
            if copy.answer in (None, LOST)
            and copy.receipt is None
            and (copy.recipient, copy.upstream, copy.line) == (news.recipient, news.upstream, news.line)
            and copy.at >= now - LOOK_BACK
            and news.reference in (None, copy.message_id & 0xFFFF)
        ]
        return candidates[0] if len(candidates) == 1 and candidates[0].answer == LOST else None

    # -- restart, time, hands

    def restart(self, now: int) -> None:
        """The program comes up again: nobody holds anything, and what was on the wire is ambiguous."""
        sending = [(i, m.life) for i, m in self.messages.items() if m.life.state == "sending"]
        for message_id, life in sending:
            attempt = self.attempt(message_id, life.step, life.tries)
            self._lose([copy for copy in attempt if copy.answer is None], now)
        for message_id, life in sending:
            attempt = self.attempt(message_id, life.step, life.tries)
            lost = life.restarted(now, holds=self.lines[life.line].holds)
            for copy in attempt:
                if copy.part in lost and copy.answer in (None, LOST):
                    copy.answer, copy.answered_at = LOST, now
        for message in self.messages.values():
            message.is_held = False

    def sweep(self, now: int) -> None:
        """Deadlines and overdue receipts."""
        for message in self.messages.values():
            life = message.life
            if life.state == "queued" and life.end is None:
                life.deadline_passed(now)
            elif life.state == "enroute":
                life.receipt_overdue(now, self.lines[life.line].grace)
            if life.end is not None:
                message.is_held = False

    def old(self, now: int) -> Iterator[int]:
        """Final messages that may go: kept long enough, and no late receipt can come any more."""
        for message_id, message in self.messages.items():
            kept_until = message.at + self.accounts[message.account].keep
            settled = message.life.deadline + self.lines[message.life.line].grace + SETTLE_TIME
            if message.life.end is not None and now >= max(kept_until, settled):
                yield message_id

    def retire(self, now: int) -> None:
        """They go; their money stays. A receipt that nobody claimed goes when no account keeps messages as long."""
        longest = max(account.keep for account in self.accounts.values())
        self.strays = [stray for stray in self.strays if stray.at >= now - longest]
        for message_id in list(self.old(now)):
            message = self.messages.pop(message_id)
            self.accounts[message.account].spent_by_gone += message.life.charged
            self.copies = [copy for copy in self.copies if copy.message_id != message_id]

    def move(self, source: str, target: str) -> None:
        """What waits on one line goes to another, at its old price."""
        for message in self.messages.values():
            life = message.life
            waits = life.state == "queued" and life.line == source
            if waits and life.moved(target, is_advertising=self.lines[target].is_advertising):
                message.is_held = False
