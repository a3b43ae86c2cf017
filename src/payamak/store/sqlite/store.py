"""The store on one SQLite file: WAL, synchronous=FULL, one writing connection, read-only connections for queries.

Several hands may write to one file (the server and the command line): each in short transactions of its own,
which BEGIN IMMEDIATE and a busy timeout keep apart. A second server on the same file is refused by a lock file
beside it (`serve_lock`), because leases assume that only one back is at work.

The path is resolved before anything is opened; a file with several names is refused (locking.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from payamak.errors import StoreFailed
from payamak.store.base import Mode
from payamak.store.memory import read_site
from payamak.store.reader import Reader
from payamak.store.ruled import RuledStore
from payamak.store.rules import housekeeping, restoring
from payamak.store.rules.marks import NONE, Mark, move
from payamak.store.sqlite import holding
from payamak.store.sqlite.files import OpenFiles
from payamak.store.sqlite.locking import resolved
from payamak.store.sqlite.mark import MarkFile, sign_copy
from payamak.store.sqlite.opening import (
    allow_folding,
    as_told,
    check_log,
    check_schema,
    connect,
    copy_to,
    malformed,
    migrate,
    quick_check,
    unreadable,
)
from payamak.store.sqlite.reader import SqliteConnection, SqliteReader
from payamak.store.sqlite.transaction import Transaction
from payamak.store.sqlite.writer import BatchWriter, InlineWriter, ThreadWriter

T = TypeVar("T")

SERVING_BUSY_TIMEOUT_MS = 1_000
"""The same in a server, where callers wait: below ANSWER_WITHIN_S. What must not be lost is tried again."""

LOOP_BUSY_TIMEOUT_MS = 50
"""The same for a query on the event loop, where everybody waits; readers of a WAL file wait for nobody else."""

READERS = 2
"""Threads for queries that are not for the event loop, each with a connection. Taste: clerks are few."""

MOST_READS = 200
"""Queries of callers that may wait for a reading thread; more are refused, and hold no memory."""


class SqliteStore(RuledStore):
    """See payamak.store.base.Store for what each method promises."""

    def __init__(self, path: Path, *, mode: Mode = Mode.SERVE, inline: bool = False) -> None:
        """Open the file; call on the running loop. `inline` writes on the loop, for a virtual clock.

        Raises StoreFailed if file and log do not belong together or cannot be read, or the schema is not this program's
        and may not be brought up to date in this mode; then both are left as they are.
        """
        super().__init__()
        self.named = path
        self.path = path = resolved(path)
        self._files: OpenFiles | None = None
        self._mode = mode
        self._db = connect(path, read_only=mode is Mode.LOOK)
        self._opened: list[apsw.Connection] = []
        try:
            self._open()
        except (apsw.Error, StoreFailed) as error:
            for db in (*self._opened, self._db):
                db.close()
            if isinstance(error, StoreFailed):
                raise
            raise unreadable(path, error) from error
        self._key = holding.key_of(path)
        holding.enter(self._key)
        self._is_left = False
        self._readers = ThreadPoolExecutor(READERS, "payamak-reader")
        self._reads = 0
        self._is_inline = inline
        self.mark_file = MarkFile(path)
        self._beside = NONE
        self._unwritten: Mark | None = None
        if mode is not Mode.LOOK:
            writer = InlineWriter if inline else ThreadWriter
            self.writer = writer(self._transaction, self.feed)

    def _open(self) -> None:
        db = self._db
        check_log(db, self.path)
        if self._mode is Mode.SERVE:
            migrate(db)
        else:
            check_schema(db, may_make=self._mode is Mode.HANDS)
        connection = SqliteConnection(db)
        self._transaction = Transaction(connection, self.feed)
        self._site = read_site(connection)
        # Opened now: one that is opened when the log has lost its name would make a new log in its place.
        self._opened += [connect(self.path, read_only=True) for _ in range(1 + READERS)]
        self._loop_reader, *self._free_readers = map(SqliteReader, self._opened)
        if self._mode is not Mode.LOOK:
            allow_folding(db)

    def begin_serving(self) -> None:
        """From here on nobody waits long: for another process, for a disk that does not answer, for a lost file."""
        self._is_serving = True
        self._db.set_busy_timeout(SERVING_BUSY_TIMEOUT_MS)
        self._loop_reader.db.set_busy_timeout(LOOP_BUSY_TIMEOUT_MS)
        with suppress(apsw.Error):  # then what another state of the file is, is known from the first commit on
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._files = OpenFiles(self.path, self.named, self._db)
        self._transaction.begin_serving(self._files.contents.is_folded)
        if isinstance(self.writer, BatchWriter):
            self.writer.watch_files(self._files)

    async def look_through(self, within_s: float) -> list[str]:
        """See Store.look_through."""
        found: list[tuple[list[str], list[str]]] = []
        with suppress(StoreFailed):  # after a fault even the end of the reading transaction may raise
            await self._read(lambda db: found.append(quick_check(db.db, within_s, time.monotonic)))
        faults, unfinished = found[0] if found else (["it cannot be read"], [])
        if faults:
            raise malformed(self.path, faults[0])
        return unfinished

    def interrupt(self) -> None:
        """End the queries that run, for whoever will not wait for them: they raise StoreFailed."""
        for db in self._opened:
            db.interrupt()

    @property
    def lost(self) -> str | None:
        """Why nothing that stands in the file may be told any more; None if all is well."""
        return None if self._files is None else self._files.contents.lost

    async def ask(self, query: Callable[[Reader], T], *, is_small: bool) -> T:
        """See RuledStore.ask. A disk in trouble may hold up a reader too: then nothing is read on the loop."""
        if is_small and self.trouble is None:
            try:
                return query(self._loop_reader)
            except apsw.Error as error:
                raise as_told(error) from error
        return await super().ask(query, is_small=is_small)

    # -- its mark, and the same beside it

    async def settle_mark(self, now: int, *, is_restored: bool = False, ids_above: int = 0) -> bool:
        """See Store.settle_mark."""
        beside = self.mark_file.read()
        self._beside = beside.mark
        return await self.writer.submit(
            lambda desk: restoring.notice(desk, beside, now, is_asked=is_restored, above=ids_above)
        )

    async def keep_mark(self, now: int, *, is_needed: bool = False) -> None:
        """See Store.keep_mark: the store first, then the file."""
        if self._unwritten is None:
            self._unwritten = await self.writer.submit(lambda desk: move(desk, self._beside, now, is_needed=is_needed))
        if (mark := self._unwritten) is None:
            return
        if self._is_inline:
            self.mark_file.write(mark)
        else:
            await asyncio.to_thread(self.mark_file.write, mark)
        self._beside, self._unwritten = mark.mark, None

    # -- reading

    async def _read(self, query: Callable[[SqliteReader], T], within_s: float | None = None) -> T:
        """Run a query on a reading thread. Raises StoreFailed, also when it has no answer `within_s`."""

        def run() -> T:
            db = self._free_readers.pop()  # there is one for each thread
            try:
                with db.snapshot():  # one transaction: several statements see one state
                    result = query(db)
                return result
            finally:
                self._free_readers.append(db)

        if self.lost is not None:
            raise StoreFailed(self.lost)
        if within_s is not None and self._reads >= MOST_READS:
            raise StoreFailed("too many queries are waiting for the disk")
        self._reads += 1
        answer = asyncio.get_running_loop().run_in_executor(self._readers, run)
        answer.add_done_callback(self._read_ended)
        await asyncio.wait((answer,), timeout=within_s)
        if not answer.done():  # it goes on, and counts: cancelled in a queue it would only be forgotten
            raise StoreFailed(f"the disk did not answer within {within_s:g} s")
        try:
            return answer.result()
        except apsw.Error as error:
            raise as_told(error) from error

    def _read_ended(self, answer: asyncio.Future[Any]) -> None:
        self._reads -= 1
        if not answer.cancelled():
            answer.exception()  # told to whoever still waits; else it is nobody's any more

    async def backup(self, path: str) -> None:
        """See Store.backup: SQLite's online backup, of the state at its begin."""

        def copy(db: SqliteReader) -> None:
            copy_to(db.db, Path(path))
            sign_copy(Path(path))

        await self._read(copy)

    async def close(self) -> None:
        """See Store.close."""
        if self._mode is not Mode.LOOK and self._transaction.memory.ids.left:
            with suppress(StoreFailed):  # then they are lost
                await self.writer.submit(housekeeping.give_ids_back)
        await self.writer.close()
        self._readers.shutdown(wait=True)
        if self._files is not None:
            with suppress(apsw.Error, StoreFailed):
                self._files.contents.check()  # the last close copies the log into whatever lies there
        for db in (*self._opened, self._db):
            db.close()
        self.leave()

    def leave(self) -> None:
        """After the connections have been closed: let go of our own descriptors."""
        if self._files is not None:
            self._files.close()
            self._files = None
        if not self._is_left:
            self._is_left = True
            holding.leave(self._key)
