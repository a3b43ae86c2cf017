"""The query plans of what runs for every message from a handset, or every second."""

from __future__ import annotations

import pytest
from tests.store.sqlite.test_plans import plan_of

from payamak.store.sqlite.store import SqliteStore

PLANS: dict[str, str] = {
    "received_part_same": "USING INDEX received_part_digest (digest=? AND received_at>?)",
    "received_parts_open": "USING INDEX received_part_open (upstream=? AND line=? AND sender=? AND reference=?",
    "received_parts_overdue": "USING INDEX received_part_due (due_at<?)",
    "forget_received_parts": "USING INDEX received_part_old (received_at<?)",
    "unread_of_line": "USING INDEX received_unread (line=?)",
    "received_of_line": "USING INDEX received_line (line=?)",
    "search_received": "USING INTEGER PRIMARY KEY (rowid<?)",
    "relay_targets": "USING COVERING INDEX received_due (target>?)",
    "relay_due": "USING INDEX received_due (target=? AND next_at>? AND next_at<?)",
    "relay_first": "USING COVERING INDEX received_queue (target=? AND sender=?)",
    "relay_has_turn": "USING INDEX received_queue (target=? AND sender=?)",
    "lines_of_received": "USING COVERING INDEX received_line (line>?)",
    "retire_received": "USING INDEX received_line (line=? AND received_at<?)",
}


@pytest.mark.parametrize("name", PLANS)
async def test_plan(sqlite: SqliteStore, name: str) -> None:
    """The statement uses its index, sorts nothing and scans no table but what it has made itself."""
    plan = plan_of(sqlite, name)
    assert any(PLANS[name] in line for line in plan), plan
    scans = [line for line in plan if line.startswith("SCAN") and "USING" not in line]
    assert [scan for scan in scans if scan not in ("SCAN waiting", "SCAN seen")] == []
    assert [line for line in plan if "TEMP B-TREE" in line] == []
