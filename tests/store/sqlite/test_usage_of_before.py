"""A store from before there were sums of days: filled from what it still has, and it says from when they are whole."""

from __future__ import annotations

from pathlib import Path

import apsw
from tests.store.sums import LIKE_A_MESSAGE, all_messages, all_sums, check_sums
from tests.store.test_usage import DAY_1, play_a_day
from tests.store.world import DAY, World, step

from payamak.domain.usage import UNDATED, UsageBy, day_of
from payamak.store.records import UsageSum
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_migrations

MESSAGES = 200


def as_before(path: Path) -> None:
    """The file as an older program left it, brought up to date by the migration alone."""
    (migration,) = [text for text in load_migrations() if "CREATE TABLE usage_day" in text]
    db = apsw.Connection(str(path))
    db.execute("DROP TABLE usage_day; DROP INDEX ledger_credit; DELETE FROM meta WHERE key = 'usage_from'")
    with db:
        db.execute(migration)
    db.close()


async def test_the_plan_of_numbers_is_the_same(tmp_path: Path) -> None:
    """The migration counts a number to the operator to which the program counts it from then on."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    world = await World(store).build()
    for code in range(900, 1_000):
        message = await world.accept(world.new(step(price=0), recipient=f"98{code}0000001"))
        await store.cancel([message.id], world.now)
    counted = await all_sums(world, UsageBy.OPERATOR)
    await store.close()
    as_before(path)
    world.store = store = SqliteStore(path)
    try:
        assert await all_sums(world, UsageBy.OPERATOR) == counted
    finally:
        await store.close()


def money(sums: list[UsageSum]) -> list[tuple[object, ...]]:
    """What was charged and paid back, and for how many parts."""
    told = [(s.day, s.line, s.charged, s.charged_parts, s.refunded, s.refunded_parts) for s in sums]
    return [row for row in told if any(row[2:])]


async def test_nothing_was_removed(tmp_path: Path) -> None:
    """The filled sums are the ones that had been counted, but for the day of an end that a late receipt has changed."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    world = await World(store).build()
    await play_a_day(world, MESSAGES, 19)
    counted = await all_sums(world, *LIKE_A_MESSAGE)
    paid = money(await all_sums(world, UsageBy.DAY, UsageBy.LINE))
    await store.close()
    as_before(path)
    world.store = store = SqliteStore(path)
    try:
        await check_sums(world)
        assert await all_sums(world, *LIKE_A_MESSAGE) == counted
        assert money(await all_sums(world, UsageBy.DAY, UsageBy.LINE)) == paid
        assert await store.usage_from() == 0
    finally:
        await store.close()


async def test_some_were_removed(tmp_path: Path) -> None:
    """What they were charged is known, on no day, by no line; the sums are whole from the day after the last went."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    world = await World(store).build()
    await play_a_day(world, MESSAGES, 20)
    world.now += 40 * DAY  # the shop keeps 30, the clinic 90
    await store.retire(world.now, 1_000)
    left = await all_messages(world)
    assert 0 < len(left) < MESSAGES
    account = world.account_id()
    before = await store.statement(account, DAY_1, day_of(world.now))
    await store.close()
    as_before(path)
    world.store = store = SqliteStore(path)
    try:
        assert await store.usage_from() == day_of(world.now) + 1
        undated = [s for s in await all_sums(world, UsageBy.DAY, UsageBy.ACCOUNT) if s.day == UNDATED]
        assert [(s.account_id, s.messages) for s in undated] == [(account, 0)]
        assert undated[0].charged - undated[0].refunded == sum(s.charged - s.refunded for s in before.sums)
        assert not [fault for each in (await store.prove_ledger()).accounts for fault in each.faults]
        after = await store.statement(account, DAY_1, day_of(world.now))
        assert (after.closing, after.whole_from) == (before.closing, day_of(world.now) + 1)
        (clinic,) = [s for s in await all_sums(world, UsageBy.ACCOUNT) if s.account_id == world.account_id("clinic")]
        assert clinic.messages == sum(message.is_final for message in left)
    finally:
        await store.close()
