"""The negin upstream: what is sent, what an answer means, when the link is up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace as changed
from tests.unit.upstreams.doors import LINK, MINUTE_MS, NOW, FakeDoor, FakeSink, HandClock, message

from payamak.client import AsyncClient, Chelcheleh, PayamakError, Route, ServiceLine, TransportFailed, UnexpectedAnswer
from payamak.client.errors import refusal
from payamak.codes import Code
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Message, Reason, StepKind
from payamak.domain.pauses import Pauses
from payamak.domain.receipts import Cursor, OpenIds
from payamak.domain.site import Link
from payamak.domain.site.links import Validity
from payamak.upstreams import negin
from payamak.upstreams.base import Parcel
from payamak.upstreams.negin import (
    INTERNAL_TRIES,
    NeginUpstream,
    life_time_minutes,
    open_client,
    outcome_of,
    pause_s,
    read_verdicts,
)

TAKEN, LATER, OPTED_OUT = OutcomeKind.TAKEN, OutcomeKind.LATER, OutcomeKind.OPTED_OUT
REFUSED, AMBIGUOUS = OutcomeKind.REFUSED, OutcomeKind.AMBIGUOUS
VERDICTS = read_verdicts({"35": 27, "0x63": 23, " 27 ": 35, "18": 34})


async def nothing_open(upstream: str, after: Cursor, limit: int) -> OpenIds:
    """A store that waits for no receipt."""
    return OpenIds(ids=(), after=None)


class Bench:
    """An upstream between a scripted door and a sink, and what was logged."""

    def __init__(self, link: Link = LINK) -> None:
        self.door, self.sink, self.clock = FakeDoor(), FakeSink(), HandClock()
        self.logged: list[str] = []
        self.upstream = NeginUpstream(
            link, self.door, self.sink, nothing_open, self.clock, lambda event, **_: self.logged.append(event)
        )

    async def outcomes(self, sent: Message | None = None, parts: tuple[int, ...] = (1,)) -> list[Outcome]:
        """What is reported of a message."""
        reported: asyncio.Queue[Outcome] = asyncio.Queue()
        self.upstream.submit(Parcel(message=sent or message(), parts=parts), reported.put_nowait)
        async with asyncio.timeout(60):
            return [await reported.get() for _ in parts]


@asynccontextmanager
async def started(link: Link = LINK) -> AsyncIterator[Bench]:
    """A bench whose link is up."""
    bench = Bench(link)
    bench.upstream.start()
    await bench.sink.next()
    assert bench.upstream.is_up
    try:
        yield bench
    finally:
        await bench.upstream.stop(0.1)


@pytest.mark.parametrize(
    ("number", "kind", "code", "reason"),
    [
        (27, OPTED_OUT, 27, None),
        (33, OPTED_OUT, 33, None),
        (23, LATER, None, Reason.THROTTLED),
        (409, LATER, None, Reason.THROTTLED),
        (14, LATER, None, Reason.OPERATOR_BUSY),
        *((login, LATER, None, Reason.LINK_DOWN) for login in (16, 17, 18, 19, 29)),
        *((other, REFUSED, other, None) for other in (1, 2, 8, 13, 22, 28, 30, 31, 34, 35)),
        (999, REFUSED, 15, None),
        (15, AMBIGUOUS, None, None),
    ],
)
def test_the_meaning_of_a_code(number: int, kind: OutcomeKind, code: int | None, reason: Reason | None) -> None:
    """About the message: opted out or refused. Between the server and us: later. 15 says nothing definite."""
    outcome = outcome_of(refusal(number), 1, {})
    assert (outcome.kind, outcome.code, outcome.status) == (kind, code, number)
    assert reason is None or outcome.reason is reason


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [(35, OPTED_OUT, 27), (99, LATER, None), (27, REFUSED, 35), (18, REFUSED, 34), (33, OPTED_OUT, 33)],
)
def test_the_links_table_translates_first(number: int, kind: OutcomeKind, code: int | None) -> None:
    """The server's number becomes one of our codes, and that one is read by the same rule."""
    outcome = outcome_of(refusal(number), 1, VERDICTS)
    assert (outcome.kind, outcome.code) == (kind, code)


def test_a_repeated_15_is_a_refusal() -> None:
    """The third in a row is taken for the operator's no; where the link's table names 15, so is the first."""
    kinds = [outcome_of(refusal(15), tries, {}).kind for tries in range(1, INTERNAL_TRIES + 2)]
    assert kinds == [AMBIGUOUS, AMBIGUOUS, REFUSED, REFUSED]
    assert outcome_of(refusal(15), 1, {15: Code.INTERNAL}).kind is REFUSED


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransportFailed("refused", False), LATER),
        (TransportFailed("silence", True), AMBIGUOUS),
        (UnexpectedAnswer("no JSON", 404, "", False), LATER),
        (UnexpectedAnswer("no JSON", 502, "", True), AMBIGUOUS),
    ],
)
def test_no_answer_of_the_contract(error: PayamakError, kind: OutcomeKind) -> None:
    """What certainly did not go comes again; what may have gone is ambiguous."""
    assert outcome_of(error, 1, {}) == Outcome(part=1, kind=kind, reason=outcome_of(error, 1, {}).reason)
    assert kind is AMBIGUOUS or outcome_of(error, 1, {}).reason is Reason.LINK_DOWN


@pytest.mark.parametrize("table", [{"seven": 27}, {"": 27}, {"27": 5}])
def test_a_broken_table_is_refused(table: dict[str, int]) -> None:
    """What is no number, or no code of ours, is an error at start."""
    with pytest.raises(ValueError):
        read_verdicts(table)


@pytest.mark.parametrize(
    ("left_ms", "minutes"),
    [(90 * MINUTE_MS + 59_999, 90), (MINUTE_MS - 1, 1), (10_080 * MINUTE_MS, 10_080), (20_000 * MINUTE_MS, 10_080)],
)
def test_life_time(left_ms: int, minutes: int) -> None:
    """What is left until the deadline, rounded down, within what the contract knows."""
    assert life_time_minutes(message(left_ms=left_ms)) == minutes


@pytest.mark.parametrize(
    ("kind", "template", "line", "via"),
    [
        (StepKind.NORMAL, None, "9830003300", None),
        (StepKind.NORMAL, 3, "9830003300", None),
        (StepKind.TEMPLATE, None, "9830003300", None),
        (StepKind.TEMPLATE, 3, None, ServiceLine(3)),
        (StepKind.SIM, None, None, Chelcheleh()),
    ],
)
async def test_one_way_and_no_plan(kind: StepKind, template: int | None, line: str | None, via: Route | None) -> None:
    """A message goes by its line alone, or by its route alone: the fallback is ours."""
    async with started(changed(LINK, service_template=template)) as bench:
        [outcome] = await bench.outcomes(message(kind))
        assert outcome == Outcome(part=1, kind=TAKEN, operator_id="3403")
        assert bench.door.sends == [("989121234567", "سلام", line, via, 90)]


async def test_a_server_that_knows_no_life_time() -> None:
    """`validity` none leaves it out."""
    async with started(changed(LINK, validity=Validity.NONE)) as bench:
        await bench.outcomes()
        assert bench.door.sends[0][-1] is None


async def test_a_message_of_several_parts_goes_once() -> None:
    """One accepted for another kind of link: one call, an answer for every part, each with an id of its own."""
    async with started() as bench:
        outcomes = await bench.outcomes(parts=(1, 2, 3))
        assert [(o.part, o.kind, o.operator_id) for o in outcomes] == [
            (1, TAKEN, "3403"),
            (2, TAKEN, "3403.1"),
            (3, TAKEN, "3403.2"),
        ]
        assert len(bench.door.sends) == 1
        bench.door.codes = {3403: 1}
        while len(bench.sink.receipts) < 3:
            await bench.sink.next()
        assert {receipt.keys for receipt in bench.sink.receipts} == {("3403",), ("3403.1",), ("3403.2",)}


async def test_silence_takes_the_link_down_until_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails closes the link; what comes then is put off unsent; an answer opens it again."""
    monkeypatch.setattr(negin, "PROBES", Pauses(first_ms=10, longest_ms=30_000))
    async with started() as bench:
        bench.door.answer = bench.door.codes = TransportFailed("silence", True)
        assert [o.kind for o in await bench.outcomes()] == [AMBIGUOUS]
        assert (bench.upstream.is_up, bench.upstream.down_reason) == (False, str(bench.door.answer))
        [put_off] = await bench.outcomes()
        assert (put_off.kind, put_off.reason, len(bench.door.sends)) == (LATER, Reason.LINK_DOWN, 1)
        bench.sink.happened.clear()
        bench.door.codes = {}
        await bench.sink.next()
        assert (bench.upstream.is_up, bench.upstream.down_reason) == (True, "")
        assert bench.logged.count("link_down") == 1


async def test_a_refused_login_takes_the_link_down() -> None:
    """18 is our trouble, not the customer's message's: it waits, and the reason can be read."""
    async with started() as bench:
        bench.door.answer = bench.door.codes = refusal(18)
        [outcome] = await bench.outcomes()
        assert (outcome.kind, outcome.reason) == (LATER, Reason.LINK_DOWN)
        assert not bench.upstream.is_up
        assert bench.upstream.down_reason.startswith("refused with 18")


async def test_a_refusal_leaves_the_link_up_and_no_credit_is_logged_once() -> None:
    """A server that says no answers; that our credit is used up is said aloud, not for every message."""
    async with started() as bench:
        bench.door.answer = refusal(14)
        assert [o.kind for o in await bench.outcomes() + await bench.outcomes()] == [LATER, LATER]
        assert bench.upstream.is_up
        assert bench.logged.count("operator_credit_used_up") == 1


async def test_a_stop_waits_and_then_calls_it_ambiguous() -> None:
    """What is under way may come back; what does not is ambiguous, and the connections are closed."""
    async with started() as bench:
        bench.door.holds = asyncio.Event()
        reported: list[Outcome] = []
        bench.upstream.submit(Parcel(message=message(), parts=(1,)), reported.append)
        await bench.upstream.stop(0.01)
        assert [(o.kind, o.part) for o in reported] == [(AMBIGUOUS, 1)]
        assert bench.door.is_closed
        assert not bench.upstream.is_up


async def test_a_bug_in_a_call_is_ambiguous() -> None:
    """Never raised and never swallowed: logged, and the message is treated as one whose answer is lost."""
    async with started() as bench:
        bench.door.answer = RuntimeError("a bug")
        assert [o.kind for o in await bench.outcomes()] == [AMBIGUOUS]
        assert "call_failed" in bench.logged


def test_pauses_between_probes_grow() -> None:
    """From half a second to half a minute, half of it left to chance, whatever the number of failures."""
    for downs, longest_s in [(0, 0.5), (1, 0.5), (2, 1.0), (5, 8.0), (10, 30.0), (10_000, 30.0)]:
        assert longest_s / 2 <= pause_s(downs) <= longest_s


async def test_the_client_of_a_link() -> None:
    """The client repeats nothing by itself and has room for window, states and probe; a broken address is refused."""
    client = open_client(changed(LINK, window=7, response_timeout_s=4), "secret")
    options = client._caller.options
    assert isinstance(client, AsyncClient)
    assert (options.max_tries, options.max_connections, options.read_timeout_s, options.connect_timeout_s) == (
        1,
        9,
        4,
        4,
    )
    await client.close()
    with pytest.raises(ValueError):
        open_client(changed(LINK, url="sms.example.ir"), "secret")


def test_now_is_the_mark() -> None:
    """The life time counts from the mark on disk, so that nobody reads a clock for it."""
    assert message().changed_at == NOW
