"""Numbers of the command line: each command says what it allows, and refuses the rest before it opens anything."""

import types
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

import pytest
from cyclopts import App, Parameter

from payamak.cli.documents import Options
from payamak.cli.program import COMMANDS, build, run
from payamak.cli.shell import Common, ExitCode
from payamak.config import table

#: Commands whose numbers are settings of the process and are read by their rule.
SETTINGS = {name for name, _, _ in table()}


def functions() -> Iterator[tuple[str, Any]]:
    """Each command's function, by what a person types."""
    build()
    for _, name, target, _ in COMMANDS:
        module, _, attribute = target.partition(":")
        found = getattr(import_module(f"payamak.cli.{module}"), attribute)
        if isinstance(found, App):
            yield from ((f"{name} {sub}", found[sub].default_command) for sub in found if not sub.startswith("-"))
        else:
            yield name, found


def hints_of(function: Any, *, with_options: bool) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """The parameters with their types and their marks; of option classes their fields, of documents if wanted."""
    for name, hint in typing.get_type_hints(function, include_extras=True).items():
        bare: Any = hint
        extras: tuple[Any, ...] = ()
        if hasattr(hint, "__metadata__"):
            bare, extras = hint.__origin__, hint.__metadata__
        elif isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
            extras = tuple(e for one in hint.__args__ for e in getattr(one, "__metadata__", ()))
        if name == "return":
            continue
        if isinstance(bare, type) and is_dataclass(bare) and (with_options or not issubclass(bare, Options | Common)):
            yield from hints_of(bare, with_options=with_options)
        yield name, bare, extras


def numbers_of(function: Any) -> Iterator[tuple[str, bool]]:
    """The parameters that take numbers, and whether each says what is allowed; of option classes their fields."""
    for name, bare, extras in hints_of(function, with_options=False):
        if name not in SETTINGS and any(t in (int, float) for t in flat(bare)):
            yield name, any(isinstance(e, Parameter) and e.validator for e in extras)


def flat(hint: Any) -> Iterator[Any]:
    """The types of which a type is made."""
    yield hint
    for inner in getattr(hint, "__args__", ()):
        yield from flat(getattr(inner, "__origin__", inner) if hasattr(inner, "__metadata__") else inner)


@pytest.mark.parametrize(("name", "function"), [pytest.param(*found, id=found[0]) for found in functions()])
def test_every_number_has_bounds(name: str, function: Any) -> None:
    """Options of accounts, lines and links are read by the rules of their fields; every other number has its own."""
    assert [parameter for parameter, is_bounded in numbers_of(function) if not is_bounded] == []


def test_numbers_are_found() -> None:
    """The walk above sees what it is about."""
    found = {f"{name} {parameter}" for name, function in functions() for parameter, _ in numbers_of(function)}
    assert {
        "account credit amount",
        "messages limit",
        "optout add days",
        "cancel message_ids",
        "show message_id",
    } <= found


@pytest.mark.parametrize(
    "arguments",
    [
        ["account", "credit", "shop", "99999999999999999999"],
        ["account", "credit", "shop", "--", "-99999999999999999999"],
        ["cancel", "1", "99999999999999999999"],
        ["cancel", "0"],
        ["demo", "--port", "99999999"],
        ["messages", "--before", "0"],
        ["messages", "--limit", "-1"],
        ["optout", "add", "09121234567", "--days", "inf"],
        ["optout", "add", "09121234567", "--days", "nan"],
        ["optout", "add", "09121234567", "--days", "-1"],
        ["send", "--parallel", "0"],
        ["send", "--type", "3"],
        ["serve", "--port", "-1"],
        ["show", "99999999999999999999"],
        ["template", "add", "shop", "-1", "text"],
    ],
)
def test_what_is_not_allowed_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With what would be; nothing is opened for it."""
    assert run(arguments) == ExitCode.USAGE
    assert "allowed" in capsys.readouterr().err.replace("\n", " ")
