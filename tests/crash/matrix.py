"""`make crash`: the process is struck at every kill-point while the operator does everything that operators do.

python -m tests.crash.matrix                        every cell once, a table, exit code 1 if a promise was broken
python -m tests.crash.matrix --short --seed 7       every point once
python -m tests.crash.matrix --point mark --way cut --runs 20
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from tests.crash import site
from tests.crash.points import full_names
from tests.crash.run import Bench, Outcome, run
from tests.crash.table import Summary, rich_table
from tests.crash.ways import WAYS, Cell, impossible
from tests.crash.zygote import Zygote

AT_ONCE = 8
"""Runs at a time on two cores: most of a run is waiting for timers."""

Tell = Callable[[Outcome], None]


def all_cells() -> list[Cell]:
    """Every point with every way."""
    return [(point, way.name) for point in full_names() for way in WAYS]


def short_cells(seed: int) -> list[Cell]:
    """Every point once, with a way that changes with the seed; and two of the cells that cannot occur."""
    never = impossible()
    cells = []
    for number, point in enumerate(full_names()):
        ways = [way.name for way in WAYS if (point, way.name) not in never]
        cells.append((point, ways[(number * 3 + seed) % len(ways)]))
    excluded = sorted(never)
    return [*cells, excluded[seed % len(excluded)], excluded[-1 - seed % len(excluded)]]


async def strike(
    cells: Sequence[Cell],
    seed: int,
    *,
    at_once: int = AT_ONCE,
    tell: Tell = lambda outcome: None,
    ignores_sync: bool = False,
) -> list[Outcome]:
    """Run the cells, each with a seed of its own that follows from `seed`."""
    zygote = Zygote()
    await zygote.start()
    try:
        with tempfile.TemporaryDirectory(prefix="payamak-crash-") as top:
            pattern = Path(top) / "pattern.sqlite"
            await site.furnish(pattern, 1, "http://127.0.0.1:1")
            bench = Bench(top=Path(top), zygote=zygote, pattern=pattern, ignores_sync=ignores_sync)
            places = asyncio.Semaphore(at_once)

            async def one(number: int, cell: Cell) -> list[Outcome]:
                async with places:
                    return await _strike_cell(cell, seed + number, bench, tell)

            async with asyncio.TaskGroup() as group:
                work = [group.create_task(one(number, cell)) for number, cell in enumerate(cells)]
            return [outcome for task in work for outcome in task.result()]
    finally:
        await zygote.stop()


async def _strike_cell(cell: Cell, seed: int, bench: Bench, tell: Tell) -> list[Outcome]:
    """A cell's run; one whose point was not passed as often as the seed wants is run again for the first pass."""
    outcomes: list[Outcome] = []
    for nth in (1,) if cell in impossible() else (None, 1):
        try:
            outcomes.append(await run(cell, seed, bench, nth))
        except Exception as error:
            error.add_note(f"in {cell}, seed {seed}, pass {nth}")
            raise
        tell(outcomes[-1])
        if outcomes[-1].was_struck:
            break
    return outcomes


app = App(help_format="plaintext")


@app.default
def main(
    *,
    seed: int = 1,
    runs: int = 1,
    at_once: int = AT_ONCE,
    point: str = "",
    way: str = "",
    short: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Strike, show the table; 0 if every promise was kept.

    Parameters
    ----------
    seed
        Chooses at which pass each point strikes and what the disk keeps of unsynced writes.
    runs
        How often each cell is run, each time with another seed.
    at_once
        Runs at a time.
    point
        Only the points whose names begin so.
    way
        Only the ways whose names begin so.
    short
        Every point once instead of every cell.
    """
    cells = [
        c for c in (short_cells(seed) if short else all_cells()) if c[0].startswith(point) and c[1].startswith(way)
    ]
    console = Console(width=None if sys.stdout.isatty() else 190)
    began_s = time.monotonic()
    outcomes = asyncio.run(strike(cells * runs, seed, at_once=at_once, tell=_teller(console)))
    summary = Summary.of(outcomes, seed=seed, took_s=time.monotonic() - began_s)
    console.print(rich_table(summary))
    console.print(summary.sentence())
    for sentence in summary.broken:
        console.print(f"BROKEN {sentence}", markup=False, style="red", soft_wrap=True)
    return int(bool(summary.broken))


def _teller(console: Console) -> Tell:
    """Show that something happens, and broken promises at once."""
    count = 0

    def tell(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        for sentence in outcome.verdict.broken:
            console.print(f"{outcome.cell} seed {outcome.seed}: {sentence}", markup=False, style="red", soft_wrap=True)
        if count % 50 == 0:
            console.print(f"{count} runs ...")

    return tell


if __name__ == "__main__":
    sys.exit(app())
