"""Requests that are begun and not ended: nothing that others wait for, few of each address, dropped before all else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from tests.unit.http.test_server import Client

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.http.admission import FEW, MOST, Admission
from payamak.http.app import Application
from payamak.http.body import RoomLimits
from payamak.http.limits import HttpLimits
from payamak.http.request import Request, Response, Route, refusal
from payamak.http.server import HttpServer

BOTH = frozenset({"GET", "POST"})
BUSY = Response(status=200, content_type="application/json; charset=utf-8", body=b'{"status":23}')
ASK = b"GET /send HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /send HTTP/1.1\r\nHost: x\r\n"

UNFINISHED = {
    "two octets": POST + b"Content-Length: 100\r\n\r\nte",
    "no octet": POST + b"Content-Length: 100\r\n\r\n",
    "large": POST + b"Content-Length: 900000\r\n\r\n" + b"t" * 2_000,
    "chunked": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nte\r\n",
    "expect": POST + b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    "1.0": POST.replace(b"1.1", b"1.0") + b"Content-Length: 100\r\n\r\nte",
    "upgrade": POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 100\r\n\r\nte",
    "odd path": POST.replace(b"/send", b"//SEND?a#b") + b"Content-Length: 100\r\n\r\nte",
    "absolute": POST.replace(b"/send", b"http://x/send") + b"Content-Length: 100\r\n\r\nte",
    "pipelined": ASK + POST + b"Content-Length: 100\r\n\r\nte",
    "no door": POST.replace(b"/send", b"/page") + b"Content-Length: 100\r\n\r\nte",
    "long head": POST + b"X: " + b"y" * 8_000,
}
"""Each of them waits for its caller."""


def told(code: Code, http_status: int = 200) -> Response:
    """How this door says what is refused."""
    return BUSY if code is Code.BUSY else refusal(code, http_status)


class Hall:
    """An application on a server, its clock still: nobody is refused for being late."""

    def __init__(self, limits: HttpLimits, trusts_proxies: bool = False, room_limits: RoomLimits | None = None) -> None:
        self.admission = Admission(lambda: 100.0, lambda: 0.0)
        self.served = 0
        self.handled = asyncio.Event()
        routes = [
            Route("/send", methods=BOTH, handler=self._serve, family=told, is_gated=True, is_folded=True),
            Route("/page", methods=BOTH, handler=self._serve),
        ]
        trusted = ["127.0.0.0/8"] if trusts_proxies else []
        self.app = Application(
            routes,
            admission=self.admission,
            trusted_proxies=[ip_network(network) for network in trusted],
            room_limits=room_limits,
        )
        self.server = HttpServer(self.app, limits=limits)
        self.port = 0
        self.clients: list[Client] = []

    async def _serve(self, _: Request) -> Response:
        self.served += 1
        return Response(status=200, content_type="text/plain", body=b"served")

    async def connect(self, octets: bytes = b"") -> Client:
        """One more connection, on which this was said."""
        client = await Client.connect(self.port)
        self.clients.append(client)
        await client.send(octets)
        return client

    async def until_unfinished(self, count: int) -> None:
        """Wait until so many are begun and not ended."""
        async with asyncio.timeout(20):
            while len(self.server.unfinished) != count:  # noqa: ASYNC110 - another end's
                await asyncio.sleep(0.005)


@asynccontextmanager
async def hall(limits: HttpLimits | None = None, **more: object) -> AsyncIterator[Hall]:
    """A hall that is open."""
    made = Hall(limits or HttpLimits(), **more)  # type: ignore[arg-type]
    made.port = await made.server.start()
    try:
        yield made
    finally:
        for client in made.clients:
            client.writer.transport.abort()
        await asyncio.sleep(0)
        await made.server.stop(0)


@pytest.mark.parametrize("name", UNFINISHED)
async def test_what_is_not_whole_is_not_under_way(name: str) -> None:
    """However it is left unfinished it counts among the unfinished, and not among the calls under way."""
    async with hall() as home:
        for number in range(1, 4):
            await home.connect(UNFINISHED[name])
            await home.until_unfinished(number)
        assert home.admission.under_way == 0
        fresh = await home.connect(ASK)
        assert (await fresh.answer())[2] == b"served"
        for client in home.clients:
            client.writer.transport.abort()
        await home.until_unfinished(0)
        assert home.admission.under_way == 0


@pytest.mark.parametrize("name", [name for name in UNFINISHED if name != "long head"])
async def test_one_address_drops_its_own_oldest(name: str) -> None:
    """More than its share, and the oldest goes, told 23 where its door has a form for it; the newest is served."""
    async with hall(HttpLimits(unfinished_of_each=3)) as home:
        clients = []
        for number in range(5):
            clients.append(await home.connect(UNFINISHED[name]))
            await home.until_unfinished(min(number + 1, 3))
        told = [await asyncio.wait_for(client.reader.read(-1), 20) for client in clients[:2]]
        for answer in told:
            bare = name in ("no door", "odd path", "absolute")
            assert answer.startswith(b"HTTP/1.1 408") if bare else b"served" in answer or BUSY.body in answer
        assert home.server.unfinished.dropped == 2
        if name == "two octets":
            await clients[-1].send(b"x" * 98)
            assert (await clients[-1].answer())[2] == b"served"
            await home.until_unfinished(2)


async def test_who_is_finished_is_not_dropped() -> None:
    """Bodies that come later than their heads, by the hundred on one connection, push nobody out."""
    async with hall(HttpLimits(unfinished_of_each=3)) as home:
        stuck = [await home.connect(UNFINISHED["two octets"]) for _ in range(2)]
        await home.until_unfinished(2)
        client = await home.connect()
        for _ in range(100):
            await client.send(POST + b"Content-Length: 4\r\n\r\n")
            await home.until_unfinished(3)
            await client.send(b"a=12")
            assert (await client.answer())[2] == b"served"
        assert (home.served, home.server.unfinished.dropped) == (100, 0)
        assert not stuck[0].reader.at_eof()
        assert home.admission.under_way == 0


async def test_callers_behind_a_trusted_proxy_have_a_share_each() -> None:
    """The address that counts is the caller's own, of IPv6 its /64; what is not from a proxy is not believed."""

    def of(address: str) -> bytes:
        return POST + b"X-Forwarded-For: %b\r\nContent-Length: 9\r\n\r\na" % address.encode()

    callers = ["192.0.2.1", "2001:db8::1", "2001:db8::2", "192.0.2.1", "2001:db8:0:0:ffff::", "192.0.2.2"]
    for trusts_proxies, dropped in ((True, 1), (False, 4)):
        async with hall(HttpLimits(unfinished_of_each=2), trusts_proxies=trusts_proxies) as home:
            for place, address in enumerate(callers):
                await home.connect(of(address))
                async with asyncio.timeout(20):
                    while len(home.server.unfinished) + home.server.unfinished.dropped <= place:  # noqa: ASYNC110
                        await asyncio.sleep(0.005)
            assert home.server.unfinished.dropped == dropped


async def test_all_together() -> None:
    """Beyond what all may have, the address that holds most loses its oldest, and nobody else."""

    def of(address: str) -> bytes:
        return POST + b"X-Forwarded-For: %b\r\nContent-Length: 9\r\n\r\na" % address.encode()

    async with hall(HttpLimits(unfinished=6), trusts_proxies=True) as home:
        first, *_ = [await home.connect(of("192.0.2.2")) for _ in range(2)]
        await home.until_unfinished(2)
        for _ in range(10):
            await home.connect(of("192.0.2.1"))
        async with asyncio.timeout(20):
            while home.server.unfinished.dropped < 6:  # noqa: ASYNC110 - another end's
                await asyncio.sleep(0.005)
        await first.send(b"b" * 8)
        assert (await first.answer())[2] == b"served"


async def test_a_full_house_loses_what_is_unfinished_first() -> None:
    """Of one address, as behind a proxy that nobody named, who is idle outlives who never ends his request."""
    async with hall(HttpLimits(connections=3)) as home:
        idle = await home.connect(ASK)
        assert (await idle.answer())[2] == b"served"
        stuck = await home.connect(UNFINISHED["two octets"])
        await home.until_unfinished(1)
        await (await home.connect(ASK)).answer()
        newcomer = await home.connect(ASK)
        assert (await newcomer.answer())[2] == b"served"
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await stuck.answer()
        await idle.send(ASK)
        assert (await idle.answer())[2] == b"served"


@pytest.mark.parametrize("name", ["two octets", "chunked", "pipelined", "expect"])
async def test_bodies_that_end_are_looked_at_then(name: str) -> None:
    """When its body is there a call is taken or refused by how things are then: the bound on calls under way holds."""
    rest = b"2\r\nst\r\n0\r\n\r\n" if name == "chunked" else b"x" * (100 if name == "expect" else 98)
    async with hall() as home:
        late, soon = [await home.connect(UNFINISHED[name]) for _ in range(2)]
        await home.until_unfinished(2)
        await soon.send(rest)
        home.admission.under_way = MOST
        async with asyncio.timeout(20):
            while len(home.server.unfinished) != 1:  # noqa: ASYNC110 - another end's
                await asyncio.sleep(0.005)
        home.admission.under_way = MOST + 1
        await late.send(rest)
        late.writer.write_eof()
        assert BUSY.body in await asyncio.wait_for(late.reader.read(-1), 20)


async def test_who_asks_first_behind_another_is_looked_at_too() -> None:
    """Pipelined and whole before its turn, a call that expects 100 is a call like any other."""
    async with hall() as home:
        home.admission.under_way = MOST
        asks = POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
        client = await home.connect(ASK.replace(b"/send", b"/page") + asks)
        assert (await client.answer())[2] == b"served"
        assert (await client.answer())[2] == BUSY.body
        assert (home.admission.refused, home.served) == (1, 1)


async def test_a_share_of_the_room_for_bodies() -> None:
    """What large bodies hold together is shared out too: one address' unfinished ones do not refuse another's."""
    limits = RoomLimits(together_octets=1_000_000, of_each_octets=400_000, free_octets=1_000)
    head = b"POST /send HTTP/1.1\r\nX-Forwarded-For: %b\r\nContent-Length: 300000\r\n\r\n"
    async with hall(trusts_proxies=True, room_limits=limits) as home:
        for _ in range(4):
            await home.connect(head % b"192.0.2.1" + b"a" * 299_999)
        await home.until_unfinished(4)
        honest = await home.connect(head % b"192.0.2.2" + b"a" * 150_000)
        await home.until_unfinished(5)
        await honest.send(b"a" * 150_000)
        assert (await honest.answer())[2] == b"served"
        large = await home.connect(head.replace(b"300000", b"2000000") % b"192.0.2.1")
        await large.send(b"a" * 2_000_000)  # found no room, and would have had none
        assert (await large.answer())[0] == 413


async def test_who_is_refused_leaves_the_room() -> None:
    """A large body that came whole holds no room, its call taken or not; nor does one that is cut off."""
    limits = RoomLimits(together_octets=100_000, free_octets=1_000)
    large = POST + b"Content-Length: 90000\r\n\r\n" + b"a" * 90_000
    async with hall(room_limits=limits) as home:
        home.admission.under_way = MOST
        for _ in range(3):
            assert (await (await home.connect(large)).answer())[2] == BUSY.body
        home.admission.under_way = 0
        cut = await home.connect(large[:-1])
        await home.until_unfinished(1)
        cut.writer.transport.abort()
        await home.until_unfinished(0)
        assert (await (await home.connect(large)).answer())[2] == b"served"


async def test_favours_are_for_a_neighbourhood() -> None:
    """However late it is, the addresses of one /64 have the few calls of one address together."""
    admission = Admission(lambda: 100.0, lambda: 60.0)
    admission.under_way = FEW
    assert sum(admission.admits(f"2001:db8::{number:x}") for number in range(1, 50)) == 5
    assert admission.admits("2001:db8:0:1::1")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", neighbourhood("2001:db8:0:0:ffff::2")),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_neighbourhoods(address: str, place: str) -> None:
    """An IPv4 address is itself however it is written, an IPv6 one its /64; what is neither is itself."""
    assert neighbourhood(address) == place
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
