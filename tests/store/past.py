"""What a test does to a store past the store: to rows as no program of ours leaves them."""

from __future__ import annotations

import asyncpg
from tests.store.sqlite.support import at_desk, raw

from payamak.store.base import Store
from payamak.store.postgres.store import PostgresStore
from payamak.store.sqlite.store import SqliteStore


async def past_the_store(store: Store, sql: str) -> None:
    """Run a statement that both engines read alike."""
    if isinstance(store, PostgresStore):
        db = await asyncpg.connect(store.address)
        try:
            await db.execute(sql)
        finally:
            await db.close()
        return
    assert isinstance(store, SqliteStore)
    await store.writer.submit(at_desk(lambda desk: raw(desk).execute(sql)))
