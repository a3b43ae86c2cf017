"""What the unit tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.batches import Desk
from tests.unit.house import Gate, HandClock, House

from payamak.front.accept import Front
from payamak.store.sqlite.store import SqliteStore


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A store on a file, a clock and a front."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    await store.take_over(clock.now())
    yield House(store, clock, Front(store, clock, Gate().admits))
    await store.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A house with an account, and its front."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    await store.take_over(clock.now())
    front = Front(store, clock, Gate().admits)
    house = House(store, clock, front)
    await house.put()
    yield house, front
    await store.close()
