"""What a store remembers of the clocks, and how it is set back when `now` fell."""

from __future__ import annotations

import pytest
from tests.store.test_received import Handsets, mo, pieces
from tests.store.test_webhooks import give_webhook, told
from tests.store.world import DAY, HOLD, HOUR, LINE, MINUTE, NOW, OWNER, SARA, MakeStore, World, later, step

from payamak.domain.clocks import Reading, first_look, look
from payamak.domain.events import Postponed
from payamak.domain.message import Reason, State
from payamak.domain.posting import GIVE_UP_MS, PostState
from payamak.domain.webhooks import after_notice
from payamak.store.records import OptOut


async def set_back(world: World, by: int) -> None:
    """`now` falls by so much, and the store is set back, a message at a time."""
    world.now -= by
    after_id: int | None = 0
    while after_id is not None:
        after_id = await world.store.set_back(by, world.now, after_id, 1)


async def test_what_is_known_survives(world: World, make_store: MakeStore) -> None:
    """Clocks, their boot clock and what a person has accepted are there for the next process, also while in doubt."""
    clocks = look(look(first_look(NOW, 0), NOW + HOUR, HOUR), NOW + 3 * HOUR, 2 * HOUR)
    assert clocks.is_in_doubt
    assert (await world.store.clocks()).clocks is None
    await world.store.keep_clocks(clocks, 7)
    await world.store.accept_clock(clocks.offset, 7)
    await world.store.keep_mark(NOW, is_needed=True)
    record = await (await make_store()).clocks()
    assert (record.clocks, record.boot_id, record.last_commit) == (clocks, 7, NOW)
    assert record.accepts(clocks, 7)
    settled = first_look(NOW, 0)
    await world.store.keep_clocks(settled, 7)
    assert (await world.store.clocks()).clocks == settled


async def test_a_message_of_the_future(world: World) -> None:
    """Accepted a day ahead for five minutes, it is valid for five minutes; it does not go before that is so (P7)."""
    before = await world.accept()
    world.now += DAY
    message = await world.accept(world.new(life=5 * MINUTE))
    put_off = await world.answer(await world.sending(), later())
    world.now -= DAY
    (early,) = await world.mark(message)
    assert (early.message.state, early.message.reason) == (State.QUEUED, Reason.CLOCK)
    world.now += DAY
    await set_back(world, DAY)
    for one in (message, put_off):
        after = await world.standing_of(one)
        assert (after.accepted_at, after.due_at, after.changed_at, after.is_leased) == (NOW, NOW, NOW, False)
    assert (await world.standing_of(message)).deadline_at == NOW + 5 * MINUTE
    assert await world.standing_of(before) == before
    claimed = await world.store.claim(LINE, (9, 9, 9), NOW, OWNER)
    assert {m.id for m in claimed.messages} == {before.id, message.id, put_off.id}
    world.now += 5 * MINUTE
    await world.store.sweep(world.now, 100)
    assert (await world.standing_of(message)).state is State.EXPIRED


async def test_what_has_ended_keeps_its_end(world: World) -> None:
    """A final message of the future is as old as the others, so that retention passes none by; its state stays."""
    world.now += DAY
    message = await world.enroute("1")
    ((change,),) = (await world.receipt("1"),)
    await set_back(world, DAY)
    after = await world.standing_of(message)
    assert (after.state, after.accepted_at, after.changed_at) == (State.DELIVERED, NOW, NOW)
    assert after.version == change.message.version


async def test_a_receipt_of_a_part_of_the_future(world: World) -> None:
    """Sent while the clock was a week ahead: its receipt finds it, before the store is set back and after it."""
    world.now += 7 * DAY
    first, second = await world.enroute("1"), await world.enroute("2")
    world.now -= 7 * DAY
    await world.receipt("1")
    world.now += 7 * DAY
    await set_back(world, 7 * DAY)
    await world.receipt("2")
    assert [(await world.standing_of(one)).state for one in (first, second)] == [State.DELIVERED] * 2


async def test_posts_wait_for_no_pause_of_the_future(world: World) -> None:
    """Webhooks and relayed messages are due at once, and their three days begin no later than now."""
    await give_webhook(world)
    handsets = await Handsets(world).relayed()
    world.now += DAY
    message = await world.accept()
    await handsets.take(mo("a"), *pieces("b", "c")[:1])
    await set_back(world, DAY)
    (notice,) = await told(world.store, message)
    assert (notice.next_at, notice.waiting_since) == (NOW, NOW)
    (kept,) = await handsets.all()
    assert (kept.next_at, kept.waiting_since, kept.received_at) == (NOW, NOW, NOW)
    assert await world.store.sweep_received(NOW + 11 * MINUTE, 100) > 0


async def test_in_doubt_nothing_is_forgotten(world: World) -> None:
    """What time removes or gives up is past by both clocks: receipts waited for, opt-outs, messages kept, posts."""
    await give_webhook(world)
    enroute = await world.enroute("1", step(HOLD))
    done = await world.enroute("2")
    await world.receipt("2")
    until = NOW + DAY
    opt_out = OptOut(recipient=SARA, line=LINE, code=33, source="learned", learned_at=NOW, expires_at=until)
    await world.store.put_opt_outs([opt_out])
    doubt = Reading(NOW + 300 * DAY, NOW + HOUR, NOW + 300 * DAY + 10 * MINUTE)
    await world.store.sweep(doubt, 100)
    assert await world.store.retire(doubt, 100) == 0
    assert (await world.standing_of(enroute)).state is State.ENROUTE
    assert (await world.standing_of(done)).state is State.DELIVERED
    assert len(await world.store.opt_outs(SARA, None, "", 10)) == 1
    notice = (await told(world.store, done))[0]
    assert after_notice(notice, 500, None, doubt)[0] is PostState.WAITING
    late = Reading(doubt, NOW + GIVE_UP_MS + 1, doubt.until)
    assert after_notice(notice, 500, None, late)[0] is PostState.DEAD
    await world.store.sweep(int(doubt), 100)
    assert (await world.standing_of(enroute)).state is State.UNKNOWN


@pytest.mark.parametrize("reason", [Reason.OUTSIDE_HOURS, Reason.PACED, Reason.THROTTLED])
async def test_a_pause_of_the_future_is_over(world: World, reason: Reason) -> None:
    """Whatever a message waited for by a clock that was ahead, it is looked at now."""
    message = await world.accept()
    world.now += HOUR
    await world.store.advance(message.id, Postponed(reason=reason, until=world.now + MINUTE), world.now)
    await set_back(world, HOUR)
    after = await world.standing_of(message)
    assert (after.reason, after.due_at) == (reason, NOW)
