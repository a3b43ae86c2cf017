"""Statements run on SQLite, and their rows as values: payamak.store.reader over an apsw connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, TypeVar

import apsw

from payamak.domain.message import Message
from payamak.errors import StoreFailed
from payamak.store.columns import Row, Spoilt, reader
from payamak.store.reader import Values
from payamak.store.statements import load_statements

T = TypeVar("T")

MOST_UNDER_WAY: Final = 4_096
"""Messages that the writer keeps beside their rows, some 4 MB: the windows of a busy gateway, and what waits for
receipts that come within a second."""

_WRITES_MESSAGES: Final = re.compile(r"\b(UPDATE|INTO|DELETE FROM) message\b")

_TELLS: Final = frozenset({"insert_message", "update_message", "update_message_same_plan"})
"""Statements of which the desk says what the row is then (`is_now`)."""

_OF_ONE: Final = frozenset({"lease_message", "release_lease", "put_off_message", "delete_message"})
"""Statements that change one row, whose id is their first value."""


def columns_of(db: apsw.Connection, sql: str, values: Values) -> list[str]:
    """The names of a statement's columns. It is prepared and not run."""
    names: list[str] = []

    def look(cursor: apsw.Cursor, _sql: str, _values: object) -> bool:
        names.extend(name for name, _ in cursor.get_description())
        return False

    cursor = db.cursor()
    cursor.exec_trace = look
    with suppress(apsw.ExecTraceAbort):
        cursor.execute(sql, values)
    return names


class SqliteReader:
    """See payamak.store.reader.Reader. Used by one thread at a time."""

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        self._sql = load_statements()
        self._learned: dict[str, tuple[str, Callable[[Row], Any]]] = {}

    def _learn(self, name: str, shape: type[T], values: Values) -> tuple[str, Callable[[Row], T]]:
        """A statement, and what makes a value from a row of it: learned from the names of its columns, once.

        A statement is read as one shape wherever it is asked. Raises TypeError where the columns are not its fields.
        """
        sql = self._sql[name]
        try:
            made = reader(shape, columns_of(self.db, sql, values))
        except TypeError as error:
            raise TypeError(f"statement {name}: {error}") from None
        self._learned[name] = sql, made
        return sql, made

    def rows(self, name: str, shape: type[T], values: Values = ()) -> list[T]:
        """See Reader.rows."""
        sql, make = self._learned.get(name) or self._learn(name, shape, values)
        return [make(row) for row in self.db.execute(sql, values)]

    def row(self, name: str, shape: type[T], values: Values = ()) -> T | None:
        """See Reader.row."""
        sql, make = self._learned.get(name) or self._learn(name, shape, values)
        for row in self.db.execute(sql, values):
            found: T = make(row)
            return found
        return None

    def stream(self, name: str, shape: type[T], values: Values = ()) -> Iterator[T]:
        """See Reader.stream."""
        sql, make = self._learned.get(name) or self._learn(name, shape, values)
        return map(make, self.db.execute(sql, values))

    def readable(self, name: str, shape: type[T], values: Values = ()) -> list[T | Spoilt]:
        """See Reader.readable."""
        sql, make = self._learned.get(name) or self._learn(name, shape, values)
        return [_readable(make, row) for row in list(self.db.execute(sql, values))]

    def value(self, name: str, values: Values = ()) -> Any:
        """See Reader.value."""
        for value, *_ in self.db.execute(self._sql[name], values):
            return value
        return None

    def values(self, name: str, values: Values = ()) -> list[Any]:
        """See Reader.values."""
        return [value for value, *_ in self.db.execute(self._sql[name], values)]

    def snapshot(self) -> AbstractContextManager[Any]:
        """See Reader.snapshot."""
        return self.db


def _readable(make: Callable[[Row], T], row: Row) -> T | Spoilt:
    try:
        return make(row)
    except Exception as error:  # of the row's contents; what the disk says was said when the row was brought
        key, *_ = row
        return Spoilt(key=key, error=error)


class SqliteConnection(SqliteReader):
    """The connection that writes; its owner has begun a transaction.

    Messages under way are kept beside their rows, bounded, until they are final
    (docs/decisions/0081-messages-under-way.md). They are forgotten when a statement changes rows of messages without
    saying what they are then, when something is rolled back, and when another process has written, which `data_version`
    tells after BEGIN IMMEDIATE.
    """

    def __init__(self, db: apsw.Connection) -> None:
        super().__init__(db)
        self._under_way: dict[int, Message] = {}
        written = {name for name, sql in self._sql.items() if _WRITES_MESSAGES.search(sql)}
        self._untold = frozenset(written - _TELLS)

    def message(self, message_id: int) -> Message | None:
        """See payamak.store.desk.Engine.message."""
        return self._under_way.get(message_id) or self.row("message", Message, (message_id,))

    def is_now(self, message: Message) -> None:
        """See payamak.store.desk.Engine.is_now."""
        if message.is_final:
            self._under_way.pop(message.id, None)
            return
        self._under_way[message.id] = message
        if len(self._under_way) > MOST_UNDER_WAY:
            del self._under_way[next(iter(self._under_way))]

    def forget(self) -> None:
        """What is kept may not be what the rows are."""
        self._under_way.clear()

    def _forget_written(self, name: str, rows: Sequence[Any]) -> None:
        if name not in _OF_ONE:
            self.forget()
            return
        for message_id, *_ in rows:
            self._under_way.pop(message_id, None)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written within is undone alone if it raises."""
        try:
            with self.db:
                yield
        except BaseException:
            self.forget()
            raise

    def execute(self, name: str, values: Values = ()) -> None:
        """Run a named statement, of no message."""
        self.db.execute(self._sql[name], values)

    def insert(self, name: str, values: Values = ()) -> int:
        """See payamak.store.desk.Engine.insert."""
        self.db.execute(self._sql[name], values)
        return self.db.last_insert_rowid()

    def write(self, name: str, rows: Sequence[Values]) -> int:
        """See payamak.store.desk.Engine.write."""
        if name in self._untold:
            self._forget_written(name, rows)
        before = self.db.total_changes()
        self.db.executemany(self._sql[name], rows)
        return self.db.changes() if len(rows) == 1 else self.db.total_changes() - before

    def data_version(self) -> int:
        """A number that is another one when anybody else has committed since it was asked for last."""
        return int(self.db.pragma("data_version"))

    def is_of_the_disk(self, error: Exception) -> bool:
        """See payamak.store.desk.Engine.is_of_the_disk."""
        if isinstance(error, apsw.Error):
            return not isinstance(error, apsw.ConstraintError | apsw.SQLError)
        return isinstance(error, StoreFailed)
