"""Who may serve a store: one process, whatever names lead to the file.

Two locks, because each alone has a way around it:

* A lock on a file of its own beside the resolved path (`…-serve`). It is held before the store is opened, and by it
  the second one learns that there is a first. But a person can remove it while it is held, and a file that is mounted
  at a second place has another folder beside it.
* A lock on the store itself, on an octet far behind SQLite's own locks (open file description locks: other
  descriptors of the process may come and go). It goes with the file, not with a name.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import sys
from pathlib import Path

from payamak.errors import StoreFailed
from payamak.store.sqlite import holding

PRIVATE = 0o600
"""The mode of what we make, for it holds texts, numbers, hashes. SQLite gives `-wal` and `-shm` the store's mode."""

_OURS = 1 << 62
"""The octet that is locked; SQLite's begin at 1 << 30 and are 512, and no store is that long."""

_FLOCK = "hhqqi4x"
"""struct flock of 64-bit Linux: type, whence, start, length, process."""


def resolved(path: Path) -> Path:
    """Where the file is, symbolic links followed: its log, its locks and its server lock lie beside that place.

    Raises StoreFailed for a file with several names: SQLite would keep a log beside each of them, and what one writes
    would be lost to the other.
    """
    found = Path(os.path.realpath(path))
    try:
        status = os.stat(found)
    except OSError:
        return found  # it is not there yet; or it cannot be reached, which SQLite will say
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise StoreFailed(
            f"{found.name} has {status.st_nlink} names (hard links), and each would get a log of its own: keep one, "
            f"remove the others (find them with: find DIRECTORY -samefile {found})"
        )
    return found


def make_private(path: Path) -> None:
    """Make the file, for its owner alone, if it is not there; whoever has set other rights since has meant them."""
    if path.exists():
        return  # not even opened: the close would end SQLite's locks (holding.py)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except OSError:
        return  # somebody was faster; or it cannot be made, which SQLite will say


class ServeLock:
    """Both locks, until `release` or the end of the process."""

    def __init__(self, path: Path, beside: int, store: int, key: holding.Key) -> None:
        self.path = path
        """The resolved path of the store."""
        self._beside = beside
        self._store = store
        self._key = key

    def release(self) -> None:
        """Let another process serve. Call when the store is closed."""
        _lock_store(self._store, fcntl.F_UNLCK)
        holding.give_back(self._key, self._store)
        os.close(self._beside)


def serve_lock(path: Path) -> ServeLock:
    """Take the locks that only one server may hold. Raises StoreFailed if another has one, or the file has two names.

    Makes the store's file if it is not there; call it before the store is opened.
    """
    path = resolved(path)
    beside = lock_beside(path)
    try:
        check_no_orphan(path)
        make_private(path)
        store = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        os.close(beside)
        raise StoreFailed(f"cannot open the store {path}: {error.strerror}") from error
    except StoreFailed:
        os.close(beside)
        raise
    status = os.fstat(store)
    key = status.st_dev, status.st_ino
    if not _lock_store(store, fcntl.F_WRLCK):
        holding.give_back(key, store)
        os.close(beside)
        raise StoreFailed(_taken(path))
    return ServeLock(path, beside, store, key)


def lock_beside(path: Path) -> int:
    """Take the lock on the file beside a resolved path: the descriptor that holds it until it is closed.

    For whoever puts another file in the store's place. Raises StoreFailed if a server has it.
    """
    # Nobody else may open it: who can read a file can also lock it, and so keep us from starting.
    beside = os.open(f"{path}-serve", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(beside, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(beside)
        raise StoreFailed(_taken(path)) from error
    return beside


def _taken(path: Path) -> str:
    return f"another Payamak serves {path.name}: stop it first, or give this one a file of its own (--data)"


def _lock_store(descriptor: int, kind: int) -> bool:
    """Set our lock on the store; False if another holds it. True also where the system knows no such lock."""
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return True  # pragma: no cover - Linux has had it since 3.15
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, _OURS, 1, 0))
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks: the file beside it is what there is
    return True


def is_locked_by_another(descriptor: int, octet: int) -> bool:
    """Whether another process holds a POSIX lock on this octet; False where the system's words are not known."""
    if sys.platform != "linux":
        return False
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, octet, 1, 0)
    try:
        answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, asked)
    except OSError:
        return False
    return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)


def check_no_orphan(path: Path) -> None:
    """Raise StoreFailed if the store is not there, or empty, and a log lies beside its place.

    SQLite would remove such a log without a word, and with it whatever was promised last.
    """
    if _size_octets(path) == 0 and (size := _size_octets(path.with_name(f"{path.name}-wal"))):
        raise StoreFailed(
            f"{path.name} is missing or empty, but its log {path.name}-wal is there ({size:,} octets): put the file "
            f"back that belongs to it, or move the log away to begin without what stands in it"
        )


def _size_octets(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
