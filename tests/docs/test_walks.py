"""ARCHITECTURE.md walks through the house by functions that are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from tests.source import PACKAGE, ROOT, parsed

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
HOP = re.compile(r"^    ([a-z0-9_/]+\.py): ([\w.]+)(?: |$)", re.MULTILINE)
WALKS = PAGE.partition("## Five walks through the house\n")[2].partition("\n## ")[0]
HOPS = HOP.findall(WALKS)


def names_of(body: list[ast.stmt], before: str = "") -> Iterator[str]:
    """Every function and method, by its name in its module."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield before + node.name
        elif isinstance(node, ast.ClassDef):
            yield from names_of(node.body, f"{before}{node.name}.")


def test_there_are_five_walks() -> None:
    """A submission, a receipt, an opt-out, a price and a campaign; every line of them is a hop."""
    walks = re.split(r"\n(?=A[n]? [a-z])", WALKS)[1:]
    assert [re.match(r"An? ([a-z-]+)", walk)[1] for walk in walks] == [  # type: ignore[index]
        "submission",
        "receipt",
        "opt-out",
        "price",
        "campaign",
    ]
    assert all(len(HOP.findall(walk)) > 5 for walk in walks)
    assert len(HOPS) == len([line for line in WALKS.splitlines() if line.startswith("    ")])


@pytest.mark.parametrize(("file", "name"), sorted(set(HOPS)), ids=": ".join)
def test_a_hop_is_a_function(file: str, name: str) -> None:
    """The file has it, under this name."""
    assert name in set(names_of(parsed(PACKAGE / file).body))
