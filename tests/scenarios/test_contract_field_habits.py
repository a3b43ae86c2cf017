"""Everything that programs in the field send (contract §5) is accepted and means what they mean."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from tests.golden.http.tenants import tenant, tenanted_house
from tests.golden.http.wire import (
    FORM,
    JSON,
    MULTIPART,
    SEND,
    STATES,
    Answer,
    build,
    call,
    connect,
    form,
    multipart,
    parse,
)
from tests.scenarios.house import House
from tests.site import LINE, LINE2, LINE_1000, PASSWORD, QUOTING_PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.front.passwords import hash_password

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOBILE = "989395213300"
NASTY_PASSWORD = """ @#$%&+=/?'"<>\\;رمز‌ی ۱۲%41+ """
FIELDS: Mapping[str, str] = {
    "username": "demo",
    "password": PASSWORD,
    "mobile": MOBILE,
    "message": "سلام",
    "line": LINE,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for the whole table."""
    nasty = tenant("کاربر", password_hash=hash_password(NASTY_PASSWORD))
    async with tenanted_house(tmp_path_factory.mktemp("habits"), nasty) as (home, _):
        yield home


def accepted(answer: Answer, line: str = LINE, mobile: str = MOBILE) -> int:
    """The answer is an acceptance on this line, to this recipient; the message's id."""
    told = answer.json
    data = told["data"]
    assert isinstance(data, dict), told
    assert (answer.status, told["status"], data["line"], data["mobile"]) == (200, -1, int(line), mobile)
    return int(data["message_id"])


def query(fields: Mapping[str, str]) -> str:
    """The fields as a path with a query."""
    return f"{SEND}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())


PATHS = [
    "/api/wsSend.ashx",
    "/API/WSSEND.ASHX",
    "/api/wssend.ashx",
    "/services/wsSend.ashx",
    "/Services/wsSend.ashx",
    "//api/wsSend.ashx",
    "/api///wsSend.ashx",
    "///services//WSsend.ashx",
    "/api/wsSend%2Eashx",
    "http://sms.3300.ir/api/wsSend.ashx",
]


@pytest.mark.parametrize("path", PATHS)
async def test_paths_of_sending(path: str, home: House) -> None:
    """Letter case and repeated slashes do not matter, and nothing redirects."""
    accepted(await call(home.base_url, build(path, form(FIELDS))))


@pytest.mark.parametrize(
    "path",
    [
        "/api/wsStates.aspx",
        "/api/wsStates.ashx",
        "/services/wsStates.ashx",
        "/API/WSSTATES.ASPX",
        "/api/wsstates.ashx",
        "//Services//WsStates.ashx",
    ],
)
async def test_paths_of_states(path: str, home: House) -> None:
    """Every spelling of wsStates answers."""
    fields = {"username": "demo", "password": PASSWORD, "message_ids": "99999999"}
    answer = await call(home.base_url, build(path, form(fields)))
    assert answer.json == {"data": {"msgIds": "99999999", "states": "4"}, "status": -1, "msg": "success"}


def labelled(fields: Mapping[str, str]) -> bytes:
    """A multipart body whose parts are called ISO-8859-1, as Java's HttpClient calls them, but for what needs UTF-8."""
    said = multipart(fields).decode()
    for name, value in fields.items():
        charset = "ISO-8859-1" if value.isascii() else "UTF-8"
        more = f"\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit"
        said = said.replace(f'name="{name}"', f'name="{name}"{more}')
    return said.encode()


def ways(fields: Mapping[str, str]) -> dict[str, bytes]:
    """One submission in every way that it may come."""
    as_json = json.dumps(fields, ensure_ascii=False).encode()
    half = dict(list(fields.items())[:2])
    rest = {name: value for name, value in fields.items() if name not in half}
    raw = "&".join(f"{k}={quote(v, safe='')}" for k, v in half.items()) + "&"
    raw += "&".join(f"{k}={v}" for k, v in rest.items())
    return {
        "form": build(SEND, form(fields)),
        "form with %20": build(SEND, query(fields).partition("?")[2].encode()),
        "form, charset": build(SEND, form(fields), f"{FORM}; charset=UTF-8"),
        "form, no type": build(SEND, form(fields), None),
        "form, raw UTF-8": build(SEND, raw.encode()),
        "form, a BOM": build(SEND, b"\xef\xbb\xbf" + form(fields)),
        "json": build(SEND, as_json, JSON),
        "json, charset": build(SEND, as_json, "application/json; charset=utf-8"),
        "json, escaped": build(SEND, json.dumps(fields).encode(), JSON),
        "json, a BOM": build(SEND, b"\xef\xbb\xbf" + as_json, JSON),
        "json, no type": build(SEND, as_json, None),
        "multipart": build(SEND, multipart(fields), MULTIPART),
        "multipart, behind a preamble": build(SEND, b"For old readers.\r\n" + multipart(fields), MULTIPART),
        "multipart, as Java's HttpClient": build(SEND, labelled(fields), MULTIPART),
        "form, ASCII called ISO-8859-1": build(
            query({k: v for k, v in fields.items() if not v.isascii()}),
            form({k: v for k, v in fields.items() if v.isascii()}),
            f"{FORM}; charset=ISO-8859-1",
        ),
        "form in gzip": build(SEND, gzip.compress(form(fields)), headers=("Content-Encoding: gzip",)),
        "json in gzip": build(SEND, gzip.compress(as_json), JSON, headers=("Content-Encoding: gzip",)),
        "get": build(query(fields), method="GET"),
        "get, 1.0": build(query(fields), method="GET", version="1.0"),
        "get, raw UTF-8": build(f"{SEND}?{raw}".encode(), method="GET"),
        "get, quote_plus": build(f"{SEND}?{form(fields).decode()}", method="GET"),
        "form, 1.0": build(SEND, form(fields), version="1.0"),
        "json, 1.0": build(SEND, as_json, JSON, version="1.0"),
        "all in the query": build(query(fields), b""),
        "query and form": build(query(half), form(rest)),
        "query and json": build(query(half), json.dumps(rest).encode(), JSON),
        "query and multipart": build(query(half), multipart(rest), MULTIPART),
        "upgrade to h2c": build(
            SEND, form(fields), headers=("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
        ),
        "names in any case": build(SEND, form({k.title(): v for k, v in fields.items()})),
        "names in upper case, json": build(SEND, json.dumps({k.upper(): v for k, v in fields.items()}).encode(), JSON),
        "unknown fields": build(SEND, json.dumps({**fields, "x": [1, {"y": None}], "flash": True}).encode(), JSON),
    }


WAYS = tuple(ways(FIELDS))
CALLERS = {
    "demo": PASSWORD,
    "quoting": QUOTING_PASSWORD,
    "کاربر": NASTY_PASSWORD,
}


@pytest.mark.parametrize("username", CALLERS)
@pytest.mark.parametrize("way", WAYS)
async def test_way(way: str, username: str, home: House) -> None:
    """Form, JSON, multipart, GET and mixtures say the same, whatever the password holds."""
    fields = {**FIELDS, "username": username, "password": CALLERS[username]}
    message_id = accepted(await call(home.base_url, ways(fields)[way]))
    assert message_id > 1_000


async def test_raw_octets_of_a_password_in_a_query(home: House) -> None:
    """Only what a URL gives a meaning is escaped; the Persian letters of the password come as raw UTF-8."""
    written = QUOTING_PASSWORD
    for char in "%#&+ ":
        written = written.replace(char, f"%{ord(char):02X}")
    assert not written.isascii()
    target = f"{SEND}?username=quoting&password={written}&mobile={MOBILE}&message=سلام‌ دنیا".replace(" ", "+")
    message_id = accepted(await call(home.base_url, build(target.encode(), method="GET")))
    assert (await home.story(message_id)).message.current.text == "سلام‌ دنیا"


async def test_chunked_body(home: House) -> None:
    """A body in chunks, as .NET and Java send it."""
    body = form(FIELDS)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:40], body[40:])) + b"0\r\n\r\n"
    head = f"POST {SEND} HTTP/1.1\r\nHost: h\r\nContent-Type: {FORM}\r\nConnection: close\r\n"
    accepted(await call(home.base_url, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks))


async def test_expect_100_continue(home: House) -> None:
    """.NET's client waits for "100 Continue" before it sends the body."""
    body = form(FIELDS)
    request = build(SEND, body, headers=("Expect: 100-continue",))
    reader, writer = await connect(home.base_url)
    async with asyncio.timeout(60):
        writer.write(request.removesuffix(body))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        accepted(parse(await reader.read(-1)))
    writer.close()


async def test_expect_over_http_1_0_is_ignored(home: House) -> None:
    """An HTTP/1.0 client would take "100 Continue" for its answer."""
    accepted(await call(home.base_url, build(SEND, form(FIELDS), version="1.0", headers=("Expect: 100-continue",))))


async def test_one_connection_for_many_calls(home: House) -> None:
    """Kept connections, pipelined requests and a client that closes its half after asking."""
    reader, writer = await connect(home.base_url)
    request = build(SEND, form(FIELDS))
    kept = request.replace(b"Connection: close\r\n", b"")
    async with asyncio.timeout(10):
        writer.write(kept + kept + request)
        writer.write_eof()
        octets = await reader.read(-1)
    writer.close()
    assert octets.count(b"HTTP/1.1 200 OK") == octets.count(b'"status":-1') == 3


MOBILES = [
    MOBILE,
    "09395213300",
    "9395213300",
    "+989395213300",
    "00989395213300",
    " 989395213300",
    "989395213300 ",
    "0939 521 3300",
    "0939-521-3300",
    "+98 939 521 33 00",
    "۰۹۳۹۵۲۱۳۳۰۰",
    "٠٩٣٩٥٢١٣٣٠٠",
    "+۹۸۹۳۹۵۲۱۳۳۰۰",
    "989۳۹۵٢١٣300",
]


@pytest.mark.parametrize("mobile", MOBILES)
async def test_mobile(mobile: str, home: House) -> None:
    """Every spelling of a mobile number is answered as 989…, by form and by JSON."""
    fields = {**FIELDS, "mobile": mobile}
    accepted(await call(home.base_url, build(SEND, form(fields))))
    accepted(await call(home.base_url, build(SEND, json.dumps(fields).encode(), JSON)))


async def test_a_raw_plus_in_a_query_arrives_as_a_blank(home: House) -> None:
    """`mobile=+989…` unescaped."""
    path = query({k: v for k, v in FIELDS.items() if k != "mobile"}) + f"&mobile=+{MOBILE}"
    accepted(await call(home.base_url, build(path, method="GET")))


LINES = {
    LINE: [
        "9830003300",
        "30003300",
        "+9830003300",
        "009830003300",
        "۳۰۰۰۳۳۰۰",
        "٩٨٣٠٠٠٣٣٠٠",
        " 98 3000 3300 ",
        "030003300",
    ],
    LINE_1000: ["10003300", "9810003300", "۱۰۰۰۳۳۰۰", "+9810003300", "١٠٠٠٣٣٠٠"],
    LINE2: ["30003301", "9830003301"],
    SERVICE_LINE: ["20003300", "9820003300"],
}


@pytest.mark.parametrize(("registered", "written"), [(r, w) for r, spellings in LINES.items() for w in spellings])
async def test_line(registered: str, written: str, home: House) -> None:
    """A line is found in either spelling, as line and as line2, and answered as registered."""
    fields = {**FIELDS, "line": written}
    accepted(await call(home.base_url, build(SEND, form(fields))), registered)
    fields = {**{k: v for k, v in FIELDS.items() if k != "line"}, "line2": written}
    accepted(await call(home.base_url, build(SEND, form(fields))), registered)


TYPES = {
    LINE: ["0", "۰", "٠", "", " 0 "],
    SIM_LINE: ["1", "۱", "١", " ۱"],
    SERVICE_LINE: ["2", "۲", "٢", "02"],
}


@pytest.mark.parametrize(("line", "written"), [(line, w) for line, spellings in TYPES.items() for w in spellings])
async def test_type(line: str, written: str, home: House) -> None:
    """`type` in digits of three scripts, the manual's ۲ among them; empty is not given."""
    fields = {**FIELDS, "line": "", "type": written}
    accepted(await call(home.base_url, build(SEND, form(fields))), line)


@pytest.mark.parametrize("template", ["0", "1", "۱", "٠", ""])
async def test_template(template: str, home: House) -> None:
    """The number of a template in digits of three scripts."""
    fields = {**FIELDS, "line": "", "type": "2", "template": template}
    accepted(await call(home.base_url, build(SEND, form(fields))), SERVICE_LINE)


JSON_VALUES: list[tuple[dict[str, Any], str]] = [
    ({"mobile": 989395213300}, LINE),
    ({"mobile": 9395213300}, LINE),
    ({"line": 9830003300}, LINE),
    ({"line": 10003300, "type": 0}, LINE_1000),
    ({"line": None, "type": 2, "template": 1}, SERVICE_LINE),
    ({"line": "", "type": 1}, SIM_LINE),
    ({"line": None, "line2": None, "type": None, "template": None, "life_time": None}, LINE),
    ({"message": 123456}, LINE),
    ({"life_time": 60}, LINE),
]


@pytest.mark.parametrize(("values", "line"), JSON_VALUES)
async def test_json_numbers_and_strings(values: dict[str, Any], line: str, home: House) -> None:
    """JSON scalars may be strings or numbers; null and the empty string are not given."""
    accepted(await call(home.base_url, build(SEND, json.dumps({**FIELDS, **values}).encode(), JSON)), line)


DOUBLED: dict[str, tuple[str, bytes, str | None]] = {
    "form": (SEND, form(FIELDS) + b"&line=" + LINE2.encode() + b"&mobile=12", FORM),
    "names in two cases": (SEND, form(FIELDS) + b"&LINE=" + LINE2.encode(), FORM),
    "query": (query(FIELDS) + f"&line={LINE2}&username=x", b"", FORM),
    "the body counts": (f"{SEND}?line={LINE2}&mobile=12&username=x&password=y", form(FIELDS), FORM),
    "the body counts, json": (f"{SEND}?LINE={LINE2}", json.dumps(FIELDS).encode(), JSON),
    "the body counts, multipart": (f"{SEND}?Line={LINE2}", multipart(FIELDS), MULTIPART),
    "json": (SEND, json.dumps(FIELDS).encode()[:-1] + b', "line": "' + LINE2.encode() + b'"}', JSON),
}


@pytest.mark.parametrize("case", DOUBLED)
async def test_doubled_fields(case: str, home: House) -> None:
    """The first of doubled fields counts; where query and body name a field, the body does."""
    path, body, content_type = DOUBLED[case]
    accepted(await call(home.base_url, build(path, body, content_type)))


async def test_empty_is_not_given(home: House) -> None:
    """Clients send all eight parameters of the manual and leave empty what they do not use."""
    fields = {**FIELDS, "line": "", "line2": "", "type": "", "template": "", "life_time": ""}
    accepted(await call(home.base_url, build(SEND, form(fields))))
    accepted(await call(home.base_url, build(SEND, multipart(fields), MULTIPART)))
    accepted(await call(home.base_url, build(SEND, json.dumps(fields).encode(), JSON)))


async def test_a_percent_that_escapes_nothing(home: House) -> None:
    """Hand-written clients do not escape: a lone percent sign stands for itself."""
    body = form({k: v for k, v in FIELDS.items() if k != "message"}) + "&message=100% سود %zz".encode()
    message_id = accepted(await call(home.base_url, build(SEND, body)))
    assert (await home.story(message_id)).message.current.text == "100% سود %zz"


async def test_states_in_every_way(home: House) -> None:
    """wsStates reads its fields as wsSend does."""
    fields = {"username": "quoting", "password": QUOTING_PASSWORD, "message_ids": '"99999997, ۹۹۹۹۹۹۹۸"'}
    expected = {"data": {"msgIds": "99999997,99999998", "states": "4,4"}, "status": -1, "msg": "success"}
    for request in (
        build(STATES, form(fields)),
        build(STATES, json.dumps(fields).encode(), JSON),
        build(STATES, multipart(fields), MULTIPART),
        build(f"{STATES}?{form(fields).decode()}", method="GET"),
    ):
        assert (await call(home.base_url, request)).json == expected


async def test_get_can_be_turned_off(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting turns GET off: 405 in the refusals' shape, and POST as before."""
    monkeypatch.setenv("PAYAMAK_ALLOW_GET", "false")
    async with tenanted_house(tmp_path_factory.mktemp("no_get")) as (home, _):
        answer = await call(home.base_url, build(query(FIELDS), method="GET"))
        assert (answer.status, answer.json["data"], answer.headers["allow"]) == (405, None, "POST")
        accepted(await call(home.base_url, build(SEND, form(FIELDS))))
