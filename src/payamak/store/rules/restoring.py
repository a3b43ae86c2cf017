"""The transactions of a restore (P10): notice it, raise the ids, hold what waits, let it go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from payamak.domain import events as ev
from payamak.domain.message import State
from payamak.domain.restoring import ID_LIMIT, Restore, Why, events_above, ids_above
from payamak.store.desk import Desk
from payamak.store.memory import RestoredRow
from payamak.store.reader import Reader
from payamak.store.rules import receipts
from payamak.store.rules.marks import Mark, belongs, fresh, kept_mark, last_given
from payamak.store.rules.messages import advance

_IDS: Final = (("message", "busiest_day"), ("received", "busiest_day_received"))


async def notice(desk: Desk, beside: Mark, now: int, *, is_asked: bool, above: int) -> bool:
    """See Store.settle_mark: whether the store is, or may be, a copy that was put back; then that is noted.

    With the note ids go on above all that may have been given, and the mark is a new one, which knows the file's: so
    that a process that dies before it writes the file does not notice the same copy a second time.
    """
    why = await _why(desk, beside, is_asked=is_asked)
    if why is None:
        return False
    known_until_at = max((await kept_mark(desk)).moved_at, await desk.value("last_change") or 0) or now
    last = {table: await last_given(desk, table) for table, _ in _IDS}
    known = {"message": max(beside.ids_up_to, above), "received": beside.received_up_to}
    after = {}
    for table, busiest in _IDS:
        busiest_day = await desk.value(busiest) or 0
        after[table] = min(ids_above(last[table], busiest_day, known_until_at, now, known[table]), ID_LIMIT - 2)
        desk.execute("raise_ids", (after[table], table))
    desk.memory.ids.forget()  # those that were taken may have been given by the file that the copy is of
    events = events_above(now, max(desk.memory.restored.events_above, beside.events_up_to))
    facts = (why.value, now, known_until_at, last["message"], last["received"], after["message"], events)
    desk.execute("insert_restored", facts)
    desk.execute("hold_campaigns")
    desk.execute("move_mark", (fresh(), beside.mark, now, 0))
    await desk.restored_changed()
    return True


async def _why(desk: Desk, beside: Mark, *, is_asked: bool) -> Why | None:
    if is_asked:
        return Why.ASKED
    if (await kept_mark(desk)).is_copy:
        return Why.COPY
    return None if await belongs(desk, beside) else Why.MARK


async def hold(desk: Desk, now: int, limit: int) -> int:
    """See Store.hold."""
    noted = desk.memory.restored
    if noted.held_to is None:
        return 0
    ids = await desk.values("to_hold", (noted.held_to, limit))
    for message_id in ids:
        await receipts.lose_answers(desk, message_id, now)
    for message_id in ids:
        await receipts.settle_lost(desk, message_id, now)  # receipts that wait in the copy may say what became of it
        if (message := await desk.message(message_id)) and message.state in (State.QUEUED, State.SENDING):
            await advance(desk, message, ev.Restored(), now)
    is_done = len(ids) < limit
    desk.execute("held_to", (None if is_done else ids[-1], noted.id))
    if is_done and not await desk.value("held_count") and not await desk.value("posts_of_copy", (noted.received_id,)):
        desk.execute("end_restored", (now, noted.id))  # there is nothing to ask for
    await desk.restored_changed()
    return len(ids)


def held_ids(db: Reader, line: str | None, account_id: int | None) -> list[int]:
    """See Store.held_ids."""
    return db.values("held_ids", (line, account_id, -1))


async def resume(desk: Desk, message_ids: Sequence[int], now: int, *, is_moved: bool) -> int:
    """See Store.resume_held."""
    if is_moved and await desk.value("copy_is_held") is not None:
        raise ValueError(
            "the store is a copy that was put back, by its own word or a person's, and what waits in it may have been "
            "sent since: nothing is let go; `payamak resume restored` does, and counts it as a copy"
        )
    resumed = 0
    for message_id in message_ids:
        if (message := await desk.message(message_id)) and message.is_held:
            await advance(desk, message, ev.Resumed(is_moved=is_moved), now)
            resumed += 1
    if desk.memory.restored.held_to is None and desk.memory.restored.is_open and not await desk.value("held_count"):
        desk.execute("end_restored", (now, desk.memory.restored.id))
        await desk.restored_changed()
    return resumed


def last_restore(db: Reader) -> Restore | None:
    """See Store.last_restore."""
    noted = db.row("last_restored", RestoredRow)
    if noted is None:
        return None
    is_open = noted.is_open or noted.held_to is not None
    return Restore(
        why=Why(noted.why),
        noticed_at=noted.noticed_at,
        known_until_at=noted.known_until_at,
        last_id=noted.message_id,
        ids_above=noted.ids_above,
        held=db.value("held_count"),
        posts=db.value("posts_of_copy", (noted.received_id if is_open else 0,)),
        is_open=is_open,
    )
