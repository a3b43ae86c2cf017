"""The words of what a person reads: total, in both languages, and Persian that is Persian."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from collections.abc import Iterator
from enum import Enum

import pytest
from tests.unit.texts.test_signs import MODULES, sentences

import payamak.domain
import payamak.texts
from payamak.codes import Code, StateCode
from payamak.domain.site import FaultKind
from payamak.domain.site.fault import ENGLISH
from payamak.language import Words
from payamak.texts.codes import code_words
from payamak.texts.faults import PERSIAN

#: Enumerations of which a person reads the words as they are: they are what is written in a site file, or never shown.
WRITTEN = {
    *(
        "AnswerTypes",
        "BindMode",
        "Calendar",
        "DefaultAlphabet",
        "LaneName",
        "LineKind",
        "LinkKind",
        "LongText",
        "OnAmbiguous",
    ),
    *("OnLateOptOut", "OutsideHours", "ReceiptWord", "ReceiptsPer", "UsageBy", "Validity"),
}
NEVER_SHOWN = {"IdPlace", "KeptAs", "OwnIdKind"}


def enums_of(package: str) -> Iterator[type[Enum]]:
    """The enumerations that the modules of a package define."""
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Enum) and value.__module__ == found.name:
                yield value


def tables() -> Iterator[tuple[str, dict[Enum, str]]]:
    """Every table of payamak.texts that has an enumeration's members as keys, by its name."""
    for found in pkgutil.iter_modules(payamak.texts.__path__):
        for name, value in vars(importlib.import_module(f"payamak.texts.{found.name}")).items():
            if isinstance(value, dict) and name.isupper() and isinstance(next(iter(value)), Enum):
                yield f"{found.name}.{name}", value


TABLES = dict(tables())
WORDS = [
    *(words for table in TABLES.values() for words in table.values()),
    *map(code_words, (*Code, *StateCode)),
    *(words for module in MODULES for _, words in sentences(module)),
]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_total(name: str) -> None:
    """Every member of the enumeration has its words."""
    kinds = {type(member) for member in TABLES[name]}
    assert len(kinds) == 1
    assert set(TABLES[name]) == set(kinds.pop())


def name_of(kind: type[Enum]) -> str:
    """By which enumerations are put in order."""
    return kind.__name__


ENUMS: list[type[Enum]] = sorted(enums_of("payamak.domain"), key=name_of)


@pytest.mark.parametrize("kind", ENUMS)
def test_every_enumeration_has_words(kind: type[Enum]) -> None:
    """What a person is shown of the domain has words in both languages, or is a word that a person writes."""
    told = {type(member) for table in TABLES.values() for member in table}
    assert (kind in told) is not (kind.__name__ in WRITTEN | NEVER_SHOWN)


@pytest.mark.parametrize("name", TABLES)
def test_both_languages(name: str) -> None:
    """Each entry is Words, or, of a table of Persian alone, stands beside an English one."""
    table = TABLES[name]
    assert all(isinstance(words, Words) and words for words in table.values()) or table is PERSIAN


@pytest.mark.parametrize("why", FaultKind)
def test_a_sentence_has_the_same_places_in_both_languages(why: FaultKind) -> None:
    """What is wrong names in Persian what it names in English."""

    def places(sentence: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}

    assert places(PERSIAN[why]) == places(ENGLISH[why])


@pytest.mark.parametrize("words", [words.fa if isinstance(words, Words) else words for words in WORDS])
def test_persian_is_persian(words: str) -> None:
    """Persian letters and not their Arabic look-alikes; no blank where a half-space belongs, and none at its edges."""
    without_places = re.sub(r"\{[^}]*\}|`[^`]*`", "", words)
    assert re.search("[\u0600-\u06ff]", without_places) or not re.search(r"\w", without_places)
    assert not set("يكة٠١٢٣٤٥٦٧٨٩?;,") & set(re.sub(r"[\x21-\x7e]{2,}", "", without_places))
    assert not re.search(r"(^|[\s«(])(ن?می) |[^\s] (های?|هایش|هایی|تر|ترین)([\s.،؛»)]|$)|\u200c(\s|$)|  ", words)


def test_a_domain_is_looked_through() -> None:
    """The list above is of enumerations that are there."""
    assert {kind.__name__ for kind in enums_of(payamak.domain.__name__)} >= WRITTEN | NEVER_SHOWN
