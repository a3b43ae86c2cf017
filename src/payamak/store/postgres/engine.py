"""What a rule asks, answered by PostgreSQL: in rounds where the question is known beforehand, else one by one.

Nothing is locked while rules decide. Each transaction that writes counts the store's batches up, so whoever has read
knows by that number whether anybody has written since: a batch that only asks and leaves is read without a transaction
and written by one statement, which is undone if the number is another one by then (batch.py). What has to write in its
midst opens the transaction there: if the number is still the same, all that was read still holds.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from payamak.domain.message import Message
from payamak.store.buffer import NEEDS
from payamak.store.columns import Row, Spoilt
from payamak.store.desk import Desk, Need, Rule
from payamak.store.feed import Feed
from payamak.store.memory import Memory, OutOfIds
from payamak.store.postgres.connection import PostgresConnection, is_of_the_database
from payamak.store.postgres.reader import PostgresReader
from payamak.store.reader import Reader, Values

T = TypeVar("T")

Question: TypeAlias = tuple[str, tuple[Any, ...]]
"""A need with its values, as a key."""

Group: TypeAlias = tuple[str, Sequence[Values]]
"""A statement and the rows that it is run for."""

_FOLLOWS: Final = {"part_by_operator_id": ("message", "message_id")}
"""Needs whose answers name what is asked next: that need, and the column of its key."""


class StaleBatch(Exception):
    """Somebody else has written since the batch was begun: what it has read may not hold."""


class PostgresEngine:
    """See payamak.store.desk.Engine. `number` is that of the last batch that had written when this one began."""

    def __init__(self, connection: PostgresConnection, number: int = 0, *, is_open: bool = False) -> None:
        self.connection = connection
        self.number = number
        self.is_open = is_open
        """Whether the transaction is open, and nobody else can write before its end."""
        self.gathered: list[Group] | None = None
        """What is left at the end, to be written together; None before the end."""
        self.wrote = 0
        self._answers: dict[Question, list[Row]] = {}

    # -- rounds

    async def expect(self, needs: Sequence[Need]) -> None:
        """See Engine.expect."""
        await self.answer([(name, tuple(values)) for name, values in needs])

    async def answer(self, questions: Sequence[Question]) -> None:
        """Answer questions, those of one kind by one statement; then what follows from their answers."""
        while questions := [each for each in dict.fromkeys(questions) if each not in self._answers]:
            kinds: dict[str, list[Question]] = defaultdict(list)
            for each in questions:
                kinds[each[0]].append(each)
            for name, alike in kinds.items():
                if len(alike) == 1:
                    ((_, values),) = alike
                    self._answers[name, values] = await self.connection.fetch(name, values)
                else:
                    rows = await self.connection.fetch_each(name, [values for _, values in alike])
                    self._answers.update(zip(alike, rows, strict=True))
            questions = [after for asked in questions if asked[0] in _FOLLOWS for after in self._after(asked)]

    def _after(self, asked: Question) -> list[Question]:
        """What is asked next of what a question has found."""
        name, column = _FOLLOWS[asked[0]]
        rows = self._answers[asked]
        place = self.connection.columns[asked[0]].index(column) if rows else 0
        return [(name, (row[place],)) for row in rows]

    async def _fetch(self, name: str, values: Values) -> list[Row]:
        key = (name, tuple(values)) if name in NEEDS else None
        if key is None:
            return await self.connection.fetch(name, values)
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = await self.connection.fetch(name, values)
        return known

    async def rows(self, name: str, shape: type[T], values: Values) -> list[T]:
        """See Engine.rows."""
        return self.connection.made(name, shape, await self._fetch(name, values))

    async def row(self, name: str, shape: type[T], values: Values) -> T | None:
        """See Engine.row."""
        found = await self._fetch(name, values)
        return next(iter(self.connection.made(name, shape, found[:1])), None)

    async def readable(self, name: str, shape: type[T], values: Values) -> list[T | Spoilt]:
        """See Engine.readable."""
        return self.connection.readable(name, shape, await self._fetch(name, values))

    async def message(self, message_id: int) -> Message | None:
        """See Engine.message."""
        return await self.row("message", Message, (message_id,))

    def is_now(self, message: Message) -> None:
        """See Engine.is_now. Nothing is kept from one batch to the next."""

    async def value(self, name: str, values: Values) -> Any:
        """See Engine.value."""
        if name in WRITING:
            await self.open()
            self._answers.clear()
        found = await self._fetch(name, values)
        self.wrote += name in WRITING and len(found)
        return found[0][0] if found else None

    async def values(self, name: str, values: Values) -> list[Any]:
        """See Engine.values."""
        return [value for (value,) in await self._fetch(name, values)]

    async def gather(self, query: Callable[[Reader], T]) -> T:
        """See Engine.gather: on a thread that waits for each statement, in the transaction."""
        await self.open()
        return await asyncio.to_thread(query, self.reader())

    def reader(self) -> PostgresReader:
        """For a thread that waits for each of its statements."""
        return PostgresReader(self.connection, asyncio.get_running_loop())

    # -- writing

    async def open(self) -> None:
        """Open the transaction. Raises StaleBatch if anybody has written since the batch was begun."""
        if self.is_open:
            return
        await self.connection.db.execute("BEGIN")
        self.is_open = True
        if await self.connection.lock_number() != self.number:
            raise StaleBatch

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        """See Engine.write."""
        if not rows:
            return 0
        if self.gathered is not None:
            self.gathered.append((name, rows))
            return len(rows)
        await self.open()
        self._answers.clear()
        changed = await self.connection.write(name, rows)
        self.wrote += changed
        return changed

    async def insert(self, name: str, values: Values) -> int:
        """See Engine.insert."""
        await self.open()
        self._answers.clear()
        self.wrote += 1
        ((number,),) = await self.connection.fetch(name, values)
        return int(number)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """See Engine.savepoint."""
        await self.open()
        db = self.connection.db
        await db.execute("SAVEPOINT apart")
        try:
            yield
        except BaseException as error:
            self._answers.clear()
            if not (isinstance(error, Exception) and is_of_the_database(error)):
                await db.execute("ROLLBACK TO SAVEPOINT apart")
                await db.execute("RELEASE SAVEPOINT apart")
            raise
        await db.execute("RELEASE SAVEPOINT apart")

    def is_of_the_disk(self, error: Exception) -> bool:
        """See Engine.is_of_the_disk."""
        return isinstance(error, StaleBatch) or is_of_the_database(error)


class _Enough(BaseException):
    """A piece has asked its first question."""


class _FirstQuestions:
    """An engine that answers nothing: it hears what a piece asks first."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    async def expect(self, needs: Sequence[Need]) -> None:
        self.asked += [(name, tuple(values)) for name, values in needs]
        raise _Enough

    async def rows(self, name: str, shape: type[T], values: Values) -> list[T]:
        return self._hear(name, values)

    async def row(self, name: str, shape: type[T], values: Values) -> T | None:
        return self._hear(name, values)

    async def readable(self, name: str, shape: type[T], values: Values) -> list[T | Spoilt]:
        return self._hear(name, values)

    async def message(self, message_id: int) -> Message | None:
        return self._hear("message", (message_id,))

    def is_now(self, message: Message) -> None:
        raise _Enough

    async def value(self, name: str, values: Values) -> Any:
        return self._hear(name, values)

    async def values(self, name: str, values: Values) -> list[Any]:
        return self._hear(name, values)

    def _hear(self, name: str, values: Values) -> NoReturn:
        if name in NEEDS:
            self.asked.append((name, tuple(values)))
        raise _Enough

    async def gather(self, query: Callable[[Reader], T]) -> T:
        raise _Enough

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        raise _Enough

    async def insert(self, name: str, values: Values) -> int:
        raise _Enough

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        raise _Enough

    def is_of_the_disk(self, error: Exception) -> bool:
        return False


def first_questions(rules: Iterable[Rule[Any]], memory: Memory, feed: Feed) -> list[Question]:
    """What pieces of work ask first, each on a desk of its own that nobody looks at again.

    So the questions of all of them are answered in one round, before the first of them runs. A piece that only leaves
    something is run to its end here, and once more when its turn comes.
    """
    engine = _FirstQuestions()
    known = memory.copy()
    for rule in rules:
        piece = rule(Desk(engine, known, feed))
        try:
            piece.send(None)
        except (_Enough, OutOfIds, StopIteration):
            pass
        except Exception:  # it says so again when it runs
            known = memory.copy()
        finally:
            piece.close()
    return engine.asked


WRITING: Final = frozenset({"notice_again", "take_ids"})
"""Statements that change a row and answer with a column of it."""
