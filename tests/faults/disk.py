"""`python tests/faults/disk.py CONTROL serve ...`: the gateway on a disk that fails as the file CONTROL says.

SQLite's own file layer lies below; in between each write and each sync looks into CONTROL:

    (empty)     all is well
    full        a write finds no room (SQLITE_FULL, as for ENOSPC)
    readonly    a write finds a file system that has become read-only (SQLITE_READONLY)
    broken      a sync fails (SQLITE_IOERR, as for EIO)
    slow N      a sync takes N seconds

The file is read anew each time, so that a test switches the fault on and off while the gateway runs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import apsw

BELOW = "unix"


class Control:
    """What the disk does now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_write(self) -> None:
        """Raise what a write meets."""
        match self._path.read_text().split():
            case ["full"]:
                raise apsw.FullError("database or disk is full")
            case ["readonly"]:
                raise apsw.ReadOnlyError("attempt to write a readonly database")

    def on_sync(self) -> None:
        """Raise what a sync meets, or take the time it takes."""
        match self._path.read_text().split():
            case ["broken"]:
                raise apsw.IOError("disk I/O error")
            case ["slow", seconds]:
                until_s = time.monotonic() + float(seconds)
                while time.monotonic() < until_s and self._path.read_text().startswith("slow"):
                    time.sleep(0.05)


class FaultyFile(apsw.VFSFile):
    """One file of the store."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], control: Control) -> None:
        super().__init__(BELOW, name, flags)
        self._control = control

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, if the disk lets us."""
        self._control.on_write()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        """Sync, if the disk does."""
        self._control.on_sync()
        super().xSync(flags)


class FaultyDisk(apsw.VFS):
    """The file layer that every connection of the process gets."""

    def __init__(self, control: Control) -> None:
        super().__init__("faulty", BELOW, makedefault=True)
        self._control = control

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> FaultyFile:
        """Open a file on this disk."""
        return FaultyFile(name, flags, self._control)


def main() -> None:
    """Put the disk in, then be payamak."""
    disk = FaultyDisk(Control(Path(sys.argv.pop(1))))
    from payamak.cli import main as payamak

    payamak()
    del disk  # it lives as long as the program


if __name__ == "__main__":
    main()
