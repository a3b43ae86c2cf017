"""The worker between the store's commits and an upstream that notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, LINES, NOW, SUBMISSION, A, House

from payamak.delivery.worker import Worker
from payamak.domain.events import DeadlinePassed
from payamak.domain.message import Message, Reason, State
from payamak.domain.site import Link, LinkUse
from payamak.store.base import Claim
from payamak.store.feed import Change
from payamak.upstreams.base import Parcel, Report


class Noting:
    """An upstream that is up, takes everything and never answers."""

    name = "north"
    is_up = True
    down_reason = ""
    window = 10

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.reports: list[Report] = []

    def start(self) -> None:
        """See Upstream."""

    async def stop(self, timeout_s: float) -> None:
        """See Upstream."""

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

    async def slowly(claims: Sequence[Claim], now: int) -> list[Change]:
        changes = await put_on_wire(claims, now)
        house.clock.now_ms += 60_000
        return changes

    monkeypatch.setattr(house.store, "put_on_wire", slowly)
    came_back: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    def hear(changes: Sequence[Change]) -> None:
        if changes[-1].event == "Answered":
            came_back.set_result(changes[-1].message)

    house.store.feed.listen(hear)
    await house.service.send(replace(SUBMISSION, line=A, life_time="1"))
    await worker._claim(A, house.clock.now())
    async with asyncio.timeout(30):
        message = await came_back
    assert (upstream.parcels, message.state, message.reason) == ([], State.QUEUED, Reason.DEADLINE)
    (change,) = await house.store.advance(message.id, DeadlinePassed(), house.clock.now())
    assert (change.message.state, change.message.reason) == (State.EXPIRED, Reason.DEADLINE)
    assert not change.message.was_taken
