"""The production store under a virtual clock: commits take time, fail, or happen and fail to say so.

The thread of the production writer becomes two timers: a batch is carried out a moment after work was queued, and
told a moment after it was committed; in between the loop goes on, as it does beside a thread. The transaction, the
batch, the read-back of a failed commit and everything above are the production code.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from payamak.store.feed import Feed
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.store import SqliteStore
from payamak.store.sqlite.transaction import Transaction
from payamak.store.sqlite.writer import Batch, BatchWriter
from payamak.store.work import Work


class Died(BaseException):
    """The process was killed at this point; nothing after it happens."""


class Disk:
    """What the disk does now: how long a commit takes, which fail, at which one the process dies."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.slowness_s = 0.0
        self.slow_until_s = 0.0
        self.broken_until_s = 0.0
        self.failing_commits = 0
        self.mute_commits = 0
        """Commits that happen and report an error."""
        self.dies_in = 0
        """The process dies at the commit of this number from now; 0: not."""
        self.dies_after_it = False
        self.commits = 0
        self.on_death: Callable[[], None] = lambda: None

    def is_slow(self, now_s: float) -> bool:
        """Whether it has been slow or broken in the last seconds."""
        return now_s < max(self.slow_until_s, self.broken_until_s) + 20

    def delay_s(self, now_s: float) -> float:
        """How long until a batch is carried out, or told."""
        slow = self.rng.uniform(0.5, 4.0) if now_s < self.slow_until_s else 0.0
        return slow + (self.rng.random() * self.slowness_s if self.slowness_s else 0.0)


class _Connection:
    """The writing connection as the batch sees it, with the faults of the disk."""

    def __init__(self, db: apsw.Connection, disk: Disk, now_s: Callable[[], float]) -> None:
        self._db = db
        self._disk = disk
        self._now_s = now_s

    def total_changes(self) -> int:
        """See apsw."""
        return self._db.total_changes()

    @property
    def in_transaction(self) -> bool:
        """See apsw."""
        return self._db.in_transaction

    def execute(self, sql: str) -> Any:
        """BEGIN, COMMIT or ROLLBACK, as the disk lets it."""
        disk = self._disk
        if sql == "BEGIN IMMEDIATE" and self._now_s() < disk.broken_until_s:
            raise apsw.IOError("the disk is broken")
        if sql != "COMMIT":
            return self._db.execute(sql)
        if self._dies():
            disk.on_death()
            raise Died
        if disk.failing_commits:
            disk.failing_commits -= 1
            self._db.execute("ROLLBACK")
            raise apsw.FullError("the disk is full")
        result = self._db.execute(sql)
        if self._dies(after=True):
            disk.on_death()
            raise Died
        if disk.mute_commits:
            disk.mute_commits -= 1
            raise apsw.IOError("the commit reports an error, and happened")
        return result

    def _dies(self, *, after: bool = False) -> bool:
        if not after:
            self._disk.commits += 1
            if self._disk.dies_in:
                self._disk.dies_in -= 1
                self._is_last = self._disk.dies_in == 0
                return self._is_last and not self._disk.dies_after_it
            self._is_last = False
        return after and self._is_last

    _is_last = False


class SimWriter(BatchWriter):
    """The production writer's queues and batches; see the module's text."""

    def __init__(self, transaction: Transaction, feed: Feed, disk: Disk) -> None:
        super().__init__(transaction, feed)
        self._disk = disk
        self._is_due = False
        self._told_at_s = 0.0
        self._batch.db = _Connection(self._batch.db, disk, self._loop.time)  # type: ignore[assignment]

    def _nudge(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_later(self._disk.delay_s(self._loop.time()), self._run)

    def _run(self) -> None:
        self._is_due = False
        works = self._take()
        if works or self._undoing:
            self._tell_later(self._carry_out(works))
            self._nudge()

    def _tell_later(self, works: list[Work]) -> None:
        at_s = max(self._loop.time() + self._disk.delay_s(self._loop.time()), self._told_at_s + 1e-6)
        self._told_at_s = at_s
        self._loop.call_at(at_s, self._deliver, works)

    async def close(self) -> None:
        """Carry out what is queued."""
        self._closing = True
        while works := self._take():
            self._tell_later(self._carry_out(works))
        await asyncio.sleep(max(0.0, self._told_at_s - self._loop.time()) + 1e-6)


class _Mark(MarkFile):
    """The file beside the store, without the syncs."""

    def _replace(self, octets: bytes) -> None:
        self.path.write_bytes(octets)


def open_store(path: Path, disk: Disk) -> SqliteStore:
    """The production store with this disk. Syncing is not the subject here, so it is not done."""
    store = SqliteStore(path, inline=True)
    store._db.pragma("synchronous", "OFF")
    store.mark_file = _Mark(path)
    store.writer = SimWriter(store._transaction, store.feed, disk)
    return store


def drop(store: SqliteStore) -> None:
    """The process is gone: its connections too, whatever was not committed with them."""
    for db in [*store._opened, store._db]:
        db.close(True)
    store.leave()


__all__ = ["Batch", "Died", "Disk", "SimWriter", "drop", "open_store"]
