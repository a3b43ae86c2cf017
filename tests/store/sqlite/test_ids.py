"""Ids come from blocks whose end is on disk before their first id is used; none is given twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import apsw
import pytest
from tests.store.second import SecondStore
from tests.store.sqlite.support import file_of
from tests.store.world import NOW, World, step

from payamak.domain.message import Message
from payamak.errors import StoreFailed
from payamak.store import memory
from payamak.store.desk import Desk
from payamak.store.memory import BLOCK, Ids, OutOfIds
from payamak.store.rules import messages
from payamak.store.sqlite.store import SqliteStore

OPEN: dict[str, Callable[[Path], SqliteStore]] = {
    "inline": lambda path: SqliteStore(path, inline=True),
    "thread": SqliteStore,
    "second": SecondStore,
}


@pytest.fixture(params=OPEN)
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A small site on a store."""
    store = OPEN[request.param](file_of(tmp_path))
    yield await World(store).build()
    await store.close()


def sqlite_of(world: World) -> SqliteStore:
    """The store behind the protocol."""
    assert isinstance(world.store, SqliteStore)
    return world.store


def on_disk(path: Path) -> int:
    """Up to which id blocks are taken, as another process sees it."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        ((taken,),) = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'")
        return int(taken)
    finally:
        db.close()


async def drawn(world: World, count: int) -> tuple[list[int], int]:
    """So many ids in one piece of work, and up to where blocks were on disk while it ran."""
    path = sqlite_of(world).path

    async def draw(desk: Desk) -> tuple[list[int], int]:
        ids = [desk.next_id() for _ in range(count)]
        desk.execute("set_meta", ("drawn", ids[-1]))
        return ids, on_disk(path)

    return await sqlite_of(world).writer.submit(draw)


async def batch(world: World, count: int) -> list[int]:
    """So many messages in one piece of work; their ids."""
    news = [world.new(step(price=1), recipient=f"98912000{n:04d}") for n in range(count)]
    told = await world.store.accept_each(world.account_id(), news, NOW)
    return [each.id for each in told if isinstance(each, Message)]


async def test_the_end_is_on_disk_before_the_first_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets an id finds it within a block that is committed already, however many are asked for."""
    monkeypatch.setattr(memory, "BLOCK", 3)
    await drawn(world, BLOCK - 2)
    seen: list[int] = []
    for count in (1, 2, 1, 7, 1, 30, 2):
        ids, taken = await drawn(world, count)
        assert max(ids) <= taken
        seen += ids
    assert seen == sorted(set(seen))


async def test_more_than_a_block_in_one_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is larger than what is left waits for blocks, and is kept once, in its order."""
    monkeypatch.setattr(memory, "BLOCK", 6)
    await drawn(world, BLOCK - 3)
    first = await world.accept()
    kept = await batch(world, 50)
    assert len(kept) == 50
    assert all(one < other for one, other in pairwise([first.id, *kept]))
    (last,), taken = await drawn(world, 1)
    assert max(kept) < last <= taken
    assert (await world.balance()).reserved == 100 + 50


async def test_who_wants_no_end_of_ids_is_refused_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking more has an end: a bug fails its piece, and the next message is kept."""
    monkeypatch.setattr("payamak.store.sqlite.writer.MOST_TIMES", 2)

    async def mad(desk: Desk) -> None:
        while True:
            desk.next_id()

    with pytest.raises(RuntimeError, match="want more ids"):
        await sqlite_of(world).writer.submit(mad)
    await world.accept()


async def test_a_death_loses_ids_and_gives_none_twice(world: World, tmp_path: Path) -> None:
    """The next process goes on above all that may have been given."""
    given = [(await world.accept()).id for _ in range(3)]
    store = sqlite_of(world)
    for name in os.listdir(store.path.parent):
        if name.startswith(store.path.name):
            shutil.copy(store.path.parent / name, tmp_path / f"killed-{name}")
    again = SqliteStore(tmp_path / f"killed-{store.path.name}", inline=True)
    new = await World(again).build()
    first = (await new.accept()).id
    assert max(given) < first <= max(given) + 2 * BLOCK + 1
    await again.close()


@pytest.mark.parametrize("kind", OPEN)
async def test_a_clean_stop_gives_back(tmp_path: Path, kind: str) -> None:
    """What is left of a block is given by the next start: ids leap for a death alone."""
    seen = []
    for _ in range(3):
        store = OPEN[kind](file_of(tmp_path))
        world = await World(store).build()
        seen += [(await world.accept()).id, (await world.accept()).id]
        await store.close()
    assert seen == list(range(seen[0], seen[0] + 6))


async def test_two_processes_have_none_in_common(world: World) -> None:
    """A hand that accepts beside a server has blocks of its own."""
    other = SqliteStore(sqlite_of(world).path, inline=True)
    hand = World(other)
    await other.refresh()
    ids = [(await each.accept()).id for each in (world, hand) * 3]
    assert len(set(ids)) == 6
    await other.close()
    assert (await world.accept()).id not in ids


async def test_what_a_failed_transaction_has_used_is_not_used_again(world: World) -> None:
    """A commit that failed may be on disk after all."""
    failed: list[int] = []

    async def fail(desk: Desk) -> None:
        failed.append((await messages.accept(desk, world.new(), NOW)).message.id)
        raise StoreFailed("the disk is full")

    with pytest.raises(StoreFailed):
        await sqlite_of(world).writer.submit(fail)
    if not isinstance(world.store, SecondStore):  # whose pieces have come to no row when they fail
        assert (await world.accept()).id > failed[0]


async def test_a_block_that_is_rolled_back_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ids are nobody's: the next block begins where it would have begun."""
    before = on_disk(sqlite_of(world).path)
    writer_batch = sqlite_of(world).writer._batch  # type: ignore[attr-defined]

    def fail(number: int) -> None:
        writer_batch._roll_back()
        raise StoreFailed("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(writer_batch, "_commit", fail)
        with pytest.raises(StoreFailed):
            await batch(world, 20)
    assert on_disk(sqlite_of(world).path) == before
    (first,), taken = await drawn(world, 1)
    assert first <= before <= taken


def test_nothing_is_used_before_its_commit() -> None:
    """What a transaction has taken is there when it is committed, and gone when it is not."""
    mine = Ids()
    with pytest.raises(OutOfIds):
        mine.next()
    mine.want()
    mine.take(2_000, mine.missing)
    with pytest.raises(OutOfIds):
        mine.next()
    mine.rolled_back()
    mine.committed()
    with pytest.raises(OutOfIds):
        mine.next()
    mine.take(3_000, BLOCK)
    mine.committed()
    assert (mine.next(), mine.used, mine.left) == (2_001, 1, BLOCK - 1)


def test_what_is_given_back() -> None:
    """All that follows the last used id without a gap; of what lies apart only the end."""
    mine = Ids()
    assert mine.give_back() is None
    for last in (2_000, 3_000):
        mine.take(last, BLOCK)
        mine.committed()
    assert mine.next() == 1_001
    assert mine.give_back() == (1_001, 3_000)
    for last in (4_000, 6_000):
        mine.take(last, BLOCK)
        mine.committed()
    assert mine.next() == 3_001
    assert mine.give_back() == (5_000, 6_000)
    assert mine.left == 0


def test_a_copy_is_apart() -> None:
    """What is drawn of one is not drawn of the other."""
    mine = Ids()
    mine.take(2_000, BLOCK)
    mine.committed()
    other = mine.copy()
    assert (mine.next(), mine.next(), other.next()) == (1_001, 1_002, 1_001)
    assert other != mine
