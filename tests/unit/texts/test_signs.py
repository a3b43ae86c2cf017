"""Sentences with places: both languages have the same ones, and each sentence is said by somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from tests.source import python_files

from payamak.language import Words
from payamak.texts import posts, signs, stories, wrongs
from payamak.texts.signs import Sign

MODULES = (posts, signs, stories, wrongs)


def sentences(module: ModuleType) -> Iterator[tuple[str, Words]]:
    """What a module says, by the names of it."""
    for name, value in vars(module).items():
        if isinstance(value, Sign):
            yield from ((f"{name}.{part}", getattr(value, part)) for part in ("name", "says", "todo"))
        elif isinstance(value, Words):
            yield name, value


SENTENCES = [
    pytest.param(words, id=f"{module.__name__.rpartition('.')[2]}.{name}")
    for module in MODULES
    for name, words in sentences(module)
]


def places(text: str) -> set[tuple[str | None, str | None]]:
    """The places of a sentence, and how a value is written there."""
    return {(name, form) for _, name, form, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("words", SENTENCES)
def test_both_languages_have_the_same_places(words: Words) -> None:
    """So whoever fills one fills the other, and no figure is missing in Persian."""
    assert places(words) == places(words.fa)
    assert bool(words) == bool(words.fa)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_sentence_is_said(module: ModuleType) -> None:
    """A name that nobody else writes is a sentence that nobody says."""
    here = Path(module.__file__ or "")
    said = "\n".join(path.read_text(encoding="utf-8") for path in python_files("src/payamak") if path != here)
    own = here.read_text(encoding="utf-8")
    names = {name.partition(".")[0] for name, _ in sentences(module)}
    assert sorted(name for name in names if name not in said and own.count(name) == 1) == []
