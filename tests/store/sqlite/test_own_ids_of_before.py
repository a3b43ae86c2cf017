"""Own ids that an older version took, whose bodies nobody knows any more."""

from __future__ import annotations

from pathlib import Path

import apsw
from tests.store.sqlite.support import file_of
from tests.store.world import MARK, NOW, OTHER, World

from payamak.domain.own_ids import OwnId
from payamak.store.base import Batched
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_migrations


async def test_they_answer_as_ever(tmp_path: Path) -> None:
    """A store from before digests were kept: its ids answer whatever body comes, those taken since do not."""
    path = tmp_path / "store.sqlite"
    migrations = load_migrations()
    before = next(i for i, text in enumerate(migrations) if "ALTER TABLE check_id ADD COLUMN digest" in text)
    db = apsw.Connection(str(path))
    for migration in migrations[:before]:
        db.execute(migration)
    db.pragma("user_version", before)
    db.execute("INSERT INTO check_id (account_id, check_id, message_id, accepted_at) VALUES (1, 5, 1001, ?)", (NOW,))
    db.close()
    store = SqliteStore(path)
    try:
        world = await World(store).build()
        assert world.account_id() == 1
        for body in (MARK, OTHER):
            own = [OwnId(number=5, digest=body)]
            told = await store.accept_batch(1, [world.new()], own, NOW)
            assert told == [Batched(message_id=1001, is_repeated=True)]
        assert [row.message_id for row in (await store.outbox(1, [5])).values()] == [1001]
        for body, is_other in ((MARK, False), (MARK, False), (OTHER, True)):
            (answer,) = await store.accept_batch(1, [world.new()], [OwnId(number=6, digest=body)], NOW)
            assert isinstance(answer, Batched)
            assert answer.has_other_body is is_other
    finally:
        await store.close()


async def test_the_older_code_beside_it(world: World, tmp_path: Path) -> None:
    """An older program that still runs on the store takes ids without a digest; they answer as ever."""
    db = apsw.Connection(str(file_of(tmp_path)))
    db.execute(
        "INSERT INTO check_id (account_id, check_id, message_id, accepted_at) VALUES (?, 5, 1001, ?)",
        (world.account_id(), NOW),
    )
    db.close()
    told = await world.store.accept_batch(world.account_id(), [world.new()], [OwnId(number=5, digest=OTHER)], NOW)
    assert told == [Batched(message_id=1001, is_repeated=True)]
