"""Plays a scenario in a world: callers call, troubles come and go, a supervisor starts the gateway whenever it is down;
then everything is mended, time passes until all is final, and the promises are checked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final

import apsw
from msgspec import Struct
from msgspec.structs import replace
from tests.simulation import disk as sim_disk
from tests.simulation.checks import check_all
from tests.simulation.disk import Disk
from tests.simulation.draw import LINES, PASSWORD, RESEND, BatchSend, Scenario, Send, Trouble, draw
from tests.simulation.history import History
from tests.simulation.rhythm import LONGEST_S
from tests.simulation.world import HTTP_PORT, World, furnish, world
from tests.unit.batches import Batch, send_batch

from payamak.domain import events as ev
from payamak.domain.moving import Move
from payamak.domain.site import Line
from payamak.errors import Refused, StoreFailed
from payamak.front.callers import ByPassword
from payamak.front.passwords import hash_password
from payamak.store.sqlite.store import SqliteStore

SUPERVISOR_S: Final = 1.0
SLACK_S: Final = 2 * LONGEST_S
"""How much later than its deadline and grace a message may become final: two of the longest looks."""


class Told(Struct):
    """What a caller was told of one message; `status` None: nothing came."""

    token: str
    status: int | None = None
    message_id: int | None = None
    took_s: float = 0.0


class Asked(Struct, frozen=True):
    """An answer of wsStates: who asked, when, when it came, and the codes by id."""

    username: str
    asked_s: float
    answered_s: float
    codes: tuple[tuple[int, int], ...]


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a seed."""

    seed: int
    digest: str
    failures: tuple[str, ...]
    tail: tuple[str, ...]
    messages: int
    virtual_s: float


class Story:
    """One scenario on its way."""

    def __init__(self, made: World, scenario: Scenario) -> None:
        self.world = made
        self.scenario = scenario
        self.rng = random.Random(f"story {scenario.seed}")
        self.history = History(made.loop.time, made.fail)
        self.told: dict[str, Told] = {}
        self.asked: list[Asked] = []
        self.batch_told: dict[int, int] = {}
        self.credited = 0
        self.down_until_s = 0.0
        self.is_ending = False
        self.began_s = 0.0
        self.last_asked_s = 0.0
        self.last_asked_at = 0
        self.mended_at = 0
        self.handled: set[int] = set()
        """Messages that another process changed: the gateway's commits do not tell all of their history."""
        made.on_changes.append(self.history.hear)
        made.disk.slowness_s = scenario.commit_s
        made.thread_delay_s = scenario.thread_s
        made.rhythm.shortest_s = scenario.look_s
        made.rhythm.stir()

    async def play(self) -> None:
        """All of it."""
        made, scenario = self.world, self.scenario
        for port in (2_775, 2_776, HTTP_PORT):
            weather = made.network.weather_of(port)
            weather.latency_s, weather.jitter_s = scenario.latency_s
        await furnish(made, scenario.documents, {"shop": scenario.credit, "bank": scenario.credit})
        await made.open_operators(scenario.operators)
        supervisor = asyncio.create_task(self._supervise())
        await made.has_been_up.wait()
        self.began_s = made.loop.time()
        await asyncio.gather(
            *(self._at(send.at_s, lambda send=send: self._send(send)) for send in scenario.sends),  # type: ignore[misc]
            *(self._at(batch.at_s, lambda batch=batch: self._send_batch(batch)) for batch in scenario.batches),  # type: ignore[misc]
            *(self._at(one.at_s, lambda one=one: self._trouble(one)) for one in scenario.troubles),  # type: ignore[misc]
            *(self._at(self.rng.random() * scenario.lasts_s, self._ask_states) for _ in range(4)),
        )
        await self._mend()
        await self._until_final()
        await asyncio.sleep(40)  # receipts that repeat what is final already
        self.last_asked_s, self.last_asked_at = made.loop.time(), made.clock.now()
        await self._ask_states()
        self._check_hands()
        self.is_ending = True
        supervisor.cancel()
        if self.rng.random() < 0.5:
            made.crash()
        else:
            await made.stop()
        await check_all(self)

    async def _at(self, at_s: float, do: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(max(0.0, self.began_s + at_s - self.world.loop.time()))
        self.world.rhythm.stir()
        await do()

    async def _supervise(self) -> None:
        """Start the gateway whenever it is down and nobody keeps it so, as systemd would."""
        while not self.is_ending:
            await self.world.is_down.wait()
            await asyncio.sleep(max(SUPERVISOR_S, self.down_until_s - self.world.loop.time()))
            await self.world.start()

    # -- callers

    async def _send(self, send: Send) -> None:
        told = self.told[send.token] = Told(token=send.token)
        asked_s = self.world.loop.time()
        fields = {
            "username": send.username,
            "password": PASSWORD,
            "mobile": send.recipient,
            "message": send.text,
            "line": send.line or "",
            "line2": send.line2 or "",
            "type": str(send.type),
            "life_time": str(send.life_minutes),
        }
        answer = await self.world.post("/api/wsSend.ashx", fields)
        self.world.trace.add("told", send.token, answer)
        if answer is not None:
            told.took_s = self.world.loop.time() - asked_s
            told.status = answer["status"]
            if told.status == -1:
                told.message_id = answer["data"]["message_id"]

    async def _send_batch(self, batch: BatchSend) -> None:
        await self._call_batch(batch)
        await asyncio.sleep(max(0.0, self.began_s + batch.again_at_s - self.world.loop.time()))
        await self._call_batch(batch)

    async def _call_batch(self, batch: BatchSend) -> None:
        """At the front's own door; what of the caller's ids is told must be told the same for ever (P6)."""
        life = self.world.life
        if life is None or life.gateway is None or not life.is_up:
            return
        front = life.gateway.running.front
        asked = Batch(
            caller=ByPassword(username="shop", password=PASSWORD, address="127.0.0.1"),
            texts=batch.texts,
            recipients=batch.recipients,
            line=batch.line,
            check_ids=batch.check_ids,
        )
        calling = self.world.loop.spawn(life.process, send_batch(front, asked))
        if not await life.finishes(calling):
            return
        error = calling.exception()
        if error is not None:
            if not isinstance(error, Refused):
                self.world.fail(f"a batch failed: {error!r}")
            return
        self.world.trace.add("batch", calling.result().outcomes)
        for token, check_id, outcome in zip(batch.tokens, batch.check_ids, calling.result().outcomes, strict=True):
            known = self.batch_told.get(check_id)
            if known is not None and known > 1_000 and known != outcome:
                self.world.fail(f"the own id {check_id} was {known} and is {outcome}")
            self.batch_told[check_id] = outcome
            is_id = outcome > 1_000
            self.told[token] = Told(token=token, status=-1 if is_id else outcome, message_id=outcome if is_id else None)

    async def _ask_states(self) -> None:
        """Ask for what was promised; that the answers were true is checked at the end."""
        for username in ("shop", "bank"):
            ids = [told.message_id for told in self.told.values() if told.message_id is not None]
            if not ids:
                return
            asked_s = self.world.loop.time()
            fields = {"username": username, "password": PASSWORD, "message_ids": ",".join(map(str, ids))}
            answer = await self.world.post("/api/wsStates.aspx", fields)
            if answer is None or answer["status"] != -1:
                continue
            codes = [int(code) for code in answer["data"]["states"].split(",")]
            self.asked.append(Asked(username, asked_s, self.world.loop.time(), tuple(zip(ids, codes, strict=True))))

    # -- troubles

    async def _trouble(self, trouble: Trouble) -> None:
        self.world.trace.add("trouble", trouble.kind, trouble.where, trouble.for_s, trouble.count)
        await _TROUBLES[trouble.kind](self, trouble)

    async def _mend(self) -> None:
        """From here on nothing goes wrong any more."""
        made = self.world
        made.trace.add("world", "mended")
        self.mended_at = made.clock.now()
        for weather in made.network.weather.values():
            weather.is_refusing = weather.is_lost = False
            weather.stalled_until_s = 0.0
            weather.latency_s, weather.jitter_s = self.scenario.latency_s
        for operator in made.operators:
            operator.throttle(0)
            operator.refuse_binds(False)
        disk = made.disk
        disk.failing_commits = disk.mute_commits = disk.dies_in = 0
        disk.broken_until_s = disk.slow_until_s = 0.0
        made.clock.wrong_by_ms = 0
        self.down_until_s = 0.0

    async def hand(self, do: Callable[[SqliteStore], Awaitable[Any]]) -> None:
        """What an operator does at the command line: a short-lived store of another process on the same file."""
        store = sim_disk.open_store(self.world.path, Disk(random.Random(0)))
        store.feed.listen(lambda changes: self.handled.update(change.message.id for change in changes))
        try:
            await do(store)
        except (StoreFailed, LookupError, ValueError, ev.IllegalMove) as error:
            self.world.trace.add("hand", "refused", type(error).__name__)
        await store.close()

    # -- the end

    def _check_hands(self) -> None:
        """When all is final the worker holds nothing: no place of a window, no message in a lane, nothing counted."""
        life = self.world.life
        if life is None or life.gateway is None or not life.is_up:
            return
        worker = life.gateway.running.worker
        held = {place: count for place, count in worker._held.items() if count}
        if worker.in_flight or worker.waiting or held or worker.outlet.tasks:
            self.world.fail(f"the worker holds {worker.in_flight} parts, {worker.waiting} messages, {held}")

    @property
    def epoch_ms(self) -> int:
        """The instant at which the world began."""
        return self.world.clock.now() - int(self.world.loop.time() * 1_000 + 1e-4)

    def account_name(self, account_id: int) -> str:
        """The account of this number: numbers are given in the order of the documents."""
        return ("shop", "bank")[account_id - 1]

    def open_messages(self) -> list[tuple[int, str, str, int, str, int]]:
        """What is not final on disk: id, state, reason, deadline, line, owner."""
        db = apsw.Connection(str(self.world.path), flags=apsw.SQLITE_OPEN_READONLY)
        sql = "SELECT id, state, reason, deadline_at, line, owner FROM message WHERE is_final = 0 ORDER BY id"
        rows = [tuple(row) for row in db.execute(sql)]
        db.close()
        return rows

    async def _until_final(self) -> None:
        """Let time pass; no message may stay open beyond its deadline, its line's grace and the slack (P7)."""
        grace_ms = {d.number: d.rules.grace_ms for d in self.scenario.documents if isinstance(d, Line)}
        step_s = 0.5
        while still_open := self.open_messages():
            now = self.world.clock.now()
            late = [r for r in still_open if now > r[3] + grace_ms[r[4]] + SLACK_S * 1_000]
            if late:
                self.world.fail(f"stays open: {late}")
                return
            await asyncio.sleep(step_s)
            step_s = min(step_s * 1.5, 600.0)


async def _cut(story: Story, trouble: Trouble) -> None:
    story.world.network.cut(int(trouble.where))


async def _refuse(story: Story, trouble: Trouble) -> None:
    weather, network = story.world.network.weather_of(int(trouble.where)), story.world.network
    weather.is_refusing = True
    network.cut(int(trouble.where))
    await asyncio.sleep(trouble.for_s)
    weather.is_refusing = False


async def _stall(story: Story, trouble: Trouble) -> None:
    story.world.network.weather_of(int(trouble.where)).stalled_until_s = story.world.loop.time() + trouble.for_s


async def _silence(story: Story, trouble: Trouble) -> None:
    weather = story.world.network.weather_of(int(trouble.where))
    story.world.network.mute(int(trouble.where))
    weather.is_lost = True
    await asyncio.sleep(trouble.for_s)
    weather.is_lost = False


async def _slow(story: Story, trouble: Trouble) -> None:
    weather = story.world.network.weather_of(int(trouble.where))
    weather.latency_s, weather.jitter_s = 1.5, 4.0
    await asyncio.sleep(trouble.for_s)
    weather.latency_s, weather.jitter_s = story.scenario.latency_s


def _operator_of(story: Story, trouble: Trouble) -> Any:
    return story.world.operators[0 if trouble.where == "2775" else 1]


async def _throttle(story: Story, trouble: Trouble) -> None:
    _operator_of(story, trouble).throttle(trouble.for_s)


async def _refuse_binds(story: Story, trouble: Trouble) -> None:
    operator = _operator_of(story, trouble)
    operator.refuse_binds(True)
    operator.drop_links()
    await asyncio.sleep(trouble.for_s)
    operator.refuse_binds(False)


async def _drop_links(story: Story, trouble: Trouble) -> None:
    _operator_of(story, trouble).drop_links()


async def _unbind_links(story: Story, trouble: Trouble) -> None:
    _operator_of(story, trouble).unbind_links()


async def _http_cut(story: Story, trouble: Trouble) -> None:
    story.world.network.cut(HTTP_PORT)


async def _fail_commits(story: Story, trouble: Trouble) -> None:
    story.world.disk.failing_commits = trouble.count


async def _mute_commits(story: Story, trouble: Trouble) -> None:
    story.world.disk.mute_commits = trouble.count


async def _broken_disk(story: Story, trouble: Trouble) -> None:
    story.world.disk.broken_until_s = story.world.loop.time() + trouble.for_s


async def _slow_disk(story: Story, trouble: Trouble) -> None:
    story.world.disk.slow_until_s = story.world.loop.time() + trouble.for_s


async def _crash(story: Story, trouble: Trouble) -> None:
    story.down_until_s = story.world.loop.time() + trouble.for_s
    story.world.crash(is_told=True)


async def _power_cut(story: Story, trouble: Trouble) -> None:
    story.down_until_s = story.world.loop.time() + trouble.for_s
    story.world.crash(is_told=False)


async def _die_before(story: Story, trouble: Trouble) -> None:
    story.world.disk.dies_in, story.world.disk.dies_after_it = trouble.count, False


async def _die_after(story: Story, trouble: Trouble) -> None:
    story.world.disk.dies_in, story.world.disk.dies_after_it = trouble.count, True


async def _restart(story: Story, trouble: Trouble) -> None:
    story.down_until_s = story.world.loop.time() + trouble.for_s + 5
    await story.world.stop()


async def _suspend_link(story: Story, trouble: Trouble) -> None:
    await story.hand(lambda store: _put_link(store, trouble.where, is_suspended=True))
    await asyncio.sleep(trouble.for_s)
    await story.hand(lambda store: _put_link(store, trouble.where, is_suspended=False))


async def _change_link(story: Story, trouble: Trouble) -> None:
    await story.hand(lambda store: _put_link(store, trouble.where, window=3, response_timeout_s=7.0))


async def _put_link(store: SqliteStore, name: str, **changes: Any) -> None:
    await store.put_documents([replace(store.site.links[name], **changes)], [], 0)


async def _suspend_line(story: Story, trouble: Trouble) -> None:
    async def suspend(store: SqliteStore, is_suspended: bool) -> None:
        line = store.site.lines[trouble.where]
        await store.put_documents([replace(line, is_suspended=is_suspended)], [], 0)

    await story.hand(lambda store: suspend(store, True))
    await asyncio.sleep(trouble.for_s)
    await story.hand(lambda store: suspend(store, False))


async def _move(story: Story, trouble: Trouble) -> None:
    target = next(line for line in (RESEND, *LINES) if line != trouble.where)

    async def work(store: SqliteStore) -> None:
        move, now = Move(source=trouble.where, target=target, by="ali", at_old_price=True), story.world.clock.now()
        plan = await store.plan_move(move, now)
        await store.move_messages(plan.ids[:500], move, now)

    await story.hand(work)


async def _cancel(story: Story, trouble: Trouble) -> None:
    ids = [told.message_id for told in story.told.values() if told.message_id is not None]
    for message_id in story.rng.sample(ids, min(len(ids), trouble.count)):
        await story.hand(lambda store, i=message_id: store.advance(i, ev.Cancelled(), story.world.clock.now()))  # type: ignore[misc]


async def _credit(story: Story, trouble: Trouble) -> None:
    async def credit(store: SqliteStore) -> None:
        await store.credit("shop", 5_000, "more", story.world.clock.now())
        story.credited += 5_000

    await story.hand(credit)


async def _suspend_intake(story: Story, trouble: Trouble) -> None:
    await story.hand(lambda store: store.set_intake(True))
    await asyncio.sleep(trouble.for_s)
    await story.hand(lambda store: store.set_intake(False))


async def _clock(story: Story, trouble: Trouble) -> None:
    clock = story.world.clock
    clock.wrong_by_ms = trouble.count * 1_000
    await asyncio.sleep(trouble.for_s)
    clock.wrong_by_ms = 0


_TROUBLES: Final[dict[str, Callable[[Story, Trouble], Awaitable[None]]]] = {
    "cut": _cut,
    "refuse": _refuse,
    "stall": _stall,
    "silence": _silence,
    "slow": _slow,
    "throttle": _throttle,
    "refuse_binds": _refuse_binds,
    "drop_links": _drop_links,
    "unbind_links": _unbind_links,
    "http_cut": _http_cut,
    "fail_commits": _fail_commits,
    "mute_commits": _mute_commits,
    "broken_disk": _broken_disk,
    "slow_disk": _slow_disk,
    "crash": _crash,
    "power_cut": _power_cut,
    "die_before_commit": _die_before,
    "die_after_commit": _die_after,
    "restart": _restart,
    "suspend_link": _suspend_link,
    "change_link": _change_link,
    "suspend_line": _suspend_line,
    "move": _move,
    "cancel": _cancel,
    "credit": _credit,
    "suspend_intake": _suspend_intake,
    "clock": _clock,
}


def run_seed(seed: int, *, echo: bool = False, scenario: Scenario | None = None) -> Outcome:
    """Play one seed from its begin to its end; nothing of it stays behind."""
    with world(seed, echo=echo) as made:
        story = Story(made, scenario or draw(seed, hash_password(PASSWORD)))
        made.run(story.play())
        return Outcome(
            seed=seed,
            digest=made.trace.digest,
            failures=tuple(made.failures),
            tail=tuple(made.trace.tail),
            messages=len(story.history.seen),
            virtual_s=made.loop.time(),
        )
