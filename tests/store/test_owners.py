"""A message that waits in memory, or is on the wire, is an owner's; each who takes over has a greater number (P3)."""

from __future__ import annotations

from msgspec.structs import replace
from tests.store.world import ALI, LINE, LINE2, NOW, SARA, MakeStore, World, opted_out, step, taken

from payamak.domain.message import NOBODY, Lane, Message, State
from payamak.store.feed import WirePlace
from payamak.store.records import Claim

ALL = (9, 9, 9)


async def owner_of(world: World, message: Message) -> int:
    """Whose it is in the store."""
    return (await world.standing_of(message)).owner


async def test_numbers_grow(world: World, make_store: MakeStore) -> None:
    """Whoever takes over is told of those before it, until nothing is left of what they had."""
    first = world.store.feed.owner
    other = await make_store()
    assert other.feed.owner == NOBODY
    assert await other.take_over(NOW) == [1, first]
    assert other.feed.owner == first + 1
    for owner in (1, first):
        assert await other.recover(owner, NOW, 10) == 0
    assert await world.store.take_over(NOW) == [first + 1]


async def test_who_has_not_taken_over_leases_nothing(world: World, make_store: MakeStore) -> None:
    """A command that has room for nothing, and no number, makes nobody an owner."""
    other = await make_store()
    other.feed.room[LINE, Lane.NORMAL] = 5
    assert (await other.accept(world.new(), NOW)).message.owner == NOBODY


async def test_a_fresh_message_is_of_whose_feed_has_room(world: World) -> None:
    """It is leased with its first row, and the claim of another finds nothing."""
    world.store.feed.room[LINE, Lane.NORMAL] = 1
    message = await world.accept()
    assert message.owner == await owner_of(world, message) == world.store.feed.owner
    assert (await world.store.claim(LINE, ALL, NOW, 99)).messages == ()


async def test_a_claim_names_its_owner(world: World) -> None:
    """What one has claimed the other does not get, does not give back, and does not put on the wire."""
    await world.accept()
    (mine,) = (await world.store.claim(LINE, ALL, NOW, 7)).messages
    assert mine.owner == await owner_of(world, mine) == 7
    await world.store.release([mine.id], 8)
    assert await owner_of(world, mine) == 7
    claim = Claim(message_id=mine.id, version=mine.version, link="north", owner=8)
    assert await world.store.put_on_wire([claim], NOW) == []
    (change,) = await world.store.put_on_wire([replace(claim, owner=7)], NOW)
    assert (change.message.state, change.message.owner) == (State.SENDING, 7)
    await world.answer(change.message, taken("1"))
    assert await owner_of(world, mine) == NOBODY


async def test_a_recovery_touches_one_owners(world: World) -> None:
    """The leases and the wire of another are as they were; of the dead one nothing is left."""
    messages = [await world.accept() for _ in range(4)]
    marked = []
    for owner in (7, 8):
        claimed = (await world.store.claim(LINE, (0, 2, 0), NOW, owner)).messages
        claim = Claim(message_id=claimed[0].id, version=claimed[0].version, link="north", owner=owner)
        marked += [change.message for change in await world.store.put_on_wire([claim], NOW)]
    assert [await owner_of(world, each) for each in messages] == [7, 7, 8, 8]

    assert await world.store.recover(7, NOW, 10) == 1
    assert await world.store.recover(7, NOW, 10) == 0

    assert [await owner_of(world, each) for each in messages] == [NOBODY, NOBODY, 8, 8]
    states = [(await world.standing_of(each)).state for each in marked]
    assert states == [State.QUEUED, State.SENDING]


async def test_an_ended_owner_takes_nothing(world: World, make_store: MakeStore) -> None:
    """Once nothing is left of it, it claims, marks and leases nothing: nobody would ever recover that again."""
    stale, new = world.store.feed, await make_store()
    stale.room[LINE, Lane.NORMAL] = 5
    mine = await world.accept()
    assert mine.owner == stale.owner
    before = await new.take_over(NOW)
    assert before[-1] == stale.owner
    while any([await new.recover(owner, NOW, 10) for owner in before]):
        pass

    assert await world.mark(mine) == []
    assert (await world.store.claim(LINE, ALL, NOW, stale.owner)).messages == ()
    assert (await world.accept()).owner == NOBODY
    assert len((await new.claim(LINE, ALL, NOW, new.feed.owner)).messages) == 2


async def test_an_ended_owner_has_no_place_on_the_wire(world: World, make_store: MakeStore) -> None:
    """What would have been marked with its accept waits, and whoever gave the place is told so."""
    told: list[State | None] = []

    class Places:
        """One that gives every message a place."""

        def take(self, *_: object) -> WirePlace:
            """A place on a link."""
            return WirePlace(ticket=1, link="north")

        def told(self, _: WirePlace, message: Message | None) -> None:
            """What became of it."""
            told.append(None if message is None else message.state)

    world.store.feed.places = Places()
    await world.accept()
    new = await make_store()
    for owner in await new.take_over(NOW):
        while await new.recover(owner, NOW, 10):
            pass
    await world.accept()
    assert told == [State.SENDING, State.QUEUED]


async def test_a_fallback_is_nobodys_until_there_is_room(world: World) -> None:
    """The next step goes to whoever has room for its line, and else waits in the store."""
    for room, owner, recipient in ((0, NOBODY, ALI), (1, world.store.feed.owner, SARA)):
        world.store.feed.room[LINE2, Lane.NORMAL] = room
        message = await world.sending(step(), step(LINE2), recipient=recipient)
        after = await world.answer(message, opted_out())
        assert (after.state, after.step, after.owner) == (State.QUEUED, 1, owner)
