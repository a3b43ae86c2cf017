"""A world: one gateway after another on one file, two operators, callers; all in one loop whose time is made up."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import json
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest import mock
from urllib.parse import urlencode

from argon2 import PasswordHasher
from tests.simulation import disk as sim_disk
from tests.simulation.disk import Died, Disk
from tests.simulation.loop import PROCESS, Process, VirtualLoop
from tests.simulation.network import Network, SimTransport
from tests.simulation.rhythm import Rhythm, kept_periods
from tests.simulation.trace import Trace

from payamak import running, runtime
from payamak.config import Settings
from payamak.dialects import sendsms
from payamak.dialects.soap import door
from payamak.domain.site import Document
from payamak.errors import StoreFailed
from payamak.front import passwords
from payamak.http import app, connection
from payamak.http.connection import HttpConnection
from payamak.simulator import Simulator, SimulatorConfig
from payamak.simulator.ledger import Entry
from payamak.smpp.link import ServerConnection
from payamak.store import queued
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.store.sqlite import writer
from payamak.store.sqlite.opening import connect, migrate

EPOCH_MS: Final = 1_767_225_600_000 + 5 * 3_600_000
"""1 January 2026, 08:30 in Tehran."""

LONGEST_STOP_S: Final = 120.0
QUICK_STOP_S: Final = 4.0
"""The runtime promises three seconds; a second is for what is written meanwhile."""

HTTP_PORT: Final = 8_080
OPERATOR_PORTS: Final = (2_775, 2_776)
FORBIDDEN_EVENTS: Final = frozenset(
    {"answer_lost", "handler_failed", "request_failed", "relay_failed", "smpp.handler_failed", "not_handled"}
)
"""Log events that tell of a bug of ours."""

_CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What a password costs is not the subject: 27 ms each would be all of a seed's time."""


class SimClock:
    """The clock of everything in the world.

    The gateway's machine may be set wrong, by `wrong_by_ms`, and may have been suspended, for `slept_ms` in all.
    """

    boot_id = 1

    def __init__(self, loop: VirtualLoop, epoch_ms: int = EPOCH_MS) -> None:
        self._loop = loop
        self._epoch_ms = epoch_ms
        self.wrong_by_ms = 0
        self.slept_ms = 0

    def wall(self) -> int:
        """See Source.wall."""
        return self.now() + self.wrong_by_ms

    def boot(self) -> int:
        """See Source.boot."""
        return self.now() - self._epoch_ms

    def now(self) -> int:
        """See Clock.now."""
        return self._epoch_ms + self.slept_ms + int(self._loop.time() * 1_000 + 1e-4)

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return self._loop.time()


class Life:
    """One life of the gateway, from start to stop or death."""

    def __init__(self, number: int) -> None:
        self.process = Process(f"gateway-{number}")
        self.gateway: runtime.Gateway | None = None
        self.is_up = False
        self.has_ended = asyncio.get_running_loop().create_future()

    async def finishes(self, task: asyncio.Task[Any], timeout_s: float | None = None) -> bool:
        """Wait for a task of this life; False if the life ends before, or nothing comes of it in time."""
        await asyncio.wait((task, self.has_ended), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return task.done() and not self.process.is_dead


class World:
    """See the module's text. `on_changes` hears every commit of every life; `failures` is what must stay empty."""

    def __init__(self, seed: int, folder: Path, *, epoch_ms: int = EPOCH_MS, echo: bool = False) -> None:
        self.rng = random.Random(seed)
        self.path = folder / "payamak.sqlite"
        self.network = Network(random.Random(self.rng.random()))
        self.loop = VirtualLoop(self.network)
        self.clock = SimClock(self.loop, epoch_ms)
        self.trace = Trace(self.loop.time, echo=echo)
        self.rhythm = Rhythm()
        self.disk = Disk(random.Random(self.rng.random()))
        self.disk.on_death = self._die_at_commit
        self.failures: list[str] = []
        self.on_changes: list[Callable[[Sequence[Change]], None]] = []
        self.operators: list[Simulator] = []
        self.operator_process = Process("operators")
        self.caller_process = Process("callers")
        self.life: Life | None = None
        self.is_down = asyncio.Event()
        self.is_down.set()
        self.has_been_up = asyncio.Event()
        self.deaths = 0
        self._lives: list[Life] = []
        self.written_at_s: dict[int, dict[int, float]] = {}
        """For each operator and serial of its ledger: when the gateway wrote the submit."""
        delays = random.Random(self.rng.random())
        self.thread_delay_s = 0.0
        self.loop.thread_delay_s = lambda: delays.random() * self.thread_delay_s
        self.loop.on_time = self.rhythm.pass_time
        self.loop.set_exception_handler(self._on_exception)

    @property
    def starts(self) -> int:
        """How many lives there were."""
        return len(self._lives)

    # -- what goes wrong

    def fail(self, what: str) -> None:
        """Something that must never be."""
        self.trace.add("FAILURE", what)
        self.failures.append(f"at {self.loop.time():.3f} s: {what}")

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Died):
            return
        process = PROCESS.get()
        if process is not None and process.is_dead:
            return
        self.fail(f"{context.get('message')}: {type(error).__name__}: {error}")

    def logger(self, name: str) -> Callable[..., object]:
        """In place of the program's log: into the trace."""

        def log(event: str, /, **fields: object) -> None:
            self.trace.add(f"log.{name}", event, *(f"{key}={value}" for key, value in fields.items()))
            if event in FORBIDDEN_EVENTS:
                self.fail(f"logged {event} {fields}")

        return log

    # -- operators

    async def open_operators(self, configs: Sequence[SimulatorConfig]) -> None:
        """Start them on their ports, in a process of their own."""
        for number, (config, port) in enumerate(zip(configs, OPERATOR_PORTS, strict=False)):
            simulator = Simulator(replace(config, port=port), self.clock)
            self._watch_ledger(number, simulator)
            await self.loop.spawn(self.operator_process, simulator.start())
            self.operators.append(simulator)

    def _watch_ledger(self, number: int, simulator: Simulator) -> None:
        """Note for each submit when its octets were written, not only when they arrived."""
        ledger, written = simulator.ledger, self.written_at_s.setdefault(number, {})
        record_submit, record_acknowledged = ledger.record_submit, ledger.record_acknowledged

        def submitted(entry: Entry) -> None:
            record_submit(entry)
            written[entry.serial] = self._handing_over_s
            self.rhythm.stir()
            self.trace.add(
                f"operator.{number}", "submit", entry.serial, entry.line, entry.recipient, entry.behaviour, entry.status
            )

        def acknowledged(entry: Entry | None, status: int, at: int) -> None:
            record_acknowledged(entry, status, at)
            self.trace.add(f"operator.{number}", "acknowledged", entry and entry.serial, status)

        ledger.record_submit = submitted  # type: ignore[method-assign]
        ledger.record_acknowledged = acknowledged  # type: ignore[method-assign]

    @property
    def _handing_over_s(self) -> float:
        """When what is being handed to a protocol was written."""
        return self.network.handing_over_written_at_s

    # -- the gateway

    async def _open_store(self, address: str | Path) -> Store:
        return sim_disk.open_store(Path(address), self.disk)

    async def start(self) -> bool:
        """Begin a new life; False if it died or could not start (then the file is free again)."""
        life = Life(len(self._lives))
        self._lives.append(life)
        self.life = life
        self.is_down.clear()
        settings = Settings(database=str(self.path), port=HTTP_PORT)

        async def come_up() -> None:
            gateway = runtime.Gateway(settings, clock=self.clock, open_store=self._open_store)
            life.gateway = gateway
            await gateway.start()
            gateway.store.feed.listen(self._heard)

        starting = self.loop.spawn(life.process, come_up())
        if not await life.finishes(starting):
            return False
        error = starting.exception()
        if error is not None:
            if not isinstance(error, StoreFailed | OSError):
                self.fail(f"the start failed: {error!r}")
            self.trace.add("world", "start_failed", type(error).__name__)
            self.crash(is_told=True)
            return False
        life.is_up = True
        self.has_been_up.set()
        self.trace.add("world", "up", life.process)
        return True

    def _heard(self, changes: Sequence[Change]) -> None:
        self.rhythm.stir()
        for change in changes:
            m = change.message
            self.trace.add(
                "change", m.id, change.event, f"{change.before}>{m.state}", m.reason, m.code, m.step, m.tries, m.version
            )
        for listener in self.on_changes:
            listener(changes)

    def crash(self, *, is_told: bool = True) -> None:
        """Kill the gateway in this instant. `is_told`: its connections are reset, else there is silence."""
        life, self.life = self.life, None
        if life is None or life.process.is_dead:
            return
        self.trace.add("world", "killed", life.process)
        self.is_down.set()
        self.rhythm.stir()
        life.is_up = False
        self.deaths += 1
        life.has_ended.set_result(None)
        self.loop.kill(life.process)
        self.network.process_died(life.process, is_told=is_told)
        gateway = life.gateway
        if gateway is not None:
            if (store := getattr(gateway, "store", None)) is not None:
                sim_disk.drop(store)
            if (lock := getattr(gateway, "_lock", None)) is not None:
                lock.release()

    def _die_at_commit(self) -> None:
        self.crash(is_told=True)

    async def stop(self) -> None:
        """A clean stop."""
        life = self.life
        if life is None or life.gateway is None or not life.is_up:
            return
        self.trace.add("world", "stopping", life.process)
        life.is_up = False
        stopping = self.loop.spawn(life.process, life.gateway.stop())
        began_s = self.loop.time()
        if not await life.finishes(stopping, LONGEST_STOP_S):
            if not life.process.is_dead:
                self.fail("the stop does not end")
                self.crash()
            elif stopping.done() and not stopping.cancelled() and not isinstance(stopping.exception(), Died):
                self.fail(f"it died in its stop, and the stop failed: {stopping.exception()!r}")
            return
        if (error := stopping.exception()) is not None:
            self.fail(f"the stop failed: {error!r}")
        took_s = self.loop.time() - began_s
        self.trace.add("world", "stopped", f"{took_s:.3f}")
        if took_s > QUICK_STOP_S and not self.disk.is_slow(self.loop.time()):
            self.fail(f"the stop took {took_s:.1f} s")
        self.life = None
        self._end_of(life)
        self.is_down.set()

    def _end_of(self, life: Life) -> None:
        """A process that has stopped: nothing of it may be left that does anything."""
        for task in life.process.tasks:
            if not task.done():
                self.trace.add("world", "left", _name_of(task))
        self.loop.kill(life.process)
        self.network.process_died(life.process, is_told=True)

    # -- callers

    async def post(self, path: str, fields: dict[str, str], timeout_s: float = 30.0) -> dict[str, Any] | None:
        """One call over HTTP; None if the connection ended or nothing came."""
        try:
            async with asyncio.timeout(timeout_s):
                transport, caller = await self.network.connect(lambda: _Caller(self.loop), "127.0.0.1", HTTP_PORT)
                body = urlencode(fields).encode()
                head = (
                    f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                    f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n"
                )
                transport.write(head.encode() + body)
                answer: dict[str, Any] | None = await caller.answer
                transport.close()
                return answer
        except (OSError, TimeoutError):
            return None

    # -- the whole

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        """Run the story to its end, then end the world."""
        task = self.loop.spawn(self.caller_process, story)
        try:
            self.loop.run_until_complete(task)
        except Exception as error:
            self.fail(f"{type(error).__name__}: {error}")
        finally:
            self.end()

    def end(self) -> None:
        """Let go of everything, dead or alive; what a task has failed with and nobody asked for is a failure."""
        self.crash()
        processes = [life.process for life in self._lives] + [self.operator_process, self.caller_process]
        for process in processes:
            for task in process.tasks:
                if task.done() and getattr(task, "_log_traceback", False):
                    name = _name_of(task)
                    self.fail(f"nobody asked for the failure of {name}: {task.exception()!r}")
        failures = list(self.failures)
        self.loop.set_exception_handler(lambda loop, context: None)
        logging.disable(logging.CRITICAL)  # what the dead would say while they are taken apart
        for process in processes:
            self.loop.kill(process)
            for task in process.tasks:
                if not task.done():
                    with contextlib.suppress(BaseException):
                        task.get_coro().close()
            process.tasks.clear()
        logging.disable(logging.NOTSET)
        self.loop.close()
        self.failures = failures


class _Caller(asyncio.Protocol):
    """Reads one HTTP answer up to the end of its connection."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.answer: asyncio.Future[dict[str, Any] | None] = loop.create_future()
        self._octets = b""

    def data_received(self, data: bytes) -> None:
        """Look whether it is whole."""
        self._octets += data
        head, blank, body = self._octets.partition(b"\r\n\r\n")
        if not blank or self.answer.done():
            return
        length = next(
            int(row.split(b":")[1]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length")
        )
        if len(body) >= length:
            self.answer.set_result(json.loads(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """No answer will come any more."""
        if not self.answer.done():
            self.answer.set_result(None)


def _name_of(task: asyncio.Task[Any]) -> str:
    return str(getattr(task.get_coro(), "__qualname__", task))


def _serial_hash(one: Any) -> int:
    """The order of making in place of an address, for objects that the program keeps in sets."""
    serial = one.__dict__.get("_sim_serial")
    if serial is None:
        serial = one.__dict__["_sim_serial"] = next(_SERIALS)
    return int(serial)


def _count() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_SERIALS = _count()


@contextmanager
def simulated(seed: int) -> Iterator[None]:
    """What is fixed for the time of a world: chance, the cost of passwords, periods, places in sets."""
    global _SERIALS
    _SERIALS = _count()
    state = random.getstate()
    random.seed(seed)
    with ExitStack() as stack:
        stack.enter_context(kept_periods())
        stack.enter_context(mock.patch.object(passwords, "_HASHER", _CHEAP))
        for kind in (HttpConnection, ServerConnection):
            stack.enter_context(mock.patch.object(kind, "__hash__", _serial_hash))
        try:
            yield
        finally:
            random.setstate(state)


@contextmanager
def world(seed: int, *, epoch_ms: int = EPOCH_MS, echo: bool = False) -> Iterator[World]:
    """A world in a folder of its own, on memory where there is some."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="payamak-world-", dir=place))
    try:
        with simulated(seed):
            made = World(seed, folder, epoch_ms=epoch_ms, echo=echo)
            with ExitStack() as stack:
                stack.enter_context(mock.patch.object(runtime, "event_logger", made.logger))
                stack.enter_context(mock.patch.object(running, "event_logger", made.logger))
                for module in (app, sendsms, door, connection):
                    stack.enter_context(mock.patch.object(module, "_log", made.logger("api")))
                # How many pieces go into a transaction depends on how long they run: not on how busy this machine is.
                for module in (queued, writer):
                    stack.enter_context(mock.patch.object(module, "time", made.clock))
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _empty_file() -> bytes:
    """A store with its tables, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        db = connect(path)
        migrate(db)
        db.close()
        return path.read_bytes()


async def furnish(made: World, documents: Sequence[Document], credit: dict[str, int]) -> None:
    """Write the site and the money into the file, as the command line would."""
    made.path.write_bytes(_empty_file())
    store = sim_disk.open_store(made.path, Disk(random.Random(0)))
    now = made.clock.now()
    await store.put_documents(documents, [], now)
    for username, amount in credit.items():
        await store.credit(username, amount, "first", now)
    await store.close()


def settle_garbage() -> None:
    """What cannot be freed by counting is freed between worlds, not within one."""
    gc.collect()


__all__ = ["SimTransport", "World", "furnish", "settle_garbage", "world"]
