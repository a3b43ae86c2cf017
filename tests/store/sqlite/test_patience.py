"""A disk that answers late or never: waiters are told in time, and what they were told holds afterwards (P1)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from tests import traces
from tests.store.sqlite.support import at_desk, file_of
from tests.store.world import ALI, MARK, NOW, OTHER, OWNER, SARA, Listener, World, check_id, step

from payamak.codes import Code
from payamak.domain.message import Lane, Message, Reason, State, Step
from payamak.domain.mo import MoPart
from payamak.encoding.alphabets import Alphabet
from payamak.errors import StoreFailed
from payamak.store import queued, ruled
from payamak.store.feed import WirePlace
from payamak.store.records import Act, AuditSearch, Batched, By, NewMessage, Search
from payamak.store.sqlite import store as sqlite_module
from payamak.store.sqlite import writer as writers
from payamak.store.sqlite.store import SqliteStore

WITHIN_S = 0.1


class SlowCommit:
    """A writing connection whose next COMMIT waits until it is let go."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._go = threading.Event()
        self._changes = 0
        self.is_due = True
        self.reached = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._db, name)

    def execute(self, statement: str, values: object = ()) -> object:
        """Pass on; the COMMIT of what was written waits once."""
        if statement == "BEGIN IMMEDIATE":
            self._changes = self._db.total_changes()
        if statement == "COMMIT" and self.is_due and self._db.total_changes() != self._changes:
            self.is_due = False
            self.reached.set()
            assert self._go.wait(10)
        return self._db.execute(statement, values)  # type: ignore[arg-type]

    def let_go(self) -> None:
        """The disk answers again."""
        self._go.set()


@contextmanager
def slow_commit(store: SqliteStore) -> Iterator[SlowCommit]:
    """While it lasts, the store's next commit hangs until it is let go."""
    batch = store.writer._batch  # type: ignore[attr-defined]
    db = batch.db
    batch.db = SlowCommit(db)
    try:
        yield batch.db
    finally:
        batch.db.let_go()
        batch.db = db


@pytest.fixture
async def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A store as a server has it, with less patience."""
    monkeypatch.setattr(ruled, "ANSWER_WITHIN_S", WITHIN_S)
    monkeypatch.setattr(ruled, "ACKNOWLEDGE_WITHIN_S", WITHIN_S)
    store = SqliteStore(file_of(tmp_path))
    world = await World(store).build()
    store.begin_serving()
    yield world
    await store.close()


def sqlite_of(world: World) -> SqliteStore:
    """The store behind the protocol."""
    assert isinstance(world.store, SqliteStore)
    return world.store


async def kept(world: World) -> list[Message]:
    """Every message, oldest first."""
    return (await world.store.search(Search()))[::-1]


async def settled(world: World) -> None:
    """Until the writer has done all that was queued before this."""
    await sqlite_of(world).writer.submit(at_desk(lambda _: None))
    await sqlite_of(world).writer.submit(at_desk(lambda _: None))


async def test_given_up_in_a_commit_that_ends_well(serving: World) -> None:
    """Whoever was told that the disk does not answer finds nothing sent, charged or published, though it was kept."""
    store = sqlite_of(serving)
    listener = Listener(store)
    store.feed.room["983000111", Lane.NORMAL] = 10
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed, match="did not answer"):
            await serving.accept()
        assert await kept(serving) == []
        disk.let_go()
        await settled(serving)
    (message,) = await kept(serving)
    assert (message.state, message.reason) == (State.CANCELLED, Reason.ANSWERED_BUSY)
    assert [(c.event, c.message.state) for batch in listener.batches for c in batch] == [("Revoked", State.CANCELLED)]
    balance = await serving.balance()
    assert (balance.available, balance.reserved) == (10_000, 0)


async def test_given_up_with_its_mark(serving: World, tmp_path: Path) -> None:
    """What its accept has marked is undone with it: nothing goes, and a start after a kill finds nothing to send."""
    store = sqlite_of(serving)
    listener = Listener(store)
    store.feed.places = places = OnePlace()
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed, match="did not answer"):
            await serving.accept()
        disk.let_go()
        await settled(serving)
    assert places.told_of == [None]
    assert [(c.event, c.message.state) for batch in listener.batches for c in batch] == [("Revoked", State.CANCELLED)]
    (message,) = await kept(serving)
    assert (message.state, message.reason, message.tries) == (State.CANCELLED, Reason.ANSWERED_BUSY, 1)
    story = await store.story(message.id)
    assert story is not None
    assert [row.answer for row in story.parts] == ["later"]
    balance = await serving.balance()
    assert (balance.available, balance.reserved) == (10_000, 0)
    for name in os.listdir(store.path.parent):  # as a kill leaves it
        shutil.copy(store.path.parent / name, tmp_path / f"killed-{name}")
    again = SqliteStore(tmp_path / f"killed-{store.path.name}")
    for dead in await again.take_over(NOW):
        assert await again.recover(dead, NOW, 10) == 0
    assert (await again.claim("983000111", (9, 9, 9), NOW, again.feed.owner)).messages == ()
    await again.close()


class OnePlace:
    """A back that gives a place, and keeps what it is told of it."""

    def __init__(self) -> None:
        self.told_of: list[Message | None] = []

    def take(self, step: Step, lane: Lane, recipient: str) -> WirePlace | None:
        """See Places.take."""
        return WirePlace(ticket=1, link="north")

    def told(self, place: WirePlace, message: Message | None) -> None:
        """See Places.told."""
        self.told_of.append(message)


async def test_no_claim_sees_what_was_given_up(serving: World) -> None:
    """A claim that waits behind the slow commit comes after the undoing: it finds nothing."""
    store = sqlite_of(serving)
    with slow_commit(store) as disk:
        accepting = asyncio.ensure_future(serving.accept())
        await asyncio.to_thread(disk.reached.wait, 10)
        claiming = asyncio.ensure_future(store.claim("983000111", (9, 9, 9), NOW, OWNER))
        with pytest.raises(StoreFailed):
            await accepting
        disk.let_go()
        assert (await claiming).messages == ()


async def test_given_up_in_the_queue(serving: World) -> None:
    """What waits behind the slow commit when its time is over is never carried out."""
    store = sqlite_of(serving)
    with slow_commit(store) as disk:
        first = store.credit("shop", 5, "", NOW)
        await asyncio.to_thread(disk.reached.wait, 10)
        told = await asyncio.gather(serving.accept(), serving.accept(), return_exceptions=True)
        assert [type(each) for each in told] == [StoreFailed] * 2
        disk.let_go()
        assert await first == 10_005
        await settled(serving)
    assert await kept(serving) == []
    assert (await serving.accept()).state is State.QUEUED


async def test_given_up_while_another_process_writes(serving: World) -> None:
    """What the writer holds while it waits for the file is not carried out either: no trace of it is left."""
    other = apsw.Connection(str(sqlite_of(serving).path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="did not answer"):
        await serving.accept()
    other.execute("ROLLBACK")
    other.close()
    await settled(serving)
    assert await kept(serving) == []
    assert (await serving.balance()).available == 10_000


async def test_the_undoing_waits_for_the_disk(serving: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An undoing that meets a failing disk is tried until it can be kept, also if nobody else writes."""
    monkeypatch.setattr(writers, "UNDO_AGAIN_S", 0.02)
    store = sqlite_of(serving)
    db = store._db
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed):
            await serving.accept()
        other = apsw.Connection(str(store.path))
        db.set_busy_timeout(0)
        disk.let_go()
        other.set_busy_timeout(10_000)
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(0.1)
        other.execute("ROLLBACK")
        other.close()
    async with asyncio.timeout(10):
        while [m.state for m in await kept(serving)] != [State.CANCELLED]:  # noqa: ASYNC110 - the writer's thread
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("body", [MARK, OTHER], ids=["same body", "another body"])
async def test_a_batch_given_up(serving: World, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    """A batch is undone whole, its ids are free again, and who asked for the same ones beside it is told so too.

    Also with another body: who is told 24 believes that somebody has the id.
    """
    store = sqlite_of(serving)
    account_id = serving.account_id()
    news = [serving.new(step(price=100), recipient=r, lane=Lane.BULK) for r in (ALI, SARA)]
    own = [check_id(n, MARK) for n in (1, 2)]
    beside = [check_id(n, body) for n in (1, 2, 3)]
    gate, inside = threading.Event(), threading.Barrier(2)
    monkeypatch.setattr(ruled, "ANSWER_WITHIN_S", 0.5)
    with slow_commit(store) as disk:
        store.writer.submit(at_desk(lambda _: (inside.wait(10), gate.wait(10))))
        await asyncio.to_thread(inside.wait, 10)
        first = asyncio.ensure_future(store.accept_batch(account_id, news, own, NOW))
        await asyncio.sleep(0)
        monkeypatch.setattr(ruled, "ANSWER_WITHIN_S", 10.0)
        second = asyncio.ensure_future(store.accept_batch(account_id, [*news, Code.UDH], beside, NOW))
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(StoreFailed):
            await first
        disk.let_go()
        with pytest.raises(StoreFailed):
            await second
        await settled(serving)
    assert {m.state for m in await kept(serving)} <= {State.CANCELLED}
    again = await store.accept_batch(account_id, news, own, NOW)
    assert [isinstance(each, Batched) and each.is_repeated for each in again] == [False, False]
    assert (await serving.balance()).reserved == 200


async def test_messages_of_a_call_given_up(serving: World) -> None:
    """Each of them is undone before anyone can send it, and its money is free again; nobody is told of any."""
    store, heard = sqlite_of(serving), Listener(serving.store)
    items: list[NewMessage | Code] = [serving.new(recipient=ALI), Code.TEXT_EMPTY, serving.new(recipient=SARA)]
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed):
            await store.accept_each(serving.account_id(), items, NOW)
        disk.let_go()
        await settled(serving)
    assert [(m.state, m.reason) for m in await kept(serving)] == [(State.CANCELLED, Reason.ANSWERED_BUSY)] * 2
    assert {change.event for batch in heard.batches for change in batch} == {"Revoked"}
    balance = await serving.balance()
    assert (balance.available, balance.reserved, balance.is_balanced) == (10_000, 0, True)


async def test_read_marks_given_up(serving: World) -> None:
    """Messages from handsets that a call did not get to read are unread again."""
    store = sqlite_of(serving)
    part = MoPart(
        upstream="operator", link="north", line="983000111", sender=ALI, alphabet=Alphabet.UCS2, octets=b"\x06\x27"
    )
    await store.receive_mo(part, "bind", {"bind"}, NOW)
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed):
            await store.received(["983000111"], NOW, mark_read=True)
        disk.let_go()
        await settled(serving)
    assert len(await store.received(["983000111"], NOW, mark_read=True)) == 1


async def test_a_password_given_up(serving: World) -> None:
    """A new password whose caller was told that it failed is not the account's; the audit tells of both."""
    store = sqlite_of(serving)
    act = Act(by=By(who="account shop", command="x", act=1), at=NOW, what="change password", about="account shop")
    first = await store.set_password("shop", "old", store.site.accounts["shop"].credential_version)
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed):
            await store.set_password("shop", "new", first.accounts["shop"].credential_version, act)
        disk.let_go()
        await settled(serving)
    assert (await store.refresh()).accounts["shop"].password_hash == "old"
    assert [row.what for row in await store.audit(AuditSearch())] == ["change password: undone", "change password"]


async def test_a_receipt_given_up_stands(serving: World) -> None:
    """The operator is told in time that a receipt was not kept; if it was, the one that comes again changes nothing."""
    store = sqlite_of(serving)
    await serving.enroute("7")
    with slow_commit(store) as disk:
        with pytest.raises(StoreFailed):
            await serving.receipt("7")
        disk.let_go()
        await settled(serving)
    assert [m.state for m in await kept(serving)] == [State.DELIVERED]
    await serving.receipt("7")
    assert [m.state for m in await kept(serving)] == [State.DELIVERED]


async def test_a_stalled_disk_takes_nothing(serving: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one transaction takes too long accepts are refused at once, results queued, and a person is told why."""
    monkeypatch.setattr(queued, "STALL_S", 0.02)
    store = sqlite_of(serving)
    with slow_commit(store) as disk:
        first = store.credit("shop", 5, "", NOW)
        await asyncio.to_thread(disk.reached.wait, 10)
        await asyncio.sleep(0.05)
        assert "has not answered" in (store.trouble or "")
        with pytest.raises(StoreFailed, match="does not answer"):
            store.accept(serving.new(), NOW)
        releasing = store.release([1], OWNER)
        disk.let_go()
        await asyncio.gather(first, releasing)
    assert store.trouble is None
    await serving.accept()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_a_lost_file(serving: World, tmp_path: Path, suffix: str) -> None:
    """A file that is no longer where it was takes nothing; when it is back all goes on, proved by a write."""
    store = sqlite_of(serving)
    message = await serving.accept()
    file, aside = f"{store.path}{suffix}", str(tmp_path / "aside")
    os.rename(file, aside)
    for attempt in (serving.accept(), store.release([message.id], OWNER), store.prove()):
        with pytest.raises(StoreFailed, match="was removed or moved"):
            await attempt
    assert "put the same file back" in (store.trouble or "")
    os.rename(aside, file)
    await store.prove()
    assert store.trouble is None
    await serving.accept()
    assert len(await kept(serving)) == 2


@pytest.mark.parametrize("opened_by", ["nobody", "a reader", "the command line"])
@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_log_that_never_comes_back(serving: World, tmp_path: Path, opened_by: str, is_killed: bool) -> None:
    """What the log held is in the store as soon as its loss is noticed: a kill loses as little as a clean stop."""
    store = sqlite_of(serving)
    promised = [(await serving.accept()).id for _ in range(20)]
    os.unlink(f"{store.path}-wal")
    if opened_by == "a reader":
        await store.story(promised[0])
    elif opened_by == "the command line":
        command = (sys.executable, "-m", "payamak", "message", "list", "--data", str(store.path))
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
        traces.kept_text(done.stderr.decode(), traces.Trace.COMMAND)
    with pytest.raises(StoreFailed, match=r"-wal was (removed|replaced)"):
        await store.prove()
    if is_killed:
        found = shutil.copy(store.path, tmp_path / "found")
    else:
        await store.close()
        found = store.path
    again = SqliteStore(Path(found))
    assert [message.id for message in await again.search(Search())][::-1] == promised
    await again.close()


async def test_a_file_lost_during_the_commit(serving: World, tmp_path: Path) -> None:
    """A file that goes while the commit is under way has taken it to nowhere: nobody is promised anything."""
    store = sqlite_of(serving)
    with slow_commit(store) as disk:
        accepting = asyncio.ensure_future(serving.accept())
        await asyncio.to_thread(disk.reached.wait, 10)
        store.path.rename(tmp_path / "aside")
        disk.let_go()
        with pytest.raises(StoreFailed):
            await accepting
    (tmp_path / "aside").rename(store.path)
    await store.prove()
    await settled(serving)
    assert [m.reason for m in await kept(serving)] == [Reason.ANSWERED_BUSY]


async def test_a_reader_that_hangs(serving: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for states while the reading threads hang is told in time; beyond a number, at once."""
    store = sqlite_of(serving)
    gate = threading.Event()
    hung = [asyncio.ensure_future(store._read(lambda db: gate.wait(10))) for _ in range(2)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(StoreFailed, match="did not answer"):
            await store.standings(serving.account_id(), list(range(1, 1_000)))
        monkeypatch.setattr(sqlite_module, "MOST_READS", 3)
        with pytest.raises(StoreFailed, match="too many"):
            await store.available(serving.account_id())
    finally:
        gate.set()
        await asyncio.gather(*hung)
    assert await store.available(serving.account_id()) == 10_000
