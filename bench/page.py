"""`python -m bench.page`: measure everything, and write docs/reference/speed.md and the figures behind it, speed.json.

`--only now,peers` measures these anew and keeps the other figures as they are; `--only none` writes the page alone.
The parts: now (`bench`), before (`bench.pair`, for which --before names the other tree), growth and peers.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from bench.__main__ import MINUTES
from bench.block import run
from bench.cells import BY_NAME, CELLS, FIGURES, says
from bench.compare import ratios
from bench.goals import table
from bench.house import HERE, tree
from bench.outside import NotMeasured, complain, end_tidily
from bench.report import Report, spread

from bench import growth, kannel, peers

FOLDER: Final = HERE / "docs" / "reference"
BEFORE_CELLS: Final = ("full-64", "full-16", "slow-operator", "sendsms-100", "webhook", "states-10", "paced-50")

Pair = tuple[Report, Report]


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The figures behind the page: of this tree alone, and pairs of old and new from blocks of their own."""

    now: Report | None = None
    before: Pair | None = None
    growth: Pair | None = None
    peers: Pair | None = None


_INTRODUCTION: Final = """# What a message costs

This page and the figures behind it ([speed.json](speed.json)) are made by `make bench-page`. Load, operator and gateway
share one machine, and other programs may have had a part of it: **trust processor time a message and ratios of one
block**, not rates. Each figure is the median of interleaved rounds, with the least and the most behind it.

The gateway is `payamak serve` as a customer runs it: prices, ledger, log, metrics, every commit synced
(`synchronous=FULL`). "Full path" is one HTTP call a message, from the first call until the last receipt has been
stored and acknowledged. Each round checks what it measures: every accepted message was sent once for each of its parts
and every receipt was acknowledged, or the round gives no figure. Paced calls count from when they were due. A
statement is what the store executes; each row of an `executemany` is one.

| to | command |
|---|---|
| measure this tree; the figures go to `build/bench/report.json` | `make bench` |
| set two files of figures beside each other | `python -m bench.compare OLD NEW` |
| measure another tree and this one in one block | `python -m bench.pair OTHER_TREE` |
| see whether ten million stored messages slow it down | `make bench-growth` |
| put Kannel from Debian beside it | `make bench-peers` |

The program as it stood when this bench came, to pair with whatever is here now:

    git worktree add ../before $(git log --diff-filter=A --format=%h -- bench/pair.py | tail -n 1)
    (cd ../before && sh tools/environment.sh runtime)
    .venv/bin/python -m bench.pair ../before
"""
_AIMED: Final = (
    "The goals were set on a machine where the program before any gain took 740 to 820 µs of processor a message.",
    "Where a goal can be judged as a share of that, the share is said beside it.",
)
_COLUMNS: Final = ("messages_per_s", "accepted_per_s", "cpu_us", "switches", "call_p50_ms", "call_p99_ms", "log_octets")
"""What most cells have; the rest follows row by row."""

_TITLES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "before": (
        "Against the program when this bench came",
        "then",
        "now",
        "One block of both; the ratio is the median of the rounds' own ratios.",
    ),
    "growth": (
        "As the store grows",
        "empty",
        "filled",
        "One block: the same program on an empty store and on one that holds finished messages, a month of them.",
    ),
    "peers": (
        "Beside Kannel",
        "Kannel",
        "Payamak",
        "One block: the same load, the same operator. Kannel keeps its messages in memory and has neither prices nor\n"
        "a ledger; its figures contain one call-back a message, so that the rows with a webhook are like for like.\n"
        "They spread widely from round to round.",
    ),
}


def page(kept: Kept) -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION]
    if kept.now is not None:
        parts.append("\n".join(["## This program", "", _provenance(kept.now), "", *_own(kept.now), ""]))
        parts.append("\n".join(["## What was aimed at", "", *_AIMED, "", *table(kept.now, kept.before), ""]))
    for name, (title, old, new, how) in _TITLES.items():
        pair: Pair | None = getattr(kept, name)
        if pair is not None:
            heads = (old, f"{new}: {pair[1].tree}" if name == "growth" else new)
            parts.append("\n".join([f"## {title}", "", how, "", _provenance(*pair), "", *_pair(pair, heads), ""]))
    return "\n".join(parts)


def _provenance(*reports: Report) -> str:
    commits = " and ".join(dict.fromkeys(report.commit for report in reports))
    shed = sum(times for report in reports for times in report.shed.values())
    again = f" Calls were shed in {shed} rounds, which were tried again." if shed else ""
    return f"{reports[0].machine}, {reports[0].at[:10]}, {commits}.{again}"


def _own(report: Report) -> Iterator[str]:
    yield f"| | {' | '.join(FIGURES[name].label for name in _COLUMNS)} |"
    yield f"|---|{'---|' * len(_COLUMNS)}"
    for cell, figures in report.cells.items():
        shown = [spread(figures[name], FIGURES[name].places) if name in figures else "" for name in _COLUMNS]
        yield f"| {says(cell)} | {' | '.join(shown)} |"
    yield ""
    yield "| | figure | |"
    yield "|---|---|---|"
    for cell, figures in report.cells.items():
        for name, kind in FIGURES.items():
            if name in figures and name not in _COLUMNS:
                yield f"| {says(cell)} | {kind.label} | {spread(figures[name], kind.places)} |"


def _pair(pair: Pair, heads: tuple[str, str]) -> Iterator[str]:
    old, new = pair
    yield f"| | figure | {heads[0]} | {heads[1]} | ratio |"
    yield "|---|---|---|---|---|"
    for cell, figures in old.cells.items():
        for name, kind in FIGURES.items():
            if name not in figures or name not in new.cells[cell] or not statistics.median(figures[name]):
                continue
            before, after = spread(figures[name], kind.places), spread(new.cells[cell][name], kind.places)
            ratio = spread(ratios(old, new, cell, name), 2)
            yield f"| {says(cell)} | {kind.label} | {before} | {after} | {ratio} |"


def _now(options: argparse.Namespace) -> Report:
    (report,) = run([tree(HERE)], CELLS, options.rounds, 60 * MINUTES)
    return report


def _before(options: argparse.Namespace) -> Pair:
    cells = [BY_NAME[name] for name in BEFORE_CELLS]
    old, new = run([tree(options.before), tree(HERE)], cells, options.rounds, 60 * options.minutes)
    return old, new


def _growth(options: argparse.Namespace) -> Pair:
    count = int(options.millions * 1e6)
    empty, grown = growth.run(tree(HERE), count, growth.CELLS, options.rounds, options.minutes)
    return empty, grown


def _peers(options: argparse.Namespace) -> Pair:
    peer, ours = peers.run(tree(HERE), max(options.rounds, peers.LEAST_ROUNDS), options.minutes)
    return peer, ours


_MEASURED: Final[Mapping[str, Callable[[argparse.Namespace], Report | Pair]]] = {
    "now": _now,
    "before": _before,
    "growth": _growth,
    "peers": _peers,
}


def _wanted(options: argparse.Namespace) -> list[str]:
    """The parts to measure; what cannot be measured here is said and left out."""
    wanted = [name for name in _MEASURED if name in options.only.split(",")]
    if "before" in wanted and options.before is None:
        print("before: skipped, --before names no tree", file=sys.stderr)
        wanted.remove("before")
    if "peers" in wanted and kannel.installed() is None:
        print("peers: skipped, Kannel is not installed (Debian: apt-get install kannel)", file=sys.stderr)
        wanted.remove("peers")
    return wanted


def main() -> int:
    """Measure, keep, write. What was measured before a failure is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(_MEASURED), help="the parts to measure anew, joined by commas")
    parser.add_argument("--before", type=Path, help="the tree to pair with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=20, help="for each part: no round begins that might end later")
    parser.add_argument("--millions", type=float, default=10, help="messages in the filled store")
    options = parser.parse_args()
    end_tidily()
    figures, written = FOLDER / "speed.json", FOLDER / "speed.md"
    kept = msgspec.json.decode(figures.read_bytes(), type=Kept) if figures.exists() else Kept()
    for name in _wanted(options):
        print(f"== {name}", file=sys.stderr)
        try:
            kept = msgspec.structs.replace(kept, **{name: _MEASURED[name](options)})
        except NotMeasured as error:
            complain(error)
            return 1
        figures.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
        written.write_text(page(kept), encoding="utf-8")
    written.write_text(page(kept), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
