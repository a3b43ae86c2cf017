"""The one writer: group commit on a thread of its own.

Everything that changes the store is a piece of work, a function over the open transaction. The writer takes what
is queued, runs it in one transaction, commits, and only then lets anyone know: it commits whatever is there and
takes again, with no timer, so that a lone message pays one sync and a crowd shares one.

The marks of codes go first, then results (answers, receipts), then accepts by class; each take keeps a share for every
urgency, so that a flood of bulk never holds up the news of what was sent, and takes so little that
a transaction stays short (shares.py).

When it fails:

* A piece of work raises Refused (or IllegalMove): it has changed nothing, the others go on.
* Anything else goes wrong in a piece: the whole transaction is rolled back, then each piece runs alone, so that
  the culprit fails by itself.
* The commit fails: the transaction's number with our signature, rows of the same transaction, are read back. If they
  stand there the commit did happen and everyone is told so; if not, everyone gets StoreFailed. Nobody is answered
  on a guess.
* The disk does not answer: who has said how long he waits is told StoreFailed when that is over, and what he asked
  for is withdrawn, or undone as soon as the disk answers (work.py). While one transaction takes longer than
  STALL_S, no further accept is taken.
* The file is removed or replaced under us: nothing is written and nothing vouched for until it is back (files.py).
  If it is only the log, what was promised is copied from it into the store at once.
* The file or its log is overwritten in place, or the store is put back to another state: nothing is written, vouched
  for or read from then on (contents.py).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

import apsw

from payamak.domain.events import IllegalMove
from payamak.errors import Overwritten, Refused, StoreFailed
from payamak.store.desk import Rule, at_once
from payamak.store.feed import Change, Feed
from payamak.store.sqlite.files import OpenFiles
from payamak.store.sqlite.opening import as_told
from payamak.store.sqlite.shares import ACCEPTS, Shares, Urgency
from payamak.store.sqlite.transaction import Transaction
from payamak.store.sqlite.work import Call, Patience, Undo, Work

T = TypeVar("T")


BACKLOG = 20_000
"""Accepts that may wait for the writer; beyond it the front answers busy (23) and holds nothing in memory (P1)."""

STALL_S = 1.0
"""A transaction that takes longer has met a disk that does not answer (10 ms are usual): accepts are refused at once,
and hold no memory, until it ends. Below payamak.store.base.ANSWER_WITHIN_S, which the ones before them wait."""

UNDO_AGAIN_S = 0.5
"""When to try again to undo what was given up, if the disk still fails and nobody else has work."""


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


REFUSALS = (Refused, IllegalMove, LookupError, ValueError)
"""What a piece raises that has changed nothing and is told so."""


class Piece(NamedTuple):
    """One of many pieces of work that are submitted together."""

    run: Rule[Any]
    told: Callable[[Any], None]
    is_patient: bool
    """Whether it waits for as long as the disk takes, whatever `within_s` says."""


class Writer(Protocol):
    """Who carries out work on the store: a thread in production, the loop itself under a virtual clock."""

    def submit(
        self,
        run: Rule[T],
        urgency: Urgency = Urgency.RESULT,
        then: Callable[[T | None], None] | None = None,
        *,
        within_s: float | None = None,
        undo: Undo | None = None,
    ) -> asyncio.Future[T]:
        """Queue a piece of work; `then` runs once, on the loop: with the result after the commit, before its changes
        are published; with None if nothing of it stays, also when this raises.

        After `within_s` the waiter is told StoreFailed. What comes to be committed all the same is undone before
        anyone hears of it, or stands where there is no `undo`.
        """
        ...

    def submit_many(self, pieces: Sequence[Piece], *, within_s: float | None = None) -> None:
        """Queue what became of messages, in this order and with one wake-up; each piece stands or fails alone.

        Whoever waits for one is called: with its result, or with the error. After `within_s` that is StoreFailed.
        """
        ...

    @property
    def backlog(self) -> int:
        """Pieces of work that wait."""
        ...

    @property
    def waiting_s(self) -> float:
        """For how long the oldest accept has waited for a transaction; 0 if none waits."""
        ...

    @property
    def trouble(self) -> str | None:
        """The reason why nothing can be stored now; None if all is well."""
        ...

    def watch_files(self, files: OpenFiles) -> None:
        """Write only as long as these are in their place."""
        ...

    async def close(self) -> None:
        """Carry out what is queued, then stop."""
        ...


class NoWriter:
    """Of a store that was opened to look: it has nothing to write with."""

    backlog = 0
    waiting_s = 0.0
    trouble: str | None = None

    def submit(
        self,
        run: Rule[T],
        urgency: Urgency = Urgency.RESULT,
        then: Callable[[T | None], None] | None = None,
        *,
        within_s: float | None = None,
        undo: Undo | None = None,
    ) -> asyncio.Future[T]:
        """Raise StoreFailed."""
        raise StoreFailed("the store was opened to look, and nothing is written")

    def submit_many(self, pieces: Sequence[Piece], *, within_s: float | None = None) -> None:
        """Raise StoreFailed."""
        raise StoreFailed("the store was opened to look, and nothing is written")

    def watch_files(self, files: OpenFiles) -> None:
        """Nothing is written anywhere."""

    async def close(self) -> None:
        """There is nothing to stop."""


class Batch:
    """Runs pieces of work in one transaction; the heart of both writers."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.db = transaction.db.db
        self.files: OpenFiles | None = None
        self.ran_s = 0.0
        """What the pieces of the last transaction took, its begin and its sync not counted."""
        self.fault: str | None = None

    def run(self, works: list[Work]) -> None:
        """Leave a result or an error in every piece; what has a result is on disk when this returns."""
        self.ran_s = 0.0
        try:
            self._together(works)
        except Exception as error:
            if isinstance(error, Overwritten) and self.files is not None and self.files.contents.lost is None:
                error = self.files.contents.lose(str(error))
            if isinstance(error, STORAGE_FAULTS):
                self.fault = str(_as_told(error))
            if len(works) == 1 or isinstance(error, STORAGE_FAULTS):
                for work in works:
                    work.error, work.changes = _as_told(error), []
                return
            for work in works:
                self.run([work])

    def _together(self, works: list[Work]) -> None:
        tx = self.transaction
        self._check_files()
        self.db.execute("BEGIN IMMEDIATE")
        try:
            tx.begin()
            began_s = time.monotonic()
            clean = self.db.total_changes()
            for work in works:
                work.error, work.changes = None, []
                if work.is_given_up:
                    work.error = StoreFailed("nobody waits for it any more")
            self.carry_out([work for work in works if work.error is None])
            self.ran_s = time.monotonic() - began_s
            batch = tx.count_batch() if self.db.total_changes() != clean else 0  # an idle look needs no sync
        except BaseException:
            self._roll_back()
            raise
        self._commit(batch)
        if batch:
            self.fault = None
            self._vouch(works)

    def carry_out(self, works: Sequence[Work]) -> None:
        """Inside the transaction: run the pieces, and write what they leave."""
        desk = self.transaction.desk
        for work in works:
            desk.changes = []
            before = desk.left
            try:
                work.result = at_once(work.run(desk))
                work.changes = desk.changes
            except REFUSALS as error:
                if desk.left != before:
                    raise RuntimeError("refused after a change was made") from error
                work.error = error
        at_once(desk.flush())

    def _check_files(self) -> None:
        if self.files is None:
            return
        try:
            self.files.check()
        except StoreFailed:
            if self.files.contents.lost is None and self.files.is_log_alone_lost():
                # No start would find it: what it holds goes into the store now. Readers may keep back a part, and it
                # may fail; then the next look goes on. Where all is copied this does nothing.
                with suppress(apsw.Error):
                    self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            raise

    def _vouch(self, works: list[Work]) -> None:
        """A file that was removed meanwhile has taken the commit to nowhere: promise nothing.

        One that was overwritten has taken it for good: then nobody is told that anything happened, nor does anything
        leave that is marked in it.
        """
        if self.files is None:
            return
        try:
            self.files.check()
        except (StoreFailed, apsw.Error) as error:
            told = _as_told(error)
            self.fault = str(told)
            for work in works:
                if isinstance(error, Overwritten):
                    work.error, work.changes = work.error or told, []
                else:
                    work.is_given_up |= work.undo is not None

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
        told = as_told(error)
        told.__cause__ = error
        return told
    return error


def deliver(works: list[Work], feed: Feed) -> None:
    """On the loop, after the commit: tell those who wait, then publish what changed."""
    changes: list[Change] = []
    for work in works:
        stays = work.error is None and not work.is_to_be_undone
        if work.then is not None:
            work.then(work.result if stays else None)
        if work.is_to_be_undone:
            if work.waiter is not None and not work.waiter.done():
                work.waiter.set_exception(StoreFailed("the store cannot vouch for it"))
            continue
        changes += work.changes
        if work.waiter is None or work.waiter.done():
            continue  # whoever waited has hung up: that changes nothing
        if work.error is not None:
            work.waiter.set_exception(work.error)
        else:
            work.waiter.set_result(work.result)
    if changes:
        feed.publish(changes)


class _QueuedWriter:
    """What both writers share: the queues, their bound, and how much of each goes into one transaction."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        self._loop = asyncio.get_running_loop()
        self._feed = feed
        self._batch = Batch(transaction)
        self._queues: dict[Urgency, deque[Work]] = {urgency: deque() for urgency in Urgency}
        self._shares = Shares()
        self._patience = Patience(self._loop)
        self._undoing: list[Work] = []
        self._began_s: float | None = None
        self._closing = False

    @property
    def backlog(self) -> int:
        """Pieces that wait."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def waiting_s(self) -> float:
        """See Writer.waiting_s."""
        oldest_s = time.monotonic()
        for urgency in ACCEPTS:
            with suppress(IndexError):  # the writer's thread may take it at this moment
                oldest_s = min(oldest_s, self._queues[urgency][0].since_s)
        return time.monotonic() - oldest_s

    @property
    def trouble(self) -> str | None:
        """See Writer.trouble."""
        began_s = self._began_s
        if began_s is not None and (taken_s := time.monotonic() - began_s) > STALL_S:
            return f"the disk has not answered for {taken_s:.1f} s"
        return self._batch.fault

    def watch_files(self, files: OpenFiles) -> None:
        """See Writer.watch_files."""
        self._batch.files = files

    def submit(
        self,
        run: Rule[T],
        urgency: Urgency = Urgency.RESULT,
        then: Callable[[T | None], None] | None = None,
        *,
        within_s: float | None = None,
        undo: Undo | None = None,
    ) -> asyncio.Future[T]:
        """See Writer.submit. Raises StoreFailed when the backlog is full, the disk stalls or the writer has stopped."""
        queue = self._queues[urgency]
        try:
            self._check_intake(urgency)
        except StoreFailed:
            if then is not None:
                then(None)
            raise
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue(Work(run, future, then, undo), queue, within_s)
        self._nudge()
        return future

    def submit_many(self, pieces: Sequence[Piece], *, within_s: float | None = None) -> None:
        """See Writer.submit_many."""
        queue = self._queues[Urgency.RESULT]
        for piece in pieces:
            call = Call(piece.told)
            if self._closing:
                call.set_exception(StoreFailed("the store is closing"))
            else:
                self._queue(Work(piece.run, call), queue, None if piece.is_patient else within_s)
        if not self._closing:
            self._nudge()

    def _queue(self, work: Work, queue: deque[Work], within_s: float | None) -> None:
        if within_s is not None:
            self._patience.add(work, within_s)
        work.since_s = time.monotonic()
        queue.append(work)

    def _check_intake(self, urgency: Urgency) -> None:
        if self._closing:
            raise StoreFailed("the store is closing")
        if urgency not in ACCEPTS:
            return
        if len(self._queues[urgency]) >= BACKLOG:
            raise StoreFailed("too much work is waiting for the disk")
        began_s = self._began_s
        if began_s is not None and time.monotonic() - began_s > STALL_S:
            raise StoreFailed("the disk does not answer")

    def _nudge(self) -> None:
        raise NotImplementedError

    def _take(self) -> list[Work]:
        taken: dict[Urgency, list[Work]] = {
            urgency: self._take_from(urgency, self._shares.of(urgency)) for urgency in Urgency
        }
        left = self._shares.together - sum(map(len, taken.values()))
        for urgency, works in taken.items():
            if left <= 0:
                break
            more = self._take_from(urgency, left)
            works += more
            left -= len(more)
        return [work for works in taken.values() for work in works]

    def _take_from(self, urgency: Urgency, most: int) -> list[Work]:
        queue = self._queues[urgency]
        taken: list[Work] = []
        while queue and len(taken) < most:
            work = queue.popleft()
            if not work.is_given_up or work.then is not None:  # the latter is still to hear that nothing of it stays
                taken.append(work)
        return taken

    def _carry_out(self, works: list[Work]) -> list[Work]:
        """Undo first what was given up, then these, in one transaction; what there is to tell."""
        works = [*self._undoing, *works]
        self._began_s = time.monotonic()
        self._batch.run(works)
        self._began_s = None
        undone = self._patience.settle(works)
        self._undoing = [work for work in works if work.waiter is None and isinstance(work.error, StoreFailed)]
        self._undoing += [work.undoing() for work in undone]
        return works

    def _deliver(self, works: list[Work]) -> None:
        deliver(works, self._feed)
        self._patience.forget_done()
        for work in works:
            if work.waiter is None and work.error is not None and not isinstance(work.error, StoreFailed):
                # A bug, and nobody waits for it: at least it is told.
                self._loop.call_exception_handler({"message": "could not undo", "exception": work.error})


class ThreadWriter(_QueuedWriter):
    """The production writer. Submit from the loop's thread only."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        super().__init__(transaction, feed)
        self._wake = threading.Lock()  # held while there is nothing to wake for; a Semaphore is Python and three locks
        self._wake.acquire()
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
            if works or self._undoing:
                works = self._carry_out(works)
                if self._batch.ran_s:  # else they did not come to run: the file is lost, or locked
                    self._shares.learn(len(works), self._batch.ran_s)
                try:
                    self._loop.call_soon_threadsafe(self._deliver, works)
                except RuntimeError:
                    return  # the loop is gone; what was committed stays committed
                if not (self._undoing and self._batch.fault):
                    continue
            if not self._rest():
                return

    def _rest(self) -> bool:
        """Wait for work, or until what is to be undone may be tried again; False when the writer closes."""
        with self._lock:
            if any(self._queues.values()):
                return True
            if self._closing:
                return False
            self._is_idle = True
        is_woken = self._wake.acquire(timeout=UNDO_AGAIN_S if self._undoing else -1)
        with self._lock:
            if not is_woken and not self._is_idle:
                self._wake.acquire()  # woken just as the time was over
            self._is_idle = False
        return True

    async def close(self) -> None:
        """Carry out what is queued, then stop the thread."""
        self._closing = True
        self._nudge()
        await asyncio.to_thread(self._thread.join)
        self._patience.close()


class InlineWriter(_QueuedWriter):
    """Runs each loop turn's work on the loop itself: the same code under a virtual clock.

    What pieces cost is not learned here: measured time would make two runs of a virtual clock differ.
    """

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        super().__init__(transaction, feed)
        self._is_due = False

    def _nudge(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        self._is_due = False
        while (works := self._take()) or self._undoing:
            self._deliver(self._carry_out(works))
            if self._undoing and self._batch.fault:
                return

    async def close(self) -> None:
        """Carry out what is queued."""
        self._closing = True
        self._run()
