"""README and guides in both languages: the same commands and examples, the same parts, each leading to the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.source import ROOT, name_of

GUIDE = ROOT / "docs" / "guide"
ENGLISH_ALONE = {"proofs"}
"""Proofs stay English, decisions and the pages for who changes the program too."""

PAGES = sorted(
    path for path in GUIDE.glob("*.md") if not path.name.endswith(".fa.md") and path.stem not in ENGLISH_ALONE
)
PROOFS = "\n## What holds these sentences\n"
LISTING = re.compile(r"^```(?s:.*?)^```$|^    \S.*$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+\.md)")


def persian_of(page: Path) -> Path:
    """The same page in Persian."""
    return page.with_name(f"{page.stem}.fa.md")


def texts(page: Path) -> tuple[str, str]:
    """A page in both languages; what holds its sentences is a proof, and English alone."""
    english = page.read_text(encoding="utf-8").partition(PROOFS)[0]
    return english, persian_of(page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_guide_in_persian(page: Path) -> None:
    """The same listings in the same order, as many headings, and rows of tables."""
    english, persian = texts(page)
    assert LISTING.findall(persian) == LISTING.findall(english)
    for mark in ("\n## ", "\n### ", "\n| "):
        assert persian.count(mark) == english.count(mark), mark
    assert f"({page.name})" in persian
    assert f"({persian_of(page).name})" in english


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=name_of)
def test_a_persian_page_leads_to_persian_ones(page: Path) -> None:
    """Whoever reads Persian goes on in Persian, where there is such a page; but for its own in English, and proofs."""
    persian = persian_of(page)
    text = persian.read_text(encoding="utf-8")
    away = [target for target in LINK.findall(text) if target != page.name]
    assert [target for target in away if persian_of(persian.parent / target).exists()] == []
