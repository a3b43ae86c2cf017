"""The page on security: every claim of its tables names its tests, and every test it names exists."""

import re

import pytest
from tests.docs.test_clients import functions_of
from tests.source import ROOT

PAGE = ROOT / "docs" / "security.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.endswith("| shown by |")]
NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")


def test_there_are_claims() -> None:
    """Both tables are read."""
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS)
def test_a_claim_has_its_test(row: str) -> None:
    """The last column of a row is at least one test."""
    assert NAMED.findall(row.rstrip("| ").rpartition(" | ")[2])


@pytest.mark.parametrize(("place", "name"), sorted(set(NAMED.findall(TEXT))))
def test_a_test_that_is_named_exists(place: str, name: str) -> None:
    """Wherever on the page."""
    assert name in functions_of(ROOT / "tests" / place)


def test_every_name_is_read() -> None:
    """No test is named in a way that the check above would pass over."""
    assert len(re.findall(r"::test_\w+", TEXT)) == len(NAMED.findall(TEXT))


@pytest.mark.parametrize("readme", ["README.md", "README.fa.md"])
def test_it_is_found(readme: str) -> None:
    """Both readmes lead here."""
    assert "(docs/security.md)" in (ROOT / readme).read_text(encoding="utf-8")
