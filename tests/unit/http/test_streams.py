"""Bodies and answers in pieces: as they come, no faster than they are taken, and never whole in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from tests.unit.http.doors import serving
from tests.unit.http.test_server import endless

from payamak.http.body import Gone, TooLong
from payamak.http.limits import HttpLimits
from payamak.http.request import READ, BodyLimits, Request, Response, Route

POST = frozenset({"POST"})
HEAD = b"POST /up HTTP/1.1\r\nHost: x\r\n"
ASK = b"GET /down HTTP/1.1\r\nHost: x\r\n\r\n"


class Taker:
    """A handler that takes a body piece by piece, when it may."""

    def __init__(self, *, waits: bool = False) -> None:
        self.pieces: list[bytes] = []
        self.has_begun = asyncio.Event()
        self.has_piece = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if not waits:
            self.may_go_on.set()

    async def take(self, request: Request) -> Response:
        """Count the octets."""
        self.has_begun.set()
        assert request.body == b""
        assert request.pieces is not None
        try:
            await self.may_go_on.wait()
            async for piece in request.pieces:
                self.pieces.append(piece)
                self.has_piece.set()
        except (Gone, TooLong) as error:
            self.ended.set_result(type(error).__name__)
            raise
        self.ended.set_result("whole")
        return Response(status=200, content_type="text/plain", body=b"%d" % sum(map(len, self.pieces)))

    def route(self, **limits: int) -> Route:
        """Its route."""
        made = BodyLimits(**limits) if limits else None
        return Route("/up", methods=POST, handler=self.take, is_streamed=True, limits=made)


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_a_body_is_taken_as_it_comes(is_chunked: bool) -> None:
    """The handler begins with the head and has the first piece before the second is sent; the connection goes on."""
    taker = Taker()
    async with serving(taker.route()) as home:
        framing = b"Transfer-Encoding: chunked\r\n\r\n" if is_chunked else b"Content-Length: 6\r\n\r\n"
        client = await home.connect(HEAD + framing)
        await taker.has_begun.wait()
        await client.send(b"3\r\nabc\r\n" if is_chunked else b"abc")
        await taker.has_piece.wait()
        assert taker.pieces == [b"abc"]
        await client.send(b"3\r\ndef\r\n0\r\n\r\n" if is_chunked else b"def")
        assert (await client.answer())[2] == b"6"
        await client.send(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await client.answer())[0] == 404


async def test_a_body_comes_no_faster_than_it_is_taken() -> None:
    """Of 64 MiB to somebody who does not read nearly all stays with the caller; read on, all of it arrives."""
    taker, size = Taker(waits=True), 64 << 20
    async with serving(taker.route(largest_octets=size)) as home:
        client = await home.connect(HEAD + b"Content-Length: %d\r\n\r\n" % size)
        await taker.has_begun.wait()
        client.writer.write(bytes(size))
        (connection,) = home.server._shared.connections
        async with asyncio.timeout(30):
            while connection._is_reading:  # type: ignore[attr-defined]  # noqa: ASYNC110 - what is full is what is tested
                await asyncio.sleep(0)
        assert client.writer.transport.get_write_buffer_size() > size // 2
        taker.may_go_on.set()
        assert (await client.answer())[2] == b"%d" % size
        assert max(map(len, taker.pieces)) <= 64 << 10


async def test_a_streamed_body_has_a_limit_of_its_own() -> None:
    """Its reader is told, the caller 413, and the connection ends."""
    taker = Taker()
    async with serving(taker.route(largest_octets=1_000)) as home:
        told = await home.say(HEAD + b"Content-Length: 5000\r\n\r\n" + bytes(5_000))
        assert told.startswith(b"HTTP/1.1 413 ")
        assert await taker.ended == "TooLong"


@pytest.mark.parametrize("how", ["leaves", "is late"])
async def test_a_body_that_never_ends(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who leaves, or takes longer than the route gives, ends the reading; nothing is under way afterwards."""
    monkeypatch.setattr("payamak.http.server._SWEEP_S", 0.01)
    taker = Taker()
    async with serving(taker.route(), limits=HttpLimits(body_s=0.05 if how == "is late" else 60.0)) as home:
        client = await home.connect(HEAD + b"Content-Length: 9\r\n\r\nabc")
        await taker.has_piece.wait()
        if how == "leaves":
            client.writer.transport.abort()
        else:
            assert (await client.rest()).startswith(b"HTTP/1.1 408 ")
        assert await asyncio.wait_for(taker.ended, 30) == "Gone"
        async with asyncio.timeout(30):
            while home.server._shared.running:  # noqa: ASYNC110 - the server's
                await asyncio.sleep(0)


async def test_a_route_may_give_a_body_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload takes longer than a form."""
    monkeypatch.setattr("payamak.http.server._SWEEP_S", 0.001)
    taker = Taker()
    async with serving(taker.route(body_s=60), limits=HttpLimits(body_s=0.0)) as home:
        client = await home.connect(HEAD + b"Content-Length: 3\r\n\r\n")
        await taker.has_begun.wait()
        await asyncio.sleep(0.05)  # many looks of the server
        await client.send(b"abc")
        assert (await client.answer())[2] == b"3"


async def test_a_caller_who_asks_first_is_told_when_somebody_reads() -> None:
    """100 comes with the first reading; who is refused before it never sends his body."""
    taker = Taker(waits=True)

    async def refuse(_: Request) -> Response:
        return Response(status=403, content_type="text/plain", body=b"no")

    refusing = Route("/no", methods=POST, handler=refuse, is_streamed=True)
    expects = b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    async with serving(taker.route(), refusing) as home:
        client = await home.connect(HEAD + expects)
        await taker.has_begun.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.05)
        taker.may_go_on.set()
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"abc")
        assert (await client.answer())[2] == b"3"
        told = await home.say(HEAD.replace(b"/up", b"/no") + expects)
        assert told.startswith(b"HTTP/1.1 403 ")


async def test_who_is_answered_before_he_has_sent_all_may_go_on() -> None:
    """The rest of the body is read away, and the next request answered; of a body without end not for ever."""

    async def refuse(_: Request) -> Response:
        return Response(status=403, content_type="text/plain", body=b"no")

    limits = BodyLimits(largest_octets=1 << 30, drained_octets=300_000)
    async with serving(Route("/up", methods=POST, handler=refuse, is_streamed=True, limits=limits)) as home:
        client = await home.connect(HEAD + b"Content-Length: 200000\r\n\r\n")
        assert (await client.answer())[0] == 403
        await client.send(bytes(200_000) + HEAD + b"Content-Length: 1000000000\r\n\r\n")
        assert (await client.answer())[0] == 403
        with pytest.raises(ConnectionError):
            await endless(client)


class Giver:
    """A handler that gives an answer in pieces."""

    def __init__(self, pieces: int = 3, octets: bytes = b"abc", *, fails: bool = False) -> None:
        self._pieces = pieces
        self._octets = octets
        self._fails = fails
        self.given = 0
        self.has_closed = asyncio.Event()

    async def _give(self) -> AsyncIterator[bytes]:
        try:
            for _ in range(self._pieces):
                self.given += 1
                yield self._octets
                await asyncio.sleep(0)
            if self._fails:
                raise RuntimeError("secret")
        finally:
            self.has_closed.set()

    async def give(self, _: Request) -> Response:
        """The answer."""
        return Response(status=200, content_type="text/csv", body=b"", stream=self._give())

    @property
    def route(self) -> Route:
        """Its route."""
        return Route("/down", methods=READ, handler=self.give)


async def test_an_answer_goes_out_as_it_is_made() -> None:
    """In chunks, the next request answered behind it; to HTTP/1.0 until the connection ends; to HEAD its head alone."""
    giver = Giver()
    async with serving(giver.route) as home:
        told = await home.say(ASK + ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        heads = re.findall(rb"HTTP/1.1 200 OK\r\n(.*?)\r\n\r\n", told, re.S)
        assert [b"transfer-encoding: chunked" in head for head in heads] == [True, True]
        assert told.count(b"\r\n\r\n" + b"3\r\nabc\r\n" * 3 + b"0\r\n\r\n") == 2
        head, _, body = (await home.say(ASK.replace(b"1.1", b"1.0"))).partition(b"\r\n\r\n")
        assert (b"connection: close" in head, b"chunked" in head, body) == (True, False, b"abcabcabc")
        given = giver.given
        told = await home.say(ASK.replace(b"GET", b"HEAD").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert told.endswith(b"\r\n\r\n")
        assert giver.given == given


async def test_an_answer_goes_out_no_faster_than_it_is_taken() -> None:
    """Who reads nothing makes nobody fill the memory; who leaves ends the making."""
    giver = Giver(10_000, bytes(100_000))
    async with serving(giver.route) as home:
        client = await home.connect()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await client.send(ASK)
        async with asyncio.timeout(30):
            while not giver.given:  # noqa: ASYNC110 - the server's
                await asyncio.sleep(0)
            (connection,) = home.server._shared.connections
            while not connection._is_write_paused:  # type: ignore[attr-defined]  # noqa: ASYNC110 - the server's
                await asyncio.sleep(0)
        assert giver.given < 1_000
        client.writer.transport.abort()
        await asyncio.wait_for(giver.has_closed.wait(), 30)
        assert giver.given < 1_000


async def test_an_answer_that_fails_does_not_look_whole() -> None:
    """The connection is cut, and the bug logged without its words."""
    async with serving(Giver(fails=True).route) as home:
        with capture_logs() as logs:
            client = await home.connect(ASK)
            try:
                told = await client.rest()
            except ConnectionError:
                told = b""
        assert not told.endswith(b"0\r\n\r\n")
        assert [(log["event"], log["error"]) for log in logs] == [("request_failed", "RuntimeError")]
        assert "secret" not in repr(logs)
