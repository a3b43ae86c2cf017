"""The service line's approved texts (contract §4), through HTTP to the operator's ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from tests.golden.http.tenants import messages_to, snapshot, tenant, tenanted_house
from tests.golden.http.wire import JSON, SEND, build, call
from tests.scenarios.house import House
from tests.site import LINE, LINE2, PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.domain.site import Account, TemplateDocument
from payamak.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

Furnished = tuple[House, SqliteStore]
Text = str | Mapping[str, object]

CODE = TemplateDocument(number=1, text="کد ورود شما: {code}")
VISIT = TemplateDocument(number=2, text="{name} عزیز، نوبت شما {time} است.")
PIN = TemplateDocument(number=3, text="رمز {pin} را به کسی نگویید.", patterns={"pin": "[0-9]{4,6}"})
CLOSED = TemplateDocument(number=7, text="فروشگاه بسته است.")
ZERO = TemplateDocument(number=0, text="صفر: {x}")


def tenants() -> list[Account]:
    """One text; several with a default; several without; several with a number 0."""

    def account(username: str, *templates: TemplateDocument, default: int | None = None) -> Account:
        return tenant(username, templates=templates, default_template=default)

    return [
        account("one", CODE),
        account("many", CODE, VISIT, PIN, CLOSED, default=2),
        account("undefaulted", CODE, VISIT),
        account("zero", ZERO, CODE),
        account("none"),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """One house for all."""
    async with tenanted_house(tmp_path_factory.mktemp("templates"), *tenants()) as (home, store):
        yield home, store


_numbers = iter(range(1, 10_000))


async def post(home: House, username: str, mobile: str, message: Text, **fields: object) -> tuple[int, object]:
    """Send as JSON; the status, and the line or None."""
    values = {"username": username, "password": PASSWORD, "mobile": mobile, "message": message, **fields}
    told = (await call(home.base_url, build(SEND, json.dumps(values).encode(), JSON))).json
    data, status = told["data"], told["status"]
    assert isinstance(status, int)
    return status, data["line"] if isinstance(data, dict) else None


SENT: list[tuple[str, Text, object, str]] = [
    ("one", "1234", None, "کد ورود شما: 1234"),
    ("one", "کد ورود شما: 1234", None, "کد ورود شما: 1234"),
    ("one", "كد ورود  شما:\u200f \r\n۱۲", 0, "كد ورود  شما:\u200f \r\n۱۲"),
    ("one", "1234", 0, "کد ورود شما: 1234"),
    ("one", "1234", "۱", "کد ورود شما: 1234"),
    ("one", {"code": "1234"}, 1, "کد ورود شما: 1234"),
    ("one", {"code": 1234}, None, "کد ورود شما: 1234"),
    ("one", '{"code": "1234"}', None, 'کد ورود شما: {"code": "1234"}'),
    ("one", "x" * 200, None, "کد ورود شما: " + "x" * 200),
    ("many", "علی عزیز، نوبت شما ۹ است.", None, "علی عزیز، نوبت شما ۹ است."),
    ("many", {"name": "علی", "time": "۱۸:۳۰"}, None, "علی عزیز، نوبت شما ۱۸:۳۰ است."),
    ("many", {"time": 9, "name": "{time}"}, 2, "{time} عزیز، نوبت شما 9 است."),
    ("many", "1234", 1, "کد ورود شما: 1234"),
    ("many", "123456", 3, "رمز 123456 را به کسی نگویید."),
    ("many", "رمز 9999 را به کسی نگویید.", 3, "رمز 9999 را به کسی نگویید."),
    ("many", "فروشگاه بسته است.", 7, "فروشگاه بسته است."),
    ("many", "فروشگاه بسته است. ", 7, "فروشگاه بسته است. "),
    ("undefaulted", "5", 1, "کد ورود شما: 5"),
    ("zero", "5", None, "صفر: 5"),
    ("zero", "5", 0, "صفر: 5"),
    ("zero", "5", 1, "کد ورود شما: 5"),
]


@pytest.mark.parametrize(("username", "message", "template", "text"), SENT, ids=range(len(SENT)))
async def test_what_is_sent(username: str, message: Text, template: object, text: str, furnished: Furnished) -> None:
    """A whole approved text as it is, the value of the only placeholder, or values by name; priced as sent."""
    home, store = furnished
    mobile = f"98911{next(_numbers):04d}000"
    assert await post(home, username, mobile, message, type=2, template=template) == (-1, int(SERVICE_LINE))
    assert [(w.line, w.text) for w in home.received() if w.recipient == mobile] == [(SERVICE_LINE, text)]
    (row,) = await messages_to(store, mobile)
    assert row.charged == 1_400 * row.current.parts
    assert row.lane == 0  # otp


REFUSED: list[tuple[str, Text, object]] = [
    ("one", "کد ورود شما: ", 0),
    ("one", "کد ورود شما - 1234", None),
    ("one", "x" * 201, None),
    ("one", {"code": "x" * 201}, None),
    ("one", {}.fromkeys(["code", "more"], "1"), None),
    ("one", {"kode": "1"}, None),
    ("one", {"code": ""}, None),
    ("one", {"code": {"a": 1}}, None),
    ("one", {"code": None}, None),
    ("one", {"code": True}, None),
    ("one", {"code": ["1"]}, None),
    ("one", "1234", 9),
    ("one", "1234", "abc"),
    ("one", "1234", "1 OR 1=1"),
    ("one", "1234", -1),
    ("many", "1234", None),
    ("many", "علی عزیز", 0),
    ("many", {"name": "علی"}, 2),
    ("many", "123", 3),
    ("many", "12a4", 3),
    ("many", "1234567", 3),
    ("many", "رمز 99 را به کسی نگویید.", 3),
    ("many", {"pin": "12345678"}, 3),
    ("many", "فروشگاه باز است.", 7),
    ("many", "1234", 4),
    ("undefaulted", "1234", None),
    ("undefaulted", "1234", 0),
    ("none", "1234", None),
    ("none", "1234", 1),
]


@pytest.mark.parametrize(("username", "message", "template"), REFUSED, ids=range(len(REFUSED)))
async def test_what_is_refused(username: str, message: Text, template: object, furnished: Furnished) -> None:
    """No match is 34: nothing sent, nothing charged; also when the service line comes later in the plan."""
    home, store = furnished
    before = await snapshot(home, store)
    plans: list[dict[str, object]] = [{"type": 2}, {"line": SERVICE_LINE}]
    if isinstance(message, str):
        plans += [{"line": LINE, "type": 2}, {"line": LINE, "line2": LINE2, "type": 2}]
    for fields in plans:
        assert await post(home, username, "989120009000", message, template=template, **fields) == (34, None)
    assert await snapshot(home, store) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"line": LINE},
        {"line": LINE, "type": 2},
        {"line": SERVICE_LINE, "line2": LINE},
        {"type": 1},
        {"line": LINE, "type": 1},
        {},
    ],
)
async def test_an_object_elsewhere_is_13(fields: dict[str, object], furnished: Furnished) -> None:
    """An object is only for plans that are nothing but the service line."""
    home, store = furnished
    before = await snapshot(home, store)
    assert await post(home, "one", "989120009000", {"code": "1"}, **fields) == (13, None)
    assert await snapshot(home, store) == before


async def test_each_line_sends_its_own_text(furnished: Furnished) -> None:
    """The line sends the message as it is; only the service line behind it sends the template, at its own price."""
    home, store = furnished
    plain, refuses = "989210009000", "989210009033"
    assert await post(home, "one", plain, "1234", line=LINE, type=2) == (-1, int(LINE))
    assert await post(home, "one", refuses, "1234", line=LINE, type=2) == (-1, int(SERVICE_LINE))
    texts = {whole.recipient: (whole.line, whole.text) for whole in home.received()}
    assert texts[plain] == (LINE, "1234")
    assert texts[refuses] == (SERVICE_LINE, "کد ورود شما: 1234")
    assert [(await messages_to(store, mobile))[0].charged for mobile in (plain, refuses)] == [2_100, 1_400]


async def test_a_template_without_the_service_line_means_nothing(furnished: Furnished) -> None:
    """The manual's first request sends `template: 0` with every type; any number is let pass there."""
    home, _ = furnished
    for fields, line in (({"line": LINE}, LINE), ({"line": LINE2, "type": 0}, LINE2), ({"type": 1}, SIM_LINE)):
        for template in (0, "0", 99, "۰"):
            assert await post(home, "none", "989220009000", "x", template=template, **fields) == (-1, int(line))
