"""The one writing transaction of a SQLite store: its desk, its number, and the proof that it is ours.

Before every transaction the database is asked whether another process has committed (`data_version`); only then what is
remembered (store/memory.py) is read again, and messages under way (reader.py) are forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from payamak.domain.message import Message
from payamak.errors import Overwritten
from payamak.store.columns import Spoilt
from payamak.store.desk import Desk, Need
from payamak.store.feed import Feed
from payamak.store.memory import Memory
from payamak.store.reader import Reader, Values
from payamak.store.sqlite.reader import SqliteConnection

T = TypeVar("T")

COMMITS_KEPT = 64
"""The last commits whose writer is on record. To be misread, a commit would have to fail without saying so while other
processes make that many before it is read back."""

_LOW = 0xFFFF_FFFF
"""The bits of a proof that hold the transaction's number; those above are the process's own, drawn at its start."""


class SqliteEngine:
    """See payamak.store.desk.Engine: SQLite answers at once, so no piece of work ever waits."""

    def __init__(self, db: SqliteConnection) -> None:
        self.db = db

    async def expect(self, needs: Sequence[Need]) -> None:
        """See Engine.expect. There is nothing to be asked ahead of time where an answer costs no journey."""

    async def rows(self, name: str, shape: type[T], values: Values) -> list[T]:
        """See Engine.rows."""
        return self.db.rows(name, shape, values)

    async def row(self, name: str, shape: type[T], values: Values) -> T | None:
        """See Engine.row."""
        return self.db.row(name, shape, values)

    async def message(self, message_id: int) -> Message | None:
        """See Engine.message."""
        return self.db.message(message_id)

    def is_now(self, message: Message) -> None:
        """See Engine.is_now."""
        self.db.is_now(message)

    async def readable(self, name: str, shape: type[T], values: Values) -> list[T | Spoilt]:
        """See Engine.readable."""
        return self.db.readable(name, shape, values)

    async def value(self, name: str, values: Values) -> Any:
        """See Engine.value."""
        return self.db.value(name, values)

    async def values(self, name: str, values: Values) -> list[Any]:
        """See Engine.values."""
        return self.db.values(name, values)

    async def gather(self, query: Callable[[Reader], T]) -> T:
        """See Engine.gather."""
        return query(self.db)

    async def write(self, name: str, rows: Sequence[Values]) -> int:
        """See Engine.write."""
        return self.db.write(name, rows)

    async def insert(self, name: str, values: Values) -> int:
        """See Engine.insert."""
        return self.db.insert(name, values)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """See Engine.savepoint."""
        with self.db.savepoint():
            yield

    def is_of_the_disk(self, error: Exception) -> bool:
        """See Engine.is_of_the_disk."""
        return self.db.is_of_the_disk(error)


class Transaction:
    """The writing connection with what the writer remembers between transactions; `desk` is that of the one that runs.

    `has_dealt` is asked of the rows at the first transaction only: afterwards it is this process that deals.
    """

    def __init__(self, db: SqliteConnection, feed: Feed) -> None:
        self.db = db
        self.memory = Memory()
        self._engine = SqliteEngine(db)
        self._feed = feed
        self.desk = Desk(self._engine, self.memory, feed)
        self._data_version = -1
        self._batch = 0
        self._token = secrets.randbits(62)
        self._dirty = False
        self._seen = 0
        self._base: int | None = None
        self._base_kept: int | None = None
        self._proofs: set[int | None] = set()
        self._is_folded: Callable[[], bool] | None = None

    def begin_serving(self, is_folded: Callable[[], bool]) -> None:
        """From here on nobody else serves: what we write last is what must be found. `is_folded`: of contents.py."""
        self._is_folded = is_folded

    def begin(self) -> None:
        """After BEGIN: see whether anyone else has written since the last batch. Raises Overwritten."""
        version = self.db.data_version()
        if version != self._data_version or self._dirty:
            self._read_again(is_first=self._data_version == -1)
            self._data_version = version
            self._dirty = False
        if self._is_folded is not None and self._is_folded():
            self._base = self._batch
        self.memory.ids.begin()
        self.desk = Desk(self._engine, self.memory, self._feed)

    def _read_again(self, *, is_first: bool) -> None:
        db, memory = self.db, self.memory
        db.forget()
        memory.has_dealt |= is_first and db.value("any_dealt") is not None
        self._batch = self._read_batch()
        self._check_last()
        memory.read_again(db)

    def _check_last(self) -> None:
        """Somebody else has written: is what we wrote last still there? Raises Overwritten.

        Others only go on from it. A store that was put back has fewer transactions, or another server's proof; a commit
        of ours that failed without saying so may stand there or not.
        """
        if self._is_folded is None or not self._proofs:
            return
        found = self._served()
        if self._batch < self._seen or found not in self._proofs:
            raise Overwritten(
                "the store was put back to another state while it is in use, or another gateway serves it"
            )
        self._seen = self._batch
        self._proofs = {found}

    def _served(self) -> int | None:
        """The proof that stands in the file, whoever left it; None in a store that nobody has served."""
        proof: int | None = self.db.value("meta", ("served",))
        return proof

    def refill_ids(self) -> None:
        """Take the next block of ids by this transaction, before nobody has any left."""
        ids = self.memory.ids
        if count := ids.missing:
            ids.take(int(self.db.value("take_ids", (count,))), count)

    def count_batch(self) -> int:
        """Count this transaction and sign it, so that a commit that fails without saying so can be read back."""
        self._batch += 1
        self.db.execute("set_meta", ("batch", self._batch))
        self.db.execute("set_meta", (f"signature/{self._batch % COMMITS_KEPT}", self._token))
        if self._is_folded is not None:
            self._prove()
        return self._batch

    def _prove(self) -> None:
        """Leave what tells us again that nobody has put the store back, and which state its log goes on from."""
        proof = (self._token & ~_LOW) | (self._batch & _LOW)
        if not self._proofs:
            self._proofs.add(self._served())  # what stands there if this first commit of ours fails
        self.db.execute("set_meta", ("served", proof))
        self._proofs.add(proof)
        if self._base != self._base_kept:
            self.db.execute("set_meta", ("base", self._base))
            self._base_kept = self._base

    def _read_batch(self) -> int:
        """The last transaction that is in the file, whoever made it."""
        return int(self.db.value("meta", ("batch",)))

    def is_committed(self, batch: int) -> bool:
        """Whether our transaction of this number is in the file; another process may have made one of that number."""
        if not batch:
            return True  # it wrote nothing
        signature = self.db.value("meta", (f"signature/{batch % COMMITS_KEPT}",))
        return self._read_batch() >= batch and bool(signature == self._token)

    def committed(self) -> None:
        """What the transaction remembers is what is on disk."""
        self._seen = self._batch
        self.memory.ids.committed()
        if len(self._proofs) > 1:
            self._proofs = {(self._token & ~_LOW) | (self._batch & _LOW)}
        self.desk.committed()

    def rolled_back(self) -> None:
        """What was remembered may not be on disk: read it again before the next batch."""
        self._dirty = True
        self._base_kept = None
        self.db.forget()
        before, self.memory = self.memory, Memory()
        self.memory.turns, self.memory.has_dealt, self.memory.ids = before.turns, before.has_dealt, before.ids
        self.memory.ids.rolled_back()
