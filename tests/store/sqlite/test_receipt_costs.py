"""What a receipt costs does not grow with what lies about: counted in steps of SQLite's machine, not in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from tests.store.world import ALI, SARA, World, lost, step, taken

from payamak.domain.ids import SETTLE_AFTER
from payamak.domain.message import State
from payamak.store.sqlite.store import SqliteStore

EVERY = 10
FLOOD = 1_500
FIRST = 0x4A000000


class Counted:
    """A world, and the steps that a piece of work takes in it."""

    def __init__(self, store: SqliteStore, world: World) -> None:
        self.store, self.world = store, world
        self._steps = 0
        store._db.pragma("synchronous", "OFF")
        store._db.set_progress_handler(self._count, EVERY)

    def _count(self) -> bool:
        self._steps += EVERY
        return False

    async def steps(self, work: Awaitable[object]) -> int:
        """How many it takes, the transaction included."""
        before = self._steps
        await work
        return self._steps - before


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    """A store that writes on the loop."""
    store = SqliteStore(tmp_path / "store.sqlite", inline=True)
    yield Counted(store, await World(store).build())
    await store.close()


@pytest.mark.parametrize("operator_id", ["z{}", "same"])
async def test_a_flood_of_unmatched_receipts(counted: Counted, operator_id: str) -> None:
    """Neither a receipt nor an answer nor a sweep costs more when thousands of receipts wait, under one id or many."""
    world = counted.world
    await world.receipt("first", recipient=SARA)
    world.now += 1

    async def measure(number: int) -> list[int]:
        sending = await world.sending()
        answer = await counted.steps(world.answer(sending, taken(str(FIRST + number))))
        matched = await counted.steps(world.receipt(str(FIRST + number)))
        unmatched = await counted.steps(world.receipt(f"nobody{number}", recipient=SARA))
        return [answer, matched, unmatched, await counted.steps(world.store.sweep(world.now, 100))]

    few = await measure(1)
    for number in range(FLOOD):
        await world.receipt(operator_id.format(number), recipient=SARA)
    many = await measure(2)
    assert all(after <= 2 * before + 200 for before, after in zip(few, many, strict=True)), (few, many)


async def test_after_a_day_of_lost_answers(counted: Counted) -> None:
    """A receipt without a match does not look through all lost parts of the upstream, and still finds its own."""
    world = counted.world
    recipients = [f"98912{number:07d}" for number in range(300)]
    for recipient in recipients[:40]:
        await world.answer(await world.sending(step(price=0), recipient=recipient), lost())
    few = await counted.steps(world.receipt("nobody1", recipient=SARA))
    for recipient in recipients[40:]:
        await world.answer(await world.sending(step(price=0), recipient=recipient), lost())
    many = await counted.steps(world.receipt("nobody2", recipient=SARA))
    assert many <= 2 * few, (few, many)
    (change,) = await world.receipt("77", recipient=recipients[200])
    assert change.message.state is State.DELIVERED


async def test_a_settled_habit_is_cheaper(counted: Counted) -> None:
    """Once settled one reading is looked up in place of three, and nothing is written for the habit."""
    world = counted.world
    steps = []
    for number in range(FIRST, FIRST + SETTLE_AFTER + 5):
        await world.enroute(str(number), recipient=ALI)
        steps.append(await counted.steps(world.receipt(str(number))))
    assert max(steps[-4:]) < min(steps[1 : SETTLE_AFTER - 1])
