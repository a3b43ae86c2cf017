"""Carries pieces of work out on PostgreSQL: a transaction for what is taken together, and what became of each.

A batch whose pieces only ask by key and leave changes is three or four questions and one writing statement, which is
its own transaction: the statement counts the store's batches up and is undone whole if anybody else has written since
the batch was begun. Then all of it runs once more, in a transaction that nobody can come between. So does what has to
write in its midst, from there on.

When it fails:

* A piece raises Refused (or IllegalMove): it has left nothing, the others go on.
* Anything else goes wrong in a piece: nothing of the batch is written, then each piece runs alone, so that the culprit
  fails by itself.
* The connection breaks before the end is told: the old one is ended in the server, and the batch's row in `batch_log`
  is read by another one. If it is there all are told so; if not, all get StoreFailed. While the database does not
  answer, nobody is answered on a guess: who has said how long he waits is told StoreFailed when that is over.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from payamak.errors import StoreFailed
from payamak.store.desk import GUARDED, Desk
from payamak.store.feed import Feed
from payamak.store.memory import Memory, OutOfIds
from payamak.store.postgres.connection import (
    PostgresConnection,
    as_told,
    close,
    connect,
    is_of_the_database,
    without_values,
)
from payamak.store.postgres.engine import Group, PostgresEngine, StaleBatch, first_questions
from payamak.store.postgres.statements import fits_together, together
from payamak.store.queued import REFUSALS, UNDO_AGAIN_S, QueuedWriter
from payamak.store.reader import Reader
from payamak.store.work import Work

LOCKS_WITHIN_S: Final = 2.0
"""How long a statement waits for another hand's: beyond, callers were told busy already (ANSWER_WITHIN_S)."""

MOST_TIMES: Final = 12
"""How often ids are taken for one transaction, twice as many each time: some million messages in the end."""

READ_BACK_AGAIN_S: Final = 0.5
"""When to ask again what became of a commit, while the database does not answer."""


class PostgresBatch:
    """Runs pieces of work in one transaction; `memory` is what is remembered between these."""

    def __init__(self, address: str, feed: Feed) -> None:
        self.fault: str | None = None
        self.ran_s = 0.0
        """What the pieces of the last transaction took, its end not counted."""
        self.memory = Memory()
        self.serves = False
        """Whether this process has taken over, and no later one may have."""
        self.lost: str | None = None
        """Why nothing is written any more."""
        self._journey_s = 1.0
        """What a statement takes that asks for next to nothing: it is no cost of the pieces."""
        self.is_closing = False
        self._address = address
        self._feed = feed
        self._token = secrets.randbits(62)
        self._number = -1
        self._is_first = True
        self._connection: PostgresConnection | None = None
        self._backend: tuple[int, Any] | None = None

    async def connected(self) -> PostgresConnection:
        """The connection that writes, opened if there is none. Raises StoreFailed."""
        if self._connection is None or self._connection.db.is_closed():
            db = await connect(self._address, waits_s=LOCKS_WITHIN_S)
            connection = PostgresConnection(db)
            if await db.fetchval("SHOW synchronous_commit") == "off":
                await db.execute("SET synchronous_commit = on")  # an answer is a promise
            row = await db.fetchrow("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
            self._backend = None if row is None else (row["pid"], row["backend_start"])
            self._connection = connection
            self._number = -1
        return self._connection

    async def disconnect(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await close(connection.db)

    async def run(self, works: list[Work]) -> None:
        """Leave a result or an error in every piece; what has a result is committed when this returns."""
        self.ran_s = 0.0
        try:
            await self._with_ids(works)
        except Exception as error:
            is_of_all = is_of_the_database(error)
            if is_of_all:
                self.fault = str(as_told(error))
                await self.disconnect()
            if len(works) == 1 or is_of_all:
                for work in works:
                    work.error, work.changes = as_told(error) if is_of_all else error, []
                return
            for work in works:
                await self.run([work])

    async def _with_ids(self, works: list[Work]) -> None:
        """In one transaction; where that finds too few ids, once more after one that takes them."""
        for _ in range(MOST_TIMES):
            try:
                await self._together(works)
                return
            except OutOfIds as error:
                self.memory.ids.want(error.count)
                await self._together([])
        raise RuntimeError(f"pieces of work want more ids than {MOST_TIMES} times taking them has brought")

    async def _together(self, works: list[Work]) -> None:
        try:
            await self._attempt(works, is_open=False)
        except StaleBatch:
            await self._attempt(works, is_open=True)

    async def _attempt(self, works: list[Work], *, is_open: bool) -> None:
        if self.lost is not None:
            raise StoreFailed(self.lost)
        engine = await self._begun(is_open=is_open)
        try:
            await self._see_others(engine)
            began_s, asked = time.monotonic(), engine.connection.asked
            self.memory.ids.begin()
            desk = Desk(engine, self.memory, self._feed)
            await self._carry_out(desk, engine, works)
            await self._refill_ids(engine)
            journeys_s = self._journey_s * (engine.connection.asked - asked)
            self.ran_s = max(time.monotonic() - began_s - journeys_s, 1e-6)
            number = await self._end(engine)
        except BaseException:
            await self._roll_back(engine)
            raise
        desk.committed()
        self.memory.ids.committed()
        if number is not None:
            self._number, self.fault = number, None

    async def _begun(self, *, is_open: bool) -> PostgresEngine:
        """The number of the last batch that has written is read, and locked if the transaction is to be open.

        A connection that was closed while nothing was asked is found here, and replaced.
        """
        for is_last in (False, True):
            connection = await self.connected()
            engine = PostgresEngine(connection)
            began_s = time.monotonic()
            try:
                if is_open:
                    await connection.db.execute("BEGIN")
                    engine.is_open = True
                    engine.number = await connection.lock_number()
                else:
                    engine.number = await connection.number()
                    self._journey_s = min(self._journey_s * 1.01, time.monotonic() - began_s)
            except Exception as error:
                await self.disconnect()
                if is_last or not is_of_the_database(error):
                    raise
            else:
                return engine
        raise AssertionError("the last of two tries returns or raises")

    async def _see_others(self, engine: PostgresEngine) -> None:
        if engine.number != self._number:
            await asyncio.to_thread(self._read_again, engine.reader())
            self._number = engine.number

    def _read_again(self, db: Reader) -> None:
        """Another hand has written, or nothing is known yet."""
        memory = self.memory
        memory.has_dealt |= self._is_first and db.value("any_dealt") is not None
        self._is_first = False
        if self.serves and db.value("last_owner") > self._feed.owner:
            self.lost = "another gateway has taken this database over; this one writes nothing any more: stop it"
            raise StoreFailed(self.lost)
        memory.read_again(db)

    async def _carry_out(self, desk: Desk, engine: PostgresEngine, works: Sequence[Work]) -> None:
        left = []
        for work in works:
            work.error, work.changes = None, []
            if work.is_given_up:
                work.error = StoreFailed("nobody waits for it any more")
            else:
                left.append(work)
        if len(left) > 1:
            await engine.answer(first_questions([work.run for work in left], self.memory, self._feed))
        for work in left:
            desk.changes = []
            before = desk.left
            try:
                work.result = await work.run(desk)
                work.changes = desk.changes
            except REFUSALS as error:
                if desk.left != before:
                    raise RuntimeError("refused after a change was made") from error
                work.error = error
        engine.gathered = []
        await desk.flush()

    async def _refill_ids(self, engine: PostgresEngine) -> None:
        """Take the next block of ids by this transaction, before nobody has any left."""
        ids = self.memory.ids
        if count := ids.missing:
            groups, engine.gathered = engine.gathered or [], None
            ids.take(int(await engine.value("take_ids", (count,))), count)
            engine.gathered = groups

    async def _end(self, engine: PostgresEngine) -> int | None:
        """Write what is left, and commit; the batch's number, None if nothing was written."""
        groups, engine.gathered = engine.gathered or [], None
        if not engine.is_open and not groups:
            return None
        known = engine.connection.statements
        if not engine.is_open and fits_together(known, groups):
            await self._write_together(engine, groups)
            return engine.number + 1
        for name, rows in groups:
            changed = await engine.write(name, rows)
            if name in GUARDED and changed != len(rows):
                raise RuntimeError(f"of {len(rows)} messages {changed} are what they were")
        db = engine.connection.db
        if not engine.wrote:
            await db.execute("ROLLBACK")  # an idle look needs no sync
            return None
        number = engine.number + 1
        await engine.connection.write("count_batch", [(engine.number,)])
        await engine.connection.write("log_batch", [(number, self._token)])
        try:
            with without_values("COMMIT"):
                await db.execute("COMMIT")
        except Exception as error:
            await self._settle_commit(number, error)
        return number

    async def _write_together(self, engine: PostgresEngine, groups: list[Group]) -> None:
        """One statement for all that is left, which is its own transaction. Raises StaleBatch."""
        made = together(tuple(name for name, _ in groups))
        try:
            with without_values(", ".join(name for name, _ in groups)):
                await engine.connection.db.execute(made.sql, *made.values(engine.number, self._token, groups))
        except asyncpg.DivisionByZeroError as error:
            raise StaleBatch from error
        except Exception as error:
            await self._settle_commit(engine.number + 1, error)

    async def _settle_commit(self, number: int, error: Exception) -> None:
        """Nobody has said whether the batch was committed: read it back. Raises StoreFailed if it was not."""
        if not _is_doubtful(error):
            raise error  # the server has said that it was not
        backend = self._backend
        while True:
            await self.disconnect()
            try:
                connection = await self.connected()
                if backend is not None:
                    await _end_backend(connection.db, backend)
                rows = await connection.fetch("batch_of", (number,))
            except Exception as again:
                if self.is_closing or not is_of_the_database(again):
                    raise StoreFailed(f"nobody can say whether the commit happened: {again}") from error
                self.fault = str(as_told(again))
                await asyncio.sleep(READ_BACK_AGAIN_S)
                continue
            if [token for (token,) in rows] != [self._token]:
                raise StoreFailed(f"the commit failed: {error}") from error
            return

    async def _roll_back(self, engine: PostgresEngine) -> None:
        """What was remembered may not be in the rows: it is read again before the next batch."""
        before, self.memory = self.memory, Memory()
        self.memory.turns, self.memory.has_dealt, self.memory.ids = before.turns, before.has_dealt, before.ids
        self.memory.ids.rolled_back()
        self._number = -1
        connection = self._connection
        if connection is None or connection is not engine.connection or not engine.is_open:
            return
        try:
            await connection.db.execute("ROLLBACK")
        except Exception:
            await self.disconnect()


def _is_doubtful(error: Exception) -> bool:
    """Whether what was sent may be committed although this was said, or nothing at all."""
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError)
    return is_of_the_database(error)


async def _end_backend(db: asyncpg.Connection[Any], backend: tuple[int, Any]) -> None:
    """See that a server's process which may still be committing is gone; on another server it is not there at all."""
    find = "SELECT pid FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
    while await db.fetchval(find, *backend) is not None:
        await db.execute("SELECT pg_terminate_backend($1)", backend[0])
        await asyncio.sleep(0.02)


class PostgresWriter(QueuedWriter):
    """The writer of a store over a network: a task on the loop."""

    def __init__(self, batch: PostgresBatch, feed: Feed) -> None:
        super().__init__(feed)
        self.batch = batch
        self._wake = asyncio.Event()
        self._task = self._loop.create_task(self._run(), name="payamak-writer")

    @property
    def _fault(self) -> str | None:
        return self.batch.fault

    def _nudge(self) -> None:
        self._wake.set()

    async def _run(self) -> None:
        while True:
            works = self._take()
            if works or self._undoing:
                works = self._begin(works)
                await self.batch.run(works)
                self._end(works)
                if self.batch.ran_s:
                    self._shares.learn(len(works), self.batch.ran_s)
                self._deliver(works)
                if not (self._undoing and self.batch.fault):
                    continue
            if self._closing:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(UNDO_AGAIN_S if self._undoing else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """Carry out what is queued, then stop the task."""
        self._closing = self.batch.is_closing = True
        self._nudge()
        await self._task
        self._patience.close()
        await self.batch.disconnect()
