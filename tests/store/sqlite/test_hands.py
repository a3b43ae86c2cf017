"""One file, several hands: the server, the command line, and a second server that must not be."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.support import batches, file_of
from tests.store.world import LINE, NOW, World, step, taken

from payamak.domain.message import State
from payamak.errors import StoreFailed
from payamak.store.records import Search
from payamak.store.sqlite.locking import serve_lock
from payamak.store.sqlite.store import SqliteStore


async def test_two_writers_at_once(sqlite: SqliteStore, world: World) -> None:
    """Two stores that write to one file at the same time lose nothing of each other."""
    other = World(SqliteStore(sqlite.path))
    try:
        both = [world, other]
        messages = await asyncio.gather(*(both[i % 2].accept(world.new(step(price=10))) for i in range(200)))
        assert len({m.id for m in messages}) == 200
        assert (await other.balance()).available == (await world.balance()).available == 8_000
        assert await other.store.search(Search(limit=500)) == await world.store.search(Search(limit=500))
    finally:
        await other.store.close()


async def test_balance_is_shared(sqlite: SqliteStore, world: World) -> None:
    """The last rial is spent once, whoever spends it."""
    other = World(SqliteStore(sqlite.path))
    try:
        results = await asyncio.gather(
            *((world, other)[i % 2].accept(world.new(step(price=3_000))) for i in range(10)), return_exceptions=True
        )
        assert len([r for r in results if not isinstance(r, Exception)]) == 3
        assert (await world.balance()).available == 1_000
    finally:
        await other.store.close()


_SCRIPT = """
import asyncio, sys
from pathlib import Path
from payamak.store.sqlite.store import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    for _ in range(50):
        await store.credit("bank", 10, "from outside", 1)
    await store.close()

asyncio.run(main())
"""


async def test_another_process(sqlite: SqliteStore, world: World) -> None:
    """The command line writes while the server does, and both see all of it."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SCRIPT, str(sqlite.path))
    waiting = asyncio.create_task(process.wait())
    while not waiting.done():
        await sqlite.credit("bank", 1, "here", NOW)
        await sqlite.credit("bank", -1, "here", NOW)
    assert waiting.result() == 0
    assert (await world.balance("bank")).available == 500
    (message,) = [await world.accept(world.new(step(price=500), account="bank"))]
    assert message.reserved == 500


async def test_serve_lock(tmp_path: Path) -> None:
    """A second server on the same file is refused with what to do; when the first is gone it may serve."""
    path = file_of(tmp_path)
    first = serve_lock(path)
    with pytest.raises(StoreFailed, match="another Payamak serves"):
        serve_lock(path)
    other = serve_lock(tmp_path / "other.sqlite")
    first.release()
    serve_lock(path).release()
    other.release()


def test_either_lock_is_enough(tmp_path: Path) -> None:
    """Without the lock file the file is locked all the same; and a copy in its place is not free to be served."""
    path = file_of(tmp_path)
    first = serve_lock(path)
    Path(f"{path}-serve").unlink()
    for _ in range(2):
        with pytest.raises(StoreFailed, match="another Payamak serves"):
            serve_lock(path)
    first.release()
    first = serve_lock(path)
    path.rename(tmp_path / "aside")
    path.touch()
    with pytest.raises(StoreFailed, match="another Payamak serves"):
        serve_lock(path)
    first.release()
    serve_lock(path).release()


def test_serve_lock_of_a_dead_process(tmp_path: Path) -> None:
    """A server that was killed holds no lock."""
    code = (
        "import os, sys; from pathlib import Path; from payamak.store.sqlite.locking import serve_lock;"
        "serve_lock(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(file_of(tmp_path))], check=False)
    assert killed.returncode == -9
    serve_lock(file_of(tmp_path)).release()


async def test_opened_again(sqlite: SqliteStore, world: World) -> None:
    """What is committed is there for the next process, and opening changes nothing."""
    message = await world.enroute("1")
    before = batches(sqlite)
    again = SqliteStore(sqlite.path)
    try:
        (found,) = await again.search(Search())
        assert found == message
        assert batches(again) == before
    finally:
        await again.close()


async def test_backup_opens(sqlite: SqliteStore, world: World, tmp_path: Path) -> None:
    """A backup made while others write is a store of its own whose books balance."""
    stopped = asyncio.Event()

    async def write() -> None:
        while not stopped.is_set():
            await world.answer(await world.sending(step(price=1)), taken("5"))

    writing = asyncio.create_task(write())
    await world.accept()
    await sqlite.backup(str(tmp_path / "copy.sqlite"))
    stopped.set()
    await writing
    copy = World(SqliteStore(tmp_path / "copy.sqlite"))
    try:
        assert (await copy.balance()).available < 10_000
        assert copy.store.site == sqlite.site
        assert (await copy.accept()).id > 1_000
    finally:
        await copy.store.close()


async def test_a_backup_that_fails_leaves_nothing(sqlite: SqliteStore, tmp_path: Path) -> None:
    """A backup to where nothing can be written fails as StoreFailed."""
    with pytest.raises(StoreFailed):
        await sqlite.backup(str(tmp_path / "nowhere" / "copy.sqlite"))


async def test_every_commit_is_synced(sqlite: SqliteStore) -> None:
    """The file is a write-ahead log with a sync at every commit; readers cannot write (P1)."""
    assert sqlite._db.pragma("journal_mode") == "wal"
    assert sqlite._db.pragma("synchronous") == 2
    assert sqlite._db.pragma("foreign_keys") == 1
    with pytest.raises(apsw.ReadOnlyError):
        sqlite._loop_reader.execute("DELETE FROM message")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "reserved = -1",
        "is_final = 1",
        "state = 'delivered'",
        "parts = 'xyz'",
        "recipient = '09120000001'",
        "deadline_at = accepted_at",
        "lane = 3",
    ],
)
async def test_the_table_guards_itself(sqlite: SqliteStore, world: World, change: str) -> None:
    """What no transaction may write, the table refuses, whoever writes it."""
    message = await world.accept()
    db = apsw.Connection(str(sqlite.path))
    with pytest.raises(apsw.ConstraintError):
        db.execute(f"UPDATE message SET {change} WHERE id = {message.id}")
    db.close()
    assert (await world.standing_of(message)).state is State.QUEUED
    assert message.current.line == LINE


@pytest.mark.parametrize(
    "row",
    [
        "'gift', 'available', 'reserved', 5",
        "'credit', 'purse', 'reserved', 5",
        "'credit', 'available', 'purse', 5",
        "'credit', 'available', 'available', 5",
        "'credit', 'available', 'reserved', 0",
    ],
)
async def test_the_ledger_guards_itself(sqlite: SqliteStore, row: str) -> None:
    """An entry names two different purses, a known kind and an amount above zero."""
    db = apsw.Connection(str(sqlite.path))
    with pytest.raises(apsw.ConstraintError):
        db.execute(f"INSERT INTO ledger (at, account_id, kind, source, target, amount) VALUES (1, 1, {row})")
    db.close()
