"""What code, tests and pages cite is there: each `contract §n` and each promise, and every test that the promise names.

Whoever reads a comment can follow it within the repository, so papers that are not in it are not cited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.test_clients import functions_of
from tests.source import ROOT, name_of

CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
PROMISE = (ROOT / "docs" / "promise.md").read_text(encoding="utf-8")
SECTIONS = {int(number) for number in re.findall(r"^## (\d+)\. ", CONTRACT, re.MULTILINE)}
PROMISES = {int(number) for number in re.findall(r"^## P(\d+)\. ", PROMISE, re.MULTILINE)}
NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")

FOLDERS = ("src", "tests", "docs", "tools", "bench", "fuzz", "changes")
WRITTEN = {".py", ".sql", ".md", ".toml", ".sh", ".php", ".js", ".mjs", ".yml"}
BELOW = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
OWN = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile", ROOT / ".ci" / "run", *BELOW]
FILES = sorted(path for path in OWN if path.is_file() and path.suffix in WRITTEN)


#: A citation of the contract, with all its numbers: "contract §5", "contract §§1–3, 5", also over the end of a line.
CITED = re.compile(r"\bcontract(?:\.md)?,?\s+(?:#\s*)?(?:§+|sections?)\s*(\d+(?:\s*(?:[–,-]|and|or)\s*\d+)*)")
PROMISED = re.compile(r"(?<![\w§.#-])P(\d{1,2})(?:–P?(\d{1,2}))?(?![\w.-])")
#: Papers by which the house was planned, unless there is a page of that name here.
PAPERS = re.compile(r"\b(design)(?:\.md)?,?\s+(?:#\s*)?(?:§|section)|\b(house[ -]style)\b|(?<![\w-])(\w[\w-]*)\.md\b")
PLANS = {"design", "house", "house-style", "house style", "soap", "contract", "speed", "campaigns", "panel", "nodes"}
PAGES = {path.stem for path in FILES if path.suffix == ".md"}
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)")


def text_of(path: Path) -> str:
    """A file's text; what is no UTF-8 in it cites nothing."""
    return path.read_text(encoding="utf-8", errors="replace")


def numbers_of(cited: str) -> Iterator[int]:
    """The numbers of "1–3, 5"."""
    for group in re.split(r"\s*(?:,|and|or)\s*", cited):
        first, *last = map(int, re.split(r"\s*[–-]\s*", group))
        yield from range(first, (last or [first])[0] + 1)


def faults_of(text: str) -> list[str]:
    """What a text cites that is not there."""
    wrong = [f"contract §{n}" for m in CITED.finditer(text) for n in numbers_of(m[1]) if n not in SECTIONS]
    wrong += [m[0] for m in PROMISED.finditer(text) for n in m.groups() if n and int(n) not in PROMISES]
    papers = [(m[0], m[1] or m[2] or m[3]) for m in PAPERS.finditer(text)]
    wrong += [said for said, paper in papers if paper in PLANS - PAGES]
    return wrong


@pytest.mark.parametrize("path", [path for path in FILES if path != Path(__file__)], ids=name_of)
def test_what_is_cited_is_there(path: Path) -> None:
    """Every section, promise and page that a file of ours names is one of this repository."""
    assert faults_of(text_of(path)) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("as contract §9 and P10 say (contract §§1–3, 5; P2, P3–P5)", []),
        ("contract §10", ["contract §10"]),
        ("contract §§1–3, 11", ["contract §11"]),
        ("(contract\n# §12)", ["contract §12"]),
        ("contract.md section 44", ["contract §44"]),
        ("P11", ["P11"]),
        ("P2, P0", ["P0"]),
        ("P3–P12", ["P3–P12"]),
        ("(design §2, links)", ["design §"]),
        ("see house.md", ["house.md"]),
        ("house style", ["house style"]),
        ("docs/promise.md, a site by design, MP3, P5CONFIG, X-P44", []),
    ],
)
def test_a_wrong_citation_is_seen(text: str, wrong: list[str]) -> None:
    """The search finds what it must find, and takes nothing else for a citation."""
    assert faults_of(text) == wrong


@pytest.mark.parametrize("page", [path for path in FILES if path.suffix == ".md"], ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """What a page links to within the repository is there."""
    linked = LINK.findall(re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL))
    assert [place for place in linked if not (page.parent / place).exists()] == []


def test_numbers_have_no_gap() -> None:
    """Sections and promises are numbered from 1; nine sections and ten promises, which never change their numbers."""
    assert set(range(1, 10)) == SECTIONS
    assert set(range(1, 11)) == PROMISES


def parts_of_the_promise() -> list[str]:
    """Each promise with the tests that show it."""
    return re.split(r"^## ", PROMISE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("part", parts_of_the_promise(), ids=lambda part: part.partition(".")[0])
def test_a_promise_names_tests_that_exist(part: str) -> None:
    """A promise that no test shows is a hope."""
    _, _, shown = part.partition("\nShown by ")
    named = NAMED.findall(shown)
    assert named
    assert len(named) == len(set(named)) == shown.count("`") // 2
    assert [f"{place}::{name}" for place, name in named if name not in functions_of(ROOT / "tests" / place)] == []


def test_a_decision_is_called_by_its_number() -> None:
    """Whoever looks for decision 39 finds what the page meant, not another one."""
    for path in (path for path in FILES if path.suffix == ".md"):
        for said, number in re.findall(r"\[decision (\d+)\]\([^)]*?(\d{4})-", text_of(path)):
            assert int(said) == int(number), f"{path}: decision {said} is a link to {number}"


def test_both_editions_of_the_readme_lead_to_the_same_pages() -> None:
    """Who reads Persian finds each page that who reads English finds, in Persian where it is, and the same commands."""
    english, persian = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.fa.md"))
    pages = [set(LINK.findall(text)) - {"README.md", "README.fa.md"} for text in (english, persian)]
    for page in pages[1]:
        assert page.endswith(".fa.md") or not (ROOT / page).with_suffix(".fa.md").exists(), page
    assert pages[0] == {page.replace(".fa.md", ".md") for page in pages[1]}
    commands = [
        [line.split("  #")[0].rstrip() for line in text.splitlines() if line[:4] == "    "]
        for text in (english, persian)
    ]
    assert commands[0] == commands[1]
