"""What the metrics tell of the store: sums over what waits, and over small tables."""

from __future__ import annotations

from typing import Final

from payamak.store.reader import Reader, counts
from payamak.store.records import Figures, Purses, RelayQueue, WaitingCount

NEWEST_RECEIVED: Final = 100_000
"""Messages from handsets that are looked through for those that were given up; some 20 ms."""


def figures(db: Reader) -> Figures:
    """See Store.figures."""
    relay = db.row("relay_queue", RelayQueue, (NEWEST_RECEIVED,))
    assert relay is not None, "a count is always there"
    return Figures(
        waiting=tuple(db.rows("waiting_by_reason", WaitingCount)),
        purses=tuple(db.rows("purses", Purses)),
        unmatched=counts(db, "unmatched_by_upstream"),
        relay=relay,
    )
