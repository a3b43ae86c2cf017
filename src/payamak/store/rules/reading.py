"""The queries: read-only, each on a connection that never writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw

from payamak.domain.ids import IdHabit, operator_key
from payamak.domain.message import RECEIPTED, Message, PartState, Reason, State
from payamak.domain.receipts import Cursor, IdReport, OpenId, OpenIds, WaitingReceipt
from payamak.store.base import OptOut, Standing
from payamak.store.records import (
    Balance,
    Entry,
    FurtherReceipt,
    PartRecord,
    QueueRow,
    Search,
    StatusCount,
    Story,
    TextReceipts,
    Traffic,
)
from payamak.store.rules.rows import message_of
from payamak.store.rules.transaction import habit_of
from payamak.store.rules.webhooks import notice_of
from payamak.store.statements import load_statements


def _all(db: apsw.Connection, name: str, values: Sequence[Any] = ()) -> list[Any]:
    return list(db.execute(load_statements()[name], values))


def standings(db: apsw.Connection, account_id: int, ids: Sequence[int]) -> dict[int, Standing]:
    """Where the account's own messages stand; one statement, the ids travel as one JSON array."""
    wanted = "[" + ",".join(map(str, ids)) + "]"
    return {
        row[0]: Standing(state=State(row[1]), reason=Reason(row[2]), was_taken=bool(row[3]))
        for row in db.execute(load_statements()["standings"], (wanted, account_id))
    }


def story(db: apsw.Connection, message_id: int) -> Story | None:
    """A message with its attempts, money and further receipts."""
    rows = _all(db, "message", (message_id,))
    if not rows:
        return None
    return Story(
        message=message_of(rows[0]),
        parts=tuple(_part_record(row) for row in _all(db, "parts_of_message", (message_id,))),
        entries=tuple(
            Entry(at=r[0], kind=r[1], source=r[2], target=r[3], amount=r[4], note=r[5])
            for r in _all(db, "entries_of_message", (message_id,))
        ),
        receipts=tuple(
            FurtherReceipt(received_at=r[0], link=r[1], operator_id=r[2], stat=r[3], err=r[4], standing=r[5])
            for r in _all(db, "receipts_of_message", (message_id,))
        ),
        notices=tuple(notice_of(row) for row in _all(db, "notices_of_message", (message_id,))),
    )


def status_counts(db: apsw.Connection) -> list[StatusCount]:
    """The newest answers by link and command_status."""
    return [StatusCount(link=row[0], status=row[1], count=row[2]) for row in _all(db, "status_counts")]


def _part_record(row: Any) -> PartRecord:
    return PartRecord(**dict(zip(PartRecord.__struct_fields__, row, strict=True)))


def search(db: apsw.Connection, wanted: Search) -> list[Message]:
    """Messages, newest first; by recipient through its index, else from the newest id downwards."""
    name = "search_by_recipient" if wanted.recipient is not None else "search_by_time"
    values = {
        "recipient": wanted.recipient,
        "account_id": wanted.account_id,
        "line": wanted.line,
        "state": wanted.state.value if wanted.state else None,
        "since_at": wanted.since_at,
        "until_at": wanted.until_at,
        "before_id": wanted.before_id if wanted.before_id is not None else 1 << 62,
        "limit": wanted.limit,
    }
    return [message_of(row) for row in db.execute(load_statements()[name], values)]


def queue(db: apsw.Connection) -> list[QueueRow]:
    """What waits or is under way, and why."""
    return [
        QueueRow(
            line=r[0],
            lane=r[1],
            state=State(r[2]),
            reason=Reason(r[3]),
            count=r[4],
            next_due_at=r[5],
            oldest_accepted_at=r[6],
        )
        for r in _all(db, "queue")
    ]


def queued_by_line(db: apsw.Connection) -> dict[str, int]:
    """How many messages wait on each line."""
    return dict(_all(db, "queued_by_line"))


def traffic(db: apsw.Connection, since_at: int, until_at: int) -> list[Traffic]:
    """Parts sent by line and upstream; the line is that by which each attempt went."""
    return [
        Traffic(**dict(zip(Traffic.__struct_fields__, row, strict=True)))
        for row in _all(db, "traffic", (since_at, until_at))
    ]


def balances(db: apsw.Connection) -> list[Balance]:
    """Every account's purses, counted three ways in one snapshot."""
    return [Balance(**dict(zip(Balance.__struct_fields__, row, strict=True))) for row in _all(db, "ledger_balances")]


def opt_outs(db: apsw.Connection, recipient: str | None, line: str | None, after: str, limit: int) -> list[OptOut]:
    """A page of the opt-out list."""
    return [
        OptOut(**dict(zip(OptOut.__struct_fields__, (*row[:-1], bool(row[-1])), strict=True)))
        for row in _all(db, "opt_outs", (recipient, line, after, limit))
    ]


def doubtful_opt_outs(db: apsw.Connection) -> int:
    """How many opt-outs a foreign message asked for."""
    ((count,),) = _all(db, "doubtful_opt_outs", ())
    return int(count)


def unmatched(db: apsw.Connection, limit: int) -> list[WaitingReceipt]:
    """Receipts that nobody claims, newest first."""
    return [
        WaitingReceipt(
            id=r[0],
            received_at=r[1],
            upstream=r[2],
            link=r[3],
            operator_id=r[4],
            line=r[5],
            recipient=r[6],
            stat=r[7],
            err=r[8],
            tried=tuple(dict.fromkeys((*r[9].split("\n"), *map(operator_key, filter(None, r[11].split("\n")))))),
            why=r[10],
        )
        for r in _all(db, "unmatched_list", (limit,))
    ]


def id_reports(db: apsw.Connection) -> list[IdReport]:
    """What is known of each upstream's ids, of all upstreams that have a habit or receipts that wait."""
    waiting: dict[str, dict[str, int]] = {}
    for upstream, why, count in _all(db, "waiting_counts"):
        waiting.setdefault(upstream, {})[why] = count
    rows = {row[0]: row for row in _all(db, "id_habits")}
    return [
        IdReport(
            upstream=upstream,
            habit=habit_of(rows[upstream]) if upstream in rows else IdHabit(),
            waiting=waiting.get(upstream, {}),
            removed=rows[upstream][8] if upstream in rows else 0,
            removed_until=rows[upstream][9] if upstream in rows else None,
        )
        for upstream in sorted({*waiting, *rows})
    ]


MOST_TEXTS = 20_000
"""The newest messages that are looked through for long texts; some tens of milliseconds."""

QUIET_MS = 600_000
"""A text that has just got a receipt may get another one."""


def receipts_of_texts(db: apsw.Connection, now: int) -> list[TextReceipts]:
    """See Store.receipts_of_texts."""
    counts: dict[str, list[int]] = {}
    for step, parts, link in _all(db, "texts_told", (MOST_TEXTS, now - QUIET_MS)):
        word = parts.split("/")[step]
        told = sum(letter in RECEIPTED for letter in word)
        if len(word) > 1 and told and set(word) <= RECEIPTED | {PartState.TAKEN}:
            counts.setdefault(link, [0, 0])[told > 1] += 1
    return [TextReceipts(link=link, with_one=one, with_more=more) for link, (one, more) in sorted(counts.items())]


def open_operator_ids(db: apsw.Connection, upstream: str, after: Cursor, limit: int) -> OpenIds:
    """What an upstream that is asked for states has to ask for, a page at a time."""
    rows = _all(db, "open_operator_ids", (upstream, *after, limit))
    last = max((row[:3] for row in rows), default=None)
    return OpenIds(
        ids=tuple(
            OpenId(recipient=row[3], operator_id=row[4], taken_at=row[5], deadline_at=row[1])
            for row in rows
            if row[4] is not None
        ),
        after=last if len({row[2] for row in rows}) == limit else None,
    )


def last_turn(db: apsw.Connection, line: str) -> int | None:
    """The latest turn that a message of a paced line waits for."""
    turn_at: int | None = _all(db, "last_turn", (line,))[0][0]
    return turn_at
