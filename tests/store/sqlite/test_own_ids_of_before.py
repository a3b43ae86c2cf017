"""Own ids that an older version took, whose bodies nobody knows any more."""

from __future__ import annotations

from pathlib import Path

import apsw
from tests.store.world import MARK, NOW, OTHER, World, check_id

from payamak.domain.own_ids import OwnIdKind
from payamak.store.records import Batched
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
            own = [check_id(5, body)]
            told = await store.accept_batch(1, [world.new()], own, NOW)
            assert told == [Batched(message_id=1001, is_repeated=True)]
        assert [row.message_id for row in (await store.outbox(1, OwnIdKind.CHECK_ID, ["5"])).values()] == [1001]
        for body, is_other in ((MARK, False), (MARK, False), (OTHER, True)):
            (answer,) = await store.accept_batch(1, [world.new()], [check_id(6, body)], NOW)
            assert isinstance(answer, Batched)
            assert answer.has_other_body is is_other
    finally:
        await store.close()
