"""Each statement is read as one shape, and its columns are that shape's fields, whether it ever brings a row or not."""

from __future__ import annotations

import ast
import importlib
from typing import Any

import pytest
from tests.source import PACKAGE, parsed, python_files

from payamak.store.columns import reader
from payamak.store.sqlite.reader import columns_of
from payamak.store.sqlite.store import SqliteStore
from payamak.store.statements import load_statements

ASKS = {"rows", "row", "readable", "stream", "rows_of_family"}


def asked() -> set[tuple[str, Any]]:
    """Every statement that is named where it is read, with its shape."""
    found = set()
    for path in python_files("src/payamak/store"):
        for node in ast.walk(parsed(path)):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=attr), args=[ast.Constant(value=str(name)), ast.Name(id=shape), *_]
                ) if attr in ASKS:
                    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
                    found.add((name, getattr(importlib.import_module(module), shape)))
    return found


ASKED = sorted(asked(), key=lambda each: each[0])


def test_most_are_seen() -> None:
    """The look above finds them."""
    assert len(ASKED) > 40


def test_one_statement_has_one_shape() -> None:
    """A reader learns a statement once."""
    names = [name for name, _ in ASKED]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("name", "shape"), ASKED)
async def test_the_columns_are_the_fields(sqlite: SqliteStore, name: str, shape: type[Any]) -> None:
    """They are called by the same names."""
    sql = load_statements()[name]
    named = {word.strip(":") for word in sql.replace(")", " ").replace("(", " ").split() if word.startswith(":")}
    values: Any = dict.fromkeys(named) if named else (None,) * (_numbers(sql) or sql.count("?"))
    reader(shape, columns_of(sqlite._db, sql, values))


def _numbers(sql: str) -> int:
    return max((number for number in range(1, 20) if f"?{number}" in sql), default=0)
