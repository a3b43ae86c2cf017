"""Which calls are taken when more come than can be served."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.http.memory import call

from payamak.http.admission import FAVOURS_S, FEW, FROM_ALL, FROM_EACH, HIGH_S, LOW_S, MOST, TURN_S, Admission
from payamak.http.app import Application
from payamak.http.request import Request, Response, Route


class Times:
    """A clock and a queue for the disk, set by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waiting_s = 0.0

    def admission(self, under_way: int) -> Admission:
        """One with so many calls under way."""
        admission = Admission(lambda: self.now_s, lambda: self.waiting_s)
        admission.under_way = under_way
        return admission


async def taken(admission: Admission, calls: int = 100) -> int:
    """How many of so many calls are taken."""
    return sum(admission.admits("192.0.2.1") for _ in range(calls))


async def test_few_are_always_taken() -> None:
    """A caller alone is not refused because the machine or the disk is slow."""
    times = Times()
    admission = times.admission(FEW - 1)
    await taken(admission)
    times.now_s += 60
    times.waiting_s = 60
    assert await taken(admission) == 100
    assert admission.refused == 0


@pytest.mark.parametrize(
    ("delay_s", "expected"), [(0.0, 100), (LOW_S, 100), ((LOW_S + HIGH_S) / 2, 50), (HIGH_S, 0), (60.0, 0)]
)
@pytest.mark.parametrize("where", ["loop", "disk"])
async def test_a_share_that_falls_with_the_delay(delay_s: float, expected: int, where: str) -> None:
    """All up to the lower bound, none from the upper one on, whether the loop is late or the disk."""
    times = Times()
    admission = times.admission(FEW)
    await taken(admission, 1)
    if where == "loop":
        times.now_s += TURN_S + delay_s
    else:
        times.waiting_s = delay_s
    await taken(admission, FROM_EACH)
    refused = admission.refused
    assert abs(await taken(admission) - expected) <= 1
    assert abs(admission.refused - refused - (100 - expected)) <= 1


async def test_who_has_waited_for_his_turn() -> None:
    """A call that was held unread is judged by how long."""
    admission = Times().admission(FEW)
    await taken(admission, FROM_EACH)
    answers = [admission.admits("192.0.2.1", waited_s) for waited_s in (0.0, LOW_S, HIGH_S, 60.0)]
    assert answers == [True, True, False, False]


async def test_favours_are_renewed() -> None:
    """However late it stays, a flood's address has its few calls again after a while, and no more of them."""
    times = Times()
    admission = times.admission(FEW)
    times.waiting_s = 60
    for _ in range(5):
        assert [await taken(admission), await taken(admission)] == [FROM_EACH, 0]
        times.now_s += FAVOURS_S


async def test_each_turn_begins_afresh() -> None:
    """When the loop has turned, calls are taken again."""
    times = Times()
    admission = times.admission(FEW)
    await taken(admission, 1)
    times.now_s += 1
    assert await taken(admission) == FROM_EACH
    await asyncio.sleep(2 * TURN_S)
    assert await taken(admission) == 100


async def test_who_floods_is_refused_and_not_his_neighbours() -> None:
    """However late it is, a few calls of each address are taken; of very many addresses a bounded number."""
    times = Times()
    admission = times.admission(FEW)
    await taken(admission, 50)
    times.now_s += 1
    assert await taken(admission) == FROM_EACH
    assert sum(admission.admits("192.0.2.2") for _ in range(50)) == FROM_EACH
    assert sum(admission.admits(f"198.51.100.{number}") for number in range(200)) == FROM_ALL - 2 * FROM_EACH


async def test_a_bound_on_calls_under_way() -> None:
    """However quick all is, so many are held and no more."""
    assert await taken(Times().admission(MOST)) == 0


async def test_a_refused_call_costs_nothing() -> None:
    """The busy answer goes out before the body is read or the handler asked; a page without one is always served."""
    asked: list[str] = []

    async def handler(request: Request) -> Response:
        asked.append(request.path)
        return Response(status=200, content_type="text/plain", body=b"served")

    busy = Response(status=200, content_type="text/plain", body=b"23")
    routes = [
        Route("/send", methods=frozenset({"GET"}), handler=handler, family=lambda *_: busy, is_gated=True),
        Route("/health", methods=frozenset({"GET"}), handler=handler),
    ]
    admission = Times().admission(MOST)
    app = Application(routes, admission=admission)
    assert [(await call(app, "/send", method="GET")).body, (await call(app, "/health", method="GET")).body] == [
        b"23",
        b"served",
    ]
    assert (asked, admission.under_way, admission.refused) == (["/health"], MOST, 1)
    admission.under_way = 0
    assert (await call(app, "/send", method="GET")).body == b"served"
    assert admission.under_way == 0
