"""What `payamak doctor` reads out of the pages of the running server."""

from __future__ import annotations

import pytest

from payamak.cli.doctor import ENOUGH_TEXTS, Finding, Reached, links_on_trial, links_told, oddities_of, texts_of
from payamak.cli.refusing import habits_of
from payamak.domain.site import Link, ReceiptsPer, build_site
from payamak.http.metric_table import LINK_ODD, LINK_ON_TRIAL
from payamak.http.metrics import Metrics
from payamak.store.feed import LocalFeed
from payamak.store.records import StatusCount, TextReceipts


def test_links_on_trial_are_read_from_the_metrics() -> None:
    """Those that are, by name, and no others."""
    metrics = Metrics(LocalFeed())
    trials = {"north": False, 'south, of "Tehran"': True, "east": True}
    metrics.show(LINK_ON_TRIAL, lambda: trials)
    names = links_on_trial(metrics.render().decode())
    assert names[1] == "east"
    assert len(names) == 2


def counts(*rows: tuple[str, int, int]) -> list[StatusCount]:
    """What the store tells: link, status, how often."""
    return [StatusCount(link=link, status=status, count=count) for link, status, count in rows]


@pytest.mark.parametrize(
    ("status", "word"), [(0x0B, "TON and NPI"), (0x0A, "source_ton"), (0x62, "validity"), (0x48, "source_ton")]
)
def test_a_centre_that_refuses_all_for_one_reason(status: int, word: str) -> None:
    """Then it is a setting of the link, and the setting is named."""
    (habit,) = habits_of(counts(("north", status, 12), ("south", 0, 90), ("south", status, 20)))
    assert (habit.link, word in habit.todo) == ("north", True)


@pytest.mark.parametrize("rows", [[("north", 0x0B, 9)], [("north", 0x0B, 90), ("north", 0, 1)], [("north", 0x45, 99)]])
def test_a_centre_that_refuses_some(rows: list[tuple[str, int, int]]) -> None:
    """Few refusals, one that was taken, or a status that no setting brings about: nothing is said."""
    assert list(habits_of(counts(*rows))) == []


def test_oddities_are_read_from_the_metrics() -> None:
    """Of each link what was odd, with its count, and where that is explained."""
    metrics = Metrics(LocalFeed())
    metrics.show(LINK_ODD, lambda: {("north", "no_header"): 3, ("north", "nuls_behind"): 1_200_000})
    found = oddities_of(metrics.render().decode())
    assert found == {"north": "no_header 3, nuls_behind 1200000 (docs/guide/received.md)"}


@pytest.mark.parametrize(
    ("with_one", "with_more", "per", "is_told"),
    [
        (ENOUGH_TEXTS, 0, None, True),
        (ENOUGH_TEXTS - 1, 0, None, False),
        (ENOUGH_TEXTS, 1, None, False),
        (ENOUGH_TEXTS, 0, ReceiptsPer.PART, False),
    ],
)
def test_one_receipt_each_is_proposed(with_one: int, with_more: int, per: ReceiptsPer | None, is_told: bool) -> None:
    """After fifty texts with exactly one receipt each, and none with more, the setting is proposed; never made."""
    site = build_site([Link(name="north", receipts_per=per)], 1)
    counts = [TextReceipts(link=name, with_one=with_one, with_more=with_more) for name in ("north", "gone")]
    found = list(texts_of(site, counts))
    assert [f.todo.endswith("`payamak link change north --set receipts_per=message`") for f in found] == [
        True
    ] * is_told


def test_a_running_server_knows_its_links_better() -> None:
    """A port that takes connections is no bind; a variable that is missing in this shell is not missing in the server.

    What else is found of a link stays as it is.
    """
    page = 'payamak_link_up{link="north"} 0.0\npayamak_link_up{link="south"} 1.0\n'
    refused = Reached(name="link north", is_well=True, says="127.0.0.1:2775 takes connections (1 ms)")
    unset = Reached(name="link south", is_well=False, says="its password names SOUTH, which is not set here", todo="x")
    foreign = Finding(name="link south", is_well=False, says="has brought 1 message of handsets", todo="ask")
    told = list(links_told(page, [refused, unset, foreign]))
    assert [(finding.name, finding.is_well) for finding in told] == [
        ("link north", False),
        ("link south", True),
        ("link south", False),
    ]
    assert "not bound" in told[0].says
    assert "link_down" in told[0].todo
    assert told[2] is foreign
    assert list(links_told("", [refused, unset])) == [refused, unset]
