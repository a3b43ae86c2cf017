"""Messages accepted together, each for itself: as one accept after the other, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace as changed
from tests.store.world import ALI, LINE, LINE2, NOW, SARA, Listener, World, step

from payamak.codes import Code
from payamak.domain.message import Message
from payamak.errors import Refused
from payamak.store.records import NewMessage, OptOut, Search

Told = list[Message | Code]


async def keep(world: World, items: Sequence[NewMessage | Code], account: str = "shop") -> Told:
    """Accept each of them."""
    return await world.store.accept_each(world.account_id(account), items, world.now)


async def one_by_one(world: World, items: Sequence[NewMessage | Code]) -> Told:
    """What becomes of the same, accepted one after the other."""
    told: Told = []
    for item in items:
        try:
            told.append(item if isinstance(item, Code) else (await world.store.accept(item, world.now)).message)
        except Refused as refused:
            told.append(refused.code)
    return told


def but_ids(told: Told) -> list[object]:
    """The messages without what tells one from another."""
    return [each if isinstance(each, Code) else changed(each, id=0) for each in told]


async def test_as_one_accept_after_the_other(world: World) -> None:
    """The same is kept, refused and reserved, in the same order: opt-outs, money, what costs nothing, doubled ones."""
    for line, recipient in ((LINE, ALI), (LINE2, SARA)):
        known = OptOut(recipient=recipient, line=line, code=33, source="hand", learned_at=NOW, expires_at=None)
        await world.store.put_opt_outs([known])
    items: list[NewMessage | Code] = [
        world.new(step(price=2_000), recipient=SARA),
        world.new(step(price=1), recipient=ALI),
        Code.RECIPIENT_INVALID,
        world.new(step(price=2_500), step(LINE2, price=2_800), recipient=ALI),
        world.new(step(price=300), recipient=SARA),
        world.new(step(price=0), recipient=SARA),
        world.new(step(price=200), recipient=SARA),
        world.new(step(price=1), recipient=SARA),
    ]
    await world.store.credit("shop", -5_000, "less", NOW)  # 5,000 are left
    together = await keep(world, items)
    codes = [each if isinstance(each, Code) else None for each in together]
    assert codes == [None, 33, 1, None, 14, None, None, 14]
    after = await world.balance()
    assert (after.available, after.reserved, after.is_balanced) == (0, 5_000, True)
    await world.store.credit("shop", 5_000, "as before", NOW)
    assert but_ids(await one_by_one(world, items)) == but_ids(together)
    both = (await world.store.search(Search()))[::-1]
    assert [m.id for m in both] == sorted({m.id for m in both})
    stories = [await world.store.story(m.id) for m in both]
    entries = [[(e.kind, e.amount) for e in story.entries] for story in stories if story is not None]
    assert entries[:4] == entries[4:]


async def test_a_debt_keeps_what_costs_nothing(world: World) -> None:
    """Below zero nothing that costs is kept, and what is free is; without a purse nothing is."""
    await world.store.credit("shop", -10_500, "more than it has", NOW, allow_negative=True)
    items = [world.new(step(price=1)), world.new(step(price=0))]
    assert [isinstance(each, Message) for each in await keep(world, items)] == [False, True]
    strange: list[NewMessage | Code] = [changed(world.new(step(price=0)), account_id=987), Code.TEXT_EMPTY]
    assert await world.store.accept_each(987, strange, NOW) == [Code.NO_CREDIT, Code.TEXT_EMPTY]


async def test_all_that_is_kept_is_published_together(world: World) -> None:
    """One commit, one publication; what is refused is no part of it."""
    listener = Listener(world.store)
    told = await keep(world, [world.new(), Code.TEXT_EMPTY, world.new(recipient=SARA)])
    (batch,) = listener.batches
    assert [change.message for change in batch] == [each for each in told if isinstance(each, Message)]


async def test_watches_begin_before_the_publication(world: World) -> None:
    """Each hears what becomes of its own message; that of a refused one never begins."""
    store, heard = world.store, list[object]()
    watches = [store.feed.watch() for _ in range(3)]
    store.feed.listen(lambda changes: heard.append([watch.message_id for watch in watches]))
    items: list[NewMessage | Code] = [world.new(), Code.TEXT_EMPTY, world.new(recipient=SARA)]
    first, _, third = await store.accept_each(world.account_id(), items, NOW, [watch.ticket for watch in watches])
    assert isinstance(first, Message)
    assert isinstance(third, Message)
    assert heard == [[first.id, 0, third.id]]
    for watch in watches:
        watch.close()


async def test_room_is_counted_for_each(world: World) -> None:
    """The back is handed as many as it has room for; the others wait in the store."""
    world.store.feed.room[LINE, 1] = 2
    told = await keep(world, [world.new() for _ in range(3)])
    assert [each.is_leased for each in told if isinstance(each, Message)] == [True, True, False]
    assert world.store.feed.room[LINE, 1] == 0


async def test_a_fault_of_one_leaves_nothing(world: World) -> None:
    """The transaction is rolled back whole: whoever asked may try one by one."""
    with pytest.raises(Exception, match=r"(?i)check"):
        await keep(world, [world.new(), world.new(recipient="not a number")])
    assert await world.store.search(Search()) == []
    balance = await world.balance()
    assert (balance.reserved, balance.is_balanced) == (0, True)
