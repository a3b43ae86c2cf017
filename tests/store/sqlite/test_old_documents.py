"""Stores of before: what an older program let into a document stops neither the deadlines nor anybody's hands.

The store is made by the migrations as they stand, has messages in every open state, and is then given the numbers that
older programs accepted, past the program of today.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace
from tests.store.sqlite.support import file_of
from tests.store.world import DAY, HOLD, HOUR, LINE, LINE2, World, later, lost, step

from payamak.domain.message import Reason, State
from payamak.domain.money import MOST_RIAL
from payamak.domain.site import Line, faults_of
from payamak.hands.sitefile import documents_of
from payamak.store.sqlite.store import SqliteStore

GRACE = 2_160 * HOUR
"""The longest that a line may have."""

OLD: list[tuple[str, str, str, str]] = [
    ("line", LINE, "receipt_grace_hours", "1e300"),
    ("line", LINE, "receipt_grace_hours", "null"),
    ("line", LINE, "opt_out_memory_days", "1e300"),
    ("line", LINE, "opt_out_memory_days", "-1e300"),
    ("line", LINE, "ucs2_rial", "99999999999999999999"),
    ("line", LINE, "messages_per_minute", "5e-324"),
    ("line", LINE, "keep_received_days", "1e300"),
    ("line", LINE, "windwo", "1"),
    ("link", "north", "parts_per_second", "-1"),
    ("link", "north", "port", "99999999"),
    ("link", "north", "source_ton", "999"),
    ("link", "north", "enquire_link_s", "-1"),
    ("link", "north", "kind", '"carrier pigeon"'),
    ("account", "shop", "max_parts", "-1"),
    ("account", "shop", "keep_days", "1e300"),
    ("account", "shop", "min_interval_ms", "1e300"),
]


def spoil(path: Path, kind: str, name: str, field: str, value: str) -> None:
    """Write a value into a stored document, as an older program would have."""
    db = apsw.Connection(str(path))
    db.execute(
        "UPDATE config SET body = json_set(body, '$.' || ?, json(?)) WHERE kind = ? AND name = ?",
        (field, value, kind, name),
    )
    assert db.changes() == 1
    db.execute("UPDATE meta SET value = value + 1 WHERE key = 'config_version'")
    db.close()


@pytest.fixture
async def old(tmp_path: Path) -> World:
    """A closed store with messages in every open state, on the line that gets the number and on another one."""
    world = await World(SqliteStore(file_of(tmp_path))).build()
    await world.accept(world.new(step(LINE), life=HOUR))
    await world.accept(world.new(step(LINE2), life=HOUR))
    await world.sending(step(LINE))
    await world.answer(await world.sending(step(LINE)), lost())
    await world.answer(await world.sending(step(LINE2)), later())
    await world.enroute("1", step(LINE))
    await world.enroute("2", step(LINE2))
    await world.enroute("3", step(HOLD))
    await world.store.close()
    return world


async def states(store: SqliteStore) -> list[tuple[State, Reason]]:
    """Where the messages stand, in the order of the fixture."""
    ids = range(1_001, 1_009)
    found = [story.message for message_id in ids if (story := await store.story(message_id))]
    return [(message.state, message.reason) for message in found]


@pytest.mark.parametrize(("kind", "name", "field", "value"), OLD)
async def test_the_deadlines_go_on(old: World, kind: str, name: str, field: str, value: str, tmp_path: Path) -> None:
    """Whatever stands in one document, every message ends at its deadline or at the end of its grace."""
    spoil(file_of(tmp_path), kind, name, field, value)
    store = SqliteStore(file_of(tmp_path))
    (fault,) = store.site.mended
    assert (fault.kind, fault.name, fault.field) == (kind, name, field)
    now = old.now
    while await store.recover(now, 100):
        pass
    now += DAY + 1
    while await store.sweep(now, 100):
        pass
    assert {state for state, _ in await states(store)} <= {State.ENROUTE, State.EXPIRED, State.UNKNOWN}
    now += GRACE
    while await store.sweep(now, 100):
        pass
    assert {state for state, _ in await states(store)} == {State.EXPIRED, State.UNKNOWN}
    await store.close()


@pytest.mark.parametrize(("kind", "name", "field", "value"), OLD)
async def test_hands_are_not_tied(old: World, kind: str, name: str, field: str, value: str, tmp_path: Path) -> None:
    """The rest of the site can be changed meanwhile; when the document itself is written, the fault is gone."""
    spoil(file_of(tmp_path), kind, name, field, value)
    store = SqliteStore(file_of(tmp_path))
    other = store.site.lines[LINE2]
    await store.put_documents([replace(other, is_suspended=True)], [], old.now)
    assert store.site.mended
    await store.put_documents([documents_of(store.site)[kind, name]], [], old.now)
    assert not store.site.mended
    await store.close()
    again = SqliteStore(file_of(tmp_path))
    assert (again.site.mended, faults_of(again.site)) == ((), [])
    assert again.site.lines[LINE2].is_suspended
    await again.close()


async def test_a_text_that_is_too_long_ties_no_hands(old: World, tmp_path: Path) -> None:
    """A password that SMPP does not know counts as it is; other hands, and those on the link itself, go on."""
    spoil(file_of(tmp_path), "link", "north", "password", '"longer than eight"')
    store = SqliteStore(file_of(tmp_path))
    assert [fault.field for fault in faults_of(store.site)] == ["password"]
    north = store.site.links["north"]
    assert north.password == "longer than eight"
    await store.put_documents([replace(north, is_suspended=True)], [], old.now)
    assert store.site.links["north"].is_suspended
    with pytest.raises(ValueError, match="window cannot be 0"):
        await store.put_documents([replace(north, window=0)], [], old.now)
    with pytest.raises(ValueError, match="system_id cannot be"):
        await store.put_documents([replace(north, system_id="x" * 16)], [], old.now)
    await store.close()


async def test_a_document_without_a_name_is_left_out(old: World, tmp_path: Path) -> None:
    """What is no document any more is told, and can be written or taken away."""
    spoil(file_of(tmp_path), "line", HOLD, "number", "{}")
    store = SqliteStore(file_of(tmp_path))
    assert HOLD not in store.site.lines
    assert str(store.site.mended[-1]) == f"line {HOLD}: it cannot be read: it has no name"
    await store.put_documents([Line(number=HOLD)], [], old.now)
    assert store.site.mended == ()
    await store.close()
    spoil(file_of(tmp_path), "line", HOLD, "number", "{}")
    store = SqliteStore(file_of(tmp_path))
    await store.put_documents([], [("line", HOLD)], old.now)
    assert (HOLD in store.site.lines, store.site.mended) == (False, ())
    await store.close()


@pytest.mark.parametrize("sign", [1, -1])
async def test_money_has_an_end(old: World, sign: int, tmp_path: Path) -> None:
    """However often it is credited, a balance stays a number that every reader of JSON keeps whole."""
    store = SqliteStore(file_of(tmp_path))
    await store.credit("bank", sign * MOST_RIAL, "", old.now, allow_negative=True)
    with pytest.raises(ValueError, match=r"may have 1,000,000,000,000,000"):
        await store.credit("bank", sign, "", old.now, allow_negative=True)
    with pytest.raises(ValueError, match="can be credited at once"):
        await store.credit("bank", sign * 10**20, "", old.now, allow_negative=True)
    await store.close()
