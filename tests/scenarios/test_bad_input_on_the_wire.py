"""What is no call at all, or hardly HTTP: 404, 405, 413, a bare 400, garbage. Never a 500, and nothing changes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from tests.golden.http.tenants import snapshot, tenanted_house
from tests.golden.http.wire import (
    FORM,
    JSON,
    MULTIPART,
    SEND,
    STATES,
    build,
    call,
    connect,
    exchange,
    form,
    multipart,
    parse,
)
from tests.scenarios.house import House
from tests.site import LINE, PASSWORD

from payamak.codes import Code
from payamak.http.request import refusal
from payamak.store.ruled import RuledStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1 << 20
FIELDS: Mapping[str, str] = {
    "username": "demo",
    "password": PASSWORD,
    "mobile": "989395213300",
    "message": "سلام",
    "line": LINE,
}
WITHOUT_MOBILE = {name: value for name, value in FIELDS.items() if name != "mobile"}
BARE = {"content-length": "0", "connection": "close", "cache-control": "no-store", "x-content-type-options": "nosniff"}


def is_bare_400(octets: bytes) -> bool:
    """Whether this is the answer to what is not HTTP: no body, and the headers of every answer."""
    answer = parse(octets)
    return answer.status == 400 and {k: v for k, v in answer.headers.items() if k != "date"} == BARE


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house; at its end it is as it was, still serves, and its log holds no failure of ours."""
    async with tenanted_house(tmp_path_factory.mktemp("wire")) as (home, store):
        assert (await home.post(STATES, message_ids="1"))["status"] == -1
        before = await snapshot(home, store)
        yield home
        await unchanged(home, store, before)


async def unchanged(home: House, store: RuledStore, before: object) -> None:
    """Nothing was kept, spent, learned or sent, and the process is well."""
    assert await snapshot(home, store) == before
    log = (home.folder / "serve.log").read_text()
    assert "handler_failed" not in log
    assert "Traceback" not in log
    assert (await home.post(STATES, message_ids="1"))["status"] == -1


def shape(body: bytes) -> int:
    """The code of a refusal; its text is the code's, or that of the HTTP status for what is no call of this API."""
    told = json.loads(body)
    assert list(told) == ["data", "status", "msg"]
    assert told["data"] is None
    assert body in {refusal(Code(told["status"]), status).body for status in (200, 404, 405, 413)}
    return int(told["status"])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/wsSend",
        "/api/wsSend.ashx/",
        "/api/wsSend.ashx/x",
        "/x/api/wsSend.ashx",
        "/services/wsStates.aspx",
        "/api/wsSend.aspx",
        "/api/./wsSend.ashx",
        "/api/wsSend.ashx%00",
        "/%FF",
        "*",
        "/" + "a" * 5_000,
    ],
)
async def test_404(path: str, home: House) -> None:
    """A path that is no door is 404, in the refusals' shape."""
    answer = await call(home.base_url, build(path, form(FIELDS)))
    assert (answer.status, shape(answer.body)) == (404, 31)
    assert answer.body == refusal(Code.MALFORMED, 404).body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
@pytest.mark.parametrize("path", [SEND, STATES])
async def test_405(method: str, path: str, home: House) -> None:
    """Any other method is 405 and says which ones serve; HEAD, above all, sends nothing."""
    octets = await exchange(home.base_url, build(f"{path}?{form(FIELDS).decode()}", form(FIELDS), method=method))
    head, _, body = octets.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, POST\r\n" in head
    assert body == b"" if method == "HEAD" else shape(body) == 31


@pytest.mark.parametrize("octets", [MIB + 1, 3 * MIB, 8 * MIB - 1])
@pytest.mark.parametrize("way", ["length", "chunked", "1.0"])
async def test_413_arrives(octets: int, way: str, home: House) -> None:
    """A client that sends all before it reads gets its 413: the body is read away."""
    body = form(FIELDS) + b"&x="
    body += b"x" * (octets - len(body))
    request = build(SEND, body, version="1.0" if way == "1.0" else "1.1")
    if way == "chunked":
        head = request.partition(b"\r\n\r\n")[0].replace(b"Content-Length: %d" % octets, b"Transfer-Encoding: chunked")
        request = head + b"\r\n\r\n%x\r\n" % octets + body + b"\r\n0\r\n\r\n"
    answer = await call(home.base_url, request)
    assert (answer.status, shape(answer.body)) == (413, 31)


async def test_the_largest_body_is_read(home: House) -> None:
    """A body at the limit is no 413: here its text has too many parts."""
    start = form({**FIELDS, "message": ""})
    answer = await call(home.base_url, build(SEND, start[: -len(f"&line={LINE}")] + b"a" * (MIB - len(start) + 16)))
    assert (answer.status, shape(answer.body)) == (200, 30)


async def test_413_at_once_for_who_asks_first(home: House) -> None:
    """`Expect: 100-continue` with a length over the limit is told before a body is sent."""
    head = build(SEND, b"", headers=("Expect: 100-continue",)).replace(
        b"Content-Length: 0", b"Content-Length: 99999999"
    )
    answer = await call(home.base_url, head)
    assert (answer.status, shape(answer.body)) == (413, 31)


GOOD = build(SEND, form(FIELDS))
NOT_HTTP = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32) + b"\r\n\r\n",
    "SMTP": b"HELO sms.3300.ir\r\n\r\n",
    "SMPP": bytes.fromhex("00000010000000150000000000000001") + b"\r\n\r\n",
    "binary": b"\xff" * 100 + b"\r\n\r\n",
    "HTTP/9.9": GOOD.replace(b"HTTP/1.1", b"HTTP/9.9"),
    "NUL in the target": GOOD.replace(b"/api/", b"/a\0pi/"),
    "a blank in the target": GOOD.replace(b"/api/", b"/a pi/"),
    "NUL in a header": GOOD.replace(b"Host: ", b"Host: \0"),
    "a method in small letters": GOOD.replace(b"POST", b"post"),
    "negative length": GOOD.replace(b"Content-Length: ", b"Content-Length: -"),
    "length in words": GOOD.replace(b"Content-Length: ", b"Content-Length: ten"),
    "two lengths": GOOD.replace(b"Content-Length: ", b"Content-Length: 5\r\nContent-Length: "),
    "length and chunks": GOOD.replace(b"Content-Length: ", b"Transfer-Encoding: chunked\r\nContent-Length: "),
    "a broken chunk": GOOD.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a head of 70 kB": build(f"{SEND}?x={'x' * 70_000}", method="GET"),
    "a header of 70 kB": build(SEND, form(FIELDS), headers=(f"X: {'x' * 70_000}",)),
}


@pytest.mark.parametrize("case", NOT_HTTP)
async def test_not_http(case: str, home: House) -> None:
    """What is not HTTP gets a bare 400 and the connection is closed."""
    assert is_bare_400(await exchange(home.base_url, NOT_HTTP[case]))


async def test_a_caller_that_leaves_in_mid_body(home: House) -> None:
    """Half a body is no call, however the connection ends."""
    for end in (-1, -20, 200, 60):
        reader, writer = await connect(home.base_url)
        writer.write(GOOD[:end])
        await writer.drain()
        writer.write_eof()
        told = await asyncio.wait_for(reader.read(-1), 10)
        assert not told or is_bare_400(told)
        writer.close()
        reader, writer = await connect(home.base_url)
        writer.write(GOOD[:end])
        writer.transport.abort()


async def test_bad_calls_do_not_harm_the_next_one_on_the_connection(home: House) -> None:
    """After a refusal the connection goes on; each call is answered in its turn."""
    kept = [
        build(SEND, b'{"x":', JSON),
        build("/nope", form(FIELDS)),
        build(SEND, b"message=%FF"),
        build(STATES, form({**FIELDS, "message_ids": "x"})),
    ]
    reader, writer = await connect(home.base_url)
    async with asyncio.timeout(10):
        writer.write(b"".join(request.replace(b"Connection: close\r\n", b"") for request in kept))
        told = []
        for _ in kept:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            told.append((int(head.split()[1]), shape(await reader.readexactly(length))))
    writer.close()
    assert told == [(200, 31), (404, 31), (200, 31), (200, 24)]


def mangled(dice: random.Random) -> bytes:
    """A submission without recipient, some octets of its body changed, cut, doubled or thrown in."""
    as_json = json.dumps(WITHOUT_MOBILE).encode()
    bodies = [(form(WITHOUT_MOBILE), FORM), (as_json, JSON), (multipart(WITHOUT_MOBILE), MULTIPART)]
    body, content_type = dice.choice(bodies)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(body) + 1)
        thrown_in = (b'"', b"\\u", b"--XyZ", b"%", b"=", dice.randbytes(1), dice.randbytes(9), body[at : at + 9])
        piece = dice.choice(thrown_in)
        body = body[:at] + piece + body[at + dice.choice([0, 0, 1, 9]) :]
    if dice.random() < 0.3:
        content_type = dice.choice([FORM, JSON, MULTIPART, "", dice.randbytes(12).hex()])
    return build(dice.choice([SEND, STATES]), body, content_type)


async def test_mangled_bodies(home: House) -> None:
    """Six hundred mangled bodies: each a well-formed refusal under 200, none of them our fault (15, 23)."""
    dice = random.Random(3300)

    async def caller(requests: list[bytes]) -> None:
        for request in requests:
            answer = parse(await exchange(home.base_url, request))
            assert answer.status == 200
            assert shape(answer.body) in {31, 18, 1, 2, 13, 24, 25}, request

    requests = [mangled(dice) for _ in range(600)]
    await asyncio.gather(*(caller(requests[lane::8]) for lane in range(8)))


async def test_garbage_on_the_socket(home: House) -> None:
    """Two hundred connections with garbage, alone or within a request: 400, a refusal, or nothing."""
    dice = random.Random(1211)
    request = build(SEND, form(WITHOUT_MOBILE))

    async def one() -> None:
        octets = bytearray(request)
        for _ in range(dice.randint(1, 12)):
            octets[dice.randrange(len(octets))] = dice.randrange(256)
        reader, writer = await connect(home.base_url)
        writer.write(octets if dice.random() < 0.7 else dice.randbytes(dice.randint(1, 4_000)))
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(-1), 10)
        writer.close()
        assert answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 405", b"HTTP/1.1 200")
        assert b'"status":-1' not in answer

    for _ in range(25):
        await asyncio.gather(*(one() for _ in range(8)))
