"""Which engine keeps a store: chosen by its address, and by nobody else.

An address is the path of a SQLite file, or `postgresql://…`. A database is locked and brought up to date in its own
ways; looking a file over and putting a copy back are SQLite's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from payamak.store.base import Mode, Store
from payamak.store.rules.marks import UNREADABLE
from payamak.store.sqlite.copies import Looked, backed_up_at, library_version, look_over, note_backup
from payamak.store.sqlite.locking import resolved, serve_lock
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.replacing import put_back
from payamak.store.sqlite.store import SqliteStore

__all__ = [
    "Looked",
    "backed_up_at",
    "is_database",
    "library_version",
    "lock_to_serve",
    "look_over",
    "mark_fault",
    "migrate_database",
    "note_backup",
    "open_store",
    "put_back",
    "resolved",
    "serve_lock",
]


class Lock(Protocol):
    """What keeps a second server away from a store, as long as it is not released."""

    def release(self) -> None:
        """Let another one serve."""
        ...


def is_database(address: str | Path) -> bool:
    """Whether an address is that of a database; else it is a file's."""
    return isinstance(address, str) and address.startswith(("postgresql://", "postgres://"))


async def open_store(address: str | Path, mode: Mode) -> Store:
    """Open the store for what `mode` says; call on the running loop. Raises StoreFailed with what to do."""
    if is_database(address):
        from payamak.store.postgres.store import open_postgres  # who keeps a file needs no driver of a network

        return await open_postgres(str(address), mode)
    return SqliteStore(Path(address), mode=mode)


async def lock_to_serve(address: str | Path) -> Lock:
    """Keep every other server away from a store. Raises StoreFailed if one is at work."""
    if is_database(address):
        from payamak.store.postgres.locking import lock_database

        return await lock_database(str(address))
    return serve_lock(Path(address))


async def migrate_database(address: str) -> tuple[int, int]:
    """Run what has to run before this program's code; how many migrations a database had, and has now."""
    from payamak.store.postgres.opening import migrate_at

    return await migrate_at(address)


def mark_fault(address: Path) -> str | None:
    """What is wrong with the mark beside a store; None if it can be read, or is not there."""
    beside = MarkFile(address)
    return f"{beside.path.name} cannot be understood" if beside.read().mark == UNREADABLE else None
