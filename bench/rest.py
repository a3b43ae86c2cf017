"""`python -m bench.rest`: start to first answer, and what the gateway costs while nothing is asked of it.

Demanded: the first answer in under 2 s, under 1 % of a core while idle. Resident memory is printed for the record, at
rest and with 100,000 messages that wait because no link is up.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench.processes import Running, free_port, furnish, operator, serving
from bench.tables import print_table

from payamak.clock import SystemClock
from payamak.demo import site
from payamak.domain.message import Lane, Step
from payamak.encoding import Encoding
from payamak.store.base import NewMessage
from payamak.store.sqlite.store import SqliteStore

STARTS = 5
IDLE_S = 10.0
SETTLE_S = 2.0
QUEUED = 100_000
BATCH = 2_000


async def idle_percent(gateway: Running) -> float:
    """Share of one core used while nothing is asked of it, in percent."""
    await asyncio.sleep(SETTLE_S)
    before_s, began_s = gateway.cpu_s(), time.monotonic()
    await asyncio.sleep(IDLE_S)
    return 100 * (gateway.cpu_s() - before_s) / (time.monotonic() - began_s)


async def first_answers(database: Path) -> list[float]:
    """Seconds from the start of the process to its first HTTP answer, several times."""
    times = []
    for _ in range(STARTS):
        async with serving(database) as gateway:
            times.append(gateway.first_answer_s)
    return times


async def fill(database: Path, count: int) -> float:
    """Accept messages without a gateway; how many a second."""
    store = SqliteStore(database)
    clock = SystemClock()
    account = store.site.accounts["demo"]
    text = "نوبت شما برای روز چهارشنبه ساعت ده و نیم صبح ثبت شد."
    plan = (Step(line=site.LINE, text=text, encoding=Encoding.UCS2, parts=1, price=900),)
    began_s = time.monotonic()
    for first in range(0, count, BATCH):
        now = clock.now()
        fresh = [
            NewMessage(
                account_id=account.id,
                recipient=f"98912{number:07d}",
                plan=plan,
                deadline_at=now + 86_400_000,
                lane=Lane.NORMAL,
                source="bench",
            )
            for number in range(first, min(first + BATCH, count))
        ]
        await asyncio.gather(*(store.accept(new, now) for new in fresh))
    rate = count / (time.monotonic() - began_s)
    await store.close()
    return rate


async def row(name: str, database: Path) -> tuple[str, ...]:
    """One line of the table."""
    times = await first_answers(database)
    async with serving(database) as gateway:
        percent = await idle_percent(gateway)
        resident = gateway.resident_mb()
    slowest = f"{max(times):.2f}"
    return name, f"{statistics.median(times):.2f}", slowest, f"{percent:.2f}", f"{resident:.0f}"


async def measure(queued: int) -> None:
    """All of it, in a folder of its own."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="payamak-bench-") as folder:
        async with AsyncExitStack() as stack:
            logins = (site.ADVERTISING_LOGIN, site.SERVICE_LOGIN)
            ports = [(await stack.enter_async_context(operator(login))).port for login in logins]
            database = Path(folder) / "empty.sqlite"
            await furnish(database, ports)
            rows.append(await row("empty, both links bound", database))
        database = Path(folder) / "queued.sqlite"
        await furnish(database, [free_port(), free_port()])
        rows.append(await row("empty, links down", database))
        rate = await fill(database, queued)
        rows.append(await row(f"{queued:,} queued, links down", database))
    print_table(("", "first answer s", "slowest", "idle CPU %", "resident MB"), rows)
    print(f"(accepted into the store alone: {rate:,.0f}/s)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=QUEUED, help="messages that wait in the last row")
    asyncio.run(measure(parser.parse_args().queued))


if __name__ == "__main__":
    main()
