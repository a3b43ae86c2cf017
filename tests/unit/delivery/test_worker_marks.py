"""The worker on a real store and a link that only listens: what is on disk when octets would leave (P3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import pytest
from tests.store.world import DAY, HOUR, LINE, NOW, World, taken
from tests.unit.house import HandClock

from payamak.delivery.worker import Worker
from payamak.domain.message import Lane, State
from payamak.errors import StoreFailed
from payamak.store.base import Claim
from payamak.store.feed import Change
from payamak.store.sqlite.store import SqliteStore
from payamak.upstreams.base import Parcel, Report

PATIENCE_S = 30.0
"""How long something may take that needs no time at all."""


class BadMark(SqliteStore):
    """A store whose marks can be made to fail."""

    fails = False
    urgent = 0

    async def put_on_wire(self, claims: Sequence[Claim], now: int, *, is_urgent: bool = False) -> list[Change]:
        """See Store.put_on_wire."""
        if self.fails:
            raise StoreFailed("the disk is full")
        self.urgent += is_urgent
        return await super().put_on_wire(claims, now, is_urgent=is_urgent)


class Listening:
    """A link that is up and keeps what it is given, with what another reader sees on the disk at that moment."""

    name = "north"
    is_up = True
    down_reason = ""
    window = 10
    ahead = 0
    answered_since_bind = 0
    last_answer_at_s = float("-inf")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.submitted: list[tuple[int, tuple[int, ...]]] = []
        self.on_disk: list[tuple[str, int]] = []
        self.reports: list[Report] = []
        self.came = asyncio.Event()

    def start(self) -> None:
        """See Upstream.start."""

    async def stop(self, timeout_s: float) -> None:
        """See Upstream.stop."""

    def rest(self, is_resting: bool) -> None:
        """See Upstream."""

    def give_back(self) -> None:
        """See Upstream."""

    def narrow(self, is_narrow: bool) -> None:
        """See Upstream.narrow."""

    def break_now(self, reason: str) -> None:
        """See Upstream.break_now."""

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream.submit."""
        db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        query = "SELECT state, (SELECT count(*) FROM part WHERE message_id = id) FROM message WHERE id = ?"
        self.on_disk += list(db.execute(query, (parcel.message.id,)))
        db.close()
        self.submitted.append((parcel.message.id, parcel.parts))
        self.reports.append(report)
        self.came.set()


class Scene:
    """A store with a site, a worker with one link, and a clock that stands."""

    def __init__(self, store: BadMark) -> None:
        self.store = store
        self.world = World(store)
        self.clock = HandClock()
        self.clock.now_ms = self.world.now = NOW + 8 * HOUR  # in the morning: the line is for advertising
        self.link = Listening(store.path)
        self.logged: list[str] = []
        self.failed = asyncio.Event()
        self.worker = Worker(store, self.clock, self._log)

    def _log(self, event: str, **fields: object) -> None:
        self.logged.append(event)
        if event == "mark_failed":
            self.failed.set()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """A worker whose link takes whatever comes on the first line."""
    store = BadMark(tmp_path / "store.sqlite", inline=True)
    made = Scene(store)
    await made.world.build()
    made.worker.open_desk(made.link, 1_000)
    store.feed.room[LINE, Lane.NORMAL] = 5  # as after a claim that found nothing waiting
    yield made
    made.worker.stop_taking()
    await made.worker.finish(0)
    await store.close()


async def test_the_mark_is_on_disk_before_the_octets_leave(scene: Scene) -> None:
    """When a link is given a message, everybody who opens the file sees it as on the wire, each part of it."""
    message = await scene.world.accept()
    async with asyncio.timeout(PATIENCE_S):
        await scene.link.came.wait()
    assert scene.link.submitted == [(message.id, (1,))]
    assert scene.link.on_disk == [(State.SENDING.value, 1)]


@pytest.mark.parametrize("lane", Lane)
async def test_the_marks_of_codes_are_urgent(scene: Scene, lane: Lane) -> None:
    """They go before all that other messages have brought, and others do not."""
    scene.store.feed.room[LINE, lane] = 5
    await scene.world.accept(scene.world.new(lane=lane))
    async with asyncio.timeout(PATIENCE_S):
        await scene.link.came.wait()
    assert scene.store.urgent == (lane is Lane.OTP)


async def test_without_a_mark_nothing_leaves(scene: Scene) -> None:
    """A mark that cannot be stored keeps the message here; it goes when the desk has rested."""
    scene.store.fails = True
    message = await scene.world.accept()
    async with asyncio.timeout(PATIENCE_S):
        await scene.failed.wait()
    await asyncio.sleep(0)
    assert scene.link.submitted == []
    assert (await scene.world.standing_of(message)).state is State.QUEUED


async def test_what_is_too_late_does_not_leave(scene: Scene) -> None:
    """A message whose deadline passed while it waited at the desk is expired by the mark, and not submitted (P7)."""
    scene.clock.now_ms += DAY
    message = await scene.world.accept()
    for _ in range(5):
        await asyncio.sleep(0)
    assert scene.link.submitted == []
    assert (await scene.world.standing_of(message)).state is State.EXPIRED


async def test_an_answer_is_stored(scene: Scene) -> None:
    """What the link reports is on disk when everybody hears of it."""
    message = await scene.world.accept()
    async with asyncio.timeout(PATIENCE_S):
        await scene.link.came.wait()
    heard = asyncio.Event()
    scene.store.feed.listen(lambda changes: heard.set())
    scene.link.reports[0](taken("77"))
    async with asyncio.timeout(PATIENCE_S):
        await heard.wait()
    assert (await scene.world.standing_of(message)).state is State.ENROUTE
