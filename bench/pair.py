"""`python -m bench.pair OTHER_TREE`: this tree and another one in one block, round by round, and their ratios.

OTHER_TREE is a checkout with a `.venv` of its own; it need not have this bench. What is here is measured as it stands
here, the other one as OLD:

    git worktree add ../before COMMIT && (cd ../before && sh tools/environment.sh runtime)
    python -m bench.pair ../before --cells full-64,webhook --rounds 5
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.block import run
from bench.cells import CELLS, chosen
from bench.compare import show
from bench.house import HERE, KEPT, tree
from bench.outside import NotMeasured, complain, end_tidily
from bench.report import write


def main() -> int:
    """Measure, keep both reports, print their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="the other tree")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cells", default=",".join(cell.name for cell in CELLS), help="names, joined by commas")
    parser.add_argument("--minutes", type=float, default=60, help="no round begins that might end after so long")
    parser.add_argument("--keep", type=Path, default=KEPT, help="the folder for old.json and new.json")
    options = parser.parse_args()
    end_tidily()
    try:
        trees = [tree(options.other), tree(HERE)]
        old, new = run(trees, chosen(options.cells), options.rounds, 60 * options.minutes)
    except NotMeasured as error:
        complain(error)
        return 1
    write(old, options.keep / "old.json")
    write(new, options.keep / "new.json")
    show(old, new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
