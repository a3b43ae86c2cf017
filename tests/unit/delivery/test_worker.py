"""The worker between the store's commits and an upstream that notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, LINES, NOW, SUBMISSION, A, House

from payamak.delivery.waiting import Kind
from payamak.delivery.worker import Worker
from payamak.domain.events import DeadlinePassed
from payamak.domain.message import Message, Reason, State
from payamak.domain.site import Link, LinkUse
from payamak.errors import StoreFailed
from payamak.store.feed import Change
from payamak.store.records import Claim
from payamak.upstreams.base import Parcel, Report


class Noting:
    """An upstream that is up, takes everything and never answers."""

    name = "north"
    is_up = True
    down_reason = ""
    window = 10
    ahead = 0
    answered_since_bind = 0
    last_answer_at_s = float("-inf")

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.reports: list[Report] = []

    def start(self) -> None:
        """See Upstream."""

    async def stop(self, timeout_s: float) -> None:
        """See Upstream."""

    def rest(self, is_resting: bool) -> None:
        """See Upstream."""

    def give_back(self) -> None:
        """See Upstream."""

    def narrow(self, is_narrow: bool) -> None:
        """See Upstream.narrow."""

    def break_now(self, reason: str) -> None:
        """See Upstream.break_now."""

    def submit(self, parcel: Parcel, report: Report) -> None:
        """See Upstream."""
        self.parcels.append(parcel)
        self.reports.append(report)


async def linked(house: House) -> tuple[Worker, Noting]:
    """A worker with one link, which line A uses."""
    line = replace(LINES[0], links=(LinkUse(link="north"),))
    await house.store.put_documents([Link(name="north"), line, *LINES[1:], ACCOUNT], [], NOW)
    await house.store.credit("shop", 1_000, "test", NOW)
    worker, upstream = Worker(house.store, house.clock, lambda event, **fields: None), Noting()
    worker.open_desk(upstream, 0)
    return worker, upstream


async def test_a_mark_that_took_too_long_sends_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was marked before its deadline and committed after it does not leave, and ends as expired (P7)."""
    worker, upstream = await linked(house)
    put_on_wire = house.store.put_on_wire

    async def slowly(claims: Sequence[Claim], now: int, *, is_urgent: bool) -> list[Change]:
        changes = await put_on_wire(claims, now, is_urgent=is_urgent)
        house.clock.now_ms += 60_000
        return changes

    monkeypatch.setattr(house.store, "put_on_wire", slowly)
    came_back: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    def hear(changes: Sequence[Change]) -> None:
        if changes[-1].event == "Answered":
            came_back.set_result(changes[-1].message)

    house.store.feed.listen(hear)
    await house.send(replace(SUBMISSION, line=A, life_time="1"))
    await worker._claim(A, house.clock.now())
    async with asyncio.timeout(30):
        message = await came_back
    assert (upstream.parcels, message.state, message.reason) == ([], State.QUEUED, Reason.DEADLINE)
    (change,) = await house.store.advance(message.id, DeadlinePassed(), house.clock.now())
    assert (change.message.state, change.message.reason) == (State.EXPIRED, Reason.DEADLINE)
    assert not change.message.was_taken


async def settled(worker: Worker) -> None:
    """Wait until the worker has nothing under way any more."""
    async with asyncio.timeout(30):
        while worker.outlet.tasks:
            await asyncio.wait(worker.outlet.tasks)


async def test_a_message_that_waits_twice_takes_its_place_once(house: House) -> None:
    """A late answer changes a message that waits; the stale one beside it leaves no place of the window taken."""
    worker, upstream = await linked(house)
    sent = await house.send(replace(SUBMISSION, line=A, message="x" * 200))
    story = await house.store.story(sent.message_id)
    assert story is not None
    desk = worker._desks["north"]
    for version in (7, story.message.version):
        desk.waiting.put(replace(story.message, version=version, owner=house.store.feed.owner), Kind.FRESH)
    worker.outlet.pump(desk)
    await settled(worker)
    assert [parcel.parts for parcel in upstream.parcels] == [(1, 2)]
    assert worker.in_flight == 2


async def test_what_could_not_be_marked_is_not_left_at_a_closed_desk(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that is closed while a mark fails gives back what it held: the next link takes it."""
    worker, _ = await linked(house)

    async def failing(claims: Sequence[Claim], now: int, *, is_urgent: bool) -> list[Change]:
        worker.close_desk("north")
        raise StoreFailed("the disk is full")

    monkeypatch.setattr(house.store, "put_on_wire", failing)
    sent = await house.send(replace(SUBMISSION, line=A))
    await worker._claim(A, house.clock.now())
    await settled(worker)
    story = await house.store.story(sent.message_id)
    assert story is not None
    assert (story.message.state, story.message.is_leased) == (State.QUEUED, False)
    assert (worker.waiting, worker.in_flight, set(worker._held.values())) == (0, 0, {0})
