"""`python -m bench`: what a message costs and how many go through: every cell, medians of rounds with their spread.

The figures are kept in `build/bench/report.json`, for `python -m bench.compare OLD NEW`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.block import run
from bench.cells import CELLS, FIGURES, chosen, says
from bench.house import HERE, KEPT, tree
from bench.outside import NotMeasured, complain, end_tidily
from bench.report import Report, spread, write
from bench.tables import print_table

MINUTES = 6.5
"""No round begins that might end later; the last cell's rounds, the statements and the starts come on top."""


def rows(report: Report) -> Iterator[tuple[str, str, str]]:
    """A row for each figure: cell, figure, median with its spread."""
    for cell, figures in report.cells.items():
        for name, kind in FIGURES.items():
            if name in figures:
                yield says(cell), kind.label, spread(figures[name], kind.places)


def main() -> int:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="no round begins that might end after so long")
    parser.add_argument("--cells", default=",".join(cell.name for cell in CELLS), help="names, joined by commas")
    parser.add_argument("--keep", type=Path, default=KEPT / "report.json", help="the file for the figures")
    options = parser.parse_args()
    end_tidily()
    try:
        (report,) = run([tree(HERE)], chosen(options.cells), options.rounds, 60 * options.minutes)
    except NotMeasured as error:
        complain(error)
        return 1
    write(report, options.keep)
    print_table(("cell", "figure", "median (least–most)"), list(rows(report)), lefts=2)
    print(f"kept in {options.keep}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
