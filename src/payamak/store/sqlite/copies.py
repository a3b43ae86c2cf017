"""Files that a person names, looked at before anything is done with them: a copy to be put back, a store in doubt."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

import apsw
from msgspec import Struct

from payamak.errors import StoreFailed
from payamak.store.sqlite.opening import check_log, connect, copy_to
from payamak.store.statements import load_migrations, load_statements

_TABLES = frozenset({"meta", "message", "part", "ledger", "account", "config"})
"""What every store of ours has, of whichever version."""


class Looked(Struct, frozen=True, kw_only=True):
    """What SQLite says of a store's pages ("ok"), its schema and the one that we work with, and how it is journaled."""

    says: str
    schema: int
    known: int
    journal: str


def library_version() -> str:
    """The version of SQLite that is at work."""
    return apsw.sqlite_lib_version()


def look_over(path: Path) -> Looked:
    """Read every page of a store, and nothing else of it. Raises StoreFailed with what is wrong with its files."""
    try:
        with closing(connect(path, read_only=True)) as db:
            check_log(db, path)
            return Looked(
                says=str(db.pragma("quick_check")),
                schema=int(db.pragma("user_version")),
                known=len(load_migrations()),
                journal=str(db.pragma("journal_mode")),
            )
    except apsw.Error as error:
        raise StoreFailed(str(error)) from error


def note_backup(path: Path) -> None:
    """Remember beside a store that it has just been copied: the instant is that of an empty file. Raises OSError."""
    _noted(path).touch(mode=0o600)


def backed_up_at(path: Path) -> float | None:
    """When a store was last copied, in seconds since 1970 UTC; None if nobody has noted that."""
    try:
        return _noted(path).stat().st_mtime
    except OSError:
        return None


def _noted(path: Path) -> Path:
    return path.with_name(f"{path.name}-backup")


def check_copy(file: Path) -> None:
    """Raise StoreFailed unless the file is a whole store of ours, of this program's schema or an older one."""
    try:
        with closing(_open(file)) as db:
            says, *_ = [str(said) for (said,) in db.execute("PRAGMA quick_check(1)")]
            version = int(db.pragma("user_version"))
            names = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except apsw.Error as error:
        raise StoreFailed(f"{file} is no whole copy of a store: {error}; take another copy") from error
    if says != "ok":
        raise StoreFailed(f"{file} is damaged: {says}; take another copy")
    if not version or not names >= _TABLES:
        raise StoreFailed(f"{file} is no store of Payamak; take another file")
    known = len(load_migrations())
    if version > known:
        raise StoreFailed(f"{file} has schema {version}, this program knows {known}: use a newer Payamak")


def copy_of(file: Path, path: Path) -> None:
    """Copy a store that is only read to a new file. Raises FileExistsError, StoreFailed."""
    with closing(_open(file)) as db:
        copy_to(db, path)


def last_id_of(file: Path) -> int:
    """The last message id of a store, if it can be read: nobody knows it better. Else 0."""
    if not file.exists():
        return 0
    with suppress(apsw.Error, OSError), closing(_open(file)) as db:
        for (last,) in db.execute(load_statements()["last_given"], ("message",)):
            return int(last) if isinstance(last, int) else 0
    return 0


def _open(file: Path) -> apsw.Connection:
    """A connection that only reads; without a log beside the file it makes none there either."""
    log = file.with_name(f"{file.name}-wal")
    is_alone = not log.exists() or not log.stat().st_size
    uri = f"{file.as_uri()}?mode=ro{'&immutable=1' if is_alone else ''}"
    db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    db.set_busy_timeout(10_000)
    return db
