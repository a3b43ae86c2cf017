"""The machine that plays on the store and in the books at once, and compares all they know after every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from tests.model.bench import Bench
from tests.model.books import DAY, Known, News
from tests.model.compare import RECEIPTS, compare
from tests.model.draws import (
    LINES,
    MOST_MESSAGES,
    UPSTREAMS,
    Fresh,
    Said,
    accounts,
    any_words,
    fresh,
    lines,
    links,
    lives,
    news_words,
    operator_ids,
    opt_out_codes,
    outcome,
    planned,
    plans,
    recipients,
    said,
    some_line,
    which,
)
from tests.model.promise import LOST, OPTED_OUT, REFUSED, TAKEN, Expected, PlannedStep
from tests.model.trouble import Trouble
from tests.store.world import ALI, HOUR, LINE2, MINUTE, SARA, SERVICE

from payamak.codes import Code
from payamak.domain.events import Answered, Cancelled, Event, IllegalMove, Postponed, Revoked
from payamak.domain.ids import readings
from payamak.domain.message import Lane, Message, PartState, Reason
from payamak.domain.moving import Move
from payamak.domain.own_ids import MARK_OCTETS, OwnId
from payamak.domain.receipts import ReceiptIn
from payamak.errors import Refused
from payamak.store.records import Batched, Claim, NewMessage, OptOut


def usual(name: str) -> Callable[..., None]:
    """A rule for what comes next of a message.

    There are several, under different names: Hypothesis leaves out some of the rules in each history and draws the
    others alike, and this one is what every history needs most.
    """

    def next_of(self: StoreMachine, which: int, fresh: Fresh, link: str, said: Said, news: str) -> None:
        self.next_of(which, fresh, link, said, news)

    next_of.__name__ = f"next_of_{name}"
    made: Callable[..., None] = rule(which=which, fresh=fresh, link=links, said=said, news=news_words)(next_of)
    return made


class StoreMachine(Bench):
    """Messages of three recipients-and-accounts on four lines, one happening a step."""

    def pick(self, which: int) -> int:
        """One of the messages."""
        ids = sorted(self.books.messages)
        return ids[which % len(ids)]

    # -- the front

    def new(self, account: str, recipient: str, plan: Sequence[PlannedStep], life: int) -> NewMessage:
        """The message as the front hands it over."""
        account_id = self.store.site.accounts[account].id
        return NewMessage(
            account_id=account_id,
            recipient=recipient,
            plan=planned(plan),
            deadline_at=self.now + 1 + life,
            lane=Lane.NORMAL,
            source="model",
        )

    def prepared(self, account: str, recipient: str, plan: Sequence[PlannedStep], life: int) -> Expected | int:
        """What must become of it, or the code with which it must be refused for its opt-outs."""
        try:
            return self.books.prepare(account, recipient, plan, self.now + life, self.now)
        except LookupError as refused:
            return int(refused.args[0])

    @precondition(lambda self: len(self.books.messages) < MOST_MESSAGES)
    @rule(account=accounts, recipient=recipients, plan=plans, life=lives)
    def accept(self, account: str, recipient: str, plan: list[PlannedStep], life: int) -> None:
        """A message is accepted; or refused, and then nothing is kept."""
        new = self.new(account, recipient, plan, life)

        async def work() -> Message | int:
            try:
                return (await self.store.accept(new, self.now)).message
            except Refused as refused:
                return int(refused.code)

        def books(told: Message | int) -> None:
            life_of = self.prepared(account, recipient, plan, life)
            if isinstance(life_of, Expected) and life_of.budget > max(self.books.available(account), 0):
                life_of = 14
            if isinstance(life_of, int):
                assert told == life_of, f"{told} is not {life_of}; known: {self.books.known(recipient, self.now)}"
            else:
                assert isinstance(told, Message), f"refused with {told}"
                assert told.id not in self.books.messages
                self.books.accept(told.id, account, recipient, life_of, self.now)

        self.do(work, books)

    @precondition(lambda self: len(self.books.messages) < MOST_MESSAGES - 1)
    @rule(
        account=accounts,
        items=st.lists(st.tuples(recipients, plans, st.integers(0, 4)), min_size=1, max_size=3),
        has_check_ids=st.booleans(),
        life=lives,
    )
    def accept_batch(
        self, account: str, items: list[tuple[str, list[PlannedStep], int]], has_check_ids: bool, life: int
    ) -> None:
        """Several at once, all that can be accepted or nothing; a caller's own id is taken once, by one body (P6)."""
        news = [self.new(account, recipient, plan, life) for recipient, plan, _ in items]
        own_ids = [OwnId(number=n, digest=recipient.encode().ljust(MARK_OCTETS)) for recipient, _, n in items]

        async def work() -> list[Batched | Code] | int:
            try:
                return await self.store.accept_batch(
                    news[0].account_id, news, own_ids if has_check_ids else None, self.now
                )
            except Refused as refused:
                return int(refused.code)

        def books(told: list[Batched | Code] | int) -> None:
            keys = [(account, n if has_check_ids else -1 - place) for place, (_, _, n) in enumerate(items)]
            fresh: dict[int, Expected | int] = {}
            firsts: dict[tuple[str, int], int] = {}
            for place, (recipient, plan, _) in enumerate(items):
                if keys[place] not in self.books.check_ids and keys[place] not in firsts:
                    fresh[place] = self.prepared(account, recipient, plan, life)
                    if isinstance(fresh[place], Expected):
                        firsts[keys[place]] = place
            total = sum(life_of.budget for life_of in fresh.values() if isinstance(life_of, Expected))
            if total > max(self.books.available(account), 0):  # what costs nothing goes on a debt too
                assert told == 14
                return
            assert isinstance(told, list)
            for place, ((recipient, _, _), answer) in enumerate(zip(items, told, strict=True)):
                life_of = fresh.get(place, 0)
                if isinstance(life_of, int) and life_of:
                    assert answer == life_of
                    continue
                assert isinstance(answer, Batched)
                if isinstance(life_of, Expected):
                    self.books.accept(answer.message_id, account, recipient, life_of, self.now)
                    if has_check_ids:
                        self.books.check_ids[keys[place]] = answer.message_id, recipient
                else:  # met again: the same recipient is the same body here
                    message_id, first = self.books.check_ids[keys[place]]
                    assert (answer.message_id, answer.has_other_body) == (message_id, recipient != first)

        self.do(work, books)

    @precondition(lambda self: len(self.books.messages) < MOST_MESSAGES - 1)
    @rule(account=accounts, items=st.lists(st.tuples(recipients, plans), min_size=1, max_size=3), life=lives)
    def accept_each(self, account: str, items: list[tuple[str, list[PlannedStep]]], life: int) -> None:
        """Several at once, each for itself: as if they were accepted one after the other."""
        news = [self.new(account, recipient, plan, life) for recipient, plan in items]

        async def work() -> list[Message | Code]:
            return await self.store.accept_each(news[0].account_id, news, self.now)

        def books(told: list[Message | Code]) -> None:
            for (recipient, plan), answer in zip(items, told, strict=True):
                life_of = self.prepared(account, recipient, plan, life)
                if isinstance(life_of, Expected) and life_of.budget > max(self.books.available(account), 0):
                    life_of = 14
                if isinstance(life_of, int):
                    assert answer == life_of
                else:
                    assert isinstance(answer, Message)
                    assert answer.id not in self.books.messages
                    self.books.accept(answer.id, account, recipient, life_of, self.now)

        self.do(work, books)

    # -- the back

    @precondition(lambda self: self.books.messages)
    @rule(which=which, link=links, is_stale=st.sampled_from([False, False, True]))
    def mark(self, which: int, link: str, is_stale: bool) -> None:
        """A message is put on the wire, unless it changed since the back saw it; nothing after its deadline (P7)."""
        self._mark(self.pick(which), link, is_stale=is_stale)

    def _mark(self, message_id: int, link: str, *, is_stale: bool) -> None:
        version = self.eye.version(message_id) - is_stale
        claim = Claim(message_id=message_id, version=version, link=link, owner=self.store.feed.owner)

        async def work() -> tuple[int, ...] | None:
            changes = await self.store.put_on_wire([claim], self.now)
            if not changes:
                return None
            return tuple(part for effect in changes[0].effects for part in getattr(effect, "parts", ()))

        def books(parts: tuple[int, ...] | None) -> None:
            if is_stale or self.books.messages[message_id].life.state != "queued":
                assert parts is None
            else:
                assert parts == self.books.put_on_wire(message_id, UPSTREAMS[link], self.now)

        self.do(work, books)

    @precondition(lambda self: self.books.copies)
    @rule(
        which=which,
        back=st.sampled_from([0, 0, 0, 1, 2]),
        said=said,
        count=st.sampled_from([3, 3, 1, 2]),
        gives_receipts=st.sampled_from([True] * 7 + [False]),
    )
    def answer(self, which: int, back: int, said: Said, count: int, gives_receipts: bool) -> None:
        """The operator answers some parts of an attempt, mostly of the last one."""
        message_ids = sorted({copy.message_id for copy in self.books.copies})
        message_id = message_ids[which % len(message_ids)]
        self._answer(message_id, back, said, count, gives_receipts=gives_receipts)

    def _answer(self, message_id: int, back: int, said: Said, count: int, *, gives_receipts: bool) -> None:
        attempts = sorted({(c.step, c.try_no) for c in self.books.copies if c.message_id == message_id})
        step, try_no = attempts[-1 - back % len(attempts)]
        answers: list[tuple[int, str, int | None, str | None]] = []
        for copy, (verdict, operator_id, code) in zip(self.books.attempt(message_id, step, try_no), said, strict=False):
            is_first = copy.answer in (None, LOST)
            code_of = {OPTED_OUT: code, REFUSED: 15}.get(verdict)
            answers.append((copy.part, verdict, code_of, operator_id if verdict == TAKEN and is_first else None))
        answers = answers[:count]
        event = Answered(
            step=step, try_no=try_no, outcomes=tuple(outcome(*a) for a in answers), gives_receipts=gives_receipts
        )
        self.do(
            lambda: self.store.advance(message_id, event, self.now),
            lambda _: self.books.answer(message_id, step, try_no, answers, self.now, gives_receipts=gives_receipts),
        )

    def next_of(self, which: int, fresh: Fresh, link: str, said: Said, news: str) -> None:
        """What comes next for a message when nothing extraordinary happens; a fresh one where one has ended."""
        ids = sorted(i for i, message in self.books.messages.items() if message.life.end is None)
        if which >= len(ids):
            if len(self.books.messages) < MOST_MESSAGES:
                self.accept(*fresh)
            return
        life = self.books.messages[ids[which]].life
        if life.state == "queued":
            self._mark(ids[which], link, is_stale=False)
        elif life.state == "sending":
            self._answer(ids[which], 0, said, 3, gives_receipts=True)
        else:
            copies = [c for c in self.books.attempt(ids[which], life.step, life.tries) if c.operator_id]
            copies = [c for c in copies if c.receipt is None] or copies
            if copies:
                copy = copies[0]
                code = said[0][2] if news == OPTED_OUT else None
                told = (copy.upstream, copy.operator_id or "", news, self.now + 1, code, copy.line, copy.recipient)
                self._receive(News(*told))

    one = usual("one")
    another = usual("another")
    a_third = usual("a_third")
    a_fourth = usual("a_fourth")
    a_fifth = usual("a_fifth")
    a_sixth = usual("a_sixth")

    @rule(
        operator_id=operator_ids,
        recipient=st.sampled_from([ALI, ALI, SARA, None]),
        news=any_words,
        code=opt_out_codes,
        upstream=st.sampled_from(["operator", "operator", "elsewhere"]),
        line=some_line,
    )
    def receipt(
        self, operator_id: str, recipient: str | None, news: str, code: int, upstream: str, line: str | None
    ) -> None:
        """A receipt by one of the operator's ids: early, in time, repeated, contradicting, late, nobody's."""
        self._receive(
            News(upstream, operator_id, news, self.now + 1, code if news == OPTED_OUT else None, line, recipient)
        )

    @precondition(lambda self: self.books.copies)
    @rule(
        which=which,
        news=any_words,
        code=opt_out_codes,
        is_echoed=st.booleans(),
        line=some_line,
        has_id=st.sampled_from([True, True, False]),
    )
    def receipt_of_unknown_id(
        self, which: int, news: str, code: int, is_echoed: bool, line: str | None, has_id: bool
    ) -> None:
        """A receipt whose id we never heard, or without one: the answer was lost."""
        copy = self.books.copies[-1 - which % len(self.books.copies)]
        echo = copy.message_id & 0xFFFF if is_echoed else None
        code_of = code if news == OPTED_OUT else None
        told = (
            copy.upstream,
            f"y{self.now}" if has_id else "",
            news,
            self.now + 1,
            code_of,
            line or copy.line,
            copy.recipient,
            echo,
        )
        self._receive(News(*told))

    def _receive(self, news: News) -> None:
        receipt = ReceiptIn(
            upstream=news.upstream,
            link="north",
            operator_id=news.operator_id,
            keys=readings(news.operator_id),
            part_state=None if (letter := RECEIPTS[news.news]) is None else PartState(letter),
            stat="STAT",
            code=None if news.code is None else Code(news.code),
            line=news.line,
            recipient=news.recipient,
            reference=news.reference,
        )
        self.do(lambda: self.store.receive(receipt, self.now), lambda _: self.books.receipt(news, self.now))

    @rule(line=lines)
    def claim(self, line: str) -> None:
        """The back claims what is due on a line: all of it, and nothing that somebody holds."""
        due = {m.id for m in self.eye.messages() if m.due_at <= self.now + 1}

        async def work() -> set[int]:
            claimed = await self.store.claim(line, (9, 9, 9), self.now, self.store.feed.owner)
            return {message.id for message in claimed.messages}

        def books(claimed: set[int]) -> None:
            waiting = {i: m for i, m in self.books.messages.items() if m.life.state == "queued" and m.life.line == line}
            assert claimed == {i for i, m in waiting.items() if not m.is_held and i in due}
            for message_id in claimed:
                waiting[message_id].is_held = True

        self.do(work, books)

    @precondition(lambda self: self.books.messages)
    @rule(which=which)
    def release(self, which: int) -> None:
        """The back gives a lease back; where there is none that changes nothing."""
        message_id = self.pick(which)

        def books(_: None) -> None:
            self.books.messages[message_id].is_held = False

        self.do(lambda: self.store.release([message_id], self.store.feed.owner), books)

    # -- hands

    def _by_hand(self, message_id: int, event: Event, books: Callable[[Expected], None]) -> None:
        """Something that can only happen to a message that waits."""

        async def work() -> bool:
            try:
                await self.store.advance(message_id, event, self.now)
            except IllegalMove:
                return False
            return True

        def then(happened: bool) -> None:
            message = self.books.messages[message_id]
            assert happened == (message.life.state == "queued")
            if happened:
                message.is_held = False
                books(message.life)

        self.do(work, then)

    @precondition(lambda self: self.books.messages)
    @rule(which=which)
    def cancel(self, which: int) -> None:
        """A message is taken back."""
        self._by_hand(self.pick(which), Cancelled(), lambda life: life.cancelled())

    @precondition(lambda self: self.books.messages)
    @rule(which=which)
    def revoke(self, which: int) -> None:
        """A message is undone whose caller was told that it was not accepted; its mark too, if its accept made one."""
        message_id = self.pick(which)
        life = self.books.messages[message_id].life
        if life.state != "sending":
            self._by_hand(message_id, Revoked(), lambda life: life.revoked())
        elif life.is_first_mark:
            undone = lambda: self.store.advance(message_id, Revoked(), self.now)  # noqa: E731 - one line, one use
            self.do(undone, lambda _: self.books.unsent(message_id, self.now))

    @precondition(lambda self: self.books.messages)
    @rule(which=which, reason=st.sampled_from([Reason.OUTSIDE_HOURS, Reason.PACED, Reason.LINK_DOWN]))
    def postpone(self, which: int, reason: Reason) -> None:
        """The back cannot hand it over now."""
        event = Postponed(reason=reason, until=self.now + MINUTE)
        self._by_hand(self.pick(which), event, lambda life: setattr(life, "why", "waits"))

    @rule(ends=st.permutations(list(LINES)))
    def move(self, ends: list[str]) -> None:
        """What waits on a line goes to another one."""
        source, to, *_ = ends
        move = Move(source=source, target=to, by="ali")

        async def work() -> int:
            plan = await self.store.plan_move(move, self.now)
            return await self.store.move_messages(plan.ids, move, self.now)

        self.do(work, lambda _: self.books.move(source, to, self.now))

    @rule(account=accounts, amount=st.sampled_from([1, 2_000, -700, -9_000]), is_meant=st.booleans())
    def credit(self, account: str, amount: int, is_meant: bool) -> None:
        """Money comes in or goes back; more than there is only if that is meant."""

        async def work() -> int | None:
            try:
                return await self.store.credit(account, amount, "by hand", self.now, allow_negative=is_meant)
            except ValueError:
                return None

        def books(balance: int | None) -> None:
            may = is_meant or amount > 0 or self.books.available(account) + amount >= 0
            assert (balance is not None) == may
            if balance is not None:
                self.books.credit(account, amount)
                assert balance == self.books.available(account)

        self.do(work, books)

    @rule(recipient=recipients, line=st.sampled_from([LINE2, SERVICE, "*"]), days=st.sampled_from([1, 1, 9, None]))
    def import_opt_out(self, recipient: str, line: str, days: int | None) -> None:
        """The operator's list, or a person, says that somebody does not want a line, or advertising at all."""
        code, until = 27 if line == "*" else 33, None if days is None else self.now + days * DAY
        opt_out = OptOut(
            recipient=recipient, line=line, code=code, source="imported", learned_at=self.now, expires_at=until
        )

        def books(_: int) -> None:
            self.books.opt_outs[recipient, line] = Known(code, until, is_learned=False)

        self.do(lambda: self.store.put_opt_outs([opt_out]), books)

    @rule(recipient=recipients)
    def forget_opt_outs(self, recipient: str) -> None:
        """They are forgotten by hand."""

        def books(_: int) -> None:
            self.books.opt_outs = {key: known for key, known in self.books.opt_outs.items() if key[0] != recipient}

        self.do(lambda: self.store.forget_opt_outs(recipient, None), books)

    # -- time, restart, trouble

    @rule(pause=st.sampled_from([1_000, 1_000, MINUTE, MINUTE, HOUR, HOUR, 12 * HOUR, 2 * DAY]))
    def wait(self, pause: int) -> None:
        """Time goes by."""
        self.now += pause

    @rule()
    def sweep(self) -> None:
        """Deadlines and overdue receipts are looked for."""
        self.do(lambda: self.store.sweep(self.now, 100), lambda _: self.books.sweep(self.now))

    @rule(is_late=st.sampled_from([False, False, True]))
    def retire(self, is_late: bool) -> None:
        """Old messages go; their money stays in the books."""
        self.now += 100 * DAY if is_late else 1
        idle = 0
        while idle < 2:
            idle = 0 if self.run(self.store.retire(self.now, 2)) else idle + 1
        self.books.retire(self.now)

    @rule()
    def restart(self) -> None:
        """The program stops and comes up again on its file."""
        self._come_up(self.generation)

    @rule(trouble=st.sampled_from(Trouble))
    def get_into_trouble(self, trouble: Trouble) -> None:
        """The next piece of work will meet a commit that fails, or the death of the program around it."""
        self.trouble = trouble

    # -- what holds after every step

    @invariant()
    def all_agree(self) -> None:
        """Store and books know the same of every message, every copy, every receipt and every rial."""
        if hasattr(self, "eye"):
            compare(self.eye, self.books)
