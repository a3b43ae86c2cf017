"""The records keep their form: decisions, change notes, and the glossary's states and words."""

import re
import tomllib
from pathlib import Path

import pytest
from tests.source import ROOT, name_of
from tools.changelog import read_note, read_notes, releases_of, render

from payamak import __version__
from payamak.domain.message import State

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
NOTES = sorted((ROOT / "changes").glob("[0-9]*.md"))
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("files", [DECISIONS, NOTES], ids=["decisions", "changes"])
def test_numbers(files: list[Path]) -> None:
    """Records are numbered from 1 without a gap, so that two branches that took one number are noticed."""
    assert list(range(1, len(files) + 1)) == [int(path.name[:4]) for path in files]


@pytest.mark.parametrize("path", DECISIONS, ids=name_of)
def test_decision(path: Path) -> None:
    """A decision carries its number and says context, decision and consequences in half a page."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert text.count("\n") <= 45


def test_homes_are_there() -> None:
    """Each file that a rule is said to live in is there."""
    (page,) = (path for path in DECISIONS if path.name.endswith("-one-home-for-each-rule.md"))
    named = re.findall(r"`([a-z_0-9/]+\.py)`", page.read_text(encoding="utf-8"))
    assert len(named) > 12
    assert [name for name in named if not (ROOT / "src" / "payamak" / name).is_file()] == []


@pytest.mark.parametrize("path", NOTES, ids=name_of)
def test_change_note(path: Path) -> None:
    """A change note has the form that the changelog is built from."""
    assert read_note(path).text


def test_the_changelog_is_the_notes() -> None:
    """It has every note that names a release, and nothing else; if not, run `make changelog`."""
    notes = read_notes(ROOT / "changes")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog == render(notes)
    assert [n.number for n in notes if (n.text.splitlines()[0] in changelog) is not (n.release is not None)] == []


def test_the_newest_release_is_the_version() -> None:
    """What runs is what the changelog tells of: the version stands in one place, and the notes follow it."""
    assert releases_of(read_notes(ROOT / "changes"))[0] == __version__
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dynamic"]


def test_states_are_in_the_glossary() -> None:
    """The glossary lists the states of a message, all of them and no other."""
    table = GLOSSARY.partition("## States of a message")[2]
    assert {state.name for state in State} == set(re.findall(r"^\| ([A-Z]+) \|", table, re.MULTILINE))


def test_words_are_defined_once() -> None:
    """A word of the glossary has one row."""
    words = [word for word in re.findall(r"^\| ([^|]+?) \|", GLOSSARY, re.MULTILINE) if word != "word"]
    assert sorted({word for word in words if words.count(word) > 1}) == []
