"""Connections beyond all measure: idle, slow, unread, more than there are open files. The neighbour is served."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
import pytest_asyncio
from tests.hostile.attack import (
    NEIGHBOUR,
    address_of,
    closed,
    cpu_s,
    is_closed,
    open_files,
    pid_of,
    raise_own_limit,
    read_all,
    send_all,
    sockets,
    under_attack,
    wait_for,
)
from tests.scenarios.house import House, house
from tests.site import MOBILES, PASSWORD

from payamak.config import Settings
from payamak.http.limits import HttpLimits

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

HEAD = b"POST /api/wsSend.ashx HTTP/1.1\r\nHost: x\r\n"
OWN = 1_000
"""Open files that this process keeps for its simulators and the rest of the suite."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all attacks of this file."""
    raise_own_limit()
    async with house(tmp_path_factory.mktemp("crowds")) as home:
        yield home


async def test_ten_thousand_idle_connections(home: House) -> None:
    """Ten thousand idle connections are held and cost kilobytes each; all the while the neighbour is served."""
    count = min(Settings().max_connections, raise_own_limit() - OWN)
    held = 0

    def attack() -> None:
        nonlocal held
        with sockets(home, count):
            # On a machine that is slow to open so many, the first are closed for saying nothing before the last are
            # there.
            wait_for(lambda: open_files(pid_of(home)) >= count, most_s=3)
            held = open_files(pid_of(home))

    async with under_attack(home, most_growth_mib=300, name=f"{count} idle connections"):
        await asyncio.to_thread(attack)
    print(f"held at one time: {held}")
    assert held > count // 3


async def test_slow_heads_and_bodies(home: House) -> None:
    """Thousands of requests that come octet by octet end after 15 s of head; those in their bodies harm nobody."""

    def attack() -> float:
        with sockets(home, 1_500) as heads, sockets(home, 1_500) as bodies:
            started_s = time.monotonic()
            for one in heads:
                one.sendall(HEAD)
            for one in bodies:
                one.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
            while time.monotonic() - started_s < 120 and not is_closed(heads[-1]):
                for one in heads:
                    send_all(one, [b"X"], 1)
                for one in bodies:
                    send_all(one, [b"a"], 1)
                time.sleep(1)
            took_s = time.monotonic() - started_s
            assert wait_for(lambda: closed(heads) == len(heads))
            return took_s

    async with under_attack(home, most_growth_mib=200, name="3,000 slow requests"):
        took_s = await asyncio.to_thread(attack)
    assert 14 < took_s < 120


ENDLESS = {
    "two octets": HEAD + b"Content-Length: 100\r\n\r\nte",
    "large": HEAD + b"Content-Length: 1000000\r\n\r\n" + b"t" * 1_000,
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nte\r\n",
    "expect": HEAD + b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    "1.0": HEAD.replace(b"1.1", b"1.0") + b"Content-Length: 100\r\n\r\nte",
    "pipelined": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD + b"Content-Length: 100\r\n\r\nte",
    "soap": HEAD.replace(b"/api/wsSend.ashx", b"/almassms.asmx") + b"Content-Length: 100\r\n\r\n<s",
    "long heads": HEAD + b"X: " + b"x" * 8_000,
}


def in_two_pieces(home: House) -> bytes:
    """The answer to a message whose body comes after its head."""
    fields = {"username": "other", "password": PASSWORD, "mobile": MOBILES["ok"], "message": "سلام"}
    body = urlencode(fields).encode()
    head = HEAD + b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    with sockets(home, 1) as (one,):
        one.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        time.sleep(0.02)  # so that it comes apart
        one.sendall(body)
        return read_all(one)


def unfinished(home: House) -> float:
    """What the metrics tell of requests that are not whole."""
    page = httpx2.get(f"{home.base_url}/metrics").text
    return float(next(line for line in page.splitlines() if line.startswith("payamak_http_unfinished ")).split()[1])


@pytest.mark.parametrize("name", ENDLESS)
async def test_bodies_that_never_end(home: House, name: str) -> None:
    """Thousands of requests of one address that are never ended shut nobody out: a neighbour is always answered -1.

    So is an honest caller of the same address, as behind a proxy that nobody named, whose body comes after its head.
    """
    count = 7_000 if name == "two octets" else 1_500

    def attack() -> None:
        with sockets(home, count) as many:
            for place, one in enumerate(many):
                send_all(one, [ENDLESS[name]], 1)
                if place % 20 == 0:
                    time.sleep(0.01)  # slower than anything is refused for its speed
            assert wait_for(lambda: closed(many) >= count - 600)  # those beyond what an address may have
            for one in many[::10]:
                send_all(one, [ENDLESS[name]], 1)
            for _ in range(10):
                assert b'"status":-1' in in_two_pieces(home)
            assert 0 < unfinished(home) <= HttpLimits().unfinished_of_each

    async with under_attack(home, most_growth_mib=100, name=f"{count} requests without an end: {name}"):
        await asyncio.to_thread(attack)


async def test_answers_that_nobody_reads(home: House) -> None:
    """Thirty callers who ask on and on and read nothing cost what their sockets hold."""
    asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 2_000

    def attack() -> int:
        sent = 0
        with sockets(home, 30) as many:
            for one in many:
                one.settimeout(0.01)
            until_s = time.monotonic() + 3
            while time.monotonic() < until_s:
                sent += sum(send_all(one, [asked], len(asked)) for one in many)
        return sent

    async with under_attack(home, most_growth_mib=250, name="30 callers who read nothing"):
        await asyncio.to_thread(attack)


async def test_thousands_of_requests_in_one_write(home: House) -> None:
    """Requests by the thousand in one write are all answered, in order, with a few of them in memory at a time."""
    count, asked = 2_000, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    def attack() -> list[int]:
        with sockets(home, 10) as many:
            for one in many:
                one.sendall(asked * count + asked.replace(b"Host: x", b"Connection: close"))
            return [read_all(one, 64 << 20).count(b"alive\n") for one in many]

    async with under_attack(home, most_growth_mib=60, name="20,000 requests in ten writes"):
        answered = await asyncio.to_thread(attack)
    assert answered == [count + 1] * 10


async def test_no_open_file_left(home: House) -> None:
    """Without a free file new callers find no room, yet the process neither spins nor dies, and recovers by itself."""
    pid = pid_of(home)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)

    def attack() -> float:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid) + 10, hard))
        try:
            with sockets(home, 300):
                time.sleep(0.5)
                before_s, began_s = cpu_s(pid), time.monotonic()
                time.sleep(2)
                return (cpu_s(pid) - before_s) / (time.monotonic() - began_s)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    busy = await asyncio.to_thread(attack)
    print(f"\nwithout a free file: {busy:.0%} of a processor")
    assert busy < 0.5
    assert home.process is not None
    assert home.process.returncode is None
    assert address_of(home)
    async with under_attack(home, most_growth_mib=50, name="after the files came back"):
        pass


async def test_more_than_there_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood from one address beyond `max_connections` pushes out its own oldest, never the neighbour."""
    monkeypatch.setenv("PAYAMAK_MAX_CONNECTIONS", "100")

    def attack(home: House) -> tuple[bool, int]:
        with sockets(home, 150) as first, sockets(home, 1, NEIGHBOUR) as other, sockets(home, 50) as last:
            other[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert other[0].recv(65_536).startswith(b"HTTP/1.1 200")
            with sockets(home, 300):
                assert wait_for(lambda: closed([*first, *last]) == 200)
            return is_closed(other[0]), open_files(pid_of(home))

    async with house(tmp_path) as home, under_attack(home, most_growth_mib=50, name="500 where 100 may be"):
        is_gone, files = await asyncio.to_thread(attack, home)
    assert not is_gone
    assert files < 200
