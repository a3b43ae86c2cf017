"""What a handler is told of a request, and what it may say beside a body."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs
from tests.unit.http.doors import serving

from payamak.codes import Code
from payamak.http.request import READ, BodyLimits, Request, Response, Route, set_cookie

POST = frozenset({"POST"})
END = b" HTTP/1.1\r\nHost: sms.example.ir\r\n"


async def tell(request: Request) -> Response:
    """All of it, as JSON."""
    told = {
        "path": request.path,
        "parameters": dict(request.parameters),
        "headers": dict(request.headers),
        "cookies": request.cookies,
        "origin": request.origin,
    }
    return Response(status=200, content_type="application/json", body=json.dumps(told).encode())


async def test_headers_on_the_list_are_told() -> None:
    """Names in lower case, of doubled ones the first, lists joined; a header that is on no list is not there."""
    head = (
        b"X-Own: 1\r\nCONTENT-TYPE: a/b\r\nContent-Type: c/d\r\nAccept-Language: fa\r\nOrigin: http://x\r\n"
        b'If-None-Match: "a"\r\nIf-None-Match: "b"\r\nSec-Fetch-Site: same-origin\r\nUser-Agent: \xff\r\n'
    )
    async with serving(Route("/tell", methods=READ, handler=tell)) as home:
        _, _, body = await home.ask(b"GET /tell" + END + head + b"\r\n")
    assert json.loads(body)["headers"] == {
        "host": "sms.example.ir",
        "content-type": "a/b",
        "accept-language": "fa",
        "origin": "http://x",
        "if-none-match": '"a","b"',
        "sec-fetch-site": "same-origin",
        "user-agent": "\xff",
    }


async def test_cookies_are_told_by_name() -> None:
    """Those of several headers too; of doubled ones the first, and what is no pair is none."""
    head = b"Cookie: a=1; b = 2;c;a=3\r\nCookie: d=x=y; =z\r\n"
    async with serving(Route("/tell", methods=READ, handler=tell)) as home:
        _, _, body = await home.ask(b"GET /tell" + END + head + b"\r\n")
    assert json.loads(body)["cookies"] == {"a": "1", "b ": " 2", "d": "x=y", "": "z"}


async def test_names_in_a_path_are_told() -> None:
    """The path is the one that is listed, so that no number of a message is a label of anything."""
    async with serving(Route("/m/{id}/{part}", methods=READ, handler=tell)) as home:
        status, _, body = await home.ask(b"GET /m/1001/%D8%B3" + END + b"\r\n")
        assert status == 200
        assert json.loads(body)["path"] == "/m/{id}/{part}"
        assert json.loads(body)["parameters"] == {"id": "1001", "part": "س"}
        assert (await home.ask(b"GET /m/1001" + END + b"\r\n"))[0] == 404


async def test_the_origin_is_the_one_asked() -> None:
    """The scheme by the word of a trusted proxy alone."""
    route = Route("/tell", methods=READ, handler=tell)
    https = b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n"
    for trusted, origin in (("127.0.0.1/32", "https://sms.example.ir"), ("10.0.0.0/8", "http://sms.example.ir")):
        async with serving(route, trusted_proxies=[ip_network(trusted)]) as home:
            _, _, body = await home.ask(b"GET /tell" + END + https)
            assert json.loads(body)["origin"] == origin


async def test_an_answer_has_headers_of_its_own() -> None:
    """A cookie, a place to go to; another Cache-Control in the place of the common one."""

    async def answer(_: Request) -> Response:
        headers = (("location", "/panel"), set_cookie("s", "abc", max_age_s=60, is_secure=True))
        return Response(status=303, content_type="", body=b"", headers=headers, cache="private, no-cache")

    async with serving(Route("/in", methods=POST, handler=answer)) as home:
        status, headers, _ = await home.ask(b"POST /in" + END + b"Content-Length: 0\r\n\r\n")
    assert status == 303
    assert headers["location"] == "/panel"
    assert headers["set-cookie"] == "s=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("header", [("location", "/a\r\nset-cookie: s=1"), ("a b", "c"), ("location", "/\0")])
async def test_no_header_holds_a_line_of_its_own(header: tuple[str, str]) -> None:
    """What cannot stand in a head is a bug of ours: a bare 500, and nothing of it goes out or is logged."""

    async def answer(_: Request) -> Response:
        return Response(status=200, content_type="text/plain", body=b"x", headers=(header,))

    async with serving(Route("/in", methods=READ, handler=answer)) as home:
        with capture_logs() as logs:
            told = await home.say(b"GET /in" + END + b"\r\n")
    assert told.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in told
    assert [log["event"] for log in logs] == ["request_failed"]
    assert "s=1" not in repr(logs)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"", 200),
        (b'If-None-Match: "v1"\r\n', 304),
        (b'If-None-Match: W/"v1"\r\n', 304),
        (b'If-None-Match: "v0", "v1"\r\n', 304),
        (b"If-None-Match: *\r\n", 304),
        (b'If-None-Match: "v2"\r\n', 200),
        (b"If-None-Match: v1\r\n", 200),
    ],
)
async def test_who_has_the_page_is_told_so(asked: bytes, status: int) -> None:
    """An ETag that the caller names is answered 304 without a body; the next request follows on the connection."""

    async def page(_: Request) -> Response:
        return Response(status=200, content_type="text/html", body=b"<p>", cache="private, no-cache", etag="v1")

    async with serving(Route("/page", methods=READ, handler=page)) as home:
        client = await home.connect((b"GET /page" + END + asked + b"\r\n") * 2)
        for _ in range(2):
            told, headers, body = await client.answer()
            assert (told, headers["etag"], body) == (status, '"v1"', b"<p>" if status == 200 else b"")
            assert ("content-length" in headers, "content-type" in headers) == (status == 200,) * 2


async def test_who_has_a_page_that_is_made_in_pieces_is_told_so() -> None:
    """It is not made, and no piece follows the 304: the next request has its own answer."""
    made: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        made.append(1)
        yield b"<p>"

    async def page(_: Request) -> Response:
        return Response(status=200, content_type="text/html", body=b"", etag="v1", stream=pieces())

    async with serving(Route("/page", methods=READ, handler=page)) as home:
        client = await home.connect((b"GET /page" + END + b'If-None-Match: "v1"\r\n\r\n') * 2)
        assert [(told, body) for told, _, body in (await client.answer(), await client.answer())] == [(304, b"")] * 2
    assert made == []


async def test_a_family_words_what_the_server_refuses() -> None:
    """404 by the beginning of the path, 405 and 413 by the route, a bug of the handler too; all others as ever."""

    def page(code: Code, http_status: int) -> Response:
        status = 500 if code is Code.INTERNAL else http_status
        return Response(status=status, content_type="text/html", body=b"<p>%d" % code)

    async def fail(_: Request) -> Response:
        raise RuntimeError

    routes = (
        Route("/panel/a", methods=POST, handler=fail, family=page, limits=BodyLimits(largest_octets=10)),
        Route("/door", methods=POST, handler=fail),
    )
    length = b"Content-Length: 11\r\n\r\nhello world"
    async with serving(*routes, families={"/panel": page}) as home:
        for octets, status, body in (
            (b"GET /panel/none" + END + b"\r\n", 404, b"<p>31"),
            (b"GET /panel/a" + END + b"\r\n", 405, b"<p>31"),
            (b"POST /panel/a" + END + length, 413, b"<p>31"),
            (b"POST /panel/a" + END + b"Content-Length: 0\r\n\r\n", 500, b"<p>15"),
        ):
            told, headers, said = await home.ask(octets)
            assert (told, headers["content-type"], said) == (status, "text/html", body)
        for octets in (b"GET /none" + END + b"\r\n", b"GET /door" + END + b"\r\n", b"POST /door" + END + length):
            _, headers, said = await home.ask(octets)
            assert headers["content-type"] == "application/json; charset=utf-8"
            assert json.loads(said)["data"] is None
