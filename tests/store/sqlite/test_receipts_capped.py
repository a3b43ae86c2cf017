"""Receipts that nobody claims are bounded in number as well as in age; and what an older version kept is seen again."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

import apsw
from tests.store.world import NOW, World

from payamak.store.rules import receipts
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_migrations


async def test_no_more_than_so_many(sqlite: SqliteStore) -> None:
    """Beyond the bound the oldest go first, a batch at a time, and are counted."""
    world = await World(sqlite).build()
    for number in range(9):
        await world.receipt(f"z{number}")
        world.now += 1

    def retire() -> Awaitable[int]:
        return sqlite.writer.submit(lambda desk: receipts.retire_unmatched(desk, 0, 2, most=4))

    assert [await retire() for _ in range(4)] == [2, 2, 1, 0]
    assert await world.unmatched_ids() == ["z8", "z7", "z6", "z5"]
    (report,) = await sqlite.id_reports()
    assert (report.removed, report.removed_until) == (5, NOW + 4)


async def test_receipts_of_an_older_version(tmp_path: Path) -> None:
    """An intermediate receipt that came before its answer was shown nowhere: the migration lets it wait."""
    path = tmp_path / "store.sqlite"
    migrations = load_migrations()
    before = next(i for i, text in enumerate(migrations) if "CREATE TABLE id_habit" in text)
    db = apsw.Connection(str(path))
    for migration in migrations[:before]:
        db.execute(migration)
    db.pragma("user_version", before)
    for standing, message_id in (("intermediate", None), ("intermediate", 7), ("unmatched", None)):
        db.execute(
            "INSERT INTO receipt (received_at, upstream, link, operator_id, operator_key, operator_keys, stat,"
            " standing, message_id) VALUES (?, 'operator', 'north', 'a', 'a', 'a', 'ENROUTE', ?, ?)",
            (NOW, standing, message_id),
        )
    db.close()
    store = SqliteStore(path)
    try:
        assert [(r.operator_id, r.why) for r in await store.unmatched(9)] == [("a", ""), ("a", "")]
    finally:
        await store.close()
