"""Both engines have one schema and one list of statements: a rule finds on each what it asks for."""

from __future__ import annotations

from pathlib import Path

import apsw
import asyncpg

from payamak.store.buffer import CHANGES, NEEDS
from payamak.store.postgres.statements import KEYS, OF_OTHERS, ROWS_OF, WORDS, statements
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_statements

OF_ONE_ENGINE = {"lock_batch", "batch_number", "count_batch", "log_batch", "batch_of", "last_owner"}
"""Statements of the writing transaction itself, which is each engine's own."""

TABLES_OF_ONE_ENGINE = {"batch_log", "last_id", "migration"}
"""What SQLite has in `meta`, in `sqlite_sequence` and in the file's user_version."""


def test_statements_have_the_same_names() -> None:
    """What a rule asks for by name stands in both folders."""
    assert statements().keys() - OF_ONE_ENGINE == load_statements().keys()
    assert statements().keys() > {*CHANGES, *NEEDS, *KEYS, *ROWS_OF, *WORDS, *OF_OTHERS}


def test_what_is_left_by_the_thousand_takes_arrays() -> None:
    """Rows of one kind are one run, however many they are."""
    assert [name for name in CHANGES if not statements()[name].is_of_arrays] == []


async def test_tables_and_columns_are_the_same(address: str, tmp_path: Path) -> None:
    """A column that a migration adds to one engine is missed in the other here."""
    store = SqliteStore(tmp_path / "store.sqlite")
    await store.close()
    sqlite = apsw.Connection(str(tmp_path / "store.sqlite"))
    ours: dict[str, set[str]] = {}
    for table, column in sqlite.execute(
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
    ):
        ours.setdefault(str(table), set()).add(str(column))
    sqlite.close()
    db = await asyncpg.connect(address)
    theirs: dict[str, set[str]] = {}
    for row in await db.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    ):
        theirs.setdefault(row["table_name"], set()).add(row["column_name"])
    await db.close()
    assert {table: columns for table, columns in theirs.items() if table not in TABLES_OF_ONE_ENGINE} == ours


async def test_every_statement_is_understood(address: str) -> None:
    """Each is prepared; none answers with a number that is not whole, or takes one too small for an instant."""
    db = await asyncpg.connect(address)
    odd = []
    for name, statement in statements().items():
        prepared = await db.prepare(statement.sql)
        taken = {each.name.removesuffix("[]") for each in prepared.get_parameters()}
        told = {each.type.name for each in prepared.get_attributes()}
        if taken - {"int8", "text", "bytea", "jsonb", "bool", "float8"} or "numeric" in told:
            odd.append(name)
    await db.close()
    assert odd == []
