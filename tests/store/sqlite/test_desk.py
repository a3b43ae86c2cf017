"""What pieces of a transaction leave: seen by the later ones, written together, gone with the piece that fails."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import at_desk, batches, meta
from tests.store.sqlite.test_writer import Gate
from tests.store.world import LINE, NOW, OWNER, World, taken

from payamak.domain.events import Answered
from payamak.domain.ids import readings
from payamak.domain.message import Lane, PartState, State
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.receipts import ReceiptIn
from payamak.store.desk import Desk, at_once
from payamak.store.records import Claim
from payamak.store.sqlite.store import SqliteStore


def receipt_of(operator_id: str) -> ReceiptIn:
    """The handset has it."""
    return ReceiptIn(
        upstream="operator",
        link="north",
        operator_id=operator_id,
        keys=readings(operator_id),
        part_state=PartState.DELIVERED,
        stat="DELIVRD",
    )


async def test_a_flush_that_fails_fails_its_piece_alone(sqlite: SqliteStore, world: World) -> None:
    """What one piece left cannot be written: it is told so, and what was left beside it is on disk."""
    message = await world.accept()

    async def take_twice(desk: Desk) -> None:
        desk.many("insert_own_id", [(message.account_id, OwnIdKind.CHECK_ID, "7", message.id, NOW, None)] * 2)

    gate = Gate(sqlite)
    first = sqlite.writer.submit(at_desk(lambda desk: desk.execute("set_meta", ("first", 1))))
    bad = sqlite.writer.submit(take_twice)
    accepting = asyncio.ensure_future(world.accept())
    gate.open()
    results = await asyncio.gather(first, bad, accepting, return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert meta(sqlite, "first") == 1
    assert await sqlite.outbox(message.account_id, OwnIdKind.CHECK_ID, ["7"]) == {}
    assert (await world.standing_of(accepting.result())).state is State.QUEUED
    assert (await world.balance()).reserved == 200


async def test_an_answer_and_its_receipt_meet_in_one_transaction(sqlite: SqliteStore, world: World) -> None:
    """Mark, answer, receipt and its repetition before anything is written: each finds what the one before it left."""
    message = await world.accept()
    claim = Claim(message_id=message.id, version=message.version, link="north", owner=OWNER)
    event = Answered(step=0, try_no=1, outcomes=(taken("a1"),), gives_receipts=True)
    before = batches(sqlite)
    gate = Gate(sqlite)
    works = [
        asyncio.ensure_future(sqlite.put_on_wire([claim], NOW)),
        asyncio.ensure_future(sqlite.advance(message.id, event, NOW)),
        asyncio.ensure_future(sqlite.receive(receipt_of("a1"), NOW)),
        asyncio.ensure_future(sqlite.receive(receipt_of("a1"), NOW)),
    ]
    await asyncio.sleep(0)  # all of them are queued
    gate.open()
    marked, answered, received, again = await asyncio.gather(*works)
    assert [change.message.state for change in (*marked, *answered, *received)] == [
        State.SENDING,
        State.ENROUTE,
        State.DELIVERED,
    ]
    assert again == []
    assert batches(sqlite) - before == 1
    story = await sqlite.story(message.id)
    assert story is not None
    assert (story.message.state, len(story.parts), len(story.receipts)) == (State.DELIVERED, 1, 1)
    assert [entry.kind for entry in story.entries] == ["reserve", "settle"]


async def test_room_is_taken_by_the_commit(sqlite: SqliteStore, world: World) -> None:
    """A piece that is undone by its neighbour's bug and made again takes the room of one message."""
    place = LINE, Lane.NORMAL
    sqlite.feed.room[place] = 5

    async def fail(desk: Desk) -> None:
        desk.execute("set_meta", ("half", 1))
        raise RuntimeError("bug")

    gate = Gate(sqlite)
    accepting = asyncio.ensure_future(world.accept())
    failing = sqlite.writer.submit(fail)
    gate.open()
    await asyncio.gather(accepting, failing, return_exceptions=True)
    assert accepting.result().is_leased
    assert sqlite.feed.room[place] == 4


async def test_nobody_decides_on_what_is_stale(sqlite: SqliteStore, world: World) -> None:
    """A rule that keeps a message while another changes it is a bug, and told as one; nothing of it stays."""
    message = await world.accept()

    async def decide(desk: Desk) -> None:
        before = await desk.message(message.id)
        assert before is not None
        desk.put(before, replace(before, version=before.version + 1))
        desk.put(before, replace(before, version=before.version + 1))

    with pytest.raises(RuntimeError, match="has changed"):
        await sqlite.writer.submit(decide)
    assert await world.standing_of(message) == message


def test_a_piece_that_waits_has_no_place_here() -> None:
    """This engine answers at once: a rule that awaits anything else is a bug, not a thread that hangs."""
    with pytest.raises(RuntimeError, match="waits"):
        at_once(asyncio.sleep(0))
