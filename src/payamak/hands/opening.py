"""A store by its address, for whoever is no server: opened to look or as hands, looked over, brought up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from payamak.store.base import Mode, Store
from payamak.store.engines import (
    backed_up_at,
    is_database,
    library_version,
    lock_to_serve,
    look_over,
    mark_fault,
    migrate_database,
    note_backup,
    open_store,
    resolved,
)
from payamak.store.records import Act, By

__all__ = [
    "Mode",
    "backed_up_at",
    "is_database",
    "library_version",
    "look_over",
    "mark_fault",
    "migrate",
    "note_backup",
    "open_store",
    "opened",
    "resolved",
]


@asynccontextmanager
async def opened(address: str | Path, mode: Mode) -> AsyncIterator[Store]:
    """The store of an address, for what `mode` says; call on the running loop. Raises StoreFailed with what to do."""
    store = await open_store(address, mode)
    try:
        yield store
    finally:
        await store.close()


async def migrate(address: str | Path, by: By, now: int) -> tuple[int, int]:
    """Bring a store to this program's schema; that of before, and that of now. Raises StoreFailed.

    Nobody may serve a file meanwhile. A database may be served: its migrations say beside which code they run.
    """
    if is_database(address):
        schemas = await migrate_database(str(address))
        await _entered(address, Mode.HANDS, schemas, by, now)
        return schemas
    lock = await lock_to_serve(address)
    try:
        before = look_over(Path(address))
        await _entered(address, Mode.SERVE, (before.schema, before.known), by, now)
    finally:
        lock.release()
    return before.schema, before.known


async def _entered(address: str | Path, mode: Mode, schemas: tuple[int, int], by: By, now: int) -> None:
    async with opened(address, mode) as store:
        before, after = schemas
        if before != after:
            act = Act(by=by, at=now, what="migrate", about="schema", before=str(before), after=str(after))
            await store.enter(act)
