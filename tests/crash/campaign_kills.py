"""`make campaign-kills`: a campaign whose gateway is killed again and again, paused, resumed, taken back; then proven.

    python -m tests.crash.campaign_kills --rows 100000 --kill-every 20 --pauses 50 --cancel-at 0.6 --seed 1

The clerk's acts are those of the command line, by a process beside the gateway: so the disk is a plain one, for that
which forgets (disk.py) has no two processes on one file. The operator lives in this process, and its ledger is whole.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import msgspec
from cyclopts import App
from msgspec import Struct
from rich.console import Console
from tests import traces
from tests.crash import site
from tests.crash.campaign import started
from tests.crash.zygote import Child, Order, Zygote

from payamak.clock import SystemClock
from payamak.domain.campaigns import Campaign, CampaignState
from payamak.hands import campaigns
from payamak.hands.acts import by
from payamak.hands.refusals import NotDone
from payamak.simulator import Simulator, SimulatorConfig, Timing
from payamak.store.base import Mode
from payamak.store.records import CampaignProof
from payamak.store.sqlite.store import SqliteStore

CREDIT_RIAL = 10**12
READY_S, STOP_S = 180.0, 180.0
LOOK_S = 0.1
QUIET_S = 8.0
"""When nothing moves in the store for so long, what is left waits for receipts that no longer exist."""

LONGEST_S = 7_200.0


class Ordeal(Struct, frozen=True, kw_only=True):
    """What is done to a campaign: so many rows, kills every so often, pauses, a cancel at this share of the rows."""

    rows: int
    kill_every_s: float
    pauses: int
    cancel_at: float | None
    pace_per_minute: int | None = None
    seed: int = 1


class Ended(Struct, frozen=True, kw_only=True):
    """What came of it. `extra`: copies at the operator that no message counts as possible; must be none."""

    campaign: Campaign
    proof: CampaignProof
    kills: int
    pauses: int
    taken: int
    copies: int
    extra: list[str]
    unsent: list[str]
    books: list[str]
    took_s: float

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept, one sentence each."""
        proof = self.proof
        off = proof.held - proof.charged - proof.released - proof.reserved
        return [
            *map(str, proof.faults),
            *([f"{proof.twice} rows twice"] if proof.twice else []),
            *([f"{proof.lost} rows lost"] if proof.lost else []),
            *([f"{proof.rows['pending']} rows still pending"] if proof.rows["pending"] else []),
            *([f"held is {off:+,} rial off"] if off else []),
            *self.extra,
            *self.unsent,
            *self.books,
        ]


class _Gateway:
    """The program, killed and started again on one file."""

    def __init__(self, folder: Path, zygote: Zygote) -> None:
        self.path = folder / "payamak.sqlite"
        self.kills = 0
        self._log = folder / "serve.log"
        self._zygote = zygote
        self._child: Child | None = None

    async def begin(self) -> None:
        """Start it and wait until it listens."""
        arguments = ["serve", "--json", "--port", "0", "--data", str(self.path), "--log-level", "warning"]
        order = Order(arguments=arguments, environment={})
        with traces.opened(self._log) as log:
            child = self._child = await self._zygote.begin(order, log.fileno())
        async with asyncio.timeout(READY_S):
            assert await child.output.readline(), self._log.read_text()[-2_000:]

    async def kill(self) -> None:
        """SIGKILL, and start it again at once."""
        assert self._child is not None
        assert not self._child.ended.done(), self._log.read_text()[-2_000:]
        self._child.kill()
        await self._child.ended
        self.kills += 1
        await self.begin()

    async def stop(self) -> None:
        """A clean stop."""
        assert self._child is not None
        self._child.kill(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            assert await self._child.ended == 0, self._log.read_text()[-2_000:]


async def strike(ordeal: Ordeal) -> Ended:
    """Put a campaign through an ordeal; what came of it."""
    began_s, choice = time.monotonic(), random.Random(ordeal.seed)
    config = SimulatorConfig(
        accounts=dict([site.LOGIN]), digits=False, timing=Timing(answer_ms=4, receipt_ms=40, late_ms=200)
    )
    operator, zygote = Simulator(config), Zygote()
    await zygote.start()
    with tempfile.TemporaryDirectory(prefix="payamak-campaign-") as top:
        try:
            port = await operator.start()
            gateway = _Gateway(Path(top), zygote)
            await site.furnish(gateway.path, port, "http://127.0.0.1:1", CREDIT_RIAL, window=50)
            store = SqliteStore(gateway.path, mode=Mode.HANDS)
            try:
                campaign = await started(store, site.PROMPT, ordeal.rows, ordeal.pace_per_minute)
                await gateway.begin()
                pauses = await _live(store, gateway, campaign, ordeal, choice)
                await _settled(store, campaign)
                await gateway.stop()
                return await _ended(store, campaign, operator, gateway.kills, pauses, began_s)
            finally:
                await store.close()
        finally:
            await operator.stop(timeout_s=0.2)
            await zygote.stop()


async def _live(
    store: SqliteStore, gateway: _Gateway, campaign: Campaign, ordeal: Ordeal, choice: random.Random
) -> int:
    """Kill, pause, resume and cancel until every row is done with; how many pauses there were."""
    who, pauses = by("clerk", "payamak campaign"), 0
    at_rows = sorted(choice.randrange(1, int(ordeal.rows * (ordeal.cancel_at or 1))) for _ in range(ordeal.pauses))
    next_kill_s = time.monotonic() + ordeal.kill_every_s
    until_s = time.monotonic() + LONGEST_S
    while time.monotonic() < until_s:
        now = await campaigns.find(store, campaign.id)
        if now.is_ended or not now.pending:
            break
        if at_rows and now.made >= at_rows[0]:
            at_rows.pop(0)
            pauses += await _pause(store, now, choice)
        elif ordeal.cancel_at is not None and now.made >= ordeal.rows * ordeal.cancel_at:
            await campaigns.cancel(store, now, who, SystemClock().now())
        elif time.monotonic() >= next_kill_s:
            await gateway.kill()
            next_kill_s = time.monotonic() + ordeal.kill_every_s
        else:
            await asyncio.sleep(LOOK_S)
    await gateway.kill()
    return pauses


async def _pause(store: SqliteStore, now: Campaign, choice: random.Random) -> int:
    """Pause, wait a little, see that nothing was fed meanwhile, resume."""
    who = by("clerk", "payamak campaign")
    with suppress(NotDone):  # its last row was fed meanwhile
        stopped = await campaigns.pause(store, now, who, SystemClock().now())
        await asyncio.sleep(choice.uniform(0.05, 0.5))
        then = await campaigns.find(store, now.id)
        assert then.made == stopped.made, "a paused campaign was fed"
        assert then.state is CampaignState.PAUSED
        await campaigns.resume(store, then, who, SystemClock().now())
        return 1
    return 0


async def _settled(store: SqliteStore, campaign: Campaign) -> None:
    """Until nothing moves any more."""
    seen, since_s = None, time.monotonic()
    while time.monotonic() - since_s < QUIET_S:
        now = (await store.queue(), (await campaigns.find(store, campaign.id)).version)
        if now != seen:
            seen, since_s = now, time.monotonic()
        if not now[0]:
            return
        await asyncio.sleep(LOOK_S)


async def _ended(
    store: SqliteStore, campaign: Campaign, operator: Simulator, kills: int, pauses: int, began_s: float
) -> Ended:
    proof = await store.prove_campaign(campaign.id)
    received = {whole.recipient: whole for whole in operator.ledger.messages()}
    counted, unsent = await _by_recipient(store, campaign, set(received))
    extra = [
        f"{recipient}: {whole.copies} copies at the operator, {counted[recipient]} counted as possible"
        for recipient, whole in received.items()
        if whole.copies > counted[recipient]
    ]
    faults = [str(fault) for account in (await store.prove_ledger()).accounts for fault in account.faults]
    return Ended(
        campaign=await campaigns.find(store, campaign.id),
        proof=proof,
        kills=kills,
        pauses=pauses,
        taken=len(received),
        copies=sum(whole.copies for whole in received.values()),
        extra=extra,
        unsent=unsent,
        books=faults,
        took_s=time.monotonic() - began_s,
    )


async def _by_recipient(store: SqliteStore, campaign: Campaign, received: set[str]) -> tuple[Counter[str], list[str]]:
    """Copies that messages count, by recipient; and messages that are said to be delivered and that nobody took."""
    counted: Counter[str] = Counter()
    unsent, after_n = [], 0
    while rows := await store.campaign_rows(campaign.id, after_n, 500):
        for row in rows:
            story = None if row.message_id is None else await store.story(row.message_id)
            if story is not None:
                counted[story.message.recipient] += story.message.copies
                if story.message.was_taken and story.message.recipient not in received:
                    unsent.append(f"{story.message.recipient}: said to be taken, and the operator has none")
        after_n = rows[-1].n
    return counted, unsent


app = App(help_format="plaintext")


@app.default
def main(
    *,
    rows: int = 100_000,
    kill_every: float = 20.0,
    pauses: int = 50,
    cancel_at: float = 0.6,
    pace: int | None = None,
    seed: int = 1,
) -> int:
    """Strike, show; 0 if every promise was kept."""
    ordeal = Ordeal(
        rows=rows, kill_every_s=kill_every, pauses=pauses, cancel_at=cancel_at, pace_per_minute=pace, seed=seed
    )
    ended = asyncio.run(strike(ordeal))
    console = Console(width=None if sys.stdout.isatty() else 190)
    told = msgspec.to_builtins(ended.proof)
    console.print(
        f"{ended.kills} kills, {ended.pauses} pauses and resumes in {ended.took_s:.0f} s; campaign "
        f"{ended.campaign.state}; the operator has {ended.taken:,} messages and {ended.copies:,} copies",
        markup=False,
    )
    console.print(told)
    for sentence in ended.broken:
        console.print(f"BROKEN {sentence}", markup=False, style="red", soft_wrap=True)
    return int(bool(ended.broken))


if __name__ == "__main__":
    sys.exit(app())
