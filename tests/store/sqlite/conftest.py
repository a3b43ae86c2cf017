"""The SQLite store, with either of its writers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store.sqlite.support import file_of
from tests.store.world import World

from payamak.store.sqlite.store import SqliteStore


@pytest.fixture(params=[False, True], ids=["thread", "inline"])
async def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store with the site on it."""
    store = SqliteStore(file_of(tmp_path), inline=request.param)
    await World(store).build()
    yield store
    await store.close()


@pytest.fixture
def world(sqlite: SqliteStore) -> World:
    """The words for the store."""
    return World(sqlite)
