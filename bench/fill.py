"""A store filled with finished messages: one that the gateway itself brought to its end, copied by SQL.

What is copied is every row that hangs on the message, with all its columns, whatever they are by now; new are ids,
recipients (at random), the operator's ids, and the instants, spread over a month.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw
from bench.outside import NotMeasured

CHUNK: Final = 250_000
MONTH_MS: Final = 30 * 86_400_000
FIRST_OPERATOR_ID: Final = 5_000_000_000
"""Far above those that a bench's operator gives."""

_HASTE: Final[dict[str, str | int]] = {
    "journal_mode": "off",
    "synchronous": "off",
    "foreign_keys": 0,
    "ignore_check_constraints": 1,
    "cache_size": -4_000_000,  # KiB
}

_TABLES: Final = {"message": "id", "part": "message_id", "ledger": "message_id", "receipt": "message_id"}
"""Where a message's rows are, and the column that names it."""

_NEW: Final = {
    "recipient": "'98912' || printf('%07d', abs(random() % 10000000))",
    "operator_id": f"printf('%010d', n.i + {FIRST_OPERATOR_ID})",
    "operator_key": f"'' || (n.i + {FIRST_OPERATOR_ID})",
    "operator_keys": f"'' || (n.i + {FIRST_OPERATOR_ID})",
}


_TO_SUMS: Final = """INSERT INTO usage_day
SELECT ({day} + 12600000) / 86400000, m.account_id, m.line, m.plan ->> '$[0].encoding', m.source, 0, 'mci', {what},
  count(*), sum(m.plan ->> '$[0].parts'), {rial}
FROM {rows} GROUP BY 1, 2, 3, 4, 5, 8
ON CONFLICT DO UPDATE SET count = count + excluded.count, parts = parts + excluded.parts, rial = rial + excluded.rial"""
_SUMS: Final = (
    _TO_SUMS.format(day="m.changed_at", what="m.state", rial="0", rows="message m WHERE m.id BETWEEN :first AND :last"),
    _TO_SUMS.format(
        day="l.at",
        what="'charged'",
        rial="sum(l.amount)",
        rows="ledger l JOIN message m ON m.id = l.message_id"
        " WHERE l.kind = 'settle' AND l.message_id BETWEEN :first AND :last",
    ),
)
"""The copies in the sums of days: of the first step, of numbers of the operator to whom 0912 belongs."""


def fill(store: Path, count: int) -> Iterator[tuple[int, float]]:
    """Copy until there are so many more; how many there are and the seconds so far, after each chunk and
    once the indexes are there again.

    Nobody may serve the store meanwhile, and a loss of power leaves it broken: it is not synced. Raises `NotMeasured`
    if no message of the account `quiet` has been delivered.
    """
    db = apsw.Connection(str(store))
    for pragma, value in _HASTE.items():
        db.pragma(pragma, value)
    pattern, account = _pattern(db)
    first = _number(db, "SELECT max(seq) FROM sqlite_sequence WHERE name = 'message'") + 1
    statements = [_copying(db, table, key) for table, key in _TABLES.items()]
    indexes = _dropped_indexes(db)
    paid = _number(db, f"SELECT coalesce(sum(amount), 0) FROM ledger WHERE message_id = {pattern} AND kind = 'settle'")
    began_s, made = time.monotonic(), 0
    while made < count:
        some = min(CHUNK, count - made)
        bound = {"pattern": pattern, "first": first + made, "last": first + made + some - 1}
        with db:
            for statement in statements:
                db.execute(statement, bound | {"end": first + count, "step": MONTH_MS / count})
            db.execute("UPDATE account SET available = available - ? WHERE id = ?", (paid * some, account))
            for statement in _SUMS:
                db.execute(statement, bound)
        made += some
        yield made, time.monotonic() - began_s
    for index in indexes:
        db.execute(index)
    yield made, time.monotonic() - began_s
    db.pragma("journal_mode", "wal")
    db.close()


def _number(db: apsw.Connection, query: str) -> int:
    ((value,),) = db.execute(query)
    assert isinstance(value, int)
    return value


def _pattern(db: apsw.Connection) -> tuple[int, int]:
    """A delivered and settled message of one part, and its account."""
    pattern = _number(
        db,
        "SELECT coalesce(max(m.id), 0) FROM message m JOIN account a ON a.id = m.account_id WHERE a.username = 'quiet'"
        " AND m.state = 'delivered' AND m.is_settled = 1 AND m.parts = 'd'",
    )
    if not pattern:
        raise NotMeasured("there is no delivered message to copy")
    return pattern, _number(db, f"SELECT account_id FROM message WHERE id = {pattern}")


def _dropped_indexes(db: apsw.Connection) -> list[str]:
    """The statements that make the tables' indexes anew; made at the end, they cost a sort and not a search a row."""
    found = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        f" AND tbl_name IN ({', '.join(repr(table) for table in _TABLES)})"
    ).fetchall()
    for name, _ in found:
        db.execute(f"DROP INDEX {name}")
    return [str(sql) for _, sql in found]


def _copying(db: apsw.Connection, table: str, key: str) -> str:
    """The statement that copies the pattern's rows of a table for a range of new messages."""
    columns = [str(row[1]) for row in db.pragma("table_info", table)]
    taken = [column for column in columns if column == key or column != "id"]  # another id is drawn by the table
    values = ", ".join(_value(column, key) for column in taken)
    return (
        "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
        f" INSERT INTO {table} ({', '.join(taken)}) SELECT {values} FROM n, {table} t WHERE t.{key} = :pattern"
    )


def _value(column: str, key: str) -> str:
    if column == key:
        return "n.i"
    if column == "at" or column.endswith("_at"):
        return f"t.{column} - CAST((:end - n.i) * :step AS INTEGER)"
    return _NEW.get(column, f"t.{column}")
