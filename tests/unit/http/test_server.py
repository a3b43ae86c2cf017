"""The HTTP server over real sockets: versions, expectations, limits, stopping."""

import asyncio
import json
import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.unit.http.memory import Line, Wire

from payamak.http import server as server_module
from payamak.http.app import Application
from payamak.http.limits import HttpLimits
from payamak.http.request import BodyLimits, Request, Response, Route
from payamak.http.server import HttpServer

BODY_LIMITS = BodyLimits(largest_octets=1_000, drained_octets=300_000)
BOTH = frozenset({"GET", "POST"})


async def tell(request: Request) -> Response:
    """Answer what was asked."""
    told = [request.method, request.path, request.query.decode(), request.body.decode()]
    return Response(status=200, content_type="application/json", body=json.dumps(told).encode())


@asynccontextmanager
async def serving(
    handler: Callable[[Request], Awaitable[Response]] = tell, limits: HttpLimits | None = None
) -> AsyncIterator[tuple[HttpServer, int]]:
    """A server on a free port, and the port."""
    routes = [Route("/tell", methods=BOTH, handler=handler)]
    server = HttpServer(Application(routes, body_limits=BODY_LIMITS), limits=limits)
    port = await server.start()
    try:
        yield server, port
    finally:
        await server.stop(0)


class Client:
    """A connection that writes octets as they are given."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers, body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 60)).decode()
        first, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(first.split()[1]), headers, body

    async def rest(self) -> bytes:
        """All that comes until the server closes."""
        return await asyncio.wait_for(self.reader.read(), 60)

    def close(self) -> None:
        self.writer.close()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a running server."""
    async with serving() as (_, bound):
        yield bound


@pytest.fixture
async def client(port: int) -> AsyncIterator[Client]:
    """A connection to it."""
    connected = await Client.connect(port)
    yield connected
    connected.close()


async def test_http_11_keeps_the_connection(client: Client) -> None:
    """Two requests pass over one connection; answers carry length and date and no server's name."""
    for word in (b"a", b"b"):
        await client.send(b"GET /tell?x=" + word + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        status, headers, body = await client.answer()
        assert (status, json.loads(body)) == (200, ["GET", "/tell", f"x={word.decode()}", ""])
        safety = {"cache-control", "x-content-type-options"}
        assert set(headers) == {"date", "content-type", "content-length", *safety}  # no server's name


async def test_http_10_is_answered_and_closed(client: Client) -> None:
    """HTTP/1.0 works without Host and ends the connection."""
    await client.send(b"POST /tell HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
    status, headers, body = await client.answer()
    assert (status, json.loads(body)[3], headers["connection"]) == (200, "abc", "close")
    assert await client.rest() == b""


async def test_half_closed_connection_is_answered(client: Client) -> None:
    """A client that shuts its sending side after the request still gets the answer."""
    await client.send(b"POST /tell HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
    client.writer.write_eof()
    assert (await client.answer())[0] == 200
    assert await client.rest() == b""


class Gone(Wire):
    """As uvloop's after an abort, before its protocol hears of it: it takes nothing."""

    def is_closing(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> None:
        """See uvloop's UVHandle."""
        raise RuntimeError("unable to perform operation, the handler is closed")


async def test_who_has_just_gone_is_told_nothing() -> None:
    """An answer that comes between the loss of a connection and the news of it is dropped."""
    line = Line(Application([Route("/tell", methods=BOTH, handler=tell)]), wire=Gone())
    await line.feed(b"GET /tell HTTP/1.1\r\n\r\n")
    with pytest.raises(RuntimeError):
        Gone().write(b"x")


async def test_expect_100_continue(client: Client) -> None:
    """Who expects 100-continue is asked for the body, then answered."""
    await client.send(b"POST /tell HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(b"abc")
    status, _, body = await client.answer()
    assert (status, json.loads(body)[3]) == (200, "abc")


async def test_http_10_is_not_asked_to_continue(client: Client) -> None:
    """An HTTP/1.0 client knows no 100 and gets none."""
    await client.send(b"POST /tell HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    assert (await client.answer())[0] == 200


async def test_too_large_expectation_is_refused_at_once(client: Client) -> None:
    """A body over the limit is refused before it is sent."""
    await client.send(b"POST /tell HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n")
    assert (await client.answer())[0] == 413
    assert await client.rest() == b""


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_413_arrives_after_the_body_was_read_away(client: Client, framing: str) -> None:
    """A client that sends all before it looks still reads the 413, in JSON; then the connection ends."""
    body = b"x" * 250_000
    if framing == "length":
        await client.send(b"POST /tell HTTP/1.1\r\nContent-Length: 250000\r\n\r\n" + body)
    else:
        await client.send(b"POST /tell HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        await client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    status, headers, answer = await client.answer()
    assert (status, json.loads(answer)["status"], headers["connection"]) == (413, 31, "close")
    assert await client.rest() == b""


async def test_body_beyond_the_drain_is_cut(client: Client) -> None:
    """Nobody may send for ever: beyond the drain limit the answer goes out and the connection ends."""
    await client.send(b"POST /tell HTTP/1.1\r\nContent-Length: 400000\r\n\r\n" + b"x" * 300_000)
    assert (await client.answer())[0] == 413
    assert await client.rest() == b""


async def test_raw_octets_in_a_query(client: Client) -> None:
    """A query in raw UTF-8, as curl and old PHP send it, arrives escaped; the body beside it untouched."""
    query, body = "text=سلام دنیا".replace(" ", "+").encode(), "متن".encode()
    await client.send(b"POST /tell?%b HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (query, len(body), body))
    _, _, answer = await client.answer()
    assert json.loads(answer)[2:] == ["text=%D8%B3%D9%84%D8%A7%D9%85+%D8%AF%D9%86%DB%8C%D8%A7", "متن"]


async def test_pipelined_requests_are_answered_in_order(client: Client) -> None:
    """Requests sent without waiting are answered one by one, in their order."""
    await client.send(b"".join(b"GET /tell?n=%d HTTP/1.1\r\n\r\n" % n for n in range(20)))
    for number in range(20):
        _, _, body = await client.answer()
        assert json.loads(body)[2] == f"n={number}"


async def test_upgrade_is_ignored_and_the_body_kept(client: Client) -> None:
    """Java's client asks for h2c with its first POST: it is served as if it had not."""
    head = b"POST /tell HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n"
    for chunk in (head, b"ab", b"c", head + b"abc"):
        await client.send(chunk)
    for _ in range(2):
        status, _, body = await client.answer()
        assert (status, json.loads(body)[3]) == (200, "abc")


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET tell HTTP/1.1\r\n\r\n",
        b"CONNECT h:1 HTTP/1.1\r\n\r\n",
        b"\xd8\xb3 / HTTP/1.1\r\n\r\n",
        b"GET /tell HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /tell HTTP/1.1\r\n" + b"X: a\r\n" * 14_000 + b"\r\n",
        b"GET /tell?" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /tell HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /tell HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /tell HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_400(client: Client, octets: bytes) -> None:
    """What is not HTTP, and a head over 64 KiB, gets a bare 400, and the connection ends."""
    await client.send(octets)
    status, headers, body = await client.answer()
    assert (status, headers["content-length"], headers["connection"], body) == (400, "0", "close", b"")
    assert await client.rest() == b""


async def test_endless_head_is_400(client: Client) -> None:
    """A head without an end is cut when it passes the limit, not kept."""
    await client.send(b"GET /tell HTTP/1.1\r\nX: ")
    with pytest.raises(ConnectionError):
        await endless(client)


async def endless(client: Client) -> None:
    """Send for ever; a closed connection raises."""
    while not client.reader.at_eof():
        await client.send(b"a" * 10_000)
    raise ConnectionResetError


async def test_garbage_after_a_request_does_not_cost_its_answer() -> None:
    """A request that came whole is answered, whatever comes behind it; then the connection ends."""
    release = asyncio.Event()

    async def wait(request: Request) -> Response:
        await release.wait()
        return await tell(request)

    async with serving(wait) as (_, port):
        client = await Client.connect(port)
        await client.send(b"GET /tell HTTP/1.1\r\n\r\n")
        await client.send(b"\x00\x01garbage")
        release.set()
        assert (await client.answer())[0] == 200
        assert await client.rest() == b""
        client.close()


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"GET /tell HTTP/1.1\r\nX: ", b"HTTP/1.1 408 Request Timeout\r\n"),
        (b"POST /tell HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 408 Request Timeout\r\n"),
        (b"POST /nothing HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 404 Not Found\r\n"),
    ],
)
async def test_slow_requests_are_cut(monkeypatch: pytest.MonkeyPatch, octets: bytes, answer: bytes) -> None:
    """A head or a body that does not come in time ends the connection, as does an idle one."""
    monkeypatch.setattr(server_module, "_SWEEP_S", 0.01)
    async with serving(limits=HttpLimits(head_s=0.05, body_s=0.05)) as (_, port):
        client = await Client.connect(port)
        await client.send(octets)
        rest = await client.rest()
        assert rest.startswith(answer)
        assert rest.count(b"HTTP/1.1") == (1 if answer else 0)
        client.close()


async def test_idle_connection_is_closed_after_keep_alive() -> None:
    """Between requests a connection may idle for a while only."""
    async with serving(limits=HttpLimits(keep_alive_s=0)) as (_, port):
        client = await Client.connect(port)
        await client.send(b"GET /tell HTTP/1.1\r\n\r\n")
        await client.answer()
        assert await client.rest() == b""
        client.close()


async def test_stop_answers_what_was_asked_and_takes_no_more() -> None:
    """At stop idle connections end, a request under way is answered, and nobody else is let in."""
    entered, release = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> Response:
        entered.set()
        await release.wait()
        return await tell(request)

    async with serving(wait) as (server, port):
        idle, busy = await Client.connect(port), await Client.connect(port)
        await busy.send(b"GET /tell HTTP/1.1\r\n\r\n")
        await entered.wait()
        stopping = asyncio.create_task(server.stop(5))
        assert await idle.rest() == b""
        with pytest.raises(OSError):
            await Client.connect(port)
        release.set()
        status, headers, _ = await busy.answer()
        assert (status, headers["connection"]) == (200, "close")
        await stopping
        idle.close()
        busy.close()


async def test_stop_does_not_wait_longer_than_its_grace(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that does not end is cut when the grace is over, without noise."""
    entered = asyncio.Event()
    ended: list[str] = []

    async def hang(request: Request) -> Response:
        entered.set()
        try:
            await asyncio.get_running_loop().create_future()
            return await tell(request)
        finally:
            ended.append("cut")

    async with serving(hang) as (server, port):
        client = await Client.connect(port)
        await client.send(b"GET /tell HTTP/1.1\r\n\r\n")
        await entered.wait()
        with caplog.at_level(logging.INFO):
            await server.stop(0.01)
        assert ended == ["cut"]
        assert caplog.records == []
        client.close()


async def test_caller_that_hangs_up_changes_nothing() -> None:
    """A handler runs to its end though the caller is gone."""
    entered, release, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> Response:
        entered.set()
        await release.wait()
        ended.set()
        return await tell(request)

    async with serving(wait) as (_, port):
        client = await Client.connect(port)
        await client.send(b"GET /tell HTTP/1.1\r\n\r\n")
        await entered.wait()
        client.writer.transport.abort()
        release.set()
        await asyncio.wait_for(ended.wait(), 60)


async def test_server_takes_a_bound_socket_and_leaves_signals_alone() -> None:
    """A socket may be handed in; no signal handler is installed."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    listener = socket.create_server(("127.0.0.1", 0))
    server = HttpServer(Application([]), listener=listener)
    assert await server.start() == listener.getsockname()[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    await server.stop(0)
    await server.stop(0)


async def test_requests_are_not_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """No log line holds a query string, nor is there one for a bad request."""
    with caplog.at_level(logging.DEBUG):
        for octets in (b"GET /tell?password=secret HTTP/1.0\r\n\r\n", b"secret\r\n\r\n"):
            client = await Client.connect(port)
            await client.send(octets)
            await client.rest()
            client.close()
    assert [record for record in caplog.records if record.name != "asyncio"] == []
