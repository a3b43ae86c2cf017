"""The mark of a store, kept in it and in a file beside it: how a copy that was put back is noticed (P10).

A mark is 128 random bits, drawn anew at each start, at each clean stop, and once a second as long as something is
written; so every copy of the file, whenever it was made, has another mark than the file has that was served last. The
name of a file, its inode and any counter can begin again; the bits cannot.

The store is written first, and the row says too what the file held then. So a process that dies between the two writes
leaves a store that knows both marks, and neither is a surprise. The other way round, a file that is ahead of its store,
is what an older copy looks like.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from payamak.domain.restoring import ID_LIMIT
from payamak.errors import StoreFailed
from payamak.store.rules.marks import UNREADABLE, Mark, fresh
from payamak.store.sqlite.locking import PRIVATE
from payamak.store.sqlite.opening import allow_folding, connect
from payamak.store.statements import load_statements


class MarkFile:
    """The file beside a store, `…-mark`: beside the file that a link leads to, not beside the link."""

    def __init__(self, store: Path) -> None:
        self.path = Path(f"{os.path.realpath(store)}-mark")
        self._lock = threading.Lock()

    def read(self) -> Mark:
        """What it says. Raises StoreFailed if it cannot be looked at."""
        try:
            octets = self.path.read_bytes()
        except FileNotFoundError:
            return Mark()
        except OSError as error:
            raise StoreFailed(f"cannot read {self.path.name}, the mark beside the store: {error.strerror}") from error
        try:
            mark = msgspec.json.decode(octets, type=Mark)
        except msgspec.DecodeError:
            return Mark(mark=UNREADABLE)
        figures = (mark.ids_up_to, mark.received_up_to, mark.events_up_to)
        return mark if all(0 <= figure < ID_LIMIT for figure in figures) else Mark(mark=UNREADABLE)

    def write(self, mark: Mark) -> None:
        """Replace it as a whole; on disk when this returns. Raises StoreFailed."""
        try:
            with self._lock:  # a write whose waiter was cancelled goes on
                self._replace(msgspec.json.encode(mark) + b"\n")
        except OSError as error:
            raise StoreFailed(f"cannot write {self.path.name}, the mark beside the store: {error.strerror}") from error

    def _replace(self, octets: bytes) -> None:
        new = f"{self.path}.new"
        with suppress(FileNotFoundError):
            os.unlink(new)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        with open(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(descriptor)
        os.replace(new, self.path)
        sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sign_copy(path: Path) -> None:
    """Write into a copy that it is one; whoever serves it is told. Raises StoreFailed."""
    db = connect(path)
    try:
        db.execute(load_statements()["sign_copy"], (fresh(),))
        allow_folding(db)
    finally:
        db.close()
