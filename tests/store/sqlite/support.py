"""What the tests of the SQLite store share: the file, and a look at it past the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import apsw
from tests.store.second import SuspendingEngine

from payamak.store.desk import Desk, Rule
from payamak.store.sqlite.store import SqliteStore
from payamak.store.sqlite.transaction import SqliteEngine

T = TypeVar("T")


def meta(store: SqliteStore, key: str) -> int:
    """A counter as it is in the file."""
    db = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for (value,) in db.execute("SELECT value FROM meta WHERE key = ?", (key,)):
            assert isinstance(value, int)
            return value
        return 0
    finally:
        db.close()


def raw(desk: Desk) -> apsw.Connection:
    """SQLite's own connection, for statements that the product does not have."""
    assert isinstance(desk.engine, SqliteEngine | SuspendingEngine)
    return desk.engine.db.db


def at_desk(work: Callable[[Desk], T]) -> Rule[T]:
    """A piece of work that asks for nothing."""

    async def run(desk: Desk) -> T:
        return work(desk)

    return run


def batches(store: SqliteStore) -> int:
    """How many transactions have written to the file."""
    return meta(store, "batch")


def file_of(folder: Path) -> Path:
    """Where the store of a test lives."""
    return folder / "store.sqlite"
