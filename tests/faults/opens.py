"""`python tests/faults/opens.py REPORT serve ...`: the gateway, telling which of the store's files Python code opens.

Each open goes to REPORT as a line: the mode and the name, and whether SQLite had the file open at that time. What
SQLite opens does not pass here. At the end a line for each of our descriptors of these files that is still open.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

SUFFIXES = (".sqlite", ".sqlite-wal", ".sqlite-shm")


def descriptors() -> list[tuple[int, str]]:
    """Every open descriptor of a store's file, SQLite's too."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            name = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if name.endswith(SUFFIXES):
            found.append((int(number), name))
    return found


def main() -> None:
    """Put the hook in, then be payamak."""
    report = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | Path) and str(arguments[0]).endswith(SUFFIXES):
            is_used = any(name == os.path.realpath(str(arguments[0])) for _, name in descriptors())
            os.write(report, f"{'beside' if is_used else 'before'} {Path(str(arguments[0])).name}\n".encode())

    sys.addaudithook(hook)
    from payamak.cli import main as payamak

    payamak()


if __name__ == "__main__":
    main()
