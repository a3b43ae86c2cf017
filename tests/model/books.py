"""The whole store as it must be: messages, what left us, receipts that found nobody, opt-outs, money.

Matching of receipts is told from P3, P8 and docs/guide/receipts.md: by the operator's id the newest copy with the same
recipient counts; if none has it, it is dealt with the others that wait among the copies of this recipient, line and
upstream that have no id. Ids here have one reading each; for those with several
tests/store/sqlite/test_receipt_torture.py has its own reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.model.promise import (
    ARRIVED,
    EXPIRED,
    FAILED,
    LATER,
    LOST,
    OPTED_OUT,
    OUT,
    REJECTED,
    TAKEN,
    UNSURE,
    Expected,
    PlannedStep,
    covering,
)

from payamak.domain.message import PartState
from payamak.domain.pools import Copy as DealtCopy
from payamak.domain.pools import LooseReceipt, deal

DAY = 86_400_000
LONGEST_LIFE = 7 * DAY
SETTLE_TIME = 7 * DAY
CLOCK_STEP = DAY // 24
"""A receipt may seem to be older than its copy by so much, if the clock was set back."""

NEWS_LETTERS = {ARRIVED: "d", FAILED: "u", EXPIRED: "e", REJECTED: "r", OPTED_OUT: "o", UNSURE: "k"}

PoolKey = tuple[str, str, str]
"""Upstream, line, recipient."""

UNDER_WAY = "under way"
"""What a receipt says beside the news of promise.py: recorded, nothing moves."""


@dataclass(frozen=True)
class LineRules:
    """What a line says about its messages."""

    holds: bool = False
    grace: int = DAY
    memory: int = 7 * DAY
    is_advertising: bool = True


Told = tuple[str | None, int | None, str | None, "News | None", int]
"""What a copy has of a receipt: the news, the code, the operator's id, the receipt if it was dealt, and since when."""


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
    code: int | None = None

    @property
    def is_lost(self) -> bool:
        """Never answered, and no receipt has told of it."""
        return self.answer == LOST and self.receipt is None

    dealt: News | None = None
    told_at: int = 0

    @property
    def told(self) -> Told:
        """What a receipt that was dealt to it says, the id included."""
        return self.receipt, self.code, self.operator_id, self.dealt, self.told_at

    def tell(self, told: Told) -> None:
        """Another receipt, or none, is its own."""
        self.receipt, self.code, self.operator_id, self.dealt, self.told_at = told


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
class Pool:
    """Receipts that name nobody, and the copies that they may be about."""

    strays: list[News]
    copies: list[Copy]

    def may_be_about(self, message_id: int, step: int, part: int, left: Sequence[News]) -> bool:
        """Whether one of its receipts that is still left may be about a lost copy of a part."""
        return any(
            copy.is_lost
            and (copy.message_id, copy.step, copy.part) == (message_id, step, part)
            and any(
                any(s is one for one in left) and s.at >= copy.at and s.reference in (None, message_id & 0xFFFF)
                for s in self.strays
            )
            for copy in self.copies
        )


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
    matched: list[tuple[int, News]] = field(default_factory=list)
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

    def unsent(self, message_id: int, now: int) -> None:
        """It is undone with the mark that its accept has made: nothing of it has left."""
        life = self.messages[message_id].life
        for copy in self.attempt(message_id, life.step, life.tries):
            copy.answer, copy.answered_at = LATER, now
        life.revoked()

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
        lost = [rows[part] for part, verdict, _, _ in answers if verdict == LOST]
        awaited: tuple[int, ...] = ()
        if lost:
            self._lose(lost, now)
            self._look_at([(rows[p].upstream, rows[p].line, message.recipient) for p in rows], now)
            if life.step == step:
                awaited = tuple(copy.part for copy in lost if self._is_awaited(copy, life, now))
        for part, _, _, operator_id in answers:
            if operator_id is not None and rows[part].answer in (None, LOST):
                self._reclaim(rows[part], operator_id)
        for part, verdict, _, operator_id in answers:
            if rows[part].answer in (None, LOST):
                rows[part].answer, rows[part].answered_at = verdict, now
                rows[part].operator_id = operator_id or rows[part].operator_id
        if (step, try_no) == (life.step, life.tries):
            with_code = [(part, verdict, code) for part, verdict, code, _ in answers]
            line, known, was = life.sent_by, self.known(message.recipient, now), (life.state, life.step)
            holds = self.lines[life.line].holds
            if life.answers(with_code, now, holds=holds, gives_receipts=gives_receipts, known=known, awaited=awaited):
                self._learn(message, line, life, now)
            self._hold(message, was)
        elif step == life.step:
            was = (life.state, life.step)
            plain = [(part, verdict, code) for part, verdict, code, _ in answers]
            life.answers_late(plain, now, holds=self.lines[life.line].holds, gives_receipts=gives_receipts)
            self._hold(message, was)
        for part, _, _, operator_id in answers:
            if operator_id is not None:
                self._early(rows[part], operator_id, now)
        if len(lost) < len(answers):
            self._look_at([(copy.upstream, copy.line, copy.recipient) for copy in rows.values()], now)

    def _learn(self, message: Accepted, line: str, life: Expected, now: int) -> None:
        """What is learned is never widened (§3), and does not shorten what a person or the operator said."""
        key = (message.recipient, line)
        there = self.opt_outs.get(key)
        if there is None or there.is_learned or (there.until is not None and there.until <= now):
            self.opt_outs[key] = Known(life.code or 0, now + self.lines[line].memory, is_learned=True)

    def _lose(self, copies: Iterable[Copy], now: int) -> None:
        """Their answers will not come any more."""
        for copy in copies:
            if copy.answer is None:
                copy.answer, copy.answered_at = LOST, now

    # -- pools: copies without an id, and the receipts that may be theirs (P3)

    def _look_at(self, keys: Iterable[PoolKey], now: int) -> None:
        for key in dict.fromkeys(keys):
            self._settle(key, now)

    def _settle(self, key: PoolKey, now: int) -> None:
        """What is certain happens; of what receipts may be about no further copy goes, of the rest it may again."""
        pool = self._pool(key, now)
        open_before = {copy.message_id for copy in pool.copies if self.messages[copy.message_id].life.end is None}
        for stray, copy in self._dealt(pool):
            self.strays = [s for s in self.strays if s is not stray and not self._repeats(s, stray)]
            self.matched.append((copy.message_id, stray))
            copy.dealt = stray
            self._tell(copy, stray, now)
        for message_id in sorted(open_before if pool.copies else self._awaiting(key)):
            life = self.messages[message_id].life
            if life.end is not None or life.state not in ("queued", "sending"):
                continue
            lost = [part for part, fate in enumerate(life.parts, 1) if fate == LOST]
            waits = {part for part in lost if pool.may_be_about(message_id, life.step, part, self.strays)}
            told = {part for part in lost if self._was_told(message_id, life.step, part)}
            life.pooled(waits - life.awaited, has_receipts=True)
            life.pooled(life.awaited - waits - told, has_receipts=False)

    @staticmethod
    def _repeats(stray: News, dealt: News) -> bool:
        """Brought again while it waited: it tells of no other copy."""
        same = (stray.upstream, stray.line, stray.recipient) == (dealt.upstream, dealt.line, dealt.recipient)
        return same and bool(dealt.operator_id) and stray.operator_id == dealt.operator_id and stray.news != UNDER_WAY

    def _reclaim(self, copy: Copy, operator_id: str) -> None:
        """An answer names the id of a receipt that may have been dealt to another copy: each gets its own."""
        if copy.receipt is not None and copy.operator_id in (None, operator_id):
            return
        same = [
            c for c in self.copies if (c.upstream, c.recipient) == (copy.upstream, copy.recipient) and c is not copy
        ]
        mine = [c for c in same if c.answer in (None, LOST) and c.receipt and c.told_at >= copy.at]
        mine = sorted((c for c in mine if c.operator_id == operator_id), key=lambda c: -c.told_at)
        if mine and copy.receipt is None:
            self._let_wait(mine[0])
        elif mine and mine[0].at <= copy.told_at:
            one, other = copy.told, mine[0].told
            copy.tell(other)
            mine[0].tell(one)
            names = {(copy.message_id, one[2]): mine[0].message_id, (mine[0].message_id, other[2]): copy.message_id}
            self.matched = [(names.get((owner, news.operator_id), owner), news) for owner, news in self.matched]
        elif not mine and copy.receipt is not None:
            key = (copy.message_id, copy.step, copy.part)
            rest = [c for c in same if (c.message_id, c.step, c.part) == key and c.receipt is None and c.answer == LOST]
            for another in sorted((c for c in rest if c.at <= copy.told_at), key=lambda c: -c.try_no)[:1]:
                another.tell(copy.told)
                copy.tell((None, None, None, None, 0))

    def _let_wait(self, holder: Copy) -> None:
        """The receipt waits again: it is another copy's."""
        back = [(m, n) for m, n in self.matched if (m, n.operator_id) == (holder.message_id, holder.operator_id)]
        self.matched = [pair for pair in self.matched if pair not in back]
        self.strays += [news for _, news in back]
        holder.tell((None, None, None, None, 0))

    def _pool(self, key: PoolKey, now: int) -> Pool:
        """The receipts that name nobody and the copies that they may be about; empty unless there are both."""
        _, line, _ = key
        grace = self.lines[line].grace if line in self.lines else DAY
        since = now - LONGEST_LIFE - grace
        strays = [
            stray
            for stray in self.strays
            if (stray.upstream, stray.line, stray.recipient) == key
            and stray.at >= since
            and not (stray.news == UNDER_WAY or (stray.news == UNSURE and not stray.operator_id))
        ]
        first = min((stray.at for stray in strays), default=now)
        mine = [
            copy
            for copy in self.copies
            if (copy.upstream, copy.line, copy.recipient) == key
            and copy.at >= since
            and self.messages[copy.message_id].life.deadline + grace > first
        ]
        nameless = {
            copy.message_id & 0xFFFF for copy in mine if copy.receipt and copy.answer == LOST and not copy.operator_id
        }
        strays = [
            s for s in strays if s.operator_id or not (nameless if s.reference is None else s.reference in nameless)
        ]
        had = {
            news.operator_id
            for owner, news in self.matched
            if owner in self.messages and self.messages[owner].recipient == key[2] and news.upstream == key[0]
        }
        strays = [s for s in strays if not s.operator_id or s.operator_id not in had]
        copies = [copy for copy in mine if copy.receipt in (None, UNSURE) and copy.answer in (None, LOST, TAKEN)]
        if not strays or not any(copy.is_lost for copy in copies):
            return Pool([], [])
        return Pool(strays, copies)

    def _dealt(self, pool: Pool) -> list[tuple[News, Copy]]:
        """What is certain: the rule itself is compared with brute force in tests/unit/domain/test_pools.py."""
        done: list[tuple[News, Copy]] = []
        for reference in (*sorted({s.reference for s in pool.strays if s.reference is not None}), None):
            strays = [s for s in pool.strays if s.reference == reference]
            taken = {id(copy) for _, copy in done}
            copies = [c for c in pool.copies if reference in (None, c.message_id & 0xFFFF) and id(c) not in taken]
            named = [s for s in pool.strays if s.reference is not None]
            some_wait = any(s not in [d for d, _ in done] and self._has_copy(s, pool) for s in named)
            if reference is None and some_wait:
                continue
            pairs = deal(
                [DealtCopy((c.message_id, c.step, c.try_no, c.part), c.at, c.is_lost) for c in copies],
                [LooseReceipt(i, s.at, PartState(NEWS_LETTERS[s.news]), s.operator_id) for i, s in enumerate(strays)],
            )
            for pair in pairs:
                copy = next(c for c in copies if (c.message_id, c.step, c.try_no, c.part) == pair.copy.key)
                done.append((strays[pair.receipt.number], copy))
        return done

    @staticmethod
    def _has_copy(stray: News, pool: Pool) -> bool:
        return any(stray.reference == copy.message_id & 0xFFFF for copy in pool.copies)

    def _is_awaited(self, copy: Copy, life: Expected, now: int) -> bool:
        """Whether no further copy of a part may go that is lost now."""
        if self._was_told(copy.message_id, copy.step, copy.part):
            return True
        same = [c for c in self.copies if (c.message_id, c.step, c.part) == (copy.message_id, copy.step, copy.part)]
        upstream = max(same, key=lambda c: c.try_no).upstream
        pool = self._pool((upstream, life.sent_by, copy.recipient), now)
        return pool.may_be_about(copy.message_id, copy.step, copy.part, self.strays)

    def _was_told(self, message_id: int, step: int, part: int) -> bool:
        same = [c for c in self.copies if (c.message_id, c.step, c.part) == (message_id, step, part)]
        return any(c.receipt is not None and c.receipt != ARRIVED for c in same)

    def _awaiting(self, key: PoolKey) -> list[int]:
        """Messages of a pool that keep copies back although no receipt of it waits."""
        upstream, line, recipient = key
        return [
            message_id
            for message_id, m in self.messages.items()
            if m.life.end is None
            and m.recipient == recipient
            and m.life.awaited
            and m.life.sent_by == line
            and any(c.upstream == upstream for c in self.attempt(message_id, m.life.step, m.life.tries))
        ]

    def _early(self, copy: Copy, operator_id: str, now: int) -> None:
        """Receipts that came before this answer."""
        for stray in [s for s in self.strays if s.operator_id == operator_id and s.upstream == copy.upstream]:
            if stray.at >= copy.at and stray.recipient in (None, copy.recipient):
                self.strays.remove(stray)
                if stray.news != UNDER_WAY:
                    self.matched.append((copy.message_id, stray))
                self._tell(copy, stray, now)
                if stray.news != UNDER_WAY:
                    self._around(stray, now)

    # -- receipts

    def receipt(self, news: News, now: int) -> None:
        """A receipt comes: it finds its copy, or it waits where a person sees it."""
        copy = self._by_id(news)
        if copy is None:
            self.strays.append(news)
        elif news.news == UNDER_WAY or not self._counts(copy, news):
            return
        else:
            self._tell(copy, news, now)
        self._around(news, now)

    def _around(self, news: News, now: int) -> None:
        if news.line is not None and news.recipient is not None:
            self._settle((news.upstream, news.line, news.recipient), now)

    @staticmethod
    def _counts(copy: Copy, news: News) -> bool:
        """Final is final (P8); an operator that was unsure may make up its mind."""
        return copy.receipt is None or (copy.receipt == UNSURE and news.news != UNSURE)

    def _tell(self, copy: Copy, news: News, now: int) -> None:
        if news.news == UNDER_WAY:
            return
        if not self._counts(copy, news):
            return
        copy.receipt, copy.code, copy.told_at = news.news, news.code, now
        copy.operator_id = copy.operator_id or news.operator_id or None
        message = self.messages[copy.message_id]
        life, line, was = message.life, message.life.sent_by, (message.life.state, message.life.step)
        same = [c for c in self.copies if (c.message_id, c.step, c.part) == (copy.message_id, copy.step, copy.part)]
        same = [c for c in same if c is not copy]
        left = sum(c.receipt is None and c.answer in (None, LOST, TAKEN) for c in same)
        others = [(c.receipt, c.code) for c in same if c.receipt is not None]
        known, holds = self.known(message.recipient, now), self.lines[life.line].holds
        facts = (copy.step, copy.part, news.news, news.code, now)
        if life.receipt(*facts, copies_left=left, others=others, holds=holds, known=known):
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

    # -- restart, time, hands

    def restart(self, now: int) -> None:
        """The program comes up again: nobody holds anything, and what was on the wire is ambiguous."""
        sending = [(i, m.life) for i, m in self.messages.items() if m.life.state == "sending"]
        for message_id, life in sending:
            attempt = self.attempt(message_id, life.step, life.tries)
            self._lose([copy for copy in attempt if copy.answer is None and copy.receipt is None], now)
        for message_id, life in sending:
            attempt = self.attempt(message_id, life.step, life.tries)
            if life.state == "sending":
                self._look_at([(c.upstream, c.line, c.recipient) for c in attempt], now)
            out = [copy for copy in attempt if life.end is None and life.parts[copy.part - 1] in (OUT, LOST)]
            awaited = [copy.part for copy in out if self._is_awaited(copy, life, now)]
            lost = life.restarted(now, holds=self.lines[life.line].holds, awaited=awaited)
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

    def move(self, source: str, target: str, now: int) -> None:
        """What waits on one line goes to another, at its old price, as far as that one takes it.

        The line that is no advertising line takes approved texts, and nobody has any.
        """
        is_advertising = self.lines[target].is_advertising
        for message in self.messages.values() if is_advertising else ():
            life = message.life
            there = PlannedStep(target, 0, 1, False, is_advertising)
            waits = life.state == "queued" and life.line == source and now < life.deadline
            is_refused = covering(there, self.known(message.recipient, now)) is not None
            is_refused |= any(step.line == target for step in life.plan[: life.step])
            if waits and not is_refused and life.moved(target, is_advertising=is_advertising):
                message.is_held = False
