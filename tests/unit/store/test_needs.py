"""The questions by key name every table that what is left may change their answer through."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from payamak.store.buffer import CHANGES, NEEDS, TABLES
from payamak.store.columns import WITH_PLAN
from payamak.store.sqlite.opening import connect, migrate
from payamak.store.sqlite.reader import columns_of
from payamak.store.statements import load_statements

HELD = {*TABLES, "message", "account"}
"""The tables of which something may be left."""


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> apsw.Connection:
    """A store with its tables."""
    connection = connect(Path(tmp_path_factory.mktemp("needs")) / "store.sqlite")
    migrate(connection)
    return connection


def looked_at(db: apsw.Connection, name: str) -> set[str]:
    """The gathered tables that a statement reads; of messages only what changes after they were kept."""
    found: set[str] = set()

    def note(operation: int, table: str | None, column: str | None, *_: object) -> int:
        if operation == apsw.SQLITE_READ and table in HELD and (table != "message" or column in WITH_PLAN):
            found.add(str(table))
        return int(apsw.SQLITE_OK)

    sql = load_statements()[name]
    db.authorizer = note
    try:
        columns_of(db, sql, [None] * (sql.count("?") if "?1" not in sql else highest(sql)))
    finally:
        db.authorizer = None
    return found


def highest(sql: str) -> int:
    """The number of a statement's last numbered parameter."""
    return max(number for number in range(1, 20) if f"?{number}" in sql)


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_need_names_what_it_looks_at(db: apsw.Connection, name: str) -> None:
    """No statement reads a gathered table that its need does not name."""
    assert looked_at(db, name) <= {table for table, _ in NEEDS[name]}


def test_what_is_gathered_is_of_a_table_that_is_written() -> None:
    """A kind of rows of a table that TABLES does not have would never be written."""
    assert {kind.table for kind in CHANGES.values()} <= {*TABLES}
