"""Reads of states give way to sends: at once where none waits, in turn where one does, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from payamak.front.reads import ID_S, LATE_S, MOST_S, NOBODY_S, Reads


class Bench:
    """A clock and a send in our hands; turns are looked at when we say so."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waits_s = 0.0
        self.reads = Reads(lambda: self.now_s, lambda: self.waits_s)
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, *ids: int) -> None:
        """Calls that name so many ids each."""
        self.tasks += [asyncio.create_task(self.reads.turn(count)) for count in ids]
        await asyncio.sleep(0)

    async def look(self) -> None:
        """The timer fires."""
        assert self.reads._timer is not None
        self.reads._timer.cancel()
        self.reads._look()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @property
    def gone(self) -> list[bool]:
        """Which calls have had their turn."""
        return [task.done() for task in self.tasks]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A bench whose calls hang up at the end."""
    made = Bench()
    yield made
    for task in made.tasks:
        task.cancel()


async def test_where_no_send_waits_every_read_goes(bench: Bench) -> None:
    """At once, however many ids it names; a send that comes and is taken is none that waits."""
    bench.waits_s = NOBODY_S / 2
    await bench.ask(10_000, 50_000, 1)
    assert bench.gone == [True, True, True]
    assert bench.reads._timer is None


async def test_beside_a_send_reads_are_paid_for(bench: Bench) -> None:
    """The next one goes when the ids of the one before have had their time, in order of coming."""
    bench.waits_s = LATE_S / 2
    await bench.ask(1_000, 10, 10)
    assert bench.gone == [True, False, False]
    bench.now_s += 1_000 * ID_S / 2
    await bench.look()
    assert bench.gone == [True, False, False]
    bench.now_s += 1_000 * ID_S / 2
    await bench.look()
    assert bench.gone == [True, True, False]
    bench.waits_s = 0.0
    await bench.look()
    assert bench.gone == [True, True, True]
    assert bench.reads._timer is None


async def test_a_late_send_goes_first_but_not_for_ever(bench: Bench) -> None:
    """Nothing is read while it is late; who has waited long enough goes all the same, one at each look."""
    bench.waits_s = LATE_S
    await bench.ask(10, 10, 10)
    bench.now_s += MOST_S / 2
    await bench.look()
    assert bench.gone == [False, False, False]
    bench.now_s += MOST_S
    await bench.look()
    assert bench.gone == [True, False, False]
    await bench.look()
    assert bench.gone == [True, True, False]
    bench.waits_s = 0.0
    await bench.look()
    assert bench.gone == [True, True, True]


async def test_who_comes_later_goes_later(bench: Bench) -> None:
    """Also where no send waits any more: those that waited have their turn first."""
    bench.waits_s = LATE_S
    await bench.ask(10)
    bench.waits_s = 0.0
    await bench.ask(10)
    assert bench.gone == [False, False]
    await bench.look()
    assert bench.gone == [True, True]


async def test_who_hangs_up_holds_nobody_up(bench: Bench) -> None:
    """His turn is passed over and not charged."""
    bench.waits_s = LATE_S
    await bench.ask(50_000, 10)
    bench.tasks[0].cancel()
    await asyncio.sleep(0)
    bench.waits_s = LATE_S / 2
    await bench.look()
    assert bench.gone == [True, True]
