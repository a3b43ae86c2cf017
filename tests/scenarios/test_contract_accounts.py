"""Who may send, by which way, and which reason is told (contract §§1, 3): through HTTP, account by account."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.golden.http.tenants import messages_to, snapshot, tenant, tenanted_house
from tests.golden.http.wire import SEND, STATES, build, call, form
from tests.scenarios.house import POLL_S, House
from tests.site import LINE, LINE2, LINE_1000, PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.domain.site import Account, AnswerTypes, TemplateDocument
from payamak.store.base import OptOut
from payamak.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOBILE, BLOCKED, STOPPED = "989395213300", "989120000027", "989120000033"
"""A recipient that takes everything, one that is on the operator's list (27), one that stopped LINE (33)."""
GONE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
ELSEWHERE = ("192.0.2.0/24", "2001:db8::/32")
MINUTE_MS = 60_000

Furnished = tuple[House, SqliteStore]


def tenants() -> list[Account]:
    """One account for each rule, and some for two."""
    code = TemplateDocument(number=1, text="کد ورود شما: {code}")
    return [
        tenant("gone", is_active=False, expires_at=GONE),
        tenant("gone_elsewhere", expires_at=GONE, allowed_addresses=ELSEWHERE),
        tenant("still", expires_at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC)),
        tenant("elsewhere", allowed_addresses=ELSEWHERE),
        tenant("elsewhere_hasty", allowed_addresses=ELSEWHERE, min_interval_ms=MINUTE_MS),
        tenant("here", allowed_addresses=("10.0.0.0/8", "127.0.0.1")),
        tenant("hasty", min_interval_ms=MINUTE_MS, sim_line=None),
        tenant("plain", sim_line=None, service_line=None, default_line=None, templates=(), default_template=None),
        tenant("texts", templates=(code,), default_template=None),
        tenant("untexted", templates=(), default_template=None),
        tenant("one_line", lines=(LINE2,), default_line=LINE2),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """One house with all of them, and two recipients whose opt-outs are known."""
    async with tenanted_house(tmp_path_factory.mktemp("accounts"), *tenants()) as (home, store):
        for recipient, line, code in ((BLOCKED, "*", 27), (STOPPED, LINE, 33)):
            opt_out = OptOut(
                recipient=recipient, line=line, code=code, source="imported", learned_at=0, expires_at=None
            )
            await store.put_opt_outs([opt_out])
        yield home, store


async def told(home: House, username: str, **fields: str) -> tuple[int, object]:
    """The status and the line (None when refused) of a call; good but for these fields, no `line` unless given."""
    fields = {"mobile": MOBILE, "message": "سلام", **fields}
    body = await home.send(username=username, **fields)
    status, data = body["status"], body["data"]
    assert isinstance(status, int)
    assert (data is None) == (status > 0)
    return status, data["line"] if isinstance(data, dict) else None


WHO = {
    "demo": -1,
    "still": -1,
    "here": -1,
    "inactive": 16,
    "expired": 17,
    "elsewhere": 29,
    "poor": 14,
    "nobody": 18,
    "gone": 16,
    "gone_elsewhere": 17,
    "elsewhere_hasty": 29,
}


@pytest.mark.parametrize("username", WHO)
async def test_who_may_send(username: str, furnished: Furnished) -> None:
    """Inactive 16, expired 17, a foreign address 29, no credit 14, unknown 18; refused, nothing changes."""
    home, store = furnished
    before = await snapshot(home, store)
    assert (await told(home, username, line=LINE))[0] == WHO[username]
    if WHO[username] > 0:
        assert await snapshot(home, store) == before


@pytest.mark.parametrize("username", [name for name, code in WHO.items() if code not in (-1, 14)])
async def test_who_may_ask(username: str, furnished: Furnished) -> None:
    """wsStates refuses the same callers with the same codes, before it looks at the ids."""
    home, _ = furnished
    for ids in ("1", "", "x"):
        body = await home.post(STATES, username=username, message_ids=ids)
        assert (body["data"], body["status"]) == (None, WHO[username])


async def test_forwarded_addresses_are_not_believed(furnished: Furnished) -> None:
    """Who is no trusted proxy cannot speak for another address."""
    home, _ = furnished
    fields = {"username": "elsewhere", "password": PASSWORD, "mobile": MOBILE, "message": "x"}
    for header in ("X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7", "Forwarded: for=192.0.2.7"):
        assert (await call(home.base_url, build(SEND, form(fields), headers=(header,)))).json["status"] == 29


async def test_a_trusted_proxy_speaks_for_its_client(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the proxy trusted, the right-most foreign address of X-Forwarded-For counts."""
    monkeypatch.setenv("PAYAMAK_TRUSTED_NETWORKS", "127.0.0.0/8")
    fields = {"username": "elsewhere", "password": PASSWORD, "mobile": MOBILE, "message": "x"}
    async with tenanted_house(tmp_path_factory.mktemp("proxy"), tenant("elsewhere", allowed_addresses=ELSEWHERE)) as (
        home,
        _,
    ):
        for hops, status in (("192.0.2.7", -1), ("192.0.2.7, 198.51.100.1", 29), ("1.1.1.1, 2001:db8::7", -1)):
            request = build(SEND, form(fields), headers=(f"X-Forwarded-For: {hops}",))
            assert (await call(home.base_url, request)).json["status"] == status
        for path, header, status in (
            ("/metrics", "X: 1", 200),
            ("/metrics", "X-Forwarded-For: 192.0.2.7", 403),
            ("/METRICS", "X: 1", 404),
            ("//readyz", "X: 1", 404),
            ("/healthz", "X-Forwarded-For: 192.0.2.7", 200),
        ):
            assert (await call(home.base_url, build(path, method="GET", headers=(header,)))).status == status


async def test_too_close_together(furnished: Furnished) -> None:
    """409 for the second call within the interval, whatever else is wrong with it; wsStates is not counted."""
    home, store = furnished
    assert (await told(home, "hasty"))[0] == -1
    before = await snapshot(home, store)
    for fields in ({}, {"mobile": "x"}, {"type": "1"}, {"type": "7"}):
        assert (await told(home, "hasty", **fields))[0] == 409
    assert (await home.post(STATES, username="hasty", message_ids="1"))["status"] == -1
    assert await snapshot(home, store) == before


PLANS: list[tuple[str, dict[str, str], int, str | None]] = [
    ("demo", {}, -1, LINE),
    ("demo", {"line": LINE}, -1, LINE),
    ("demo", {"line2": LINE2}, -1, LINE2),
    ("demo", {"line": LINE_1000, "line2": LINE2, "type": "2"}, -1, LINE_1000),
    ("demo", {"type": "1"}, -1, SIM_LINE),
    ("demo", {"type": "2"}, -1, SERVICE_LINE),
    ("demo", {"line": SERVICE_LINE}, -1, SERVICE_LINE),
    ("demo", {"line": SERVICE_LINE, "line2": SERVICE_LINE, "type": "2"}, -1, SERVICE_LINE),
    ("demo", {"line": SIM_LINE}, 2, None),
    ("one_line", {}, -1, LINE2),
    ("one_line", {"line": LINE}, 2, None),
    ("one_line", {"line": LINE2, "line2": LINE}, 2, None),
    ("one_line", {"line2": LINE, "type": "2"}, 2, None),
    ("plain", {}, 2, None),
    ("plain", {"line": LINE}, -1, LINE),
    ("plain", {"type": "1"}, 22, None),
    ("plain", {"type": "۱"}, 22, None),
    ("plain", {"line": LINE, "type": "1"}, 22, None),
    ("plain", {"line": LINE, "line2": LINE2, "type": "1"}, 22, None),
    ("plain", {"type": "2"}, 22, None),
    ("plain", {"line": LINE, "type": "2"}, 22, None),
    ("plain", {"line": LINE, "type": "3"}, 25, None),
    ("plain", {"line": SERVICE_LINE}, 2, None),
    ("untexted", {"type": "2"}, 34, None),
    ("untexted", {"line": LINE, "type": "2"}, 34, None),
    ("untexted", {"line": LINE, "type": "2", "template": "9"}, 34, None),
]


@pytest.mark.parametrize(("username", "fields", "status", "line"), PLANS)
async def test_plan(username: str, fields: dict[str, str], status: int, line: str | None, furnished: Furnished) -> None:
    """Which way is taken, or why not: every line of the plan is checked when the message is accepted."""
    assert await told(furnished[0], username, **fields) == (status, int(line) if line else None)


LONG = "س" * 700
ORDER: list[tuple[str, dict[str, str], int]] = [
    ("inactive", {"type": "7", "mobile": "x"}, 16),
    ("expired", {"type": "7", "mobile": "x", "line": "1"}, 17),
    ("elsewhere", {"type": "1", "mobile": "x", "message": ""}, 29),
    ("plain", {"type": "1", "mobile": "x", "line": "1"}, 22),
    ("demo", {"type": "7", "mobile": "x", "line": "1"}, 25),
    ("demo", {"mobile": "x", "line": "1", "message": ""}, 1),
    ("demo", {"line": "1", "message": ""}, 2),
    ("demo", {"line2": "1", "message": LONG, "type": "2", "template": "9"}, 2),
    ("demo", {"message": "", "type": "2", "template": "9"}, 13),
    ("texts", {"message": LONG, "line": LINE, "type": "2"}, 30),
    ("texts", {"message": LONG, "line": LINE, "template": "x"}, 30),
    ("texts", {"message": "a\nb" * 70, "type": "2", "mobile": BLOCKED}, 34),
    ("texts", {"line": LINE, "type": "2", "template": "8", "mobile": BLOCKED}, 34),
    ("poor", {"type": "2", "template": "8"}, 34),
    ("poor", {"line": LINE, "mobile": BLOCKED}, 27),
    ("poor", {"line": LINE, "mobile": STOPPED}, 33),
    ("poor", {"line": LINE2, "mobile": STOPPED}, 14),
    ("poor", {"line": LINE, "message": LONG}, 30),
]


@pytest.mark.parametrize(("username", "fields", "code"), ORDER)
async def test_order_of_reasons(username: str, fields: dict[str, str], code: int, furnished: Furnished) -> None:
    """Several reasons at once: the first in the contract's order is told, and nothing changes."""
    home, store = furnished
    before = await snapshot(home, store)
    assert await told(home, username, **fields) == (code, None)
    assert await snapshot(home, store) == before


async def test_malformed_comes_before_credentials(furnished: Furnished) -> None:
    """31 is told before 18: what cannot be read has no caller."""
    answer = await call(furnished[0].base_url, build(SEND, b"username=demo&password=wrong&message=%FF"))
    assert answer.json["status"] == 31


async def test_an_imported_opt_out_covers_advertising_lines_only(furnished: Furnished) -> None:
    """The operator's list (27) covers LINE and LINE2; the service line and Chelcheleh go on, and charge."""
    home, store = furnished
    before = await snapshot(home, store)
    for fields in ({"line": LINE}, {"line": LINE, "line2": LINE2}, {}):
        assert await told(home, "demo", mobile=BLOCKED, **fields) == (27, None)
    assert await snapshot(home, store) == before
    assert await messages_to(store, BLOCKED) == []
    assert await told(home, "demo", mobile=BLOCKED, line=LINE, type="2") == (-1, int(SERVICE_LINE))
    assert await told(home, "demo", mobile=BLOCKED, line=LINE, type="1") == (-1, int(SIM_LINE))
    assert await told(home, "demo", mobile=STOPPED, line=LINE, line2=LINE2) == (-1, int(LINE2))


TYPES = {
    AnswerTypes.DOCUMENT: ("demo", (int, int, str)),
    AnswerTypes.NUMERIC: ("numeric", (int, int, int)),
    AnswerTypes.STRING: ("string", (str, str, str)),
}


@pytest.mark.parametrize("answer_types", AnswerTypes)
async def test_answer_types(answer_types: AnswerTypes, furnished: Furnished) -> None:
    """The types of `data` as the account says; the status and the refusals are the same for all."""
    username, types = TYPES[answer_types]
    body = await furnished[0].send(username=username, mobile=MOBILE, message="x", line=LINE)
    data = body["data"]
    assert isinstance(data, dict)
    assert tuple(map(type, data.values())) == types
    assert [str(value) for value in data.values()][1:] == [LINE, MOBILE]
    assert body["status"] == -1
    refused = await furnished[0].send(username=username, mobile="x", message="x", line=LINE)
    assert (refused["data"], refused["status"]) == (None, 1)


async def test_suspended_intake_is_503_with_23(furnished: Furnished) -> None:
    """Intake closed by hand: 503 with 23 for sending, other reasons stay 200, states are told, /readyz says 503."""
    home, store = furnished
    fields = {"username": "demo", "password": PASSWORD, "mobile": MOBILE, "message": "x"}
    await store.set_intake(is_suspended=True)
    try:
        assert (await home.http.get(f"{home.base_url}/healthz")).status_code == 200
        await ready(home, 503)
        before = await snapshot(home, store)
        answer = await call(home.base_url, build(SEND, form(fields)))
        assert (answer.status, answer.json["data"], answer.json["status"]) == (503, None, 23)
        answer = await call(home.base_url, build(SEND, form({**fields, "mobile": "x"})))
        assert (answer.status, answer.json["status"]) == (200, 1)
        assert (await home.post(STATES, message_ids="1"))["status"] == -1
        assert await snapshot(home, store) == before
    finally:
        await store.set_intake(is_suspended=False)
    await ready(home, 200)
    assert (await told(home, "demo"))[0] == -1


async def ready(home: House, status: int) -> None:
    """Wait until /readyz answers this: the process looks twice a second for what others changed."""
    async with asyncio.timeout(10):
        while (await home.http.get(f"{home.base_url}/readyz")).status_code != status:  # noqa: ASYNC110 - the door
            await asyncio.sleep(POLL_S)
