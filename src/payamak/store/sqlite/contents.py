"""Whether what the store's files hold is still what SQLite wrote there last.

A copy put over the store in place (`cp backup store`, `cat >`, `dd`, `truncate`) leaves names and inodes as they are,
and SQLite notices nothing: it goes on in its log, and mixes the pages of two times. So we look, before each transaction
and once more before anyone is told that it happened, at what only SQLite may change:

* **The file.** In WAL mode it is written by checkpoints alone, and each one leaves its trace in the index (`-shm`): how
  far the log was copied, or the salts of a new log. A file whose length or time of change is another one, while no
  checkpoint has been at work since the last look nor is now, was written by somebody else.
* **The log.** The index says where its last frame is, with which salts and which checksum over all frames before it.
  What stands at that place must say the same.

What came back to an earlier time by SQLite's own means (`.restore`, the backup interface) has passed through the log
and looks well here; Transaction.begin() notices it by what we wrote last.

No look opens a file: the log is read through the connection, the index through one descriptor that is held as long as
the store is open (holding.py says why).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import NamedTuple

import apsw

from payamak.errors import Overwritten
from payamak.store.sqlite.locking import is_locked_by_another

# The index: https://www.sqlite.org/walformat.html, "The WAL-Index File Format".
_INDEX_OCTETS = 132
_HEADER_OCTETS = 48
_INDEX_HEADER = struct.Struct("=III BBH II II 8s 8x")
_BACKFILLED = struct.Struct("=I")
_BACKFILLED_AT = 96
_ATTEMPTED_AT = 128
_CHECKPOINT_LOCK = 121
"""The octet of `-shm` that is locked by whoever copies the log into the file."""

# The log: the same page, "WAL File Format".
_LOG_HEADER_OCTETS = 32
_FRAME_HEADER = struct.Struct(">II8sII")

_LOOKS = 10
"""Looks at an index that changes meanwhile, before the judgement is left to the next look."""


class Index(NamedTuple):
    """What SQLite says of its log: octets of a page, pages of the store, the last frame and its checksum."""

    page_octets: int
    frames: int
    pages: int
    checksum: tuple[int, int]
    salts: bytes
    backfilled: int
    attempted: int

    @property
    def progress(self) -> tuple[bytes, int, int]:
        """What moves with every checkpoint and every new log."""
        return self.salts, self.backfilled, self.attempted

    @property
    def is_attempted(self) -> bool:
        """Whether a checkpoint has begun that did not come to its end: it may have written, and may begin again."""
        return self.attempted > self.backfilled

    @property
    def is_folded(self) -> bool:
        """Whether all that the log holds is in the file too, and synced."""
        return self.backfilled == self.frames


def read_index(descriptor: int) -> Index | None:
    """The index; None while it is being written."""
    octets = os.pread(descriptor, _INDEX_OCTETS, 0)
    first, second = octets[:_HEADER_OCTETS], octets[_HEADER_OCTETS : 2 * _HEADER_OCTETS]
    if first != second or len(octets) < _INDEX_OCTETS:
        return None
    _, _, _, is_made, _, page, frames, pages, *checksum, salts = _INDEX_HEADER.unpack(first)
    if not is_made:
        return None
    (backfilled,) = _BACKFILLED.unpack_from(octets, _BACKFILLED_AT)
    (attempted,) = _BACKFILLED.unpack_from(octets, _ATTEMPTED_AT)
    octets_of_page = (page & 0xFE00) + ((page & 1) << 16)
    return Index(octets_of_page, frames, pages, (checksum[0], checksum[1]), salts, backfilled, attempted)


class Contents:
    """The look at one store that is open. Used by whoever has the writing connection."""

    def __init__(self, path: Path, db: apsw.Connection, index: int) -> None:
        """`index`: a descriptor of `-shm` that is open as long as this is used."""
        self._path = path
        self._db = db
        self._index = index
        self.lost: str | None = None
        """Why this store must not be used any more."""
        self._file = _file_of(path)
        found = read_index(index)
        self._progress = None if found is None else found.progress

    def check(self) -> None:
        """Raise Overwritten, now and ever after, if anyone but SQLite has written to the file or its log."""
        if self.lost is not None:
            raise Overwritten(self.lost)
        fault = self._look()
        if fault is not None:
            raise self.lose(fault)

    def lose(self, what: str) -> Overwritten:
        """Give the store up: no checkpoint of ours carries the log into what lies there now. The error to raise."""
        self.lost = (
            f"{what}: nothing is accepted, sent or written any more. Stop the gateway and start it again; if it does "
            f"not start, `payamak restore COPY --data STORE --replace` (docs/guide/operations.md, A store that was "
            f"overwritten)"
        )
        self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return Overwritten(self.lost)

    def is_folded(self) -> bool:
        """Whether the file itself holds all that was committed; ask inside a writing transaction."""
        index = read_index(self._index)
        return index is not None and index.is_folded

    def _look(self) -> str | None:
        """What is wrong; None if all is well, or if SQLite is at work so that nobody can tell now."""
        for _ in range(_LOOKS):
            index, file = read_index(self._index), _file_of(self._path)
            is_folding = is_locked_by_another(self._index, _CHECKPOINT_LOCK)
            fault = None if index is None else self._fault_of_log(index)
            if read_index(self._index) != index:
                continue
            if index is None:
                return None if _is_whole(self._index) else f"{self._path.name}-shm was cut off while it is in use"
            return fault or self._fault_of_file(index, file, is_folding=is_folding)
        return None

    def _fault_of_file(self, index: Index, file: tuple[int, int] | None, *, is_folding: bool) -> str | None:
        if is_folding or file is None:
            return None
        if file != self._file:
            if index.progress == self._progress and not index.is_attempted:
                return f"{self._path.name} was overwritten while it is in use"
            if index.is_folded and index.frames and file[0] != index.pages * index.page_octets:
                return f"{self._path.name} was overwritten while it is in use: its length is not what was written"
        self._file, self._progress = file, index.progress
        return None

    def _fault_of_log(self, index: Index) -> str | None:
        """The log must begin with the salts, and end with the frame, that the index tells of."""
        if not index.frames:
            return None
        place = _LOG_HEADER_OCTETS + (index.frames - 1) * (_FRAME_HEADER.size + index.page_octets)
        is_there, header = self._db.read("main", 1, 0, _LOG_HEADER_OCTETS)
        was_read, frame = self._db.read("main", 1, place, _FRAME_HEADER.size)
        if is_there and was_read and header[16:24] == index.salts:
            _, pages, salts, *checksum = _FRAME_HEADER.unpack(frame)
            if (pages, salts, tuple(checksum)) == (index.pages, index.salts, index.checksum):
                return None
        return f"{self._path.name}-wal was overwritten while it is in use"


def _file_of(path: Path) -> tuple[int, int] | None:
    """Length and time of the last change; None if the name leads nowhere, which is files.py's to tell."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_whole(descriptor: int) -> bool:
    return os.fstat(descriptor).st_size >= _INDEX_OCTETS
