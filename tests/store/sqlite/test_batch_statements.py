"""A batch looks each thing up once: what it asks of the tables does not grow with its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.store.world import LINE, LINE2, MARK, NOW, World, check_id, step

from payamak.codes import Code
from payamak.store.records import NewMessage, OptOut
from payamak.store.sqlite.store import SqliteStore

FEW, MANY = 3, 50


@contextmanager
def counted(store: SqliteStore) -> Iterator[Counter[str]]:
    """The statements of the writing connection by their first word; each row of an `executemany` is one."""
    seen: Counter[str] = Counter()

    def trace(cursor: Any, statement: str, bindings: object) -> bool:
        seen[statement.split(None, 1)[0]] += 1
        return True

    store._db.set_exec_trace(trace)
    try:
        yield seen
    finally:
        store._db.set_exec_trace(None)


def news(world: World, count: int) -> list[NewMessage | Code]:
    """So many messages, and one that is refused already."""
    plan = step(LINE, price=10), step(LINE2, price=5)
    return [Code.TEXT_EMPTY, *(world.new(*plan, recipient=f"98912{n:07}") for n in range(count))]


async def batch(world: World, count: int) -> None:
    """All or none, under own ids."""
    own = [check_id(n, MARK) for n in range(count, 2 * count + 1)]
    await world.store.accept_batch(world.account_id(), news(world, count), own, NOW)


async def each(world: World, count: int) -> None:
    """Each for itself."""
    await world.store.accept_each(world.account_id(), news(world, count), NOW)


@pytest.mark.parametrize("accept", [batch, each])
async def test_what_is_asked_is_asked_once(world: World, accept: Callable[[World, int], Any]) -> None:
    """One look each at opt-outs, own ids and the purse, one change of it, whatever the number of messages."""
    store = world.store
    assert isinstance(store, SqliteStore)
    await world.accept()  # with the first id the block after the one in use is taken
    known = OptOut(recipient="989120000001", line=LINE, code=33, source="hand", learned_at=NOW, expires_at=None)
    await store.put_opt_outs([known])
    rows = 3 if accept is batch else 2  # of each message: its own, the entry of its reservation, its own id
    found = []
    for count in (FEW, MANY):
        with counted(store) as seen:
            await accept(world, count)
        seen["INSERT"] -= rows * count
        found.append(seen)
    assert found[0] == found[1]
