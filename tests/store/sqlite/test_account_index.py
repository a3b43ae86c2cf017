"""The index of an account's messages serves its pages alone: what looks among open messages does not go through all."""

from __future__ import annotations

import re

import pytest
from tests.store.sqlite.support import at_desk, raw

from payamak.store.desk import Desk
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_statements

OWN = {"floor_of_account", "search_of_account"}


@pytest.mark.parametrize("name", [*sorted(OWN), "queued_of_account", "open_of_account", "ledger_balances"])
async def test_who_uses_it(sqlite: SqliteStore, name: str) -> None:
    """By SQLite's own plan."""
    sql = load_statements()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", sql)) or tuple([None] * sql.count("?"))

    def plan(desk: Desk) -> str:
        return " ".join(str(row[3]) for row in raw(desk).execute(f"EXPLAIN QUERY PLAN {sql}", values))

    assert ("message_account" in await sqlite.writer.submit(at_desk(plan))) is (name in OWN)
