"""How a target takes its octets apart, and how it bounds the time of one input."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

CORPUS: Final = Path(__file__).parent / "corpus"
REGRESSIONS: Final = Path(__file__).parent / "regressions"

MOST_CPU_S: Final = 1.0
"""Processor time of one call, far beyond what any should take, so that a loaded machine is not to blame."""

LARGEST_OCTETS: Final = 1 << 18
"""What `repeated` makes at most: enough for quadratic time to show, and a quarter of what the HTTP door takes."""

_TIMES: Final = {255: 0, 254: 1_024, 253: 64, 252: 64}
"""How often `repeated` repeats, by an octet; 0 is as often as there is room. Rarely, since it costs what it shows."""

P = ParamSpec("P")
T = TypeVar("T")


class TooSlow(AssertionError):
    """One input took more processor time than any input may."""


def bounded(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call, and raise TooSlow if it took more than `MOST_CPU_S` of this thread, however it ended."""
    started_s = time.thread_time()
    try:
        return function(*args, **kwargs)
    finally:
        took_s = time.thread_time() - started_s
        if took_s > MOST_CPU_S:
            raise TooSlow(f"{function.__qualname__}: {took_s:.1f} s of processor time")


class Octets:
    """The octets of one input, taken from the front; what is missing is zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def number(self, below: int = 256) -> int:
        """A number from one octet, from 0 to `below` - 1."""
        return self.take(1)[0] % below if self._position < len(self._data) else 0

    def take(self, count: int) -> bytes:
        """Up to `count` octets."""
        taken = self._data[self._position : self._position + count]
        self._position += len(taken)
        return taken

    def sized(self) -> bytes:
        """As many octets as the next one says."""
        return self.take(self.number())

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))

    def repeated(self, most_octets: int = LARGEST_OCTETS) -> bytes:
        """All that is left, often many times over: what takes more than linear time shows itself only when long."""
        times = _TIMES.get(self.number(), 1) or most_octets
        head, again, tail = self.sized(), self.sized(), self.rest()
        return (head + again * min(times, most_octets // max(len(again), 1)) + tail)[:most_octets]

    def text(self) -> str:
        """All that is left, as text; what is no UTF-8 becomes other characters, so that no input is wasted."""
        return self.rest().decode("utf-8", "replace")

    def pieces(self, data: bytes) -> list[bytes]:
        """`data` cut into up to nine pieces at places of the input's choice."""
        cuts = sorted(self.number() * 256 + self.number() for _ in range(self.number(9)))
        edges = [0, *(cut % (len(data) + 1) for cut in cuts), len(data)]
        edges.sort()
        return [data[start:end] for start, end in pairwise(edges)]
