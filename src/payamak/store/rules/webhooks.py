"""The transactions of webhooks: tell of a change of state, conclude a post, replay.

A notice is written by the transaction that changes the state, so what a customer is told can neither be lost nor be
told of something that was rolled back. The notices of a message are posted in order: a new one has its turn at once,
or, if the one before it still waits, gets it when that one is done or dead. So a waiting notice without a turn always
stands behind a waiting one, and each step of this is a look-up by key, however many wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from payamak.domain.message import Message
from payamak.domain.posting import PostState
from payamak.domain.standing import state_code
from payamak.domain.webhooks import Notice, NoticeCount, NoticeResult, NoticeSearch, WebhookTarget
from payamak.store.desk import Desk
from payamak.store.reader import Reader

_LAST = (1 << 62, 0)
"""Above every message, for the first page."""


class _NoticeKey(Struct, frozen=True, kw_only=True):
    """Which notice."""

    message_id: int
    sequence: int


def tell(desk: Desk, message: Message, now: int) -> None:
    """The message came to a state: if its account has a webhook that wants to know, keep a notice of it."""
    tell_all(desk, [message], now)


def tell_all(desk: Desk, messages: Iterable[Message], now: int) -> None:
    """The same of several messages, in their order."""
    rows = [row for message in messages if (row := _notice(desk, message, now)) is not None]
    if rows:
        desk.many("insert_notice", rows)


def _notice(desk: Desk, message: Message, now: int) -> tuple[Any, ...] | None:
    """The columns of `insert_notice`; None if nobody wants to know."""
    account = desk.site.accounts_by_id.get(message.account_id)
    if account is None or not account.webhook_url:
        return None
    if account.webhook_states and message.state not in account.webhook_states:
        return None
    told = state_code(message.state, message.was_taken, account.unknown_state)
    standing = (message.state.value, message.reason.value, told, message.code)
    facts = (message.current.line, message.step, message.was_taken, message.charged)
    above = desk.memory.restored.events_above if message.id <= desk.memory.restored.message_id else 0
    return message.id, message.account_id, now, *standing, *facts, above


async def conclude(desk: Desk, result: NoticeResult, now: int) -> bool:
    """Store what came of a post; the next one's turn comes with it. False if it does not wait any more."""
    values = (result.post.value, result.next_at, result.note, now, result.message_id, result.sequence)
    if await desk.change("conclude_notice", values) == 0:
        return False
    if result.post is not PostState.WAITING:
        desk.execute("next_notice_has_turn", (now, result.message_id, result.sequence))
    if result.gone_url is not None:
        desk.execute("put_gone", (result.account_id, result.gone_url, now))
    return True


async def replay(desk: Desk, events: Sequence[tuple[int, int]], now: int) -> int:
    """Post these once more, from the beginning, also to a target that was gone; how many did not wait."""
    accounts: set[int] = set()
    count = 0
    for message_id, sequence in sorted(set(events)):
        account_id = await desk.value("notice_again", (now, message_id, sequence))
        if account_id is not None:
            accounts.add(account_id)
            count += 1
    for account_id in accounts:
        desk.execute("forget_gone", (account_id,))
    return count


async def hurry(desk: Desk, account_id: int, now: int, limit: int) -> int:
    """Let up to `limit` notices whose pause is not over be due now; how many."""
    return await desk.change("hurry_notices", (now, account_id, limit))


# ------------------------------------------------------------------------------------------------ reading


def targets(db: Reader) -> list[WebhookTarget]:
    """The accounts that something waits for."""
    return db.rows("webhook_targets", WebhookTarget)


def due(db: Reader, account_id: int, now: int, limit: int) -> list[Notice]:
    """What may be posted for an account now."""
    return db.rows("notices_due", Notice, (account_id, now, limit))


def search(db: Reader, wanted: NoticeSearch) -> list[Notice]:
    """For a person, newest message first."""
    if wanted.message_id is not None:
        found = db.rows("notices_of_message", Notice, (wanted.message_id,))
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
    return db.rows(name, Notice, values)


def ids(db: Reader, account_id: int, post: PostState, since_at: int) -> list[tuple[int, int]]:
    """Which notices of an account stand so, in no order."""
    name = "done_notice_ids" if post is PostState.DONE else "open_notice_ids"
    found = db.rows(name, _NoticeKey, (account_id, post.value, since_at))
    return [(key.message_id, key.sequence) for key in found]


def counts(db: Reader) -> list[NoticeCount]:
    """What has not arrived, by account."""
    return db.rows("notice_counts", NoticeCount)
