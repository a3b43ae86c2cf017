"""`python -m bench.growth`: whether the gateway slows down as its store grows.

A store with ten million finished messages (`--millions 0.1` for fewer) beside an empty one, both served by this tree,
in one block: old is the empty one. Ten million take some 7 GB of the temporary folder.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.block import Column, reports, rounds
from bench.cells import chosen, warm_up
from bench.compare import show
from bench.fill import fill
from bench.house import HERE, KEPT, Tree, house, tree
from bench.outside import NotMeasured, complain, end_tidily
from bench.report import Report, write

CELLS = "full-64,full-16,soap-50,sendsms-100,webhook,states-10,paced-50,accept"


def filled(of: Tree, store: Path, count: int) -> None:
    """Make the store, let the gateway deliver something in it, and copy that."""
    with house(of, store=store) as one:
        warm_up(one)
    for made, seconds in fill(store, count):
        print(f"  {made:,} messages in {seconds:.0f} s", file=sys.stderr)


def run(of: Tree, count: int, cells: str, most: int, minutes: float) -> list[Report]:
    """The reports of the empty store and of the filled one. Raises `NotMeasured`."""
    began = dt.datetime.now(dt.UTC)
    with ExitStack() as stack:
        store = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payamak-bench-"))) / "store.sqlite"
        filled(of, store, count)
        print(f"  {store.stat().st_size / 1e9:.2f} GB", file=sys.stderr)
        empty, full = stack.enter_context(house(of)), stack.enter_context(house(of, store=store))
        houses = (replace(empty, name="empty"), replace(full, name=f"{count:,} messages", next_number=1_000_000))
        columns = [Column(house=one, cells=chosen(cells)) for one in houses]
        for column in columns:
            warm_up(column.house)
        rounds(columns, most, 60 * minutes)
        return reports(columns, [of.commit()] * 2, began)


def main() -> int:
    """Fill, measure, keep both reports, print their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=60, help="no round begins that might end after so long")
    parser.add_argument("--cells", default=CELLS, help="names, joined by commas")
    parser.add_argument("--keep", type=Path, default=KEPT, help="the folder for empty.json and grown.json")
    options = parser.parse_args()
    end_tidily()
    try:
        count = int(options.millions * 1e6)
        empty, grown = run(tree(HERE), count, options.cells, options.rounds, options.minutes)
    except NotMeasured as error:
        complain(error)
        return 1
    write(empty, options.keep / "empty.json")
    write(grown, options.keep / "grown.json")
    show(empty, grown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
