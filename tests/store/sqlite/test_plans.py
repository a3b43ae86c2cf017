"""The query plans: what runs for every message, or every second, looks up an index and reads no table through."""

from __future__ import annotations

import re

import apsw
import pytest

from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_statements

PLANS: dict[str, str] = {
    "message": "SEARCH message USING INTEGER PRIMARY KEY",
    "opt_outs_of": "SEARCH optout USING PRIMARY KEY (recipient=?)",
    "waiting_accounts": "USING COVERING INDEX message_ready (line=? AND lane=? AND account_id>?)",
    "ready_messages": "USING INDEX message_ready (line=? AND lane=? AND account_id=? AND due_at<?)",
    "next_due": "USING COVERING INDEX message_ready (line=? AND lane=? AND account_id=?)",
    "lines_in_state": "USING COVERING INDEX message_open (state=? AND line>?)",
    "past_deadline_ids": "USING COVERING INDEX message_open (state=? AND line=? AND deadline_at<?)",
    "overdue_ids": "USING COVERING INDEX message_open (state=? AND line=? AND deadline_at<?)",
    "sending_ids": "USING COVERING INDEX message_open (state=?)",
    "release_leases": "USING INDEX message_open (state=?)",
    "waiting_by_reason": "USING INDEX message_open (state=?)",
    "unmatched_by_upstream": "USING COVERING INDEX receipt_unmatched",
    "relay_queue": "USING INDEX received_queue",
    "queued_on_line": "USING COVERING INDEX message_open (state=? AND line=?)",
    "held_count": "USING COVERING INDEX message_restored",
    "held_ids": "USING COVERING INDEX message_restored",
    "to_hold": "SEARCH message USING INTEGER PRIMARY KEY (rowid>?)",
    "last_restored": "SEARCH restored USING INTEGER PRIMARY KEY (rowid=?)",
    "queue": "USING INDEX message_open",
    "messages_after": "SEARCH message USING INTEGER PRIMARY KEY (rowid>?)",
    "answer_part": "SEARCH part USING PRIMARY KEY",
    "part_by_operator_id": "USING INDEX part_operator (upstream=? AND operator_key=?)",
    "part_key": "USING PRIMARY KEY (message_id=? AND step=? AND try_no=? AND part=?)",
    "a_lost_part": "USING INDEX part_lost (upstream=? AND on_wire_at>?)",
    "any_lost_part": "USING INDEX part_lost",
    "pool_of_recipient": "USING INDEX message_recipient (recipient=? AND id>?)",
    "message_beyond": "USING INDEX message_recipient (recipient=?)",
    "awaiting_of_recipient": "USING INDEX message_recipient (recipient=? AND id>?)",
    "copies_of_part": "USING PRIMARY KEY (message_id=? AND step=?)",
    "upstreams_of_attempt": "USING PRIMARY KEY (message_id=? AND step=? AND try_no=?)",
    "unmatched_receipts": "USING INDEX receipt_unmatched (upstream=? AND operator_key=? AND received_at>?)",
    "oldest_unmatched": "USING COVERING INDEX receipt_old",
    "conflict_upstreams": "receipt_conflict (upstream>?)",
    "conflicts_of": "USING INDEX receipt_conflict (upstream=? AND rowid>?)",
    "missed": "USING COVERING INDEX receipt_missed (upstream=? AND received_at<?)",
    "unmatched_before": "USING INDEX receipt_old (received_at<?)",
    "unmatched_beyond": "USING COVERING INDEX receipt_old",
    "unmatched_list": "USING INDEX receipt_old",
    "unmatched_of_recipient": "USING INDEX receipt_waiting (recipient=? AND upstream=? AND received_at>?)",
    "unanswered_parts": "USING PRIMARY KEY (message_id=? AND step=? AND try_no=?",
    "lose_part": "USING PRIMARY KEY (message_id=? AND step=? AND try_no=? AND part=?)",
    "receipts_of_message": "USING INDEX receipt_message (message_id=?)",
    "delete_receipts": "USING INDEX receipt_message (message_id=?)",
    "entries_of_message": "USING INDEX ledger_message (message_id=?)",
    "fold_entries": "USING INDEX ledger_message (message_id=?)",
    "delete_entries": "USING INDEX ledger_message (message_id=?)",
    "usage_sums": "SEARCH usage_day USING PRIMARY KEY (day>? AND day<?)",
    "credits": "USING INDEX ledger_credit (account_id=? AND at>? AND at<?)",
    "opening_entry": "USING INDEX ledger_opening (account_id=? AND source=? AND target=?)",
    "forget_expired_opt_outs": "USING COVERING INDEX optout_expires",
    "standings": "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)",
    "search_by_recipient": "USING INDEX message_recipient (recipient=? AND id<?)",
    "search_by_time": "SEARCH message USING INTEGER PRIMARY KEY (rowid<?)",
}

MAY_SORT = {"queue", "waiting_by_reason", "fold_entries", "usage_sums"}
"""A group of a few rows, or a query that is asked now and then."""


def plan_of(store: SqliteStore, name: str) -> list[str]:
    """The lines of the plan, as the writing connection would carry it out."""
    sql = load_statements()[name]
    named = set(re.findall(r":(\w+)", sql))
    count = max([int(n) for n in re.findall(r"\?(\d+)", sql)] or [sql.count("?")])
    values = dict.fromkeys(named, 1) if named else (1,) * count
    return [str(row[3]) for row in store._db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("name", PLANS)
async def test_plan(sqlite: SqliteStore, name: str) -> None:
    """The statement uses its index, sorts nothing and scans no table but what it has made itself."""
    plan = plan_of(sqlite, name)
    assert any(PLANS[name] in line for line in plan), plan
    scans = [line for line in plan if line.startswith("SCAN") and "USING" not in line]
    assert [s for s in scans if s not in ("SCAN waiting", "SCAN open_line") and "VIRTUAL TABLE" not in s] == []
    if name not in MAY_SORT:
        assert [line for line in plan if "TEMP B-TREE" in line] == []


async def test_plans_do_not_depend_on_values(sqlite: SqliteStore) -> None:
    """Every connection has the planner's stability guarantee: a statement is planned once, not for each value."""
    for db in (sqlite._db, sqlite._loop_reader.db):
        assert db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, -1) == 1
