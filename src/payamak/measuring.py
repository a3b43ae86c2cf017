"""What the metrics ask of store and disk, now and then.

A scrape reads memory alone. What has to be counted is counted in the background, and so rarely that it takes a small
share of a reading thread however large the store: after a count comes a rest of REST times as long as it took, and the
proof of the purses, which reads the whole ledger, rests PROOF_REST times as long.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from payamak.clock import Clock
from payamak.errors import StoreFailed
from payamak.store.base import Store
from payamak.store.engines import backed_up_at
from payamak.store.records import Figures

COUNT_EVERY_S: Final = 10.0
REST: Final = 20
"""A count rests so many times as long as it took: a million waiting messages cost a reading thread a twentieth."""

DISK_EVERY_S: Final = 60.0
"""Between two looks at the disk, each a turn of a thread: sizes and what is free change slowly."""

PROVE_EVERY_S: Final = 600.0
PROOF_REST: Final = 200
"""The same of the proof: half a hundredth of a reading thread, of the disk as much."""


class Disk(Struct, frozen=True, kw_only=True):
    """The store's files by what they are, in octets; what is left of its disk; when it was last copied (seconds)."""

    sizes: dict[str, int] = {}
    free: int | None = None
    backed_up_s: float | None = None


class Measures:
    """What was counted last. Lives on one event loop."""

    def __init__(self, store: Store, path: Path | None, clock: Clock, went_well: Callable[[str], None]) -> None:
        """`path` of the store's file, None where a database keeps it; `went_well` is told of each round."""
        self._store, self._path, self._clock, self._went_well = store, path, clock, went_well
        self.figures: Figures | None = None
        self.disk = Disk()
        self.drift_rial: int | None = None
        self.proven_at: int | None = None

    async def count(self) -> None:
        """Count what waits, and look at the disk, again and again. What cannot be read stands as it was."""
        looked_at_s = float("-inf")
        while True:
            began_s = self._clock.monotonic()
            with suppress(StoreFailed):  # told elsewhere
                self.figures = await self._store.figures()
            if self._path is not None and began_s - looked_at_s >= DISK_EVERY_S:
                self.disk = await asyncio.get_running_loop().run_in_executor(None, look_at_disk, self._path)
                looked_at_s = began_s
            self._went_well("figures")
            took_s = self._clock.monotonic() - began_s
            await asyncio.sleep(max(COUNT_EVERY_S, REST * took_s))

    async def prove(self) -> None:
        """Compare the purses with the ledger, again and again."""
        while True:
            began_s = self._clock.monotonic()
            with suppress(StoreFailed):
                self.drift_rial = sum(balance.drift_rial for balance in await self._store.balances())
                self.proven_at = self._clock.now()
            self._went_well("proof")
            took_s = self._clock.monotonic() - began_s
            await asyncio.sleep(max(PROVE_EVERY_S, PROOF_REST * took_s))

    @property
    def queue(self) -> Mapping[tuple[str, ...], float] | None:
        """How many messages wait, by line, class and reason."""
        if self.figures is None:
            return None
        return {(each.line, each.lane.name.lower(), each.reason): each.count for each in self.figures.waiting}

    @property
    def oldest_s(self) -> Mapping[tuple[str, ...], float] | None:
        """For how long the oldest of them has waited, in seconds."""
        if self.figures is None:
            return None
        now = self._clock.now()
        return {
            (each.line, each.lane.name.lower(), each.reason): max(now - each.oldest_accepted_at, 0) / 1_000
            for each in self.figures.waiting
        }

    @property
    def purses(self) -> Mapping[tuple[str, ...], float] | None:
        """What each account has, in rial, by purse."""
        if self.figures is None:
            return None
        return {
            (each.username, purse): rial
            for each in self.figures.purses
            for purse, rial in (("available", each.available), ("reserved", each.reserved))
        }


def look_at_disk(path: Path) -> Disk:
    """What lies there now; what cannot be told is left out."""
    sizes = {}
    for name, file in (("store", path), ("log", path.with_name(f"{path.name}-wal"))):
        with suppress(OSError):
            sizes[name] = os.stat(file).st_size
    free = None
    with suppress(OSError):
        free = shutil.disk_usage(path.parent).free
    return Disk(sizes=sizes, free=free, backed_up_s=backed_up_at(path))
