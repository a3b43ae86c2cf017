"""What the benchmarks share: a furnished store, the gateway and operators as processes, and what /proc says of them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from payamak.clock import SystemClock
from payamak.demo import site
from payamak.domain.site import Account, Document, Link
from payamak.store.sqlite.store import SqliteStore

READY_S = 60.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def furnish(
    database: Path,
    ports: Sequence[int],
    *,
    verdict_wait_ms: int = 0,
    window: int = 100,
) -> None:
    """The demo's site in a new store, its links leading to these two ports."""

    def fit(document: Document) -> Document:
        if isinstance(document, Account):
            return replace(document, verdict_wait_ms=verdict_wait_ms)
        if isinstance(document, Link):
            return replace(document, window=window)
        return document

    store = SqliteStore(database)
    now = SystemClock().now()
    await store.put_documents([fit(document) for document in site.documents(ports[0], ports[1])], [], now)
    await store.credit("demo", 10**12, "bench", now)
    await store.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A process that has said it is ready, what it said, and the seconds from its start to its first HTTP answer."""

    process: asyncio.subprocess.Process
    said: dict[str, object]
    first_answer_s: float = 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return str(self.said["url"])

    @property
    def port(self) -> int:
        """A gateway says its address, an operator its port."""
        return int(str(self.said["port"] if "port" in self.said else self.url.rpartition(":")[2]))

    def cpu_s(self) -> float:
        """Processor time of all its threads so far, in seconds; in nanosecond steps where the kernel keeps them."""
        try:
            tasks = Path(f"/proc/{self.pid}/task").iterdir()
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
        except OSError:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def resident_mb(self) -> float:
        """Resident memory in MB (10^6 octets)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1_024 / 1e6


@asynccontextmanager
async def serving(database: Path, *, log_level: str = "warning") -> AsyncIterator[Running]:
    """`payamak serve` on this store, until the block ends."""
    began_s = time.monotonic()
    options = ("serve", "--json", "--port", "0", "--data", str(database), "--log-level", log_level)
    async with _running((sys.executable, "-m", "payamak", *options)) as (process, said):
        await asyncio.to_thread(_get, f"{said['url']}/readyz")
        yield Running(process=process, said=said, first_answer_s=time.monotonic() - began_s)


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=READY_S) as answer:
        body = answer.read()
    assert isinstance(body, bytes)
    return body


@asynccontextmanager
async def operator(login: tuple[str, str], *, receipt_ms: int = 100) -> AsyncIterator[Running]:
    """A simulated operator that takes everything at once."""
    options = ("--account", ":".join(login), "--no-digits", "--counters-only", "--answer-ms", "0")
    command = (sys.executable, "-m", "payamak.simulator", *options, "--receipt-ms", str(receipt_ms))
    async with _running(command) as (process, said):
        yield Running(process=process, said=said)


@asynccontextmanager
async def _running(
    command: Sequence[str],
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, object]]]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(READY_S):
            line = await process.stdout.readline()
        if not line:
            raise SystemExit(f"{command[2]} ended with {await process.wait()} before it was ready")
        yield process, json.loads(line)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
