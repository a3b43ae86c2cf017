"""The transactions of webhooks: tell of a change of state, conclude a post, replay.

A notice is written by the transaction that changes the state, so what a customer is told can neither be lost nor be
told of something that was rolled back. The notices of a message are posted in order: a new one has its turn at once,
or, if the one before it still waits, gets it when that one is done or dead. So a waiting notice without a turn always
stands behind a waiting one, and each step of this is a look-up by key, however many wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from payamak.domain.message import Message, Reason, State
from payamak.domain.posting import PostState
from payamak.domain.standing import state_code
from payamak.domain.webhooks import Notice, NoticeCount, NoticeResult, NoticeSearch, WebhookTarget
from payamak.store.rules.transaction import Transaction
from payamak.store.statements import load_statements

_LAST = (1 << 62, 0)
"""Above every message, for the first page."""


def notice_of(row: Any) -> Notice:
    """A Notice from the columns of `-- name: notices_due`."""
    values = dict(zip(Notice.__struct_fields__, row, strict=True))
    values["state"] = State(values["state"])
    values["reason"] = Reason(values["reason"])
    values["was_taken"] = bool(values["was_taken"])
    values["post"] = PostState(values["post"])
    return Notice(**values)


def tell(tx: Transaction, message: Message, now: int) -> None:
    """The message came to a state: if its account has a webhook that wants to know, keep a notice of it."""
    tell_all(tx, [message], now)


def tell_all(tx: Transaction, messages: Iterable[Message], now: int) -> None:
    """The same of several messages, in their order."""
    rows = [row for message in messages if (row := _notice(tx, message, now)) is not None]
    if rows:
        tx.many("insert_notice", rows)


def _notice(tx: Transaction, message: Message, now: int) -> tuple[Any, ...] | None:
    """The columns of `insert_notice`; None if nobody wants to know."""
    account = tx.site.accounts_by_id.get(message.account_id)
    if account is None or not account.webhook_url:
        return None
    if account.webhook_states and message.state not in account.webhook_states:
        return None
    told = state_code(message.state, message.was_taken, account.unknown_state)
    standing = (message.state.value, message.reason.value, told, message.code)
    facts = (message.current.line, message.step, message.was_taken, message.charged)
    above = tx.restored.events_above if message.id <= tx.restored.message_id else 0
    return message.id, message.account_id, now, *standing, *facts, above


def conclude(tx: Transaction, result: NoticeResult, now: int) -> bool:
    """Store what came of a post; the next one's turn comes with it. False if it does not wait any more."""
    values = (result.post.value, result.next_at, result.note, now, result.message_id, result.sequence)
    tx.execute("conclude_notice", values)
    if tx.db.changes() == 0:
        return False
    if result.post is not PostState.WAITING:
        tx.execute("next_notice_has_turn", (now, result.message_id, result.sequence))
    if result.gone_url is not None:
        tx.execute("put_gone", (result.account_id, result.gone_url, now))
    return True


def replay(tx: Transaction, events: Sequence[tuple[int, int]], now: int) -> int:
    """Post these once more, from the beginning, also to a target that was gone; how many did not wait."""
    accounts: set[int] = set()
    count = 0
    for message_id, sequence in sorted(set(events)):
        row = tx.one("notice_again", (now, message_id, sequence))
        if row is not None:
            accounts.add(row[0])
            count += 1
    for account_id in accounts:
        tx.execute("forget_gone", (account_id,))
    return count


def hurry(tx: Transaction, account_id: int, now: int, limit: int) -> int:
    """Let up to `limit` notices whose pause is not over be due now; how many."""
    tx.execute("hurry_notices", (now, account_id, limit))
    return int(tx.db.changes())


# ------------------------------------------------------------------------------------------------ reading


def targets(db: apsw.Connection) -> list[WebhookTarget]:
    """The accounts that something waits for."""
    rows = db.execute(load_statements()["webhook_targets"])
    return [WebhookTarget(account_id=row[0], next_at=row[1], gone_url=row[2]) for row in rows]


def due(db: apsw.Connection, account_id: int, now: int, limit: int) -> list[Notice]:
    """What may be posted for an account now."""
    return [notice_of(row) for row in db.execute(load_statements()["notices_due"], (account_id, now, limit))]


def search(db: apsw.Connection, wanted: NoticeSearch) -> list[Notice]:
    """For a person, newest message first."""
    sql = load_statements()
    if wanted.message_id is not None:
        found = [notice_of(row) for row in db.execute(sql["notices_of_message"], (wanted.message_id,))]
        return [n for n in found if wanted.post in (None, n.post)][::-1][: wanted.limit]
    message_id, sequence = wanted.before or _LAST
    values = {
        "message_id": message_id,
        "sequence": sequence,
        "account_id": wanted.account_id,
        "post": wanted.post.value if wanted.post else None,
        "limit": wanted.limit,
    }
    is_open = wanted.post in (PostState.WAITING, PostState.DEAD)
    name = "search_open_notices" if is_open else "search_notices"
    return [notice_of(row) for row in db.execute(sql[name], values)]


def ids(db: apsw.Connection, account_id: int, post: PostState, since_at: int) -> list[tuple[int, int]]:
    """Which notices of an account stand so, in no order."""
    name = "done_notice_ids" if post is PostState.DONE else "open_notice_ids"
    return [(row[0], row[1]) for row in db.execute(load_statements()[name], (account_id, post.value, since_at))]


def counts(db: apsw.Connection) -> list[NoticeCount]:
    """What has not arrived, by account."""
    return [
        NoticeCount(account_id=row[0], post=PostState(row[1]), count=row[2], oldest_at=row[3])
        for row in db.execute(load_statements()["notice_counts"])
    ]
