"""What a dead target with very many notices costs the others: nothing. And the plans of what runs for each change."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import raw
from tests.store.sqlite.test_plans import plan_of
from tests.store.world import SITE, World

from payamak.domain.site import Account
from payamak.store.desk import Desk, Rule
from payamak.store.sqlite.store import SqliteStore

MANY = 200_000
PLANS: dict[str, str] = {
    "insert_notice": "SEARCH notice USING PRIMARY KEY (message_id=?)",
    "webhook_targets": "USING COVERING INDEX notice_due (account_id>?)",
    "notices_due": "USING INDEX notice_due (account_id=? AND next_at>? AND next_at<?)",
    "notices_of_message": "SEARCH n USING PRIMARY KEY (message_id=?)",
    "search_notices": "SEARCH n USING PRIMARY KEY ((message_id,sequence)<(?,?))",
    "open_notice_ids": "USING COVERING INDEX notice_open (account_id=? AND post=? AND at>?)",
    "hurry_notices": "USING COVERING INDEX notice_due (account_id=? AND next_at>?)",
    "conclude_notice": "USING PRIMARY KEY (message_id=? AND sequence=?)",
    "next_notice_has_turn": "USING PRIMARY KEY (message_id=? AND sequence=?)",
    "notice_again": "USING PRIMARY KEY (message_id=? AND sequence=?)",
    "notice_waits": "USING PRIMARY KEY (message_id=?)",
    "delete_notices": "USING PRIMARY KEY (message_id=?)",
}


@pytest.mark.parametrize("name", PLANS)
async def test_plan(sqlite: SqliteStore, name: str) -> None:
    """The statement uses its index, sorts nothing and scans no table but what it has made itself."""
    plan = plan_of(sqlite, name)
    assert any(PLANS[name] in line for line in plan), plan
    scans = [line for line in plan if line.startswith("SCAN") and "USING" not in line]
    assert [scan for scan in scans if scan != "SCAN waiting"] == [], plan
    assert [line for line in plan if "TEMP B-TREE" in line] == []


async def test_counts_look_at_the_index_alone(sqlite: SqliteStore) -> None:
    """What has not arrived is counted from the index of it, in its order."""
    assert plan_of(sqlite, "notice_counts") == ["SCAN notice USING COVERING INDEX notice_open"]


def _dead_notices(account_id: int, message_id: int, at: int) -> Rule[None]:
    """Very many notices of one account, all due, each of a message of its own (here all of them one)."""

    async def fill(desk: Desk) -> None:
        columns = "message_id, sequence, account_id, at, state, reason, told, line, step, was_taken, charged, post"
        raw(desk).execute(
            f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) "
            f"INSERT INTO notice ({columns}, waiting_since, next_at) "
            "SELECT ?, i, ?, ?, 'queued', 'accepted', -1, '1', 0, 0, 0, 'waiting', ?, ? FROM n",
            (message_id, account_id, at, at, at),
        )

    return fill


async def test_very_many_of_a_dead_target_cost_another_nothing(sqlite: SqliteStore) -> None:
    """Looking for what is due is as quick beside 200,000 waiting notices of another account as without them."""
    world = await World(sqlite).build()
    hooks = {"webhook_url": "https://shop.example.ir/s", "webhook_secret": "env:S"}
    accounts = [replace(a, **hooks) for a in SITE if isinstance(a, Account) and a.username != "bank"]
    await sqlite.put_documents(accounts, [], world.now)
    mine = world.account_id("clinic")
    other = await world.accept()
    for _ in range(20):
        await world.accept(world.new(account="clinic"))

    async def look() -> None:
        assert {t.account_id for t in await sqlite.webhook_targets()} == {world.account_id("shop"), mine}
        assert len(await sqlite.notices_due(mine, world.now, 16)) == 16

    before_s = await _best_of(look)
    fill: Any = _dead_notices(world.account_id("shop"), other.id + 1_000, world.now)
    await sqlite.writer.submit(fill)
    after_s = await _best_of(look)
    print(f" look for what is due: {before_s * 1e6:.0f} µs alone, {after_s * 1e6:.0f} µs beside {MANY:,} ", end="")
    assert after_s < 20 * before_s, "a look through 200,000 rows takes a hundred times as long"


async def _best_of(work: Callable[[], Awaitable[None]]) -> float:
    """Seconds of the best of many runs: the one that nobody disturbed."""
    best_s = float("inf")
    for _ in range(50):
        began_s = time.perf_counter()
        await work()
        best_s = min(best_s, time.perf_counter() - began_s)
    return best_s
