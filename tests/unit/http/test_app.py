"""Routing, bodies, the caller's address and bugs, without a server."""

import gzip
import json
import threading
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.http.memory import call

from payamak.codes import Code
from payamak.errors import Refused
from payamak.http.app import Application
from payamak.http.aside import AsideThread
from payamak.http.request import JSON_CONTENT_TYPE, READ, BodyLimits, Request, Response, Route

LIMITS = BodyLimits(largest_octets=10, drained_octets=50)


async def echo(request: Request) -> Response:
    """Answer with the body."""
    return Response(status=200, content_type="text/plain", body=request.body)


def plain(code: Code, http_status: int = 200) -> Response:
    """How a plain door says what is refused."""
    return Response(status=http_status, content_type="text/plain", body=b"%d" % code)


def build(handler: Callable[[Request], Any] = echo, **options: Any) -> Application:
    """An application with one route."""
    routes = [
        Route("/echo", methods=frozenset({"GET", "POST"}), handler=handler, is_folded=True),
        Route("/page", methods=READ, handler=handler),
    ]
    return Application(routes, body_limits=LIMITS, **options)


async def test_handler_gets_the_request() -> None:
    """A handler sees method, folded path, query, content type, body and address."""
    seen: list[Request] = []

    async def keep(request: Request) -> Response:
        seen.append(request)
        return await echo(request)

    headers = [(b"content-type", b"a/b"), (b"content-type", b"c/d"), (b"x-forwarded-for", b"1.2.3.4")]
    aside = AsideThread()
    answer = await call(build(keep, aside=aside), "//ECHO", query=b"a=b", headers=headers, chunks=[b"ab", b"", b"cd"])
    assert seen == [
        Request(
            method="POST",
            path="/echo",
            query=b"a=b",
            body=b"abcd",
            client_address="192.0.2.1",
            headers={"content-type": "a/b", "x-forwarded-for": "1.2.3.4"},
            is_own_word=False,
            server="127.0.0.1:8080",
            aside=aside,
            asked_by=seen[0].asked_by,
        )
    ]
    assert (answer.status, answer.body) == (200, b"abcd")
    assert answer.headers.pop("date")
    assert answer.headers == {
        "content-type": "text/plain",
        "content-length": "4",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize("path", ["/", "/echo/", "/nothing", "/echo%00", "/%FF", "*"])
async def test_unknown_path_is_404(path: str) -> None:
    """What is no call of ours is 404 in the shape of a refusal."""
    answer = await call(build(), path)
    assert answer.status == 404
    assert answer.headers["content-type"] == JSON_CONTENT_TYPE
    assert answer.body == (
        b'{"data":null,"status":31,"msg":"There is no such door. Check the address: messages go to /api/wsSend.ashx."}'
    )


@pytest.mark.parametrize(("path", "method"), [("/echo", "HEAD"), ("/echo", "PUT"), ("/page", "POST")])
async def test_wrong_method_is_405(path: str, method: str) -> None:
    """A method that a path does not serve is 405 and told which are; HEAD never sends a message."""
    answer = await call(build(), path, method=method)
    assert answer.status == 405
    assert answer.headers["allow"] == ("GET, POST" if path == "/echo" else "GET, HEAD")
    told = json.loads(answer.body) if method != "HEAD" else {"data": None, "status": Code.MALFORMED}
    assert (told["data"], told["status"]) == (None, Code.MALFORMED)


async def test_head_is_served_where_listed() -> None:
    """HEAD is fine for pages that change nothing."""
    assert (await call(build(), "/page", method="HEAD")).status == 200


@pytest.mark.parametrize("chunks", [[b"x" * 10], [b"x" * 5, b"x" * 5], [b"x"] * 10])
async def test_body_up_to_the_limit_is_taken(chunks: list[bytes]) -> None:
    """A body of exactly the limit is read, however it is cut."""
    assert (await call(build(), chunks=chunks)).body == b"x" * 10


@pytest.mark.parametrize(("chunks", "chunks_left"), [([b"x" * 11], 0), ([b"x" * 10] * 5, 0), ([b"x" * 10] * 9, 4)])
async def test_larger_body_is_read_away_and_413(chunks: list[bytes], chunks_left: int) -> None:
    """A larger body is read up to the drain limit, answered 413 in JSON, and the connection closed."""
    answer = await call(build(), chunks=chunks)
    assert (answer.status, answer.chunks_left) == (413, chunks_left)
    assert answer.headers["connection"] == "close"
    assert json.loads(answer.body) == {
        "data": None,
        "status": 31,
        "msg": "The body is too large. Divide it over several requests.",
    }


async def test_a_body_in_gzip() -> None:
    """The limit counts what comes out of it; what is no gzip is told in the door's own form, and no handler sees it."""
    route = Route("/echo", methods=frozenset({"POST"}), handler=echo, family=plain)
    app = Application([route], body_limits=BodyLimits(largest_octets=1_000))
    coded = [(b"content-encoding", b"gzip")]
    assert (await call(app, headers=coded, chunks=[gzip.compress(b"x" * 1_000)])).body == b"x" * 1_000
    assert (await call(app, headers=coded, chunks=[gzip.compress(b"x" * 1_001)])).status == 413
    assert (await call(app, headers=coded, chunks=[b"xx"])).body == b"31"
    assert (await call(app, headers=[*coded, *coded], chunks=[gzip.compress(b"x")])).body == b"31"


async def test_a_kilobyte_that_becomes_a_megabyte() -> None:
    """What a kilobyte of gzip becomes is made on a thread, and so is what is read of it: nobody else waits for that."""
    here, where = threading.current_thread(), list[threading.Thread]()

    async def read(request: Request) -> Response:
        where.append(await request.read(threading.current_thread))
        return Response(status=200, content_type="text/plain", body=b"%d" % len(request.body))

    app = Application([Route("/echo", methods=frozenset({"POST"}), handler=read)])
    coded = [(b"content-encoding", b"gzip")]
    assert (await call(app, headers=coded, chunks=[gzip.compress(b" " * 1_000_000)])).body == b"1000000"
    assert (await call(app, chunks=[b" " * 1_000])).body == b"1000"
    assert [each is here for each in where] == [False, True]


async def test_too_many_that_become_large() -> None:
    """Where too many large bodies wait, a further one is told 23 in its door's form."""

    class Full(AsideThread):
        async def run(self, place: str, work: Callable[[], Any]) -> Any:
            raise Refused(Code.BUSY)

    app = Application([Route("/echo", methods=frozenset({"POST"}), handler=echo, family=plain)], aside=Full())
    coded = [(b"content-encoding", b"gzip")]
    assert (await call(app, headers=coded, chunks=[gzip.compress(b" " * 1_000_000)])).body == b"23"


async def test_too_large_body_is_told_before_it_is_sent() -> None:
    """Who expects 100-continue hears the 413 at once; nothing is read."""
    headers = [(b"content-length", b"11"), (b"expect", b"100-Continue")]
    answer = await call(build(), headers=headers, chunks=[b"x" * 11])
    assert (answer.status, answer.chunks_left) == (413, 1)


@pytest.mark.parametrize("path", ["/nothing", "/page"])
async def test_refused_expectation_closes(path: str) -> None:
    """A caller who waits for 100 Continue and is refused may not go on with the connection."""
    answer = await call(build(), path, headers=[(b"expect", b"100-continue")])
    assert answer.headers["connection"] == "close"


async def test_caller_who_leaves_gets_nothing() -> None:
    """A body that never ends is no request: the handler is not called, nothing is answered."""
    answer = await call(build(), chunks=[b"half"], leaves=True)
    assert (answer.status, answer.body) == (0, b"")


async def test_bug_is_200_with_15_and_logged_once_without_its_text() -> None:
    """An exception of a handler is told as 15 under HTTP 200; the log says what and where, no personal data."""

    async def fail(request: Request) -> Response:
        raise ValueError(f"secret {request.body!r}")

    with capture_logs() as logs:
        answer = await call(build(fail), chunks=[b"secret"], query=b"secret")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, 15)
    assert len(logs) == 1
    assert logs[0]["event"] == "handler_failed"
    assert logs[0]["error"] == "ValueError"
    assert logs[0]["where"][-1].endswith(" fail")
    assert "secret" not in repr(logs)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9 , 10.1.1.1", "203.0.113.9"),
        ("10.0.0.1", "10.3.3.3,10.2.2.2", "10.3.3.3"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "unknown, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::9]:443", "2001:db8::9"),
        ("10.0.0.1", "2001:DB8:0::9", "2001:db8::9"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", ""),
    ],
)
def test_forwarded_address_counts_only_from_a_trusted_proxy(peer: str, forwarded: str | None, expected: str) -> None:
    """The right-most address that no trusted proxy has counts; nobody else is believed."""
    app = build(trusted_proxies=[ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
    assert app.client_address(peer, forwarded) == expected


async def test_repeated_forwarded_headers_are_one_list() -> None:
    """Several X-Forwarded-For headers are read in their order."""
    seen: list[str] = []

    async def keep(request: Request) -> Response:
        seen.append(request.client_address)
        return await echo(request)

    app = build(keep, trusted_proxies=[ip_network("10.0.0.0/8")])
    headers = [(b"x-forwarded-for", b"198.51.100.7"), (b"x-forwarded-for", b"203.0.113.9, 10.4.4.4")]
    await call(app, headers=headers, peer="10.0.0.1")
    assert seen == ["203.0.113.9"]
