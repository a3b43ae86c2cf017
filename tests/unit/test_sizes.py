"""No file and no function outgrows its reader, unless a comment says why."""

import ast
import re
from pathlib import Path

import pytest
from tests.source import ROOT, name_of, parsed, python_files

MOST_LINES_A_FILE = 700
MOST_LINES_A_FUNCTION = 60

#: `# size: why this one stays whole`, at the margin for a file, inside the function for a function.
FILE_REASON = re.compile(r"^(#|--|//) size: \S+", re.MULTILINE)
FUNCTION_REASON = re.compile(r"^\s+# size: \S+", re.MULTILINE)

CODE = [*python_files("src", "tests", "tools", "bench"), *sorted((ROOT / "src").rglob("*.sql"))]


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_file(path: Path) -> None:
    """A file has at most 700 lines, or a reason."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    assert lines <= MOST_LINES_A_FILE or FILE_REASON.search(text), f"{name_of(path)} has {lines} lines"


@pytest.mark.parametrize("path", [path for path in CODE if path.suffix == ".py"], ids=name_of)
def test_functions(path: Path) -> None:
    """A function has at most 60 lines, its docstring included, or a reason."""
    text = path.read_text(encoding="utf-8").splitlines()
    too_long = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = text[node.lineno - 1 : node.end_lineno]
            if len(body) > MOST_LINES_A_FUNCTION and not FUNCTION_REASON.search("\n".join(body)):
                too_long.append(f"{name_of(path)}:{node.lineno} {node.name}() has {len(body)} lines")
    assert too_long == [], "\n".join(too_long)
