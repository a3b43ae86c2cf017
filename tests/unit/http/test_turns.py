"""Whose turn it is to be read, with a clock that is moved by hand."""

from __future__ import annotations

import asyncio

from payamak.http.turns import HELD_OCTETS, SLICE_S, TAKEN_S, TURN_S, LoopTurns

FLOOD, NEIGHBOUR = "192.0.2.1", "192.0.2.2"


class Table:
    """A loop's turns, and the order in which those who wait were served."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.turns = LoopTurns(lambda: self.now_s)
        self.served: list[str] = []
        self.waited_s: list[float] = []


class Waiter:
    """Takes so long when its turn comes."""

    def __init__(self, table: Table, name: str, takes_s: float) -> None:
        self._table = table
        self._name = name
        self._takes_s = takes_s

    def take_turn(self) -> None:
        """See payamak.http.turns.Waiter."""
        self._table.served.append(self._name)
        self._table.waited_s.append(self._table.turns.waited_s)
        self._table.now_s += self._takes_s


async def test_nobody_waits_while_there_is_time() -> None:
    """In a turn that has just begun all that comes is parsed at once; in one that has lasted, no more."""
    table = Table()
    assert not table.turns.must_wait(100)
    table.now_s += TURN_S / 2
    assert not table.turns.must_wait(100)
    table.now_s += TURN_S
    assert table.turns.must_wait(100)
    await asyncio.sleep(0)
    assert not table.turns.must_wait(100)


async def test_what_is_done_later_counts() -> None:
    """A call that is taken costs the turn more than its parsing."""
    table = Table()
    assert table.turns.has_time()
    for _ in range(round(TURN_S / TAKEN_S) + 1):
        table.turns.charge(TAKEN_S)
    assert not table.turns.has_time()


async def test_first_come_first_served_a_turn_at_a_time() -> None:
    """Those of one address go in their order, as many in a turn as there is time for; nobody goes before them."""
    table = Table()
    for number in range(6):
        table.turns.wait(Waiter(table, f"f{number}", TURN_S * 0.6), FLOOD, 10)
    assert table.turns.must_wait(10)
    for expected in (2, 4, 6):
        await asyncio.sleep(0)
        assert table.served == [f"f{number}" for number in range(expected)]
    await asyncio.sleep(0)
    assert not table.turns.must_wait(10)


async def test_each_address_in_its_turn() -> None:
    """Whoever waits beside a flood waits for one of its connections, not for all."""
    table = Table()
    for number in range(5):
        table.turns.wait(Waiter(table, f"f{number}", 0), FLOOD, 10)
    table.turns.wait(Waiter(table, "n0", 0), NEIGHBOUR, 10)
    table.turns.wait(Waiter(table, "n1", 0), NEIGHBOUR, 10)
    await asyncio.sleep(0)
    assert table.served == ["f0", "n0", "f1", "n1", "f2", "f3", "f4"]


async def test_nobody_takes_a_turn_for_himself() -> None:
    """Who has more to do than there is time for has a slice of the turn where others wait."""
    table = Table()

    class Busy:
        def __init__(self, name: str) -> None:
            self.name = name

        def take_turn(self) -> None:
            while table.turns.has_time():
                table.served.append(self.name)
                table.now_s += SLICE_S
            table.turns.wait(self, self.name, 10)

    for name in (FLOOD, NEIGHBOUR):
        table.turns.wait(Busy(name), name, 10)
    await asyncio.sleep(0)
    assert table.served[:4] == [FLOOD, NEIGHBOUR, FLOOD, NEIGHBOUR]


async def test_how_long_they_have_waited() -> None:
    """While somebody's turn lasts, it is known for how long he waited; otherwise nothing waits."""
    table = Table()
    table.turns.wait(Waiter(table, "a", 0), FLOOD, 10)
    table.now_s += 2
    await asyncio.sleep(0)
    assert (table.waited_s, table.turns.waited_s) == ([2.0], 0.0)


async def test_what_is_held_is_bounded() -> None:
    """Beyond its bound in octets nothing is held: it is parsed at once, late as it is."""
    table = Table()
    table.turns.wait(Waiter(table, "a", 0), FLOOD, HELD_OCTETS - 10)
    assert table.turns.must_wait(10)
    assert not table.turns.must_wait(11)
    await asyncio.sleep(0)
    table.now_s += 2 * TURN_S
    assert table.turns.must_wait(11)


async def test_one_that_fails_keeps_nobody_waiting() -> None:
    """An error goes to the loop's handler, and those behind it have their turn."""
    table = Table()

    class Failing:
        def take_turn(self) -> None:
            raise RuntimeError("a bug")

    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))
    table.turns.wait(Failing(), FLOOD, 10)
    table.turns.wait(Waiter(table, "f1", 0), FLOOD, 10)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (len(told), table.served) == (1, ["f1"])
