"""Every act by hand says whose it is: each function that changes something is told by whom and when."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest
from tests.source import name_of, parsed, python_files

from payamak.store.base import Hands, SiteHands

#: For programs that build a store of their own (the demo): nobody's act.
NOBODYS = {"put_documents"}

CHANGES = {
    name: each
    for kind in (Hands, SiteHands)
    for name, each in vars(kind).items()
    if inspect.isfunction(each) and not name.startswith("_")
}


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - NOBODYS))
def test_a_change_of_the_store_takes_its_act(name: str) -> None:
    """Its row is written by the same transaction, so it has to be told."""
    assert {"act", "by"} & inspect.signature(CHANGES[name]).parameters.keys()


def calls_of(node: ast.AST) -> set[str]:
    """What is called, by the last word of its name."""
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}


def acts() -> list[Any]:
    """The public functions of `hands/` that call what changes the store."""
    return [
        pytest.param(node, id=f"{name_of(path)}:{node.name}")
        for path in python_files("src/payamak/hands")
        for node in parsed(path).body
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_")
        if calls_of(node) & CHANGES.keys()
    ]


def test_there_are_acts() -> None:
    """The test below looks at something."""
    assert len(acts()) >= 8


@pytest.mark.parametrize("node", acts())
def test_an_act_by_hand_is_somebodys(node: ast.AsyncFunctionDef) -> None:
    """Who acts and when is a parameter of it."""
    assert {"by", "now"} <= {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}
