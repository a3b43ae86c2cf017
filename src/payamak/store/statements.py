"""Reads the named statements of the .sql files of the SQLite store: SQL lives there, not in strings."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load_statements() -> dict[str, str]:
    """Every statement by its name. Raises ValueError if a name is used twice."""
    statements: dict[str, str] = {}
    for file in sorted(resources.files("payamak.store.sqlite").joinpath("sql").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        pieces = _NAME.split(file.read_text(encoding="utf-8"))
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            if name in statements:
                raise ValueError(f"statement {name} is defined twice")
            body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
            statements[name] = body.strip().removesuffix(";")
    return statements


def load_migrations() -> list[str]:
    """The migrations in order; the database's user_version says how many have run."""
    folder = resources.files("payamak.store.sqlite").joinpath("migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [file.read_text(encoding="utf-8") for file in files]
