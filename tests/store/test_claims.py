"""Claims, leases and recovery: nobody takes a message twice, nobody starves, and the dead hold nothing."""

from __future__ import annotations

import asyncio

import pytest
from tests.store.world import DAY, HOLD, LINE, LINE2, NOW, OWNER, MakeStore, World, lost, step, taken

from payamak.domain.events import Postponed
from payamak.domain.message import Lane, Message, Reason, State
from payamak.store.records import Claimed, Search

ROOMS = (100, 100, 100)


async def accepted(world: World, count: int, account: str = "shop", lane: Lane = Lane.NORMAL) -> list[Message]:
    """Messages that wait, in the order of their ids."""
    new = world.new(step(price=0), account=account, lane=lane)
    return [(await world.store.accept(new, world.now)).message for _ in range(count)]


def shares(claimed: Claimed) -> dict[int, int]:
    """How many messages each account got."""
    counts: dict[int, int] = {}
    for message in claimed.messages:
        counts[message.account_id] = counts.get(message.account_id, 0) + 1
    return counts


# ------------------------------------------------------------------------------------------------ claims


async def test_claimed_once(world: World) -> None:
    """What is claimed is leased, in the store too, and no other claim finds it."""
    messages = await accepted(world, 3)
    claimed = (await world.store.claim(LINE, ROOMS, NOW, OWNER)).messages
    assert [m.id for m in claimed] == [m.id for m in messages]
    assert all(m.is_leased and m.state is State.QUEUED for m in claimed)
    assert await world.standing_of(messages[0]) == claimed[0]
    assert (await world.store.claim(LINE, ROOMS, NOW, OWNER)).messages == ()
    assert len(await world.mark(*claimed)) == 3


async def test_two_claims_at_once(world: World, make_store: MakeStore) -> None:
    """Two processes that claim at the same time share out the messages."""
    messages = await accepted(world, 20)
    other = await make_store()
    claims = (each.claim(LINE, (0, 15, 0), NOW, OWNER) for each in (world.store, other))
    first, second = await asyncio.gather(*claims)
    ids = [m.id for m in (*first.messages, *second.messages)]
    assert sorted(ids) == [m.id for m in messages]


async def test_leased_by_the_feed(world: World) -> None:
    """What accept has leased to the back is not claimed as well."""
    world.store.feed.room[LINE, Lane.NORMAL] = 1
    leased, waiting = await accepted(world, 2)
    assert [m.id for m in (await world.store.claim(LINE, ROOMS, NOW, OWNER)).messages] == [waiting.id]
    assert leased.is_leased


async def test_classes_in_order(world: World) -> None:
    """A claim brings the classes in order, each up to its room."""
    for lane in (Lane.BULK, Lane.NORMAL, Lane.OTP):
        await accepted(world, 3, lane=lane)
    claimed = await world.store.claim(LINE, (1, 3, 2), NOW, OWNER)
    assert [m.lane for m in claimed.messages] == [Lane.OTP] + 3 * [Lane.NORMAL] + 2 * [Lane.BULK]
    assert claimed.next_due_at == (NOW, None, NOW)


async def test_oldest_first(world: World) -> None:
    """Within an account the message that has been due for longest goes first."""
    first, second = await accepted(world, 2)
    world.now += 10
    await world.store.advance(first.id, Postponed(reason=Reason.LINK_DOWN, until=world.now), world.now)
    claimed = await world.store.claim(LINE, (0, 2, 0), world.now, OWNER)
    assert [m.id for m in claimed.messages] == [second.id, first.id]


@pytest.mark.parametrize(
    ("waiting", "room", "expected"),
    [
        ((50, 50, 50), 30, (10, 10, 10)),
        ((50, 1, 50), 31, (15, 1, 15)),
        ((1, 50, 1), 30, (1, 28, 1)),
        ((50, 1, 0), 30, (29, 1, 0)),
        ((1, 1, 1), 30, (1, 1, 1)),
    ],
)
async def test_equal_shares(world: World, waiting: tuple[int, ...], room: int, expected: tuple[int, ...]) -> None:
    """The accounts of a class share the room equally; what one leaves the others have."""
    names = ("shop", "clinic", "bank")
    for name, count in zip(names, waiting, strict=True):
        await accepted(world, count, name)
    got = shares(await world.store.claim(LINE, (0, room, 0), NOW, OWNER))
    assert tuple(got.get(world.account_id(name), 0) for name in names) == expected


async def test_small_rooms_go_round(world: World) -> None:
    """With room for one message at a time every account has its turn: no flood starves another."""
    await accepted(world, 9, "shop")
    await accepted(world, 3, "clinic")
    await accepted(world, 3, "bank")
    got = [shares(await world.store.claim(LINE, (0, 1, 0), NOW, OWNER)) for _ in range(9)]
    counts = {account_id: sum(g.get(account_id, 0) for g in got) for g in got for account_id in g}
    assert sorted(counts.values()) == [3, 3, 3]


async def test_an_account_that_is_not_due_takes_no_share(world: World) -> None:
    """Messages that are due later leave their account's share to the others."""
    for message in await accepted(world, 5, "clinic"):
        await world.store.advance(message.id, Postponed(reason=Reason.LINK_DOWN, until=NOW + 500), NOW)
    await accepted(world, 10, "shop")
    claimed = await world.store.claim(LINE, (0, 8, 0), NOW, OWNER)
    assert shares(claimed) == {world.account_id("shop"): 8}
    assert claimed.next_due_at[Lane.NORMAL] == NOW


async def test_next_due(world: World) -> None:
    """A claim tells when the next message of each class is due, and that nothing else waits."""
    (message,) = await accepted(world, 1)
    await world.store.advance(message.id, Postponed(reason=Reason.LINK_DOWN, until=NOW + 500), NOW)
    nothing = Claimed(messages=(), next_due_at=(None, NOW + 500, None))
    assert await world.store.claim(LINE, ROOMS, NOW + 499, OWNER) == nothing
    claimed = await world.store.claim(LINE, ROOMS, NOW + 500, OWNER)
    assert [m.id for m in claimed.messages] == [message.id]
    assert claimed.next_due_at == (None, None, None)
    assert (await world.store.claim(LINE2, ROOMS, NOW + 500, OWNER)).messages == ()


async def test_no_room(world: World) -> None:
    """Without room nothing is leased, but what is due is told."""
    await accepted(world, 1)
    assert await world.store.claim(LINE, (0, 0, 0), NOW, OWNER) == Claimed(messages=(), next_due_at=(None, NOW, None))


async def test_release(world: World) -> None:
    """A lease that is given back leaves the message as it was, for the next claim."""
    (before,) = await accepted(world, 1)
    await world.store.claim(LINE, ROOMS, NOW, OWNER)
    await world.store.release([before.id, 10**12], OWNER)
    assert await world.standing_of(before) == before
    assert [m.id for m in (await world.store.claim(LINE, ROOMS, NOW, OWNER)).messages] == [before.id]


async def test_release_of_what_is_on_the_wire(world: World) -> None:
    """What has gone on the wire in the meantime is not touched by a release."""
    sending = await world.sending()
    await world.store.release([sending.id], OWNER)
    assert await world.standing_of(sending) == sending


# ---------------------------------------------------------------------------------------------- recovery


async def recover_all(world: World, limit: int = 500) -> int:
    """What the start of the program does; the bound is far above what any of these tests needs."""
    total = 0
    for _ in range(100):
        found = await world.store.recover(OWNER, world.now, limit)
        total += found
        if not found:
            return total
    raise AssertionError("recovery does not come to an end")


async def test_leases_of_the_dead(world: World, make_store: MakeStore) -> None:
    """At start nobody holds a lease, and recovery that finds nothing on the wire says so."""
    messages = await accepted(world, 3)
    await world.store.claim(LINE, ROOMS, NOW, OWNER)
    world.store = await make_store()
    assert await recover_all(world) == 0
    assert [m.id for m in (await world.store.claim(LINE, ROOMS, NOW, OWNER)).messages] == [m.id for m in messages]


async def test_on_the_wire_is_ambiguous(world: World) -> None:
    """What was on the wire comes again by the line's rule, and its attempt is on record as ambiguous (P3)."""
    sending = await world.sending()
    assert await recover_all(world) == 1
    message = await world.standing_of(sending)
    assert (message.state, message.reason, message.is_leased) == (State.QUEUED, Reason.RESEND, False)
    again = await world.on_wire(message)
    assert (again.tries, again.copies) == (2, 1)
    story = await world.store.story(sending.id)
    assert story is not None
    assert [p.answer for p in story.parts] == ["ambiguous", None]


async def test_held(world: World) -> None:
    """A line that holds ends it as unknown, uncharged; a late receipt may settle it."""
    sending = await world.sending(step(HOLD))
    assert await recover_all(world) == 1
    assert (await world.standing_of(sending)).state is State.UNKNOWN
    assert (await world.balance()).available == 10_000
    (change,) = await world.receipt("77", line=HOLD)
    assert change.message.state is State.DELIVERED


async def test_answered_parts_stay_answered(world: World) -> None:
    """Of a step whose parts were partly answered only the open ones go again."""
    sending = await world.sending(step(parts=3))
    await world.answer(sending, taken("2", 2))
    await recover_all(world)
    message = await world.on_wire(await world.standing_of(sending))
    assert message.parts == ("sts",)
    story = await world.store.story(sending.id)
    assert story is not None
    assert [(p.try_no, p.part) for p in story.parts] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 3)]


async def test_recovery_in_batches(world: World) -> None:
    """Recovery comes to its end in batches of any size, and every attempt is counted once."""
    for _ in range(7):
        await world.sending(step(price=0))
    await world.answer(await world.sending(), taken("1"))
    assert await recover_all(world, limit=3) == 7
    states = [message.state for message in await world.store.search(Search())]
    assert states == [State.ENROUTE, *[State.QUEUED] * 7]


async def test_recovery_again(world: World) -> None:
    """To recover again changes nothing, not even a resend that waits for its pause."""
    sending = await world.sending()
    await recover_all(world)
    once = await world.standing_of(sending)
    assert await recover_all(world) == 0
    assert await world.standing_of(sending) == once


async def test_recovery_after_the_deadline(world: World) -> None:
    """After days of outage nothing goes out again: what was on the wire is unknown (P7)."""
    sending = await world.sending()
    world.now += 3 * DAY
    await recover_all(world)
    assert (await world.standing_of(sending)).state is State.UNKNOWN


async def test_answer_after_recovery(world: World) -> None:
    """The answer of the attempt that was called ambiguous settles it when it does come."""
    sending = await world.sending()
    await recover_all(world)
    assert (await world.answer(sending, taken("1"))).state is State.ENROUTE
    assert (await world.answer(sending, lost())).state is State.ENROUTE
