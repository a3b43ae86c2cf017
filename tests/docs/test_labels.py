"""The generated pages carry a label in Persian for each metric, event and state."""

from __future__ import annotations

import re

import pytest
from tests.source import ROOT

from payamak.domain.message import State
from payamak.http.metric_table import TABLE
from payamak.log_events import EVENTS
from payamak.texts.reasons import STATES

LABELS = {
    "metrics": {each.on_the_page: each.fa for described in TABLE.values() for each in described},
    "events": {name: told.fa for name, told in EVENTS.items()},
    "states": {state.value: STATES[state].fa for state in State},
}


@pytest.mark.parametrize("page", LABELS)
def test_each_has_its_own(page: str) -> None:
    """A few Persian words that nothing else of the page is called by, at the end of its row."""
    labels = LABELS[page]
    assert len(set(labels.values())) == len(labels)
    text = (ROOT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    for name, label in labels.items():
        assert re.fullmatch("[\u0600-\u06ff\u200c A-Za-z]{2,40}", label), name
        assert not set("\u064a\u0643") & set(label), "Persian letters, not their Arabic look-alikes"
        assert re.search(rf"^\| `?{name}`? \|.*\| {label} \|$", text, re.MULTILINE), name
