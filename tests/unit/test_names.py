"""Names: a class has one, and its nouns are in the glossary; the suite stands on fixtures of its own."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from tests.source import PACKAGE, ROOT, name_of, parsed, python_files

#: Programs of their own, which share no line with the gateway: a customer's library, an operator to test against.
OTHER_PROGRAMS = {"client", "simulator"}

#: The rooms whose nouns are the project's.
OURS = {"domain", "store", "front", "delivery"}

#: Words in names that are no nouns: what has happened (events), what something is like, what is done.
NO_NOUNS = {
    *("Accepted", "Answered", "At", "Auth", "Bad", "Batched", "Begun", "Brought", "By", "Came", "Checked"),
    *("Claimed", "Credited", "Fed"),
    *("Default", "Foreseeing", "Foreseen", "Found", "Further", "Illegal", "Inbound", "Inline"),
    *("Late", "Learn", "Local"),
    *("Long", "Looked", "Loose", "Moved", "New", "No", "Not", "Open", "Opened", "Other", "Outside"),
    *("Passed", "Paused", "Per", "Picked", "Planned", "Pooled", "Postponed", "Proven", "Put", "Receipted", "Received"),
    *("Recovered", "Restored", "Resumed", "Revoked", "Ruled", "Said", "Serve", "Set", "Started"),
    *("Spoilt", "Sqlite", "Taken", "Told", "Tried", "Unfit", "Unmatched", "Waiting", "Why"),
    *("Joined", "Named", "Postgres", "Stale"),
}


def classes() -> Iterator[tuple[str, str]]:
    """Every public class: the room that it stands in, and its name."""
    for path in python_files("src/payamak"):
        room = path.relative_to(PACKAGE).parts[0]
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield room, node.name


def words_of(name: str) -> list[str]:
    """The words of a class's name."""
    return re.findall(r"[A-Z][a-z0-9]*", name)


def glossary() -> set[str]:
    """The words of the first column of the glossary, in small letters, as they are and each noun's singular."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = " ".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", cells)}


def forms_of(word: str) -> set[str]:
    """A word as the glossary may have it: itself, its singular, its plural."""
    small = word.lower()
    return {small, small.removesuffix("s"), small.removesuffix("es"), re.sub("ies$", "y", small), f"{small}s"}


def test_no_two_classes_have_one_name() -> None:
    """Whoever reads a name in one room knows which class it is."""
    rooms: dict[str, list[str]] = defaultdict(list)
    for room, name in classes():
        if room not in OTHER_PROGRAMS:
            rooms[name].append(room)
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}


@pytest.mark.parametrize("word", sorted({w for room, name in classes() if room in OURS for w in words_of(name)}))
def test_a_noun_of_a_class_is_in_the_glossary(word: str) -> None:
    """Every noun in the name of a public class of the domain, the store, the front and the delivery has its meaning."""
    assert (word in NO_NOUNS) is not bool(forms_of(word) & glossary())


def test_words_that_are_no_nouns_are_used() -> None:
    """A word that no class has any more leaves the list."""
    assert {word for room, name in classes() if room in OURS for word in words_of(name)} >= NO_NOUNS


def test_the_suite_has_fixtures_of_its_own() -> None:
    """The demo's company may change without the tests: only the demo's own tests know it."""
    knows = [
        name_of(path)
        for path in python_files("tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("payamak.demo")
    ]
    assert set(knows) == {"tests/scenarios/test_the_demo.py"}
