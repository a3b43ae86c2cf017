"""How large the house is: public classes and lines of each room, and classes per 1,000 lines.

    python -m tools.count [--base REV]

A room is a package or a module right under `payamak`. Lines are those of its Python files, empty ones and comments
included; public classes those at the margin of a file whose name does not begin with an underscore. With --base the
same of a commit of this repository stands beside it.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "src/payamak"


def files_now() -> Iterator[tuple[str, str]]:
    """Each file of the working tree, by its name below the package."""
    for path in sorted((ROOT / SOURCE).rglob("*.py")):
        yield path.relative_to(ROOT / SOURCE).as_posix(), path.read_text(encoding="utf-8")


def files_at(revision: str) -> Iterator[tuple[str, str]]:
    """The same of a commit."""
    command = ["git", "archive", revision, SOURCE]
    packed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.name.endswith(".py") and (file := archive.extractfile(member)) is not None:
                yield member.name.removeprefix(f"{SOURCE}/"), file.read().decode("utf-8")


def counted(files: Iterator[tuple[str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Lines and public classes by room."""
    lines, classes = Counter[str](), Counter[str]()
    for name, text in files:
        room = name.partition("/")[0].removesuffix(".py")
        lines[room] += text.count("\n")
        found = (node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
        classes[room] += sum(not name.startswith("_") for name in found)
    return lines, classes


def row(name: str, lines: int, classes: int) -> str:
    """One room, or the sum."""
    return f"{name:16}{lines:7,} lines {classes:4} classes {1_000 * classes / max(lines, 1):5.1f} per 1,000"


def main() -> None:
    """Print every room, the largest first, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="a commit to compare with")
    options = parser.parse_args()
    lines, classes = counted(files_now())
    for room, count in lines.most_common():
        print(row(room, count, classes[room]))
    print(row("all", lines.total(), classes.total()))
    if options.base:
        print(row(options.base[:16], *(each.total() for each in counted(files_at(options.base)))))


if __name__ == "__main__":
    main()
