"""Refusals before anything is made for a call: over real sockets the same octets as those of the application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.unit.http.test_server import Client

from payamak.codes import Code
from payamak.http.admission import FEW, MOST, Admission
from payamak.http.app import Application
from payamak.http.request import Request, Response, Route, refusal
from payamak.http.server import HttpServer

BOTH = frozenset({"GET", "POST"})
BUSY = Response(status=200, content_type="application/json; charset=utf-8", body=b'{"status":23}')
SEND = b"GET /send HTTP/1.1\r\nHost: x\r\n\r\n"
PAGE = b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n"


def told(code: Code, http_status: int = 200) -> Response:
    """How this door says what is refused."""
    return BUSY if code is Code.BUSY else refusal(code, http_status)


class Door:
    """An application that refuses all calls of /send, or none, and counts those that reach it."""

    def __init__(self) -> None:
        self.admission = Admission(lambda: 100.0, lambda: 0.0)
        self.admission.under_way = MOST
        self.served: list[tuple[str, bytes]] = []
        routes = [
            Route("/send", methods=BOTH, handler=self._serve, family=told, is_gated=True, is_folded=True),
            Route("/page", methods=BOTH, handler=self._serve),
        ]
        self.app = Application(routes, admission=self.admission)

    async def _serve(self, request: Request) -> Response:
        self.served.append((request.path, request.body))
        return Response(status=200, content_type="text/plain", body=b"served")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Client]:
        """A connection to a server with this application."""
        server = HttpServer(self.app)
        client = await Client.connect(await server.start())
        try:
            yield client
        finally:
            client.close()
            await server.stop(0)


def post(body: bytes, head: bytes = b"") -> bytes:
    """A call with a body."""
    return b"POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), head, body)


def undated(octets: bytes) -> bytes:
    """Without the date."""
    return b"\r\n".join(line for line in octets.split(b"\r\n") if not line.startswith(b"date:"))


CALLS = {
    "get": SEND,
    "post": post(b"text=1"),
    "closing": SEND.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    "1.0": SEND.replace(b"1.1", b"1.0"),
    "1.0, kept": SEND.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"),
    "large": post(b"x" * 20_000),
    "chunked": b"POST /send HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "upgrade": SEND.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
    "odd path": SEND.replace(b"/send", b"//SEND?a#b"),
    "absolute": SEND.replace(b"/send", b"http://x/send"),
}


HEADERS = b"cache-control: no-store\r\nx-content-type-options: nosniff\r\n"
REFUSED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: 13\r\n" + HEADERS
SERVED = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n" + HEADERS
CLOSE = b"connection: close\r\n"


@pytest.mark.parametrize("name", CALLS)
async def test_the_same_octets(name: str) -> None:
    """However a call is written, it is refused with the same octets; the connection ends or stays as it asked."""
    door, ends = Door(), name in ("closing", "1.0", "1.0, kept")
    async with door.open() as client:
        await client.send(CALLS[name] + PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        told = undated(await client.rest())
    assert door.admission.refused == 1
    assert door.admission.under_way == MOST
    then = b"" if ends else SERVED + CLOSE + b"\r\nserved"
    assert told == REFUSED + (CLOSE if ends else b"") + b"\r\n" + BUSY.body + then
    assert door.served == ([] if ends else [("/page", b"")])


async def test_a_connection_goes_on() -> None:
    """Refused, served, refused: one connection, in order, with the date; a body that was refused reaches nobody."""
    door = Door()
    async with door.open() as client:
        for _ in range(3):
            await client.send(post(b"refused"))
            status, headers, body = await client.answer()
            assert (status, body, "date" in headers) == (200, BUSY.body, True)
            await client.send(PAGE)
            assert (await client.answer())[2] == b"served"
    assert door.served == [("/page", b"")] * 3


async def test_in_order_when_pipelined() -> None:
    """What is asked behind a call that is still served waits for its answer, refused or not."""
    door = Door()
    async with door.open() as client:
        await client.send(PAGE + SEND + PAGE + post(b"a") + SEND + PAGE.replace(b"1.1", b"1.0"))
        answers = await client.rest()
    bodies = [piece.partition(b"\r\n\r\n")[2] for piece in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == [b"served", BUSY.body, b"served", BUSY.body, BUSY.body, b"served"]


async def test_a_flood_on_one_connection() -> None:
    """Thousands of refusals on one connection are given in turns, and all are given."""
    door = Door()
    async with door.open() as client:
        sending = asyncio.create_task(client.send(SEND * 5_000 + PAGE.replace(b"1.1", b"1.0")))
        answers = await asyncio.wait_for(client.reader.read(-1), 60)
        await sending
    assert answers.count(BUSY.body) == 5_000
    assert answers.endswith(b"served")


async def test_a_body_that_comes_late() -> None:
    """The answer waits for the body's end, so that nobody who sends first and reads then is cut off."""
    door = Door()
    async with door.open() as client:
        call = post(b"text=1")
        await client.send(call[:-3])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.05)
        await client.send(call[-3:])
        assert (await client.answer())[2] == BUSY.body


async def test_expect_is_told_at_once() -> None:
    """Who asks before he sends is refused before he sends, and the connection ends."""
    async with Door().open() as client:
        await client.send(b"POST /send HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
        assert undated(await client.rest()).endswith(BUSY.body)


@pytest.mark.parametrize("call", [SEND, post(b"text=1"), CALLS["odd path"], CALLS["chunked"]])
async def test_a_call_that_is_taken_counts_once(call: bytes) -> None:
    """It is under way from the gate to its answer, whichever of the two has looked at it."""
    door = Door()
    door.admission.under_way = FEW - 1
    async with door.open() as client:
        for _ in range(3):
            await client.send(call)
            assert (await client.answer())[2] == b"served"
    assert door.admission.under_way == FEW - 1
