"""The store's file: opened with the settings that durability needs, looked at, brought up to date, copied."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from payamak.errors import StoreFailed
from payamak.log import event_logger
from payamak.store.sqlite.locking import PRIVATE, check_no_orphan, make_private
from payamak.store.sqlite.transaction import COMMITS_KEPT
from payamak.store.statements import load_migrations

BUSY_TIMEOUT_MS = 10_000
"""How long a transaction waits for another process's: ten times the longest that the command line takes."""


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """Open the file; until `allow_folding` its log is not copied into it at the close.

    Raises StoreFailed with what to do if it cannot be opened.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    if not read_only:
        check_no_orphan(path)
        make_private(path)
    db: apsw.Connection | None = None
    try:
        db = apsw.Connection(str(path), flags=flags)
        _set_up(db, read_only)
    except apsw.Error as error:
        if db is not None:
            db.close()  # one that is left open keeps the last that closes from emptying the log
        if isinstance(error, apsw.CorruptError | apsw.NotADBError):
            raise malformed(path, str(error)) from error
        raise StoreFailed(
            f"cannot open the store {path.name}: {error}; check that the folder exists and is writable"
        ) from error
    return db


def _set_up(db: apsw.Connection, read_only: bool) -> None:
    db.set_busy_timeout(BUSY_TIMEOUT_MS)
    # A log that does not belong to the file must not get into it.
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # Else every new value of a parameter makes SQLite plan a statement with a partial index anew.
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    if not read_only:
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "FULL")
        db.pragma("foreign_keys", True)
        db.pragma("wal_autocheckpoint", 4_000)
    db.pragma("cache_size", -32_000)  # 32 MB


def allow_folding(db: apsw.Connection) -> None:
    """The log belongs to the file: whoever closes it last copies the log into it, as SQLite does."""
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


def check_log(db: apsw.Connection, path: Path) -> None:
    """Raise StoreFailed if the log beside the file goes on from another state than the file's; changes nothing.

    A file that was put back without removing the `-wal` beside it, or a log that was left from another time: SQLite
    reads such a log as if it belonged there and mixes the pages of two times. The file alone tells up to which
    transaction it holds everything, at least; the log tells which one it goes on from, and its last. Numbers of two
    histories may agree, the signatures of a transaction do not (transaction.py): as long as the log still has that of
    the file's last one, the two must be one. Where the file alone cannot be read, as after a death within a checkpoint,
    nothing is concluded.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    began = _counter(db, "base")
    found = _last_of_file_alone(path)
    if found is None or began is None:
        return
    alone, signature = found
    signed = _counter(db, f"signature/{alone % COMMITS_KEPT}")
    last = _counter(db, "batch")  # read last: while a server is at work all grow
    is_kept = last is not None and last - alone < COMMITS_KEPT
    if alone < began:
        state = "an earlier state than the log goes on from"
    elif last is not None and alone > last:
        state = "a later state than the log ends with"
    elif is_kept and signature is not None and signed is not None and signature != signed:
        state = "another history than the log goes on from"
    else:
        return
    raise StoreFailed(
        f"{log.name} is not the log of {path.name}, which holds {state}: "
        f"one of the two was put there without the other. Nothing was changed. To use the file as it is, move "
        f"{log.name} and {path.name}-shm away; to use the log, put the file back that belongs to it"
    )


def _counter(db: apsw.Connection, key: str) -> int | None:
    try:
        for (value,) in db.execute("SELECT value FROM meta WHERE key = ?", (key,)):
            return int(value)
    except apsw.SQLError:  # the table is not there yet
        return None
    return None


def _last_of_file_alone(path: Path) -> tuple[int, int | None] | None:
    """The last transaction that stands in the file without its log, and its signature; None if that cannot be read."""
    alone: apsw.Connection | None = None
    try:
        alone = apsw.Connection(
            f"file:{quote(str(path))}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
        last = _counter(alone, "batch")
        return None if last is None else (last, _counter(alone, f"signature/{last % COMMITS_KEPT}"))
    except apsw.Error:
        return None
    finally:
        if alone is not None:
            alone.close()


def malformed(path: Path, found: str) -> StoreFailed:
    """What is said of a store whose pages contradict each other."""
    log = path.with_name(f"{path.name}-wal")
    is_beside = log.exists() and log.stat().st_size
    perhaps = (
        f"If the file was put there without its log, move {log.name} and {path.name}-shm away and try again; else keep "
        if is_beside
        else "Keep "
    )
    return StoreFailed(
        f"{path.name} is malformed ({found}): something else than Payamak has written to it or to its log, or the disk "
        f"loses what it is given. {perhaps}the files and put a backup in their place (docs/guide/operations.md)"
    )


def unreadable(path: Path, error: apsw.Error) -> StoreFailed:
    """What is said of a store that SQLite refuses to work with."""
    found = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return malformed(path, found)
    return StoreFailed(f"cannot use the store {path.name}: {found}")


def as_told(error: apsw.Error) -> StoreFailed:
    """What is said of an error of SQLite's while the store is in use."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        words += "; keep the files of the store and put a backup in their place (docs/guide/operations.md)"
    return StoreFailed(words)


_LAST_LOOKED_AT = ("message", "part", "ledger", "notice", "receipt")
"""The large tables: what they leave of the time would be too little for the others."""

_STEPS = 200
"""How often a look asks whether its time is over: about every 200 pages, some 1 ms."""


def quick_check(db: apsw.Connection, within_s: float, monotonic: Callable[[], float]) -> tuple[list[str], list[str]]:
    """SQLite's quick_check, table by table, in bounded time: the faults, and the tables that were not looked through.

    Each table may take its share of the time that is left; small ones come first and leave most of theirs.
    """
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    names.sort(key=lambda name: name in _LAST_LOOKED_AT)
    ends_s = monotonic() + within_s
    faults: list[str] = []
    unfinished: list[str] = []
    for place, name in enumerate(names):
        until_s = monotonic() + max(ends_s - monotonic(), 0) / (len(names) - place)
        db.set_progress_handler(lambda until_s=until_s: monotonic() > until_s, _STEPS)  # type: ignore[misc]
        try:
            said = db.execute("SELECT quick_check FROM pragma_quick_check(?)", (name,))
            faults += [str(fault) for (fault,) in said if fault != "ok"]
        except apsw.InterruptError:
            unfinished.append(name)
        except apsw.CorruptError as error:
            faults.append(f"{name}: {error}")
        finally:
            db.set_progress_handler(None)
    return faults, unfinished


def schema_of(db: apsw.Connection) -> tuple[int, int]:
    """The version of the file's schema, and the one that this program works with. Raises StoreFailed on a newer one."""
    version, known = int(db.pragma("user_version")), len(load_migrations())
    if version > known:
        raise StoreFailed(f"the store has schema {version}, this program knows {known}: use a newer Payamak")
    return version, known


def check_schema(db: apsw.Connection, *, may_make: bool) -> None:
    """Raise StoreFailed, with what to do, unless the schema is this program's. A new file gets one."""
    version, known = schema_of(db)
    if version == 0 and may_make:
        migrate(db)
    elif version != known:
        raise StoreFailed(
            f"the store has schema {version}, this program works with {known}: a server of this program brings it up "
            "to date when it starts, or `payamak migrate` while none is at work; first a backup by the old program"
        )


def migrate(db: apsw.Connection) -> int:
    """Bring the schema up to date, one transaction a migration; the version it now has.

    The log has a line for each, with its milliseconds; those that make a new store are not told.
    """
    version, _ = schema_of(db)
    migrations, log = load_migrations(), event_logger("store")
    for number in range(version, len(migrations)):
        began_s = time.monotonic()
        db.execute("BEGIN IMMEDIATE")
        if int(db.pragma("user_version")) == number:  # nobody else was faster
            db.execute(migrations[number])
            db.pragma("user_version", number + 1)
        db.execute("COMMIT")
        if version:
            log("migrated", version=number + 1, took_ms=round(1_000 * (time.monotonic() - began_s)))
    return len(migrations)


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
