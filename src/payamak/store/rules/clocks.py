"""What the store remembers of the clocks, and how it is set back when `now` fell (domain/clocks.py).

Commits are ordered by their number, and messages by their ids, never by an instant. What does ask an instant that was
written, a pause, a deadline, the age of a receipt's part, would be wrong by as much as `now` fell; so whatever was
written from the future is set back by that much, or is due at once. What only tells what happened, the ledger and what
customers were told, stays as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.clocks import ClockRecord, Clocks
from payamak.store.desk import Desk
from payamak.store.reader import Reader
from payamak.store.rules.aside import AsideKind, apart
from payamak.store.rules.messages import advance

_PREFIX = "clock/"
_NOBODY_DOUBTS = -1


class _Meta(Struct, frozen=True, kw_only=True):
    """A counter of the store."""

    key: str
    value: int


def kept(db: Reader) -> ClockRecord:
    """See Store.clocks."""
    meta = {each.key.removeprefix(_PREFIX): each.value for each in db.rows("metas", _Meta, (_PREFIX,))}
    clocks = None
    if all(field in meta for field in Clocks.__struct_fields__):
        known: dict[str, Any] = {field: meta[field] for field in Clocks.__struct_fields__}
        clocks = Clocks(**{**known, "since": None if known["since"] == _NOBODY_DOUBTS else known["since"]})
    return ClockRecord(
        clocks=clocks,
        boot_id=meta.get("boot_id", 0),
        last_commit=db.value("mark_moved_at"),
        accepted=meta.get("accepted", 0),
        accepted_on=meta.get("accepted_on", 0),
    )


async def keep(desk: Desk, clocks: Clocks, boot_id: int) -> None:
    """See Store.keep_clocks."""
    for field in Clocks.__struct_fields__:
        value = getattr(clocks, field)
        desk.execute("set_meta", (_PREFIX + field, _NOBODY_DOUBTS if value is None else value))
    desk.execute("set_meta", (_PREFIX + "boot_id", boot_id))


async def accept(desk: Desk, offset: int, boot_id: int) -> None:
    """See Store.accept_clock."""
    desk.execute("set_meta", (_PREFIX + "accepted", offset))
    desk.execute("set_meta", (_PREFIX + "accepted_on", boot_id))


def from_future(db: Reader, after_id: int, now: int, limit: int) -> list[int]:
    """The next messages with an instant that has not come yet."""
    return db.values("from_future", (after_id, now, limit))


async def set_back(desk: Desk, ids: Sequence[int], by: int, now: int) -> None:
    """Messages, and what was sent and told of them."""
    for message_id in ids:
        await apart(desk, AsideKind.DEADLINE, message_id, now, partial(_set_message_back, desk, message_id, by, now))


async def _set_message_back(desk: Desk, message_id: int, by: int, now: int) -> None:
    message = await desk.message(message_id)
    if message is None:
        return
    if not message.is_final:
        await advance(desk, message, ev.SetBack(by=by), now)
    desk.execute("set_times", (message_id, by if message.accepted_at > now else 0, now))
    desk.execute("set_parts_back", (message_id, by, now))


async def set_rest_back(desk: Desk, by: int, now: int) -> None:
    """All that is no message of ours: posts, receipts that wait, what came from handsets, what is aside or learned."""
    for statement in ("set_receipts_back", "set_received_parts_back", "set_opt_outs_back", "set_audit_back"):
        desk.execute(statement, (by, now))
    for statement in ("set_relay_back", "set_notices_back", "set_aside_back", "set_sessions_back"):
        desk.execute(statement, (now,))
    for line in await desk.values("lines_of_received"):
        desk.execute("set_received_back", (line, by, now))
