"""Hops 4 to 6: on the wire by a commit of its own, the answers, the fallback row, and the money of each."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.store.world import (
    ALI,
    DAY,
    HOLD,
    LINE,
    LINE2,
    MINUTE,
    NOW,
    OWNER,
    SERVICE,
    Listener,
    World,
    later,
    lost,
    opted_out,
    refused,
    step,
    taken,
)

from payamak.codes import Code
from payamak.domain.events import Answered, Cancelled, IllegalMove, Postponed, ReceiptOverdue
from payamak.domain.message import Lane, PartState, Reason, State
from payamak.errors import Refused
from payamak.store.records import OptOut

# ------------------------------------------------------------------------------------------- on the wire


async def test_mark(world: World) -> None:
    """A mark opens an attempt with every part on record, by link and upstream, before anything leaves (P3)."""
    message = await world.accept(world.new(step(parts=2)))
    world.now += 5
    (change,) = await world.mark(message, link="south")
    assert (change.message.state, change.message.tries, change.before) == (State.SENDING, 1, State.QUEUED)
    story = await world.store.story(message.id)
    assert story is not None
    assert story.message == change.message
    assert [(p.part, p.link, p.upstream, p.on_wire_at, p.answer) for p in story.parts] == [
        (1, "south", "operator", NOW + 5, None),
        (2, "south", "operator", NOW + 5, None),
    ]


async def test_only_what_is_as_it_was(world: World) -> None:
    """A claim with another version, of a message that is on the wire, cancelled or unknown is left out."""
    fresh, old, gone, twice = [await world.accept() for _ in range(4)]
    await world.store.advance(old.id, Postponed(reason=Reason.LINK_DOWN, until=NOW), NOW)
    await world.store.advance(gone.id, Cancelled(), NOW)
    changes = await world.mark(old, gone, twice, twice, replace(fresh, id=10**12), fresh)
    assert [c.message.id for c in changes] == [twice.id, fresh.id]
    assert await world.mark(fresh) == []


async def test_expires_instead(world: World) -> None:
    """What is past its deadline when it is marked expires and gives its reservation back; nothing goes out (P7)."""
    message = await world.accept(world.new(life=MINUTE))
    world.now += MINUTE
    (change,) = await world.mark(message)
    assert (change.message.state, change.message.reason) == (State.EXPIRED, Reason.DEADLINE)
    story = await world.store.story(message.id)
    assert story is not None
    assert story.parts == ()
    assert (await world.balance()).available == 10_000


# ----------------------------------------------------------------------------------------------- answers


async def test_taken(world: World) -> None:
    """An answer is kept with its id, and the step is settled."""
    message = await world.answer(await world.sending(), taken("00AbC"))
    assert (message.state, message.charged, message.reserved) == (State.ENROUTE, 100, 0)
    story = await world.store.story(message.id)
    assert story is not None
    (part,) = story.parts
    assert (part.answer, part.status, part.operator_id, part.answered_at) == ("taken", 0, "00AbC", NOW)
    balance = await world.balance()
    assert (balance.available, balance.reserved) == (9_900, 0)


async def test_without_receipts(world: World) -> None:
    """A link that gives no receipts ends the message as enroute, and nothing stays reserved."""
    sending = await world.sending(step(), step(LINE2, 400))
    message = await world.answer(sending, taken("1"), gives_receipts=False)
    assert (message.state, message.reason, message.is_final) == (State.ENROUTE, Reason.NO_RECEIPTS, True)
    assert (await world.balance()).available == 9_900


async def test_answers_in_parts(world: World) -> None:
    """Answers to parts come one by one; the step is settled when all are there."""
    message = await world.sending(step(parts=3))
    message = await world.answer(message, taken("1", 1), taken("3", 3))
    assert (message.state, message.parts, message.charged) == (State.SENDING, ("tst",), 0)
    message = await world.answer(message, taken("2", 2))
    assert (message.state, message.parts, message.charged) == (State.ENROUTE, ("ttt",), 100)
    story = await world.store.story(message.id)
    assert story is not None
    assert [p.operator_id for p in story.parts] == ["1", "2", "3"]


async def test_answered_twice(world: World) -> None:
    """A second answer to the same part neither moves the message nor overwrites the first."""
    sending = await world.sending()
    first = await world.answer(sending, taken("1"))
    second = await world.answer(sending, taken("2"))
    assert (second.state, second.version) == (first.state, first.version)
    story = await world.store.story(sending.id)
    assert story is not None
    assert story.parts[0].operator_id == "1"
    assert (await world.balance()).available == 9_900


async def test_a_definite_answer_replaces_a_lost_one(world: World) -> None:
    """An overdue answer settles the ambiguity, in the record too; never the other way round."""
    sending = await world.sending()
    await world.answer(sending, lost())
    message = await world.answer(sending, taken("7"))
    assert message.state is State.ENROUTE
    await world.answer(sending, lost())
    story = await world.store.story(sending.id)
    assert story is not None
    assert (story.message.state, story.parts[0].answer) == (State.ENROUTE, "taken")


async def test_later(world: World) -> None:
    """A busy operator sends the message back to the queue, unleased, with the next try on a record of its own."""
    message = await world.answer(await world.sending(), later())
    assert (message.state, message.reason, message.is_leased) == (State.QUEUED, Reason.OPERATOR_BUSY, False)
    assert message.due_at > NOW
    assert (await world.on_wire(message)).tries == 2
    story = await world.store.story(message.id)
    assert story is not None
    assert [(p.try_no, p.answer) for p in story.parts] == [(1, "later"), (2, None)]
    assert (await world.balance()).reserved == 100


async def test_refused(world: World) -> None:
    """A definite refusal ends the message and gives the reservation back."""
    message = await world.answer(await world.sending(step(), step(LINE2)), refused())
    assert (message.state, message.code, message.is_final) == (State.REJECTED, Code.INTERNAL, True)
    assert (await world.balance()).available == 10_000


async def test_hold(world: World) -> None:
    """A line that holds ends an ambiguous message as unknown, uncharged; a receipt may settle it, from the balance."""
    message = await world.answer(await world.sending(step(HOLD)), lost())
    assert (message.state, message.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)
    assert (await world.balance()).available == 10_000
    (change,) = await world.receipt("5", line=HOLD)
    assert (change.message.state, change.message.was_settled_late) == (State.DELIVERED, True)
    assert (await world.balance()).available == 9_900


async def test_no_such_message(world: World) -> None:
    """An event for a message that does not exist changes nothing."""
    assert await world.store.advance(10**12, Cancelled(), NOW) == []


async def test_version(world: World) -> None:
    """With a version, an event happens only to the message that was seen."""
    message = await world.accept()
    await world.store.advance(message.id, Postponed(reason=Reason.PACED, until=NOW), NOW, message.version)
    assert await world.store.advance(message.id, Cancelled(), NOW, message.version) == []
    assert (await world.standing_of(message)).state is State.QUEUED


async def test_illegal_move(world: World) -> None:
    """What the table does not list raises, changes nothing and is not published."""
    message = await world.accept()
    listener = Listener(world.store)
    with pytest.raises(IllegalMove):
        await world.store.advance(message.id, ReceiptOverdue(), NOW)
    assert listener.batches == []
    assert await world.standing_of(message) == message


async def test_every_commit_is_published(world: World) -> None:
    """The Feed tells each change in the order in which they were committed."""
    listener = Listener(world.store)
    message = await world.enroute("9")
    await world.receipt("9")
    assert listener.events == [(message.id, name) for name in ("Accepted", "OnWire", "Answered", "Receipted")]


# ---------------------------------------------------------------------------------------------- fallback


async def test_fallback(world: World) -> None:
    """An opt-out moves the row to the next step's line: that line's claim finds it, the first one's does not."""
    message = await world.answer(await world.sending(step(), step(SERVICE, 250)), opted_out())
    assert (message.state, message.reason, message.step, message.tries) == (State.QUEUED, Reason.FALLBACK, 1, 0)
    assert (message.reserved, message.charged, message.is_leased) == (250, 0, False)
    assert (await world.store.claim(LINE, (9, 9, 9), NOW, OWNER)).messages == ()
    (claimed,) = (await world.store.claim(SERVICE, (9, 9, 9), NOW, OWNER)).messages
    assert claimed.id == message.id
    (row,) = await world.store.queue()
    assert (row.line, row.reason) == (SERVICE, Reason.FALLBACK)
    message = await world.answer(await world.on_wire(claimed), taken("1"))
    assert (message.charged, (await world.balance()).available) == (250, 9_750)


async def test_fallback_keeps_the_lease_with_room(world: World) -> None:
    """With room for the next line the back keeps the message, and the room is counted."""
    world.store.feed.room[LINE2, Lane.NORMAL] = 1
    message = await world.answer(await world.sending(step(), step(LINE2)), opted_out())
    assert message.is_leased
    assert world.store.feed.room[LINE2, Lane.NORMAL] == 0
    assert (await world.store.claim(LINE2, (9, 9, 9), NOW, OWNER)).messages == ()


async def test_opt_out_is_learned(world: World) -> None:
    """An opt-out is remembered for this recipient and this line, as long as the line says, and no longer."""
    await world.answer(await world.sending(step(), step(LINE2)), opted_out())
    (learned,) = await world.store.opt_outs(ALI, None, "", 10)
    assert learned == OptOut(
        recipient=ALI,
        line=LINE,
        code=Code.OPTED_OUT_OF_LINE,
        source="learned",
        learned_at=NOW,
        expires_at=NOW + 7 * DAY,
    )
    with pytest.raises(Refused):
        await world.accept()
    assert (await world.accept(world.new(step(), step(LINE2)))).step == 1
    world.now += 7 * DAY
    assert (await world.accept()).step == 0


async def test_opt_out_on_the_last_step(world: World) -> None:
    """At the end of the plan the message is rejected with the verdict, and nothing is charged."""
    message = await world.answer(await world.sending(), opted_out(code=Code.OPTED_OUT))
    assert (message.state, message.reason, message.code) == (State.REJECTED, Reason.OPTED_OUT, Code.OPTED_OUT)
    assert (await world.balance()).available == 10_000


async def test_fallback_skips_what_became_known(world: World) -> None:
    """A later step that is known to be opted out by now is passed over, with its code in the plan."""
    sending = await world.sending(step(), step(LINE2), step(SERVICE))
    await world.store.put_opt_outs(
        [OptOut(recipient=ALI, line=LINE2, code=33, source="hand", learned_at=NOW, expires_at=None)]
    )
    message = await world.answer(sending, opted_out())
    assert (message.step, message.plan[1].skip) == (2, Code.OPTED_OUT_OF_LINE)
    assert await world.standing_of(message) == message


async def test_late_opt_out_is_refunded(world: World) -> None:
    """A step that was taken and then refused in the receipt is paid back; the next one is charged instead."""
    await world.enroute("1", step(price=100), step(LINE2, 250))
    (change,) = await world.receipt("1", PartState.OPTED_OUT, code=Code.OPTED_OUT_OF_LINE)
    message = change.message
    assert (message.state, message.step, message.reserved, message.charged) == (State.QUEUED, 1, 250, 0)
    assert (await world.balance()).reserved == 250
    await world.answer(await world.on_wire(message), taken("2"))
    assert (await world.balance()).available == 9_750
    story = await world.store.story(message.id)
    assert story is not None
    assert [e.kind for e in story.entries] == ["reserve", "settle", "refund", "settle"]


async def test_late_opt_out_is_kept(world: World) -> None:
    """On a line that keeps its price both steps are paid, and both were reserved for."""
    message = await world.enroute("1", step(price=100, keep=True), step(LINE2, 250))
    assert (message.charged, message.reserved) == (100, 250)
    (change,) = await world.receipt("1", PartState.OPTED_OUT, code=Code.OPTED_OUT_OF_LINE)
    await world.answer(await world.on_wire(change.message), taken("2"))
    assert (await world.balance()).available == 9_650


async def test_cancel(world: World) -> None:
    """A cancelled message gives its reservation back and takes no further event but a record."""
    message = await world.accept()
    (change,) = await world.store.advance(message.id, Cancelled(), NOW)
    assert (change.message.state, change.message.is_leased) == (State.CANCELLED, False)
    assert (await world.balance()).available == 10_000
    answered = Answered(step=0, try_no=1, outcomes=(taken("1"),))
    (change,) = await world.store.advance(message.id, answered, NOW)
    assert change.message.state is State.CANCELLED
