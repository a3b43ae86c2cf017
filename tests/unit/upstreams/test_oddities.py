"""What was odd is counted by its word, and told without filling the log."""

from __future__ import annotations

from payamak.encoding.odd import Odd
from payamak.upstreams.oddities import Oddities


def test_counted_and_told() -> None:
    """Each word by itself: the first ten times, then at each doubling, with the link and the count."""
    told: list[tuple[object, ...]] = []
    oddities = Oddities("north", lambda event, **fields: told.append((event, *fields.values())))
    oddities.count(())
    oddities.count((Odd.NO_HEADER, Odd.NO_SEPTETS))
    for _ in range(40):
        oddities.count((Odd.NO_HEADER,))
    assert oddities.counts == {"no_header": 41, "no_septets": 1}
    assert told == [
        ("odd", "north", "no_header", 1),
        ("odd", "north", "no_septets", 1),
        *(("odd", "north", "no_header", count) for count in (*range(2, 11), 16, 32)),
    ]
