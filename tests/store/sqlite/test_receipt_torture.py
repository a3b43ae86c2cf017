"""Receipts in any order, base, case, with zeros, doubled and dropped: the end is what a plain reference says.

The reference knows which part each receipt belongs to; the store has to find out. Ids are taken from numbers that are
each other's hexadecimal reading, and there are few recipients, so that a wrong match is always at hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.world import ALI, DAY, LINE, SARA, World, step, taken

from payamak.domain.ids import IdBase, IdHabit, judge, readings
from payamak.domain.message import Message, PartState, State
from payamak.domain.receipts import ReceiptIn
from payamak.store.desk import Desk
from payamak.store.records import Story
from payamak.store.sqlite.store import SqliteStore

TRICKY = (1, 9, 10, 11, 16, 17, 22, 34, 52, 82, 0x10, 0x11, 0x16, 0x22, 0x34, 0x52, 0x82, 99, 0x99, 153, 0x153, 339)
NUMBERS = st.one_of(st.sampled_from(TRICKY), st.integers(2**31, 2**33))
"""16 is written 10 in hex, 22 is 16, 34 is 22, ...: each is another one's reading."""

RECIPIENTS = (ALI, SARA)
LETTERS = "dddduerki"  # i: an intermediate one; opt-outs, which may begin the next step, are in test_histories.py
WRITE = {IdBase.SAME: ("d", "d"), IdBase.HEX_TO_DECIMAL: ("x", "d"), IdBase.DECIMAL_TO_HEX: ("d", "x")}
"""How the operator writes a number in its answer and in its receipt."""


class Part(NamedTuple):
    """One part: which message's, its number in it, and the number that the operator gave it."""

    message: int
    number: int
    operator_number: int


class Told(NamedTuple):
    """One receipt: of the part with this index, what it says, and how it is written."""

    part: int
    letter: str
    zeros: int
    is_upper: bool
    has_recipient: bool


class Case(NamedTuple):
    """A whole history: recipient and part count of each message, its parts, and what happens in which order."""

    base: IdBase
    messages: Sequence[tuple[str, int]]
    parts: Sequence[Part]
    events: Sequence[int | Told]
    noise: Sequence[int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any history; an event is an answer to the part of that index, or a receipt."""
    messages = draw(st.lists(st.tuples(st.sampled_from(RECIPIENTS), st.integers(1, 3)), min_size=1, max_size=5))
    places = [(index, number) for index, (_, count) in enumerate(messages) for number in range(1, count + 1)]
    numbers = draw(st.lists(NUMBERS, min_size=len(places), max_size=len(places), unique=True))
    parts = [Part(*place, number) for place, number in zip(places, numbers, strict=True)]
    told = st.builds(
        Told,
        part=st.integers(0, len(parts) - 1),
        letter=st.sampled_from(LETTERS),
        zeros=st.integers(0, 3),
        is_upper=st.booleans(),
        has_recipient=st.just(True),
    )
    answers: list[int | Told] = list(range(len(parts)))
    events = draw(st.permutations([*answers, *draw(st.lists(told, max_size=3 * len(parts)))]))
    noise = draw(st.lists(st.integers(2**40, 2**41), max_size=3, unique=True))
    return Case(draw(st.sampled_from(list(WRITE))), messages, parts, events, noise)


def render(number: int, form: str, zeros: int = 0, *, is_upper: bool = False) -> str:
    """A number as an operator writes it."""
    text = "0" * zeros + f"{number:{form}}"
    return text.upper() if is_upper else text


# -------------------------------------------------------------------------------------------- the reference


class Reference:
    """What becomes of one message, in the plainest words."""

    def __init__(self, count: int) -> None:
        self.letters: list[str | None] = [None] * count
        self.state: State | None = None
        self.is_settled_late = False

    def hear(self, number: int, letter: str) -> None:
        """A receipt of a part whose answer is there."""
        known = self.letters[number - 1]
        if letter == "i" or (known is not None and (known != "k" or letter == "k")):
            return
        if self.state not in (None, State.UNKNOWN) or self.is_settled_late:
            return
        self.letters[number - 1] = letter
        if None not in self.letters:
            end = self._fold([x for x in self.letters if x is not None])
            if self.state is State.UNKNOWN and end is not State.UNKNOWN:
                self.is_settled_late = True
            self.state = end

    def end(self) -> State:
        """Deadline and grace are over."""
        if self.state is not None:
            return self.state
        there = [x for x in self.letters if x is not None]
        end = self._fold(there) if there else State.UNKNOWN
        return State.UNKNOWN if end is State.DELIVERED else end

    @staticmethod
    def _fold(letters: list[str]) -> State:
        if all(x == "d" for x in letters):
            return State.DELIVERED
        if "d" in letters and set(letters) & set("uer"):
            return State.UNDELIVERABLE
        for letter, state in (("u", State.UNDELIVERABLE), ("e", State.UNDELIVERABLE), ("r", State.REJECTED)):
            if letter in letters:
                return state
        return State.UNKNOWN


def expected(case: Case) -> list[State]:
    """The end of each message: receipts count when their part's answer is there, in the order of their arrival."""
    references = [Reference(count) for _, count in case.messages]
    waiting: dict[int, list[str]] = {index: [] for index in range(len(case.parts))}
    for event in case.events:
        index = event if isinstance(event, int) else event.part
        part = case.parts[index]
        if isinstance(event, Told) and index in waiting:
            waiting[index].append(event.letter)
            continue
        for letter in waiting.pop(index, []) if isinstance(event, int) else [event.letter]:
            references[part.message].hear(part.number, letter)
    return [reference.end() for reference in references]


# ------------------------------------------------------------------------------------------------- the store


class Player:
    """Plays a history on a store; every receipt's `stat` names the part it is about."""

    def __init__(self, world: World, case: Case, keys_base: IdBase) -> None:
        self.world = world
        self.case = case
        self.keys_base = keys_base
        self.answered, self.reported = WRITE[case.base]
        self.sent: list[Message] = []
        self.receipts = 0

    async def play(self) -> None:
        """Send all, then let the events happen."""
        for recipient, count in self.case.messages:
            self.sent.append(await self.world.sending(step(parts=count), recipient=recipient))
        for number in self.case.noise:
            await self._receive(render(number, self.reported), f"noise/{self.receipts}", PartState.DELIVERED, ALI)
        for event in self.case.events:
            self.world.now += 1
            await (self._answer(event) if isinstance(event, int) else self._report(event))

    async def _answer(self, index: int) -> None:
        part = self.case.parts[index]
        await self.world.answer(
            self.sent[part.message], taken(render(part.operator_number, self.answered), part.number)
        )

    async def _report(self, told: Told) -> None:
        part = self.case.parts[told.part]
        operator_id = render(part.operator_number, self.reported, told.zeros, is_upper=told.is_upper)
        state = None if told.letter == "i" else PartState(told.letter)
        recipient = self.case.messages[part.message][0]
        await self._receive(operator_id, f"{part.message}/{part.number}/{self.receipts}", state, recipient)

    async def _receive(self, operator_id: str, stat: str, state: PartState | None, recipient: str) -> None:
        self.receipts += 1
        receipt = ReceiptIn(
            upstream="operator",
            link=("north", "south")[self.receipts % 2],
            operator_id=operator_id,
            keys=readings(operator_id, self.keys_base),
            part_state=state,
            stat=stat,
            line=LINE,
            recipient=recipient,
        )
        await self.world.store.receive(receipt, self.world.now)

    async def sweep(self) -> None:
        """Nobody waits for this: what waits is looked at again, what is overdue ends."""
        while await self.world.store.sweep(self.world.now, 100):
            pass

    async def stories(self) -> list[Story]:
        """All that is known of each message."""
        found = [await self.world.store.story(message.id) for message in self.sent]
        return [story for story in found if story is not None]

    async def check(self) -> None:
        """Each receipt that a message has is about it, and about the part that has it; every one is to be seen."""
        seen = {row.stat for row in await self.world.store.unmatched(1_000)}
        for index, story in enumerate(await self.stories()):
            about = {part.receipt_stat: f"{index}/{part.part}/" for part in story.parts if part.receipt_stat}
            assert [stat for stat, start in about.items() if not stat.startswith(start)] == []
            further = {receipt.stat for receipt in story.receipts}
            assert [stat for stat in further if not stat.startswith(f"{index}/")] == []
            seen |= about.keys() | further
        assert {int(stat.rpartition("/")[2]) for stat in seen} == set(range(self.receipts))


async def _run(case: Case, *, is_taught: bool, keys_base: IdBase) -> list[State]:
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "store.sqlite", inline=True)
        store._db.pragma("synchronous", "OFF")  # nothing crashes here
        try:
            player = Player(await World(store).build(), case, keys_base)
            if is_taught:
                await store.writer.submit(lambda desk: _teach(desk, case.base))
            await player.play()
            await player.sweep()
            player.world.now += 3 * DAY
            await player.sweep()
            await player.check()
            return [story.message.state for story in await player.stories()]
        finally:
            await store.close()


async def _teach(desk: Desk, base: IdBase) -> None:
    habit = IdHabit()
    while habit.settled is IdBase.AUTO:
        habit = judge(habit, (base,))
    desk.put_habit("operator", habit)


@given(case=cases())
@settings(max_examples=40)
def test_any_order_once_the_habit_is_learned(case: Case) -> None:
    """With a learned habit each receipt, early, doubled, late, is its own part's, and all ends are as they must be."""
    assert asyncio.run(_run(case, is_taught=True, keys_base=IdBase.AUTO)) == expected(case)


@given(case=cases())
@settings(max_examples=40)
def test_any_order_with_a_setting(case: Case) -> None:
    """The same with `id_base` set, and from the first message on."""
    assert asyncio.run(_run(case, is_taught=False, keys_base=case.base)) == expected(case)


@given(case=cases())
@settings(max_examples=40)
def test_any_order_while_nothing_is_known(case: Case) -> None:
    """While nothing is known no receipt after its answer goes to a wrong message: it finds its own, or waits."""
    answers = [event for event in case.events if isinstance(event, int)]
    late = [event for event in case.events if isinstance(event, Told)]
    asyncio.run(_run(case._replace(events=[*answers, *late]), is_taught=False, keys_base=IdBase.AUTO))
