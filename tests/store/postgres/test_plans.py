"""Plans: what is asked all the time, or by those who wait, goes through the index that was made for it."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest

from payamak.store.postgres.statements import statements

INDEXES = {
    "message": {"message_pkey"},
    "update_message": {"message_pkey"},
    "balance": {"account_pkey"},
    "opt_outs_of": {"optout_pkey"},
    "opt_outs_of_many": {"optout_pkey"},
    "messages_of_own_ids": {"own_id_pkey"},
    "outbox": {"own_id_pkey", "message_pkey"},
    "standings": {"message_pkey"},
    "waiting_accounts": {"message_ready"},
    "ready_messages": {"message_ready"},
    "next_due": {"message_ready"},
    "sending_ids": {"message_open", "aside_pkey"},
    "past_deadline_ids": {"message_open", "aside_pkey"},
    "overdue_ids": {"message_open", "aside_pkey"},
    "lines_in_state": {"message_open"},
    "open_operator_ids": {"message_open", "part_pkey"},
    "search_by_recipient": {"message_recipient"},
    "held_count": {"message_restored"},
    "answer_part": {"part_pkey"},
    "receipt_on_part": {"part_pkey"},
    "part_by_operator_id": {"part_operator", "message_pkey"},
    "a_lost_part": {"part_lost"},
    "pool_of_recipient": {"message_recipient", "part_pkey"},
    "unmatched_receipts": {"receipt_unmatched"},
    "unmatched_of_recipient": {"receipt_waiting"},
    "unmatched_with_ids": {"receipt_ids"},
    "conflict_upstreams": {"receipt_conflict"},
    "entries_of_message": {"ledger_message"},
    "entry_of_reference": {"ledger_reference"},
    "opening_entry": {"ledger_opening"},
    "insert_notice": {"notice_pkey"},
    "notices_due": {"notice_due", "message_pkey"},
    "webhook_targets": {"notice_due", "webhook_gone_pkey"},
    "unread_of_line": {"received_unread"},
    "relay_due": {"received_due"},
    "relay_first": {"received_queue"},
    "received_part_same": {"received_part_digest"},
    "received_parts_open": {"received_part_open"},
}


@pytest.mark.parametrize("name", INDEXES)
async def test_a_statement_goes_through_its_index(address: str, name: str) -> None:
    """Whatever the values are, no table is looked through, and nothing but these indexes is."""
    db = await asyncpg.connect(address)
    try:
        await _fill(db)
        for setting in ("enable_seqscan = off", "enable_bitmapscan = off", "plan_cache_mode = force_generic_plan"):
            await db.execute(f"SET {setting}")
        await db.execute(f"PREPARE asked AS {statements()[name].sql}")
        of_asked = "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'asked'"
        count = await db.fetchval(of_asked)
        nulls = f"({', '.join(['NULL'] * count)})" if count else ""
        plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN EXECUTE asked {nulls}"))
    finally:
        await db.close()
    assert "Seq Scan" not in plan
    assert set(re.findall(r"Index (?:Only )?Scan (?:Backward )?using (\w+)", plan)) == INDEXES[name], plan


async def _fill(db: asyncpg.Connection[Any]) -> None:
    """Receipts of many ids and recipients, so that the planner knows that neither is all of them."""
    await db.execute(
        "INSERT INTO receipt (received_at, upstream, link, operator_id, operator_key, operator_keys, recipient, stat, "
        "standing, ids) SELECT n, 'operator', 'north', n, n, n, n, '', 'unmatched', n FROM generate_series(1, 2000) n"
    )
    await db.execute("ANALYZE receipt")
