"""A second driver of the desk, as unlike SQLite's as an engine over a network would be.

The pieces of a transaction run beside each other, each on a desk of its own. Each suspends at every question; which one
goes on is drawn. What they ask is answered from one state of the rows, for nothing is written before all of them have
come to their end. Then they are taken in the order of their submission: what one has left is written, and whoever has
asked for something that this may have changed is thrown away and runs again, alone. So does a piece that asks for more
than a need by key, or writes at once. In one of five transactions a piece is thrown away in the midst, and begins anew.

The rows themselves are SQLite's, in a file that is never synced and where there is one on a disk in memory; so this
shows nothing of another engine's statements, and of conflicts only those that are known by keys.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from payamak.domain.message import Message
from payamak.store.buffer import NEEDS
from payamak.store.columns import Spoilt
from payamak.store.desk import Desk, Need
from payamak.store.feed import Feed
from payamak.store.memory import Memory, OpenParts
from payamak.store.queued import REFUSALS
from payamak.store.reader import Reader, Values
from payamak.store.sqlite.reader import SqliteConnection
from payamak.store.sqlite.store import SqliteStore
from payamak.store.sqlite.transaction import Transaction
from payamak.store.sqlite.writer import Batch, InlineWriter
from payamak.store.work import Work

T = TypeVar("T")

SEED = 20_26


class _Round:
    """Where a piece waits until its turn is drawn."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class _NotByKey(BaseException):
    """A piece asks for more than a need by key, or writes at once: it runs alone."""


class SuspendingEngine:
    """See payamak.store.desk.Engine. `asked` is what a piece has been answered, `rounds` how often it had to wait."""

    def __init__(self, db: SqliteConnection, *, is_alone: bool) -> None:
        self.db = db
        self.asked: list[tuple[str, Values]] = []
        self.rounds = 0
        self._expected: set[tuple[str, tuple[Any, ...]]] = set()
        self.is_alone = is_alone

    async def expect(self, needs: Sequence[Need]) -> None:
        """One round for all of them."""
        self._expected |= {(name, tuple(values)) for name, values in needs}
        self.rounds += 1
        await _Round()

    async def _ask(self, name: str, values: Values) -> None:
        if name not in NEEDS:
            await self._alone()
        key = (name, tuple(values))
        if key not in self._expected:
            self._expected.add(key)
            self.rounds += 1
        await _Round()
        self.asked.append((name, values))

    async def _alone(self) -> None:
        if not self.is_alone:
            raise _NotByKey
        await _Round()

    async def rows(self, name: str, shape: type[T], values: Values) -> list[T]:
        """See Engine.rows."""
        await self._ask(name, values)
        return self.db.rows(name, shape, values)

    async def row(self, name: str, shape: type[T], values: Values) -> T | None:
        """See Engine.row."""
        await self._ask(name, values)
        return self.db.row(name, shape, values)

    async def message(self, message_id: int) -> Message | None:
        """See Engine.message. What was written before is not kept: who may have changed it here is not known."""
        return await self.row("message", Message, (message_id,))

    def is_now(self, message: Message) -> None:
        """See Engine.is_now."""

    async def readable(self, name: str, shape: type[T], values: Values) -> list[T | Spoilt]:
        """See Engine.readable."""
        await self._ask(name, values)
        return self.db.readable(name, shape, values)

    async def value(self, name: str, values: Values) -> Any:
        """See Engine.value."""
        await self._ask(name, values)
        return self.db.value(name, values)

    async def values(self, name: str, values: Values) -> list[Any]:
        """See Engine.values."""
        await self._ask(name, values)
        return self.db.values(name, values)

    async def gather(self, query: Callable[[Reader], T]) -> T:
        """See Engine.gather."""
        await self._alone()
        return query(self.db)

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        """See Engine.write."""
        await self._alone()
        return self.db.write(name, rows)

    async def insert(self, name: str, values: Values) -> int:
        """See Engine.insert."""
        await self._alone()
        return self.db.insert(name, values)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """See Engine.savepoint."""
        await self._alone()
        with self.db.snapshot():
            yield

    def is_of_the_disk(self, error: Exception) -> bool:
        """See Engine.is_of_the_disk."""
        return self.db.is_of_the_disk(error)


class _Run:
    """A piece on its way: its desk, and what it has come to."""

    def __init__(self, work: Work, transaction: Transaction, feed: Feed, *, is_alone: bool = False) -> None:
        self.work = work
        self.engine = SuspendingEngine(transaction.db, is_alone=is_alone)
        self.memory = transaction.memory.copy()
        self._known = held_by(transaction.memory.copy())
        self.desk = Desk(self.engine, self.memory, feed)
        self.desk._room_taken = dict(transaction.desk._room_taken)
        self.room_before = dict(self.desk._room_taken)
        self.needs_to_be_alone = False
        self.is_stale = False
        self.error: Exception | None = None
        self.result: Any = None
        self.is_done = False
        self._coroutine: Coroutine[Any, Any, Any] = work.run(self.desk)

    def go_on(self) -> None:
        """To its next question, or to its end."""
        try:
            self._coroutine.send(None)
        except StopIteration as end:
            self.result, self.is_done = end.value, True
        except _NotByKey:
            self.needs_to_be_alone = self.is_done = True
        except Exception as error:
            self.error, self.is_done = error, True

    @property
    def learned(self) -> dict[str, Any]:
        """What of its memory is not as it was when it began; ids that it has drawn are of it too."""
        now = held_by(self.memory)
        return {name: vars(self.memory)[name] for name, each in now.items() if each != self._known[name]}

    def throw_away(self) -> None:
        """Nothing of it has been anywhere but on its desk."""
        self._coroutine.close()


def held_by(memory: Memory) -> dict[str, Any]:
    """What a memory holds, to be compared."""
    return {name: vars(each) if isinstance(each, OpenParts) else each for name, each in vars(memory).items()}


class SecondBatch(Batch):
    """See the module's text."""

    def __init__(self, transaction: Transaction, feed: Feed, rng: random.Random) -> None:
        super().__init__(transaction)
        self._feed = feed
        self._rng = rng
        self.rounds: list[int] = []
        """How many rounds each of the pieces waited that were kept as they ran beside others, in their order."""

    def carry_out(self, works: Sequence[Work]) -> None:
        """See Batch.carry_out."""
        runs = [_Run(work, self.transaction, self._feed) for work in works]
        try:
            self._beside(runs)
            for place, run in enumerate(runs):
                if run.needs_to_be_alone or run.is_stale:
                    run = self._alone(run.work)
                else:
                    self.rounds.append(run.engine.rounds)
                self._keep(run, runs[place + 1 :])
        finally:
            for run in runs:
                run.throw_away()

    def _beside(self, runs: list[_Run]) -> None:
        """Let all of them come to their end, in an order that is drawn question by question."""
        victim = self._rng.randrange(len(runs)) if runs and self._rng.random() < 0.2 else None
        left = list(range(len(runs)))
        while left:
            place = self._rng.choice(left)
            run = runs[place]
            run.go_on()
            if place == victim and (run.is_done or self._rng.random() < 0.5):
                run.throw_away()
                runs[place] = _Run(run.work, self.transaction, self._feed)
                victim = None
            elif run.is_done:
                left.remove(place)

    def _alone(self, work: Work) -> _Run:
        """Run a piece to its end, in a savepoint; perhaps it is thrown away once on the way."""
        if self._rng.random() < 0.2:
            with _Undone(self.transaction.db):
                run = _Run(work, self.transaction, self._feed, is_alone=True)
                for _ in range(self._rng.randrange(8)):
                    if not run.is_done:
                        run.go_on()
                run.throw_away()
        run = _Run(work, self.transaction, self._feed, is_alone=True)
        while not run.is_done:
            run.go_on()
        return run

    def _keep(self, run: _Run, later: list[_Run]) -> None:
        """Write what a piece has left, and see who has asked for what that changes."""
        work, desk, transaction = run.work, run.desk, self.transaction
        if run.error is not None:
            if not isinstance(run.error, REFUSALS):
                raise run.error
            if desk.left:
                raise RuntimeError("refused after a change was made") from run.error
            work.error = run.error
        else:
            work.result, work.changes = run.result, desk.changes
        wrote_itself = desk.left > 0 and run.engine.is_alone
        for other in later:
            asked = other.engine.asked
            other.is_stale |= wrote_itself or any(desk.may_change(*each) for each in asked)
            other.is_stale |= desk._room_taken != run.room_before and other.desk._room_taken != other.room_before
        if learned := run.learned:
            for other in later:
                other.is_stale |= learned.keys() != {"ids"} or "ids" in other.learned
            vars(transaction.memory).update(learned)
        transaction.memory.turns |= desk._turns
        if desk._room_taken != run.room_before:  # else it is as it was when the piece began, before others took some
            transaction.desk._room_taken = desk._room_taken
        run.engine.is_alone = True
        flush = desk.flush()
        while True:
            try:
                flush.send(None)
            except StopIteration:
                return


class _Undone:
    """What is written within is undone in any case."""

    def __init__(self, db: SqliteConnection) -> None:
        self._db = db.db

    def __enter__(self) -> None:
        self._db.execute("SAVEPOINT thrown")

    def __exit__(self, *_: object) -> None:
        self._db.execute("ROLLBACK TO thrown")
        self._db.execute("RELEASE thrown")


class SecondWriter(InlineWriter):
    """The inline writer over the second driver's batches."""

    def __init__(self, transaction: Transaction, feed: Feed, seed: int = SEED) -> None:
        super().__init__(transaction, feed)
        self._batch = self.batch = SecondBatch(transaction, feed, random.Random(seed))


class SecondStore(SqliteStore):
    """The store over the second driver."""

    def __init__(self, path: Path, *, seed: int = SEED, inline: bool = True) -> None:
        super().__init__(path, inline=inline)
        self._db.pragma("synchronous", "OFF")
        self.writer = self.second = SecondWriter(self._transaction, self.feed, seed)
