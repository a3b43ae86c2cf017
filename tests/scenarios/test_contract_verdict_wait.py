"""When the answer leaves, and which line it names (contract §1): never before the commit, at most `verdict_wait`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import pytest
import pytest_asyncio
from tests.golden.http.tenants import further_line, messages_to, tenant, tenanted_house
from tests.golden.http.wire import SEND, build, connect, form
from tests.ports import reserved_port
from tests.scenarios.house import POLL_S, House
from tests.site import LINE, LINE2, PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.codes import Code
from payamak.domain.message import Message
from payamak.domain.site import Link
from payamak.simulator.behaviour import Behaviour
from payamak.simulator.rules import Rule
from payamak.store.ruled import RuledStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

Furnished = tuple[House, RuledStore]

WAIT_S = 0.5
LONG_WAIT_S = 60.0
"""Whoever waits for a quarter of it on a busy machine has waited for the whole where it is not busy."""
NOWHERE = "9830003309"
"""A line whose link reaches nobody."""
HANG_UPS = ("abort", "close", "half")
TWO_PARTS = "س" * 100
RULES = (
    Rule(recipient="*7702", behaviour=Behaviour.OPTED_OUT, lines=frozenset({LINE}), part=2),
    Rule(recipient="*7740", behaviour=Behaviour.NEVER_ANSWERS, part=2),
    Rule(recipient="*7733", behaviour=Behaviour.OPTED_OUT, lines=frozenset({LINE, LINE2, SERVICE_LINE})),
    Rule(recipient="*7734", behaviour=Behaviour.OPTED_OUT, lines=frozenset({LINE})),
    Rule(recipient="*7734", behaviour=Behaviour.NEVER_ANSWERS, lines=frozenset({LINE2})),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """Callers that wait never, half a second, and long; operators that treat single parts differently."""
    async with tenanted_house(
        tmp_path_factory.mktemp("wait"),
        tenant("never", verdict_wait_ms=0),
        tenant("short", verdict_wait_ms=int(WAIT_S * 1_000)),
        tenant("long", verdict_wait_ms=int(LONG_WAIT_S * 1_000)),
    ) as (home, store):
        for operator in (home.advertising, home.service):
            operator.set_rules(RULES)
        yield home, store


async def timed(home: House, username: str, mobile: str, **fields: str) -> tuple[float, dict[str, object]]:
    """How long a call took, and its answer."""
    fields = {"message": "سلام", "line": LINE, **fields}
    began = monotonic()
    body = await home.send(username=username, mobile=mobile, **fields)
    return monotonic() - began, body


def line_of(body: dict[str, object]) -> str:
    """The line of an acceptance."""
    data = body["data"]
    assert isinstance(data, dict), body
    return str(data["line"])


async def ended(store: RuledStore, mobile: str) -> Message:
    """The one message to a recipient, once it is final."""
    async with asyncio.timeout(20):
        while not (found := await messages_to(store, mobile)) or not found[0].is_final:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
    assert len(found) == 1
    return found[0]


async def test_never_waiting_answers_with_the_first_line(furnished: Furnished) -> None:
    """verdict_wait 0: answered after the commit, before any verdict; the plan goes on behind it."""
    home, store = furnished
    mobile = "989121007733"
    took_s, body = await timed(home, "never", mobile, line2=LINE2, type="1")
    assert line_of(body) == LINE
    assert took_s < LONG_WAIT_S / 4
    message = await ended(store, mobile)
    assert (message.state, message.current.line) == ("delivered", SIM_LINE)


@pytest.mark.parametrize(
    ("digits", "fields", "line"),
    [
        ("9000", {"line2": LINE2}, LINE),
        ("9033", {"line2": LINE2}, LINE2),
        ("9033", {"type": "1"}, SIM_LINE),
        ("9033", {"type": "2"}, SERVICE_LINE),
        ("7733", {"line2": LINE2, "type": "1"}, SIM_LINE),
        ("7702", {"line2": LINE2, "message": TWO_PARTS}, LINE2),
        ("9133", {"line2": LINE2}, LINE),
    ],
)
async def test_an_opt_out_at_once_is_answered_with_the_next_line(
    digits: str, fields: dict[str, str], line: str, furnished: Furnished
) -> None:
    """The line in the answer is the one the message goes by, as far as the plan has come; well within the wait."""
    home, _ = furnished
    mobile = f"98913{len(digits + line + ''.join(fields)):03d}{digits}"
    took_s, body = await timed(home, "long", mobile, **fields)
    assert line_of(body) == line
    assert took_s < LONG_WAIT_S / 4


@pytest.mark.parametrize(
    ("mobile", "fields", "code"),
    [
        ("989141009033", {}, 33),
        ("989141009027", {}, 27),
        ("989142009027", {"line2": LINE2, "type": "2"}, 27),
        ("989141007733", {"line2": LINE2, "type": "2"}, 33),
        ("989142007702", {"message": TWO_PARTS}, 33),
        ("989141009006", {"line2": LINE2}, 1),
    ],
)
async def test_the_end_of_the_plan_is_refused_and_not_charged(
    mobile: str, fields: dict[str, str], code: int, furnished: Furnished
) -> None:
    """The last verdict's code; no money is taken; the row stays, rejected, for the operator to see."""
    home, store = furnished
    if code == Code.RECIPIENT_INVALID:  # told as that only once the link has taken another recipient
        assert (await home.send(mobile="989141009000", message="سلام", line=fields.get("line2", LINE)))["status"] == -1
    before = await store.balances()
    took_s, body = await timed(home, "long", mobile, **fields)
    assert (body["data"], body["status"]) == (None, code)
    assert took_s < LONG_WAIT_S / 4
    (message,) = await messages_to(store, mobile)
    assert (message.state, message.code, message.charged, message.reserved) == ("rejected", code, 0, 0)
    after = {balance.username: balance.available for balance in await store.balances()}
    assert after["long"] == next(b.available for b in before if b.username == "long")


@pytest.mark.parametrize(
    ("mobile", "fields", "line"),
    [
        ("989151009040", {"line2": LINE2}, LINE),
        ("989151007734", {"line2": LINE2}, LINE2),
        ("989151007740", {"message": TWO_PARTS}, LINE),
    ],
)
async def test_a_verdict_that_does_not_come(
    mobile: str, fields: dict[str, str], line: str, furnished: Furnished
) -> None:
    """Answered after the wait with the line it stands on: one wait for the whole plan, and for all parts."""
    home, _ = furnished
    took_s, body = await timed(home, "short", mobile, **fields)
    assert line_of(body) == line
    assert WAIT_S <= took_s < LONG_WAIT_S / 4


async def test_what_has_to_wait_for_a_later_try_is_answered_at_once(furnished: Furnished) -> None:
    """Throttled: no verdict, a later try; the caller does not wait for that."""
    home, store = furnished
    mobile = "989161009010"
    took_s, body = await timed(home, "long", mobile)
    assert line_of(body) == LINE
    assert took_s < LONG_WAIT_S / 4
    assert (await ended(store, mobile)).state == "delivered"


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens at."""
    with reserved_port() as port:
        yield port


async def test_what_has_to_queue_is_answered_at_once(
    tmp_path_factory: pytest.TempPathFactory, closed_port: int
) -> None:
    """No link of the step is bound: answered with the line it stands on, as first step and behind an opt-out."""
    async with tenanted_house(
        tmp_path_factory.mktemp("queue"),
        Link(name="nowhere", port=closed_port, system_id="x"),
        further_line(NOWHERE, "nowhere"),
        tenant("long", verdict_wait_ms=int(LONG_WAIT_S * 1_000), lines=(LINE, LINE2, NOWHERE)),
    ) as (home, store):
        took_s, body = await timed(home, "long", "989162009000", line=NOWHERE, line2=LINE)
        assert line_of(body) == NOWHERE
        assert took_s < LONG_WAIT_S / 4
        mobile = "989162009033"
        took_s, body = await timed(home, "long", mobile, line=LINE, line2=NOWHERE)
        assert took_s < LONG_WAIT_S / 4
        async with asyncio.timeout(20):
            while (await messages_to(store, mobile))[0].current.line != NOWHERE:  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
        assert (await messages_to(store, mobile))[0].state == "queued"


@pytest.mark.parametrize("username", ["never", "long"])
@pytest.mark.parametrize("way", HANG_UPS)
async def test_a_caller_that_hangs_up_changes_nothing(username: str, way: str, furnished: Furnished) -> None:
    """The connection is gone right after the request: the message is kept, sent and charged like any other."""
    home, store = furnished
    mobile = f"98917{len(username)}{HANG_UPS.index(way)}09133"
    fields = {"username": username, "password": PASSWORD, "mobile": mobile, "message": "سلام", "line": LINE}
    reader, writer = await connect(home.base_url)
    writer.write(build(SEND, form({**fields, "line2": LINE2})))
    if way == "half":
        writer.write_eof()
        assert b'"status":-1' in await asyncio.wait_for(reader.read(-1), 10)
    elif way == "abort":
        await home.advertising.ledger.until(lambda ledger: any(e.recipient == mobile for e in ledger.entries))
        writer.transport.abort()
    writer.close()
    message = await ended(store, mobile)
    assert (message.state, message.current.line, message.charged) == ("delivered", LINE2, 1_000)
    assert [whole.line for whole in home.received() if whole.recipient == mobile] == [LINE, LINE2]


async def test_a_hang_up_while_the_operator_is_silent(furnished: Furnished) -> None:
    """The caller leaves in the middle of the wait; nothing of the message changes, others are served."""
    home, store = furnished
    mobile = "989181009041"  # the answer is lost, the receipt comes
    fields = {"username": "long", "password": PASSWORD, "mobile": mobile, "message": "سلام", "line": LINE}
    _, writer = await connect(home.base_url)
    writer.write(build(SEND, form(fields)))
    await home.advertising.ledger.until(lambda ledger: any(e.recipient == mobile for e in ledger.entries))
    writer.transport.abort()
    took_s, _ = await timed(home, "long", "989181009000")
    assert took_s < LONG_WAIT_S / 4
    assert len(await messages_to(store, mobile)) == 1
