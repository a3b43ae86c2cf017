"""What the tests of the SQLite store share: the file, and a look at it past the store."""

from __future__ import annotations

from pathlib import Path

import apsw

from payamak.store.sqlite.store import SqliteStore


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


def batches(store: SqliteStore) -> int:
    """How many transactions have written to the file."""
    return meta(store, "batch")


def file_of(folder: Path) -> Path:
    """Where the store of a test lives."""
    return folder / "store.sqlite"
