"""The page of metrics: each sign has the value of what it is about."""

from __future__ import annotations

import re

import pytest

from payamak.cli.doctor import links_on_trial, log_told
from payamak.http.metrics import Metrics
from payamak.store.feed import Feed
from payamak.store.records import FaultCounts


def metrics(*, is_well: bool) -> dict[str, float]:
    """What the page says when all is well, or nothing is."""
    page = Metrics(Feed(), lambda: 7)
    page.watch_store(lambda: is_well)
    page.watch_log(lambda: is_well, lambda: 8)
    page.watch_restore(lambda: 9)
    page.watch_faults(lambda: is_well, lambda: FaultCounts(aside=10, unreadable=11, unreadable_ever=12))
    page.watch_admission(lambda: 13)
    page.watch_unfinished(lambda: 14, lambda: 15)
    page.watch_links(lambda: {"north": is_well}, lambda: {"north": not is_well}, lambda: {"north": 16})
    page.watch_parts(lambda: 17, lambda: 18)
    text = page.render().decode()
    assert bool(links_on_trial(text)) is not is_well
    assert [finding.is_well for finding in log_told(text)] == [is_well]
    return {name: float(value) for name, value in re.findall(r'^(payamak_\w+)(?:\{link="north"\})? (\S+)$', text, re.M)}


@pytest.mark.parametrize("is_well", [True, False])
def test_every_sign_has_its_value(is_well: bool) -> None:
    """1 while all is well, 0 while it is not; what is counted is told as counted."""
    signs = metrics(is_well=is_well)
    for name in ("store_well", "log_well", "background_well", "link_up"):
        assert signs[f"payamak_{name}"] == float(is_well), name
    assert signs["payamak_link_on_trial"] == float(not is_well)
    counts = {
        "writer_backlog": 7,
        "log_lines_dropped_total": 8,
        "messages_restored": 9,
        "put_aside": 10,
        "unreadable": 11,
        "unreadable_kept_total": 12,
        "http_shed_total": 13,
        "http_unfinished": 14,
        "http_unfinished_dropped_total": 15,
        "link_suspects": 16,
        "parts_in_flight": 17,
        "messages_held": 18,
    }
    assert {name: signs[f"payamak_{name}"] for name in counts} == counts


def test_a_page_without_a_log_says_nothing_of_it() -> None:
    """A server of an earlier version has no such sign: the doctor makes nothing of that."""
    assert log_told(Metrics(Feed(), lambda: 0).render().decode()) == []
