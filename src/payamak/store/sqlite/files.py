"""Whether the files that we write are still the ones that the path names, and hold what we wrote.

On Unix a file that is removed, moved away or replaced while it is open goes on to take every write, and all of it is
gone at the next start. SQLite looks at that only with a rollback journal, not in WAL mode. So we look: before each
transaction, and once more before anyone is told that it happened (a few `stat` calls, about 1 µs each). What stands
in them is contents.py's.
"""

from __future__ import annotations

import os
from pathlib import Path

import apsw

from payamak.errors import StoreFailed
from payamak.store.sqlite import holding
from payamak.store.sqlite.contents import Contents

SUFFIXES = ("", "-wal", "-shm")
"""The file itself; the log, which holds what was committed last; and the locks that keep processes apart."""


class OpenFiles:
    """The files of one store, as they were when it was opened."""

    def __init__(self, path: Path, named: Path, db: apsw.Connection) -> None:
        """Call with the store open and used: then all three are there.

        `named` is how a person calls the file; it may be a symbolic link, and a start would go where that leads.
        """
        self._path = str(path)
        self._known: dict[str, tuple[int, int]] = {}
        for name in dict.fromkeys((str(path), str(named), *(f"{path}{suffix}" for suffix in SUFFIXES))):
            if (identity := _identity(name)) is not None:
                self._known[name] = identity
        self._key = holding.key_of(path)
        self._index: int | None = os.open(f"{path}-shm", os.O_RDONLY | os.O_CLOEXEC)
        self.contents = Contents(path, db, self._index)

    def close(self) -> None:
        """Look no more. Call before the store is left (holding.py)."""
        if self._index is not None:
            holding.give_back(self._key, self._index)
            self._index = None

    def check(self) -> None:
        """Raise StoreFailed, with what to do, unless the paths still name the files that are open, as we wrote them.

        Overwritten, a StoreFailed too, is for good; the others end when the files are put back.
        """
        for name, identity in self._known.items():
            found = _identity(name)
            if found == identity:
                if name == self._path:
                    self.contents.check()
                continue
            file = Path(name).name
            if found is None:
                raise StoreFailed(f"{file} was removed or moved while it is in use: put the same file back")
            raise StoreFailed(f"{file} was replaced while it is in use: put the same file back, or stop and start")

    def is_log_alone_lost(self) -> bool:
        """Whether the log has lost its name, nobody has written another, and the other two are in their place.

        Then what the open log holds can still be copied into the store. An empty log in its place is the work of
        someone who only opened the store.
        """
        log = f"{self._path}-wal"
        others = all(_identity(name) == known for name, known in self._known.items() if name != log)
        return others and log in self._known and _identity(log) != self._known[log] and not _size_octets(log)


def _size_octets(name: str) -> int:
    try:
        return os.stat(name).st_size
    except OSError:
        return 0


def _identity(name: str) -> tuple[int, int] | None:
    try:
        status = os.stat(name)
    except OSError:
        return None
    return status.st_dev, status.st_ino
