"""A small world with a story of its own: one line, one link, one operator; for what is told in days."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

from msgspec.structs import replace
from tests.simulation import disk as sim_disk
from tests.simulation.disk import Disk
from tests.simulation.world import World, furnish, world

from payamak.domain.site import Account, Line, LineKind, Link, LinkUse
from payamak.front.passwords import hash_password
from payamak.simulator import SimulatorConfig
from payamak.simulator.ledger import Entry
from payamak.store.records import Balance, Story
from payamak.store.sqlite.store import SqliteStore

HOUR_S: Final = 3_600.0
DAY_S: Final = 24 * HOUR_S
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000

NUMBER: Final = "983000101"
PORT: Final = 2_775
CREDIT: Final = 10_000
PRICE: Final = 100

LINK: Final = Link(
    name="north",
    port=PORT,
    system_id="north",
    password="p",
    enquire_link_s=3_600,
    status_verdicts={"0x0427": 27, "0x0433": 33},
    receipt_verdicts={"027": 27, "033": 33},
)
LINE: Final = Line(
    number=NUMBER, kind=LineKind.SERVICE, links=(LinkUse(link="north"),), gsm7_rial=PRICE, ucs2_rial=PRICE
)
ACCOUNT: Final = Account(username="shop", lines=(NUMBER,), default_line=NUMBER, verdict_wait_ms=0, keep_days=365)


class Day:
    """The world and the hands on it. Times in seconds since the begin, which is half past eight in Tehran."""

    def __init__(self, made: World, line: Line, account: Account, link: Link = LINK) -> None:
        self.world = made
        self._line = line
        self._account = account
        self._link = link

    async def begin(self, config: SimulatorConfig) -> None:
        """Furnish it and bring the gateway up."""
        account = replace(self._account, password_hash=hash_password("x"))
        await furnish(self.world, [self._link, self._line, account], {"shop": CREDIT})
        await self.world.open_operators([config])
        assert await self.world.start()

    @property
    def entries(self) -> list[Entry]:
        """What the operator got."""
        return self.world.operators[0].ledger.entries

    async def until(self, at_s: float) -> None:
        """Let time pass up to an instant."""
        await asyncio.sleep(at_s - self.world.loop.time())
        self.world.rhythm.stir()

    async def send(self, recipient: str = "989120009000", minutes: int = 1_440, text: str = "hello") -> int:
        """wsSend; the id that was promised."""
        fields = {"username": "shop", "password": "x", "mobile": recipient, "message": text}
        answer = await self.world.post("/api/wsSend.ashx", {**fields, "life_time": str(minutes)})
        assert answer is not None
        assert answer["status"] == -1, answer
        return int(answer["data"]["message_id"])

    async def hand(self, do: Callable[[SqliteStore], Awaitable[Any]]) -> Any:
        """What a person does or looks at, by another process on the same file."""
        store = sim_disk.open_store(self.world.path, Disk(random.Random(0)))
        try:
            return await do(store)
        finally:
            await store.close()

    async def story(self, message_id: int) -> Story:
        """All that is known of a message."""
        found: Story | None = await self.hand(lambda store: store.story(message_id))
        assert found is not None
        return found

    async def balance(self) -> Balance:
        """The account's purses."""
        balances: list[Balance] = await self.hand(lambda store: store.balances())
        return balances[0]

    async def suspend_link(self, is_suspended: bool) -> None:
        """Suspend or resume the link."""
        await self.hand(lambda store: store.put_documents([replace(LINK, is_suspended=is_suspended)], [], 0))


def live(
    tell: Callable[[Day], Awaitable[None]],
    *,
    line: Line = LINE,
    account: Account = ACCOUNT,
    link: Link = LINK,
    config: SimulatorConfig | None = None,
    seed: int = 1,
) -> World:
    """Tell a story in a world of its own; the world, ended, with nothing that went wrong."""
    with world(seed) as made:

        async def told() -> None:
            day = Day(made, line, account, link)
            await day.begin(config or SimulatorConfig())
            await tell(day)

        made.run(told())
        assert made.failures == [], made.failures
        return made
