"""One gateway serves a database: a second one is refused, and one that was overtaken writes nothing any more."""

from __future__ import annotations

import pytest
from tests.store.world import NOW, World

from payamak.domain.events import Cancelled
from payamak.errors import StoreFailed
from payamak.store.base import Mode
from payamak.store.engines import lock_to_serve
from payamak.store.postgres import locking
from payamak.store.postgres.store import PostgresStore, open_postgres
from payamak.store.records import Search


async def test_a_second_server_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the first one has the lock, which it loses with its connection."""
    first = await lock_to_serve(address)
    with monkeypatch.context() as patched:
        patched.setattr(locking, "_TRIES", 1)
        with pytest.raises(StoreFailed, match="another gateway serves this database"):
            await lock_to_serve(address)
    first.release()
    (await lock_to_serve(address)).release()


async def test_who_was_overtaken_writes_nothing(world: World, postgres: PostgresStore) -> None:
    """A gateway that stood still while another one took over learns it at its first write, and says what to do."""
    message = await world.accept()
    postgres.begin_serving()
    await world.store.advance(message.id, Cancelled(), NOW)
    other = await open_postgres(postgres.address, Mode.SERVE)
    await other.take_over(NOW)
    for _ in range(2):
        with pytest.raises(StoreFailed, match="another gateway has taken this database over"):
            await world.accept()
    assert postgres.trouble is not None
    assert [m.id for m in await other.search(Search())] == [message.id]
    await other.close()


async def test_hands_disturb_no_server(world: World, postgres: PostgresStore) -> None:
    """A command beside the server writes, and the server goes on."""
    postgres.begin_serving()
    hands = await open_postgres(postgres.address, Mode.HANDS)
    for amount in (5, 7):
        await hands.credit("shop", amount, "by hand", NOW)
        await world.accept()
    await hands.close()
    assert postgres.trouble is None
    await world.balance()
