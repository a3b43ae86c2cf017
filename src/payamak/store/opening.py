"""The store's file: opened with the settings that durability needs, brought up to date, locked, copied."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw

from payamak.errors import StoreFailed
from payamak.store.statements import load_migrations

BUSY_TIMEOUT_MS = 10_000
"""How long a transaction waits for another process's: ten times the longest that the command line takes."""

PRIVATE = 0o600
"""The mode of what we make, for it holds texts, numbers, hashes. SQLite gives `-wal` and `-shm` the store's mode."""


def _make_private(path: Path) -> None:
    """Make the file, for its owner alone, if it is not there; whoever has set other rights since has meant them."""
    with suppress(OSError):  # it is there; or it cannot be made, which SQLite will say
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """Open the file. Raises StoreFailed with what to do if it cannot be opened."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    if not read_only:
        _make_private(path)
    db: apsw.Connection | None = None
    try:
        db = apsw.Connection(str(path), flags=flags)
        _set_up(db, read_only)
    except apsw.Error as error:
        if db is not None:
            db.close()  # one that is left open keeps the last that closes from emptying the log
        raise StoreFailed(
            f"cannot open the store {path.name}: {error}; check that the folder exists and is writable"
        ) from error
    return db


def _set_up(db: apsw.Connection, read_only: bool) -> None:
    db.set_busy_timeout(BUSY_TIMEOUT_MS)
    # Else every new value of a parameter makes SQLite plan a statement with a partial index anew.
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    if not read_only:
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "FULL")
        db.pragma("foreign_keys", True)
        db.pragma("wal_autocheckpoint", 4_000)
    db.pragma("cache_size", -32_000)  # 32 MB


def migrate(db: apsw.Connection) -> int:
    """Bring the schema up to date, one transaction a migration; the version it now has."""
    migrations = load_migrations()
    version = int(db.pragma("user_version"))
    if version > len(migrations):
        raise StoreFailed(f"the store has schema {version}, this program knows {len(migrations)}: use a newer Payamak")
    for number in range(version, len(migrations)):
        db.execute("BEGIN IMMEDIATE")
        if int(db.pragma("user_version")) == number:  # nobody else was faster
            db.execute(migrations[number])
            db.pragma("user_version", number + 1)
        db.execute("COMMIT")
    return len(migrations)


def serve_lock(path: Path) -> int:
    """Take the lock that only one server may hold; the file descriptor. Raises StoreFailed if another has it."""
    # Nobody else may open it: who can read a file can also lock it, and so keep us from starting.
    descriptor = os.open(f"{path}-serve", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreFailed(
            f"another Payamak serves {path.name}: stop it first, or give this one a file of its own (--data)"
        ) from error
    return descriptor


def copy_to(db: apsw.Connection, path: Path) -> None:
    """Copy the store to a new file; on a connection inside a transaction. Raises FileExistsError."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except FileExistsError as error:
        raise FileExistsError(f"{path} exists already; a backup never overwrites") from error
    except OSError as error:
        raise StoreFailed(f"cannot make the backup {path}: {error.strerror}") from error
    target: Any = apsw.Connection(str(path))
    try:
        # In one go, inside the caller's transaction: between steps each commit of the writer would start it afresh.
        with target.backup("main", db, "main") as copy:
            copy.step(-1)
    except BaseException:
        target.close()
        path.unlink(missing_ok=True)
        raise
    target.close()
