"""Every event of the log is described, and every description is of an event that is written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.source import name_of, parsed
from tests.unit.test_log_fields import FILES, HANDED_THROUGH, calls_of
from tools.events_page import PAGE, render

from payamak.delivery.inbound import NOT_TAKEN
from payamak.domain.message import State
from payamak.domain.mo import KeptAs
from payamak.domain.posting import PostState
from payamak.log_events import EVENTS, SECTIONS, level_of
from payamak.posts.relay import Relay
from payamak.posts.webhooks import Webhooks

#: Events whose names are put together, by the words that they are made of.
MADE = {
    *(state.value for state in State),
    *(f"mo_{kept.value}" for kept in KeptAs if kept not in {*NOT_TAKEN, KeptAs.DOUBTFUL}),
    *(f"{Relay.KIND}_{state.value}" for state in PostState if state is not PostState.NONE),
    *(f"{Webhooks.KIND}_{state.value}" for state in PostState if state is not PostState.NONE),
    *(f"{kind}_{end}" for kind in (Relay.KIND, Webhooks.KIND) for end in ("unset", "not_read", "failed")),
}


def names_in(node: ast.expr) -> Iterator[str]:
    """The events that the first argument of a call may be; none for one that is put together or handed on."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from names_in(node.body)
        yield from names_in(node.orelse)


def written(path: Path) -> set[str]:
    """The events that a file names. One that comes as a variable must be named in the file itself."""
    found: set[str] = set()
    for call in calls_of(path):
        if call.args:
            found.update(names_in(call.args[0]))
        for name in [each.id for each in call.args[:1] if isinstance(each, ast.Name)]:
            for node in ast.walk(parsed(path)):
                match node:
                    case ast.Assign(targets=[ast.Name(id=given)], value=value) if given == name:
                        found.update(names_in(value))
                    case _:
                        pass
    return found


def said_by_links() -> set[str]:
    """What a connection says by its own method."""
    found: set[str] = set()
    for path in FILES:
        if name_of(path).startswith("src/payamak/smpp/link/"):
            for node in ast.walk(parsed(path)):
                match node:
                    case ast.Call(func=ast.Attribute(attr="say" | "_say_of_many"), args=[first, *_]):
                        found.update(names_in(first))
                    case _:
                        pass
    return found


WRITTEN = set().union(*map(written, FILES)) | said_by_links()


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of the table now; if not, run `python -m tools.events_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_what_is_written_is_described() -> None:
    """And what is described is written somewhere."""
    assert set(EVENTS) == WRITTEN | MADE


def test_an_event_has_one_name() -> None:
    """And one place in the table."""
    assert sum(map(len, SECTIONS.values())) == len(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_a_description(name: str) -> None:
    """A sentence; what is an error says what to do."""
    told = EVENTS[name]
    assert told.says.endswith(")") or told.says.endswith(".")
    assert told.level in ("debug", "info", "warning", "error")
    assert told.level != "error" or told.todo


@pytest.mark.parametrize(
    ("event", "level"),
    [
        *[("link_down", "warning"), ("link_not_opened", "error"), ("handler_failed", "error"), ("link_up", "info")],
        *[("login_refused", "warning"), ("call_refused", "info"), ("start_failed", "error"), ("of_nobody", "error")],
    ],
)
def test_levels_mean_something(event: str, level: str) -> None:
    """A link that is down, a variable that is not set, a bug: nobody has to read the info lines to hear of them."""
    assert level_of(event) == level


def test_names_that_are_put_together() -> None:
    """Where a name is no literal it is one of those above: the files that do so are known."""
    makers = {
        name_of(path)
        for path in FILES
        for call in calls_of(path)
        if call.args and not isinstance(call.args[0], ast.Constant | ast.IfExp | ast.Name)
    }
    assert makers - HANDED_THROUGH <= {"src/payamak/delivery/inbound.py", "src/payamak/posts/rounds.py"}
