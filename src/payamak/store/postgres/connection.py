"""A connection to PostgreSQL: named statements run on it, and their rows as values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import asyncpg

from payamak.errors import StoreFailed
from payamak.store.columns import Row, Spoilt, reader
from payamak.store.postgres.statements import OF_OTHERS, NamedStatement, as_written, statements
from payamak.store.reader import Values

T = TypeVar("T")

CONNECT_WITHIN_S: Final = 10.0
"""How long a connection may take to come up: a start waits so long, a writer that has lost its own tries again."""

MOST_PREPARED: Final = 1_000
"""Statements that a connection keeps prepared: all that there are by name, and what is put together of them."""

_AGAIN: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InternalClientError,  # what the driver says where the server has closed while nothing was asked
)
"""Errors of the database, not of a piece of work: trying the pieces one by one would only repeat them."""


def is_of_the_database(error: BaseException) -> bool:
    """Whether an error is one that another row, or another piece of work, would meet too."""
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # a value that does not fit is a bug; else the connection is gone
    return isinstance(error, (StoreFailed, *_AGAIN))


def as_told(error: BaseException) -> StoreFailed:
    """An error of the database in our words."""
    if isinstance(error, StoreFailed):
        return error
    told = StoreFailed(f"the database does not do it: {str(error) or type(error).__name__}")
    told.__cause__ = error
    return told


async def connect(
    address: str, *, waits_s: float | None = None, is_patient: bool = False, more: Mapping[str, str] | None = None
) -> asyncpg.Connection[Any]:
    """Open a connection. Raises StoreFailed with what to do.

    `waits_s`: for how long a statement waits for a lock; `is_patient`: a statement may take as long as it takes;
    `more`: settings of the server's for this connection.
    """
    settings = {"application_name": "payamak", "TimeZone": "UTC", **(more or {})}
    if waits_s is not None:
        settings["lock_timeout"] = f"{waits_s:g}s"
    if not is_patient:
        settings |= {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "30s"}
    try:
        return await asyncpg.connect(
            address,
            timeout=CONNECT_WITHIN_S,
            server_settings=settings,
            statement_cache_size=MOST_PREPARED,
            max_cacheable_statement_size=0,
            max_cached_statement_lifetime=0,
        )
    except (*_AGAIN, asyncpg.InterfaceError, asyncpg.PostgresError, ValueError) as error:
        said = str(error) or type(error).__name__
        raise StoreFailed(f"cannot connect to the database: {said}; check the address and whether it is up") from error


class PostgresConnection:
    """Runs named statements. Used by one task at a time."""

    def __init__(self, db: asyncpg.Connection[Any]) -> None:
        self.db = db
        self.statements = statements()
        self._made: dict[str, Callable[[Row], Any]] = {}
        self._of_many: dict[str, str] = {}
        self.columns: dict[str, list[str]] = {}
        """The names of the columns of each query that has had a row."""
        self.asked = 0
        """Statements that were run: each is a journey to the server and back."""

    async def fetch(self, name: str, values: Values) -> list[Row]:
        """Every row of a named query, as it came."""
        statement = self.statements[name]
        self.asked += 1
        with without_values(name):
            found = await self.db.fetch(statement.sql, *statement.values(values))
        if found and name not in self.columns:
            self.columns[name] = list(found[0].keys())
        return [*map(as_written, found)] if name in OF_OTHERS else [*found]

    async def fetch_each(self, name: str, asked: Sequence[tuple[Any, ...]]) -> list[list[Row]]:
        """The rows of a named query for each of several values, by one statement; in their order."""
        statement = self.statements[name]
        self.asked += 1
        with without_values(name):
            sql = self._of_many.get(name) or await self._put_together(statement)
            found: list[list[Row]] = [[] for _ in asked]
            rows = await self.db.fetch(sql, *statement.arrays(asked))
        for row in rows:
            place, *others = row
            found[place - 1].append(as_written(others) if name in OF_OTHERS else others)
        if rows and name not in self.columns:
            self.columns[name] = list(next(iter(rows)).keys())[1:]
        return found

    async def _put_together(self, statement: NamedStatement) -> str:
        """A query for arrays of its values: it is run for each, beside the place of these."""
        prepared = await self.db.prepare(statement.sql)
        kinds = [each.name for each in prepared.get_parameters()]
        sql = self._of_many[statement.name] = statement.of_many(kinds)
        return sql

    async def number(self) -> int:
        """The number of the last batch that has written."""
        return int(await self.db.fetchval(self.statements["batch_number"].sql))

    async def lock_number(self) -> int:
        """The number of the last batch that has written; nobody else writes before the transaction's end."""
        return int(await self.db.fetchval(self.statements["lock_batch"].sql))

    def made(self, name: str, shape: type[T], rows: Sequence[Row]) -> list[T]:
        """Values of a query's rows."""
        make = self._maker(name, shape, rows)
        return [make(row) for row in rows]

    def readable(self, name: str, shape: type[T], rows: Sequence[Row]) -> list[T | Spoilt]:
        """Values of a query's rows; in the place of one that cannot be read, what is known of it."""
        make = self._maker(name, shape, rows)
        return [_readable(make, row) for row in rows]

    def _maker(self, name: str, shape: type[T], rows: Sequence[Row]) -> Callable[[Row], T]:
        make = self._made.get(name)
        if make is None:
            if not rows:
                return _nothing
            try:
                make = self._made[name] = reader(shape, self.columns[name])
            except TypeError as error:
                raise TypeError(f"statement {name}: {error}") from None
        return make

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        """Run a named statement for each of the rows, in their order; how many rows of its table that has changed."""
        statement = self.statements[name]
        with without_values(name):
            if statement.is_of_arrays:
                waves = statement.waves([statement.values(row) for row in rows])
                return sum([await self._run(statement, [*zip(*wave, strict=True)]) for wave in waves])
            if len(rows) == 1:
                (only,) = rows
                return await self._run(statement, statement.values(only))
            await self.db.executemany(statement.sql, [statement.values(row) for row in rows])
        return len(rows)

    async def _run(self, statement: NamedStatement, values: Sequence[Any]) -> int:
        self.asked += 1
        said = await self.db.execute(statement.sql, *values)
        count = said.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0


@contextmanager
def without_values(name: str) -> Iterator[None]:
    """Errors of a statement, without what the server and the driver tell of its rows: that is texts and numbers.

    A value that does not fit its column is a bug of ours: no refusal, although the driver calls it a ValueError.
    """
    try:
        yield
    except asyncpg.DivisionByZeroError:
        raise
    except asyncpg.PostgresError as error:
        error.detail = None
        if isinstance(error, asyncpg.DataError):
            raise RuntimeError(f"statement {name}: {type(error).__name__}") from None
        raise
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError):
            raise RuntimeError(f"statement {name}: {type(error).__name__}") from None
        raise


def _nothing(row: Row) -> Any:
    raise AssertionError("there is no row")


def _readable(make: Callable[[Row], T], row: Row) -> T | Spoilt:
    try:
        return make(row)
    except Exception as error:  # of the row's contents; what the database says was said when the row was brought
        key, *_ = row
        return Spoilt(key=key, error=error)


async def close(db: asyncpg.Connection[Any]) -> None:
    """Close a connection, politely if that is answered soon."""
    try:
        await db.close(timeout=2)
    except (*_AGAIN, asyncpg.InterfaceError, asyncio.CancelledError):
        db.terminate()
