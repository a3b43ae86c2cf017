"""The worker's states: closed, open, full, on the way out; what it takes in each and what it gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.unit.delivery.test_worker import Noting, linked, settled
from tests.unit.house import LINES, SUBMISSION, A, House

from payamak.delivery.outlet import STORE_REST_S
from payamak.delivery.worker import CLAIM_FROM, HELD_PER_LANE, POLL_S, Worker
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import NOBODY, Lane, Message, State
from payamak.domain.site import Line, Link, LinkUse
from payamak.errors import StoreFailed
from payamak.store.records import Claimed

TAKEN = Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id="1", status=0)


async def send(house: House) -> int:
    """Accept one message for line A; its id."""
    sent = await house.service.send(replace(SUBMISSION, line=A))
    await asyncio.sleep(0)  # the Feed has told of the commit by then
    return sent.message_id


async def stands(house: House, message_id: int) -> Message:
    """A message as it stands in the store."""
    story = await house.store.story(message_id)
    assert story is not None
    return story.message


async def answer(house: House, worker: Worker, upstream: Noting) -> None:
    """The operator answers the first parcel; returns when that is stored and what follows from it is done."""
    stored = asyncio.Event()
    stop = house.store.feed.listen(lambda changes: stored.set())
    upstream.reports[0](TAKEN)
    async with asyncio.timeout(30):
        await stored.wait()
    stop()
    await asyncio.sleep(0)  # who waits for the commit goes on after those who listen to the Feed
    await settled(worker)


def rooms(house: House) -> list[int]:
    """How many fresh messages of each class of line A the Feed may bring."""
    return [house.store.feed.room.get((A, lane), 0) for lane in Lane]


async def ready(house: House) -> tuple[Worker, Noting]:
    """A worker whose link is up, and whose line has nothing waiting in the store."""
    worker, upstream = await linked(house)
    await worker._claim(A, house.clock.now())
    return worker, upstream


async def one_on_the_wire_and_one_waiting(house: House) -> tuple[Worker, Noting, int, int]:
    """A window of one, taken; and a message that waits at the desk for a place in it."""
    worker, upstream = await ready(house)
    upstream.window = 1
    first, second = await send(house), await send(house)
    await settled(worker)
    assert ([parcel.message.id for parcel in upstream.parcels], worker.waiting, worker.in_flight) == ([first], 1, 1)
    return worker, upstream, first, second


async def test_without_a_link_nothing_is_taken(house: House) -> None:
    """What is accepted waits in the store, nobody's, and no claim is thought of."""
    worker, upstream = await linked(house)
    worker.close_desk("north")
    message_id = await send(house)
    await worker._claim_due()
    assert (rooms(house), upstream.parcels) == ([0, 0, 0], [])
    assert (await stands(house, message_id)).owner == NOBODY


async def test_a_link_that_opens_claims_before_it_takes_fresh_ones(house: House) -> None:
    """Until a claim has told that nothing older waits, the Feed brings nothing."""
    worker, upstream = await linked(house)
    assert (rooms(house), worker.may_bring_fresh("north")) == ([0, 0, 0], True)
    older = await send(house)
    assert worker.waiting == 0
    await worker._claim_due()
    await settled(worker)
    assert [parcel.message.id for parcel in upstream.parcels] == [older]
    assert worker.may_bring_fresh("north") is False


async def test_an_open_line_takes_what_is_fresh(house: House) -> None:
    """Straight from the commit, without a claim; its room is what the hands may hold."""
    worker, upstream = await ready(house)
    assert rooms(house) == [HELD_PER_LANE] * 3
    message_id = await send(house)
    await settled(worker)
    assert [parcel.message.id for parcel in upstream.parcels] == [message_id]
    assert rooms(house) == [HELD_PER_LANE] * 3


async def test_a_full_window_keeps_what_comes_at_the_desk(house: House) -> None:
    """It waits there, counted by link, and goes when an answer makes a place."""
    worker, upstream, first, second = await one_on_the_wire_and_one_waiting(house)
    assert (worker.waiting_by_link, rooms(house)[Lane.NORMAL]) == ({"north": 1}, HELD_PER_LANE - 1)
    house.clock.now_ms += 2_000
    worker.outlet.tend(worker._desks["north"])
    assert worker.full_for_s == {"north": 2.0}
    await answer(house, worker, upstream)
    assert [parcel.message.id for parcel in upstream.parcels] == [first, second]
    assert (worker.waiting, worker.in_flight) == (0, 1)


async def test_a_link_that_goes_down_gives_back_what_waits(house: House) -> None:
    """To the store, nobody's; what is on the wire is its upstream's to report. It is claimed when the link is up."""
    worker, upstream, first, second = await one_on_the_wire_and_one_waiting(house)
    upstream.is_up = False
    worker.link_changed("north")
    await settled(worker)
    assert (worker.waiting, worker.in_flight, rooms(house)) == (0, 1, [0, 0, 0])
    assert [(m.state, m.owner) for m in (await stands(house, second),)] == [(State.QUEUED, NOBODY)]
    assert (await stands(house, first)).state is State.SENDING
    upstream.is_up, upstream.window = True, 10
    worker.link_changed("north")
    await worker._claim_due()
    await settled(worker)
    assert [parcel.message.id for parcel in upstream.parcels] == [first, second]


@pytest.mark.parametrize(
    "document", [Link(name="north"), replace(LINES[0], links=(LinkUse(link="north"),))], ids=["link", "line"]
)
async def test_what_a_person_stops_takes_nothing(house: House, document: Link | Line) -> None:
    """A suspended link, or a line whose link is up: no room, no claim; resumed, it goes on with what waited."""
    worker, upstream = await ready(house)
    await house.store.put_documents([replace(document, is_suspended=True)], [], house.clock.now())
    worker.link_changed("north")
    message_id = await send(house)
    await worker._claim_due()
    assert (rooms(house), upstream.parcels) == ([0, 0, 0], [])
    await house.store.put_documents([document], [], house.clock.now())
    worker.link_changed("north")
    await worker._claim_due()
    await settled(worker)
    assert [parcel.message.id for parcel in upstream.parcels] == [message_id]


async def test_a_message_of_a_line_that_is_gone_goes_back(house: House) -> None:
    """It came by the Feed while its line was being stopped: it is nobody's again, and no place stays taken."""
    worker, upstream = await ready(house)
    await house.store.put_documents([replace(LINES[0], is_suspended=True)], [], house.clock.now())
    message_id = await send(house)  # the Feed still has the room of before
    await settled(worker)
    message = await stands(house, message_id)
    assert (upstream.parcels, message.state, message.owner) == ([], State.QUEUED, NOBODY)
    assert set(worker._held.values()) == {0}


async def test_full_hands_do_not_claim(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class with less room than a claim is worth is put off; the others of the line are claimed all the same."""
    worker, _ = await linked(house)
    asked: list[Sequence[int]] = []
    claim = house.store.claim

    async def noted(line: str, wanted: Sequence[int], now: int, owner: int) -> Claimed:
        asked.append(list(wanted))
        return await claim(line, wanted, now, owner)

    monkeypatch.setattr(house.store, "claim", noted)
    worker._held = {(A, int(lane)): HELD_PER_LANE - CLAIM_FROM + 1 for lane in Lane}
    await worker._claim_due()
    assert asked == []
    assert worker._backlog.next_due_at() == house.clock.now() + int(POLL_S * 1_000)
    worker._held[A, Lane.BULK] = 0
    await worker._claim(A, house.clock.now())
    assert asked == [[0, 0, HELD_PER_LANE]]


@pytest.mark.parametrize(("error", "is_told"), [(StoreFailed("full"), False), (KeyError("bug"), True)])
async def test_a_claim_that_fails_is_put_off(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception, is_told: bool
) -> None:
    """A store that fails, or a bug, which is told: the line is asked again after a rest, and works then."""
    worker, upstream = await linked(house)
    message_id = await send(house)

    async def failing(line: str, wanted: Sequence[int], now: int, owner: int) -> Claimed:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(house.store, "claim", failing)
        await worker._claim_due()
    assert (worker.outlet.bugs.trouble is not None) is is_told
    assert worker._backlog.next_due_at() == house.clock.now() + int(STORE_REST_S * 1_000)
    house.clock.now_ms += int(STORE_REST_S * 1_000)
    await worker._claim_due()
    await settled(worker)
    assert ([parcel.message.id for parcel in upstream.parcels], worker.outlet.bugs.trouble) == ([message_id], None)


async def test_a_clock_that_falls_waits_for_no_instant_of_before(house: House) -> None:
    """Each open line is looked at anew, and nothing comes by the Feed before that."""
    worker, _ = await ready(house)
    house.clock.now_ms -= 3_600_000
    worker.set_back()
    assert (rooms(house), worker._backlog.next_due_at()) == ([0, 0, 0], 0)


async def test_a_worker_that_stops_takes_nothing_more(house: House) -> None:
    """What waits is given back, nothing is claimed, and run_claims ends; answers of what is on the wire are stored."""
    worker, upstream, first, second = await one_on_the_wire_and_one_waiting(house)
    worker.stop_taking()
    async with asyncio.timeout(30):
        await worker.run_claims()
    await settled(worker)
    third = await send(house)
    await worker._claim_due()
    assert (rooms(house), worker.waiting, worker.in_flight) == ([0, 0, 0], 0, 1)
    assert [(await stands(house, m)).owner for m in (second, third)] == [NOBODY, NOBODY]
    await answer(house, worker, upstream)
    await worker.finish(30)
    assert ((await stands(house, first)).state, worker.in_flight) == (State.ENROUTE, 0)
    assert [parcel.message.id for parcel in upstream.parcels] == [first]


async def test_an_end_that_cannot_wait_leaves_nothing_behind(house: House) -> None:
    """What is still under way when the time is over is given up: the next start recovers it."""
    worker, _ = await ready(house)
    ended = asyncio.Event()

    async def without_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    worker.outlet.start(without_end())
    await asyncio.sleep(0)
    worker.stop_taking()
    await worker.finish(0)
    async with asyncio.timeout(30):
        await ended.wait()
