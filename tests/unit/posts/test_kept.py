"""Kept connections: which may be used again, and that nothing hostile on one is ever the answer to another post."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
from msgspec.structs import replace
from tests.source import ROOT
from tests.target import Call, Say, target

from payamak.posts import kept as kept_module
from payamak.posts import post as post_module
from payamak.posts.kept import KEPT_CONNECTIONS
from payamak.posts.post import Post, Posted, Poster

NOW = 1_700_000_000_000
POST = Post(url="", id="evt-1-1", json=b"{}", timeout_s=20, private_is_allowed=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"
TLS = Path(ROOT) / "tests" / "unit" / "smpp" / "link" / "tls"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk, **options: Any) -> AsyncIterator[str]:
    """A server that talks so on each connection, of which it is told the number; its URL."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await talk(reader, writer, len(tasks))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
    scheme = "https" if options else "http"
    try:
        yield f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


async def one(reader: asyncio.StreamReader) -> None:
    """Read one post."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    await reader.readexactly(length)


@asynccontextmanager
async def poster() -> AsyncIterator[Poster]:
    """A poster, closed at the end."""
    made = Poster()
    try:
        yield made
    finally:
        await made.close()


async def posted(made: Poster, url: str, **more: Any) -> Posted:
    """Post once."""
    async with asyncio.timeout(30):
        return await made.post(replace(POST, url=url, **more), NOW)


# ---------------------------------------------------------------------------------------- answers of nobody's


@pytest.mark.parametrize("more", [OK, b"H", b"\x00", OK[:-2]])
async def test_a_second_answer_is_not_the_next_posts(more: bytes) -> None:
    """Octets behind an answer close the connection: the next post goes over another one and gets its own answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await one(reader)
        writer.write(OK + more if number == 1 else BUSY)
        await reader.read()

    async with server(talk) as url, poster() as made:
        assert [(await posted(made, url)).status for _ in range(2)] == [200, 503]


class Blocking:
    """A server on a thread: what it does between two posts has happened before our loop looks again."""

    def __init__(self, between: Callable[[socket.socket], None]) -> None:
        self.between = between
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/"
        self.asked, self.done = threading.Event(), threading.Event()
        self.posts: list[int] = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Two connections: on the first one a post, then whatever is done between."""
        with self.listening:
            for number in (1, 2):
                connection, _ = self.listening.accept()
                with connection:
                    connection.settimeout(30)
                    while not connection.recv(65_536).endswith(b"{}"):
                        pass
                    self.posts.append(number)
                    connection.sendall(OK if number == 1 else BUSY)
                    if number == 1:
                        self.asked.wait(30)
                        self.between(connection)
                        self.done.set()
                        with suppress(ConnectionError):  # closed with something unread
                            connection.recv(65_536)

    def act(self) -> None:
        """Do it now, the loop standing still."""
        self.asked.set()
        assert self.done.wait(30)


@pytest.mark.parametrize(
    "between",
    [lambda c: c.sendall(OK), lambda c: c.sendall(b"H"), lambda c: c.shutdown(socket.SHUT_RDWR)],
    ids=["an answer", "an octet", "the end"],
)
def test_what_came_while_it_was_idle(between: Callable[[socket.socket], None]) -> None:
    """An answer to no post, or the end, that lies unread on a kept connection: another one is taken before we write.

    On both loops; the server has read each post once.
    """

    async def scene() -> None:
        peer = Blocking(between)
        async with poster() as made:
            assert (await posted(made, peer.url)).status == 200
            peer.act()
            assert (await posted(made, peer.url)).status == 503
            assert peer.posts == [1, 2]

    asyncio.run(scene())
    uvloop.run(scene())


async def test_what_was_sent_is_not_sent_again() -> None:
    """A kept connection that ends when it has read the post: nobody knows what became of it, and it goes once."""
    read: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await one(reader)
        read.append(number)
        writer.write(OK)
        await one(reader)
        read.append(number)

    async with server(talk) as url, poster() as made:
        assert (await posted(made, url)).status == 200
        second = await posted(made, url)
        assert (second.status, second.note) == (None, "RemoteProtocolError")
    assert read == [1, 1]


async def test_an_early_answer() -> None:
    """An answer that comes before the whole post has left counts; its connection, half a post on it, does not."""
    big = b"x" * 30_000_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        if number > 1:
            await one(reader)
        writer.write(b"HTTP/1.1 413 x\r\nContent-Length: 0\r\n\r\n" if number == 1 else OK)
        await writer.drain()
        await asyncio.Event().wait()

    async with server(talk) as url, poster() as made:
        assert (await posted(made, url, json=big)).status == 413
        assert (await posted(made, url)).status == 200


async def test_a_trickle_without_end() -> None:
    """A head of one octet at a time ends at the limit; a body that nobody wants ends after a moment, as an answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await one(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nX: " if number == 1 else b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"y" * (100 if number == 1 else 1))
            await writer.drain()
            await asyncio.sleep(0)

    async with server(talk) as url, poster() as made:
        assert (await posted(made, url)).note == "RemoteProtocolError"
        assert (await posted(made, url)).status == 200
        assert made._kept.count == 0


async def test_a_body_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the status is the answer, the rest of a body is waited for DRAIN_S; then the connection is closed."""
    monkeypatch.setattr(kept_module, "DRAIN_S", 0.01)
    ends: list[bytes] = []
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await one(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
        try:
            ends.append(await reader.read())
        finally:
            ended.set()

    async with server(talk) as url, poster() as made:
        assert await posted(made, url) == Posted(status=200, note="HTTP 200")
        assert made._kept.count == 0
        await ended.wait()


async def test_a_post_that_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time-out the connection is closed: its late answer is not another post's."""
    answer = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await one(reader)
        if number == 1:
            await answer.wait()
        writer.write(OK if number == 1 else BUSY)
        await reader.read()

    async with server(talk) as url, poster() as made:
        assert (await posted(made, url, timeout_s=0.05)).note == "no answer within 0.05 s"
        answer.set()
        assert (await posted(made, url)).status == 503


# -------------------------------------------------------------------------------------------- what is kept


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (OK, 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 100 x\r\n\r\n" + OK, 1),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 3),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 3),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000, 3),
    ],
    ids=["plain", "chunked", "informational", "close", "old", "long"],
)
def test_used_again(answer: bytes, connections: int) -> None:
    """Three posts, and over how many connections, on both loops."""
    seen: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            await one(reader)
            seen.append(number)
            writer.write(answer)
            await writer.drain()

    async def scene() -> None:
        seen.clear()
        async with server(talk) as url, poster() as made:
            assert [(await posted(made, url)).status for _ in range(3)] == [200] * 3
        assert len(set(seen)) == connections

    asyncio.run(scene())
    uvloop.run(scene())


async def test_few_are_kept_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a crowd of connections eight stay, and those for KEPT_S."""
    monkeypatch.setattr(kept_module, "KEPT_S", 0.05)
    count = KEPT_CONNECTIONS + 4
    everyone, ends, all_ended = asyncio.Event(), 0, asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        nonlocal ends
        await one(reader)
        if number == count:
            everyone.set()
        await everyone.wait()
        writer.write(OK)
        await reader.read()
        ends += 1
        if ends == count:
            all_ended.set()

    async with server(talk) as url, poster() as made:
        told = await asyncio.gather(*(posted(made, url) for _ in range(count)))
        assert {one.status for one in told} == {200}
        assert sum(len(idle) for idle in made._kept._idle.values()) <= KEPT_CONNECTIONS
        async with asyncio.timeout(30):
            await all_ended.wait()
        assert (made._kept.count, made._kept._idle) == (0, {})


async def test_kept_for_its_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that moved is posted to where it is now, when its addresses are old; the old connection is not used."""
    monkeypatch.setattr(post_module, "NAMES_KEPT_S", 0.0)
    addresses = ["127.0.0.1", "127.0.0.2"]

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses.pop(0), 0))]

    async with target() as shop, poster() as made:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://shop.example.ir:{shop.port}/"
        assert (await posted(made, url)).status == 200
        assert (await posted(made, url)).status is None, "nobody listens on the other address"
        assert len(shop.calls) == 1


async def test_a_name_is_asked_once_for_many_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its addresses hold for NAMES_KEPT_S; where it has none, it is asked again."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        asked.append(host)
        if host == "nowhere.example.ir":
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async with target() as shop, poster() as made:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        for host in ("shop.example.ir", "nowhere.example.ir"):
            for _ in range(3):
                await posted(made, f"http://{host}:{shop.port}/")
    assert asked == ["shop.example.ir", *["nowhere.example.ir"] * 3]


async def test_a_kept_connection_permits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that may not post inwards does not come in by the connection of one that may."""

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async with target() as shop, poster() as made:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://shop.example.ir:{shop.port}/"
        assert (await posted(made, url)).status == 200
        assert "private" in (await posted(made, url, private_is_allowed=False)).note
        assert len(shop.calls) == 1


async def test_another_name_at_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names of one server have connections of their own, each with its Host."""

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async with target() as shop, poster() as made:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        for host in ("a.example.ir", "b.example.ir"):
            assert (await posted(made, f"http://{host}:{shop.port}/")).status == 200
        assert [call.headers["host"].partition(":")[0] for call in shop.calls] == ["a.example.ir", "b.example.ir"]
        assert shop.connections == 2


async def test_the_second_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens on the first address the post goes to the second one; a third is not tried."""
    found = ["127.0.0.3", "127.0.0.1"]

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    async def script(call: Call) -> Say:
        return Say()

    monkeypatch.setattr(post_module, "NAMES_KEPT_S", 0.0)
    async with target(script) as shop, poster() as made:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        url = f"http://shop.example.ir:{shop.port}/"
        assert (await posted(made, url)).status == 200
        found.insert(0, "127.0.0.4")
        assert "ConnectError" in (await posted(made, url)).note


# ------------------------------------------------------------------------------------------------------ TLS


@pytest.mark.parametrize(
    ("host", "trusts", "status", "says"),
    [
        ("smsc.test", True, 200, "HTTP 200"),
        ("other.test", True, None, "ConnectError"),
        ("smsc.test", False, None, "ConnectError"),
    ],
)
def test_the_certificate_is_of_the_name(
    monkeypatch: pytest.MonkeyPatch, host: str, trusts: bool, status: int | None, says: str
) -> None:
    """The connection goes to the checked address, the certificate must be of the URL's name; on both loops."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "server.pem")
    ours = ssl.create_default_context(cafile=TLS / "ca.pem") if trusts else ssl.create_default_context()
    monkeypatch.setattr("payamak.posts.kept.KeptConnections._tls", lambda self: ours)
    posts: list[int] = []

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            await one(reader)
            posts.append(number)
            writer.write(OK)
            await writer.drain()

    async def scene() -> None:
        posts.clear()
        async with server(talk, ssl=context) as url, poster() as made:
            with monkeypatch.context() as patch:
                patch.setattr(socket, "getaddrinfo", getaddrinfo)
                for _ in range(2):
                    told = await posted(made, url.replace("127.0.0.1", host))
                    assert told.status == status
                    assert says in told.note
        assert len(posts) == (2 if status else 0)

    asyncio.run(scene())
    uvloop.run(scene())
