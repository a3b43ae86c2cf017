"""`python -m bench.peers`: Kannel and this gateway under the same load, in one block; old is Kannel.

The ratio to Kannel with receipts contains one call-back a message on its side: the cell with a webhook is like for
like. Kannel's figures spread widely from round to round; read the ratio with its spread.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.block import Column, reports, rounds
from bench.cells import BY_NAME, Cell, measure
from bench.compare import show
from bench.house import HERE, KEPT, House, Tree, house, tree
from bench.outside import NotMeasured, complain, end_tidily
from bench.report import Report, write

from bench import kannel

WINDOW = 100
LEAST_ROUNDS = 5
"""Its figures spread: with fewer the ratio says nothing."""

CELLS = ("full-16", "full-64", "webhook")


def theirs(cell: Cell, receiver_port: int) -> Cell:
    """A cell as it is for Kannel."""
    load = replace(cell.load, request=kannel.request(receiver_port), expected=kannel.ACCEPTED)
    return replace(cell, load=load, is_posted=True)


def run(of: Tree, most: int, minutes: float) -> list[Report]:
    """The reports of Kannel and of ours. Raises `NotMeasured`."""
    began = dt.datetime.now(dt.UTC)
    cells = [BY_NAME[name] for name in CELLS]
    with ExitStack() as stack:
        peer, ours = stack.enter_context(kannel.house(WINDOW)), stack.enter_context(house(of))
        columns = [
            Column(house=peer, cells=[theirs(cell, peer.receiver.port) for cell in cells]),
            Column(house=ours, cells=cells),
        ]
        for column in columns:
            warm(column.house, column.cells[0])
        rounds(columns, most, 60 * minutes)
        return reports(columns, [version(), of.commit()], began)


def warm(one: House, cell: Cell) -> None:
    """A short round that does not count."""
    measure(one, replace(cell, load=replace(cell.load, calls=500)))


def version() -> str:
    """Kannel's package as the distribution names it, "" if it came another way."""
    command = ["dpkg-query", "--show", "--showformat=${Version}", "kannel"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def main() -> int:
    """Measure, keep both reports, print their ratios; without Kannel say so, which is no fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=20, help="no round begins that might end after so long")
    parser.add_argument("--keep", type=Path, default=KEPT, help="the folder for kannel.json and beside-kannel.json")
    options = parser.parse_args()
    end_tidily()
    if kannel.installed() is None:
        print("skipped: Kannel is not installed (Debian: apt-get install kannel)")
        return 0
    try:
        peer, ours = run(tree(HERE), options.rounds, options.minutes)
    except NotMeasured as error:
        complain(error)
        return 1
    write(peer, options.keep / "kannel.json")
    write(ours, options.keep / "beside-kannel.json")
    show(peer, ours)
    return 0


if __name__ == "__main__":
    sys.exit(main())
