"""Receipts that were dealt, and what more is heard of their ids later: repetitions, late answers (P3)."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.store.test_pools import resent, stands
from tests.store.world import World, lost, step, taken

from payamak.domain.ids import IdBase
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.site import Link


async def waiting(world: World) -> list[str]:
    """The ids of the receipts that nobody has, sorted."""
    return sorted(await world.unmatched_ids())


async def held(world: World, message: Message) -> str:
    """The id under which the only copy of a message stands, with its receipt."""
    story = await world.store.story(message.id)
    assert story is not None
    (part,) = story.parts
    assert part.receipt == PartState.DELIVERED
    return part.operator_id or ""


async def test_a_repetition_of_a_dealt_receipt_counts_for_nobody(world: World) -> None:
    """Two copies of one message, two receipts, one of them brought twice: the other message has no receipt at all."""
    first, second = await resent(world), await world.sending()
    for name in ("x", "x", "y"):
        await world.receipt(name)
    assert (await stands(world, first))[0] is State.DELIVERED
    await world.answer(second, lost())
    assert await stands(world, second) == (State.QUEUED, Reason.RECEIPTS_AWAITED)
    assert await waiting(world) == ["y"]


async def test_a_late_answer_names_a_dealt_receipt(world: World) -> None:
    """Dealt to a copy of the first message, which was delivered however it is dealt; it was the second one's."""
    first, second = await resent(world), await world.sending()
    await world.receipt("x")
    await world.receipt("y")
    assert (await stands(world, first))[0] is State.DELIVERED
    await world.answer(second, taken("x"))
    assert await stands(world, second) == (State.DELIVERED, Reason.RECEIPT)
    assert (await stands(world, first))[0] is State.DELIVERED
    assert await waiting(world) == []


@pytest.mark.parametrize("is_lost", [False, True], ids=["under way", "lost"])
async def test_a_late_answer_names_another_id_than_was_dealt(world: World, is_lost: bool) -> None:
    """Dealt to a part that was sent twice: whichever copy had it, each has its own receipt in the end."""
    first = await world.sending()
    again = await world.answer(first, lost())
    world.now += 1_000
    second = await world.on_wire(again)
    if is_lost:
        await world.answer(second, lost())
    await world.receipt("x")
    assert (await stands(world, second))[0] is State.DELIVERED
    await world.answer(second, taken("y"))
    await world.receipt("y", PartState.UNDELIVERABLE)
    await world.answer(first, taken("x"))
    story = await world.store.story(first.id)
    assert story is not None
    assert [(part.operator_id, part.receipt) for part in story.parts] == [("x", "d"), ("y", "u")]
    assert (await stands(world, first))[0] is State.DELIVERED


async def test_two_answers_say_it_was_the_other_way_round(world: World) -> None:
    """Two messages to one person, both lost, two receipts: the answer to one says that it holds the other's."""
    first = await world.answer(await world.sending(), lost())
    second = await world.answer(await world.sending(), lost())
    await world.receipt("x")
    await world.receipt("y")
    for message in (first, second):
        assert (await stands(world, message))[0] is State.DELIVERED
    before = {m.id: await held(world, m) for m in (first, second)}
    await world.answer(first, taken(before[second.id]))
    assert await held(world, first) == before[second.id]
    assert await held(world, second) == before[first.id]
    for name in ("x", "y"):
        await world.receipt(name)
    assert await waiting(world) == []


async def test_brought_again_when_its_copy_has_another_id(world: World) -> None:
    """A receipt of whoever it is that settled a message is nobody else's when it comes a second time."""
    first = await world.answer(await world.sending(), lost())
    await world.receipt("x")
    await world.answer(first, taken("y"))
    second = await world.sending()
    await world.receipt("x")
    await world.answer(second, lost())
    assert await stands(world, second) == (State.QUEUED, Reason.RESEND)


async def test_the_part_beside_it_is_not_left_waiting(world: World) -> None:
    """Both parts sent, the first one twice: when its copies have their own receipts, the other part has its own too."""
    first = await world.sending(step(parts=2))
    await world.answer(first, lost(1), lost(2))
    second = await world.answer(await world.on_wire(await world.standing_of(first)), taken("a2"), lost(2))
    for name in ("b1", "b2"):
        await world.receipt(name)
    await world.answer(first, taken("a1"), taken("b1", 2))
    for name in ("a1", "a2"):
        await world.receipt(name)
    assert (await stands(world, second))[0] is State.DELIVERED
    assert await waiting(world) == []


async def test_a_dealt_receipt_that_writes_the_id_otherwise(world: World) -> None:
    """Dealt to the first copy, whose submit never arrived; the second one's answer has the id in hex."""
    again = await world.on_wire(await world.answer(await world.sending(), lost()))
    await world.receipt("4096")
    await world.answer(again, taken("1000"))
    story = await world.store.story(again.id)
    assert story is not None
    assert [(part.operator_id, part.receipt) for part in story.parts] == [(None, None), ("1000", "d")]
    assert await waiting(world) == []


async def test_the_id_written_otherwise_is_its_own(world: World) -> None:
    """An answer in hex to a copy whose receipt, in decimal, was dealt to it: it stays where it is."""
    message = await world.answer(await world.sending(), lost())
    await world.receipt("4096")
    await world.answer(message, taken("1000"))
    story = await world.store.story(message.id)
    assert story is not None
    assert [(part.operator_id, part.receipt) for part in story.parts] == [("1000", "d")]
    assert await waiting(world) == []
    assert await stands(world, message) == (State.DELIVERED, Reason.RECEIPT)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("owner", range(3))
async def test_whoever_answers_first_the_receipt_ends_with_its_copy(
    world: World, owner: int, order: tuple[int, ...]
) -> None:
    """Three copies of a part, two of them lost and the last under way, one receipt: the answers say whose it was."""
    copies = [await world.sending()]
    for _ in range(2):
        again = await world.answer(copies[-1], lost())
        world.now += 1_000
        copies.append(await world.on_wire(again))
    await world.receipt(f"id-{owner}")
    assert (await stands(world, copies[0]))[0] is State.DELIVERED
    for i in order:
        await world.answer(copies[i], taken(f"id-{i}"))
    story = await world.store.story(copies[0].id)
    assert story is not None
    told = [(part.operator_id, part.receipt) for part in story.parts]
    assert told == [(f"id-{i}", PartState.DELIVERED if i == owner else None) for i in range(3)]
    assert await waiting(world) == []


async def test_receipts_that_overtake_the_answers_of_a_text(world: World) -> None:
    """Both receipts of a text are there before its answers, and an older message has a lost copy nobody told of.

    The operator's ids are known to be written as in its answers. Each receipt is its own part's: none is dealt to the
    lost copy while the answer that names it is being kept.
    """
    links = [Link(name=name, upstream="operator", id_base=IdBase.SAME) for name in ("north", "south")]
    await world.store.put_documents(links, [], world.now)
    first = await world.sending()
    again = await world.answer(first, lost())
    world.now += 1_000
    await world.answer(await world.on_wire(again), taken("first"))
    await world.receipt("first", base=IdBase.SAME)
    world.now += 1_000
    text = await world.sending(step(parts=2))
    await world.receipt("one", base=IdBase.SAME)
    await world.receipt("two", base=IdBase.SAME)
    await world.answer(text, taken("one", 1), taken("two", 2))
    story = await world.store.story(text.id)
    assert story is not None
    assert [(part.operator_id, part.receipt) for part in story.parts] == [("one", "d"), ("two", "d")]
    assert (await stands(world, text))[0] is State.DELIVERED
    assert await waiting(world) == []
