"""Rows are read by name: the columns of a row are the fields of its value, and nobody counts positions."""

import ast
from pathlib import Path

import pytest
from tests.source import name_of, parsed, python_files

FILES = python_files("src/payamak/store")
RULES = [path for path in FILES if "rules" in path.parts]

ASKS = frozenset({"execute", "rows", "row", "readable", "stream", "rows_of_family"})
"""What brings rows."""


def by_position(path: Path) -> list[str]:
    """The subscripts by a number that is counted from the front: of anything that a query may have brought."""
    tree = parsed(path)
    brought = names_brought(tree)
    return [
        f"{name_of(path)}:{node.lineno} {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and is_number(node.slice) and may_be_row(node.value, path, brought)
    ]


def is_number(place: ast.expr) -> bool:
    """Tell whether a subscript is a position, `[3]`, or a run of them, `[:3]`."""
    if isinstance(place, ast.Slice):
        return any(isinstance(end, ast.Constant) for end in (place.lower, place.upper))
    return isinstance(place, ast.Constant) and isinstance(place.value, int)


def may_be_row(value: ast.expr, path: Path, brought: set[str]) -> bool:
    """In rules every name may hold a row; in an engine what a statement has brought, or is called a row."""
    if asks(value):
        return True
    return isinstance(value, ast.Name) and (path in RULES or value.id in {"row", "rows", *brought})


def asks(value: ast.AST) -> bool:
    """Tell whether an expression runs a statement."""
    calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in ASKS for call in calls)


def names_brought(tree: ast.AST) -> set[str]:
    """The names that are bound to what a statement brings, or to one row of it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        pairs = []
        if isinstance(node, ast.For | ast.comprehension):
            pairs = [(node.target, node.iter)]
        elif isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.NamedExpr):
            pairs = [(node.target, node.value)]
        found |= {name.id for name, value in pairs if isinstance(name, ast.Name) and asks(value)}
    return found


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_row_is_read_by_position(path: Path) -> None:
    """A column that is added, or moves, changes nobody's meaning."""
    assert by_position(path) == []


@pytest.mark.parametrize(
    "code",
    [
        "def f(tx):\n return tx.rows('a', A)[0]",
        "def f(db):\n for each in db.execute('x'):\n  yield each[2]",
        "def f(db):\n return [each[:2] for each in db.execute('x')]",
        "def f(db):\n if (found := next(db.execute('x'))):\n  return found[1]",
        "def f(row):\n return row[4]",
    ],
)
def test_the_lint_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """What this test forbids it finds, in an engine too."""
    path = tmp_path / "sqlite" / "reading.py"
    path.parent.mkdir()
    path.write_text(code, encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.name_of", str)
    assert len(by_position(path)) == 1


@pytest.mark.parametrize(
    "path", [path for path in python_files("src/payamak") if "sqlite" not in path.parts], ids=name_of
)
def test_only_engines_run_statements(path: Path) -> None:
    """Outside the folder of an engine nothing imports its library."""
    names = [alias.name for node in ast.walk(parsed(path)) if isinstance(node, ast.Import) for alias in node.names]
    assert "apsw" not in names
