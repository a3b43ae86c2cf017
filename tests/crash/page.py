"""`make crash-page`: both experiments, written down as docs/reference/crash.md with the figures of this run.

python -m tests.crash.page --minutes 10 --seed 7
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import platform
import sys
import time
from pathlib import Path

import apsw
from cyclopts import App
from rich.console import Console
from tests.crash import matrix, random_kills
from tests.crash.load import PAIR_EVERY
from tests.crash.points import POINTS
from tests.crash.random_kills import Report, figures
from tests.crash.table import HEAD, Summary, markdown_table
from tests.crash.ways import WAYS, impossible

PAGE = Path("docs/reference/crash.md")

INTRODUCTION = """\
# Killed, and what was kept

Built by `make crash-page` with the figures of one run; change tests/crash, not this page. `make crash` makes the first
table again, `make crash-long` the second.

The program is `payamak serve` itself: plain HTTP in, SMPP over TCP out to a simulated operator, one SQLite file. It
kills itself with SIGKILL at a named point, and its disk forgets: a VFS under SQLite keeps every write in memory until
it is synced, so that whatever was not synced is gone with the process; in half of the runs a part of it, chosen at
random in sectors of 512 octets, was written all the same, as real disks do. The program is started again on the same
file and finishes. Then three books are joined: what the clients were told over HTTP, what the store keeps, and what the
operator received. With the sync taken out of the disk the same test loses messages that were promised, and says so.

* **lost**: a promised message that is not in the store, has no end, ends with a reason that does not fit what the
  operator saw, or was sent although the store knows nothing of it. Must be 0.
* **copies**: parts that the operator took twice. Each stands in the wire window: marked as on the wire, its answer not
  stored yet. Outside the window, and on a line with `on_ambiguous = "hold"`, they must be 0, and so must parts of which
  more than three tries stayed without an answer. In every run half of the messages go over such a line, half over one
  with `"resend"`. All are counted in the message's own `copies`.
* **unknown**: messages whose answer was lost and that no receipt settles. On the holding line one lost answer is
  enough, that is what "hold" means; on the other one three. Counted here too is what waits until its deadline for the
  receipt of a copy that never reached the operator.
* **received messages kept twice**: what a link had brought and not heard acknowledged when the operator cut it, the
  operator repeats over another link at once. The same words over another link wait a second for the news of the loss;
  if that takes longer, they count as sent twice by a person. Nothing is lost by it.
* **told busy**: a caller whose commit takes too long is told 23, and a commit that comes all the same is undone by the
  next one: taken back, never sent. If the process dies between the two it is sent after the start, as if the answer had
  been lost. Only on a machine that is very busy or a disk that is very slow.
* **money off**: rial by which the purses differ from the ledger's entries, from the open messages, or from credit less
  what was delivered. Must be 0.
"""

PEERS = """\
## The same for Kannel and Jasmin

Kannel as Debian has it and Jasmin 0.11.1, on a machine of two cores that load, simulated operator and gateway shared.
Sixteen clients sent over HTTP as fast as they were answered. The operator answered each submit_sm only after 20 ms, so
that a queue built up inside the gateway (ten outstanding at a time, 500 a second). After three to four seconds of this
the named processes were killed with `kill -9`, started again, and the operator answered at once from then on. Every
message that had been accepted with HTTP 200 or 202 was looked for among those that the operator received, by its
recipient. For receipts the clients sent 300 messages a second, the operator reported each three seconds after it had
taken it, and the calls to the customer's URL were counted.

| program | killed | lost |
|---|---|---|
| Kannel, no store | bearerbox and smsbox | 11,459 of 11,955 accepted messages |
| Kannel, receipts in memory | bearerbox and smsbox | 899 of 904 outstanding receipts |
| Kannel with its file or spool store | bearerbox and smsbox | none |
| Jasmin | its broker | 2,971 of 3,023 accepted messages |

A killed process is the milder half of the experiment: what it had written stays in the kernel's memory. Traced over a
thousand messages, Kannel never calls fsync in any of its modes, so a power cut may take what the kill did not. The disk
that forgets cannot be put under either program; Payamak is measured with it.
"""


def render(summary: Summary, report: Report, today: dt.date) -> str:
    """The page."""
    busy = f"load average {os.getloadavg()[1]:.0f} over the last five minutes"
    system = f"{platform.system()}, {os.cpu_count()} cores, {busy}, Python {platform.python_version()}"
    made = f"Run on {today.isoformat()} ({system}, SQLite {apsw.sqlite_lib_version()}), seed {summary.seed}."
    reasons = dict.fromkeys(impossible().values())
    sections = [
        INTRODUCTION,
        "## Every kill-point, everything an operator does",
        f"{made} {summary.sentence()}",
        f"Each cell: {HEAD}. A dash is a cell that cannot occur: {'; or '.join(reasons)}. That is checked too: a run in"
        " such a cell fails if its point is passed.",
        "\n".join(markdown_table(summary)),
        "| struck at | before and after |\n|---|---|\n"
        + "\n".join(f"| {name} | {says} ({scene.value}) |" for name, (says, scene) in POINTS.items()),
        "| the operator | |\n|---|---|\n" + "\n".join(f"| {way.name} | {way.says} |" for way in WAYS),
        "## Random kills",
        f"Seed {report.seed}. Gateway and operator were killed at random times under load and started again at once."
        " The operator took most messages, and refused, throttled, cut links and kept silent for some. Three of its"
        " answers in a hundred were lost, never the receipts, and of these some said that the message did not arrive."
        f" Two of every {PAIR_EVERY} messages went to one person over one line. The operator's book has each copy with"
        " its receipt, so what was made of receipts that named nobody is compared with what became of the copies."
        " **Called delivered with a part undelivered** and **unknown though every part is known to have arrived** (by"
        " the receipts that were acknowledged, however they are dealt) must be 0.",
        "| what | how many |\n|---|---|\n" + "\n".join(f"| {what} | {how} |" for what, how in figures(report).items()),
        PEERS,
    ]
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


app = App(help_format="plaintext")


@app.default
def main(*, minutes: float = 10, seed: int = 1, rate: float = 700, at_once: int = matrix.AT_ONCE) -> int:
    """Run both experiments and write the page; 1, and no page, if a promise was broken."""
    console = Console()
    began_s = time.monotonic()
    outcomes = asyncio.run(matrix.strike(matrix.all_cells(), seed, at_once=at_once))
    summary = Summary.of(outcomes, seed=seed, took_s=time.monotonic() - began_s)
    console.print(summary.sentence())
    report = asyncio.run(random_kills.strike(minutes * 60, seed, rate))
    console.print(random_kills.table(report))
    broken = (*summary.broken, *report.verdict.broken)
    for sentence in broken[:50]:
        console.print(f"BROKEN {sentence}", markup=False, style="red", soft_wrap=True)
    if not broken:
        PAGE.write_text(render(summary, report, dt.datetime.now(dt.UTC).date()), encoding="utf-8")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(app())
