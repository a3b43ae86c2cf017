"""Queries of several statements: payamak.store.reader for a thread, over a connection of the loop's.

A query is written for an engine that answers at once. So it runs on a thread that waits for each of its statements,
while the loop, whose connection it is, goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

from payamak.errors import StoreFailed
from payamak.store.columns import Row, Spoilt
from payamak.store.postgres.connection import PostgresConnection
from payamak.store.reader import Values

T = TypeVar("T")

ROWS_AT_ONCE: Final = 1_000
"""Rows of a stream that are fetched together."""


class PostgresReader:
    """See payamak.store.reader.Reader. Used by one thread at a time, inside a transaction that its owner has begun."""

    def __init__(self, connection: PostgresConnection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._running: Future[Any] | None = None

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        self._running = running = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return running.result()
        except CancelledError:
            raise StoreFailed("the query was ended") from None
        finally:
            self._running = None

    def interrupt(self) -> None:
        """End the statement that runs: it raises StoreFailed."""
        if (running := self._running) is not None:
            running.cancel()

    def _fetch(self, name: str, values: Values) -> list[Row]:
        return self._wait(self._connection.fetch(name, values))

    def rows(self, name: str, shape: type[T], values: Values = ()) -> list[T]:
        """See Reader.rows."""
        return self._connection.made(name, shape, self._fetch(name, values))

    def row(self, name: str, shape: type[T], values: Values = ()) -> T | None:
        """See Reader.row."""
        return next(iter(self.rows(name, shape, values)), None)

    def stream(self, name: str, shape: type[T], values: Values = ()) -> Iterator[T]:
        """See Reader.stream."""
        statement = self._connection.statements[name]
        cursor = self._wait(_opened(self._connection, statement.sql, statement.values(values)))
        while rows := self._wait(cursor.fetch(ROWS_AT_ONCE)):
            self._connection.columns.setdefault(name, list(next(iter(rows)).keys()))
            yield from self._connection.made(name, shape, rows)

    def readable(self, name: str, shape: type[T], values: Values = ()) -> list[T | Spoilt]:
        """See Reader.readable."""
        return self._connection.readable(name, shape, self._fetch(name, values))

    def value(self, name: str, values: Values = ()) -> Any:
        """See Reader.value."""
        for value, *_ in self._fetch(name, values):
            return value
        return None

    def values(self, name: str, values: Values = ()) -> list[Any]:
        """See Reader.values."""
        return [value for value, *_ in self._fetch(name, values)]

    def snapshot(self) -> AbstractContextManager[Any]:
        """See Reader.snapshot: the transaction is one."""
        return nullcontext()


async def _opened(connection: PostgresConnection, sql: str, values: Any) -> Any:
    return await connection.db.cursor(sql, *values)
