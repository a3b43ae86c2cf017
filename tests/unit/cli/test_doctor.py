"""What `payamak doctor` reads out of the pages of the running server."""

from __future__ import annotations

from payamak.cli.doctor import links_on_trial, oddities_of
from payamak.metrics import Metrics
from payamak.store.feed import Feed


def test_links_on_trial_are_read_from_the_metrics() -> None:
    """Those that are, by name, and no others."""
    metrics = Metrics(Feed(), lambda: 0)
    trials = {"north": False, 'south, of "Tehran"': True, "east": True}
    metrics.watch_links(lambda: dict.fromkeys(trials, True), lambda: trials, lambda: dict.fromkeys(trials, 1))
    names = links_on_trial(metrics.render().decode())
    assert names[1] == "east"
    assert len(names) == 2


def test_oddities_are_read_from_the_metrics() -> None:
    """Of each link what was odd, with its count, and where that is explained."""
    metrics = Metrics(Feed(), lambda: 0)
    metrics.watch_oddities(lambda: {"north": {"no_header": 3, "nuls_behind": 1_200_000}, "south": {}})
    found = oddities_of(metrics.render().decode())
    assert found == {"north": "no_header 3, nuls_behind 1200000 (docs/guide/received.md)"}
