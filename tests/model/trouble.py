"""What may befall a piece of work: its commit fails, or the program dies just before or just after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import apsw

from payamak.store.sqlite.store import SqliteStore


class Trouble(StrEnum):
    """The kinds. `FAILS_SILENTLY`: the commit reports a failure although it has happened."""

    FAILS = "fails"
    FAILS_SILENTLY = "fails silently"
    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"


def copy_file(source: Path, target: Path) -> None:
    """What a process leaves on its disk when it dies."""
    for suffix in ("", "-wal"):
        if (part := source.with_name(source.name + suffix)).exists():
            shutil.copyfile(part, target.with_name(target.name + suffix))


class _Connection:
    """The writing connection, whose next COMMIT goes wrong."""

    def __init__(self, db: apsw.Connection, trouble: Trouble, path: Path, left_behind: Path) -> None:
        self._db = db
        self._trouble: Trouble | None = trouble
        self._paths = path, left_behind

    def __getattr__(self, name: str) -> object:
        return getattr(self._db, name)

    def execute(self, statement: str, values: object = ()) -> object:
        """Pass on; the first COMMIT meets its trouble."""
        if statement != "COMMIT" or self._trouble is None:
            return self._db.execute(statement, values)  # type: ignore[arg-type]
        trouble, self._trouble = self._trouble, None
        if trouble is Trouble.DIES_BEFORE:
            copy_file(*self._paths)
        self._db.execute("COMMIT" if trouble is Trouble.FAILS_SILENTLY else "ROLLBACK")
        raise apsw.IOError("disk I/O error")


@contextmanager
def hurt(store: SqliteStore, trouble: Trouble | None, left_behind: Path) -> Iterator[None]:
    """While it lasts, the next commit of the store meets `trouble`; one that dies leaves its file behind."""
    if trouble is None or trouble is Trouble.DIES_AFTER:
        yield
        return
    batch = store.writer._batch  # type: ignore[attr-defined]
    db = batch.db
    batch.db = _Connection(db, trouble, store.path, left_behind)
    try:
        yield
    finally:
        batch.db = db
