"""The project's own source as the tests about source see it."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "payamak"


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below these folders of the repository, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a path as a reader of the repository names it."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def parsed_calls(path: Path) -> list[str]:
    """Return the names of what a file calls, and of what it imports, dotted as written."""
    nodes = list(ast.walk(parsed(path)))
    called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return called + imported + [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
