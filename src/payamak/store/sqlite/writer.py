"""The one writer: group commit on a thread of its own.

What waits, and how much of it is taken, is told by store/queued.py.

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
from collections.abc import Sequence
from contextlib import suppress

import apsw

from payamak.errors import Overwritten, StoreFailed
from payamak.store.desk import at_once
from payamak.store.feed import Feed
from payamak.store.memory import OutOfIds
from payamak.store.queued import REFUSALS, UNDO_AGAIN_S, QueuedWriter
from payamak.store.sqlite.files import OpenFiles
from payamak.store.sqlite.opening import as_told
from payamak.store.sqlite.transaction import Transaction
from payamak.store.work import Work

MOST_TIMES = 12
"""How often ids are taken for one transaction, twice as many each time: some million messages in the end."""


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
            self._with_ids(works)
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

    def _with_ids(self, works: list[Work]) -> None:
        """In one transaction; where that finds too few ids, once more after one that takes them."""
        for _ in range(MOST_TIMES):
            try:
                self._together(works)
                return
            except OutOfIds as error:
                self.transaction.memory.ids.want(error.count)
                self._together([])
        raise RuntimeError(f"pieces of work want more ids than {MOST_TIMES} times taking them has brought")

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
            tx.refill_ids()
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


class BatchWriter(QueuedWriter):
    """What both writers share: the batch that carries out what is taken."""

    def __init__(self, transaction: Transaction, feed: Feed) -> None:
        super().__init__(feed)
        self._batch = Batch(transaction)

    @property
    def _fault(self) -> str | None:
        return self._batch.fault

    def watch_files(self, files: OpenFiles) -> None:
        """Write only as long as these are in their place."""
        self._batch.files = files

    def _carry_out(self, works: list[Work]) -> list[Work]:
        """Undo first what was given up, then these, in one transaction; what there is to tell."""
        works = self._begin(works)
        self._batch.run(works)
        self._end(works)
        return works


class ThreadWriter(BatchWriter):
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


class InlineWriter(BatchWriter):
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
