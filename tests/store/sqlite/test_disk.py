"""The disk fails: everybody is told the truth, nothing is promised, and it heals by itself (P1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.support import batches, file_of
from tests.store.world import NOW, Listener, World, step

from payamak.errors import StoreFailed
from payamak.store.records import Search
from payamak.store.sqlite.store import SqliteStore
from payamak.store.sqlite.transaction import COMMITS_KEPT


class BadCommit:
    """A writing connection whose next COMMIT fails, before or after it has really happened."""

    def __init__(self, db: apsw.Connection, *, happens: bool, meanwhile: list[apsw.Connection]) -> None:
        self._db = db
        self._happens = happens
        self._meanwhile = meanwhile
        self.is_due = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._db, name)

    def execute(self, statement: str, values: object = ()) -> object:
        """Pass on; the COMMIT fails once."""
        if statement != "COMMIT" or not self.is_due:
            return self._db.execute(statement, values)  # type: ignore[arg-type]
        self.is_due = False
        self._db.execute("COMMIT" if self._happens else "ROLLBACK")
        for other in self._meanwhile:
            other.execute("UPDATE meta SET value = value + 1 WHERE key = 'batch'")
        raise apsw.IOError("disk I/O error")


@contextmanager
def bad_commit(store: SqliteStore, *, happens: bool, another_writes: bool = False) -> Iterator[BadCommit]:
    """While it lasts, the store's next commit fails; another process may write before it is read back."""
    other = apsw.Connection(str(store.path))
    batch = store.writer._batch  # type: ignore[attr-defined]
    db = batch.db
    batch.db = BadCommit(db, happens=happens, meanwhile=[other] if another_writes else [])
    try:
        yield batch.db
    finally:
        batch.db = db
        other.close()


@pytest.mark.parametrize("another_writes", [False, True])
async def test_a_commit_that_failed(sqlite: SqliteStore, world: World, another_writes: bool) -> None:
    """A commit that fails and is not in the file fails for everyone, also if another process has written since."""
    listener = Listener(sqlite)
    with bad_commit(sqlite, happens=False, another_writes=another_writes):
        results = await asyncio.gather(*(world.accept() for _ in range(3)), return_exceptions=True)
    assert [type(r) for r in results] == [StoreFailed] * 3
    assert listener.batches == []
    assert await sqlite.search(Search()) == []
    assert (await world.balance()).available == 10_000
    assert (await world.accept()).reserved == 100


@pytest.mark.parametrize("another_writes", [False, True])
async def test_a_commit_that_happened_all_the_same(sqlite: SqliteStore, world: World, another_writes: bool) -> None:
    """A commit that fails but is in the file is told as done, and published; nobody sends it a second time."""
    listener = Listener(sqlite)
    with bad_commit(sqlite, happens=True, another_writes=another_writes):
        messages = await asyncio.gather(*(world.accept() for _ in range(3)))
    assert [message for message, _ in listener.events] == [m.id for m in messages]
    assert len(await sqlite.search(Search())) == 3
    assert (await world.balance()).reserved == 300
    await world.accept()
    assert (await world.balance()).reserved == 400


async def test_a_commit_of_nothing(sqlite: SqliteStore) -> None:
    """A look whose commit fails has written nothing that could be lost."""
    with bad_commit(sqlite, happens=False):
        assert await sqlite.sweep(NOW, 10) == 0


async def test_signatures_do_not_pile_up(sqlite: SqliteStore) -> None:
    """The record of who committed what stays small."""
    for _ in range(COMMITS_KEPT + 10):
        await sqlite.credit("shop", 1, "", NOW)
    db = apsw.Connection(str(sqlite.path))
    (count,) = next(iter(db.execute("SELECT count(*) FROM meta")))
    db.close()
    assert isinstance(count, int)
    assert count <= COMMITS_KEPT + 4


async def test_disk_full(sqlite: SqliteStore, world: World) -> None:
    """A full disk fails everyone who needs it and keeps nothing of them; with room again it goes on by itself."""
    kept = [await world.accept(world.new(step(price=1))) for _ in range(3)]
    before = batches(sqlite)
    pages = sqlite._db.pragma("page_count")
    sqlite._db.pragma("max_page_count", pages)
    results = await asyncio.gather(
        *(world.accept(world.new(step(price=1))) for _ in range(200)), return_exceptions=True
    )
    failed = [r for r in results if isinstance(r, BaseException)]
    assert {type(r) for r in failed} == {StoreFailed}
    assert len(await sqlite.search(Search(limit=1_000))) == len(kept) + 200 - len(failed)
    await world.balance()
    sqlite._db.pragma("max_page_count", 1 << 30)
    assert (await world.accept()).reserved == 100
    assert batches(sqlite) > before
    await world.balance()


async def test_reading_fails(sqlite: SqliteStore, world: World) -> None:
    """A reader whose connection fails says StoreFailed, and no other error."""
    message = await world.accept()
    sqlite._loop_reader.db.close()
    with pytest.raises(StoreFailed):
        await sqlite.standings(world.account_id(), [message.id])


@pytest.mark.parametrize("content", [b"not a database, but a letter to somebody" * 100])
async def test_not_a_store(tmp_path: Path, content: bytes) -> None:
    """A file that is no store is refused with its name and left as it was."""
    file_of(tmp_path).write_bytes(content)
    with pytest.raises(StoreFailed, match=r"store\.sqlite"):
        SqliteStore(file_of(tmp_path))
    assert file_of(tmp_path).read_bytes() == content


async def test_no_folder(tmp_path: Path) -> None:
    """A folder that does not exist is refused with what to do."""
    with pytest.raises(StoreFailed, match="check that the folder exists"):
        SqliteStore(tmp_path / "nowhere" / "store.sqlite")


async def test_a_newer_schema(sqlite: SqliteStore) -> None:
    """A store that a newer program has migrated is refused, not guessed at."""
    db = apsw.Connection(str(sqlite.path))
    db.pragma("user_version", 99)
    db.close()
    with pytest.raises(StoreFailed, match="newer Payamak"):
        SqliteStore(sqlite.path)
