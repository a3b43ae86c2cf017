"""Who may read the files: their owner, and whom the operator lets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.sqlite.support import file_of
from tests.store.world import World

from payamak.store.sqlite.locking import serve_lock
from payamak.store.sqlite.store import SqliteStore


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """A process that would let everybody read what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, int]:
    """The mode of every file in a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_files_are_private(tmp_path: Path) -> None:
    """The store, its journal, its lock and its backup are for their owner alone, whatever the umask."""
    store = SqliteStore(file_of(tmp_path))
    await World(store).build()
    lock = serve_lock(store.path)
    await store.backup(str(tmp_path / "backup.sqlite"))
    found = rights(tmp_path)
    lock.release()
    await store.close()
    names = ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.sqlite-serve", "backup.sqlite")
    assert found == dict.fromkeys(names, 0o600)


async def test_what_an_operator_set_is_kept(tmp_path: Path) -> None:
    """A store that a group may read stays so, its journal with it."""
    path = file_of(tmp_path)
    await SqliteStore(path).close()
    path.chmod(0o640)
    store = SqliteStore(path)
    await World(store).build()
    found = rights(tmp_path)
    await store.close()
    assert found == dict.fromkeys(("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"), 0o640)


async def test_a_backup_writes_through_no_link(tmp_path: Path) -> None:
    """A link that waits under the backup's name is a file that exists, also if it points nowhere."""
    store = SqliteStore(file_of(tmp_path))
    (tmp_path / "backup.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError, match="never overwrites"):
        await store.backup(str(tmp_path / "backup.sqlite"))
    await store.close()
    assert not (tmp_path / "elsewhere").exists()
