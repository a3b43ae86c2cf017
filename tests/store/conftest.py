"""Fixtures of the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.store.stores import STORES, Opener
from tests.store.world import MakeStore, World

from payamak.store.base import Store


@pytest.fixture(params=STORES)
async def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MakeStore]:
    """Opens a store; all that one test opens share their data, and are closed after it."""
    opener: Opener = request.param
    opened: list[Store] = []

    async def make() -> Store:
        opened.append(await opener(tmp_path))
        return opened[-1]

    yield make
    for store in opened:
        await store.close()


@pytest.fixture
async def world(make_store: MakeStore) -> World:
    """The site of world.py on a fresh store."""
    return await World(await make_store()).build()
