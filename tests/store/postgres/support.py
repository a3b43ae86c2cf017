"""What the tests of the PostgreSQL store share: what its writing connection runs, and a line to the server that breaks.

A line is a socket of our own before the server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from payamak.store.postgres.batch import PostgresBatch, PostgresWriter
from payamak.store.postgres.store import PostgresStore


def batch_of(store: PostgresStore) -> PostgresBatch:
    """Who carries the store's work out."""
    assert isinstance(store.writer, PostgresWriter)
    return store.writer.batch


@contextmanager
def statements_of(store: PostgresStore) -> Iterator[list[str]]:
    """What the writing connection runs while it lasts, in order."""
    connection = batch_of(store)._connection
    assert connection is not None
    ran: list[str] = []

    def heard(record: asyncpg.connection.LoggedQuery) -> None:
        ran.append(record.query)

    with connection.db.query_logger(heard):
        yield ran


class Cut(Enum):
    """What becomes of octets from the client: they never come to the server, or their answer never comes back."""

    QUESTION = "question"
    ANSWER = "answer"


class Line:
    """A line to the server that a test can cut; `cut`: how, at the next octets from a client that have `at` in them."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self.cut: Cut | None = None
        self.at = b""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is cut or either end closes."""
        there, to_there = await asyncio.open_unix_connection(self._server / ".s.PGSQL.5432")
        back = asyncio.create_task(_copy(there, writer))
        try:
            while octets := await reader.read(65_536):
                cut = None
                if self.at in octets:
                    cut, self.cut = self.cut, None
                if cut is Cut.QUESTION:
                    break
                if cut is Cut.ANSWER:
                    back.cancel()
                to_there.write(octets)
                if cut is Cut.ANSWER:
                    await there.read(65_536)  # it is done there
                    break
        except asyncio.CancelledError:
            return  # the test is over
        finally:
            back.cancel()
            to_there.close()
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while octets := await reader.read(65_536):
            writer.write(octets)
    writer.close()


@asynccontextmanager
async def line_to(address: str, folder: Path) -> AsyncIterator[tuple[Line, str]]:
    """A line to the server of an address, and the address by it."""
    (host,) = parse_qs(urlsplit(address).query)["host"]
    line = Line(Path(host))
    async with await asyncio.start_unix_server(line.carry, folder / ".s.PGSQL.5432"):
        yield line, address.replace(host, str(folder))
