"""Messages that the writer keeps under way are what their rows are, and are forgotten when they may not be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import file_of
from tests.store.world import ALI, HOUR, LINE, LINE2, MINUTE, NOW, OWNER, SARA, World, later, lost, step, taken

from payamak.domain import events as ev
from payamak.domain.message import Lane, Message, PartState, State
from payamak.store.desk import Desk
from payamak.store.rules import aside, messages
from payamak.store.sqlite import reader
from payamak.store.sqlite.reader import SqliteConnection
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_statements


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A small site on a store that writes on the loop."""
    store = SqliteStore(file_of(tmp_path), inline=True)
    yield await World(store).build()
    await store.close()


def connection(world: World) -> SqliteConnection:
    """What the writer writes with."""
    assert isinstance(world.store, SqliteStore)
    return world.store._transaction.db


def under_way(world: World) -> dict[int, Message]:
    """What it keeps, each compared with its row."""
    db = connection(world)
    for message_id, kept in db._under_way.items():
        assert db.row("message", Message, (message_id,)) == kept
    return dict(db._under_way)


async def test_a_life_is_what_its_rows_are(world: World) -> None:
    """After each thing that happens to messages, what is kept is what stands in the file; what is final is not kept."""
    first = await world.accept(world.new(step(parts=2), step(LINE2)))
    second = await world.accept(world.new(step(), recipient=SARA))
    assert under_way(world) == {first.id: first, second.id: second}
    first = await world.on_wire(first)
    first = await world.answer(first, taken("1"), lost(2))
    assert under_way(world)[first.id] == first
    world.now += 10 * MINUTE
    first = await world.answer(await world.on_wire(first), later(2))
    await world.store.sweep(world.now, 10)
    second = await world.answer(await world.on_wire(second), taken("7"))
    assert under_way(world) == {first.id: first, second.id: second}
    await world.receipt("7", recipient=SARA)
    assert under_way(world) == {first.id: first}


async def test_it_is_not_read_again(world: World) -> None:
    """Mark, answer and receipt find the message without a query for it."""
    message = await world.accept()
    asked: list[str] = []

    def look(_cursor: object, sql: str, _values: object) -> bool:
        asked.append(sql)
        return True

    connection(world).db.exec_trace = look
    await world.answer(await world.on_wire(message), taken("7"))
    (change,) = await world.receipt("7")
    assert change.message.state is State.DELIVERED
    assert [sql for sql in asked if sql.startswith("SELECT id, account_id")] == []


async def test_another_process_has_written(world: World) -> None:
    """What a command has changed meanwhile is seen by the next piece of work."""
    message = await world.accept()
    assert isinstance(world.store, SqliteStore)
    other = SqliteStore(world.store.path, inline=True)
    assert (await other.cancel([message.id], NOW)).done == (message.id,)
    await other.close()
    assert await world.mark(message) == []
    assert under_way(world) == {}


@pytest.mark.parametrize("name", ["claim", "release", "put_aside"])
async def test_statements_that_change_one(world: World, name: str) -> None:
    """A lease, its end and a message put aside change a row in passing: that message is forgotten, no other."""
    world.store.feed.room[LINE, Lane.NORMAL] = int(name == "release")
    message = await world.accept()
    world.store.feed.room[LINE, Lane.NORMAL] = 0
    other = await world.accept(replace(world.new(), due_at=world.now + HOUR))
    match name:
        case "claim":
            assert len((await world.store.claim(LINE, (9, 9, 9), NOW, OWNER)).messages) == 1
        case "release":
            await world.store.release([message.id], OWNER)
        case "put_aside":
            await world.store.put_aside(message.id, "Error", "somewhere", NOW)
    assert under_way(world) == {other.id: other}


async def test_statements_that_change_many(world: World) -> None:
    """Leases that end with their owner, and a clock that fell, change rows that nobody names: all is forgotten."""
    await world.accept()
    await world.store.recover(OWNER, NOW, 10)
    assert under_way(world) == {}
    message = await world.accept()
    assert await world.store.set_back(HOUR, NOW - HOUR, 0, 10) is None
    assert under_way(world) == {}
    assert (await world.standing_of(message)).accepted_at < message.accepted_at


def test_every_statement_that_writes_messages_is_known() -> None:
    """Whichever statement changes rows of messages says what they are then, or names the one row, or forgets all."""
    statements = load_statements()
    for name in reader._OF_ONE:
        before_first, _, _ = statements[name].partition("?")
        assert before_first.endswith("WHERE id = ") or "WHERE id = ?1 " in statements[name], name
    changes = {name for name, sql in statements.items() if re.match(r"(UPDATE|INSERT INTO|DELETE FROM) message\b", sql)}
    many = {"release_leases", "set_times"}
    assert changes == reader._TELLS | reader._OF_ONE | many


async def test_what_is_rolled_back_is_forgotten(world: World) -> None:
    """A bug in a transaction, or in a savepoint of it, leaves nothing that is not in the file."""
    message = await world.accept()

    async def fail(desk: Desk) -> None:
        now = await desk.message(message.id)
        assert now is not None
        await messages.advance(desk, now, ev.OnWire(link="north", owner=OWNER), NOW)
        await desk.flush()
        raise RuntimeError("a bug")

    assert isinstance(world.store, SqliteStore)
    with pytest.raises(RuntimeError):
        await world.store.writer.submit(fail)
    assert under_way(world) == {}
    await world.store.writer.submit(
        lambda desk: aside.apart(desk, aside.AsideKind.CLAIM, message.id, NOW, lambda: fail(desk))
    )
    assert under_way(world) == {}
    assert (await world.standing_of(message)).state is State.QUEUED


async def test_a_short_guard_forgets(world: World) -> None:
    """A message that is not what its row is changes nothing, and the next piece reads it anew."""
    message = await world.accept()
    db = connection(world)
    db._under_way[message.id] = replace(message, version=7)
    with pytest.raises(RuntimeError, match="are what they were"):
        await world.store.advance(message.id, ev.Cancelled(), NOW)
    assert under_way(world) == {}
    (change,) = await world.store.advance(message.id, ev.Cancelled(), NOW)
    assert change.message.state is State.CANCELLED


async def test_it_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go when there are too many."""
    monkeypatch.setattr(reader, "MOST_UNDER_WAY", 2)
    kept = await asyncio.gather(*(world.accept() for _ in range(3)))
    assert list(under_way(world)) == [message.id for message in kept[1:]]


async def test_receipts_of_what_is_not_kept(world: World) -> None:
    """A message that was forgotten is read, and kept from then on."""
    message = await world.enroute("7", recipient=ALI)
    connection(world).forget()
    await world.receipt("7", PartState.DELIVERED)
    assert (await world.standing_of(message)).state is State.DELIVERED
    db = apsw.Connection(str(world.store.path), flags=apsw.SQLITE_OPEN_READONLY)  # type: ignore[attr-defined]
    assert db.execute("SELECT count(*) FROM message").fetchall() == [(1,)]
    db.close()
