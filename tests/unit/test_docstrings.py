"""Docstrings of what is promised: a protocol's method names its subject first, and a file has one noun."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.source import name_of, parsed, python_files

#: Words that stand for a noun which the reader does not have yet.
NO_NOUN = {"What", "Who", "Whose", "Whether", "Which", "Where", "When", "Why", "How", "It", "They", "This", "These"}

#: Who reads these has the whole class before him: they are no protocol of ours, but asyncio's.
THEIRS = {"BufferedProtocol", "asyncio.Protocol", "asyncio.BufferedProtocol"}


def protocols() -> Iterator[ast.ClassDef]:
    """Every protocol of the house."""
    for path in python_files("src/payamak"):
        for node in parsed(path).body:
            bases = {ast.unparse(base) for base in node.bases} if isinstance(node, ast.ClassDef) else set()
            if isinstance(node, ast.ClassDef) and "Protocol" in bases and not bases & THEIRS:
                yield node


METHODS = [
    pytest.param(method, id=f"{node.name}.{method.name}")
    for node in protocols()
    for method in node.body
    if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_")
]


@pytest.mark.parametrize("method", METHODS)
def test_a_protocols_method_names_its_subject(method: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Noun and unit first, then the why; nobody has to look at the signature to know of what it speaks."""
    said = (ast.get_docstring(method) or "").split()
    assert said, "a promise without a sentence"
    assert said[0].strip(".,:;") not in NO_NOUN


@pytest.mark.parametrize("path", python_files("src/payamak"), ids=name_of)
def test_a_file_has_one_noun(path: Path) -> None:
    """A file that is about one thing, and about what else there was, is two; and no file is called by neither."""
    first = (ast.get_docstring(parsed(path)) or "").partition("\n\n")[0]
    assert first
    assert "what else" not in first
    assert {"shared", "common", "misc", "helpers", "utils"}.isdisjoint({name_of(path).rpartition("/")[2][:-3]})
