"""Our own descriptors of the store's files, beside SQLite's: none is closed while SQLite has the store open.

A process that closes *any* descriptor of a file loses all its POSIX locks on that file (fcntl(2)), and SQLite keeps
processes apart by such locks, on the file itself and on `-shm`. So a descriptor of ours lives at least as long as the
last store of this process on that file; whoever is done with one leaves it here. What SQLite opens for itself is
safe: it keeps count of its own.

The key is the file's place on its device. That is no lasting identity, but while anyone here has the file open no
other file can get the same place, and nothing is kept for a file that nobody has open.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

Key = tuple[int, int]

_lock = threading.Lock()
_stores: dict[Key, int] = {}
_left: dict[Key, list[int]] = {}


def key_of(path: Path) -> Key:
    """The file's place. Raises OSError."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def enter(key: Key) -> None:
    """A store of this process has the file open."""
    with _lock:
        _stores[key] = _stores.get(key, 0) + 1


def leave(key: Key) -> None:
    """It has closed it. After the last one the descriptors that were left here are closed."""
    with _lock:
        _stores[key] -= 1
        if not _stores[key]:
            del _stores[key]
            for descriptor in _left.pop(key, ()):
                os.close(descriptor)


def give_back(key: Key, descriptor: int) -> None:
    """Close a descriptor of one of the files, now or when nobody here has the store open any more."""
    with _lock:
        if key in _stores:
            _left.setdefault(key, []).append(descriptor)
        else:
            os.close(descriptor)
