"""The queries: what callers and operators are told, each from one state of the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.store.stores import FILES
from tests.store.world import ALI, HOUR, LINE, LINE2, NOW, SARA, SERVICE, MakeStore, World, opted_out, step, taken

from payamak.domain.events import Cancelled, Postponed
from payamak.domain.message import Lane, PartState, Reason, State
from payamak.errors import StoreFailed
from payamak.store.records import QueueRow, Search, Standing
from payamak.store.rules import reading


async def test_standings(world: World) -> None:
    """State, reason and whether an operator ever took it, for the ids asked for, in any order, repeats included."""
    queued = await world.accept()
    enroute = await world.enroute("1")
    fallen = await world.enroute("2", step(), step(LINE2))
    await world.receipt("2", PartState.OPTED_OUT)
    ids = [fallen.id, queued.id, enroute.id, queued.id]
    assert await world.store.standings(world.account_id(), ids) == {
        queued.id: Standing(state=State.QUEUED, reason=Reason.ACCEPTED, was_taken=False),
        enroute.id: Standing(state=State.ENROUTE, reason=Reason.TAKEN, was_taken=True),
        fallen.id: Standing(state=State.QUEUED, reason=Reason.FALLBACK, was_taken=True),
    }


async def test_ids_of_others(world: World) -> None:
    """Another account's ids and ids that never existed are left out alike."""
    message = await world.accept()
    ids = [0, 1, 1_000, message.id, message.id + 1, 2**53, 2**62]
    assert await world.store.standings(world.account_id("clinic"), ids) == {}
    assert list(await world.store.standings(world.account_id(), ids)) == [message.id]
    assert await world.store.standings(world.account_id(), []) == {}


async def test_ten_thousand_ids(world: World) -> None:
    """A call may ask for ten thousand ids (contract §2)."""
    first = (await world.accept()).id
    await asyncio.gather(*(world.accept(world.new(step(price=0))) for _ in range(400)))
    standings = await world.store.standings(world.account_id(), range(first - 5_000, first + 5_000))
    assert sorted(standings) == list(range(first, first + 401))


async def test_an_accepted_message_is_seen_at_once(world: World) -> None:
    """Whoever has the answer to a send finds the message in the very next question."""
    for _ in range(20):
        message = await world.accept(world.new(step(price=0)))
        assert message.id in await world.store.standings(world.account_id(), [message.id])


async def test_search(world: World) -> None:
    """Messages are found by each of their marks and by several at once, newest first, in pages."""
    first = await world.accept()
    second = await world.accept(world.new(step(LINE2), recipient=SARA))
    world.now += HOUR
    third = await world.accept(world.new(account="clinic"))
    await world.store.advance(first.id, Cancelled(), world.now)

    async def found(**wanted: object) -> list[int]:
        return [m.id for m in await world.store.search(Search(**wanted))]  # type: ignore[arg-type]

    assert await found() == [third.id, second.id, first.id]
    assert await found(recipient=ALI) == [third.id, first.id]
    assert await found(recipient=ALI, state=State.CANCELLED) == [first.id]
    assert await found(line=LINE2) == [second.id]
    assert await found(account_id=world.account_id("clinic")) == [third.id]
    assert await found(recipient=ALI, account_id=world.account_id("shop")) == [first.id]
    assert await found(since_at=NOW + 1) == [third.id]
    assert await found(until_at=NOW + 1) == [second.id, first.id]
    assert await found(recipient=ALI, until_at=NOW + 1) == [first.id]
    assert await found(limit=2) == [third.id, second.id]
    assert await found(limit=2, before_id=second.id) == [first.id]


async def test_search_by_the_line_it_stands_on(world: World) -> None:
    """After a fallback a message is found under the line of its present step."""
    message = await world.answer(await world.sending(step(), step(SERVICE)), opted_out())
    assert [m.id for m in await world.store.search(Search(line=SERVICE))] == [message.id]
    assert await world.store.search(Search(line=LINE)) == []


async def test_queue(world: World) -> None:
    """What waits or is under way, by line, class, state and reason, with its first due time and its age."""
    await world.accept()
    world.now += 5
    second = await world.accept()
    await world.accept(world.new(lane=Lane.OTP))
    await world.enroute("1")
    over = await world.accept()
    await world.store.advance(over.id, Cancelled(), world.now)
    await world.store.advance(second.id, Postponed(reason=Reason.PACED, until=NOW + 99), world.now)
    rows = await world.store.queue()
    assert [(r.lane, r.state, r.reason, r.count) for r in rows] == [
        (Lane.OTP, State.QUEUED, Reason.ACCEPTED, 1),
        (Lane.NORMAL, State.ENROUTE, Reason.TAKEN, 1),
        (Lane.NORMAL, State.QUEUED, Reason.ACCEPTED, 1),
        (Lane.NORMAL, State.QUEUED, Reason.PACED, 1),
    ]
    assert rows[3] == QueueRow(
        line=LINE,
        lane=Lane.NORMAL,
        state=State.QUEUED,
        reason=Reason.PACED,
        count=1,
        next_due_at=NOW + 99,
        oldest_accepted_at=NOW + 5,
    )


async def test_story(world: World) -> None:
    """A story holds the message, its attempts, its money and its further receipts, each in order."""
    sending = await world.sending(step(), step(LINE2, 250))
    await world.answer(sending, taken("1"))
    (change,) = await world.receipt("1", PartState.OPTED_OUT)
    await world.receipt("1", PartState.OPTED_OUT)
    message = await world.answer(await world.on_wire(change.message, link="south"), taken("2"))
    story = await world.store.story(message.id)
    assert story is not None
    assert story.message == message
    assert [(p.step, p.try_no, p.link, p.operator_id, p.receipt) for p in story.parts] == [
        (0, 1, "north", "1", "o"),
        (1, 1, "south", "2", None),
    ]
    assert [(e.kind, e.amount) for e in story.entries] == [
        ("reserve", 250),
        ("settle", 100),
        ("refund", 100),
        ("settle", 250),
    ]
    assert [(r.operator_id, r.standing) for r in story.receipts] == [("1", "repeated")]
    assert await world.store.story(message.id + 1) is None


async def test_balances_stand_in_the_order_of_names(world: World) -> None:
    """Every account is listed, those without money too."""
    assert [(b.username, b.available) for b in await world.store.balances()] == [
        ("bank", 0),
        ("clinic", 10_000),
        ("shop", 10_000),
    ]


@pytest.mark.parametrize("make_store", FILES, indirect=True)  # a database is copied by its own tools
async def test_backup_while_writing(world: World, tmp_path: Path) -> None:
    """A backup is one state of the store, whatever is written meanwhile, and never overwrites a file."""
    path = tmp_path / "copy"
    stopped = asyncio.Event()

    async def write() -> None:
        while not stopped.is_set():
            await world.enroute("1", step(price=1))

    writing = asyncio.create_task(write())
    await world.accept()
    await asyncio.wait_for(world.store.backup(str(path)), 30)
    stopped.set()
    await writing
    assert path.stat().st_size > 0
    with pytest.raises(FileExistsError):
        await world.store.backup(str(path))
    await world.balance()


async def test_closing_finishes_what_is_queued(make_store: MakeStore) -> None:
    """What was asked before the store is closed is carried out."""
    store = await make_store()
    world = await World(store).build()
    accepting = [asyncio.ensure_future(store.accept(world.new(), NOW)) for _ in range(10)]
    await store.close()
    ids = {change.message.id for change in await asyncio.gather(*accepting)}
    other = await make_store()
    assert {m.id for m in await other.search(Search(limit=100))} == ids


async def test_closed_for_good(make_store: MakeStore) -> None:
    """A store that is closed takes no more work, and closing it again does no harm."""
    store = await make_store()
    world = await World(store).build()
    new = world.new()
    await store.close()
    with pytest.raises(StoreFailed):
        await store.accept(new, NOW)
    await store.close()


async def test_a_page_looks_so_far_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an account's messages alone; it ends full, or where it has looked through enough; the next goes on there."""
    monkeypatch.setattr(reading, "MOST_LOOKED_THROUGH", 4)
    ids = [(await world.accept()).id for _ in range(6)]
    shop = world.account_id()

    async def page(before_id: int | None = None, limit: int = 2, **more: object) -> tuple[list[int], int | None, bool]:
        found = await world.store.message_page(
            Search(account_id=shop, before_id=before_id, limit=limit, **more)  # type: ignore[arg-type]
        )
        return [m.id for m in found.messages], found.before_id, found.looked_to_at is not None

    assert await page() == ([ids[5], ids[4]], ids[4], False)
    assert await page(ids[2]) == ([ids[1], ids[0]], None, False)
    assert await page(state=State.DELIVERED) == ([], ids[2], True)
    assert await page(ids[2], state=State.DELIVERED) == ([], None, False)
    assert await page(recipient=ALI) == ([ids[5], ids[4]], ids[4], False)
    other = await world.store.message_page(Search(account_id=world.account_id("clinic"), limit=9))
    assert other.messages == ()
