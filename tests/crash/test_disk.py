"""The disk that forgets: SQLite sees what it wrote, the file has what was synced (tests/crash/disk.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.crash.disk import NAME, Disk, ForgetfulVFS, Held

SCHEMA = "CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
ADD = "INSERT INTO word (text) VALUES (?)"
SIZE = 24


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk of its own, asked for by name so that nobody else uses it."""
    disk = Disk()
    vfs = ForgetfulVFS(disk, is_default=False)
    yield disk
    vfs.unregister()


def _open(path: Path, checkpoint_pages: int = 1_000) -> apsw.Connection:
    db = apsw.Connection(str(path), vfs=NAME)
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", "FULL")
    db.pragma("wal_autocheckpoint", checkpoint_pages)
    return db


def _after_a_cut(path: Path) -> list[str]:
    """What a reader finds whose machine lost power now: the files as they are below, without the wal-index."""
    copy = path.with_name("copy.sqlite")
    for end in ("", "-wal"):
        below = path.with_name(path.name + end)
        if below.exists():
            shutil.copyfile(below, copy.with_name(copy.name + end))
    db = apsw.Connection(str(copy))
    try:
        assert db.pragma("integrity_check") == "ok"
        return [str(text) for (text,) in db.execute("SELECT text FROM word ORDER BY id")]
    finally:
        db.close()
        for file in path.parent.glob("copy.sqlite*"):
            file.unlink()


@pytest.mark.parametrize("checkpoint_pages", [1_000, 5])
def test_committed_is_there_and_open_is_not(tmp_path: Path, disk: Disk, checkpoint_pages: int) -> None:
    """After a commit the file has all of it, whether its log is copied often or never; an open one leaves nothing."""
    path = tmp_path / "store.sqlite"
    db = _open(path, checkpoint_pages)
    db.execute(SCHEMA)
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=NAME)
    words = [str(number) * 900 for number in range(30)]
    for count, word in enumerate(words, 1):
        db.execute(ADD, (word,))
        assert next(reader.execute("SELECT count(*) FROM word"))[0] == count
        assert _after_a_cut(path) == words[:count]
    db.execute("BEGIN IMMEDIATE")
    db.execute(ADD, ("never",))
    assert _after_a_cut(path) == words
    db.execute("ROLLBACK")
    reader.close()
    db.close()


def test_unsynced_is_forgotten(tmp_path: Path, disk: Disk) -> None:
    """A commit without a sync is seen by this process and not by the file; a part of it never shows as a whole."""
    path = tmp_path / "store.sqlite"
    db = _open(path)
    db.execute(SCHEMA)
    db.execute(ADD, ("safe",))
    db.pragma("synchronous", "OFF")
    db.execute(ADD, ("unsafe" * 2_000,))
    assert next(db.execute("SELECT count(*) FROM word"))[0] == 2
    assert _after_a_cut(path) == ["safe"]
    for seed in range(20):
        disk.spill(seed)
        assert _after_a_cut(path) in (["safe"], ["safe", "unsafe" * 2_000])
    db.close()


def test_ignored_sync(tmp_path: Path, disk: Disk) -> None:
    """With the sync taken out nothing reaches the file."""
    path = tmp_path / "store.sqlite"
    disk.ignores_sync = True
    db = _open(path)
    db.execute(SCHEMA)
    db.execute(ADD, ("gone",))
    assert path.stat().st_size == 0
    db.close()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, SIZE - 1), st.binary(min_size=1, max_size=8)),
        st.tuples(st.just("cut"), st.integers(0, SIZE), st.just(b"")),
    ),
    max_size=12,
)


@given(below=st.binary(max_size=SIZE), operations=OPERATIONS, offset=st.integers(0, SIZE), amount=st.integers(1, SIZE))
def test_held_reads_as_written(
    below: bytes, operations: list[tuple[str, int, bytes]], offset: int, amount: int
) -> None:
    """Held writes (without gaps, as SQLite's are) and cuts over any file read like the same made to it."""
    held, plain = Held(), bytearray(below)
    for kind, at, data in operations:
        if kind == "write":
            at = min(at, len(plain))
            held.write(data, at)
            plain[at : at + len(data)] = data
        else:
            held.truncate(at)
            del plain[at:]
    assert held.length(len(below)) == len(plain)
    seen = held.patched(below[offset : offset + amount], offset, amount)
    wanted = bytes(plain[offset : offset + amount])
    assert seen.ljust(amount, b"\0") == wanted.ljust(amount, b"\0")
