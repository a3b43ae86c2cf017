"""The transactions of a restore (P10): notice it, raise the ids, hold what waits, let it go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw

from payamak.domain import events as ev
from payamak.domain.message import State
from payamak.domain.restoring import ID_LIMIT, Restore, Why, events_above, ids_above
from payamak.store.rules import receipts
from payamak.store.rules.messages import happen, load
from payamak.store.rules.transaction import Transaction
from payamak.store.sqlite.mark import Mark, belongs, fresh, last_given
from payamak.store.statements import load_statements

_IDS: Final = (("message", "busiest_day"), ("received", "busiest_day_received"))


def notice(tx: Transaction, beside: Mark, now: int, *, is_asked: bool, above: int) -> bool:
    """See Store.settle_mark: whether the store is, or may be, a copy that was put back; then that is noted.

    With the note ids go on above all that may have been given, and the mark is a new one, which knows the file's: so
    that a process that dies before it writes the file does not notice the same copy a second time.
    """
    why = _why(tx, beside, is_asked=is_asked)
    if why is None:
        return False
    _, _, moved_at, _, _ = tx.one("mark")
    known_until_at = max(moved_at, tx.one("last_change")[0] or 0) or now
    last = {table: last_given(tx, table) for table, _ in _IDS}
    known = {"message": max(beside.ids_up_to, above), "received": beside.received_up_to}
    after = {}
    for table, busiest in _IDS:
        busiest_day = tx.one(busiest)[0] or 0
        after[table] = min(ids_above(last[table], busiest_day, known_until_at, now, known[table]), ID_LIMIT - 2)
        tx.execute("raise_ids", (after[table], table))
    events = events_above(now, max(tx.restored.events_above, beside.events_up_to))
    facts = (why.value, now, known_until_at, last["message"], last["received"], after["message"], events)
    tx.execute("insert_restored", facts)
    tx.execute("move_mark", (fresh(), beside.mark, now, 0))
    tx.restored_changed()
    return True


def _why(tx: Transaction, beside: Mark, *, is_asked: bool) -> Why | None:
    if is_asked:
        return Why.ASKED
    if tx.one("mark")[4]:
        return Why.COPY
    return None if belongs(tx, beside) else Why.MARK


def hold(tx: Transaction, now: int, limit: int) -> int:
    """See Store.hold."""
    noted = tx.restored
    if noted.held_to is None:
        return 0
    ids = [row[0] for row in tx.all("to_hold", (noted.held_to, limit))]
    for message_id in ids:
        receipts.lose_answers(tx, message_id, now)
    for message_id in ids:
        receipts.settle_lost(tx, message_id, now)  # receipts that wait in the copy may say what became of it
        if (message := load(tx, message_id)) and message.state in (State.QUEUED, State.SENDING):
            happen(tx, message, ev.Restored(), now)
    is_done = len(ids) < limit
    tx.execute("held_to", (None if is_done else ids[-1], noted.id))
    if is_done and not tx.one("held_count")[0] and not tx.one("posts_of_copy", (noted.received_id,))[0]:
        tx.execute("end_restored", (now, noted.id))  # there is nothing to ask for
    tx.restored_changed()
    return len(ids)


def held_ids(db: apsw.Connection, line: str | None, account_id: int | None) -> list[int]:
    """See Store.held_ids."""
    return [row[0] for row in db.execute(load_statements()["held_ids"], (line, account_id, -1))]


def resume(tx: Transaction, message_ids: Sequence[int], now: int, *, is_moved: bool) -> int:
    """See Store.resume_held."""
    if is_moved and tx.one("copy_is_held") is not None:
        raise ValueError(
            "the store is a copy that was put back, by its own word or a person's, and what waits in it may have been "
            "sent since: nothing is let go; `payamak resume restored` does, and counts it as a copy"
        )
    resumed = 0
    for message_id in message_ids:
        if (message := load(tx, message_id)) and message.is_held:
            happen(tx, message, ev.Resumed(is_moved=is_moved), now)
            resumed += 1
    if tx.restored.held_to is None and tx.restored.is_open and not tx.one("held_count")[0]:
        tx.execute("end_restored", (now, tx.restored.id))
        tx.restored_changed()
    return resumed


def last_restore(db: apsw.Connection) -> Restore | None:
    """See Store.last_restore."""
    sql = load_statements()
    for _, why, noticed_at, until_at, last_id, received_id, above, _, held_to, resumed_at in db.execute(
        sql["last_restored"]
    ):
        (held,) = next(iter(db.execute(sql["held_count"])))
        is_open = resumed_at is None or held_to is not None
        (posts,) = next(iter(db.execute(sql["posts_of_copy"], (received_id if is_open else 0,))))
        return Restore(
            why=Why(why),
            noticed_at=noticed_at,
            known_until_at=until_at,
            last_id=last_id,
            ids_above=above,
            held=held,
            posts=posts,
            is_open=is_open,
        )
    return None
