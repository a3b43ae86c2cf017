"""A disk that forgets: SQLite's default VFS, replaced by one that keeps every write in memory until it is synced.

A killed process takes its memory with it, so whatever SQLite has not synced at that instant was never written: what
a power cut does to a disk that buffers. Real disks may also have written some of it, in any order; so `spill` writes a
seeded part of it, in sectors, right before a kill.

All connections of the process see one view of a file. The wal-index (-shm) and temporary files are left to the VFS
below: they say nothing that must outlive a process. That a new or removed file needs a sync of its folder is not
modelled: SQLite does that itself below the calls that are seen here.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import apsw

SECTOR_OCTETS = 512
NAME = "forgetful"


@dataclass
class Held:
    """What one file has not been told yet: writes in their order, and a length to which it was cut before them."""

    writes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    cut_to: int | None = None

    def write(self, data: bytes, offset: int) -> None:
        """Keep a write; one that covers the same octets as an earlier one takes its place at the end."""
        place = (offset, len(data))
        self.writes.pop(place, None)
        self.writes[place] = data

    def truncate(self, length: int) -> None:
        """Keep a cut: nothing behind `length` is there any more."""
        self.cut_to = length if self.cut_to is None else min(self.cut_to, length)
        kept, self.writes = self.writes, {}
        for (offset, _), data in kept.items():
            if offset < length:
                self.write(data[: length - offset], offset)

    def length(self, below: int) -> int:
        """How long the file seems to be, if it is `below` long on disk."""
        visible = below if self.cut_to is None else min(below, self.cut_to)
        return max([visible, *(offset + size for offset, size in self.writes)])

    def patched(self, below: bytes, offset: int, amount: int) -> bytes:
        """What a read of `amount` octets at `offset` sees, if the disk has `below` there."""
        if self.cut_to is not None:
            below = below[: max(0, self.cut_to - offset)]
        seen = bytearray(below)
        for (start, size), data in self.writes.items():
            first, last = max(start, offset), min(start + size, offset + amount)
            if first < last:
                if len(seen) < last - offset:
                    seen.extend(bytes(last - offset - len(seen)))
                seen[first - offset : last - offset] = data[first - start : last - start]
        return bytes(seen)


class Disk:
    """The held writes of every file of this process. `on_sync` hears of each sync: the path, "before" or "after"."""

    def __init__(self, *, ignores_sync: bool = False) -> None:
        """`ignores_sync`: syncs are answered and not done, to see that the tests notice."""
        self.lock = threading.RLock()
        self.ignores_sync = ignores_sync
        self.held: dict[str, Held] = {}
        self.on_sync: Callable[[str, str], None] = lambda path, side: None

    def file(self, path: str) -> Held:
        """The held writes of a file."""
        return self.held.setdefault(path, Held())

    def spill(self, seed: int) -> None:
        """Write a seeded part of what is held, in sectors and in any order; call it only right before the end.

        A cut that is held is not done: a disk that has done it would be the disk after the sync.
        """
        choice = random.Random(seed)
        for path, held in self.held.items():
            if not os.path.exists(path):
                continue
            sectors = [
                (offset + at, data[at : at + SECTOR_OCTETS])
                for (offset, _), data in held.writes.items()
                for at in range(0, len(data), SECTOR_OCTETS)
            ]
            choice.shuffle(sectors)
            descriptor = os.open(path, os.O_WRONLY)
            for offset, octets in sectors[: choice.randint(0, len(sectors))]:
                os.pwrite(descriptor, octets, offset)
            os.close(descriptor)


class ForgetfulVFS(apsw.VFS):
    """The default VFS but for what it has not synced; see the module's text."""

    def __init__(self, disk: Disk, *, is_default: bool = True) -> None:
        self.disk = disk
        self.below = apsw.vfs_names()[0]  # the default one until now
        super().__init__(NAME, self.below, makedefault=is_default)

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        """Open a file; a temporary one as ever."""
        if name is None:
            return apsw.VFSFile(self.below, name, flags)
        return ForgetfulFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file, and what was held for it."""
        with self.disk.lock:
            self.disk.held.pop(os.path.realpath(filename), None)
            super().xDelete(filename, syncdir)


class ForgetfulFile(apsw.VFSFile):
    """One open file: reads see what is held, writes are held, a sync writes them."""

    def __init__(self, vfs: ForgetfulVFS, name: apsw.URIFilename | str, flags: list[int]) -> None:
        super().__init__(vfs.below, name, flags)
        path = name if isinstance(name, str) else name.filename()
        self._disk = vfs.disk
        self._path = os.path.realpath(path)

    @property
    def _held(self) -> Held:
        return self._disk.file(self._path)

    def xRead(self, amount: int, offset: int) -> bytes:
        """Read what is on disk, as what is held changes it."""
        with self._disk.lock:
            return self._held.patched(super().xRead(amount, offset), offset, amount)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Hold a write."""
        with self._disk.lock:
            self._held.write(bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:
        """Hold a cut."""
        with self._disk.lock:
            self._held.truncate(newsize)

    def xFileSize(self) -> int:
        """How long the file seems to be."""
        with self._disk.lock:
            return self._held.length(super().xFileSize())

    def xSync(self, flags: int) -> None:
        """Write what is held, then sync. When this returns it is on disk."""
        self._disk.on_sync(self._path, "before")
        if self._disk.ignores_sync:
            return
        with self._disk.lock:
            held = self._disk.held.pop(self._path, None)
            if held is not None:
                if held.cut_to is not None:
                    super().xTruncate(held.cut_to)
                for (offset, _), data in held.writes.items():
                    super().xWrite(data, offset)
        super().xSync(flags)
        self._disk.on_sync(self._path, "after")
