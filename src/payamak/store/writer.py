"""The one writer: group commit on a thread of its own.

Everything that changes the store is a piece of work, a function over the open transaction. The writer takes what
is queued, runs it in one transaction, commits, and only then lets anyone know: it commits whatever is there and
takes again, with no timer, so that a lone message pays one sync and a crowd shares one.

Results (answers, receipts) go first, then accepts by class; each take keeps a share for every urgency, so that
a flood of bulk never holds up the news of what was sent (design §2, classes).

When it fails:

* A piece of work raises Refused (or IllegalMove): it has changed nothing, the others go on.
* Anything else goes wrong in a piece: the whole transaction is rolled back, then each piece runs alone, so that
  the culprit fails by itself.
* The commit fails: the transaction's number with our signature, rows of the same transaction, are read back. If they
  stand there the commit did happen and everyone is told so; if not, everyone gets StoreFailed. Nobody is answered
  on a guess.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Protocol, TypeVar

import apsw

from payamak.domain.events import IllegalMove
from payamak.errors import Refused, StoreFailed
from payamak.store.feed import Change, Feed
from payamak.store.transaction import Transaction

T = TypeVar("T")


class Urgency(IntEnum):
    """Which queue of the writer a piece of work waits in."""

    RESULT = 0
    OTP = 1
    NORMAL = 2
    BULK = 3


SHARES: dict[Urgency, int] = {Urgency.RESULT: 256, Urgency.OTP: 64, Urgency.NORMAL: 64, Urgency.BULK: 32}
"""Pieces taken of each queue for one transaction. Taste: a batch of 400 takes about 10 ms, the sync included."""

BACKLOG = 20_000
"""Accepts that may wait for the writer; beyond it the front answers busy (23) and holds nothing in memory (P1)."""


STORAGE_FAULTS = (
    StoreFailed,
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)
"""Errors of the disk, not of a piece of work: trying the pieces one by one would only repeat them."""


class Work:
    """One piece: what to do, who waits for it, and what became of it."""

    __slots__ = ("changes", "error", "future", "result", "run", "then")

    def __init__(self, run: Callable[[Transaction], Any], future: asyncio.Future[Any], then: Any) -> None:
        self.run = run
        self.future = future
        self.then: Callable[[Any], None] | None = then
        self.result: Any = None
        self.error: BaseException | None = None
        self.changes: list[Change] = []


class Writer(Protocol):
    """Who carries out work on the store: a thread in production, the loop itself under a virtual clock."""

    def submit(
        self,
        run: Callable[[Transaction], T],
        urgency: Urgency = Urgency.RESULT,
        then: Callable[[T], None] | None = None,
    ) -> asyncio.Future[T]:
        """Queue a piece of work; `then` runs on the loop after the commit, before its changes are published."""
        ...

    @property
    def backlog(self) -> int:
        """Pieces of work that wait."""
        ...

    async def close(self) -> None:
        """Carry out what is queued, then stop."""
        ...


class Batch:
    """Runs pieces of work in one transaction; the heart of both writers."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.db = transaction.db

    def run(self, works: list[Work]) -> None:
        """Leave a result or an error in every piece; what has a result is on disk when this returns."""
        try:
            self._together(works)
        except Exception as error:
            if len(works) == 1 or isinstance(error, STORAGE_FAULTS):
                for work in works:
                    work.error, work.changes = _as_told(error), []
                return
            for work in works:
                self.run([work])

    def _together(self, works: list[Work]) -> None:
        tx = self.transaction
        self.db.execute("BEGIN IMMEDIATE")
        try:
            tx.begin()
            clean = self.db.total_changes()
            for work in works:
                work.error, work.changes = None, []
                tx.changes = []
                before = self.db.total_changes()
                try:
                    work.result = work.run(tx)
                    work.changes = tx.changes
                except (Refused, IllegalMove, LookupError, ValueError) as error:
                    if self.db.total_changes() != before:
                        raise RuntimeError("refused after a change was made") from error
                    work.error = error
            batch = tx.count_batch() if self.db.total_changes() != clean else 0  # an idle look needs no sync
        except BaseException:
            self._roll_back()
            raise
        self._commit(batch)

    def _commit(self, batch: int) -> None:
        try:
            self.db.execute("COMMIT")
        except apsw.Error as error:
            self._roll_back()
            try:
                happened = self.transaction.is_committed(batch)
            except apsw.Error:
                happened = False
            if not happened:
                raise StoreFailed(f"the commit failed: {error}") from error
        self.transaction.committed()

    def _roll_back(self) -> None:
        self.transaction.rolled_back()
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")


def _as_told(error: BaseException) -> BaseException:
    if isinstance(error, apsw.Error) and not isinstance(error, apsw.ConstraintError):  # that one is a bug of ours
        told = StoreFailed(f"{type(error).__name__}: {error}")
        told.__cause__ = error
        return told
    return error


def deliver(works: list[Work], feed: Feed) -> None:
    """On the loop, after the commit: tell those who wait, then publish what changed."""
    changes: list[Change] = []
    for work in works:
        changes += work.changes
        if work.error is None and work.then is not None:
            work.then(work.result)
        if work.future.done():
            continue  # whoever waited has hung up: that changes nothing
        if work.error is not None:
            work.future.set_exception(work.error)
        else:
            work.future.set_result(work.result)
    if changes:
        feed.publish(changes)


class _QueuedWriter:
    """What both writers share: the queues, their bound, and how much of each goes into one transaction."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        self._loop = asyncio.get_running_loop()
        self._feed = feed
        self._batch = Batch(transaction)
        self._queues: dict[Urgency, deque[Work]] = {urgency: deque() for urgency in Urgency}
        self._closing = False

    @property
    def backlog(self) -> int:
        """Pieces that wait."""
        return sum(len(queue) for queue in self._queues.values())

    def submit(
        self,
        run: Callable[[Transaction], T],
        urgency: Urgency = Urgency.RESULT,
        then: Callable[[T], None] | None = None,
    ) -> asyncio.Future[T]:
        """See Writer.submit. Raises StoreFailed when the backlog is full or the writer has stopped."""
        if self._closing:
            raise StoreFailed("the store is closing")
        queue = self._queues[urgency]
        if urgency is not Urgency.RESULT and len(queue) >= BACKLOG:
            raise StoreFailed("too much work is waiting for the disk")
        future: asyncio.Future[T] = self._loop.create_future()
        queue.append(Work(run, future, then))
        self._nudge()
        return future

    def _nudge(self) -> None:
        raise NotImplementedError

    def _take(self) -> list[Work]:
        taken: list[Work] = []
        for urgency, share in SHARES.items():
            queue = self._queues[urgency]
            while queue and share:
                taken.append(queue.popleft())
                share -= 1
        return taken


class ThreadWriter(_QueuedWriter):
    """The production writer. Submit from the loop's thread only."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        super().__init__(transaction, feed)
        self._wake = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._is_idle = True
        self._thread = threading.Thread(target=self._run, name="payamak-writer", daemon=True)
        self._thread.start()

    def _nudge(self) -> None:
        with self._lock:
            if not self._is_idle:
                return
            self._is_idle = False
        self._wake.release()

    def _run(self) -> None:
        while True:
            works = self._take()
            if not works:
                with self._lock:
                    if not any(self._queues.values()):
                        if self._closing:
                            return
                        self._is_idle = True
                if self._is_idle:
                    self._wake.acquire()
                continue
            self._batch.run(works)
            try:
                self._loop.call_soon_threadsafe(deliver, works, self._feed)
            except RuntimeError:
                return  # the loop is gone; what was committed stays committed

    async def close(self) -> None:
        """Carry out what is queued, then stop the thread."""
        self._closing = True
        self._nudge()
        await asyncio.to_thread(self._thread.join)


class InlineWriter(_QueuedWriter):
    """Runs each loop turn's work on the loop itself: the same code under a virtual clock."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        super().__init__(transaction, feed)
        self._is_due = False

    def _nudge(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        self._is_due = False
        while works := self._take():
            self._batch.run(works)
            deliver(works, self._feed)

    async def close(self) -> None:
        """Carry out what is queued."""
        self._closing = True
        self._run()
