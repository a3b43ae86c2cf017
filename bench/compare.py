"""`python -m bench.compare OLD NEW`: two reports beside each other, with ratios.

Of reports of one block (`bench.pair`) each round of NEW is set against the same round of OLD, and the ratio is the
median of these with its spread; "better" and "worse" are said where every round says so. Of two blocks it is the ratio
of the medians, and what the machine did meanwhile is in it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.cells import FIGURES, Kind, says
from bench.report import Report, Unreadable, read, spread
from bench.tables import print_table

WORTH_A_WORD: Final = 0.03


def ratios(old: Report, new: Report, cell: str, figure: str) -> list[float]:
    """NEW over OLD: one for each round of a common block, else one of the medians."""
    before, after = old.cells[cell][figure], new.cells[cell][figure]
    if old.block == new.block and len(before) == len(after):
        return [later / earlier for earlier, later in zip(before, after, strict=True) if earlier]
    middle = statistics.median(before)
    return [statistics.median(after) / middle] if middle else []


def verdict(found: list[float], kind: Kind) -> str:
    """ "better" or "worse" where all ratios lie on that side of 1, by more than 3 % in the middle; else nothing."""
    if not found or abs(statistics.median(found) - 1) < WORTH_A_WORD or min(found) < 1 < max(found):
        return ""
    return "better" if (found[0] > 1) == kind.more_is_better else "worse"


def rows(old: Report, new: Report) -> Iterator[tuple[str, ...]]:
    """A row for each figure that both have: cell, figure, OLD, NEW, NEW over OLD, and which way that is."""
    for cell, figures in old.cells.items():
        for name in figures:
            kind = FIGURES.get(name)
            if kind is None or name not in new.cells.get(cell, {}):
                continue
            found = ratios(old, new, cell, name)
            yield (
                says(cell),
                kind.label,
                spread(figures[name], kind.places),
                spread(new.cells[cell][name], kind.places),
                spread(found, 2) if found else "",
                verdict(found, kind),
            )


def show(old: Report, new: Report) -> None:
    """Print the table."""
    print(f"old: {old.tree} {old.commit}, {old.at}; new: {new.tree} {new.commit}, {new.at}")
    print(
        "one block, rounds set against each other"
        if old.block == new.block
        else "two blocks: trust CPU more than rates"
    )
    print_table(("cell", "figure", "old", "new", "new/old", ""), list(rows(old, new)), lefts=2)


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args()
    try:
        show(read(options.old), read(options.new))
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
