"""A store of an earlier version, with messages in every state, goes on under this one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
from tests.source import ROOT
from tests.store.world import HOLD, LINE, NOW, SERVICE, World, lost, taken

from payamak.domain.message import PartState, Reason, State
from payamak.store.sqlite.store import SqliteStore

GOLDEN = ROOT / "tests" / "golden" / "store"
NAMES = (
    "queued",
    "sending",
    "enroute",
    "resend once",
    "resend five times",
    "sending, half of it lost",
    "unknown, held, two parts",
    "put off after a copy",
    "delivered",
    "fallen back",
    "rejected",
    "sending, its receipt waits",
)
IDS = {name: 1001 + place for place, name in enumerate(NAMES)}


def make_old_store(path: Path, schema: int = 6) -> None:
    """The file as the version of that schema left it."""
    db = apsw.Connection(str(path))
    db.execute((GOLDEN / f"{schema:04d}.sql").read_text(encoding="utf-8"))
    db.pragma("journal_mode", "wal")
    db.close()


@pytest.fixture
async def upgraded(tmp_path: Path) -> AsyncIterator[World]:
    """The old store, opened by this version as a gateway does at its start."""
    path = tmp_path / "old.sqlite"
    make_old_store(path)
    store = SqliteStore(path)
    world = World(store)
    world.now = NOW + 1_000
    try:
        yield world
    finally:
        await store.close()


async def standing(world: World, name: str) -> tuple[State, Reason]:
    """Where a message of the old store stands now."""
    story = await world.store.story(IDS[name])
    assert story is not None
    return story.message.state, story.message.reason


def recipient(name: str) -> str:
    """Whose message it is."""
    return f"98912000{IDS[name] - 1_000:04d}"


async def test_nothing_has_moved(upgraded: World) -> None:
    """Every message stands where it stood, and the books are in balance."""
    assert {name: (await standing(upgraded, name))[0].value for name in NAMES} == {
        "queued": "queued",
        "sending": "sending",
        "enroute": "enroute",
        "resend once": "queued",
        "resend five times": "queued",
        "sending, half of it lost": "sending",
        "unknown, held, two parts": "unknown",
        "put off after a copy": "queued",
        "delivered": "delivered",
        "fallen back": "queued",
        "rejected": "rejected",
        "sending, its receipt waits": "sending",
    }
    await upgraded.balance()


async def test_copies_of_before_are_counted(upgraded: World) -> None:
    """Tries that stayed without an answer count, also those that an older version made."""
    counts = {name: story.message.unanswered for name in NAMES if (story := await upgraded.store.story(IDS[name]))}
    assert counts["resend once"] == "1"
    assert counts["resend five times"] == "5"
    assert counts["put off after a copy"] == "1"
    assert counts["sending, half of it lost"] == "21"
    assert counts["queued"] == ""


async def test_what_was_on_the_wire_is_recovered(upgraded: World) -> None:
    """A receipt that waited settles its part; two tries that stayed without an answer leave a third."""
    assert await upgraded.store.recover(upgraded.now, 100) == 3
    assert (await standing(upgraded, "sending, its receipt waits"))[0] is State.DELIVERED
    assert await standing(upgraded, "sending") == (State.QUEUED, Reason.RESEND)
    assert await standing(upgraded, "sending, half of it lost") == (State.QUEUED, Reason.RESEND)


async def test_a_text_that_was_held_is_settled_late(upgraded: World) -> None:
    """Both parts' receipts come after the upgrade: delivered."""
    for name in ("a", "b"):
        await upgraded.receipt(name, line=HOLD, recipient=recipient("unknown, held, two parts"))
    assert (await standing(upgraded, "unknown, held, two parts"))[0] is State.DELIVERED


async def test_a_message_of_many_copies_has_had_its_tries(upgraded: World) -> None:
    """Five tries stayed without an answer: one more ends it as unknown, and a receipt still settles it."""
    claimed = await upgraded.store.claim(LINE, (9, 9, 9), upgraded.now + 600_000)
    message = next(m for m in claimed.messages if m.id == IDS["resend five times"])
    after = await upgraded.answer(await upgraded.on_wire(message), lost())
    assert (after.state, after.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)
    await upgraded.receipt("late", recipient=recipient("resend five times"))
    assert (await standing(upgraded, "resend five times"))[0] is State.DELIVERED


async def test_receipts_find_what_was_taken(upgraded: World) -> None:
    """The receipt of a message that an operator took before the upgrade is its own."""
    await upgraded.receipt("e3", PartState.DELIVERED, recipient=recipient("enroute"))
    assert (await standing(upgraded, "enroute"))[0] is State.DELIVERED


async def test_the_next_step_goes_on(upgraded: World) -> None:
    """A message that had fallen back goes by its next step."""
    await upgraded.store.recover(upgraded.now, 100)
    claimed = await upgraded.store.claim(SERVICE, (9, 9, 9), upgraded.now + 600_000)
    (message,) = claimed.messages
    assert message.id == IDS["fallen back"]
    assert (await upgraded.answer(await upgraded.on_wire(message), taken("s10"))).state is State.ENROUTE


async def test_references(upgraded: World) -> None:
    """The ledger of before has none, and takes them from now on; its entries count as ever."""
    before = (await upgraded.balance()).available
    for is_repeated in (False, True):
        done = await upgraded.store.credit_once("shop", 7, "first", "", upgraded.now)
        assert (done.available, done.is_repeated) == (before + 7, is_repeated)
    assert (await upgraded.balance()).available == before + 7
