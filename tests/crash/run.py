"""One run: clients, operator and program together; the program is struck, comes back, and the books are compared."""

from __future__ import annotations

import asyncio
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec
from tests import traces
from tests.crash import site
from tests.crash.campaign import begin_campaign, campaign_faults
from tests.crash.checker import WAITING, Verdict, check, check_received, check_webhooks
from tests.crash.client import SEND, Book, Sent, call, message
from tests.crash.points import Scene, scene_of
from tests.crash.reading import read_store
from tests.crash.victim import Spec
from tests.crash.ways import BY_NAME, Cell, Operator, operator
from tests.crash.zygote import Child, Order, Zygote
from tests.target import Call, Say, Target

MESSAGES, WAVE, WAVE_GAP_S = 28, 4, 0.02
SINGLES, SINGLE_GAP_S = 24, 0.25
"""Of the scene in which the operator has spoken: a response timer, rests and a new bind fit in between."""
AFTERWARDS = 4
"""Messages that are sent to the program that came back: it must not only finish, it must work."""
READY_S, DRAIN_S, STOP_S = 180.0, 120.0, 180.0
POLL_S = 0.05
QUIET_S = 2.5
"""A point that has not been passed for so long after the last thing happened will not be passed any more."""
LATEST_S = 60.0

FIRST_STRIKE = "write/after"
"""Where the process dies first in the scene of the recovery: with messages on the wire."""

_MOST: dict[str, int] = {"sync": 24, "ledger": 16, "hand-over": 8, "claim": 1, "recovery": 1}
"""At which pass the process is struck, at most; 3 for the others."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run."""

    cell: Cell
    seed: int
    was_struck: bool
    verdict: Verdict
    took_s: float


class House:
    """What a run has: a store, an operator, a customer's server, clients."""

    def __init__(self, cell: Cell, seed: int, folder: Path, zygote: Zygote) -> None:
        self.point, self.way = cell[0], BY_NAME[cell[1]]
        self.scene = scene_of(self.point)
        self.choice = random.Random(f"{cell} {seed}")
        self.folder = folder
        self.path = folder / "payamak.sqlite"
        self.zygote = zygote
        self.operator: Operator = operator(self.way, site.LOGIN)
        self.target = Target(_customer)
        self.book = Book()
        self.acknowledged: dict[str, str] = {}
        self.clients: set[asyncio.Task[None]] = set()
        self.handsets: set[asyncio.Task[None]] = set()
        self.port = 0

    async def begin(self, spec: Spec | None) -> Child:
        """Start the program and wait until it listens. Raises AssertionError with its words if it does not."""
        order = Order(
            arguments=["serve", "--json", "--port", "0", "--data", str(self.path), "--log-level", "warning"],
            environment=site.WEBHOOK_SECRET,
            spec=spec,
        )
        with traces.opened(self.folder / "serve.log") as log:
            child = await self.zygote.begin(order, log.fileno())
        async with asyncio.timeout(READY_S):
            line = await child.output.readline()
        if line:
            self.port = int(msgspec.json.decode(line)["url"].rpartition(":")[2])
        return child

    def words(self) -> str:
        """What the program wrote to its log, for a failure."""
        return (self.folder / "serve.log").read_text()[-3_000:]

    def start(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        """Do something beside the rest."""
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def send(self, sent: Sent) -> None:
        """One call, never repeated."""
        self.book.note(sent, await call(self.port, SEND, sent.fields))

    async def handset(self, number: int) -> None:
        """A handset sends; two messages of each, one of them a web request."""
        sender = f"98935{number // 2:07d}"
        text = f"{site.KEYWORD} {number}" if number % 2 else f"سلام {number}"
        if await self.operator.send_mo(site.RESEND_LINE, sender, text, system_id=site.LOGIN[0]):
            self.acknowledged[text] = sender


async def _customer(call: Call) -> Say:
    """The customer's server: reads everything, and answers web requests."""
    body = f"قیمت {call.form['text'].split()[-1]} تومان".encode() if "/price" in call.request_line else b""
    return Say(body=body, headers=("Content-Type: text/plain; charset=utf-8",))


@asynccontextmanager
async def _house(cell: Cell, seed: int, folder: Path, bench: Bench) -> AsyncIterator[House]:
    home = House(cell, seed, folder, bench.zygote)
    await home.target.start()
    try:
        port = await home.operator.start()
        await site.furnish_like(
            bench.pattern, home.path, port, home.target.url(""), has_webhooks=home.scene is Scene.WEBHOOKS
        )
        yield home
    finally:
        tasks = [*home.clients, *home.handsets]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await home.operator.stop(timeout_s=0.2)
        await home.target.die()


def spec_of(home: House, nth: int | None, *, ignores_sync: bool) -> Spec:
    """How to strike: the pass, what of the unsynced is written all the same, and how often the log is copied."""
    name = home.point.partition("/")[0]
    return Spec(
        point=home.point,
        nth=nth or home.choice.randint(1, _MOST.get(name, 3)),
        spill_seed=home.choice.choice((None, home.choice.getrandbits(30))),
        checkpoint_pages=home.choice.choice((0, 0, 40)),
        ignores_sync=ignores_sync,
    )


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs share: where their folders go, who splits off programs, and a furnished store to copy."""

    top: Path
    zygote: Zygote
    pattern: Path
    ignores_sync: bool = False


async def run(cell: Cell, seed: int, bench: Bench, nth: int | None = None) -> Outcome:
    """Strike the program in this cell, at pass `nth` or as the seed says; what its promises were worth."""
    began_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(dir=bench.top))
    async with _house(cell, seed, folder, bench) as home:
        spec = spec_of(home, nth, ignores_sync=bench.ignores_sync)
        if home.scene is Scene.CAMPAIGN:
            await begin_campaign(home.path)
        if home.scene is Scene.RECOVERY:
            await _life(home, Spec(point=FIRST_STRIKE, nth=home.choice.randint(1, 2)))
        was_struck = await _life(home, spec)
        home.operator.open()
        await _last_life(home)
        verdict = check(home.book, store := read_store(home.path), home.operator.ledger.entries)
        if home.scene is Scene.HANDSETS:
            check_received(verdict, store, home.acknowledged, home.target.calls, may_repeat=home.way.cuts)
        if home.scene is Scene.WEBHOOKS:
            check_webhooks(verdict, store, home.target.calls)
        if home.scene is Scene.CAMPAIGN:
            verdict.faults += await campaign_faults(home.path)
    return Outcome(cell=cell, seed=seed, was_struck=was_struck, verdict=verdict, took_s=time.monotonic() - began_s)


# ------------------------------------------------------------------------------------------------- lives


async def _life(home: House, spec: Spec) -> bool:
    """Serve under load until the program strikes itself: True; or until it never will: False, killed by us."""
    if home.scene is Scene.BACKLOG:
        home.operator.refuse_binds(True)
    child = await home.begin(spec)
    if not child.ended.done():
        home.start(_load(home), home.clients)
    since_s, seen = time.monotonic(), -1
    began_s = since_s
    while not child.ended.done():
        done, _ = await asyncio.wait([child.ended], timeout=POLL_S)
        now_s, happened = time.monotonic(), _happened(home)
        if happened != seen or home.clients or home.handsets:
            since_s, seen = now_s, happened
        if not done and (now_s - since_s > QUIET_S or now_s - began_s > LATEST_S):
            child.kill()
            await child.ended
            home.book.note_death()
            return False
    home.book.note_death()
    assert await child.ended == -signal.SIGKILL, f"the program ended with {child.ended.result()}: {home.words()}"
    return True


def _happened(home: House) -> int:
    counters = home.operator.counters
    told = len(home.book.asked) + len(home.target.calls)
    return told + counters.submits + counters.receipts_sent + counters.receipts_acknowledged + counters.mo_sent


async def _load(home: House) -> None:
    """Messages in waves, so that no commit takes them all; and handsets."""
    first = len(home.book.asked)
    for number in range(first, first + MESSAGES):
        home.start(home.send(message(number)), home.clients)
        if home.scene is Scene.HANDSETS and number % WAVE < 2:
            home.start(home.handset(number), home.handsets)
        if number % WAVE == WAVE - 1:
            await asyncio.sleep(WAVE_GAP_S)
        if number == MESSAGES // 2 and home.scene is Scene.BACKLOG:
            home.operator.refuse_binds(False)
    for number in range(first + MESSAGES, first + MESSAGES + SINGLES) if home.scene is Scene.ANSWERED else ():
        await asyncio.sleep(SINGLE_GAP_S)
        home.start(home.send(message(number)), home.clients)


async def _last_life(home: House) -> None:
    """Come back on the same file, take a few more messages, finish everything, stop cleanly."""
    while home.clients:  # everyone who called the dead process notices; handsets go on waiting
        await asyncio.gather(*home.clients)
    home.operator.refuse_binds(False)
    child = await home.begin(None)
    assert not child.ended.done(), f"the program did not come back: {home.words()}"
    first = len(home.book.asked)
    await asyncio.gather(*(home.send(message(1_000 + number)) for number in range(first, first + AFTERWARDS)))
    try:
        await _drained(home)
    finally:
        child.kill(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            status = await child.ended
    assert status == 0, f"the program stopped with {status}: {home.words()}"


async def _drained(home: House) -> None:
    """Until nothing is under way: no open message, receipt or post. What never ends is for the checker to name.

    A message that waits for the receipt of a copy that never came waits until its deadline; we do not.
    """
    db = apsw.Connection(str(home.path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        since_s, seen = time.monotonic(), None
        until_s = since_s + DRAIN_S
        while time.monotonic() < until_s:
            is_quiet, under_way = _is_quiet(home), _under_way(db)
            if (is_quiet, under_way) != seen:
                since_s, seen = time.monotonic(), (is_quiet, under_way)
            is_still = under_way <= WAITING and time.monotonic() - since_s > QUIET_S
            if is_quiet and (is_still or not under_way):
                return
            await asyncio.sleep(POLL_S)
    finally:
        db.close()


def _is_quiet(home: House) -> bool:
    """Whether operator and handsets have nothing more to say."""
    entries = home.operator.ledger.entries
    timing = home.way.timing
    latest_ms = (entries[-1].received_at if entries else 0) + timing.answer_ms + timing.receipt_ms + 300
    return not home.operator.kept_receipts and not home.handsets and time.time() * 1_000 >= latest_ms


def _under_way(db: apsw.Connection) -> frozenset[tuple[str, str]]:
    """States and reasons of open messages; what is to be posted counts as one."""
    open_ones = db.execute("SELECT DISTINCT state, reason FROM message WHERE is_final = 0")
    posts = ("received WHERE relay = 'waiting'", "notice WHERE post = 'waiting'")
    to_do = (*posts, "campaign WHERE state = 'sending' AND pending > 0")
    to_come = [(what, "") for what in to_do if next(db.execute(f"SELECT count(*) FROM {what}"))[0]]
    return frozenset([*open_ones, *to_come])
