"""For what a store is opened: looking writes nothing, hands migrate nothing, serving brings it up to date."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.support import file_of
from tests.store.world import NOW, World

from payamak.errors import StoreFailed
from payamak.store.base import Mode
from payamak.store.engines import open_store
from payamak.store.records import Search
from payamak.store.statements import load_migrations

KNOWN = len(load_migrations())


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A store with a message in it, that nobody has open."""
    path = file_of(tmp_path)
    store = await open_store(path, Mode.SERVE)
    await (await World(store).build()).accept()
    await store.close()
    return path


def schema(path: Path, becomes: int | None = None) -> int:
    """The version that stands in the file; `becomes`: as another program would have left it."""
    db = apsw.Connection(str(path))
    try:
        if becomes is not None:
            db.pragma("user_version", becomes)
        return int(db.pragma("user_version"))
    finally:
        db.close()


def octets(path: Path) -> bytes:
    """What is in a file; of one that is not there, nothing."""
    return path.read_bytes() if path.exists() else b""


async def test_who_looks_writes_nothing(file: Path) -> None:
    """Every question is answered, and not an octet of the file or its log is another one afterwards."""
    before = octets(file)
    store = await open_store(file, Mode.LOOK)
    (message,) = await store.search(Search())
    assert (await store.story(message.id)) is not None
    assert (await store.queue())[0].count == 1
    with pytest.raises(StoreFailed, match="opened to look"):
        await store.credit("shop", 1, "", NOW)
    assert (store.backlog, store.waiting_s, store.trouble) == (0, 0.0, None)
    await store.close()
    assert octets(file) == before
    assert octets(file.with_name(f"{file.name}-wal")) == b""


async def test_who_looks_sees_what_a_server_writes(file: Path) -> None:
    """The log of the server is read too."""
    server = await open_store(file, Mode.SERVE)
    looking = await open_store(file, Mode.LOOK)
    await server.credit("shop", 7, "", NOW)
    (seen,) = [each for each in await looking.balances() if each.username == "shop"]
    (kept,) = [each for each in await server.balances() if each.username == "shop"]
    assert seen == kept
    await looking.close()
    await server.close()


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.HANDS])
async def test_an_older_schema_stays(file: Path, mode: Mode) -> None:
    """Nobody but the one who serves brings it up to date; the others say what to do."""
    schema(file, KNOWN - 1)
    before = octets(file)
    with pytest.raises(StoreFailed, match=rf"schema {KNOWN - 1}, this program works with {KNOWN}.*payamak migrate"):
        await open_store(file, mode)
    assert octets(file) == before
    assert schema(file) == KNOWN - 1


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_newer_schema_is_another_programs(file: Path, mode: Mode) -> None:
    """It is refused in every mode."""
    schema(file, KNOWN + 1)
    with pytest.raises(StoreFailed, match="use a newer Payamak"):
        await open_store(file, mode)


async def test_hands_make_a_store(tmp_path: Path) -> None:
    """A first `apply` needs no server: what did not exist has no older schema."""
    store = await open_store(file_of(tmp_path), Mode.HANDS)
    await World(store).build()
    assert schema(file_of(tmp_path)) == KNOWN
    await store.close()


async def test_serving_brings_up_to_date(tmp_path: Path) -> None:
    """From whatever version, here the first one."""
    db = apsw.Connection(str(file_of(tmp_path)))
    db.execute(load_migrations()[0])
    db.pragma("user_version", 1)
    db.close()
    await (await open_store(file_of(tmp_path), Mode.SERVE)).close()
    assert schema(file_of(tmp_path)) == KNOWN
