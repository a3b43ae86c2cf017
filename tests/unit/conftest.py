"""What the unit tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.house import Gate, HandClock, House

from payamak.service import Service
from payamak.store.sqlite import SqliteStore


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A store on a file, a clock and a service."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    yield House(store, clock, Service(store, clock, Gate()))
    await store.close()
