"""Ten thousand messages while links are cut and the process is stopped and killed: none is lost (P1, P2, P3, P5)."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.scenarios.house import House, accounts_changed, house
from tests.scenarios.proxy import Proxy
from tests.site import CREDIT_RIAL, LINE, PASSWORD

from payamak.domain.message import Message, State
from payamak.simulator import Entry, SimulatorConfig, Timing
from payamak.store.records import Search

COUNT = 10_000
CLIENTS = 32
WINDOW = 50  # of the demo's links
WHOLE_TEST_S = 900.0
"""A machine that others use may take minutes; `drained` gives up once nothing moves any more."""
# Slow answers, so that whatever hits the links or the process finds parts on the wire.
SLOW = SimulatorConfig(digits=False, timing=Timing(answer_ms=60, receipt_ms=100))


@dataclass
class Load:
    """The clients: each sends one message after another until `COUNT` are accepted."""

    home: House
    is_served: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    unanswered: set[str] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _marks: list[tuple[int, asyncio.Event]] = field(default_factory=list)

    async def run(self) -> None:
        """Send until enough is accepted."""
        async with asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._client())

    async def reached(self, count: int) -> None:
        """Return once so many messages are accepted."""
        mark = asyncio.Event()
        self._marks.append((count, mark))
        await mark.wait()

    async def _client(self) -> None:
        while len(self.accepted) < COUNT:
            if not await self._send(next(self._numbers)):
                await self.is_served.wait()

    async def _send(self, number: int) -> bool:
        """One call, never repeated; False if the server is away or stopping."""
        mobile = f"98912{number:07d}"
        text = self.texts[mobile] = _text(number)
        way = {"type": "2"} if number % 2 else {"line": LINE}
        fields = {"username": "demo", "password": PASSWORD, "mobile": mobile, "message": text, **way}
        try:
            answer = await self.home.http.post(f"{self.home.base_url}/api/wsSend.ashx", data=fields)
        except httpx2.HTTPError:
            self.unanswered.add(mobile)  # so nothing was promised; it may be sent all the same
            return False
        body = answer.json()
        if body["status"] != -1:
            self.refused[body["status"]] += 1
            return False
        self.accepted[mobile] = body["data"]["message_id"]
        for count, mark in self._marks:
            if len(self.accepted) >= count:
                mark.set()
        return True


def _text(number: int) -> str:
    """Persian, every seventh Latin, every tenth in two parts; all of them different."""
    words = f"Message {number} " if number % 7 == 0 else f"پیام شماره {number} "
    return words * (9 if number % 10 == 0 else 1)


async def _trouble(load: Load, proxies: list[Proxy]) -> None:
    """What happens meanwhile, each at a number of accepted messages."""
    home = load.home

    async def cut(at: int, until: int) -> None:
        await load.reached(at)
        for proxy in proxies:
            proxy.refuse()
            assert proxy.cut() >= 1
        await load.reached(until)
        for proxy in proxies:
            await proxy.restore()

    await cut(1_000, until=1_700)
    await load.reached(3_000)
    load.is_served.clear()
    assert await home.terminate() == 0
    await home.serve()
    load.is_served.set()
    await cut(4_500, until=5_200)
    await load.reached(6_500)
    load.is_served.clear()
    await home.kill()
    await home.serve()
    load.is_served.set()
    await cut(8_000, until=8_700)


@asynccontextmanager
async def _house_with_cables(folder: Path) -> AsyncIterator[tuple[House, list[Proxy]]]:
    proxies: list[Proxy] = []

    async def through(port: int) -> int:
        proxy = Proxy(port)
        await proxy.restore()
        proxies.append(proxy)
        return proxy.port

    try:
        async with house(folder, accounts_changed(verdict_wait_ms=0), SLOW, through=through) as home:
            yield home, proxies
    finally:
        for proxy in proxies:
            await proxy.close()


async def _everything_kept(home: House) -> list[Message]:
    """Every message in the store, also those whose acceptance was never told."""
    found: list[Message] = []
    async with home.store() as store:
        while page := await store.search(Search(limit=2_000, before_id=found[-1].id if found else None)):
            found += page
    return found


async def _states(home: House, ids: list[int]) -> Counter[str]:
    """What wsStates says, counted."""
    told: Counter[str] = Counter()
    for first in range(0, len(ids), 2_000):
        wanted = ids[first : first + 2_000]
        body = await home.post("/api/wsStates.aspx", message_ids=",".join(map(str, wanted)))
        data = body["data"]
        assert isinstance(data, dict)
        told.update(data["states"].split(","))
    return told


def _entries(home: House) -> dict[str, list[Entry]]:
    """What both operators took, by recipient."""
    taken: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in home.advertising.ledger.entries + home.service.ledger.entries:
        if entry.is_taken:
            taken[entry.recipient].append(entry)
    return taken


def _copies(entries: list[Entry]) -> int:
    """Parts that came more often than once."""
    return sum(count - 1 for count in Counter(entry.part for entry in entries).values())


def _joined(entries: list[Entry]) -> str:
    """The text as the handset shows it."""
    return "".join(dict(sorted((entry.part, entry.text) for entry in entries)).values())


@pytest.mark.slow
async def test_all_that_was_accepted_is_delivered_whatever_breaks(tmp_path: Path) -> None:
    """Both links cut three times, one SIGTERM, one SIGKILL: nothing lost, copies only where counted, money balances."""
    async with asyncio.timeout(WHOLE_TEST_S), _house_with_cables(tmp_path) as (home, proxies):
        load = Load(home)
        load.is_served.set()
        async with asyncio.TaskGroup() as both:
            both.create_task(load.run())
            both.create_task(_trouble(load, proxies))
        await home.drained()

        assert [proxy.cuts for proxy in proxies] == [3, 3]
        assert set(load.refused) <= {23}, "refused only as busy, while it stops"
        assert await _states(home, list(load.accepted.values())) == {"1": len(load.accepted)}

        kept = {message.recipient: message for message in await _everything_kept(home)}
        assert {mobile: kept[mobile].id for mobile in load.accepted} == load.accepted
        assert kept.keys() - load.accepted.keys() <= load.unanswered
        assert {message.state for message in kept.values()} == {State.DELIVERED}

        taken = _entries(home)
        assert taken.keys() == kept.keys(), "lost, or sent without being accepted"
        for mobile, message in kept.items():
            assert _joined(taken[mobile]) == load.texts[mobile]
            assert _copies(taken[mobile]) <= message.copies, f"a blind copy of {message}"
        copies = sum(message.copies for message in kept.values())
        arrived_twice = sum(_copies(entries) for entries in taken.values())
        print(
            f"{len(load.accepted)} accepted, {len(kept) - len(load.accepted)} kept without an answer,"
            f" {len(load.unanswered)} calls unanswered, {sum(load.refused.values())} refused as busy,"
            f" {copies} possible copies, {arrived_twice} arrived twice"
        )
        # Three cuts and one SIGKILL can each make what is on the wire ambiguous; a clean stop makes nothing so.
        async with home.store() as store:
            assert copies <= 4 * len(store.site.links) * WINDOW

        balances = {balance.username: balance for balance in await home.balances()}
        assert all(balance.is_balanced for balance in balances.values())
        assert balances["demo"].reserved == 0
        assert balances["demo"].available == CREDIT_RIAL - sum(message.charged for message in kept.values())
        assert await home.terminate() == 0
