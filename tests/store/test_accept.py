"""Hop 3: what is accepted is kept with its reservation, or refused and not kept at all (P1, P5)."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, DAY, LINE, LINE2, NOW, SARA, SERVICE, Listener, MakeStore, World, step

from payamak.codes import Code
from payamak.domain.message import Lane, Reason, State
from payamak.errors import Refused
from payamak.store.feed import Change, LocalFeed
from payamak.store.records import OptOut, Search


def known(line: str, code: Code, expires_at: int | None = None) -> OptOut:
    """An opt-out of ALI that was imported."""
    return OptOut(recipient=ALI, line=line, code=code, source="imported", learned_at=NOW, expires_at=expires_at)


async def test_kept(world: World, make_store: MakeStore) -> None:
    """What accept answers is what another reader finds in the store, an id above 1000 included."""
    message = await world.accept(world.new(step(), step(SERVICE, 150), lane=Lane.BULK))
    assert message.id > 1_000
    assert (message.state, message.reason, message.current.line) == (State.QUEUED, Reason.ACCEPTED, LINE)
    assert (message.accepted_at, message.deadline_at, message.lane) == (NOW, NOW + DAY, Lane.BULK)
    story = await (await make_store()).story(message.id)
    assert story is not None
    assert story.message == message


async def test_ids_grow(world: World) -> None:
    """Every message has an id of its own, higher than the ones before."""
    messages = await asyncio.gather(*(world.accept() for _ in range(20)))
    assert sorted({m.id for m in messages}) == [messages[0].id + i for i in range(20)]


async def test_the_dearest_step_is_reserved(world: World) -> None:
    """The reservation moves from the balance by an entry of the ledger."""
    message = await world.accept(world.new(step(price=100), step(LINE2, 300), step(SERVICE, 200)))
    balance = await world.balance()
    assert (message.reserved, balance.available, balance.reserved) == (300, 9_700, 300)
    story = await world.store.story(message.id)
    assert story is not None
    assert [(e.kind, e.source, e.target, e.amount) for e in story.entries] == [
        ("reserve", "available", "reserved", 300)
    ]


@pytest.mark.parametrize(("username", "price"), [("shop", 10_001), ("bank", 1)])
async def test_14(world: World, username: str, price: int) -> None:
    """A balance that does not cover the reservation refuses with 14; nothing is kept, nothing is charged."""
    listener = Listener(world.store)
    before = await world.store.balances()
    with pytest.raises(Refused) as refusal:
        await world.accept(world.new(step(price=price), account=username))
    assert refusal.value.code == Code.NO_CREDIT
    assert await world.store.search(Search()) == []
    assert await world.store.balances() == before
    assert listener.batches == []


async def test_the_last_rial_counts(world: World) -> None:
    """A balance may be used up to zero, by many at once, and never below."""
    results = await asyncio.gather(
        *(world.accept(world.new(step(price=300))) for _ in range(50)), return_exceptions=True
    )
    refused = [r for r in results if isinstance(r, Refused)]
    assert len(refused) == 50 - 10_000 // 300
    assert {r.code for r in refused} == {Code.NO_CREDIT}
    assert (await world.balance()).available == 10_000 % 300


async def test_free_of_charge(world: World) -> None:
    """A message that costs nothing needs no money, but an account."""
    assert (await world.accept(world.new(step(price=0), account="bank"))).reserved == 0
    with pytest.raises(Refused) as refusal:
        await world.accept(replace(world.new(step(price=0)), account_id=999))
    assert refusal.value.code == Code.NO_CREDIT


@pytest.mark.parametrize("code", [Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE])
async def test_known_opt_out_of_every_step(world: World, code: Code) -> None:
    """27 or 33, the last step's, when every step is known to be opted out; nothing is charged."""
    first = Code.OPTED_OUT if code is Code.OPTED_OUT_OF_LINE else Code.OPTED_OUT_OF_LINE
    await world.store.put_opt_outs([known(LINE, first), known(LINE2, code)])
    with pytest.raises(Refused) as refusal:
        await world.accept(world.new(step(), step(LINE2)))
    assert refusal.value.code == code
    assert (await world.balance()).available == 10_000
    assert (await world.accept(world.new(step(), step(LINE2), recipient=SARA))).step == 0


async def test_opt_out_comes_before_credit(world: World) -> None:
    """Of both reasons the opt-out is told (contract §1)."""
    await world.store.put_opt_outs([known(LINE, Code.OPTED_OUT_OF_LINE)])
    with pytest.raises(Refused) as refusal:
        await world.accept(world.new(account="bank"))
    assert refusal.value.code == Code.OPTED_OUT_OF_LINE


async def test_known_step_is_skipped(world: World) -> None:
    """A step known to be opted out is passed over, with its code kept, and not reserved for."""
    await world.store.put_opt_outs([known(LINE, Code.OPTED_OUT_OF_LINE)])
    message = await world.accept(world.new(step(price=500), step(LINE2, 70)))
    assert (message.step, message.current.line, message.reserved) == (1, LINE2, 70)
    assert message.plan[0].skip == Code.OPTED_OUT_OF_LINE
    (row,) = await world.store.queue()
    assert row.line == LINE2


async def test_operator_wide(world: World) -> None:
    """An operator-wide opt-out covers advertising lines and no others (contract §3)."""
    await world.store.put_opt_outs([known("*", Code.OPTED_OUT)])
    message = await world.accept(world.new(step(), step(SERVICE)))
    assert (message.current.line, message.plan[0].skip) == (SERVICE, Code.OPTED_OUT)


async def test_expired_opt_out(world: World) -> None:
    """An opt-out holds until its expiry and not at it."""
    await world.store.put_opt_outs([known(LINE, Code.OPTED_OUT_OF_LINE, expires_at=NOW + 10)])
    world.now = NOW + 9
    with pytest.raises(Refused):
        await world.accept()
    world.now = NOW + 10
    assert (await world.accept()).step == 0


async def test_leased_only_with_room(world: World) -> None:
    """A fresh message is leased to the back as long as its line and class have room in the Feed."""
    room = world.store.feed.room
    assert not (await world.accept()).is_leased
    room[LINE, Lane.NORMAL] = 2
    leased = [(await world.accept()).is_leased for _ in range(3)]
    assert leased == [True, True, False]
    assert room[LINE, Lane.NORMAL] == 0
    room[LINE, Lane.OTP] = 1
    assert not (await world.accept(world.new(lane=Lane.BULK))).is_leased
    assert not (await world.accept(world.new(step(LINE2), lane=Lane.OTP))).is_leased
    assert (await world.accept(world.new(lane=Lane.OTP))).is_leased


async def test_refusals_take_no_room(world: World) -> None:
    """A message that is refused leaves the room to others."""
    world.store.feed.room[LINE, Lane.NORMAL] = 1
    with pytest.raises(Refused):
        await world.accept(world.new(step(price=1_000_000)))
    assert (await world.accept()).is_leased


async def test_watch_begins_before_the_publication(world: World) -> None:
    """Whoever hears of a fresh message first finds its watch begun, so that no verdict is missed."""
    store = world.store
    store.feed.room[LINE, Lane.NORMAL] = 1
    watch = store.feed.watch()
    begun: list[int] = []
    store.feed.listen(lambda changes: begun.append(watch.message_id))
    message = await world.accept(watch=watch)
    assert begun == [message.id]
    watch.close()


async def test_queueing_said_at_once_is_heard(world: World) -> None:
    """If the back says during the publication that the message has to queue, the caller does not wait."""
    store = world.store
    store.feed.room[LINE, Lane.NORMAL] = 1

    def back(changes: list[Change]) -> None:
        for change in changes:
            store.feed.has_to_queue(change.message.id)

    store.feed.listen(back)  # type: ignore[arg-type]
    watch = store.feed.watch()
    message = await world.accept(watch=watch)
    assert await asyncio.wait_for(watch.verdict(3_600), 60) == message
    watch.close()


async def test_not_leased_means_no_wait(world: World) -> None:
    """A message that waits in the store is answered at once."""
    watch = world.store.feed.watch()
    message = await world.accept(watch=watch)
    assert await asyncio.wait_for(watch.verdict(3_600), 60) == message
    watch.close()


async def test_caller_hangs_up(world: World) -> None:
    """A caller that hangs up changes nothing: the message is kept and published, and its watch is not left behind."""
    store = world.store
    store.feed.room[LINE, Lane.NORMAL] = 1
    heard = asyncio.Event()
    store.feed.listen(lambda changes: heard.set())
    watch = store.feed.watch()
    waiter = asyncio.ensure_future(store.accept(world.new(), world.now, watch.ticket))
    waiter.cancel()
    watch.close()
    await asyncio.wait_for(heard.wait(), 60)
    (message,) = await store.search(Search())
    assert message.is_leased
    assert isinstance(store.feed, LocalFeed)
    assert not store.feed._watches
    assert not store.feed._tickets
