"""A whole house for scenarios: operators in the test's own loop, the gateway as a process, a client over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import msgspec
from tests import site, traces

from payamak.clock import SystemClock
from payamak.domain.site import Account, Document, Line
from payamak.simulator import Simulator, SimulatorConfig, Timing
from payamak.simulator.ledger import Whole
from payamak.store.base import Mode
from payamak.store.engines import open_store
from payamak.store.records import Balance, Story
from payamak.store.ruled import RuledStore

READY_S = 60.0
DRAIN_S = 120.0
POLL_S = 0.05
METRICS_S = 5.0

FAST = Timing(answer_ms=2, receipt_ms=30, late_ms=200)
Change = Callable[[Document], Document]
Through = Callable[[int], Awaitable[int]]
"""From an operator's port to the one that the link is told: a proxy may stand between."""


class House:
    """Two operators, one gateway, the demo's accounts. Everything is on loopback and under one folder."""

    def __init__(self, folder: Path, config: SimulatorConfig, address: str | None = None) -> None:
        self.folder = folder
        self.database = folder / "payamak.sqlite"
        self.address = address
        self.base_url = ""
        self.process: asyncio.subprocess.Process | None = None
        self.program: Sequence[str] = ("-m", "payamak")
        self.advertising = Simulator(replace(config, accounts=dict([site.ADVERTISING_LOGIN])))
        self.service = Simulator(replace(config, accounts=dict([site.SERVICE_LOGIN])))
        self.http = httpx2.AsyncClient(timeout=30, event_hooks={"request": [traces.on_request]})

    @property
    def store_address(self) -> str | Path:
        """Where the store is: in the file, or in the database that was named."""
        return self.address or self.database

    async def furnish(self, ports: Sequence[int], change: Change = lambda document: document) -> None:
        """Write the demo's site into the store, each document through `change`."""
        store = await open_store(self.store_address, Mode.SERVE)
        now = SystemClock().now()
        await store.put_documents([change(d) for d in site.documents(ports[0], ports[1])], [], now)
        for username in site.WITH_CREDIT:
            await store.credit(username, site.CREDIT_RIAL, "test", now)
        await store.close()

    # -- the process

    async def serve(self, *more: str) -> None:
        """Start `payamak serve` and wait until it is ready. Raises AssertionError with its words if it is not."""
        log = traces.opened(self.folder / "serve.log")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self.program,
            "serve",
            "--port",
            "0",
            *more,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PAYAMAK_DATABASE": str(self.store_address), "PYTHONUNBUFFERED": "1"},
        )
        log.close()
        assert self.process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = (await self.process.stdout.readline()).decode()
        assert "http://" in line, f"serve said {line!r}; {(self.folder / 'serve.log').read_text()[-2000:]}"
        self.base_url = line[line.index("http://") :].split()[0]

    async def kill(self) -> None:
        """SIGKILL: the power is cut."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """SIGTERM: a clean stop; the exit status."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self.process = self.process, None
        assert process is not None
        process.send_signal(number)
        async with asyncio.timeout(READY_S):
            return await process.wait()

    async def leave_traces(self) -> None:
        """Keep the page of metrics, and know what the store holds: none of it may stand in there, nor in the log."""
        traces.know(traces.Kind.PASSWORD, site.PASSWORD, site.QUOTING_PASSWORD)
        if self.address is None:
            traces.know_store(self.database)
        if self.process is not None and self.process.returncode is None:
            with suppress(httpx2.HTTPError):  # it may be what a test has stopped or cut off
                page = await self.http.get(f"{self.base_url}/metrics", timeout=METRICS_S)
                traces.kept_text(page.text, traces.Trace.METRICS)

    # -- the door

    async def post(self, path: str, **fields: str) -> dict[str, object]:
        """One call; the answer's JSON. Missing credentials are the demo account's."""
        fields = {"username": "demo", "password": site.PASSWORD, **fields}
        answer = await self.http.post(f"{self.base_url}{path}", data=fields)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert isinstance(body, dict)
        return body

    async def send(self, **fields: str) -> dict[str, object]:
        """wsSend."""
        return await self.post("/api/wsSend.ashx", **fields)

    async def state(self, message_id: int) -> int:
        """wsStates of one message."""
        body = await self.post("/api/wsStates.aspx", message_ids=str(message_id))
        data = body["data"]
        assert isinstance(data, dict)
        return int(data["states"])

    async def final_state(self, message_id: int, *, last: Sequence[int] = (1, 2, 16, 4)) -> int:
        """wsStates until it is final."""
        async with asyncio.timeout(DRAIN_S):
            while (code := await self.state(message_id)) not in last:  # noqa: ASYNC110 - only the door may tell
                await asyncio.sleep(POLL_S)
        return code

    # -- the store, read beside the process

    @asynccontextmanager
    async def store(self) -> AsyncIterator[RuledStore]:
        """The same store through one of our own."""
        store = await open_store(self.store_address, Mode.SERVE)
        assert isinstance(store, RuledStore)
        try:
            yield store
        finally:
            await store.close()

    async def story(self, message_id: int) -> Story:
        """Everything known of a message."""
        async with self.store() as store:
            story = await store.story(message_id)
        assert story is not None
        return story

    async def balances(self) -> list[Balance]:
        """Every account's purses, counted three ways."""
        async with self.store() as store:
            return await store.balances()

    async def drained(self) -> None:
        """Wait until no message is under way, for as long as something moves; what stands still then is told."""
        loop = asyncio.get_running_loop()
        async with self.store() as store:
            left, moved_s = await store.queue(), loop.time()
            while left:
                assert loop.time() - moved_s < DRAIN_S, f"stands still: {[*map(str, left)]}"
                await asyncio.sleep(POLL_S)
                if (now_left := await store.queue()) != left:
                    left, moved_s = now_left, loop.time()

    def received(self) -> list[Whole]:
        """What both operators took, parts joined."""
        return self.advertising.ledger.messages() + self.service.ledger.messages()


def changed(**fields: object) -> Change:
    """Change these fields in every document that has them."""

    def change(document: Document) -> Document:
        mine = {k: v for k, v in fields.items() if k in document.__struct_fields__}
        return msgspec.structs.replace(document, **mine) if mine else document

    return change


def lines_changed(**fields: object) -> Change:
    """Change these fields in every line."""
    return lambda document: msgspec.structs.replace(document, **fields) if isinstance(document, Line) else document


def accounts_changed(**fields: object) -> Change:
    """Change these fields in every account."""
    return lambda document: msgspec.structs.replace(document, **fields) if isinstance(document, Account) else document


@asynccontextmanager
async def house(
    folder: Path,
    change: Change = lambda document: document,
    config: SimulatorConfig | None = None,
    *,
    serve: bool = True,
    through: Through | None = None,
    database: str | None = None,
) -> AsyncIterator[House]:
    """A furnished house, served unless told otherwise; everything is put away at the end.

    `database`: the address of one; else a SQLite file in the folder keeps the store.
    """
    config = config or SimulatorConfig(refuse_lines=frozenset({site.LINE}), timing=FAST)
    home = House(folder, config, database)
    try:
        ports = [await home.advertising.start(), await home.service.start()]
        if through is not None:
            ports = [await through(port) for port in ports]
        await home.furnish(ports, change)
        if serve:
            await home.serve()
        yield home
    finally:
        await home.leave_traces()
        if home.process is not None:
            await home.kill()
        await home.http.aclose()
        await home.advertising.stop(timeout_s=0.2)
        await home.service.stop(timeout_s=0.2)
