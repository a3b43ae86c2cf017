"""How often a piece of work has to wait for an engine that answers in rounds: what it knows beforehand costs one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.store.second import SecondStore
from tests.store.world import SERVICE, World, opted_out, step

from payamak.domain.ids import IdBase
from payamak.domain.message import Message

Act = Callable[[World, Message], Awaitable[object]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SecondStore]:
    """The second driver's store."""
    opened = SecondStore(tmp_path / "store.sqlite")
    yield opened
    await opened.close()


async def _rounds(world: World, store: SecondStore, act: Act) -> list[int]:
    """What each piece of an act waited, if all of them could run beside others."""
    await world.enroute("w0")
    await world.receipt("w0", base=IdBase.SAME)  # the names of the upstream are known from here on
    message = await world.enroute("a0")
    before = len(store.second.batch.rounds)
    await act(world, message)
    return store.second.batch.rounds[before:]


@pytest.mark.parametrize(
    ("act", "rounds"),
    [
        pytest.param(lambda world, _: world.accept(), [1], id="accept"),
        pytest.param(lambda world, _: world.sending(), [1, 1], id="accept and mark"),
        pytest.param(lambda world, _: world.enroute("a1"), [1, 1, 1], id="accept, mark and answer"),
        pytest.param(lambda world, _: world.receipt("a0", base=IdBase.SAME), [2], id="receipt"),
        pytest.param(lambda world, _: world.receipt("nobody's", base=IdBase.SAME), [1], id="receipt of nobody"),
    ],
)
async def test_rounds(store: SecondStore, act: Act, rounds: list[int]) -> None:
    """Accept, mark and answer wait once; a receipt twice: its part, then its message. None of them has to run alone."""
    world = await World(store).build()
    assert await _rounds(world, store, act) == rounds


async def test_an_opt_out_costs_one_round_more(store: SecondStore) -> None:
    """An answer that sends the message on asks what else its recipient refuses."""
    world = await World(store).build()
    message = await world.sending(step(), step(SERVICE))
    before = len(store.second.batch.rounds)
    await world.answer(message, opted_out())
    assert store.second.batch.rounds[before:] == [2]
