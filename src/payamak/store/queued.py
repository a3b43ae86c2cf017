"""Work that waits for a transaction: queues by urgency, how much of each is taken, and who is told what came of it.

Everything that changes the store is a piece of work, a coroutine over a desk. A writer takes what is queued, runs it in
one transaction, commits, and only then lets anyone know: it commits whatever is there and takes again, with no timer,
so that a lone message pays one commit and a crowd shares one. Which engine commits is the business of its own writer.

The marks of codes go first, then results (answers, receipts), then accepts by class; each take keeps a share for every
urgency, so that a flood of bulk never holds up the news of what was sent, and takes so little that
a transaction stays short (shares.py).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from payamak.domain.events import IllegalMove
from payamak.errors import Refused, StoreFailed
from payamak.store.desk import Rule
from payamak.store.feed import Change, Feed
from payamak.store.shares import ACCEPTS, Shares, Urgency
from payamak.store.work import Call, Patience, Undo, Work

T = TypeVar("T")


BACKLOG = 20_000
"""Accepts that may wait for the writer; beyond it the front answers busy (23) and holds nothing in memory (P1)."""

STALL_S = 1.0
"""A transaction that takes longer has met a disk that does not answer (10 ms are usual): accepts are refused at once,
and hold no memory, until it ends. Below payamak.store.base.ANSWER_WITHIN_S, which the ones before them wait."""

UNDO_AGAIN_S = 0.5
"""When to try again to undo what was given up, if the disk still fails and nobody else has work."""

REFUSALS = (Refused, IllegalMove, LookupError, ValueError)
"""What a piece raises that has changed nothing and is told so."""


class Piece(NamedTuple):
    """One of many pieces of work that are submitted together."""

    run: Rule[Any]
    told: Callable[[Any], None]
    is_patient: bool
    """Whether it waits for as long as the disk takes, whatever `within_s` says."""


class Writer(Protocol):
    """Who carries out work on the store, whichever engine keeps it."""

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

    async def close(self) -> None:
        """There is nothing to stop."""


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


class QueuedWriter:
    """What all writers share: the queues, their bound, and how much of each goes into one transaction."""

    def __init__(self, feed: Feed) -> None:
        self._loop = asyncio.get_running_loop()
        self._feed = feed
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
        return self._fault

    @property
    def _fault(self) -> str | None:
        """What was wrong with the last transaction; None if nothing was."""
        raise NotImplementedError

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

    def _begin(self, works: list[Work]) -> list[Work]:
        """What to carry out in one transaction: first the undoing of what was given up, then these."""
        self._began_s = time.monotonic()
        return [*self._undoing, *works]

    def _end(self, works: list[Work]) -> None:
        """They were carried out: from here on nobody gives them up."""
        self._began_s = None
        undone = self._patience.settle(works)
        self._undoing = [work for work in works if work.waiter is None and isinstance(work.error, StoreFailed)]
        self._undoing += [work.undoing() for work in undone]

    def _deliver(self, works: list[Work]) -> None:
        deliver(works, self._feed)
        self._patience.forget_done()
        for work in works:
            if work.waiter is None and work.error is not None and not isinstance(work.error, StoreFailed):
                # A bug, and nobody waits for it: at least it is told.
                self._loop.call_exception_handler({"message": "could not undo", "exception": work.error})
