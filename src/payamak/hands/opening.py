"""A store by its address, for whoever is no server: opened to look or as hands, looked over, brought up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from payamak.store.base import Mode, Store
from payamak.store.engines import (
    Looked,
    library_version,
    look_over,
    mark_fault,
    note_backup,
    open_store,
    resolved,
    serve_lock,
)
from payamak.store.records import Act, By

__all__ = [
    "Mode",
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
    store = open_store(address, mode)
    try:
        yield store
    finally:
        await store.close()


async def migrate(address: Path, by: By, now: int) -> Looked:
    """Bring a store that nobody serves to this program's schema; how it was before. Raises StoreFailed."""
    lock = serve_lock(address)
    try:
        before = look_over(address)
        async with opened(address, Mode.SERVE) as store:
            if before.schema != before.known:
                schemas = str(before.schema), str(before.known)
                await store.enter(
                    Act(by=by, at=now, what="migrate", about="schema", before=schemas[0], after=schemas[1])
                )
    finally:
        lock.release()
    return before
