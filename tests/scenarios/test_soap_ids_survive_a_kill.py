"""A program that repeats its calls by CheckId until they are answered, while the process is killed again and again."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx2
from tests.scenarios.house import FAST, House, house
from tests.site import LINE, PASSWORD

from payamak.simulator import SimulatorConfig
from payamak.store.records import Search

CALLS, EACH, KILLS = 60, 10, 3


def envelope(first_id: int) -> bytes:
    """Ten messages, each under an id of its own and to a recipient of its own."""
    numbers = range(first_id, first_id + EACH)
    mobiles = "".join(f"<string>{989_127_000_000 + n * 10}</string>" for n in numbers)
    ids = "".join(f"<long>{n}</long>" for n in numbers)
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SendSmsByCheckId>'
        f"<pUsername>demo</pUsername><pPassword>{PASSWORD}</pPassword><line>{LINE}</line>"
        f"<messages><string>x</string></messages><mobiles>{mobiles}</mobiles><tempCheckIds>{ids}</tempCheckIds>"
        "</SendSmsByCheckId></s:Body></s:Envelope>"
    ).encode()


async def send_until_answered(home: House, first_id: int, answered: asyncio.Semaphore) -> list[int]:
    """Repeat the call over every break until it is done; the ids that it tells."""
    while True:
        try:
            answer = await home.http.post(f"{home.base_url}/almassms.asmx", content=envelope(first_id))
        except httpx2.TransportError:
            await asyncio.sleep(0.05)  # the process is down: nothing here could tell when it is up again
            continue
        if "<SendSmsByCheckIdResult>-2<" in answer.text:
            answered.release()
            return [int(n) for n in re.findall(r"<long>(\d+)</long>", answer.text)]
        assert "<SendSmsByCheckIdResult>23<" in answer.text, answer.text


async def test_repeated_calls_never_send_twice(tmp_path: Path) -> None:
    """However often a call is repeated over a kill, each CheckId is one message, and every answer tells its id."""
    async with house(tmp_path, config=SimulatorConfig(timing=FAST)) as home:
        answered = asyncio.Semaphore(0)
        turns = asyncio.Semaphore(4)

        async def send(first_id: int) -> list[int]:
            async with turns:
                return await send_until_answered(home, first_id, answered)

        calls = [asyncio.ensure_future(send(1 + n * EACH)) for n in range(CALLS)]
        for _ in range(KILLS):
            for _ in range(CALLS // (KILLS + 2)):
                await answered.acquire()
            await home.kill()
            await home.serve()
        told = [each for call in await asyncio.gather(*calls) for each in call]
        again = [each for n in range(CALLS) for each in await send_until_answered(home, 1 + n * EACH, answered)]
        assert again == told
        assert len(set(told)) == CALLS * EACH
        await home.drained()
        async with home.store() as store:
            kept = await store.search(Search(limit=2 * CALLS * EACH))
        assert len(kept) == CALLS * EACH
        assert len({whole.recipient for whole in home.received()}) == CALLS * EACH
        assert all(balance.is_balanced for balance in await home.balances())
