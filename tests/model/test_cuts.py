"""Batch boundaries do not matter: a history of pieces leaves the same rows however it is cut into transactions.

A history is played on a store one piece a transaction, and each piece is kept as the writer was given it: a rule with
its values. On fresh stores, SQLite's and the second driver's (tests/store/second.py), the same pieces then run in
transactions of any size, up to one for all. What each piece comes to, and every row, must be the same.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from tests.model.bench import MEMORY
from tests.store.second import SecondStore
from tests.store.test_histories import ACTIONS, History
from tests.store.world import LINE, LINE2, OWNER, World

from payamak.domain.message import Lane
from payamak.store.desk import Rule
from payamak.store.queued import REFUSALS
from payamak.store.sqlite.store import SqliteStore
from payamak.store.work import Work


class Played(Struct, frozen=True, kw_only=True):
    """A history that was played: its pieces, what each came to, and the rows that it left."""

    pieces: list[Rule[Any]]
    told: list[str]
    rows: dict[str, list[Any]]


ROOM = 3
"""Messages for which the back has room on two lines: later ones wait in the store."""

OF_A_TRANSACTION = ("batch", "signature/%", "served", "base")
"""Counters of transactions, whose number is what differs."""


class Recorder:
    """Keeps the pieces that a store's writer is given, with what each came to, in the order of their transactions."""

    def __init__(self, store: SqliteStore) -> None:
        self.pieces: list[Rule[Any]] = []
        self.told: list[str] = []
        batch = store.writer._batch  # type: ignore[attr-defined]
        run = batch.run

        def recording(works: list[Work]) -> None:
            run(works)
            for work in works:
                self.pieces.append(work.run)
                self.told.append(what_came_of(work))

        batch.run = recording


def what_came_of(work: Work) -> str:
    """The result, or the refusal, and the changes of a piece, in words."""
    if work.error is not None:
        assert isinstance(work.error, REFUSALS), work.error
        return repr(work.error)
    return f"{work.result!r} {work.changes!r}"


def rows_of(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, but for the counters of transactions and the mark, which is drawn."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        tables = {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for name in names if name != "mark"}
        likes = " OR ".join("key LIKE ?" for _ in OF_A_TRANSACTION)
        tables["meta"] = list(db.execute(f"SELECT * FROM meta WHERE NOT ({likes}) ORDER BY key", OF_A_TRANSACTION))
    finally:
        db.close()
    return tables


def open_store(kind: type[SqliteStore], base: Path) -> SqliteStore:
    """A store of either driver on a copy of what was built, with some room for what is fresh."""
    path = base.with_name(f"{kind.__name__}-{len(list(base.parent.iterdir()))}.sqlite")
    copyfile(base, path)
    store = kind(path, inline=True)
    store._db.pragma("synchronous", "OFF")
    store.feed.owner = OWNER
    for line in (LINE, LINE2):
        store.feed.room[line, Lane.NORMAL] = ROOM
    return store


async def build(base: Path) -> None:
    """The site and its money; what an account's credential is drawn to be, it is for all."""
    store = SqliteStore(base, inline=True)
    await World(store).build()
    await store.close()


async def play(base: Path, actions: list[tuple[str, int, int]]) -> Played:
    """The history, one piece a transaction."""
    store = open_store(SqliteStore, base)
    try:
        recorder = Recorder(store)
        history = History(World(store))
        for action in actions:
            await history.play(*action)
    finally:
        await store.close()
    return Played(pieces=recorder.pieces, told=recorder.told, rows=rows_of(store.path))


async def replay(kind: type[SqliteStore], base: Path, pieces: list[Rule[Any]], most: int, seed: int) -> Played:
    """The same pieces, up to so many in a transaction."""
    rng = random.Random(seed)
    store = open_store(kind, base)
    told: list[str] = []
    try:
        left = [Work(piece, None) for piece in pieces]
        while left:
            count = rng.randint(1, most)
            works, left = left[:count], left[count:]
            store.writer._batch.run(works)  # type: ignore[attr-defined]
            told += map(what_came_of, works)
    finally:
        await store.close()
    return Played(pieces=pieces, told=told, rows=rows_of(store.path))


async def differences(kind: type[SqliteStore], actions: list[tuple[str, int, int]], most: int, seed: int) -> list[str]:
    """What differs between a history one piece a transaction and the same one cut otherwise."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        base = Path(folder) / "base.sqlite"
        await build(base)
        first = await play(base, actions)
        second = await replay(kind, base, first.pieces, most, seed)
    found = [f"{one} / {other}" for one, other in zip(first.told, second.told, strict=True) if one != other]
    tables = first.rows.keys() | second.rows.keys()
    return found + [
        f"{table}: {first.rows[table]} / {second.rows[table]}"
        for table in sorted(tables)
        if first.rows[table] != second.rows[table]
    ]


@pytest.mark.parametrize("kind", [SqliteStore, SecondStore])
@given(
    actions=st.lists(ACTIONS, min_size=5, max_size=40),
    most=st.sampled_from([1, 2, 3, 5, 10, 1_000]),
    seed=st.integers(0, 1_000),
)
@settings(max_examples=40, deadline=None)
def test_batch_boundaries_do_not_matter(
    kind: type[SqliteStore], actions: list[tuple[str, int, int]], most: int, seed: int
) -> None:
    """The same rows, and the same answers, one piece a transaction, all in one, or cut anywhere."""
    assert asyncio.run(differences(kind, actions, most, seed)) == []
