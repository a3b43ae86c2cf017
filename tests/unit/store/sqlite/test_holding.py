"""Our own descriptors of the store's files: closed only when no store of this process has the file open."""

from __future__ import annotations

import os
from pathlib import Path

from payamak.store.sqlite import holding


def is_open(descriptor: int) -> bool:
    """Whether the descriptor leads anywhere."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_closed_after_the_last_store(tmp_path: Path) -> None:
    """Given back while two stores have the file open, it lives until the second one has left."""
    path = tmp_path / "store.sqlite"
    path.touch()
    key = holding.key_of(path)
    holding.enter(key)
    holding.enter(key)
    descriptor = os.open(path, os.O_RDONLY)
    holding.give_back(key, descriptor)
    assert is_open(descriptor)
    holding.leave(key)
    assert is_open(descriptor)
    holding.leave(key)
    assert not is_open(descriptor)


def test_closed_at_once_where_nobody_is(tmp_path: Path) -> None:
    """Nothing is kept of a file that nobody has open."""
    path = tmp_path / "store.sqlite"
    path.touch()
    descriptor = os.open(path, os.O_RDONLY)
    holding.give_back(holding.key_of(path), descriptor)
    assert not is_open(descriptor)
