"""The sums of days: they are what the messages and the ledger say, and they stay when these are gone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

from tests.store.sums import all_messages, all_sums, check_sums
from tests.store.test_histories import PLANS
from tests.store.world import DAY, HOUR, LINE, LINE2, NOW, World, lost, opted_out, refused, step, taken

from payamak.domain.message import Message, PartState, State
from payamak.domain.usage import UsageBy, day_of, start_of
from payamak.errors import Refused
from payamak.store.records import Credit, NewMessage, UsageSum

T = TypeVar("T")

DAY_1 = day_of(NOW)
MESSAGES = 300


def told(sums: Iterable[UsageSum]) -> list[tuple[object, ...]]:
    """Day, line, how it ended, and what was charged and paid back."""
    ends = ("delivered", "undeliverable", "rejected", "expired", "cancelled", "unknown", "untold")
    return [
        (s.day and s.day - DAY_1, s.line, {end: n for end in ends if (n := getattr(s, end))}, s.charged, s.refunded)
        for s in sums
    ]


async def by_day_and_line(world: World) -> list[tuple[object, ...]]:
    """The sums as the tests below write them."""
    return told(await all_sums(world, UsageBy.DAY, UsageBy.LINE))


async def test_money_is_counted_when_it_moves_and_messages_when_they_end(world: World) -> None:
    """Taken today, charged today; a refusal that comes tomorrow pays back tomorrow, and the next line is paid then."""
    message = await world.enroute("77", step(), step(LINE2, 90))
    assert await by_day_and_line(world) == [(0, LINE, {}, 100, 0)]
    world.now += 23 * HOUR
    message = (await world.receipt("77", PartState.OPTED_OUT))[-1].message
    message = await world.answer(await world.on_wire(message), taken("78"))
    assert await by_day_and_line(world) == [(0, LINE, {}, 100, 0), (1, LINE, {}, 0, 100), (1, LINE2, {}, 90, 0)]
    await world.receipt("78", line=LINE2)
    assert (await by_day_and_line(world))[-1] == (1, LINE2, {"delivered": 1}, 90, 0)
    await check_sums(world)


async def test_another_end_takes_the_first_one_back(world: World) -> None:
    """What was unknown and turns out to be delivered is one message still, delivered on the day that told of it."""
    await world.enroute("77", step())
    world.now += 3 * DAY
    await world.store.sweep(world.now, 10)
    world.now += DAY
    await world.receipt("77")
    assert await by_day_and_line(world) == [
        (0, LINE, {}, 100, 0),
        (3, LINE, {"unknown": 1}, 0, 0),
        (4, LINE, {"delivered": 1, "unknown": -1}, 0, 0),
    ]
    (whole,) = await all_sums(world)
    assert (whole.messages, whole.delivered, whole.unknown, whole.parts) == (1, 1, 0, 1)


async def test_a_link_without_receipts_ends_at_the_answer(world: World) -> None:
    """Taken by a link that gives none is an end of its own, and what is taken back before it is sent costs nothing."""
    await world.answer(await world.sending(step()), taken("77"), gives_receipts=False)
    await world.store.cancel([(await world.accept()).id], world.now)
    assert await by_day_and_line(world) == [(0, LINE, {"cancelled": 1, "untold": 1}, 100, 0)]


async def test_apart_by_whatever_is_asked(world: World) -> None:
    """Language, account, way in and first operator; parts are those of the step that was sent."""
    await world.answer(await world.sending(step(parts=2, price=200)), taken("1", 1), taken("2", 2))
    await world.accept(world.new(recipient="989350000001", account="clinic"))
    for message in await all_messages(world):
        if message.state is State.QUEUED:
            await world.store.cancel([message.id], world.now)
    (mci, irancell) = await all_sums(world, UsageBy.OPERATOR, UsageBy.ACCOUNT, UsageBy.SOURCE, UsageBy.CAMPAIGN)
    assert (mci.first_operator, mci.account_id, mci.charged_parts, mci.charged) == ("mci", world.account_id(), 2, 200)
    assert (irancell.first_operator, irancell.account_id) == ("irancell", world.account_id("clinic"))
    assert (irancell.source, irancell.campaign, irancell.cancelled) == ("wsSend", 0, 1)
    (language,) = await all_sums(world, UsageBy.LANGUAGE)
    assert language.encoding == "ucs2"


async def test_a_statement_opens_with_what_the_one_before_closed_with(world: World) -> None:
    """Paid in, charged, paid back, day by day; what is set aside is still the account's own."""
    await world.enroute("77", step())
    world.now += DAY
    await world.store.credit_once("shop", 700, "1042", "bank", world.now)
    await world.store.credit("shop", -50, "", world.now)
    await world.accept(world.new(step(price=400)))
    await world.receipt("77", PartState.OPTED_OUT)
    account = world.account_id()
    first = await world.store.statement(account, DAY_1, DAY_1)
    second = await world.store.statement(account, DAY_1 + 1, DAY_1 + 1)
    assert (first.opening, first.closing, second.opening, second.closing) == (0, 9_900, 9_900, 10_650)
    assert [credit.rial for credit in first.credits] == [10_000]
    paid_in = Credit(at=world.now, rial=700, note="bank", reference="1042")
    assert second.credits == (paid_in, Credit(at=world.now, rial=-50, note="", reference=""))
    assert [(s.day, s.line, s.charged, s.refunded) for s in second.sums] == [(DAY_1 + 1, LINE, 0, 100)]
    assert second.whole_from == 0
    nobody = await world.store.statement(987, DAY_1, DAY_1)
    assert (nobody.opening, nobody.closing, nobody.credits, nobody.sums) == (0, 0, (), ())


def test_a_day_is_tehrans() -> None:
    """It begins at half past eight in the evening of the day before, in UTC."""
    assert start_of(day_of(NOW)) <= NOW < start_of(day_of(NOW) + 1)
    assert day_of(start_of(19_000) - 1) == 18_999


async def _together(works: Sequence[Awaitable[T]]) -> list[T]:
    """Pieces of work that may share transactions; those that are refused are left out."""
    found: list[T] = []
    for start in range(0, len(works), 64):
        done = await asyncio.gather(*works[start : start + 64], return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                assert isinstance(each, Refused), each
            else:
                found.append(each)
    return found


def _answer(world: World, message: Message, rng: random.Random) -> Awaitable[Message]:
    parts = range(1, message.current.parts + 1)
    drawn = rng.random()
    if drawn < 0.80:
        outcomes = [taken(f"{message.id}.{message.step}.{part}", part) for part in parts]
    elif drawn < 0.90:
        outcomes = [opted_out(part) for part in parts]
    else:
        outcomes = [(lost if drawn < 0.95 else refused)(part) for part in parts]
    return world.answer(message, *outcomes, gives_receipts=drawn > 0.05)


async def _send_all(world: World, rng: random.Random) -> None:
    """Mark and answer what waits, fallbacks too."""
    while waiting := [m for m in await all_messages(world) if m.state is State.QUEUED and not m.copies]:
        marked = await _together([world.mark(message) for message in waiting])
        sending = [change.message for changes in marked for change in changes if change.message.state is State.SENDING]
        if not sending:
            return
        await _together([_answer(world, message, rng) for message in sending])
        world.now += 1_000


def _drawn(world: World, rng: random.Random) -> NewMessage:
    """A message of either account, to a number of any operator."""
    return world.new(
        *rng.choice(PLANS),
        recipient=f"98{rng.choice(('912', '935', '921', '934', '990'))}{rng.randrange(10**7):07}",
        account=rng.choice(("shop", "clinic")),
    )


async def play_a_day(world: World, messages: int, seed: int) -> None:
    """Messages of two accounts, with fallbacks, refusals, lost answers, refunds, late receipts and none."""
    rng = random.Random(seed)
    for username in ("shop", "clinic"):
        await world.store.credit(username, 4_000 * messages, "for the day", world.now)
    for start in range(0, messages, 64):
        new = [_drawn(world, rng) for _ in range(min(64, messages - start))]
        await _together([world.accept(each) for each in new])
        world.now += 8 * HOUR * 64 // messages
    await _send_all(world, rng)
    for _ in range(2):
        receipts = []
        for message in await all_messages(world):
            for part in range(1, message.current.parts + 1):
                if (message.state is State.ENROUTE or message.state is State.UNKNOWN) and rng.random() < 0.7:
                    kind = PartState(rng.choice("ddddduero"))
                    told_id = f"{message.id}.{message.step}.{part}"
                    receipts.append(
                        world.receipt(told_id, kind, recipient=message.recipient, line=message.current.line)
                    )
        rng.shuffle(receipts)
        await _together(receipts)
        await _send_all(world, rng)
        world.now += 2 * DAY
        while await world.store.sweep(world.now, 100):
            pass


async def test_a_random_day(world: World) -> None:
    """The sums are a count from messages and ledger; and they stay, proven, when retention has taken all of these."""
    await play_a_day(world, MESSAGES, 15)
    await check_sums(world)
    sums = await all_sums(world, *UsageBy)
    ends = {message.state for message in await all_messages(world)}
    assert {State.DELIVERED, State.REJECTED, State.UNDELIVERABLE, State.UNKNOWN} <= ends
    (whole,) = await all_sums(world)
    assert whole.refunded > 0
    assert len({s.day for s in sums}) > 1
    assert not [fault for account in (await world.store.prove_ledger()).accounts for fault in account.faults]
    statements = [
        await world.store.statement(world.account_id(), day, day) for day in range(DAY_1 - 1, day_of(world.now) + 1)
    ]
    assert [one.closing for one in statements[:-1]] == [one.opening for one in statements[1:]]
    world.now += 200 * DAY
    while await world.store.retire(world.now, 100):
        pass
    assert await all_messages(world) == []
    assert await all_sums(world, *UsageBy) == sums
    assert not [fault for account in (await world.store.prove_ledger()).accounts for fault in account.faults]
    after = [await world.store.statement(world.account_id(), one.first_day, one.last_day) for one in statements]
    assert after == statements
