"""The stores that the conformance suite runs on. A new one is one more line in STORES."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.store.second import SecondStore

from payamak.store.base import Store
from payamak.store.sqlite.store import SqliteStore

Opener = Callable[[Path], Awaitable[Store]]
"""Opens the store that lives in a folder; called twice, the second one shares its data with the first."""


async def _sqlite(folder: Path) -> Store:
    return SqliteStore(folder / "store.sqlite")


async def _sqlite_inline(folder: Path) -> Store:
    return SqliteStore(folder / "store.sqlite", inline=True)


async def _second(folder: Path) -> Store:
    return SecondStore(folder / "store.sqlite")


STORES = [
    pytest.param(_sqlite, id="sqlite"),
    pytest.param(_sqlite_inline, id="sqlite-inline"),
    pytest.param(_second, id="second"),
]
