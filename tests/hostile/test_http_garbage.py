"""Too much of everything in one request, and what is no HTTP: cut off in time, and the neighbour is served."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio
from tests.hostile.attack import (
    MIB,
    address_of,
    client_hello,
    raise_own_limit,
    read_all,
    send_all,
    sockets,
    under_attack,
)
from tests.scenarios.house import House, house

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

START = b"POST /api/wsSend.ashx HTTP/1.1\r\nHost: x\r\n"
GIB = 1 << 30
CALLERS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all attacks of this file."""
    raise_own_limit()
    async with house(tmp_path_factory.mktemp("garbage")) as home:
        yield home


def write_side_by_side(many: list[socket.socket], pieces: Iterable[bytes], most_octets: int) -> list[int]:
    """Write the same pieces to each in turn, until none takes any more for two seconds; how much went to each."""
    sent = dict.fromkeys(many, 0)
    willing = list(many)
    for one in many:
        one.settimeout(2)
    for piece in pieces:
        willing = [one for one in willing if send_all(one, [piece], len(piece)) == len(piece)]
        for one in willing:
            sent[one] += len(piece)
        if not willing or max(sent.values()) >= most_octets:
            break
    return list(sent.values())


@pytest.mark.parametrize(
    ("head", "piece", "status"),
    [
        (b"Content-Length: %d\r\n\r\n" % GIB, b"a" * 65_536, b"413"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 10_000, b"400"),
    ],
    ids=["length", "chunks", "chunks of one octet"],
)
async def test_bodies_of_a_gigabyte(home: House, head: bytes, piece: bytes, status: bytes) -> None:
    """Of a body without end some 8 MiB are read away, then come the refusal and the end; of tiny chunks far less."""

    def attack() -> tuple[list[int], list[bytes]]:
        with sockets(home, CALLERS) as many:
            sent = write_side_by_side(many, itertools.chain([START + head], itertools.repeat(piece)), 40 * MIB)
            return sent, [read_all(one) for one in many]

    async with under_attack(home, most_growth_mib=100, name=f"{CALLERS} endless bodies"):
        sent, answers = await asyncio.to_thread(attack)
    assert max(sent) < 40 * MIB, "the server still takes it"
    # A reset may overtake the answer where more was sent than the system's buffers hold; never anything else comes.
    assert all(answer.startswith(b"HTTP/1.1 " + status) or not answer for answer in answers)
    print(f"{status.decode()} arrived {sum(map(bool, answers))} times; {max(sent) / MIB:.0f} MiB were taken at most")


async def test_many_large_bodies_at_once(home: House) -> None:
    """Two hundred bodies just below the limit, all left unfinished, cost what bodies may cost together."""
    head = START + b"Content-Length: 1048576\r\n\r\n"

    def attack() -> None:
        with sockets(home, 200) as many:
            for one in many:
                send_all(one, [head + b"a" * (MIB - 1)], MIB)

    async with under_attack(home, most_growth_mib=220, name="200 unfinished bodies of 1 MiB"):
        await asyncio.to_thread(attack)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (START, b"A: b\r\n" * 1_000),
        (START + b"A: ", b"b" * 6_000),
        (START, b"A" * 6_000),
        (b"GET /" + b"a" * 100, b"a" * 6_000),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 1_000),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1", b";a=b" * 1_500),
    ],
    ids=["many", "long value", "long name", "long target", "trailers", "chunk extension"],
)
async def test_floods_of_headers(home: House, start: bytes, piece: bytes) -> None:
    """Heads without end, of whatever shape, are cut off after little, and memory does not follow."""

    def attack() -> tuple[list[int], list[bytes]]:
        with sockets(home, CALLERS) as many:
            sent = write_side_by_side(many, itertools.chain([start], itertools.repeat(piece)), 12 * MIB)
            return sent, [read_all(one) for one in many]

    async with under_attack(home, most_growth_mib=60, name=f"{CALLERS} endless heads"):
        sent, answers = await asyncio.to_thread(attack)
    assert max(sent) < 12 * MIB, "the server still takes it"
    assert all(answer[:12] in (b"", b"HTTP/1.1 400", b"HTTP/1.1 404") for answer in answers)


NO_HTTP = {
    "tls": client_hello(),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\4\0\0\0\0\0",
    "smpp": bytes.fromhex("0000001000000015000000000000000a"),
    "zeros": bytes(10_000),
    "lines": b"\r\n" * 5_000 + b"\0",
    "random": random.Random(3300).randbytes(10_000),
}


async def test_what_is_no_http(home: House) -> None:
    """A TLS hello, HTTP/2, SMPP and garbage get a bare 400 or nothing, and the connection ends at once."""

    def attack() -> dict[str, set[bytes]]:
        answers: dict[str, set[bytes]] = {}
        for name, octets in NO_HTTP.items():
            with sockets(home, 50) as many:
                for one in many:
                    send_all(one, [octets], len(octets))
                answers[name] = {read_all(one)[:12] for one in many}
        return answers

    async with under_attack(home, most_growth_mib=30, name="no HTTP"):
        answers = await asyncio.to_thread(attack)
    assert {name for name, got in answers.items() if not got <= {b"HTTP/1.1 400", b""}} == set()


INNER = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "two equal lengths": b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": b"Content-Length: 0, 40\r\n\r\n",
    "a signed length": b"Content-Length: +0\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": b"Content-Length: 0x0\r\n\r\n",
    "a huge length": b"Content-Length: 18446744073709551616\r\n\r\n",
    "another coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked, but not last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a bare line feed": b"A: b\nContent-Length: 0\n\n",
    "a carriage return within": b"A: b\rContent-Length: 0\r\n\r\n",
    "a NUL within": b"A: b\0\r\nContent-Length: 0\r\n\r\n",
    "a chunk's size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "a huge chunk": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
    "a chunk too long": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("shape", SMUGGLING, ids=str)
async def test_smuggling(home: House, shape: str) -> None:
    """Where two readers could disagree on a body's length, nothing behind that body is taken for a request."""
    reader, writer = await asyncio.open_connection(*address_of(home))
    writer.write(START.replace(b"wsSend.ashx", b"none") + SMUGGLING[shape] + INNER)
    async with asyncio.timeout(10):
        answer = await reader.read(-1)
    writer.close()
    assert b"alive" not in answer
    assert answer.startswith(b"HTTP/1.1 400 ")
