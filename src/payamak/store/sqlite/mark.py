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
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from payamak.domain.restoring import ID_LIMIT
from payamak.errors import StoreFailed
from payamak.store.desk import Desk
from payamak.store.sqlite.locking import PRIVATE
from payamak.store.sqlite.opening import allow_folding, connect
from payamak.store.statements import load_statements

IDS_AHEAD: Final = 100_000
"""How far above the last id the file's bound is: more than are given until the next mark, a second later."""

NONE: Final = ""
UNREADABLE: Final = "unreadable"
"""What stands for the mark where there is no file, and where it says nothing that we understand."""


class Mark(Struct, frozen=True, kw_only=True):
    """What the file says: the mark, and numbers above all that were given when it was written (0: not known)."""

    mark: str = NONE
    moved_at: int = 0
    ids_up_to: int = 0
    received_up_to: int = 0
    events_up_to: int = 0


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


def fresh() -> str:
    """A mark that there has never been."""
    return secrets.token_hex(16)


class KeptMark(Struct, frozen=True, kw_only=True):
    """The mark as the store keeps it: with what the file beside it held when it was drawn, and by which transaction."""

    value: str
    beside: str
    moved_at: int
    batch: int
    is_copy: bool


async def kept_mark(desk: Desk) -> KeptMark:
    """The mark of the store."""
    kept = await desk.row("mark", KeptMark)
    assert kept is not None, "a store has a mark"
    return kept


async def belongs(desk: Desk, beside: Mark) -> bool:
    """Whether store and file were written one after the other, by processes of which any may have died."""
    kept = await kept_mark(desk)
    return beside.mark in (kept.value, kept.beside)


async def move(desk: Desk, beside: str, now: int, *, is_needed: bool) -> Mark | None:
    """Draw another mark, if that is needed or anything was committed since the last one: what to write into the file.

    `beside` is the mark that is there, and stays if we die.
    """
    batch = int(await desk.value("meta", ("batch",)))
    kept = await kept_mark(desk)
    if not is_needed and batch == kept.batch and kept.value == beside:
        return None
    value = fresh()
    desk.execute("move_mark", (value, beside, now, batch + 1))  # the number that this transaction will have
    return Mark(
        mark=value,
        moved_at=int(now),
        ids_up_to=await last_given(desk, "message") + IDS_AHEAD,
        received_up_to=await last_given(desk, "received") + IDS_AHEAD,
        events_up_to=desk.memory.restored.events_above,
    )


async def last_given(desk: Desk, table: str) -> int:
    """The last id of a table, removed rows included."""
    return int(await desk.value("last_given", (table,)))


def sign_copy(path: Path) -> None:
    """Write into a copy that it is one; whoever serves it is told. Raises StoreFailed."""
    db = connect(path)
    try:
        db.execute(load_statements()["sign_copy"], (fresh(),))
        allow_folding(db)
    finally:
        db.close()
