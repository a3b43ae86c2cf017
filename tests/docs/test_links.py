"""The page of habits has every setting of a link, and its sources can be found."""

from __future__ import annotations

import re

import pytest
from tools.links_page import HABITS, PAGE, PROJECTS, render

from payamak.domain.site import Link
from payamak.setting import fields_of

THREAD = re.compile(r"^(?P<project>[^#]+) #\d+(?: \([^)]*\))?$")
"""`Jasmin #60`, perhaps with a word in brackets."""


def sources_of(seen: str) -> list[str]:
    """The sources of a row."""
    return seen.split("; ")


def project_of(source: str) -> str | None:
    """The project of a thread; None for another kind of source."""
    found = THREAD.match(source)
    return found["project"] if found else None


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of its table and of Link now; if not, run `python -m tools.links_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_every_setting_has_a_habit() -> None:
    """No setting of a link is without the habit that it serves, and no row is about nothing."""
    assert fields_of(Link).keys() == HABITS.keys()


@pytest.mark.parametrize("name", HABITS)
def test_a_row_says_both(name: str) -> None:
    """A row says the habit in a sentence and where it was seen; each thread is of a project that the page lists."""
    habit = HABITS[name]
    assert habit.serves.endswith(".")
    assert habit.seen
    for source in sources_of(habit.seen):
        assert ("#" in source) is (project_of(source) in PROJECTS), source


def test_every_project_is_cited() -> None:
    """The list of projects has none that no row names."""
    named = {project_of(source) for habit in HABITS.values() for source in sources_of(habit.seen)}
    assert PROJECTS.keys() - named == set()
