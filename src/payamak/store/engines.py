"""Which engine keeps a store: chosen by its address, and by nobody else.

An address is the path of a SQLite file. Another engine is another kind of address here.
"""

from __future__ import annotations

from pathlib import Path

from payamak.store.base import Mode
from payamak.store.sqlite.store import SqliteStore


def open_store(address: str | Path, mode: Mode) -> SqliteStore:
    """Open the store for what `mode` says; call on the running loop. Raises StoreFailed with what to do."""
    return SqliteStore(Path(address), mode=mode)
