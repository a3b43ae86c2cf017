"""Receipts: stored, then acknowledged; the upstream may answer the operator when the desk says so (P2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.world import ALI, LINE, World
from tests.unit.house import HandClock

from payamak.delivery import receipts
from payamak.delivery.arrivals import Arrivals
from payamak.delivery.receipts import ReceiptDesk
from payamak.domain.message import PartState, State
from payamak.domain.receipts import ReceiptIn
from payamak.domain.unreadable import Unreadable
from payamak.errors import StoreFailed
from payamak.store.sqlite.store import SqliteStore
from payamak.upstreams.base import keep_receipt

NOTHING: Any = None
"""Receipts go neither to the worker nor to the desk of what handsets send."""


def a_desk(store: SqliteStore) -> ReceiptDesk:
    """A desk on this store."""
    clock = HandClock()
    return ReceiptDesk(store, Arrivals(store, clock), NOTHING, NOTHING, clock, lambda *_, **__: None)


def a_receipt(operator_id: str) -> ReceiptIn:
    """DELIVERED for one id."""
    return ReceiptIn(
        upstream="operator", link="north", operator_id=operator_id, keys=(operator_id,), part_state=PartState.DELIVERED,
        stat="DELIVRD", line=LINE, recipient=ALI,
    )  # fmt: skip


async def test_a_receipt_is_on_disk_when_the_desk_returns(tmp_path: Path) -> None:
    """Whoever opens the file then sees what the receipt did, and one that belongs to nobody, too."""
    store = SqliteStore(tmp_path / "store.sqlite")
    world = await World(store).build()
    message = await world.enroute("x77")
    desk = a_desk(store)
    db = apsw.Connection(str(store.path), flags=apsw.SQLITE_OPEN_READONLY)
    await keep_receipt(desk, a_receipt("x77"))
    assert list(db.execute("SELECT state FROM message WHERE id = ?", (message.id,))) == [(State.DELIVERED.value,)]
    await keep_receipt(desk, a_receipt("x78"))
    assert list(db.execute("SELECT operator_id FROM receipt WHERE standing = 'unmatched'")) == [("x78",)]
    db.close()
    await store.close()


async def test_a_receipt_that_cannot_be_stored_is_not_acknowledged(tmp_path: Path) -> None:
    """The desk says so, and the upstream refuses the receipt and the operator brings it again."""
    store = SqliteStore(tmp_path / "store.sqlite")
    await store.close()
    desk = a_desk(store)
    with pytest.raises(StoreFailed):
        await keep_receipt(desk, a_receipt("x77"))


async def test_unreadable_pieces_fill_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are kept; the first ten of a link and error are told, then each doubling."""
    told: list[int] = []
    monkeypatch.setattr(receipts, "_alarm", lambda event, **fields: told.append(fields["count"]))
    store = SqliteStore(tmp_path / "store.sqlite")
    await World(store).build()
    desk = a_desk(store)
    for number in range(70):
        piece = Unreadable(kind="mo", link="north", octets=b"%d" % number, error="Unread", place="", came_at=1)
        await desk.unreadable(piece)
    assert told == [*range(1, 11), 16, 32, 64]
    assert len(await store.unreadable(None, 99)) == 70
    await store.close()
