"""Room for batches: as many messages at once, and a line for the rest."""

from __future__ import annotations

import asyncio

import pytest

from payamak.front.room import Room


async def entered(room: Room, *batches: int) -> list[asyncio.Task[None]]:
    """Batches that come in this order, each as far as it gets."""
    tasks = [asyncio.ensure_future(room.take(messages)) for messages in batches]
    await asyncio.sleep(0)
    return tasks


def inside(tasks: list[asyncio.Task[None]]) -> list[bool]:
    """Who has come in."""
    return [task.done() for task in tasks]


async def test_as_many_as_fit() -> None:
    """Who finds room comes in at once; the next waits, and so do those behind it, small ones too."""
    room = Room(10)
    tasks = await entered(room, 4, 6, 3, 1)
    assert (inside(tasks), room.waiting) == ([True, True, False, False], 2)
    room.give(4)
    await asyncio.sleep(0)
    assert (inside(tasks), room.waiting) == ([True] * 4, 0)


async def test_in_the_order_in_which_they_came() -> None:
    """A large one is not passed by small ones for ever."""
    room = Room(10)
    tasks = await entered(room, 8, 9, 2)
    assert inside(tasks) == [True, False, False]
    room.give(8)
    await asyncio.sleep(0)
    assert inside(tasks) == [True, True, False]
    room.give(9)
    await asyncio.sleep(0)
    assert inside(tasks) == [True] * 3


async def test_larger_than_the_room() -> None:
    """It comes in when nobody else is there, and leaves all of it behind."""
    room = Room(10)
    tasks = await entered(room, 1, 99, 1)
    assert inside(tasks) == [True, False, False]
    room.give(1)
    await asyncio.sleep(0)
    assert inside(tasks) == [True, True, False]
    room.give(99)
    (last,) = await entered(room, 9)
    assert last.done()


@pytest.mark.parametrize("when", ["in line", "as its turn comes"])
async def test_whoever_gives_up_has_taken_nothing(when: str) -> None:
    """Neither in the line nor at the moment in which there is room; those behind it come in."""
    room = Room(10)
    _, tired, small = await entered(room, 8, 5, 2)
    if when == "in line":
        tired.cancel()
    else:
        room.give(8)
        tired.cancel()
        await entered(room, 8)
    await asyncio.gather(tired, return_exceptions=True)
    await asyncio.sleep(0)
    assert (tired.cancelled(), small.done(), room.waiting) == (True, True, 0)
    room.give(8)
    room.give(2)
    (last,) = await entered(room, 10)
    assert last.done()
