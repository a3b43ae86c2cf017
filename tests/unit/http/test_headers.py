"""Every answer of the HTTP port carries the headers of docs/security.md, and none that tells of us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs
from tests.golden.http.wire import Answer, exchange, parse

from payamak.dialects.soap.door import wsdl
from payamak.http import server as server_module
from payamak.http.app import Application
from payamak.http.exchange import Exchange
from payamak.http.limits import HttpLimits
from payamak.http.request import BodyLimits, Request, Response, Route
from payamak.http.server import HttpServer

KNOWN = {"cache-control", "x-content-type-options", "content-type", "content-length", "date", "connection", "allow"}


async def tell(request: Request) -> Response:
    """Nothing much."""
    return Response(status=200, content_type="text/plain", body=b"told")


async def fail(request: Request) -> Response:
    """A bug within a handler."""
    raise RuntimeError("x")


class Failing(Application):
    """A bug outside every handler: an application that fails, before a handler is asked or where one is."""

    def look(self, exchange: Exchange, waited_s: float) -> None:
        """It fails for /look."""
        if exchange.path == b"/look":
            raise RuntimeError("x")

    async def answer(self, exchange: Exchange) -> Response:
        """It fails for all others."""
        raise RuntimeError("x")


@asynccontextmanager
async def serving(app: Application) -> AsyncIterator[str]:
    """A server whose requests have little time; its address."""
    limits = HttpLimits(head_s=0.2, body_s=0.2, head_octets=8_000)
    server = HttpServer(app, limits=limits)
    port = await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop(0)


def safe(octets: bytes) -> Answer:
    """One answer, which has the headers of every answer and no others than are known."""
    answer = parse(octets)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "date" in answer.headers
    assert answer.headers.keys() <= KNOWN  # no server's name, no CORS, no cookie
    return answer


LARGE = b"x" * 2_000
CLOSE = b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("status", "request_octets"),
    [
        (200, b"GET /tell" + CLOSE + b"\r\n"),
        (200, b"GET /almassms.asmx?wsdl" + CLOSE + b"\r\n"),
        (200, b"GET /fail" + CLOSE + b"\r\n"),
        (404, b"GET /nothing" + CLOSE + b"\r\n"),
        (405, b"PUT /tell" + CLOSE + b"\r\n"),
        (413, b"POST /tell" + CLOSE + b"Content-Length: 2000\r\n\r\n" + LARGE),
        (413, b"POST /tell" + CLOSE + b"Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n"),
        (400, b"garbage\r\n\r\n"),
        (400, b"GET /tell HTTP/1.1\r\nX: " + b"x" * 9_000 + b"\r\n\r\n"),
        (408, b"GET /tell HTTP/1.1\r\n"),
        (408, b"POST /tell HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"),
    ],
)
async def test_every_answer_has_them(monkeypatch: pytest.MonkeyPatch, status: int, request_octets: bytes) -> None:
    """Good or bad, of a handler, of the application or of the connection itself."""
    monkeypatch.setattr(server_module, "_SWEEP_S", 0.01)
    routes = [
        Route(path, methods=frozenset({"GET", "POST"}), handler=handler)
        for path, handler in (("/tell", tell), ("/fail", fail), ("/almassms.asmx", tell), ("/almassms.asmx?wsdl", wsdl))
    ]
    app = Application(routes, body_limits=BodyLimits(largest_octets=1_000))
    async with serving(app) as url:
        assert safe(await exchange(url, request_octets)).status == status


async def test_a_bug_outside_every_handler_has_them_too() -> None:
    """What no handler has caught is a 500 without words, and logged once without any."""
    app = Failing([Route(path, methods=frozenset({"GET"}), handler=tell) for path in ("/tell", "/look")])
    async with serving(app) as url:
        for path in (b"/tell", b"/look"):
            with capture_logs() as logs:
                answer = safe(await exchange(url, b"GET " + path + CLOSE + b"\r\n"))
            assert (answer.status, answer.body) == (500, b"")
            assert [(log["event"], log["error"]) for log in logs] == [("request_failed", "RuntimeError")]


async def test_a_call_that_is_dropped_has_them() -> None:
    """A body that is not waited for any more is answered at the connection."""
    limits = HttpLimits(unfinished=1)
    server = HttpServer(Application([Route("/tell", methods=frozenset({"POST"}), handler=tell)]), limits=limits)
    port = await server.start()
    try:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for _, writer in opened:
            writer.write(b"POST /tell HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc")
        done, _ = await asyncio.wait(
            [asyncio.create_task(reader.read()) for reader, _ in opened],
            return_when=asyncio.FIRST_COMPLETED,
            timeout=30,
        )
        assert {safe(task.result()).status for task in done} == {408}
        for _, writer in opened:
            writer.close()
    finally:
        await server.stop(0)
