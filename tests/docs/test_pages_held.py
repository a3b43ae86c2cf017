"""Pages that promise: each sentence has the test that holds it, or says what it is instead.

Such a page ends with a table. A row begins with the first words of a sentence and speaks for all from there to the
next row's sentence, a handful at most, so the rows together are the whole page: what is added at the end of nothing,
or is no promise, has to be called advice, a reason or a figure by name, and a sentence that is changed at its
beginning, or a test that is gone, fails here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.docs.test_clients import functions_of
from tests.source import ROOT

PAGES = ("docs/guide/operations.md",)

HEADING = "## What holds these sentences"
MOST_SENTENCES = 6
"""What one row may speak for."""

NO_PROMISE = {"advice", "reason", "meaning", "limit"}
"""What a person should do; why something is as it is; what a word or a sign means; what we do not promise."""

NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")
MEASURED = re.compile(r"measured by `make ([\w-]+)`")
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?:])(?:[)\"]*)\s+(?=[(\"]*[A-Z0-9/])")
_MARKUP = re.compile(r"[*`|]|\]\([^)]*\)|\[")


@dataclass(frozen=True)
class Row:
    """The first words of a sentence, and what is said of it and of those that follow."""

    words: str
    held_by: str


def plain(text: str) -> str:
    """Words without markup, on one line."""
    return " ".join(_MARKUP.sub("", text).split())


def sentences_of(page: str) -> list[str]:
    """What a page says, without headings, the heads of its tables and examples."""
    text = _FENCED.sub("", page.partition(f"\n{HEADING}\n")[0])
    text = re.sub(r"^\|.*\|\n\|[-|: ]+\|$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    blocks = re.split(r"\n\s*\n|\n(?=[|]|[*-] )", text)
    return [said for block in blocks for said in _SENTENCE_END.split(plain(block.lstrip("*- "))) if said]


def rows_of(page: str) -> list[Row]:
    """The table at the end."""
    _, _, table = page.partition(f"\n{HEADING}\n")
    rows = [line.strip("| ").rsplit(" | ", 1) for line in table.splitlines() if line.startswith("| ")]
    return [Row(words=plain(words), held_by=held_by.strip()) for words, held_by in rows[1:]]


def faults_of(page: str) -> list[str]:
    """What is wrong with a page's table."""
    said, rows = sentences_of(page), rows_of(page)
    found, places = [], [0]
    if not rows:
        return ["there is no table"]
    for row in rows:
        starts = [at for at, sentence in enumerate(said) if sentence.startswith(row.words)]
        if len(starts) != 1:
            found.append(f"{row.words!r} begins {len(starts)} sentences")
        elif starts[0] < places[-1]:
            found.append(f"{row.words!r} stands further up than the row before it")
        else:
            found += [f"no row speaks for {said[0]!r}"] if len(places) == 1 and starts[0] else []
            found += [f"too much for one row: {said[places[-1]]!r}"] if starts[0] - places[-1] > MOST_SENTENCES else []
            places.append(starts[0])
    found += [f"too much for one row: {said[places[-1]]!r}"] if len(said) - places[-1] > MOST_SENTENCES else []
    return found + [f"{row.words!r}: {why}" for row in rows for why in _faults_of_what_holds(row.held_by)]


def _faults_of_what_holds(held_by: str) -> list[str]:
    named, measured = NAMED.findall(held_by), MEASURED.findall(held_by)
    left = MEASURED.sub("", NAMED.sub("", held_by)).replace(",", " ").split()
    wrong = [f"{place}::{name} is gone" for place, name in named if not _is_there(place, name)]
    wrong += [f"make {target} is gone" for target in measured if target not in TARGETS]
    if (named or measured) and left:
        wrong.append(f"{' '.join(left)!r} is no test")
    elif not named and not measured and (len(left) != 1 or left[0] not in NO_PROMISE):
        wrong.append("names no test")
    return wrong


def _is_there(place: str, name: str) -> bool:
    path = ROOT / "tests" / place
    return path.is_file() and name in functions_of(path)


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_is_held(page: str) -> None:
    """Each sentence of the page has a test that exists, or is called what it is."""
    assert faults_of((ROOT / page).read_text(encoding="utf-8")) == []


GOOD = f"""# Page

It never sleeps, whatever happens. It costs 3 ms:
measured once.

| fault | callers |
|---|---|
| full | 23 |

* **Do**: see to it. (Or not.)

```
It is an example.
```

{HEADING}

| sentence | held by |
|---|---|
| It never | `{Path(__file__).relative_to(ROOT / "tests")}::test_every_sentence_is_held` |
| It costs | measured by `make overload` |
| full 23 | `docs/test_pages_held.py::test_every_sentence_is_held` |
| Do: see | advice |
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("GOOD", "GOOD", ""),
        ("It never sleeps", "It hardly sleeps", "'It never' begins 0 sentences"),
        ("| full | 23 |", "| full | 22 |", "'full 23' begins 0 sentences"),
        ("| It never | ", "| It | ", "'It' begins 2 sentences"),
        ("# Page\n", "# Page\n\nIt is new.\n", "no row speaks for 'It is new.'"),
        ("(Or not.)", "(Or not.) A. B. C. D. E. F.", "too much for one row: 'Do: see to it.'"),
        ("test_every_sentence_is_held` |\n| It costs", "test_gone` |\n| It costs", "test_gone is gone"),
        ("make overload", "make nothing", "make nothing is gone"),
        ("| advice |", "| a hope |", "names no test"),
        ("| It costs | measured by `make overload` |\n", "", ""),
        (HEADING, "## Else", "there is no table"),
    ],
)
def test_a_wrong_table_is_seen(old: str, new: str, fault: str) -> None:
    """The checker finds what it must find."""
    faults = faults_of(GOOD.replace(old, new))
    assert [one for one in faults if one.endswith(fault)] if fault else faults == []
