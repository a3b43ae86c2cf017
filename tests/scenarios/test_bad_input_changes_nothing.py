"""Bad input (contract §5): a well-formed refusal under HTTP 200 with the right code, and nothing changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from tests.golden.http.tenants import snapshot, tenant, tenanted_house
from tests.golden.http.wire import FORM, JSON, MULTIPART, SEND, STATES, Answer, build, call, form, multipart
from tests.scenarios.house import House
from tests.site import LINE, OTHER_LINE, PASSWORD, SIM_LINE

from payamak.codes import Code
from payamak.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOBILE = "989395213300"
FIELDS: Mapping[str, Any] = {
    "username": "demo",
    "password": PASSWORD,
    "mobile": MOBILE,
    "message": "سلام",
    "line": LINE,
}
SQL = ("1 OR 1=1", "1; DROP TABLE messages; --", "' OR ''='", "1) UNION SELECT 1 --", '"; DELETE FROM entries; --')
NO_NUMBERS = (*SQL, "abc", "-1", "1.5", "1e3", "0x10", "۱۲ب", "²", "½", "{}", "null", "9" * 5_000)

Furnished = tuple[House, SqliteStore]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def furnished(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Furnished]:
    """One house, in which nothing is ever accepted."""
    bare = tenant("bare", default_line=None)
    async with tenanted_house(tmp_path_factory.mktemp("bad"), bare) as (home, store):
        for username in ("demo", "bare"):  # known from here on, so that failures cannot lock them out
            body = await home.post(STATES, username=username, message_ids="1")
            assert body["status"] == -1
        yield home, store


def refused(answer: Answer, status: int = 200) -> int:
    """The code of an answer, which must be a refusal in the contract's shape."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json; charset=utf-8")
    told = answer.json
    assert list(told) == ["data", "status", "msg"]
    code = told["status"]
    assert told["data"] is None
    assert isinstance(code, int)
    assert told["msg"] == Code(code).english
    return code


async def check(furnished: Furnished, request: bytes, code: int) -> None:
    """This request is refused with this code, and the house is as it was."""
    home, store = furnished
    before = await snapshot(home, store)
    assert refused(await call(home.base_url, request)) == code
    assert await snapshot(home, store) == before


def as_json(**values: Any) -> bytes:
    """A JSON submission, good but for these values."""
    return build(SEND, json.dumps({**FIELDS, **values}).encode(), JSON)


def as_form(**values: str) -> bytes:
    """The same as a form."""
    return build(SEND, form({**FIELDS, **values}))


MISSING = {"username": 18, "password": 18, "mobile": 1, "message": 13, "line": 2}


@pytest.mark.parametrize("name", MISSING)
async def test_missing(name: str, furnished: Furnished) -> None:
    """A field left out, empty or null has the code of its field; an account without default line needs a line."""
    rest = {**FIELDS, "username": "bare"}
    del rest[name]
    await check(furnished, build(SEND, form(rest)), MISSING[name])
    await check(furnished, build(SEND, form({**rest, name: ""})), MISSING[name])
    await check(furnished, as_json(**{"username": "bare", name: None}), MISSING[name])


@pytest.mark.parametrize("name", [*FIELDS, "line2", "type", "template", "life_time"])
@pytest.mark.parametrize("value", [True, False, [], ["1"], [1, 2], {"a": 1}, {"$gt": ""}, {}, [[]]])
async def test_wrong_type(name: str, value: Any, furnished: Furnished) -> None:
    """Truth values, arrays and objects are no fields; an object as message is told as 13."""
    is_object_text = name == "message" and isinstance(value, dict)
    await check(furnished, as_json(**{name: value}), 13 if is_object_text else 31)


@pytest.mark.parametrize("name", ["mobile", "line", "line2", "type", "template"])
@pytest.mark.parametrize("text", NO_NUMBERS)
async def test_no_number(name: str, text: str, furnished: Furnished) -> None:
    """SQL-like and other text in a numeric field is refused with the field's code, never taken for a default."""
    code = {"mobile": 1, "line": 2, "line2": 2, "type": 25, "template": 34}[name]
    await check(furnished, as_form(**{name: text}), code)
    if name == "template":
        await check(furnished, as_form(template=text, type="2"), 34)


@pytest.mark.parametrize("value", [3, 12, -1, 1.5, "3", "۳", "10", "00003", 10**30])
async def test_unknown_type(value: Any, furnished: Furnished) -> None:
    """A type that is none of the three is 25."""
    await check(furnished, as_json(type=value), 25)


@pytest.mark.parametrize(
    "mobile",
    [
        "0912",
        "98912345678",
        "9891234567890",
        "02188776655",
        "98213300",
        "00989123456789989",
        "9830003300",
        "989830003300",
        "+1 202 555 0100",
        "00989",
        "989120000000,989120000001",
        "989120000000;",
        "9" * 100_000,
        "0",
        " ",
        "-",
    ],
)
async def test_no_mobile(mobile: str, furnished: Furnished) -> None:
    """Land lines, foreign numbers, lists and numbers of a wrong length are no recipient."""
    await check(furnished, as_form(mobile=mobile), 1)


@pytest.mark.parametrize(
    "line", ["30009999", "3300", "98", "0", "98300033001", SIM_LINE, OTHER_LINE, "9" * 1_000, " ", "Negin"]
)
async def test_no_line(line: str, furnished: Furnished) -> None:
    """What is not the account's is 2, wherever it stands in the plan: another account's line, Chelcheleh's own."""
    await check(furnished, as_form(line=line), 2)
    await check(furnished, as_form(line2=line), 2)
    await check(furnished, as_form(line=line, type="2"), 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 13),
        ("س" * 670 + "س", 30),
        ("a" * 1_531, 30),
        ("€" * 766, 30),
        ("😀" * 331, 30),
        ("a" * 900_000, 30),
        ("س" * 100_000, 30),
    ],
)
async def test_text(text: str, code: int, furnished: Furnished) -> None:
    """Empty texts, and texts of more parts than the account may send."""
    await check(furnished, as_form(message=text), code)
    await check(furnished, as_form(message=text, type="2"), code)


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("demo", "wrong"),
        ("Demo", PASSWORD),
        ("de mo", PASSWORD),
        ("demo", PASSWORD.upper()),
        ("demo", f"{PASSWORD} "),
        ("nobody", PASSWORD),
        ("demo' --", "x"),
        ("' OR '1'='1", "' OR '1'='1"),
        ("demo", "x" * 100_000),
        ("x" * 100_000, "x"),
        ("*", "*"),
        ("..", "$argon2id$v=19"),
    ],
)
async def test_credentials(username: str, password: str, furnished: Furnished) -> None:
    """Wrong names and passwords are 18 at both doors, SQL-like and endless ones too."""
    await check(furnished, as_form(username=username, password=password), 18)
    states = {"username": username, "password": password, "message_ids": "x"}
    await check(furnished, build(STATES, form(states)), 18)


ROT = {
    "%00": b"%00",
    "raw NUL": b"\0",
    "%FF": b"%FF",
    "raw FF": b"\xff",
    "half a letter": b"%D8",
    "half a letter, raw": b"\xd8",
    "overlong slash": b"%C0%AF",
    "a surrogate": b"%ED%A0%80",
    "beyond Unicode": b"%F5%80%80%80",
    "Windows-1256": "سلام".encode("cp1256"),
}


@pytest.mark.parametrize("name", ["username", "password", "mobile", "message", "line", "type", "unknown"])
@pytest.mark.parametrize("rot", ROT)
async def test_octets_that_are_no_text(rot: str, name: str, furnished: Furnished) -> None:
    """NUL and invalid UTF-8 are refused, not repaired: in any field, in form, query, JSON and multipart."""
    octets = ROT[rot]
    good = form({k: v for k, v in FIELDS.items() if k != name})
    await check(furnished, build(SEND, good + b"&" + name.encode() + b"=1" + octets), 31)
    if rot != "raw NUL":  # which no request line may hold
        target = f"{SEND}?".encode() + good + b"&" + name.encode() + b"=1" + octets
        await check(furnished, build(target, method="GET"), 31)
    if not octets.startswith(b"%"):
        await check(furnished, build(SEND, _with_value(FIELDS, name, b"1" + octets), JSON), 31)
        body = multipart({**FIELDS, name: "@@"}).replace(b"@@", octets)
        await check(furnished, build(SEND, body, MULTIPART), 31)


def _with_value(fields: Mapping[str, Any], name: str, octets: bytes) -> bytes:
    return json.dumps({**fields, name: "@@"}).encode().replace(b"@@", octets)


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udc00\ud800", r"\ud83d x"])
@pytest.mark.parametrize("name", ["username", "mobile", "message", "line"])
async def test_json_escapes_that_are_no_text(escape: str, name: str, furnished: Furnished) -> None:
    """The same, written as JSON escapes: NUL, and halves of a surrogate pair."""
    await check(furnished, build(SEND, _with_value(FIELDS, name, escape.encode()), JSON), 31)


GOOD_JSON = json.dumps(FIELDS).encode()


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/xml; charset=utf-8",
        "application/xml",
        "application/octet-stream",
        "application/jsonp",
        "multipart/mixed; boundary=XyZ",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        ";;;",
        "x" * 1_000,
    ],
)
async def test_wrong_content_type(content_type: str, furnished: Furnished) -> None:
    """A content type that holds no fields is 31, whatever the body."""
    for body in (form(FIELDS), GOOD_JSON, multipart(FIELDS)):
        await check(furnished, build(SEND, body, content_type), 31)


@pytest.mark.parametrize(
    "body",
    [
        form(FIELDS),
        multipart(FIELDS),
        b"[]",
        b"[" + GOOD_JSON + b"]",
        b"null",
        b"true",
        b"1",
        b'"x"',
        GOOD_JSON + GOOD_JSON,
        GOOD_JSON + b",",
        GOOD_JSON[:-1] + b",}",
        GOOD_JSON[:-1] + b', "x": NaN}',
        GOOD_JSON[:-1] + b', "x": Infinity}',
        GOOD_JSON.replace(b'"', b"'"),
        b"// note\n" + GOOD_JSON,
        b"[" * 200_000,
        b'{"x":' * 100_000,
        GOOD_JSON.decode().encode("utf-16"),
        json.dumps({str(n): n for n in range(1_100)} | dict(FIELDS)).encode(),
    ],
    ids=range(19),
)
async def test_no_json_object(body: bytes, furnished: Furnished) -> None:
    """What is called JSON and is none, or no object, is 31; so are ten thousand levels and a thousand fields."""
    await check(furnished, build(SEND, body, JSON), 31)


async def test_truncated_bodies(furnished: Furnished) -> None:
    """JSON and multipart cut short anywhere are refused; so is a form called JSON, and JSON called a form."""
    home, store = furnished
    before = await snapshot(home, store)
    for end in range(1, len(GOOD_JSON)):
        assert refused(await call(home.base_url, build(SEND, GOOD_JSON[:end], JSON))) == 31
    whole = multipart(FIELDS)
    for end in range(1, len(whole.rstrip()) - 2, 7):
        assert refused(await call(home.base_url, build(SEND, whole[:end], MULTIPART))) == 31
    assert refused(await call(home.base_url, build(SEND, GOOD_JSON, FORM))) == 31
    assert await snapshot(home, store) == before


IDS = {
    "": 24,
    " ": 24,
    ",": 24,
    ",,": 24,
    ",1": 24,
    "1,,2": 24,
    "1 2": 24,
    "1;2": 24,
    "abc": 24,
    "1,x": 24,
    "-5": 24,
    "+5": 24,
    "1.5": 24,
    "0x10": 24,
    "1e3": 24,
    "[1,2]": 24,
    '"': 24,
    '""': 24,
    '"1': 24,
    "1'": 24,
    "²": 24,
    "1' OR '1'='1": 24,
    "1); DROP TABLE messages; --": 24,
    ",".join(["1"] * 50_001): 31,
    "1\0": 31,
}


@pytest.mark.parametrize("ids", IDS, ids=range(len(IDS)))
async def test_bad_ids(ids: str, furnished: Furnished) -> None:
    """An empty list, a blank inside an id, or anything that is no number is 24; too many are 31."""
    fields = {"username": "demo", "password": PASSWORD, "message_ids": ids}
    await check(furnished, build(STATES, form(fields)), IDS[ids])
    await check(furnished, build(STATES, json.dumps(fields).encode(), JSON), IDS[ids])


@pytest.mark.parametrize(("value", "code"), [(True, 31), ([1, 2], 31), ({"a": 1}, 31), (None, 24), (1.5, 24), (-1, 24)])
async def test_ids_of_a_wrong_type(value: Any, code: int, furnished: Furnished) -> None:
    """Ids come as text or as one whole number."""
    body = json.dumps({"username": "demo", "password": PASSWORD, "message_ids": value}).encode()
    await check(furnished, build(STATES, body, JSON), code)
