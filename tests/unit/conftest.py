"""What the unit tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.batches import Desk
from tests.unit.house import Gate, HandClock, House

from payamak.front.accept import Service
from payamak.front.batch import BatchService
from payamak.store.sqlite.store import SqliteStore


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A store on a file, a clock and a service."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    yield House(store, clock, Service(store, clock, Gate()))
    await store.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A house whose service takes batches."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    service = BatchService(store, clock, Gate())
    house = House(store, clock, service)
    await house.put()
    yield house, service
    await store.close()
