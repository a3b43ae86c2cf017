"""The end of a bind, with the program as a process: no second copies for it, and a stop that waits for nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tests import site
from tests.scenarios.house import House, house

from payamak.clock import SystemClock
from payamak.domain.site import Document, Link
from payamak.smpp.link import LinkServer, ServerConnection, serve
from payamak.smpp.pdu import Bind, Pdu, SubmitSm, SubmitSmResp

STOP_S = 3.0
"""What is promised; the tests give twice as much, for others share the machine."""
PATIENCE_S = 30.0


class Centre:
    """A centre that takes every submit and answers when it is told to."""

    def __init__(self) -> None:
        self.submits: asyncio.Queue[tuple[ServerConnection, SubmitSm]] = asyncio.Queue()
        self.binds: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.is_answering = False
        self.is_mute = False
        self.count = 0

    def on_bind(self, connection: ServerConnection, bind: Bind) -> int:
        """Take it."""
        self.binds.put_nowait(connection)
        return 0

    def on_request(self, connection: ServerConnection, pdu: Pdu) -> Pdu | None:
        """Count it, keep it, answer if that is wanted now; or fall silent for good."""
        assert isinstance(pdu, SubmitSm)
        self.count += 1
        self.submits.put_nowait((connection, pdu))
        if self.is_mute:
            connection.pause_reading()
        return SubmitSmResp(message_id=f"{self.count}") if self.is_answering else None

    async def bound(self, count: int) -> None:
        """Wait for so many more binds."""
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(count):
                await self.binds.get()

    async def taken(self, count: int) -> list[tuple[ServerConnection, SubmitSm]]:
        """So many submits."""
        async with asyncio.timeout(PATIENCE_S):
            return [await self.submits.get() for _ in range(count)]


@asynccontextmanager
async def served(folder: Path, centre: Centre, **settings: object) -> AsyncIterator[House]:
    """A house whose advertising operator is that centre."""
    server: LinkServer = await serve("127.0.0.1", 0, on_bind=centre.on_bind, on_request=centre.on_request)

    def change(document: Document) -> Document:
        if isinstance(document, Link) and document.system_id == site.ADVERTISING_LOGIN[0]:
            return msgspec.structs.replace(document, port=server.port, **settings)
        return document

    try:
        async with house(folder, change) as home:
            yield home
    finally:
        await server.close(0)


async def five_sent(home: House, centre: Centre) -> list[tuple[ServerConnection, SubmitSm]]:
    """Five messages on the wire, none answered; wsSend waits for a verdict only so long."""
    calls = [home.send(mobile=f"98912000{9000 + n}", message="سلام", **{"from": site.LINE}) for n in range(5)]
    answers = asyncio.gather(*calls)
    taken = await centre.taken(5)
    for answer in await answers:
        assert answer["status"] == -1
    return taken


async def test_a_centre_that_unbinds_and_then_answers_gets_no_copies(tmp_path: Path) -> None:
    """Five messages are five submits: the answers that come after the unbind are waited for."""
    centre = Centre()
    async with served(tmp_path, centre, gives_receipts=False) as home:
        taken = await five_sent(home, centre)
        connection = taken[0][0]
        connection._session.unbind(asyncio.get_running_loop().time())
        connection._flush()
        centre.is_answering = True
        for number, (_, pdu) in enumerate(taken):
            connection.respond(pdu, SubmitSmResp(message_id=f"late {number}"))
        async with asyncio.timeout(PATIENCE_S):
            await connection.wait_closed()
        await home.drained()
        assert (await home.send(mobile="989120009100", message="بعد", **{"from": site.LINE}))["status"] == -1
        await centre.taken(1)
        assert centre.count == 6


@pytest.mark.parametrize("is_mute", [False, True], ids=["answers nothing", "does not even read"])
async def test_a_silent_operator_does_not_hold_up_the_stop(tmp_path: Path, *, is_mute: bool) -> None:
    """SIGTERM with five submits that are never answered, by a centre that answers no unbind either: under 3 s."""
    centre = Centre()
    centre.is_mute = is_mute
    async with served(tmp_path, centre) as home:
        await five_sent(home, centre)
        began_s = time.monotonic()
        assert await home.terminate() == 0
        assert time.monotonic() - began_s < STOP_S * 2


async def test_a_link_that_a_change_is_closing_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """A changed link lets go of its old bind in its own time; a SIGTERM meanwhile is as quick as ever."""
    centre = Centre()
    centre.is_mute = True
    async with served(tmp_path, centre) as home:
        async with home.store() as store:
            links = [one for one in store.site.links.values() if one.system_id == site.ADVERTISING_LOGIN[0]]
        await centre.bound(len(links))
        await five_sent(home, centre)
        async with home.store() as store:
            changed = [msgspec.structs.replace(link, window=link.window + 1) for link in links]
            await store.put_documents(changed, [], SystemClock().now())
        await centre.bound(len(links))
        began_s = time.monotonic()
        assert await home.terminate() == 0
        assert time.monotonic() - began_s < STOP_S * 1.5
