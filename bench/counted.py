"""`python -P counted.py FILE ARGUMENTS...`: the payamak of this Python with its SQL statements counted into FILE.

FILE holds two integers of 8 octets: statements and, of these, commits. Each row of an executemany is one statement.
Counting costs several microseconds a statement, so that no time is taken of a gateway that runs under it.
"""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import apsw

OCTETS = 16


def count_into(path: Path) -> None:
    """Let every connection that is opened from now on count what it executes."""
    with path.open("r+b") as file:
        counts = memoryview(mmap.mmap(file.fileno(), OCTETS)).cast("Q")

    def trace(_: apsw.Cursor, statement: str, __: apsw.Bindings | None) -> bool:
        counts[0] += 1
        if statement.lstrip()[:6].upper() == "COMMIT":
            counts[1] += 1
        return True

    def opened(db: apsw.Connection) -> None:
        db.exec_trace = trace

    apsw.connection_hooks.append(opened)


def main() -> None:
    """Count, and be `payamak`."""
    count_into(Path(sys.argv[1]))
    sys.argv[:2] = ["payamak"]
    from payamak.cli import main as payamak

    payamak()


if __name__ == "__main__":
    main()
