"""A bug with one message, its mark or its answer: the others go, and this one is seen and ends (P2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from msgspec.structs import replace
from tests.unit.delivery.test_worker import Noting, linked
from tests.unit.house import SUBMISSION, A, House

from payamak.delivery import worker as worker_module
from payamak.delivery.worker import Worker
from payamak.domain.events import Answered, Event, Outcome, OutcomeKind
from payamak.domain.message import State
from payamak.store.feed import Change
from payamak.store.records import Arrival, Claim, Search


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody rests."""
    monkeypatch.setattr(worker_module, "STORE_REST_S", 0.001)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the store says so."""
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - it asks the store
            await asyncio.sleep(0.01)


async def settled(worker: Worker) -> None:
    """Wait until nothing is under way."""
    async with asyncio.timeout(60):
        while worker.outlet.tasks:
            await asyncio.wait(worker.outlet.tasks)


async def sent(house: House, upstream: Noting, worker: Worker, count: int) -> list[int]:
    """Send so many; their ids."""
    ids = [(await house.send(replace(SUBMISSION, line=A, recipient=f"0912000000{n}"))).message_id for n in range(count)]
    await worker._claim(A, house.clock.now())
    await settled(worker)
    return ids


async def test_a_mark_that_fails_is_one_messages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of its batch goes on the wire, no place of the window stays taken, and it is put aside, not leased."""
    worker, upstream = await linked(house)
    put_on_wire, bad = house.store.put_on_wire, 1_002

    async def spoilt(claims: Sequence[Claim], now: int, *, is_urgent: bool) -> list[Change]:
        if any(claim.message_id == bad for claim in claims):
            raise KeyError("a bug")
        return await put_on_wire(claims, now, is_urgent=is_urgent)

    monkeypatch.setattr(house.store, "put_on_wire", spoilt)
    ids = await sent(house, upstream, worker, 3)
    assert bad in ids
    assert sorted(parcel.message.id for parcel in upstream.parcels) == [each for each in ids if each != bad]
    assert worker._desks["north"].in_flight == 2
    (row,) = await house.store.aside(10)
    assert (row.work, row.key, row.error) == ("claim", str(bad), "KeyError")
    (waiting,) = await house.store.search(Search(state=State.QUEUED))
    assert (waiting.id, waiting.is_leased) == (bad, False)
    assert waiting.due_at > house.clock.now()
    monkeypatch.undo()
    house.clock.now_ms += 120_000
    await worker._claim(A, house.clock.now())
    await settled(worker)
    assert bad in {parcel.message.id for parcel in upstream.parcels}
    assert await house.store.aside(10) == []


async def test_an_answer_that_fails_three_times_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt is ambiguous by the table, the answer is kept as unreadable, and nothing is tried for ever."""
    worker, upstream = await linked(house)
    (message_id,) = await sent(house, upstream, worker, 1)
    advance, tries = house.store.advance, 0

    async def spoilt(message_id: int, event: Event, now: int, version: int | None = None) -> list[Change]:
        nonlocal tries
        if isinstance(event, Answered):
            tries += 1
            raise KeyError("a bug")
        return await advance(message_id, event, now, version)

    def spoils(arrivals: Sequence[Arrival], now: int) -> None:
        nonlocal tries
        (arrival,) = arrivals
        tries += 1
        house.store.feed.recorded(arrival.ticket, KeyError("a bug"))

    monkeypatch.setattr(house.store, "advance", spoilt)
    monkeypatch.setattr(house.store, "record", spoils)
    told: list[str] = []
    worker.outlet.bugs.alarm = lambda event, **fields: told.append(event)
    upstream.reports[0](Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id="7"))

    async def is_lost() -> bool:
        return bool(await house.store.unreadable(None, 10))

    await until(is_lost)
    await settled(worker)
    assert (tries, told) == (3, ["answer_lost"])
    (piece,) = await house.store.unreadable(None, 10)
    assert (piece.kind, piece.message_id, piece.link, piece.error) == ("answer", message_id, "north", "KeyError")
    assert b'"7"' in piece.octets
    story = await house.store.story(message_id)
    assert story is not None
    assert [part.answer for part in story.parts] == ["ambiguous"]
    assert story.message.state is State.QUEUED  # the line's rule: sent again, the copy counted


async def test_an_answer_that_fails_once_is_stored(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of a moment loses nothing: no verdict is thrown away."""
    worker, upstream = await linked(house)
    _ = await sent(house, upstream, worker, 1)
    record = house.store.record
    fails = [True]

    def spoils(arrivals: Sequence[Arrival], now: int) -> None:
        if fails:
            fails.pop()
            for arrival in arrivals:
                house.store.feed.recorded(arrival.ticket, KeyError("a bug"))
        else:
            record(arrivals, now)

    monkeypatch.setattr(house.store, "record", spoils)
    upstream.reports[0](Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id="7"))

    async def is_taken() -> bool:
        return await house.states() == [State.ENROUTE]

    await until(is_taken)
    assert await house.store.unreadable(None, 10) == []


async def test_a_line_whose_claim_fails_is_told_until_it_succeeds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claims of other lines go on; it is an error and red until its own claim has succeeded."""
    worker, _ = await linked(house)
    claim = house.store.claim

    async def spoilt(line: str, rooms: Sequence[int], now: int, owner: int) -> object:
        raise KeyError("a bug")

    monkeypatch.setattr(house.store, "claim", spoilt)
    await worker._claim(A, house.clock.now())
    assert worker.outlet.bugs.trouble == f"background work fails: claims of {A} (KeyError)"
    monkeypatch.setattr(house.store, "claim", claim)
    await worker._claim(A, house.clock.now())
    assert worker.outlet.bugs.trouble is None
