"""`make crash-long`: the gateway and the operator are killed at random times under load; then the books are compared.

    python -m tests.crash.random_kills --minutes 10 --seed 7 --rate 700

The gateway runs on the disk that forgets (disk.py) until its last life; each process is started again at once. The
operator loses some of its answers and brings the receipts of all copies all the same, some of them of copies that were
not delivered; some recipients get two messages. Its ledger knows which receipt was for which copy, so the checker sees
whether what was dealt is true of the copies, and which share stays unknown. The ledger is written line by line, so that
the operator's own death takes nothing of it, but receipts that it had not yet brought die with it: a message that waits
for one of those stays open until its deadline, and is counted as waiting.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import apsw
from cyclopts import App
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from tests import traces
from tests.crash import site
from tests.crash.checker import WAITING, Verdict, check
from tests.crash.client import Book
from tests.crash.load import Load
from tests.crash.reading import read_store
from tests.crash.victim import Spec
from tests.crash.zygote import Child, Order, Zygote
from tests.ports import reserved_port

from payamak.simulator import read_ledger

CREDIT_RIAL = 10**12
WINDOW = 50
"""Each lost answer keeps a place of the window for as long as the response timer runs."""

READY_S, STOP_S = 180.0, 180.0
PAUSES_S = (0.3, 6.0)
"""Between two kills."""

OPERATOR_SHARE = 0.2
QUIET_S = 8.0
"""When nothing moves in the store for so long, what is left waits for receipts that no longer exist."""

DRAIN_S = 600.0
REFUSED = [site.RESEND_LINE, site.HOLD_LINE]
RULES: list[dict[str, object]] = [
    {"recipient": "*7", "line": REFUSED, "behaviour": "opted_out"},
    {"recipient": "*8", "line": REFUSED, "behaviour": "opted_out_late"},
    {"recipient": "*91", "behaviour": "receipt_first"},
    {"recipient": "*92", "behaviour": "receipt_twice"},
    {"recipient": "*93", "behaviour": "never_answers", "times": 1},
    {"recipient": "*95", "behaviour": "answer_lost"},
    {"recipient": "*996", "behaviour": "never_answers"},
    {"recipient": "*994", "behaviour": "throttled", "times": 1},
    {"recipient": "*9995", "behaviour": "disconnects", "times": 1},
]
"""What the operator does by the recipient's last digits; everything else it takes and delivers, but for TROUBLES."""

TROUBLES = ("loses=3", "fails=5")
"""Three answers in a hundred are lost, never their receipts; of the receipts five in a hundred say UNDELIV."""


class Report(Struct, frozen=True, kw_only=True):
    """What came of it."""

    seed: int
    load_s: float
    rate: float
    offered: int
    kills: dict[str, int]
    away_s: float
    verdict: Verdict

    @property
    def accepted_per_s(self) -> float:
        """Messages promised a second, the time in which the gateway was dead included."""
        return self.verdict.promised / self.load_s


class Supervisor:
    """Keeps both processes running, and kills them."""

    def __init__(self, folder: Path, zygote: Zygote, port: int, operator_port: int, book: Book) -> None:
        self.store = folder / "payamak.sqlite"
        self.ledger = folder / "operator.jsonl"
        self.port, self.operator_port = port, operator_port
        self.kills: Counter[str] = Counter()
        self.away_s = 0.0
        self._folder = folder
        self._zygote = zygote
        self._book = book
        self._running: dict[str, Child] = {}
        (folder / "rules.json").write_text(json.dumps(RULES))

    async def begin(self, name: str, *, is_last: bool = False) -> None:
        """Start "gateway" or "operator" and wait until it is ready. Raises AssertionError with its words."""
        if name == "gateway":
            arguments = ["serve", "--json", "--port", str(self.port), "--data", str(self.store)]
            arguments += ["--log-level", "warning"]
        else:
            arguments = ["simulate", "--port", str(self.operator_port), "--account", ":".join(site.LOGIN)]
            arguments += ["--rules", str(self._folder / "rules.json"), "--ledger", str(self.ledger)]
            arguments += ["--counters-only", "--no-digits", "--answer-ms", "4", "--receipt-ms", "40"]
            arguments += ["--seed", str(self.kills[name])]
            arguments += [word for trouble in TROUBLES for word in ("--trouble", trouble)]
        spec = Spec() if name == "gateway" and not is_last else None
        log = self._folder / f"{name}.log"
        with traces.opened(log) as errors:
            child = await self._zygote.begin(Order(arguments=arguments, environment={}, spec=spec), errors.fileno())
        async with asyncio.timeout(READY_S):
            assert await child.output.readline(), f"{name} did not start: {log.read_text()[-2_000:]}"
        self._running[name] = child

    async def kill(self, name: str, *, is_last: bool = False) -> None:
        """SIGKILL, and start it again at once."""
        child = self._running.pop(name)
        assert not child.ended.done(), f"{name} ended by itself with {child.ended.result()}"
        child.kill()
        killed_s = time.monotonic()
        await child.ended
        if name == "gateway":
            self._book.note_death()
        await self.begin(name, is_last=is_last)
        self.kills[name] += 1
        if name == "gateway":
            self.away_s += time.monotonic() - killed_s

    async def kill_at_random(self, choice: random.Random) -> None:
        """Until cancelled. A kill that has begun is ended, or a process would be missing."""
        while True:
            await asyncio.sleep(choice.uniform(*PAUSES_S))
            name = "operator" if choice.random() < OPERATOR_SHARE else "gateway"
            await asyncio.shield(self.kill(name))

    async def stop(self) -> None:
        """Stop both cleanly."""
        for name in ("gateway", "operator"):
            child = self._running.pop(name)
            child.kill(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                status = await child.ended
            assert status == 0, f"{name} stopped with {status}"


async def strike(seconds: float, seed: int, rate: float, keep: Path | None = None) -> Report:
    """Load, kills, drain, and the checker's word. `keep`: an empty folder that store, ledger and logs stay in."""
    zygote, book = Zygote(), Book()
    await zygote.start()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="payamak-crash-") as top,
            reserved_port() as port,
            reserved_port() as operator_port,
        ):
            supervisor = Supervisor(keep or Path(top), zygote, port, operator_port, book)
            await site.furnish(supervisor.store, supervisor.operator_port, "http://127.0.0.1:1", CREDIT_RIAL, WINDOW)
            await supervisor.begin("operator")
            await supervisor.begin("gateway")
            load = Load(supervisor.port, rate, book)
            began_s = time.monotonic()
            killer = asyncio.get_running_loop().create_task(supervisor.kill_at_random(random.Random(seed)))
            sending = asyncio.get_running_loop().create_task(load.run(seconds))
            await asyncio.wait([killer, sending], return_when=asyncio.FIRST_COMPLETED)
            load_s = time.monotonic() - began_s
            await _end(killer)
            await sending
            await supervisor.kill("gateway", is_last=True)
            await _drained(supervisor.store)
            await supervisor.stop()
            verdict = check(book, read_store(supervisor.store), read_ledger(supervisor.ledger), may_lack_receipts=True)
    finally:
        await zygote.stop()
    return Report(
        seed=seed,
        load_s=load_s,
        rate=rate,
        offered=load.offered,
        kills=dict(supervisor.kills),
        away_s=supervisor.away_s,
        verdict=verdict,
    )


async def _end(killer: asyncio.Task[None]) -> None:
    """Cancel it and let a kill that has begun come to its end; its failure is ours."""
    killer.cancel()
    try:
        await killer
    except asyncio.CancelledError:
        others = [task for task in asyncio.all_tasks() if "Supervisor.kill" in str(task.get_coro())]
        await asyncio.gather(*others)


async def _drained(path: Path) -> None:
    """Until nothing moves any more. What is left over, the checker names."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(10_000)
    try:
        seen, since_s, until_s = None, time.monotonic(), time.monotonic() + DRAIN_S
        while time.monotonic() < until_s:
            await asyncio.sleep(0.5)
            now = list(db.execute("SELECT state, reason, count(*) FROM message WHERE is_final = 0 GROUP BY 1, 2"))
            if now != seen:
                seen, since_s = now, time.monotonic()
            is_still = time.monotonic() - since_s > QUIET_S
            if not now or (is_still and all((state, reason) in WAITING for state, reason, _ in now)):
                return
    finally:
        db.close()


def table(report: Report) -> Table:
    """The figures as a table."""
    made = Table("what", "how many", title=f"random kills, seed {report.seed}", title_justify="left")
    for name, figure in figures(report).items():
        made.add_row(name, figure)
    return made


def figures(report: Report) -> dict[str, str]:
    """What is shown, on a terminal and on the page."""
    verdict = report.verdict
    return {
        "load": f"{report.load_s:.0f} s at {report.rate:.0f} offered messages/s",
        "promised to clients": f"{verdict.promised:,} ({report.accepted_per_s:.0f}/s, the gateway's absences included)",
        "in the store": f"{verdict.messages:,}",
        "kills": ", ".join(f"{count} of the {name}" for name, count in sorted(report.kills.items())),
        "gateway away": f"{report.away_s / max(1, report.kills.get('gateway', 1)):.2f} s at each kill",
        "lost": str(len(verdict.lost)),
        "money off": f"{verdict.money_off} rial",
        "copies in the wire window": f"{verdict.copies:,} ({verdict.counted:,} counted as possible)",
        "copies outside it": str(len(verdict.copies_outside)),
        "copies on lines that hold": str(len(verdict.copies_held)),
        "called delivered with a part undelivered": str(len(verdict.delivered_falsely)),
        "unknown though every part is known to have arrived": str(len(verdict.unknown_falsely)),
        "messages of which an answer was lost": f"{verdict.lost_answers:,}",
        "delivered by receipts that named nobody": f"{verdict.pooled:,}",
        "ended as unknown": f"{verdict.unknown:,} ({_share(verdict.unknown, verdict.messages)} of all,"
        f" {_share(verdict.unknown, verdict.lost_answers)} of those)",
        "wait for a receipt that died with the operator, or never was": f"{verdict.waiting:,}"
        f" ({_share(verdict.waiting, verdict.messages)} of all)",
        "of both, delivered as far as the operator knows": f"{verdict.arrived:,}",
        "told busy (23) and taken back, their commit too late": f"{verdict.taken_back:,}",
        "told busy (23), killed before they were taken back, and sent": f"{verdict.sent_though_busy:,}",
        "other promises broken": str(len(verdict.faults)),
    }


def _share(part: int, of: int) -> str:
    return f"{100 * part / max(1, of):.2f} %"


app = App(help_format="plaintext")


@app.default
def main(*, minutes: float = 10, seed: int = 1, rate: float = 700, keep: Path | None = None) -> int:
    """Kill at random for so many minutes under so many messages a second; 0 if every promise was kept.

    With `--keep FOLDER` store, ledger and logs of the run stay in that folder.
    """
    if keep is not None:
        keep.mkdir(parents=True)
    console = Console()
    console.print(f"seed {seed}, {minutes:g} minutes at {rate:g} messages/s")
    report = asyncio.run(strike(minutes * 60, seed, rate, keep))
    console.print(table(report))
    for sentence in report.verdict.broken[:50]:
        console.print(f"BROKEN {sentence}", markup=False, style="red", soft_wrap=True)
    return int(bool(report.verdict.broken))


if __name__ == "__main__":
    sys.exit(app())
