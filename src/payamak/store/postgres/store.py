"""The store on PostgreSQL, for one node: one writing connection, connections for queries.

The rules are those of every store. What is this engine's own: rounds and one writing statement (batch.py, engine.py),
and queries on threads that wait for the loop's connections (reader.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg

from payamak.domain.site import Site
from payamak.errors import StoreFailed
from payamak.store.base import Mode
from payamak.store.memory import read_site
from payamak.store.postgres.batch import PostgresBatch, PostgresWriter
from payamak.store.postgres.connection import PostgresConnection, as_told, close, connect, is_of_the_database
from payamak.store.postgres.opening import check_schema, migrate
from payamak.store.postgres.reader import PostgresReader
from payamak.store.ruled import RuledStore
from payamak.store.rules import housekeeping, restoring
from payamak.store.rules.marks import NONE, Mark, kept_mark, move

T = TypeVar("T")

READERS: Final = 2
"""Threads for queries, each with a connection. Taste: clerks are few."""

MOST_READS: Final = 200
"""Queries of callers that may wait for a reading thread; more are refused, and hold no memory."""


class PostgresStore(RuledStore):
    """See payamak.store.base.Store for what each method promises. Opened by `open_postgres`."""

    def __init__(self, address: str, site: Site, mode: Mode) -> None:
        super().__init__()
        self.address = address
        self._site = site
        self._reads = 0
        self._threads = ThreadPoolExecutor(READERS, "payamak-reader")
        self._free: list[PostgresConnection] = []
        self._readers: set[PostgresReader] = set()
        if mode is not Mode.LOOK:
            self.writer = PostgresWriter(PostgresBatch(address, self.feed), self.feed)

    def begin_serving(self) -> None:
        """See Store.begin_serving."""
        self._is_serving = True
        if isinstance(self.writer, PostgresWriter):
            self.writer.batch.serves = True

    async def look_through(self, within_s: float) -> list[str]:
        """See Store.look_through: the server looks after its own pages."""
        return []

    def interrupt(self) -> None:
        """See Store.interrupt."""
        for reader in tuple(self._readers):
            reader.interrupt()

    # -- its mark

    async def settle_mark(self, now: int, *, is_restored: bool = False, ids_above: int = 0) -> bool:
        """See Store.settle_mark. Nothing lies beside a database: that it was put back a person says, or its backup."""

        async def settle(desk: Any) -> bool:
            kept = await kept_mark(desk)
            beside = Mark(mark=kept.value, moved_at=kept.moved_at)
            return await restoring.notice(desk, beside, now, is_asked=is_restored, above=ids_above)

        return await self.writer.submit(settle)

    async def keep_mark(self, now: int, *, is_needed: bool = False) -> None:
        """See Store.keep_mark: in the store alone."""
        await self.writer.submit(lambda desk: move(desk, NONE, now, is_needed=is_needed))

    # -- reading

    async def _read(self, query: Callable[[PostgresReader], T], within_s: float | None = None) -> T:
        """Run a query on a reading thread. Raises StoreFailed, also when it has no answer `within_s`."""
        if within_s is not None and self._reads >= MOST_READS:
            raise StoreFailed("too many queries are waiting for the database")
        self._reads += 1
        answer = asyncio.ensure_future(self._run(query))
        answer.add_done_callback(self._read_ended)
        await asyncio.wait((answer,), timeout=within_s)
        if not answer.done():
            raise StoreFailed(f"the database did not answer within {within_s:g} s")
        return answer.result()

    def _read_ended(self, answer: asyncio.Task[Any]) -> None:
        self._reads -= 1
        if not answer.cancelled():
            answer.exception()  # told to whoever still waits; else it is nobody's any more

    async def _run(self, query: Callable[[PostgresReader], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with self._reading() as connection:
                reader = PostgresReader(connection, loop)
                self._readers.add(reader)
                try:
                    async with connection.db.transaction(isolation="repeatable_read", readonly=True):
                        return await loop.run_in_executor(self._threads, query, reader)
                finally:
                    self._readers.discard(reader)
        except Exception as error:
            if is_of_the_database(error) or isinstance(error, asyncpg.QueryCanceledError):
                raise as_told(error) from error
            raise

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[PostgresConnection]:
        """A connection that nobody else uses meanwhile."""
        while self._free and self._free[-1].db.is_closed():
            self._free.pop()
        connection = (
            self._free.pop() if self._free else PostgresConnection(await connect(self.address, is_patient=True))
        )
        try:
            yield connection
        finally:
            if len(self._free) < READERS and not connection.db.is_closed():
                self._free.append(connection)
            else:
                await close(connection.db)

    async def backup(self, path: str) -> None:
        """See Store.backup. A database is copied by its own tools."""
        raise StoreFailed(
            f"a database is no file that can be copied to {path}: use pg_dump or a base backup of the server"
        )

    async def close(self) -> None:
        """See Store.close."""
        if isinstance(self.writer, PostgresWriter) and self.writer.batch.memory.ids.left:
            with suppress(StoreFailed):  # then they are lost
                await self.writer.submit(housekeeping.give_ids_back)
        await self.writer.close()
        await asyncio.to_thread(self._threads.shutdown, wait=True)
        for connection in self._free:
            await close(connection.db)
        self._free = []


async def open_postgres(address: str, mode: Mode) -> PostgresStore:
    """Open the store of a database. Raises StoreFailed with what to do."""
    db = await connect(address, is_patient=True)
    try:
        if mode is Mode.SERVE:
            await migrate(db)
        else:
            await check_schema(db, may_make=mode is Mode.HANDS)
        async with db.transaction(isolation="repeatable_read", readonly=True):
            reader = PostgresReader(PostgresConnection(db), asyncio.get_running_loop())
            site = await asyncio.to_thread(read_site, reader)
    finally:
        await close(db)
    return PostgresStore(address, site, mode)
