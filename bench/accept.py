"""`python -m bench.accept`: messages a second through the whole program, and what one costs.

A closed loop of 64 keep-alive connections, `payamak serve` and a simulated operator, three processes. On a machine of
few cores they share them, so trust the processor time of a message more than the rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Running, free_port, furnish, operator, print_table, serving

from payamak.demo import site
from payamak.domain.message import State
from payamak.store.records import Search
from payamak.store.sqlite.store import SqliteStore

POLL_S = 0.1
DRAIN_S = 120.0
LOAD_S = 300.0
WARM_UP = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One line of the table."""

    name: str
    verdict_wait_ms: int = 0
    gives_receipts: bool = True


CASES = (
    Case(name="verdict_wait 0, receipts"),
    Case(name="verdict_wait 0, no receipts", gives_receipts=False),
    Case(name="verdict_wait 1 s, receipts", verdict_wait_ms=1_000),
)


async def load(gateway: Running, connections: int, count: int, first: int) -> dict[str, float]:
    """Run the load as a process and read what it says."""
    port = gateway.url.rpartition(":")[2]
    options = ("--connections", str(connections), "--count", str(count), "--first", str(first))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", port, *options, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(LOAD_S):
        out, _ = await process.communicate()
    told: dict[str, float] = json.loads(out)
    if told["accepted"] != count:
        raise SystemExit(f"of {count} messages not all were accepted: {told}")
    return told


async def ended(store: SqliteStore, count: int) -> float:
    """The moment at which no message is under way any more; `count` must be delivered, or taken for good."""
    async with asyncio.timeout(DRAIN_S):
        while await store.queue():  # noqa: ASYNC110 - another process changes it
            await asyncio.sleep(POLL_S)
    ended_s = time.perf_counter()
    states = Counter(message.state for message in await store.search(Search(limit=count + 1)))
    if states[State.DELIVERED] + states[State.ENROUTE] != count:
        raise SystemExit(f"of {count} messages not all came to a good end: {states}")
    return ended_s


async def measure(case: Case, connections: int, count: int, python: Sequence[str]) -> tuple[str, ...]:
    """Warm up, load, drain; the figures."""
    with tempfile.TemporaryDirectory(prefix="payamak-bench-") as folder:
        database = Path(folder) / "store.sqlite"
        async with operator(site.ADVERTISING_LOGIN) as smsc:
            waits, receipts = case.verdict_wait_ms, case.gives_receipts
            await furnish(database, [smsc.port, free_port()], verdict_wait_ms=waits, gives_receipts=receipts)
            async with serving(database, python=python) as gateway:
                store = SqliteStore(database)
                await load(gateway, connections, WARM_UP, 0)
                await ended(store, WARM_UP)
                cpu_s, began_s = gateway.cpu_s(), time.perf_counter()
                told = await load(gateway, connections, count, WARM_UP)
                all_s = await ended(store, WARM_UP + count) - began_s
                cpu_us = 1e6 * (gateway.cpu_s() - cpu_s) / count
                await store.close()
    return (
        case.name,
        f"{count / told['seconds']:,.0f}",
        f"{count / all_s:,.0f}",
        f"{told['p50_ms']:.1f}",
        f"{told['p99_ms']:.1f}",
        f"{cpu_us:.0f}",
    )


async def run(options: argparse.Namespace) -> None:
    """Every case, then the table."""
    python = options.python.split() if options.python else (sys.executable, "-m", "payamak")
    cases = CASES[:1] if options.first_only else CASES
    rows = [await measure(case, options.connections, options.count, python) for case in cases]
    print_table(("", "accepted/s", "delivered/s", "p50 ms", "p99 ms", "CPU us/message"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--first-only", action="store_true", help="only the first case")
    parser.add_argument("--python", help='the gateway\'s command before "serve", for a profiler')
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
