"""The page of what the proofs have found: every row names a test, and every test that it names exists."""

from __future__ import annotations

import re

import pytest
from tests.docs.test_clients import functions_of
from tests.source import ROOT

TEXT = (ROOT / "docs" / "reference" / "found.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| what happened |")]
NAMED = re.compile(r"`([\w/.-]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_test_that_exists(row: str) -> None:
    """A fault without the test that would have caught it is not mended."""
    named = NAMED.findall(row.rstrip("| ").rpartition(" | ")[2])
    assert named
    for place, name in named:
        assert name in functions_of(ROOT / "tests" / place)
