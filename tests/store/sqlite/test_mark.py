"""The mark of a store, in it and beside it: which copies are noticed, and what is no copy (P10)."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.support import batches, file_of
from tests.store.world import NOW, World

from payamak.domain.message import Message, Reason, State
from payamak.domain.restoring import Why
from payamak.errors import StoreFailed
from payamak.store.rules.marks import IDS_AHEAD, UNREADABLE, Mark
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_migrations

LATER = NOW + 1_000


async def begin(path: Path, *, is_restored: bool = False) -> SqliteStore:
    """Open the store as a server does."""
    store = SqliteStore(path)
    await store.settle_mark(LATER, is_restored=is_restored)
    while await store.hold(LATER, 100):
        pass
    await store.keep_mark(LATER, is_needed=True)
    return store


async def end(store: SqliteStore) -> None:
    """A clean stop."""
    await store.keep_mark(LATER, is_needed=True)
    await store.close()


async def why(store: SqliteStore) -> Why | None:
    """Why the store was held to be a copy."""
    restore = await store.last_restore()
    return None if restore is None else restore.why


async def furnished(path: Path) -> Message:
    """A store that was served, in which one message waits."""
    store = SqliteStore(path)
    world = await World(store).build()
    await end(store)
    store = await begin(path)
    world.store = store
    message = await world.accept()
    await end(store)
    return message


async def is_held(store: SqliteStore, message: Message) -> bool:
    """Whether it waits for a person."""
    story = await store.story(message.id)
    assert story is not None
    return story.message.is_held


async def test_starts_and_stops(tmp_path: Path) -> None:
    """A store is served again and again, stopped cleanly or not: never a copy."""
    path = file_of(tmp_path)
    message = await furnished(path)
    for is_clean in (True, False, False, True, False):
        store = await begin(path)
        assert await why(store) is None
        assert not await is_held(store, message)
        await (end(store) if is_clean else store.close())


async def test_an_older_file(tmp_path: Path) -> None:
    """The file as it was at any stop before, with the mark of today beside it."""
    path = file_of(tmp_path)
    message = await furnished(path)
    shutil.copy(path, tmp_path / "copy")
    await end(await begin(path))
    shutil.copy(tmp_path / "copy", path)
    store = await begin(path)
    assert (await why(store), await is_held(store, message)) == (Why.MARK, True)
    world = World(store)
    assert (await world.accept()).id > message.id + IDS_AHEAD
    await end(store)
    store = await begin(path)
    assert await is_held(store, message), "asked once, held until answered"
    assert await store.resume_held(await store.held_ids(), LATER) == 1
    await end(store)


async def test_an_older_mark(tmp_path: Path) -> None:
    """The other direction: the newest file, and beside it the mark of some day before."""
    path = file_of(tmp_path)
    message = await furnished(path)
    mark = MarkFile(path)
    older = mark.read()
    await end(await begin(path))
    mark.write(older)
    store = await begin(path)
    assert (await why(store), await is_held(store, message)) == (Why.MARK, True)
    await store.close()


@pytest.mark.parametrize(
    "octets",
    [
        None,
        b"",
        b"{",
        b"\x00\xff",
        b'{"mark": 3}',
        b'{"mark": "0"}',
        b'{"mark": "0", "ids_up_to": 9223372036854775807}',
    ],
)
async def test_no_mark_that_fits(tmp_path: Path, octets: bytes | None) -> None:
    """The mark is gone, cut, garbage, another store's: held, and asked once."""
    path = file_of(tmp_path)
    message = await furnished(path)
    mark = MarkFile(path)
    mark.path.unlink()
    if octets is not None:
        mark.path.write_bytes(octets)
    store = await begin(path)
    assert (await why(store), await is_held(store, message)) == (Why.MARK, True)
    assert await store.resume_held(await store.held_ids(), LATER, is_moved=True) == 1
    await end(store)
    store = await begin(path)
    assert not await is_held(store, message)
    await end(store)


async def test_a_mark_of_nobody(tmp_path: Path) -> None:
    """A store that was never served, where another one was: its ids go on above that one's."""
    path = file_of(tmp_path)
    store = SqliteStore(path)
    world = await World(store).build()
    await store.close()
    MarkFile(path).write(Mark(mark="another", ids_up_to=70_000))
    world.store = store = await begin(path)
    assert (await world.accept()).id == 70_001
    await end(store)


async def test_a_backup_is_known_as_one(tmp_path: Path) -> None:
    """Wherever it is served, with whatever mark beside it, without any too; the store it was made of goes on."""
    path, copy = file_of(tmp_path), tmp_path / "elsewhere" / "store.sqlite"
    copy.parent.mkdir()
    message = await furnished(path)
    store = await begin(path)
    await store.backup(str(copy))
    assert os.listdir(copy.parent) == ["store.sqlite"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    MarkFile(copy).write(MarkFile(path).read())
    await end(store)
    for _ in range(2):
        served = await begin(copy)
        assert (await why(served), await is_held(served, message)) == (Why.COPY, True)
        await served.close()
    store = await begin(path)
    assert await why(store) is None
    await end(store)


@pytest.mark.parametrize("is_first", [True, False])
async def test_dead_between_the_two_writes(tmp_path: Path, is_first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store has the new mark, the file the old one or none: no copy, however often it happens."""
    path = file_of(tmp_path)
    if not is_first:
        await furnished(path)

    def fails(mark: MarkFile, value: Mark) -> None:
        raise StoreFailed("we die here")

    for _ in range(3):
        store = SqliteStore(path)
        with monkeypatch.context() as patch:
            patch.setattr(MarkFile, "write", fails)
            assert not await store.settle_mark(LATER)
            for _ in range(2):  # and it goes on to fail while we live
                with pytest.raises(StoreFailed, match="we die here"):
                    await store.keep_mark(LATER, is_needed=True)
        await store.close()
    store = await begin(path)
    assert await why(store) is None
    await end(store)


async def test_dead_between_the_note_and_the_file(tmp_path: Path) -> None:
    """What was noticed once is not noticed again as another restore, and is still to be held."""
    path = file_of(tmp_path)
    message = await furnished(path)
    shutil.copy(path, tmp_path / "copy")
    await end(await begin(path))
    shutil.copy(tmp_path / "copy", path)
    store = SqliteStore(path)
    assert await store.settle_mark(LATER)
    assert not await store.settle_mark(LATER)
    await store.close()
    store = await begin(path)
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    assert list(db.execute("SELECT count(*) FROM restored")) == [(1,)]
    db.close()
    assert await is_held(store, message)
    await end(store)


async def test_moves_only_with_what_is_written(tmp_path: Path) -> None:
    """A store in which nothing happens keeps its mark and is not written; what another process writes moves it too."""
    path = file_of(tmp_path)
    await furnished(path)
    store = await begin(path)
    mark, count = store.mark_file.read(), batches(store)
    for _ in range(3):
        await store.keep_mark(LATER)
    assert (store.mark_file.read(), batches(store)) == (mark, count)
    other = SqliteStore(path)
    await World(other).accept()
    await other.close()
    await store.keep_mark(LATER)
    moved = store.mark_file.read()
    assert moved.mark != mark.mark
    assert moved.ids_up_to == mark.ids_up_to + 1
    await end(store)


async def test_two_writes_at_once(tmp_path: Path) -> None:
    """A write whose waiter has gone and the next one do not disturb each other: the file is whole at every instant."""
    mark = MarkFile(file_of(tmp_path))
    mark.write(Mark(mark="first"))
    writes = [asyncio.to_thread(mark.write, Mark(mark=f"{i}" * 30)) for i in range(8)]
    tasks = [asyncio.create_task(write) for write in writes]
    while not all(task.done() for task in tasks):
        assert mark.read().mark not in ("", UNREADABLE)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert os.listdir(tmp_path) == [mark.path.name]
    assert stat.S_IMODE(mark.path.stat().st_mode) == 0o600


async def test_beside_what_a_link_leads_to(tmp_path: Path) -> None:
    """A store under another name is the same store: its mark lies beside the file itself."""
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "store.sqlite")
    assert MarkFile(tmp_path / "link.sqlite").path == MarkFile(tmp_path / "store.sqlite").path


async def test_a_mark_that_cannot_be_kept(tmp_path: Path) -> None:
    """A start that cannot write or read the mark ends with a sentence."""
    path = file_of(tmp_path)
    await furnished(path)
    mark = MarkFile(path)
    mark.path.unlink()
    mark.path.mkdir()
    store = SqliteStore(path)
    with pytest.raises(StoreFailed, match=r"store\.sqlite-mark, the mark beside the store"):
        await store.settle_mark(LATER)
    with pytest.raises(StoreFailed, match=r"store\.sqlite-mark, the mark beside the store"):
        await store.keep_mark(LATER, is_needed=True)
    await store.close()


# ------------------------------------------------------------------------------------------ a store from before

STATES = {
    1_001: ("queued", "accepted", "", 0),
    1_002: ("queued", "resend", "a", 0),
    1_003: ("queued", "throttled", "w", 0),
    1_004: ("sending", "on_wire", "s", 0),
    1_005: ("enroute", "taken", "t", 0),
    1_006: ("enroute", "no_receipts", "t", 1),
    1_007: ("delivered", "receipt", "d", 1),
    1_008: ("undeliverable", "receipt", "u", 1),
    1_009: ("rejected", "refused", "r", 1),
    1_010: ("expired", "deadline", "", 1),
    1_011: ("cancelled", "cancelled", "", 1),
    1_012: ("unknown", "answer_lost", "a", 1),
}


def from_before(path: Path) -> None:
    """A store as the program before this one left it, with a message in every state."""
    plan = '[{"line":"983000111","text":"x","encoding":"gsm7","parts":1,"price":0}]'
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "wal")
    migrations = load_migrations()
    before = next(number for number, text in enumerate(migrations) if "CREATE TABLE mark" in text)
    for number in range(before):
        db.execute(migrations[number])
        db.pragma("user_version", number + 1)
    columns = (
        "id, account_id, recipient, plan, line, lane, source, accepted_at, deadline_at, due_at, changed_at, state,"
        "reason, step, tries, parts, was_taken, was_settled_late, copies, reserved, charged, is_settled, is_final,"
        "version, is_leased"
    )
    places = "(?, 1, '989120000001', ?, '983000111', 1, 'wsSend', ?, ?, ?, ?, ?, ?, 0, ?, ?, 0, 0, 0, 0, 0, 0, ?, 1, ?)"
    times = (NOW, NOW + 86_400_000, NOW, NOW)
    for id_, (state, reason, parts, is_final) in STATES.items():
        is_leased = int(state in ("queued", "sending") and id_ % 2 == 0)
        values = (id_, plan, *times, state, reason, int(bool(parts)), parts, is_final, is_leased)
        db.execute(f"INSERT INTO message ({columns}) VALUES {places}", values)
        if parts:
            db.execute(
                "INSERT INTO part (message_id, step, try_no, part, link, upstream, on_wire_at)"
                " VALUES (?, 0, 1, 1, 'north', 'operator', ?)",
                (id_, NOW),
            )
    db.close()


async def standings(store: SqliteStore) -> dict[int, tuple[str, str]]:
    """Where every message stands."""
    found = {}
    for id_ in STATES:
        story = await store.story(id_)
        assert story is not None
        found[id_] = (story.message.state.value, story.message.reason.value)
    return found


async def test_a_store_from_before_gets_its_mark(tmp_path: Path) -> None:
    """Nothing is held of it, in whatever state its messages are, and from then on it has a mark."""
    from_before(file_of(tmp_path))
    store = await begin(file_of(tmp_path))
    assert await why(store) is None
    assert await standings(store) == {id_: (state, reason) for id_, (state, reason, *_) in STATES.items()}
    assert len(store.mark_file.read().mark) == 32
    await end(store)


async def test_an_older_one_from_before(tmp_path: Path) -> None:
    """A copy from before, put back where a mark lies: what could go out is held, whatever its state was."""
    from_before(file_of(tmp_path))
    shutil.copy(file_of(tmp_path), tmp_path / "copy")
    await end(await begin(file_of(tmp_path)))
    shutil.copy(tmp_path / "copy", file_of(tmp_path))
    store = await begin(file_of(tmp_path))
    held = (State.QUEUED.value, Reason.RESTORED.value)
    assert await standings(store) == {
        id_: held if state in ("queued", "sending") else (state, reason) for id_, (state, reason, *_) in STATES.items()
    }
    await end(store)
