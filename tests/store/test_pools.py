"""Lost answers whose receipts come: settled by recipient and line as soon as that is certain, and not before (P3)."""

from __future__ import annotations

import pytest
from tests.store.world import ALI, DAY, HOLD, HOUR, LINE, OWNER, SERVICE, World, later, lost, step, taken

from payamak.codes import Code
from payamak.domain.ids import IdBase
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.site import Link

UNDELIVERED = PartState.UNDELIVERABLE


async def resent(world: World, *plan: str) -> Message:
    """A message of one part that was sent twice, and both answers were lost."""
    again = await world.answer(await world.sending(*(step(line) for line in plan or (LINE,))), lost())
    return await world.answer(await world.on_wire(again), lost())


async def stands(world: World, message: Message) -> tuple[State, Reason]:
    """Where it stands on disk."""
    after = await world.standing_of(message)
    return after.state, after.reason


async def test_every_part_of_a_text_on_a_line_that_holds(world: World) -> None:
    """Two parts, both answers lost, both receipts came: delivered, late, and charged."""
    message = await world.answer(await world.sending(step(HOLD, parts=2)), lost(1), lost(2))
    assert (message.state, message.charged) == (State.UNKNOWN, 0)
    assert await world.receipt("a1", line=HOLD) == []
    after = (await world.receipt("a2", line=HOLD))[-1].message
    assert (after.state, after.was_settled_late, after.charged) == (State.DELIVERED, True, 100)
    assert await world.unmatched_ids() == []
    assert (await world.balance()).available == 9_900


async def test_three_of_four(world: World) -> None:
    """Two parts sent twice: with three DELIVRD of four both have arrived; the fourth one is a repetition of nothing."""
    message = await world.sending(step(parts=2))
    for _ in range(2):
        message = await world.answer(message, lost(1), lost(2))
        message = await world.on_wire(message) if message.tries == 1 else message
    for name in ("a", "b"):
        await world.receipt(name)
    assert (await stands(world, message)) == (State.QUEUED, Reason.RECEIPTS_AWAITED)
    await world.receipt("c")
    assert (await stands(world, message))[0] is State.DELIVERED
    await world.receipt("d")
    assert (await stands(world, message))[0] is State.DELIVERED


async def test_sent_again_and_again(world: World) -> None:
    """One part sent twice: the first receipt settles it, and no further copy goes."""
    message = await resent(world)
    (change,) = await world.receipt("a")
    assert (change.message.id, change.message.state) == (message.id, State.DELIVERED)


async def test_while_receipts_wait_nothing_is_sent_again(world: World) -> None:
    """A pool that has receipts and not enough sends no copy; its messages are unknown at their deadline, or settled."""
    first, second = await resent(world), await resent(world)
    await world.receipt("a")
    for message in (first, second):
        assert await stands(world, message) == (State.QUEUED, Reason.RECEIPTS_AWAITED)
        assert (await world.store.claim(LINE, (9, 9, 9), world.now + HOUR, OWNER)).messages == ()
    await world.receipt("b")
    await world.receipt("c")
    assert {await stands(world, message) for message in (first, second)} == {(State.DELIVERED, Reason.RECEIPT)}


async def test_unknown_at_the_deadline(world: World) -> None:
    """Receipts that never become enough: unknown at the deadline, like every other lost answer."""
    first, second = await resent(world), await resent(world)
    await world.receipt("a")
    world.now += DAY
    await world.store.sweep(world.now, 100)
    for message in (first, second):
        assert await stands(world, message) == (State.UNKNOWN, Reason.ANSWER_LOST)
    await world.receipt("b")
    await world.receipt("c")
    assert {await stands(world, message) for message in (first, second)} == {(State.DELIVERED, Reason.RECEIPT)}


async def test_a_receipt_that_came_before_the_loss(world: World) -> None:
    """A receipt that waits when the second answer is lost keeps the message from going a third time."""
    first = await world.answer(await world.sending(), lost())
    second = await world.sending()
    await world.receipt("a")
    await world.answer(second, lost())
    for message in (first, second):
        assert await stands(world, message) == (State.QUEUED, Reason.RECEIPTS_AWAITED)


async def test_one_copy_failed_and_the_other_may_arrive(world: World) -> None:
    """The receipt of an answered copy that failed decides nothing while a lost copy of the part may still arrive."""
    sending = await world.sending(step(), step(SERVICE))
    again = await world.on_wire(await world.answer(sending, lost()))
    await world.answer(again, taken("77"))
    await world.receipt("77", PartState.OPTED_OUT, code=Code.OPTED_OUT_OF_LINE)
    assert await stands(world, again) == (State.ENROUTE, Reason.TAKEN)
    await world.receipt("78", UNDELIVERED)
    after = await world.standing_of(again)
    assert (after.state, after.step, after.code) == (State.QUEUED, 1, Code.OPTED_OUT_OF_LINE)


async def test_the_other_copy_arrived(world: World) -> None:
    """DELIVRD of any copy settles the part."""
    again = await world.on_wire(await world.answer(await world.sending(), lost()))
    await world.answer(again, taken("77"))
    await world.receipt("77", UNDELIVERED)
    await world.receipt("78")
    assert (await stands(world, again))[0] is State.DELIVERED


async def test_a_late_answer_ends_resending(world: World) -> None:
    """The first try was taken after all: no third copy goes, and its receipt is its own."""
    first = await world.sending()
    second = await world.answer(await world.on_wire(await world.answer(first, lost())), lost())
    assert second.state is State.QUEUED
    await world.answer(first, taken("701"))
    assert await stands(world, first) == (State.ENROUTE, Reason.TAKEN)
    await world.receipt("701")
    assert (await stands(world, first))[0] is State.DELIVERED


async def test_an_answered_rival_until_ids_are_known(world: World) -> None:
    """As long as nothing is known of how an operator writes ids, an answered message without a receipt is a rival."""
    message = await world.answer(await world.sending(step(HOLD)), lost())
    other = await world.enroute("5", step(HOLD))
    await world.receipt("a9", line=HOLD)
    assert (await stands(world, message))[0] is State.UNKNOWN
    await world.receipt("5", line=HOLD)
    assert (await stands(world, other))[0] is State.DELIVERED
    assert (await stands(world, message))[0] is State.DELIVERED, "the rival has its own now"


async def test_a_receipt_turns_out_to_be_anothers(world: World) -> None:
    """When the receipt that was waited for finds its own message, copies go again."""
    message = await world.answer(await world.sending(), lost())
    rival = await world.sending()
    await world.receipt("5")
    assert await stands(world, message) == (State.QUEUED, Reason.RECEIPTS_AWAITED)
    await world.answer(rival, taken("5"))
    assert await stands(world, message) == (State.QUEUED, Reason.RESEND)


async def test_at_most_three_tries_stay_without_an_answer(world: World) -> None:
    """An operator that never answers: three copies, then unknown, unless receipts settle it late."""
    message = await world.accept()
    for _ in range(3):
        message = await world.answer(await world.on_wire(message), lost())
    assert (message.state, message.reason, message.tries) == (State.UNKNOWN, Reason.ANSWER_LOST, 3)
    await world.receipt("a")
    assert (await stands(world, message))[0] is State.DELIVERED


async def test_an_answered_try_does_not_count(world: World) -> None:
    """What the operator put off it has answered: only silence counts."""
    message = await world.accept()
    for outcome in (lost(), later(), later(), lost(), later()):
        message = await world.answer(await world.on_wire(message), outcome)
    assert (message.state, message.tries) == (State.QUEUED, 5)
    assert (await world.answer(await world.on_wire(message), lost())).state is State.UNKNOWN


async def test_three_deaths(world: World) -> None:
    """Our own death counts as a lost answer: after three a message is unknown."""
    message = await world.accept()
    for _ in range(3):
        await world.on_wire(await world.standing_of(message))
        await world.store.recover(OWNER, world.now, 100)
    assert await stands(world, message) == (State.UNKNOWN, Reason.ANSWER_LOST)


async def test_an_early_receipt_of_a_later_message(world: World) -> None:
    """A code that was asked for again within the timer: what came before the second one left is the first one's."""
    first = await world.sending()
    await world.receipt("a")
    world.now += 2 * HOUR
    second = await world.sending()
    await world.answer(second, lost())
    await world.answer(first, lost())
    assert (await stands(world, first))[0] is State.DELIVERED
    assert await stands(world, second) == (State.QUEUED, Reason.RESEND)


@pytest.mark.parametrize("recipient", [ALI])
async def test_deadline_and_grace(world: World, recipient: str) -> None:
    """A copy whose deadline and grace were over before a receipt came is no rival of a newer one."""
    old = await world.answer(await world.sending(step(HOLD), recipient=recipient), lost())
    world.now += DAY + 2 * HOUR
    new = await world.answer(await world.sending(step(HOLD), recipient=recipient), lost())
    await world.receipt("a", line=HOLD)
    assert [(await stands(world, message))[0] for message in (old, new)] == [State.UNKNOWN, State.DELIVERED]


@pytest.mark.parametrize("name", ["", "op-A1"])
async def test_a_message_that_was_answered_too_late(world: World, name: str) -> None:
    """It ended as unknown before its answer came: its receipt may be to come, so it is a rival as before (P3)."""
    first = await world.sending(step(HOLD))
    await world.answer(first, lost())
    await world.answer(first, taken("A1"))
    second = await world.answer(await world.sending(step(HOLD)), lost())
    await world.receipt(name, line=HOLD)
    assert (await stands(world, second))[0] is State.UNKNOWN


async def test_an_unsure_word_is_not_the_last(world: World) -> None:
    """An operator that was unsure of an answered message may still bring its DELIVRD, without an id."""
    first = await world.enroute("A1", step(HOLD))
    await world.receipt("A1", PartState.UNSURE, line=HOLD)
    assert (await stands(world, first))[0] is State.UNKNOWN
    second = await world.answer(await world.sending(step(HOLD)), lost())
    await world.receipt("", line=HOLD)
    assert (await stands(world, second))[0] is State.UNKNOWN


@pytest.mark.parametrize(
    ("answered", "named"), [("A1", ""), (None, "R77")], ids=["no id in receipts", "none in answers"]
)
async def test_where_ids_are_settled(world: World, answered: str | None, named: str) -> None:
    """Settled ids say nothing of a receipt that names none, nor of an answer that named none."""
    await world.store.put_documents(
        [Link(name=name, upstream="operator", id_base=IdBase.SAME) for name in ("north", "south")], [], world.now
    )
    await world.answer(await world.sending(step(HOLD)), taken(answered))
    second = await world.answer(await world.sending(step(HOLD)), lost())
    await world.receipt(named, line=HOLD, base=IdBase.SAME)
    assert (await stands(world, second))[0] is State.UNKNOWN
    await world.receipt("B9", line=HOLD, base=IdBase.SAME)
    assert (await stands(world, second))[0] is State.DELIVERED
