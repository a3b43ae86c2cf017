"""Journeys: a person in a fresh root, whose steps and times are told at the end of the run."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.journeys.person import Person


@pytest.fixture(autouse=True)
def patience() -> None:
    """Each step has a limit here, in the place of the one that pytest has for a test."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def somebody(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Callable[[str], Person]]:
    """Somebody who has never been here, by what they are; the times are told even of a journey that failed."""
    people: list[Person] = []

    def arrive(name: str) -> Person:
        people.append(Person(tmp_path, name))
        return people[-1]

    yield arrive
    for person in people:
        record_property("journey", "\n".join(person.told()))
