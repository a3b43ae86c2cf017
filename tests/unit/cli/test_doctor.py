"""What `payamak doctor` reads out of the pages of the running server."""

from __future__ import annotations

import pytest

from payamak.cli.doctor import ENOUGH_TEXTS, links_on_trial, texts_of
from payamak.domain.site import Link, ReceiptsPer, build_site
from payamak.metrics import Metrics
from payamak.store.feed import Feed
from payamak.store.records import TextReceipts


def test_links_on_trial_are_read_from_the_metrics() -> None:
    """Those that are, by name, and no others."""
    metrics = Metrics(Feed(), lambda: 0)
    trials = {"north": False, 'south, of "Tehran"': True, "east": True}
    metrics.watch_links(lambda: dict.fromkeys(trials, True), lambda: trials, lambda: dict.fromkeys(trials, 1))
    names = links_on_trial(metrics.render().decode())
    assert names[1] == "east"
    assert len(names) == 2


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
