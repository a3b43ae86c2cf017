"""Random histories: whatever happens in whatever order, the money balances and final is final (P2, P5, P8)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.stores import STORES, Opener
from tests.store.sums import all_sums, check_sums
from tests.store.world import (
    ALI,
    DAY,
    HOLD,
    HOUR,
    LINE,
    LINE2,
    MINUTE,
    OWNER,
    SARA,
    SERVICE,
    World,
    later,
    lost,
    opted_out,
    refused,
    step,
    taken,
)

from payamak.domain.events import Cancelled, IllegalMove, Outcome
from payamak.domain.message import Message, PartState, State, Step
from payamak.domain.usage import UsageBy
from payamak.errors import Refused
from payamak.store.records import Search

PLANS: tuple[tuple[Step, ...], ...] = (
    (step(),),
    (step(price=0), step(LINE2, 90)),
    (step(price=100, parts=2), step(SERVICE, 70)),
    (step(price=100, keep=True), step(LINE2, 250, keep=True), step(SERVICE, 40)),
    (step(HOLD, 130, parts=2), step(LINE, 60)),
    (step(price=4_000), step(LINE2, 10)),
)
PAUSES = (0, 1_000, 1_000, MINUTE, MINUTE, HOUR, 12 * HOUR)

small = st.integers(0, 7)
OFTEN = st.sampled_from(["mark", "answer", "receipt"])
SELDOM = st.sampled_from(["cancel", "recover", "sweep", "move", "wait"])
ACTIONS = st.one_of(
    st.tuples(st.just("accept"), small, st.integers(0, 31)),
    st.tuples(OFTEN, small, st.integers(0, 31)),
    st.tuples(OFTEN, small, st.integers(0, 31)),
    st.tuples(OFTEN, small, st.integers(0, 31)),
    st.tuples(SELDOM, small, st.integers(0, 31)),
)
RECEIPTS = tuple(PartState(letter) for letter in "ddduerok")


class History:
    """Plays actions on a world; the same actions always give the same history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ended: dict[int, State] = {}

    async def play(self, action: str, which: int, how: int) -> None:
        """Let one thing happen; what the rules refuse does not happen."""
        with suppress(Refused, IllegalMove):
            await getattr(self, f"_{action}")(which, how)

    async def _messages(self) -> list[Message]:
        return await self.world.store.search(Search(limit=1_000))

    async def _pick(self, which: int, *states: State) -> Message | None:
        found = [m for m in await self._messages() if m.state in states]
        return found[which % len(found)] if found else None

    async def _accept(self, which: int, how: int) -> None:
        await self.world.accept(self.world.new(*PLANS[how % len(PLANS)], recipient=(ALI, SARA)[which % 2]))

    async def _mark(self, which: int, how: int) -> None:
        if message := await self._pick(which, State.QUEUED):
            await self.world.mark(message)

    async def _cancel(self, which: int, how: int) -> None:
        if message := await self._pick(which, *State):
            await self.world.store.advance(message.id, Cancelled(), self.world.now)

    async def _answer(self, which: int, how: int) -> None:
        states = (State.SENDING,) if how % 4 else (State.QUEUED, State.ENROUTE, State.CANCELLED)  # an overdue one
        message = await self._pick(which, *states)
        if message is not None and message.tries:
            outcomes = [self._outcome(message, part, how >> part) for part in range(1, message.current.parts + 1)]
            said = outcomes[: how % (len(outcomes) + 1)] or outcomes
            await self.world.answer(message, *said, gives_receipts=how != 13)

    @staticmethod
    def _outcome(message: Message, part: int, how: int) -> Outcome:
        kinds = (taken(f"{message.id}{part}{message.step}", part), lost(part), opted_out(part), taken("7", part))
        return (*kinds, refused(part), later(part), kinds[0], kinds[0])[how % 8]

    async def _receipt(self, which: int, how: int) -> None:
        message = await self._pick(which, *State)
        operator_id = "7" if message is None or how > 27 else f"{message.id}{1 + how % 2}{message.step}"
        state = RECEIPTS[how % 8]
        recipient = ALI if message is None else message.recipient
        line = LINE if message is None else message.current.line
        await self.world.receipt(operator_id, state, recipient=recipient, line=line)

    async def _recover(self, which: int, how: int) -> None:
        while await self.world.store.recover(OWNER, self.world.now, 1 + which):
            pass

    async def _sweep(self, which: int, how: int) -> None:
        await self.world.store.sweep(self.world.now, 1 + which)

    async def _move(self, which: int, how: int) -> None:
        await self.world.move(most=which)

    async def _wait(self, which: int, how: int) -> None:
        self.world.now += PAUSES[how % len(PAUSES)]

    async def check(self) -> None:
        """What holds after every step."""
        messages = await self._messages()
        balance = await self.world.balance()
        assert [m.id for m in messages if m.is_final and m.reserved] == []
        assert balance.reserved == sum(m.reserved for m in messages)
        assert balance.available + balance.reserved + sum(m.charged for m in messages) == 10_000
        for message in messages:
            before = self.ended.get(message.id)
            assert before in (None, State.UNKNOWN, message.state), (before, message)
            if message.is_final and message.state is not State.ENROUTE:
                self.ended[message.id] = message.state

    async def end(self) -> None:
        """Time goes by: everything comes to its end, and what is old goes without a trace in the money."""
        world = self.world
        await check_sums(world)
        for _ in range(4):
            world.now += DAY
            await self._recover(7, 0)
            while await world.store.sweep(world.now, 100):
                pass
        assert [m.state for m in await self._messages() if not m.is_final] == []
        before = await world.balance()
        assert before.reserved == 0
        await check_sums(world)
        sums = await all_sums(world, *UsageBy)
        world.now += 60 * DAY
        while await world.store.retire(world.now, 3):
            pass
        assert await self._messages() == []
        assert await world.balance() == before
        assert await all_sums(world, *UsageBy) == sums


async def _play(opener: Opener, actions: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        store = await opener(Path(folder))
        try:
            history = History(await World(store).build())
            for action in actions:
                await history.play(*action)
                await history.check()
            await history.end()
        finally:
            await store.close()


@pytest.mark.parametrize("opener", STORES)
@given(actions=st.lists(ACTIONS, min_size=5, max_size=40))
@settings(max_examples=40)
def test_any_history(opener: Opener, actions: list[tuple[str, int, int]]) -> None:
    """After every step the purses agree three ways, ends stay, and at last every message has come to its end."""
    asyncio.run(_play(opener, actions))
