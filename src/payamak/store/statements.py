"""Reads the named statements of the .sql files of an engine: SQL lives there, not in strings.

Where several statements have the same columns, these are named once: by a Struct (columns.py), or in the file itself
under `-- columns: NAME`. A statement says `{NAME}` in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from payamak.store.columns import LISTS

_NAME = re.compile(r"^-- (name|columns): (\w+)$", re.MULTILINE)
_LISTED = re.compile(r"\{(\w+)\}")


@cache
def load_statements() -> dict[str, str]:
    """Every statement of SQLite's store by its name."""
    return read_statements("sqlite", LISTS)


def read_statements(engine: str, lists: Mapping[str, str]) -> dict[str, str]:
    """Every statement of an engine by its name. Raises ValueError if a name is used twice."""
    pieces: dict[str, dict[str, str]] = {"name": {}, "columns": dict(lists)}
    folder = resources.files(f"payamak.store.{engine}").joinpath("sql")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        _, *found = _NAME.split(file.read_text(encoding="utf-8"))
        for kind, name, text in zip(found[::3], found[1::3], found[2::3], strict=True):
            if name in pieces[kind]:
                raise ValueError(f"{kind} {name} is defined twice")
            body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
            pieces[kind][name] = body.strip().removesuffix(";")
    return {name: _LISTED.sub(lambda place: pieces["columns"][place[1]], sql) for name, sql in pieces["name"].items()}


def load_migrations() -> list[str]:
    """The migrations of SQLite's store in order; the database's user_version says how many have run."""
    return [text for _, text in read_migrations("sqlite")]


def read_migrations(engine: str) -> list[tuple[str, str]]:
    """The migrations of an engine in order: the name of each, and its text."""
    folder = resources.files(f"payamak.store.{engine}").joinpath("migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in files]
