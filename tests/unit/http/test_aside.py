"""Large bodies have a thread to themselves, one after the other, and turns by neighbourhood."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from payamak.codes import Code
from payamak.errors import Refused
from payamak.http.aside import LARGE_OCTETS, WAITING, WAITING_OF_EACH, AsideThread


class Held:
    """Work that tells its name when it runs, and ends when it is let go."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.go = threading.Event()
        self.most_at_once = 0
        self._running = 0

    def work(self, name: str) -> Callable[[], str]:
        def run() -> str:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            self.told.append(name)
            assert self.go.wait(30)
            self._running -= 1
            return name

        return run


async def begun(count: int) -> None:
    """Let tasks that were made run up to where they wait."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_small_is_read_at_once() -> None:
    """A body of the usual size waits for nobody, however many large ones do."""
    aside, held = AsideThread(), Held()
    large = asyncio.create_task(aside.read("192.0.2.1", LARGE_OCTETS + 1, held.work("large")))
    await begun(3)
    where = await aside.read("192.0.2.1", LARGE_OCTETS, threading.current_thread)
    assert where is threading.current_thread()
    held.go.set()
    assert await large == "large"
    assert await aside.read("192.0.2.1", LARGE_OCTETS + 1, threading.current_thread) is not where


async def test_one_at_a_time_neighbourhood_by_neighbourhood() -> None:
    """Who sends many large bodies has one turn where his neighbour has one."""
    aside, held = AsideThread(), Held()
    names = ["a1", "a2", "a3", "b1"]
    tasks = [asyncio.create_task(aside.run(name[0], held.work(name))) for name in names]
    await begun(3)
    held.go.set()
    assert await asyncio.gather(*tasks) == names
    assert held.told == ["a1", "a2", "b1", "a3"]
    assert held.most_at_once == 1


async def test_few_wait() -> None:
    """One neighbourhood has a part of the room; what finds none is told 23, and then all goes on."""
    aside, held = AsideThread(), Held()
    tasks = [asyncio.create_task(aside.run("a", held.work("a"))) for _ in range(1 + WAITING_OF_EACH)]
    await begun(3)
    with pytest.raises(Refused) as refused:
        await aside.run("a", held.work("a"))
    assert refused.value.code is Code.BUSY
    tasks += [asyncio.create_task(aside.run(f"b{n}", held.work("b"))) for n in range(WAITING - WAITING_OF_EACH)]
    await begun(3)
    with pytest.raises(Refused):
        await aside.run("c", held.work("c"))
    held.go.set()
    await asyncio.gather(*tasks)
    assert await aside.run("c", held.work("c")) == "c"


async def test_who_leaves_holds_up_nobody() -> None:
    """A caller that is gone while he waits leaves his turn to the next; an error of the work too."""
    aside, held = AsideThread(), Held()
    first = asyncio.create_task(aside.run("a", held.work("first")))
    await begun(3)
    gone = asyncio.create_task(aside.run("b", held.work("gone")))
    last = asyncio.create_task(aside.run("c", held.work("last")))
    await begun(3)
    gone.cancel()
    held.go.set()
    assert await first == "first"
    assert await last == "last"
    assert "gone" not in held.told

    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        await aside.run("a", fails)
    assert await aside.run("a", held.work("after")) == "after"
