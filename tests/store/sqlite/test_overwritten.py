"""What stands in the files is no longer what was written last: nothing is stored, told or promised any more (P1)."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.sqlite.support import file_of
from tests.store.world import NOW, World, step

from payamak.domain.message import State
from payamak.errors import StoreFailed
from payamak.store.records import Search
from payamak.store.sqlite.contents import read_index
from payamak.store.sqlite.store import SqliteStore


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[World]:
    """A store as a server has it."""
    store = SqliteStore(file_of(tmp_path))
    world = await World(store).build()
    store.begin_serving()
    yield world
    await store.close()


def put_back(backup: Path, path: Path) -> None:
    """As `.restore` does; by this process's own SQLite, for another one's close would end our locks."""
    with closing(apsw.Connection(str(backup))) as source, closing(apsw.Connection(str(path))) as target:
        target.set_busy_timeout(10_000)
        with target.backup("main", source, "main") as copy:
            copy.step()


def write_at(path: Path, place: int, octets: bytes) -> None:
    """As `dd conv=notrunc`."""
    with path.open("r+b") as file:
        file.seek(place)
        file.write(octets)


async def given_up(world: World, why: str) -> None:
    """Every write and every look is refused, again and again, with the reason."""
    store = world.store
    assert isinstance(store, SqliteStore)
    for _ in range(2):
        for attempt in (world.accept(), store.prove(), store.sweep(NOW, 10)):
            with pytest.raises(StoreFailed, match=why):
                await attempt
        with pytest.raises(StoreFailed, match=why):
            await store.search(Search())
        assert why in (store.trouble or "")


async def test_one_octet(serving: World, tmp_path: Path) -> None:
    """A single write by somebody else into the file, of octets that are the same: nobody knows what else he wrote."""
    await serving.accept()
    path = file_of(tmp_path)
    await serving.store.backup(str(tmp_path / "b"))
    octet = (tmp_path / "b").read_bytes()[:1]
    os.utime(tmp_path / "b")
    with path.open("r+b") as file:
        file.write(octet)
    await given_up(serving, "was overwritten")


async def test_the_log(serving: World, tmp_path: Path) -> None:
    """The frame that was written last must stand where the index says, with its checksum."""
    await serving.accept()
    files = serving.store._files  # type: ignore[attr-defined]
    index = read_index(files._index)
    assert index is not None
    write_at(Path(f"{file_of(tmp_path)}-wal"), 32 + (index.frames - 1) * (24 + index.page_octets) + 16, b"\x00" * 8)
    await given_up(serving, "-wal was overwritten")


async def test_during_the_commit(serving: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is put there while the commit is under way takes it along: nobody is told that it happened."""
    store = serving.store
    assert isinstance(store, SqliteStore)
    message = await serving.accept()
    batch = store.writer._batch  # type: ignore[attr-defined]
    commit = batch._commit

    def overwritten(number: int) -> None:
        commit(number)
        if number:
            with file_of(tmp_path).open("r+b") as file:
                file.write(b"S")

    monkeypatch.setattr(batch, "_commit", overwritten)
    with pytest.raises(StoreFailed, match="was overwritten"):
        await serving.mark(message)  # what has no undoing, as a mark, is refused too: its octets must not leave


async def test_put_back_through_sqlite(serving: World, tmp_path: Path) -> None:
    """`.restore` and the backup interface write as any program does; what we wrote last is not there any more."""
    await serving.accept()
    await serving.store.backup(str(tmp_path / "backup.sqlite"))
    await serving.accept()
    put_back(tmp_path / "backup.sqlite", file_of(tmp_path))
    await given_up(serving, "was put back")


async def test_put_back_to_what_was_written_last(serving: World, tmp_path: Path) -> None:
    """A backup of the very last state, put back at once, has lost nothing: all goes on."""
    message = await serving.accept()
    await serving.store.backup(str(tmp_path / "backup.sqlite"))
    put_back(tmp_path / "backup.sqlite", file_of(tmp_path))
    await serving.accept()
    assert message.id in [found.id for found in await serving.store.search(Search())]


async def test_another_gateway_writes(serving: World, tmp_path: Path) -> None:
    """Should a second one come to serve the same store after all, the first one's next transaction says so."""
    await serving.accept()
    other = await World(SqliteStore(file_of(tmp_path))).build()
    assert isinstance(other.store, SqliteStore)
    other.store.begin_serving()
    await other.accept()
    await given_up(serving, "another gateway serves it")
    await other.store.close()


async def test_commands_and_checkpoints_of_others(serving: World, tmp_path: Path) -> None:
    """Commands write, other programs fold the log or rewrite the whole file through SQLite: nothing is the matter."""
    for _ in range(3):
        await serving.accept()
        command = SqliteStore(file_of(tmp_path))
        await command.credit("shop", 100, "", NOW)
        await command.close()
        with closing(apsw.Connection(str(file_of(tmp_path)))) as db:
            db.execute("VACUUM")
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        await serving.accept()
    assert isinstance(serving.store, SqliteStore)
    assert serving.store.trouble is None
    assert len(await serving.store.search(Search())) == 6


async def test_a_log_of_another_time(tmp_path: Path) -> None:
    """A log that goes on from more than the file holds is refused, and neither of the two is changed."""
    path = file_of(tmp_path)
    store = SqliteStore(path)
    world = await World(store).build()
    store.begin_serving()
    await world.accept()
    await store.backup(str(tmp_path / "backup.sqlite"))
    for _ in range(3):
        await world.accept()
        store._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
    await world.accept()
    dead = tmp_path / "dead"
    dead.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", dead / f"store.sqlite{suffix}")
    kept = Path(shutil.copy(f"{path}-wal", tmp_path / "kept"))
    await store.close()
    again = SqliteStore(dead / "store.sqlite")
    assert len(await again.search(Search())) == 5, "the two belong together: nothing is lost"
    await again.close()
    octets = (tmp_path / "backup.sqlite").read_bytes()
    (dead / "store.sqlite").write_bytes(octets)
    log = (dead / "store.sqlite-wal").read_bytes() if (dead / "store.sqlite-wal").exists() else b""
    assert not log, "the last close has folded it"
    shutil.copy(kept, dead / "store.sqlite-wal")
    for _ in range(2):
        with pytest.raises(StoreFailed, match="an earlier state than the log goes on from"):
            SqliteStore(dead / "store.sqlite")
    assert (dead / "store.sqlite").read_bytes() == octets
    assert filecmp.cmp(dead / "store.sqlite-wal", kept, shallow=False)


async def test_a_store_from_before(tmp_path: Path) -> None:
    """A file and a log that know nothing of proofs, as they were left before, are opened, served, then watched."""
    path = file_of(tmp_path)
    store = SqliteStore(path)
    world = await World(store).build()
    states = [await world.accept(), await world.sending(), await world.enroute("1")]
    assert not list(store._db.execute("SELECT key FROM meta WHERE key IN ('base', 'served')"))
    old = tmp_path / "old"
    old.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", old / f"store.sqlite{suffix}")
    await store.close()
    assert (old / "store.sqlite-wal").stat().st_size
    again = SqliteStore(old / "store.sqlite")
    assert await again.look_through(60.0) == []
    assert await again.recover(NOW, 100) == 1
    again.begin_serving()
    await again.prove()
    assert {message.id for message in await again.search(Search())} == {message.id for message in states}
    write_at(again.path, 0, b"S")
    with pytest.raises(StoreFailed, match="was overwritten"):
        await again.prove()
    await again.close()


def log_of(path: Path) -> Path:
    """The log beside a file."""
    return path.with_name(f"{path.name}-wal")


async def test_the_log_of_another_history(tmp_path: Path) -> None:
    """A log whose numbers fit the file by chance, for both come from one backup: its signatures do not."""
    early = file_of(tmp_path)
    await (await World(SqliteStore(early)).build()).store.close()

    async def history(name: str, messages: int) -> tuple[Path, bytes]:
        path = tmp_path / f"{name}.sqlite"
        shutil.copyfile(early, path)
        store = SqliteStore(path)
        store.begin_serving()
        world = World(store)
        for _ in range(messages):
            await world.accept(world.new(step(price=1)))
        log = log_of(path).read_bytes()
        await store.close()
        return path, log

    one, _ = await history("one", 10)
    _, log = await history("other", 30)
    log_of(one).write_bytes(log)
    before = one.read_bytes()
    with pytest.raises(StoreFailed, match="another history"):
        SqliteStore(one)
    assert (one.read_bytes(), log_of(one).read_bytes()) == (before, log)


@pytest.mark.parametrize("was_served", [False, True], ids=["a new store", "served before"])
async def test_the_first_commit_of_a_server_fails(tmp_path: Path, was_served: bool) -> None:
    """A disk that is full when a server begins has put nothing back: with room again everything is accepted."""
    before = SqliteStore(file_of(tmp_path))
    await World(before).build()
    if was_served:
        before.begin_serving()
        await World(before).accept()
    await before.close()
    store = SqliteStore(file_of(tmp_path))
    world = World(store)
    store.begin_serving()
    batch: Any = store.writer._batch  # type: ignore[attr-defined]  # of the writer with a thread
    batch.db = full = _FullOnce(batch.db)
    with pytest.raises(StoreFailed, match="full"):
        await world.accept()
    assert full.was_full
    assert (await world.accept()).state is State.QUEUED
    assert store.trouble is None
    await store.close()


class _FullOnce:
    """The writing connection; its first COMMIT meets a full disk, which rolls back by itself."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self.was_full = False

    @property
    def in_transaction(self) -> bool:
        """See apsw."""
        return self._db.in_transaction

    def total_changes(self) -> int:
        """See apsw."""
        return self._db.total_changes()

    def execute(self, sql: str) -> Any:
        """See apsw."""
        if sql == "COMMIT" and not self.was_full:
            self.was_full = True
            self._db.execute("ROLLBACK")
            raise apsw.FullError("database or disk is full")
        return self._db.execute(sql)
