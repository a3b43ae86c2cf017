"""Wrong passwords by the hundred a second: argon2 is no denial of service, and nobody else is hurt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from tests.golden.http.wire import SEND, form
from tests.hostile.attack import ANSWER_S, address_of, is_rare, under_attack
from tests.scenarios.house import House, accounts_changed, house
from tests.site import MOBILES, PASSWORD, QUOTING_PASSWORD

from payamak.codes import Code

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SECONDS = 4.0
ADDRESSES = [f"127.0.{block}.{number}" for block in (1, 2) for number in range(1, 101)]
FIELDS = {"mobile": MOBILES["ok"], "message": "سلام"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all attacks of this file."""
    async with house(tmp_path_factory.mktemp("passwords"), accounts_changed(verdict_wait_ms=0)) as home:
        yield home


async def guess(home: House, address: str, username: str, told: dict[bytes, int], until_s: float) -> None:
    """Guess from one address until the time is over; count the answers' codes."""
    reader, writer = await asyncio.open_connection(*address_of(home), local_addr=(address, 0))
    try:
        await guess_over(reader, writer, address, username, told, until_s)
    finally:
        writer.close()


async def guess_over(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    address: str,
    username: str,
    told: dict[bytes, int],
    until_s: float,
) -> None:
    """The same over a connection."""
    number = 0
    while time.monotonic() < until_s:
        number += 1
        name = username or f"{address}-{number}"
        body = form({"username": name, "password": f"{address}-{number}", **FIELDS})
        writer.write(
            b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (SEND.encode(), len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        code = (await reader.readexactly(length)).partition(b'"status":')[2].partition(b",")[0]
        told[code] = told.get(code, 0) + 1
        await asyncio.sleep(0.02)


async def call(home: House, address: str, username: str, password: str) -> tuple[object, float]:
    """One call from an address: its code and how long it took."""
    transport = httpx2.AsyncHTTPTransport(local_address=address)
    began_s = time.monotonic()
    async with httpx2.AsyncClient(transport=transport, timeout=30) as client:
        fields = {"username": username, "password": password, **FIELDS}
        answer = await client.post(home.base_url + SEND, data=fields)
    return answer.json()["status"], time.monotonic() - began_s


@pytest.mark.parametrize(
    ("addresses", "username", "first"),
    [
        (ADDRESSES[:1] * 20, "demo", "quoting"),
        (ADDRESSES, "demo", "numeric"),
        (ADDRESSES[:1] * 20, "", "string"),
        (ADDRESSES, "", "poor"),
    ],
    ids=["one account, one address", "one account, many addresses", "many names, one address", "many of both"],
)
async def test_a_flood_of_wrong_passwords(home: House, addresses: list[str], username: str, first: str) -> None:
    """The neighbour is served, the right password of the attacked account passes, and a first call from elsewhere too.

    The first call of an account after a start is not in the cache and needs argon2: it does not wait for the flood.
    """
    assert (await call(home, "127.0.0.1", "demo", PASSWORD))[0] == -1  # now it is in the cache
    told: dict[bytes, int] = {}
    mine: list[tuple[object, float]] = []
    async with under_attack(home, most_growth_mib=120, name=f"wrong passwords from {len(set(addresses))} addresses"):
        until_s = time.monotonic() + SECONDS
        flood = [asyncio.create_task(guess(home, one, username, told, until_s)) for one in addresses]
        await asyncio.sleep(1)
        right = QUOTING_PASSWORD if first == "quoting" else PASSWORD
        firsts = asyncio.create_task(call(home, "127.0.3.1", first, right))
        while not mine or not firsts.done():
            mine.append(await call(home, "127.0.0.1", "demo", PASSWORD))
        code, took_s = await firsts
        await asyncio.sleep(until_s - time.monotonic())
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
    codes = {Code(int(number)).name: count for number, count in told.items()}
    print(f"{sum(told.values()) / SECONDS:.0f} guesses a second, answered {codes}; a first call took {took_s:.2f} s")
    assert codes.keys() <= {"CREDENTIALS", "BUSY"}
    assert told, "the flood was answered"
    assert code == (Code.NO_CREDIT if first == "poor" else -1)  # both: the password was right
    assert took_s < ANSWER_S
    codes_of_mine = [code for code, _ in mine]
    assert set(codes_of_mine) <= {-1, Code.BUSY}
    assert is_rare(codes_of_mine.count(Code.BUSY), len(mine))
    assert max(took_s for _, took_s in mine) < ANSWER_S
