"""The queries: read-only, each on a connection that never writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from payamak.domain.ids import IdHabit, operator_key
from payamak.domain.message import RECEIPTED, Message, PartState, Reason, State
from payamak.domain.receipts import Cursor, IdReport, OpenId, OpenIds, WaitingReceipt
from payamak.domain.webhooks import Notice
from payamak.store.memory import HabitRow
from payamak.store.reader import Reader, array
from payamak.store.records import (
    Balance,
    Entry,
    FurtherReceipt,
    MessagePage,
    OptOut,
    PartRecord,
    QueueRow,
    Search,
    Standing,
    StatusCount,
    Story,
    TextReceipts,
    Traffic,
)


class _StandingRow(Struct, frozen=True, kw_only=True):
    """Where a message stands."""

    id: int
    state: State
    reason: Reason
    was_taken: bool


class _Unmatched(Struct, frozen=True, kw_only=True):
    """A receipt that nobody claims, as a person is shown it: columns of `receipt`; lists are joined by line ends."""

    id: int
    received_at: int
    upstream: str
    link: str
    operator_id: str
    line: str | None
    recipient: str | None
    stat: str
    err: str | None
    operator_keys: str
    why: str
    ids: str


class _Waiting(Struct, frozen=True, kw_only=True):
    """How many receipts of an upstream wait for one reason."""

    upstream: str
    why: str
    count: int


class _TextTold(Struct, frozen=True, kw_only=True):
    """A message of several parts of which receipts have told, and the link that its step went by last."""

    step: int
    parts: str
    link: str


class _Open(Struct, frozen=True, kw_only=True):
    """A message that waits for receipts, with an id of one of its parts on the upstream, if it has any there."""

    line: str
    deadline_at: int
    id: int
    recipient: str
    operator_id: str | None
    answered_at: int | None

    @property
    def cursor(self) -> Cursor:
        """Where a page ends that ends with it."""
        return self.line, self.deadline_at, self.id


def standings(db: Reader, account_id: int, ids: Sequence[int]) -> dict[int, Standing]:
    """Where the account's own messages stand; one statement, the ids travel as one JSON array."""
    wanted = array(ids)
    return {
        row.id: Standing(state=row.state, reason=row.reason, was_taken=row.was_taken)
        for row in db.rows("standings", _StandingRow, (wanted, account_id))
    }


def story(db: Reader, message_id: int) -> Story | None:
    """A message with its attempts, money and further receipts."""
    message = db.row("message", Message, (message_id,))
    if message is None:
        return None
    return Story(
        message=message,
        parts=tuple(db.rows("parts_of_message", PartRecord, (message_id,))),
        entries=tuple(db.rows("entries_of_message", Entry, (message_id,))),
        receipts=tuple(db.rows("receipts_of_message", FurtherReceipt, (message_id,))),
        notices=tuple(db.rows("notices_of_message", Notice, (message_id,))),
    )


def status_counts(db: Reader) -> list[StatusCount]:
    """The newest answers by link and command_status."""
    return db.rows("status_counts", StatusCount)


def search(db: Reader, wanted: Search) -> list[Message]:
    """Messages, newest first; by recipient through its index, else from the newest id downwards."""
    name = "search_by_recipient" if wanted.recipient is not None else "search_by_time"
    return db.rows(name, Message, _searched(wanted))


MOST_LOOKED_THROUGH = 5_000
"""An account's messages that are looked through for one page; some 20 ms."""


class _Floor(Struct, frozen=True, kw_only=True):
    """How far a page looks."""

    id: int
    accepted_at: int


def message_page(db: Reader, wanted: Search) -> MessagePage:
    """See Store.message_page. To one recipient there are few, and an index has them."""
    values = _searched(wanted)
    floor = None
    name = "search_by_recipient"
    if wanted.recipient is None:
        name = "search_of_account"
        floor = db.row("floor_of_account", _Floor, (wanted.account_id, values["before_id"], MOST_LOOKED_THROUGH - 1))
        values = {each: value for each, value in values.items() if each != "recipient"}
        values["floor_id"] = 0 if floor is None else floor.id
    found = db.rows(name, Message, {**values, "limit": wanted.limit + 1})
    if len(found) > wanted.limit:
        return MessagePage(messages=tuple(found[:-1]), before_id=found[-2].id)
    if floor is None:
        return MessagePage(messages=tuple(found))
    return MessagePage(messages=tuple(found), before_id=floor.id, looked_to_at=floor.accepted_at)


def _searched(wanted: Search) -> dict[str, Any]:
    """A search as the statements have it."""
    return {
        "recipient": wanted.recipient,
        "account_id": wanted.account_id,
        "line": wanted.line,
        "state": wanted.state.value if wanted.state else None,
        "since_at": wanted.since_at,
        "until_at": wanted.until_at,
        "before_id": wanted.before_id if wanted.before_id is not None else 1 << 62,
        "limit": wanted.limit,
    }


def queue(db: Reader) -> list[QueueRow]:
    """What waits or is under way, and why."""
    return db.rows("queue", QueueRow)


def traffic(db: Reader, since_at: int, until_at: int) -> list[Traffic]:
    """Parts sent by line and upstream; the line is that by which each attempt went."""
    return db.rows("traffic", Traffic, (since_at, until_at))


def balances(db: Reader) -> list[Balance]:
    """Every account's purses, counted three ways in one snapshot."""
    return db.rows("ledger_balances", Balance)


def opt_outs(db: Reader, recipient: str | None, line: str | None, after: str, limit: int) -> list[OptOut]:
    """A page of the opt-out list."""
    return db.rows("opt_outs", OptOut, (recipient, line, after, limit))


def doubtful_opt_outs(db: Reader) -> int:
    """How many opt-outs a foreign message asked for."""
    return int(db.value("doubtful_opt_outs"))


def unmatched(db: Reader, limit: int) -> list[WaitingReceipt]:
    """Receipts that nobody claims, newest first."""
    return [_waiting_receipt(row) for row in db.rows("unmatched_list", _Unmatched, (limit,))]


def _waiting_receipt(row: _Unmatched) -> WaitingReceipt:
    named = map(operator_key, filter(None, row.ids.split("\n")))
    return WaitingReceipt(
        id=row.id,
        received_at=row.received_at,
        upstream=row.upstream,
        link=row.link,
        operator_id=row.operator_id,
        line=row.line,
        recipient=row.recipient,
        stat=row.stat,
        err=row.err,
        tried=tuple(dict.fromkeys((*row.operator_keys.split("\n"), *named))),
        why=row.why,
    )


def id_reports(db: Reader) -> list[IdReport]:
    """What is known of each upstream's ids, of all upstreams that have a habit or receipts that wait."""
    waiting: dict[str, dict[str, int]] = {}
    for row in db.rows("waiting_counts", _Waiting):
        waiting.setdefault(row.upstream, {})[row.why] = row.count
    habits = {row.upstream: row for row in db.rows("id_habits", HabitRow)}
    return [_id_report(upstream, habits.get(upstream), waiting) for upstream in sorted({*waiting, *habits})]


def _id_report(upstream: str, row: HabitRow | None, waiting: dict[str, dict[str, int]]) -> IdReport:
    return IdReport(
        upstream=upstream,
        habit=IdHabit() if row is None else row.habit,
        waiting=waiting.get(upstream, {}),
        removed=0 if row is None else row.removed,
        removed_until=None if row is None else row.removed_until,
    )


MOST_TEXTS = 20_000
"""The newest messages that are looked through for long texts; some tens of milliseconds."""

QUIET_MS = 600_000
"""A text that has just got a receipt may get another one."""


def receipts_of_texts(db: Reader, now: int) -> list[TextReceipts]:
    """See Store.receipts_of_texts."""
    texts: dict[str, list[int]] = {}
    for row in db.rows("texts_told", _TextTold, (MOST_TEXTS, now - QUIET_MS)):
        word = row.parts.split("/")[row.step]
        told = sum(letter in RECEIPTED for letter in word)
        if len(word) > 1 and told and set(word) <= RECEIPTED | {PartState.TAKEN}:
            texts.setdefault(row.link, [0, 0])[told > 1] += 1
    return [TextReceipts(link=link, with_one=one, with_more=more) for link, (one, more) in sorted(texts.items())]


def open_operator_ids(db: Reader, upstream: str, after: Cursor, limit: int) -> OpenIds:
    """What an upstream that is asked for states has to ask for, a page at a time."""
    rows = db.rows("open_operator_ids", _Open, (upstream, *after, limit))
    return OpenIds(
        ids=tuple(
            OpenId(
                recipient=row.recipient,
                operator_id=row.operator_id,
                taken_at=row.answered_at,
                deadline_at=row.deadline_at,
            )
            for row in rows
            if row.operator_id is not None and row.answered_at is not None
        ),
        after=max((row.cursor for row in rows), default=None) if len({row.id for row in rows}) == limit else None,
    )


def last_turn(db: Reader, line: str) -> int | None:
    """The latest turn that a message of a paced line waits for."""
    turn_at: int | None = db.value("last_turn", (line,))
    return turn_at
