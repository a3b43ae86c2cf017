"""Removals and references in every store, and moves as the store keeps them: whoever asks meets the same refusal."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.past import past_the_store
from tests.store.world import ALI, HOLD, LINE, LINE2, NOW, SARA, MakeStore, World, step

from payamak.domain.message import Relocation
from payamak.domain.moving import Move
from payamak.store.records import OptOut, Search


async def test_what_has_money_is_not_removed(world: World) -> None:
    """By whatever way the removal comes, nothing is changed, and what to do first is said."""
    before = world.store.site
    with pytest.raises(
        ValueError, match="account shop is not removed: it has 10,000 rial: `payamak account credit shop"
    ):
        await world.store.put_documents([], [("account", "shop"), ("account", "bank")], NOW)
    assert world.store.site is before
    await world.store.put_documents([before.accounts["shop"]], [("account", "shop")], NOW)  # put anew in one change
    await world.store.put_documents([], [("account", "bank")], NOW)
    assert sorted(world.store.site.accounts) == ["clinic", "shop"]


async def test_what_has_messages_is_not_removed(world: World) -> None:
    """An account whose messages are under way, a line on which they wait, a link by which they are on the wire."""
    documents = [replace(a, lines=(LINE2,)) for a in world.store.site.accounts.values()]
    lines = [replace(line, links=()) for line in world.store.site.lines.values()]
    await world.store.put_documents([*documents, *lines], [], NOW)
    await world.pay_out()
    await world.accept(world.new(step(HOLD, 0)))
    await world.enroute("7", step(LINE, 0))
    sending = await world.sending(step(LINE2, 0))
    for removal, said in (
        (("account", "shop"), "1 message of it waits"),
        (("account", "shop"), "2 messages of it are on the wire or waiting for receipts"),
        (("line", HOLD), "1 message waits on it"),
        (("line", LINE2), "1 message is on the wire by it"),
        (("link", "north"), "1 message is on the wire by it"),
    ):
        with pytest.raises(ValueError, match=said):
            await world.store.put_documents([], [removal], NOW)
    assert (await world.store.holdings("line", LINE)).bars == ()
    assert "1 message that went by it" in (await world.store.holdings("line", LINE)).notes[0]
    await world.store.put_documents([], [("line", LINE), ("link", "south")], NOW)
    assert sending.id


async def test_a_reference_is_its_accounts(world: World, make_store: MakeStore) -> None:
    """Entered once whoever asks, and by whichever process; another account has another list."""
    first = await world.store.credit_once("shop", 500, "r", "", NOW)
    again = await (await make_store()).credit_once("shop", 500, "r", "", NOW + 9)
    assert (first.is_repeated, again.is_repeated, again.entered_at) == (False, True, NOW)
    assert (await world.balance()).available == first.available == again.available == 10_500
    assert not (await world.store.credit_once("clinic", 500, "r", "", NOW)).is_repeated
    with pytest.raises(ValueError, match="was given 500 rial"):
        await world.store.credit_once("shop", 501, "r", "", NOW)
    with pytest.raises(LookupError):
        await world.store.credit_once("nobody", 500, "r", "", NOW)


async def test_a_move_is_kept(world: World) -> None:
    """From where, when, by whom, in the plan on disk; the money is as it was."""
    message = await world.accept()
    world.now += 7
    assert await world.move() == 1
    moved = await world.standing_of(message)
    assert moved.current.moves == (Relocation(from_line=LINE, at=NOW + 7, by="ali"),)
    assert moved.reserved == message.reserved
    assert (await world.balance()).reserved == 100


async def test_a_row_that_cannot_be_read(world: World) -> None:
    """It is counted apart, and the others are moved and taken back all the same."""
    first, second, third = [await world.accept() for _ in range(3)]
    await past_the_store(world.store, f"UPDATE message SET plan = '[' WHERE id = {second.id}")
    plan = await world.store.plan_move(Move(source=LINE, target=LINE2), NOW)
    assert (plan.ids, plan.skipped) == ((first.id, third.id), {"unreadable": 1})
    done = await world.store.cancel([first.id, second.id, third.id], NOW)
    assert (done.done, done.left) == ((first.id, third.id), {second.id: None})


async def test_a_move_asks_again(world: World) -> None:
    """Who has opted out since the count stays, and what stands elsewhere by now; what came since is no part of it."""
    for recipient in (ALI, SARA, ALI):
        await world.accept(world.new(recipient=recipient))
    move = Move(source=LINE, target=LINE2, by="ali")
    plan = await world.store.plan_move(move, NOW)
    assert (len(plan.ids), plan.skipped) == (3, {})
    refused = OptOut(recipient=SARA, line=LINE2, code=33, source="hand", learned_at=NOW, expires_at=None)
    await world.store.put_opt_outs([refused])
    await world.store.move_messages(plan.ids[:1], Move(source=LINE, target=HOLD), NOW)
    await world.accept()
    assert await world.store.move_messages(plan.ids, move, NOW) == 1
    assert [m.current.line for m in await world.store.search(Search())] == [LINE, LINE2, LINE, HOLD]
    queued = {row.line: row.count for row in await world.store.queue()}
    assert queued == {LINE: 2, LINE2: 1, HOLD: 1}
    assert (await world.store.plan_move(move, NOW)).skipped == {"opted_out": 1}
