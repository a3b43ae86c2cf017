"""A store whose pages contradict each other: everything that goes on until all is done comes to an end (P2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.support import file_of
from tests.store.world import LINE, NOW, World, step

from payamak.clock import SystemClock
from payamak.delivery import recovery
from payamak.domain.message import State
from payamak.domain.site import DAY_MS
from payamak.errors import StoreFailed
from payamak.store.sqlite.opening import quick_check
from payamak.store.sqlite.store import SqliteStore

ENDS_WITHIN_S = 30.0


@contextmanager
def without_indexes(path: Path) -> Iterator[apsw.Connection]:
    """A connection that knows of no index: what it removes from a table, the indexes go on to name."""
    with closing(apsw.Connection(str(path))) as db:
        db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        db.pragma("foreign_keys", False)
        db.pragma("writable_schema", True)
        hidden = list(db.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE type = 'index'"))
        db.execute("DELETE FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    with closing(apsw.Connection(str(path))) as db:
        yield db
    with closing(apsw.Connection(str(path))) as db:
        db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        db.pragma("writable_schema", True)
        rows = [row for row in hidden if row[4] is not None]
        db.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", rows)


async def ghosts(path: Path, state: State, count: int) -> None:
    """Messages in this state that only the indexes name."""
    world = await World(SqliteStore(path)).build()
    for number in range(count):
        if state is State.QUEUED:
            await world.accept(world.new(step(price=1)))
        elif state is State.SENDING:
            await world.sending()
        else:
            await world.enroute(str(number))
    await world.store.close()
    with without_indexes(path) as db:
        db.execute("DELETE FROM message")


async def test_recovery_ends(tmp_path: Path) -> None:
    """Messages on the wire that are not there: recovery does not look for them again and again, but says so."""
    path = file_of(tmp_path)
    await ghosts(path, State.SENDING, 3)
    with closing(apsw.Connection(str(path))) as db:
        found = db.execute("SELECT count(*) FROM message WHERE state = 'sending' AND is_final = 0").get
    assert found == 3, "the index still names them"
    store = SqliteStore(path)
    async with asyncio.timeout(ENDS_WITHIN_S):
        with pytest.raises(StoreFailed, match="malformed: it names 3 messages on the wire"):
            await recovery.recover(store, SystemClock(), lambda event, **_: None)
    await store.close()


@pytest.mark.parametrize("state", [State.QUEUED, State.ENROUTE])
async def test_a_sweep_counts_what_it_moved(tmp_path: Path, state: State) -> None:
    """What a sweep finds and cannot move is no reason to come again at once."""
    path = file_of(tmp_path)
    await ghosts(path, state, 5)
    store = SqliteStore(path)
    async with asyncio.timeout(ENDS_WITHIN_S):
        assert await store.sweep(NOW + 30 * DAY_MS, 5) == 0
    await store.close()


async def test_moving_a_line_ends(tmp_path: Path) -> None:
    """`payamak move` goes on while messages move, not while some are found."""
    path = file_of(tmp_path)
    await ghosts(path, State.QUEUED, 2)
    store = SqliteStore(path)
    other = next(number for number in store.site.lines if number != LINE)
    async with asyncio.timeout(ENDS_WITHIN_S):
        assert await World(store).move(target=other) == 0
    await store.close()


async def test_a_page_that_was_written_over(tmp_path: Path) -> None:
    """A start looks the store through and says what is wrong and what to do, before it does anything with it."""
    path = file_of(tmp_path)
    world = await World(SqliteStore(path)).build()
    for number in range(50):
        await world.enroute(str(number))
    await world.store.close()
    with closing(apsw.Connection(str(path))) as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'message'").get
    assert isinstance(page, int)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\x00" * 4_096)
    store = SqliteStore(path)
    with pytest.raises(StoreFailed, match=r"store\.sqlite is malformed .* put a backup in their place"):
        await store.look_through(10.0)
    await store.close()


async def test_a_look_is_bounded(tmp_path: Path) -> None:
    """Whatever the size of the store: when the time is over the tables that are left are named, and no fault."""
    world = await World(SqliteStore(file_of(tmp_path))).build()
    await asyncio.gather(*(world.accept(world.new(step(price=1))) for _ in range(3_000)))
    assert await world.store.look_through(60.0) == []
    ticks = iter(range(10_000_000))
    with closing(apsw.Connection(str(file_of(tmp_path)))) as db:
        faults, unfinished = quick_check(db, 5.0, lambda: float(next(ticks)))
    assert faults == []
    assert "message" in unfinished
    await world.store.close()
