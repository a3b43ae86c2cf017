"""A receipt that was stored before its answer was lost: it is not forgotten when the answer is given up (P3)."""

from __future__ import annotations

import pytest
from tests.store.world import ALI, HOLD, LINE, OWNER, SERVICE, MakeStore, World, lost, step, taken

from payamak.codes import Code
from payamak.domain.message import Message, PartState, Reason, State

LIMIT = 500


async def _give_up(world: World, message: Message, *, by_death: bool, parts: int = 1) -> Message:
    """The answers are lost: with our death, or because the link broke."""
    if by_death:
        assert await world.store.recover(OWNER, world.now, LIMIT) == 1
        assert await world.store.recover(OWNER, world.now, LIMIT) == 0
    else:
        await world.answer(message, *(lost(part) for part in range(1, parts + 1)))
    return await world.standing_of(message)


DEATH_OR_LOSS = pytest.mark.parametrize("by_death", [True, False], ids=["death", "loss"])
LINES = pytest.mark.parametrize("line", [LINE, HOLD], ids=["resend", "hold"])


@DEATH_OR_LOSS
@LINES
async def test_delivered(world: World, line: str, by_death: bool) -> None:
    """What the operator has reported as delivered is delivered: neither sent again nor unknown; charged once."""
    message = await world.sending(step(line))
    assert await world.receipt("77", line=line) == []
    after = await _give_up(world, message, by_death=by_death)
    assert (after.state, after.reason, after.copies) == (State.DELIVERED, Reason.RECEIPT, 0)
    assert (after.charged, (await world.balance()).available) == (100, 9_900)
    assert await world.unmatched_ids() == []
    assert await world.receipt("77", line=line) == []
    assert await world.unmatched_ids() == [], "it is known as a repetition"


@DEATH_OR_LOSS
@LINES
async def test_opted_out(world: World, line: str, by_death: bool) -> None:
    """An opt-out that waited leads to the next step, as if it had come after the answer."""
    message = await world.sending(step(line), step(SERVICE))
    await world.receipt("77", PartState.OPTED_OUT, line=line, code=Code.OPTED_OUT_OF_LINE)
    after = await _give_up(world, message, by_death=by_death)
    assert (after.state, after.step, after.reason, after.copies) == (State.QUEUED, 1, Reason.FALLBACK, 0)


@DEATH_OR_LOSS
async def test_two_parts(world: World, by_death: bool) -> None:
    """One receipt and two lost parts: nobody can tell whose it is, so it is shown and nothing is guessed."""
    message = await world.sending(step(HOLD, parts=2))
    await world.receipt("77", line=HOLD)
    after = await _give_up(world, message, by_death=by_death, parts=2)
    assert (after.state, after.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)
    assert await world.unmatched_ids() == ["77"]


@DEATH_OR_LOSS
async def test_second_part(world: World, by_death: bool) -> None:
    """With the first part answered, the receipt that waits is the second one's."""
    message = await world.sending(step(HOLD, parts=2))
    await world.receipt("78", line=HOLD)
    await world.answer(message, taken("77"))
    await world.receipt("77", line=HOLD)
    if by_death:
        assert await world.store.recover(OWNER, world.now, LIMIT) == 1
    else:
        await world.answer(message, lost(2))
    assert (await world.standing_of(message)).state is State.DELIVERED


@DEATH_OR_LOSS
async def test_not_an_older_one(world: World, by_death: bool) -> None:
    """A receipt from before the attempt belongs to another message."""
    await world.receipt("66", line=HOLD)
    world.now += 1
    message = await world.sending(step(HOLD))
    after = await _give_up(world, message, by_death=by_death)
    assert after.state is State.UNKNOWN
    assert await world.unmatched_ids() == ["66"]


async def test_rival(world: World) -> None:
    """As long as another part of this recipient waits for its answer the receipt may be that one's."""
    one, other = await world.sending(step(HOLD)), await world.sending(step(HOLD), recipient=ALI)
    await world.receipt("77", line=HOLD)
    after = await _give_up(world, one, by_death=False)
    assert after.state is State.UNKNOWN
    await world.answer(other, taken("77"))
    assert (await world.standing_of(other)).state is State.DELIVERED


async def test_many_recover(world: World, make_store: MakeStore) -> None:
    """In one recovery some have a receipt that waits and some have none: each gets what is its own."""
    names = [f"98912{number:07d}" for number in range(1, 7)]
    messages = [await world.sending(step(HOLD), recipient=name) for name in names]
    for name in names[::2]:
        await world.receipt(name[-4:], line=HOLD, recipient=name)
    assert await world.store.recover(OWNER, world.now, LIMIT) == len(names)
    assert await world.store.recover(OWNER, world.now, LIMIT) == 0
    again = await make_store()
    found = [await again.story(message.id) for message in messages]
    assert [story and story.message.state for story in found] == [State.DELIVERED, State.UNKNOWN] * 3


@DEATH_OR_LOSS
@pytest.mark.parametrize(("off", "state"), [(0, State.DELIVERED), (1, State.UNKNOWN)], ids=["its own", "another's"])
async def test_an_echoed_reference_is_kept(world: World, by_death: bool, off: int, state: State) -> None:
    """A receipt that waits keeps the reference it echoed: one that names another message is not guessed away."""
    message = await world.sending(step(HOLD))
    await world.receipt("77", line=HOLD, reference=(message.id + off) & 0xFFFF)
    assert (await _give_up(world, message, by_death=by_death)).state is state
