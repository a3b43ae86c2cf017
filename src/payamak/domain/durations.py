"""Durations: how often something took how long, counted in plain integers for whoever shows it."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate


class Durations:
    """Counts in the spans that end with each of `bounds_s`, rising, and in one beyond the last."""

    __slots__ = ("bounds_s", "counts", "sum_s")

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self.bounds_s = bounds_s
        self.counts = [0] * (len(bounds_s) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One more; what took as long as a bound is below it."""
        self.counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds

    def buckets(self) -> list[tuple[str, int]]:
        """Each bound with how many took no longer, as Prometheus has them; the last is all of them."""
        return list(zip([*map(str, self.bounds_s), "+Inf"], accumulate(self.counts), strict=True))
