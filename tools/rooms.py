"""The rooms of a package, or of the whole house, drawn: which module stands on which floor, and what it needs.

    python -m tools.rooms [store] [--folders rules,sqlite]
    python -m tools.rooms house

A room is a module, or a folder that is named by --folders; of the whole house every folder is one. Its floor is one
above the highest room that it needs, the lowest is 0; an arrow is a room that another one imports, inside functions and
for types too. Lines are those of its files, public classes those whose name does not begin with an underscore.
"""

from __future__ import annotations

import argparse
import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "payamak"


class House:
    """A package with its rooms; `folders` are one room each."""

    def __init__(self, package: str, folders: frozenset[str]) -> None:
        self._root = SOURCE / package
        self._prefix = f"payamak.{package}." if package else "payamak."
        self._folders = folders
        self.files: dict[str, list[Path]] = {}
        for path in sorted(self._root.rglob("*.py")):
            if path.name != "__init__.py":
                self.files.setdefault(self._room_of(path.relative_to(self._root).with_suffix("").parts), []).append(
                    path
                )
        self.needs = {room: self._needs(room) for room in self.files}
        self.floor_of = cache(self._floor_of)

    def _room_of(self, parts: tuple[str, ...]) -> str:
        first, *_ = parts
        return first if first in self._folders else "/".join(parts)

    def _needs(self, room: str) -> set[str]:
        found: set[str] = set()
        for path in self.files[room]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module is not None:
                    names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                else:
                    continue
                found |= {
                    self._room_of(tuple(name.removeprefix(self._prefix).split(".")))
                    for name in names
                    if name.startswith(self._prefix)
                }
        return (found & self.files.keys()) - {room}

    def _floor_of(self, room: str) -> int:
        return 1 + max((self.floor_of(needed) for needed in self.needs[room]), default=-1)

    @property
    def floors(self) -> dict[int, list[str]]:
        """The rooms of each floor, the lowest first."""
        floors: dict[int, list[str]] = {}
        for room in sorted(self.files, key=self.floor_of):
            floors.setdefault(self.floor_of(room), []).append(room)
        return floors

    @property
    def arrows(self) -> int:
        """How many rooms are needed by rooms."""
        return sum(map(len, self.needs.values()))

    def lines(self, room: str) -> int:
        """The lines of a room's files."""
        return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in self.files[room])

    def public_classes(self, room: str) -> int:
        """The classes of a room that are meant for others."""
        trees = (ast.parse(path.read_text(encoding="utf-8")) for path in self.files[room])
        classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        return sum(not each.name.startswith("_") for each in classes)


def whole() -> House:
    """The house with every folder as one room."""
    return House("", frozenset(path.name for path in SOURCE.iterdir() if path.is_dir()))


def drawn(house: House) -> str:
    """The house from its roof down, and its sums."""
    text = []
    for floor, rooms in sorted(house.floors.items(), reverse=True):
        text.append(f"floor {floor}")
        for room in rooms:
            needs = ", ".join(sorted(house.needs[room])) or "nothing"
            text.append(
                f"  {room:24}{house.lines(room):5} lines {house.public_classes(room):3} classes   needs {needs}"
            )
    lines, classes = (sum(map(count, house.files)) for count in (house.lines, house.public_classes))
    text.append(
        f"{len(house.files)} rooms, {len(house.floors)} floors, {house.arrows} arrows; "
        f"{lines} lines, {classes} public classes"
    )
    return "\n".join(text)


def main() -> None:
    """Draw one package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="?", default="store")
    parser.add_argument("--folders", default="sqlite", help="folders that are one room each, joined by commas")
    options = parser.parse_args()
    folders = frozenset(options.folders.split(","))
    print(drawn(whole() if options.package == "house" else House(options.package, folders)))


if __name__ == "__main__":
    main()
