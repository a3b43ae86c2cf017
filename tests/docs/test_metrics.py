"""The page of metrics is the metrics."""

import re

from tests.source import ROOT
from tools.metrics_page import PAGE, render

from payamak.http.metric_table import TABLE

NAMES = {each.on_the_page for described in TABLE.values() for each in described}

NO_METRIC = {"payamak_client"}
"""The client's package."""


def test_the_page_is_up_to_date() -> None:
    """The page is what the tool makes of the descriptions now; if not, run `python -m tools.metrics_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_every_metric_has_its_place() -> None:
    """Each has one row of the page."""
    assert sorted(re.findall(r"^\| `(payamak_\w+)` \|", render(), re.MULTILINE)) == sorted(NAMES)


def test_pages_name_no_other_metric() -> None:
    """What a page tells people to watch is there; records say what was."""
    pages = [ROOT / "README.md", ROOT / "README.fa.md", *(ROOT / "docs").glob("*.md")]
    pages += [*(ROOT / "docs" / "guide").glob("*.md"), *(ROOT / "docs" / "reference").glob("*.md")]
    for page in pages:
        named = set(re.findall(r"`(payamak_[a-z_]+)", page.read_text(encoding="utf-8")))
        assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} - NAMES - NO_METRIC == set(), page.name
