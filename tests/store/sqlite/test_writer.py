"""The one writer: group commit, and what becomes of everybody when one piece of work fails."""

from __future__ import annotations

import asyncio
import threading

import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import at_desk, batches, meta
from tests.store.world import LINE, NOW, OWNER, Listener, World, step

from payamak.codes import Code
from payamak.domain.message import Lane
from payamak.errors import Refused, StoreFailed
from payamak.store import queued
from payamak.store.desk import Desk, Rule
from payamak.store.records import Search
from payamak.store.shares import SHARES, Urgency
from payamak.store.sqlite import writer as writers
from payamak.store.sqlite.store import SqliteStore


class Gate:
    """Holds the writer up inside a piece of work, so that a test can queue more behind it."""

    def __init__(self, store: SqliteStore) -> None:
        self._open = threading.Event()
        if isinstance(store.writer, writers.ThreadWriter):
            is_inside = threading.Barrier(2)
            self.piece = store.writer.submit(at_desk(lambda _: (is_inside.wait(10), self._open.wait(10))))
            is_inside.wait(10)
        # The inline one works when the loop turns, not before the test has queued its work.

    def open(self) -> None:
        """Let the writer go on."""
        self._open.set()


def put(key: str, value: int = 1) -> Rule[object]:
    """A piece of work that writes."""

    async def run(desk: Desk) -> int:
        desk.execute("set_meta", (key, value))
        return value

    return run


def raising(error: Exception, *, after_a_write: bool = False) -> Rule[object]:
    """A piece of work that fails."""

    async def run(desk: Desk) -> None:
        if after_a_write:
            desk.execute("set_meta", ("half", 1))
        raise error

    return run


def kept(store: SqliteStore, *keys: str) -> list[bool]:
    """Which of the keys are on disk."""
    return [bool(meta(store, key)) for key in keys]


async def test_many_share_a_commit(sqlite: SqliteStore, world: World) -> None:
    """What waits together is committed together: two hundred messages, a handful of commits."""
    before = batches(sqlite)
    gate = Gate(sqlite)
    accepting = [asyncio.ensure_future(sqlite.accept(world.new(step(price=1)), NOW)) for _ in range(200)]
    gate.open()
    await asyncio.gather(*accepting)
    assert batches(sqlite) - before <= 200 // SHARES[Urgency.NORMAL] + 2


async def test_one_publication_for_a_commit(sqlite: SqliteStore, world: World) -> None:
    """The changes of one commit are published together, in the order of the work."""
    listener = Listener(sqlite)
    gate = Gate(sqlite)
    accepting = [asyncio.ensure_future(sqlite.accept(world.new(), NOW)) for _ in range(10)]
    gate.open()
    changes = await asyncio.gather(*accepting)
    assert [[c.message.id for c in batch] for batch in listener.batches] == [[c.message.id for c in changes]]


async def test_an_idle_look_writes_nothing(sqlite: SqliteStore) -> None:
    """A look that finds nothing to do costs no commit."""
    before = batches(sqlite)
    assert await sqlite.recover(OWNER + 1, NOW, 100) == 0
    assert await sqlite.sweep(NOW, 100) == 0
    assert await sqlite.retire(NOW, 100) == 0
    assert (await sqlite.claim(LINE, (9, 9, 9), NOW, OWNER)).messages == ()
    assert await sqlite.put_on_wire([], NOW) == []
    await sqlite.release([1], OWNER)
    assert await sqlite.forget_opt_outs("989120000009", None) == 0
    with pytest.raises(Refused):
        await sqlite.accept(World(sqlite).new(step(price=10**9)), NOW)
    assert batches(sqlite) == before


@pytest.mark.parametrize("error", [Refused(Code.NO_CREDIT), LookupError("no"), ValueError("no"), RuntimeError("bug")])
async def test_a_failing_piece_fails_alone(sqlite: SqliteStore, error: Exception) -> None:
    """One piece that fails, refused or by a bug, takes none of its neighbours along."""
    gate = Gate(sqlite)
    pieces = [
        put("a"),
        raising(error),
        put("b", 2),
    ]
    works = [sqlite.writer.submit(piece) for piece in pieces]
    gate.open()
    assert await asyncio.gather(*works, return_exceptions=True) == [1, error, 2]
    assert kept(sqlite, "a", "b") == [True, True]


async def test_a_bug_undoes_what_it_wrote(sqlite: SqliteStore) -> None:
    """A piece that wrote before its bug leaves nothing behind."""
    gate = Gate(sqlite)
    pieces = [
        put("a"),
        raising(ArithmeticError("bug"), after_a_write=True),
    ]
    works = [sqlite.writer.submit(piece) for piece in pieces]
    gate.open()
    first, second = await asyncio.gather(*works, return_exceptions=True)
    assert (first, type(second)) == (1, ArithmeticError)
    assert kept(sqlite, "a", "half") == [True, False]


async def test_refused_after_a_write(sqlite: SqliteStore) -> None:
    """A refusal after a change was made is a bug of ours, told as one, and its change is undone."""
    gate = Gate(sqlite)
    pieces = [
        put("a"),
        raising(Refused(Code.NO_CREDIT), after_a_write=True),
    ]
    works = [sqlite.writer.submit(piece) for piece in pieces]
    gate.open()
    first, second = await asyncio.gather(*works, return_exceptions=True)
    assert first == 1
    assert isinstance(second, RuntimeError)
    assert isinstance(second.__cause__, Refused)
    assert kept(sqlite, "a", "half") == [True, False]


async def test_what_was_undone_is_not_published(sqlite: SqliteStore, world: World) -> None:
    """A piece that went well only because of one that was undone is told the truth, and nobody hears of it."""

    async def credit_and_fail(desk: Desk) -> None:
        desk.move_money(world.account_id(), available=10**9, reserved=0)
        raise RuntimeError("bug")

    listener = Listener(sqlite)
    gate = Gate(sqlite)
    failing = sqlite.writer.submit(credit_and_fail, Urgency.RESULT)
    rich = asyncio.ensure_future(sqlite.accept(world.new(step(price=10**8)), NOW))
    gate.open()
    results = await asyncio.gather(failing, rich, return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError, Refused]
    assert listener.batches == []
    assert await sqlite.search(Search()) == []


async def test_configuration_of_an_undone_piece(sqlite: SqliteStore) -> None:
    """A change of the configuration that is undone by its neighbour's bug is made again, and not half."""
    bank = sqlite.site.accounts["bank"]
    gate = Gate(sqlite)
    putting = asyncio.ensure_future(sqlite.put_documents([replace(bank, max_parts=3)], [], NOW))
    failing = sqlite.writer.submit(raising(RuntimeError("bug"), after_a_write=True))
    gate.open()
    site, _ = await asyncio.gather(putting, failing, return_exceptions=True)
    assert site == await sqlite.refresh()
    assert sqlite.site.accounts["bank"].max_parts == 3


async def test_order(sqlite: SqliteStore) -> None:
    """The marks of codes go first, results before accepts, accepts by their class."""
    order: list[str] = []
    gate = Gate(sqlite)
    works = [
        sqlite.writer.submit(at_desk(lambda _, name=name: order.append(name)), urgency)  # type: ignore[misc]
        for name, urgency in [
            ("bulk", Urgency.BULK),
            ("normal", Urgency.NORMAL),
            ("otp", Urgency.OTP),
            ("result 1", Urgency.RESULT),
            ("result 2", Urgency.RESULT),
            ("code", Urgency.CODE),
        ]
    ]
    gate.open()
    await asyncio.gather(*works)
    assert order == ["code", "result 1", "result 2", "otp", "normal", "bulk"]


async def test_every_class_has_a_share(sqlite: SqliteStore) -> None:
    """A flood of one class leaves a share of every transaction to the others."""
    order: list[Urgency] = []
    gate = Gate(sqlite)
    works = [
        sqlite.writer.submit(at_desk(lambda _, u=urgency: order.append(u)), urgency)  # type: ignore[misc]
        for urgency in (Urgency.RESULT, Urgency.BULK)
        for _ in range(600)
    ]
    gate.open()
    await asyncio.gather(*works)
    assert order.index(Urgency.BULK) < sum(SHARES.values()), "in the first transaction, and so in each"


async def test_what_one_leaves_goes_to_the_others(sqlite: SqliteStore) -> None:
    """A queue alone gets the whole transaction, as large as those have shown that it may be."""
    gate = Gate(sqlite)
    works = [sqlite.writer.submit(put("k"), Urgency.BULK) for _ in range(SHARES[Urgency.BULK] * 4)]
    before = batches(sqlite)
    gate.open()
    await asyncio.gather(*works)
    assert batches(sqlite) - before <= 4 * 2


async def test_a_cancelled_waiter_changes_nothing(sqlite: SqliteStore, world: World) -> None:
    """Who hangs up leaves the piece to be carried out, and everybody else to be told."""
    gate = Gate(sqlite)
    gone = sqlite.writer.submit(put("a"))
    failed = sqlite.writer.submit(raising(ValueError("no")))
    stays = sqlite.writer.submit(put("b"))
    gone.cancel()
    failed.cancel()
    gate.open()
    assert await stays == 1
    assert kept(sqlite, "a", "b") == [True, True]


async def test_then_runs_after_the_commit(sqlite: SqliteStore) -> None:
    """`then` runs once: when the work is on disk, or with None for work that failed."""
    seen: list[object] = []
    gate = Gate(sqlite)
    good = sqlite.writer.submit(put("a"), then=lambda value: seen.append((value, kept(sqlite, "a"))))
    bad = sqlite.writer.submit(raising(ValueError("no")), then=seen.append)
    gate.open()
    await asyncio.gather(good, bad, return_exceptions=True)
    assert seen == [(1, [True]), None]


async def test_backlog(sqlite: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many accepts wait for the disk the next is refused at once; results are always taken (P1)."""
    monkeypatch.setattr(queued, "BACKLOG", 5)
    world = World(sqlite)
    gate = Gate(sqlite)
    accepting = [asyncio.ensure_future(sqlite.accept(world.new(lane=Lane.BULK), NOW)) for _ in range(5)]
    with pytest.raises(StoreFailed, match="waiting"):
        await sqlite.accept(world.new(lane=Lane.BULK), NOW)
    accepting.append(asyncio.ensure_future(sqlite.accept(world.new(lane=Lane.OTP), NOW)))
    result = sqlite.writer.submit(put("a"))
    gate.open()
    await asyncio.gather(result, *accepting)
    assert sqlite.writer.backlog == 0


async def test_closing(sqlite: SqliteStore) -> None:
    """Closing carries out what is queued, in as many transactions as it takes, then takes nothing more."""
    gate = Gate(sqlite)
    works = [sqlite.writer.submit(put(f"k{number}"), Urgency.BULK) for number in range(100)]
    gate.open()
    await sqlite.writer.close()
    assert [work.result() for work in works] == [1] * 100
    with pytest.raises(StoreFailed, match="closing"):
        sqlite.writer.submit(put("late"))
