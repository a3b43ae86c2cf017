"""Which engine keeps a store: chosen by its address, and by nobody else.

An address is the path of a SQLite file. Another engine is another kind of address here, with its own ways to look a
store over, to lock it and to put a copy of it back.
"""

from __future__ import annotations

from pathlib import Path

from payamak.store.base import Mode
from payamak.store.rules.marks import UNREADABLE
from payamak.store.sqlite.copies import Looked, backed_up_at, library_version, look_over, note_backup
from payamak.store.sqlite.locking import resolved, serve_lock
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.replacing import put_back
from payamak.store.sqlite.store import SqliteStore

__all__ = [
    "Looked",
    "backed_up_at",
    "library_version",
    "look_over",
    "mark_fault",
    "note_backup",
    "open_store",
    "put_back",
    "resolved",
    "serve_lock",
]


def open_store(address: str | Path, mode: Mode) -> SqliteStore:
    """Open the store for what `mode` says; call on the running loop. Raises StoreFailed with what to do."""
    return SqliteStore(Path(address), mode=mode)


def mark_fault(address: Path) -> str | None:
    """What is wrong with the mark beside a store; None if it can be read, or is not there."""
    beside = MarkFile(address)
    return f"{beside.path.name} cannot be understood" if beside.read().mark == UNREADABLE else None
