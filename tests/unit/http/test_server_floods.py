"""The HTTP server against callers who ask for too much at once, or take nothing."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop
from tests.unit.http.test_server import Client, serving, tell

from payamak.codes import Code
from payamak.http import connection as connection_module
from payamak.http import parser as parser_module
from payamak.http import turns as turns_module
from payamak.http.app import Application
from payamak.http.body import RoomLimits
from payamak.http.connection import HttpConnection
from payamak.http.limits import HttpLimits
from payamak.http.request import BodyLimits, Request, Response, Route
from payamak.http.server import HttpServer

ASK = b"GET /tell HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /tell HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


Connect = Callable[[int], Awaitable[Client]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects to a port; everything is closed at the end."""
    made: list[Client] = []

    async def connected(port: int) -> Client:
        made.append(await Client.connect(port))
        return made[-1]

    yield connected
    for client in made:
        client.writer.transport.abort()
    await asyncio.sleep(0)


async def test_few_requests_are_read_ahead(connect: Connect) -> None:
    """Of thousands of requests in one write a slice's worth is parsed at a time; all are answered in order."""
    most, seen = 0, 0

    async def handler(request: Request) -> Response:
        nonlocal most, seen
        seen += 1
        most = max(most, *(one.waiting for one in server._shared.connections if isinstance(one, HttpConnection)))
        return await tell(request)

    async with serving(handler) as (server, port):
        client = await connect(port)
        count = 5_000
        await client.send(b"".join(b"GET /tell?%d HTTP/1.1\r\n\r\n" % number for number in range(count)))
        client.writer.write_eof()
        answers = await asyncio.wait_for(client.reader.read(-1), 30)
    assert seen == count
    assert [int(number) for number in re.findall(rb'"/tell", "(\d+)"', answers)] == list(range(count))
    assert most < connection_module._MOST_PIPELINED + connection_module._SLICE_OCTETS // 20


async def test_who_takes_no_answers_is_cut_off(connect: Connect) -> None:
    """A caller who asks again and again and reads nothing is gone after the time of a body."""

    async def handler(_: Request) -> Response:
        return Response(status=200, content_type="text/plain", body=bytes(1 << 20))

    async with serving(handler, HttpLimits(body_s=0.5)) as (server, port):
        writer = (await connect(port)).writer
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(ASK * 100)
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not server._shared.connections:  # noqa: ASYNC110 - another end's
                await asyncio.sleep(0.01)
            while server._shared.connections:  # noqa: ASYNC110 - the server's sweep
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "octets",
    [
        CHUNKED + b"1\r\na\r\n" * (parser_module._MOST_CHUNKS + 1),
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 60_000,
        CHUNKED + b"1" + b";a=b" * 80_000,
    ],
    ids=["chunks", "trailers", "extensions"],
)
async def test_a_body_of_frames(connect: Connect, octets: bytes) -> None:
    """Chunks, trailers and extensions without end are cut off, though the body itself is small."""
    async with serving() as (_, port):
        client = await connect(port)
        await client.send(octets)
        assert (await client.answer())[0] == 400


async def test_trailers_are_read_and_dropped(connect: Connect) -> None:
    """A few trailers do no harm, and the next request is read behind them."""
    async with serving() as (_, port):
        client = await connect(port)
        await client.send(CHUNKED + b"3\r\na=1\r\n0\r\nA: b\r\nHost: y\r\n\r\n" + ASK)
        assert b'"a=1"' in (await client.answer())[2]
        assert (await client.answer())[0] == 200


async def test_the_oldest_waiting_connection_makes_room(connect: Connect) -> None:
    """At the limit a newcomer is served, the one that waits longest is closed, one being answered is not."""
    go_on = asyncio.Event()

    async def handler(request: Request) -> Response:
        if request.query:
            await go_on.wait()
        return await tell(request)

    async with serving(handler, HttpLimits(connections=3)) as (_, port):
        busy = await connect(port)
        await busy.send(ASK.replace(b"/tell", b"/tell?wait"))
        idle = await connect(port)
        await idle.send(ASK)
        assert (await idle.answer())[0] == 200
        fresh = await connect(port)
        newcomer = await connect(port)
        await newcomer.send(ASK)
        assert (await newcomer.answer())[0] == 200
        await fresh.send(ASK)
        assert (await fresh.answer())[0] == 200
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await idle.answer()
        go_on.set()
        assert (await busy.answer())[0] == 200


async def test_bodies_share_their_room(connect: Connect) -> None:
    """Large bodies beyond what all may hold together are refused with 23; small ones and later ones are not."""
    room = RoomLimits(together_octets=1_000_000, free_octets=1_000)
    routes = [Route("/tell", methods=frozenset({"POST"}), handler=tell)]
    server = HttpServer(Application(routes, body_limits=BodyLimits(largest_octets=1_000_000), room_limits=room))
    port = await server.start()
    try:
        head = POST + b"Content-Length: 900000\r\n\r\n"
        first, second, small = [await connect(port) for _ in range(3)]
        await first.send(head + b"a" * 800_000)
        await asyncio.sleep(0.1)
        await second.send(head + b"a" * 300_000)
        await asyncio.sleep(0.1)
        await second.send(b"a" * 600_000)
        status, _, body = await second.answer()
        assert (status, b'"status":%d' % Code.BUSY in body) == (200, True)
        await small.send(POST + b"Content-Length: 3\r\n\r\n")
        await asyncio.sleep(0.05)
        await small.send(b"a=1")
        assert b'"a=1"' in (await small.answer())[2]
        await first.send(b"a" * 100_000)
        assert (await first.answer())[0] == 200
        again = await connect(port)
        await again.send(head + b"a" * 300_000)
        await asyncio.sleep(0.05)
        await again.send(b"a" * 600_000)
        assert b"aaa" in (await again.answer())[2]
    finally:
        await server.stop(0)


class Steps:
    """A monotonic clock that goes on by a millisecond whenever it is looked at; ten are a turn."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


class Counter:
    """How often something happened in each turn of the loop."""

    def __init__(self) -> None:
        self.most = self.now = self.all = 0
        self._ticking: asyncio.Task[None] | None = None

    def one(self) -> None:
        """Once more."""
        self.all += 1
        self.now += 1
        self.most = max(self.most, self.now)

    async def __aenter__(self) -> "Counter":
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._ticking is not None
        self._ticking.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.now = 0


MANY = 60


def counted(monkeypatch: pytest.MonkeyPatch, method: str, counter: Counter) -> None:
    """Count the calls of a method of connections."""
    real = getattr(HttpConnection, method)

    def counting(self: object, *arguments: object) -> object:
        counter.one()
        return real(self, *arguments)

    monkeypatch.setattr(HttpConnection, method, counting)


async def test_bodies_have_their_turns(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    """However many connections bring pieces of their bodies at once, one turn parses as many as it has time for."""
    server = HttpServer(Application([Route("/tell", methods=frozenset({"POST"}), handler=tell)]), monotonic=Steps())
    port = await server.start()
    clients = [await connect(port) for _ in range(MANY)]
    for client in clients:
        await client.send(CHUNKED + b"1\r\na\r\n")
    async with asyncio.timeout(60):
        while len(server.unfinished) < MANY:  # noqa: ASYNC110 - all are in their bodies
            await asyncio.sleep(0.01)
    async with Counter() as parsed:
        counted(monkeypatch, "_take", parsed)
        for client in clients:
            await client.send(b"1\r\nb\r\n" * 400 + b"0\r\n\r\n")
        for client in clients:
            status, _, body = await client.answer()
            assert (status, len(body)) == (200, len('["POST", "/tell", "", ""]') + 401)
    assert parsed.all >= MANY
    assert parsed.most <= 15
    await server.stop(0)


async def test_answers_have_their_turns(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    """However many connections have more to be answered, one turn goes on with as many as it has time for."""
    server = HttpServer(Application([Route("/tell", methods=frozenset({"GET"}), handler=tell)]), monotonic=Steps())
    port = await server.start()
    clients = [await connect(port) for _ in range(MANY)]
    async with Counter() as answered:
        counted(monkeypatch, "_go_on", answered)
        for client in clients:
            await client.send(ASK * 10)
        for client in clients:
            for _ in range(10):
                assert (await client.answer())[0] == 200
    assert answered.all >= MANY * 9
    assert answered.most <= 15
    await server.stop(0)


async def test_what_finds_no_room_to_wait_is_dropped(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    """Pieces of bodies beyond what an address may have waiting are not parsed at others' expense."""
    monkeypatch.setattr(turns_module, "HELD_OF_EACH_OCTETS", 100_000)
    server = HttpServer(Application([Route("/tell", methods=frozenset({"POST"}), handler=tell)]), monotonic=Steps())
    port = await server.start()
    clients = [await connect(port) for _ in range(MANY)]
    for client in clients:
        await client.send(POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 10_000)
    for client in clients:
        client.writer.write(b"x" * 50_000)
    told = [await asyncio.wait_for(client.reader.readline(), 60) for client in clients]
    assert set(told) == {b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 408 Request Timeout\r\n"}
    assert server.unfinished.dropped == told.count(b"HTTP/1.1 408 Request Timeout\r\n")
    await server.stop(0)


async def test_chunks_of_an_octet_are_few(connect: Connect) -> None:
    """A body in chunks of an octet ends in a bare 400 after some thousand of them; real chunks may be many."""
    async with serving() as (_, port):
        client = await connect(port)
        await client.send(CHUNKED + b"1\r\na\r\n" * 1_200)
        assert (await client.answer())[0] == 400
        client = await connect(port)
        await client.send(CHUNKED + b"20\r\n" + b"b" * 32 + b"\r\n" + b"1\r\na\r\n" * 900 + b"0\r\n\r\n")
        assert (await client.answer())[0] == 200


def test_many_connections_are_accepted_a_turn() -> None:
    """Whoever comes behind two hundred others is accepted in a dozen turns of the loop, also by libuv."""

    async def accept(count: int) -> int:
        server = HttpServer(Application([]))
        port = await server.start()
        waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]  # the loop stands still
        turns = 0
        while len(server._shared.connections) < count:
            await asyncio.sleep(0)
            turns += 1
        for one in waiting:
            one.close()
        await server.stop(0)
        return turns

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(accept(200)) < 100
