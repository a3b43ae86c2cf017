"""A piece of work for the writer, and how long anyone waits for it.

Whoever submits a piece may say within which time it must be told. When that is over, the piece is *given up*:

* It still waits in its queue: it is never carried out.
* It stands in a transaction that is under way: nobody can say yet whether that will be committed, and nobody can
  take it back. The waiter is told StoreFailed all the same; if the commit succeeds in the end, the piece's `undo`
  is the first thing that the writer does afterwards, before any other work can see what the piece has left.

What was given up and committed is published to nobody: the back hears only of what its undoing left.

One lock decides between the two threads: a piece is given up, or what became of it is settled, never both.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from payamak.errors import StoreFailed
from payamak.store.desk import Desk, Rule
from payamak.store.feed import Change


@dataclass(frozen=True, slots=True)
class Undo:
    """How to take a piece back that was committed and given up.

    `names` are the messages that its waiter would have been told of: who was told of one of them in the same
    transaction, because he asked for the same thing, is told that it failed too.
    """

    take_back: Callable[[Desk, Any], Coroutine[Any, Any, object]]
    names: Callable[[Any], Iterable[int]] = lambda result: ()


class Call:
    """Who waits for a piece and is called, once and on the loop: with the result, or with the error in its place.

    What a future costs is a turn of the loop and a task that awaits it; most pieces are answers and receipts.
    """

    __slots__ = ("_is_done", "_told")

    def __init__(self, told: Callable[[Any], None]) -> None:
        self._told = told
        self._is_done = False

    def done(self) -> bool:
        """Whether it has been called."""
        return self._is_done

    def set_result(self, result: object) -> None:
        """Call it. A bug there is told to the loop, and keeps nobody else from hearing."""
        self._is_done = True
        try:
            self._told(result)
        except Exception as error:
            context = {"message": "whoever waited for a piece of work failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def set_exception(self, error: BaseException) -> None:
        """The same, with what went wrong."""
        self.set_result(error)


Waiter: TypeAlias = asyncio.Future[Any] | Call


class Work:
    """One piece: what to do, who waits for it, and what became of it."""

    __slots__ = (
        *("changes", "due_s", "error", "is_given_up", "is_settled"),
        *("result", "run", "since_s", "then", "undo", "waiter"),
    )

    def __init__(
        self,
        run: Rule[Any],
        waiter: Waiter | None,
        then: Callable[[Any | None], None] | None = None,
        undo: Undo | None = None,
    ) -> None:
        self.run = run
        self.waiter = waiter
        self.then = then
        self.undo = undo
        self.due_s = 0.0
        self.since_s = 0.0
        self.result: Any = None
        self.error: BaseException | None = None
        self.changes: list[Change] = []
        self.is_given_up = False
        self.is_settled = False

    @property
    def is_to_be_undone(self) -> bool:
        """True if it is on disk and its waiter was told that it is not."""
        return self.is_given_up and self.error is None and self.undo is not None

    @property
    def names(self) -> Iterable[int]:
        """See Undo.names."""
        return () if self.undo is None else self.undo.names(self.result)

    def undoing(self) -> Work:
        """The piece that takes this one back; nobody waits for it."""
        undo, result = self.undo, self.result
        assert undo is not None
        return Work(lambda desk: undo.take_back(desk, result), None)


class Patience:
    """Gives pieces up when their time is over. `add` is called on the loop, `settle` by whoever carries work out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: dict[float, deque[Work]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, work: Work, within_s: float) -> None:
        """Give the piece up if it is not settled in this time."""
        work.due_s = self._loop.time() + within_s
        self._waiting.setdefault(within_s, deque()).append(work)  # of one patience: the first in is the first due
        if within_s not in self._timers:
            self._timers[within_s] = self._loop.call_at(work.due_s, self._look, within_s)

    def settle(self, works: Sequence[Work]) -> list[Work]:
        """From here on nobody gives these up: what became of them is on its way to the loop. Answers what to undo."""
        with self._lock:
            for work in works:
                work.is_settled = True
        undone = [work for work in works if work.is_to_be_undone]
        named = {name for work in undone for name in work.names}
        for work in works if named else ():
            if not work.is_given_up and work.error is None and not named.isdisjoint(work.names):
                work.is_given_up = True
                undone.append(work)
        return undone

    def forget_done(self) -> None:
        """Hold nothing in memory of those that were told."""
        for waiting in self._waiting.values():
            while waiting and _is_done(waiting[0]):
                waiting.popleft()

    def close(self) -> None:
        """Give nothing up any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _look(self, within_s: float) -> None:
        waiting = self._waiting[within_s]
        while waiting and (_is_done(waiting[0]) or waiting[0].due_s <= self._loop.time()):
            self._give_up(waiting.popleft(), within_s)
        if waiting:
            self._timers[within_s] = self._loop.call_at(waiting[0].due_s, self._look, within_s)
        else:
            del self._timers[within_s]

    def _give_up(self, work: Work, within_s: float) -> None:
        with self._lock:
            if work.is_settled:
                return
            work.is_given_up = True
        if work.waiter is not None and not work.waiter.done():
            work.waiter.set_exception(StoreFailed(f"the disk did not answer within {within_s:g} s"))


def _is_done(work: Work) -> bool:
    return work.waiter is None or work.waiter.done()
