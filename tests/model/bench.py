"""A store and its books side by side: opened, set in trouble, brought up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis.stateful import RuleBasedStateMachine, initialize
from tests.model.books import DAY, Account, Books
from tests.model.compare import Eye
from tests.model.draws import LINES
from tests.model.trouble import Trouble, copy_file, hurt
from tests.store.world import LINE, NOW, SITE

from payamak.domain.message import Lane
from payamak.domain.site import Link
from payamak.errors import StoreFailed
from payamak.store.sqlite.store import SqliteStore

T = TypeVar("T")

CREDIT = 10_000
MEMORY = Path("/dev/shm")
"""Where there is such a disk: here what is written is compared; that it is synced, tests/crash proves."""


class Bench(RuleBasedStateMachine):
    """What the machine stands on; `now` is the instant of whatever happens next."""

    @initialize()
    def open(self) -> None:
        """A fresh file with the site and some money."""
        self.now = NOW
        self.trouble: Trouble | None = None
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.generation = 0
        self.books = Books(
            LINES, {"shop": Account(30 * DAY), "clinic": Account(90 * DAY), "bank": Account(30 * DAY)}, LINE
        )
        self.run(self._open())
        self.run(self.store.take_over(self.now))
        self._begin_work()
        self.run(self.store.put_documents((*SITE, Link(name="far", upstream="elsewhere")), [], self.now))
        for name in ("shop", "clinic"):
            self.run(self.store.credit(name, CREDIT, "first", self.now))
            self.books.credit(name, CREDIT)
        self.eye = Eye(self.path)

    @property
    def path(self) -> Path:
        """The file; a crash leaves it behind and goes on with what was on the disk."""
        return Path(self.folder.name) / f"{self.generation}.sqlite"

    async def _open(self) -> None:
        self.store = SqliteStore(self.path, inline=True)

    def _begin_work(self) -> None:
        """As a gateway does after its recovery: what is fresh on this line goes straight to the back."""
        self.store.feed.room[LINE, Lane.NORMAL] = 1_000

    def run(self, work: Awaitable[T]) -> T:
        """Let the loop run until the store has answered."""

        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def teardown(self) -> None:
        """Close what is open."""
        if hasattr(self, "runner"):
            self.eye.close()
            self.run(self.store.close())
            self.runner.close()
            self.folder.cleanup()

    # -- one piece of work, and what may befall it

    def do(self, work: Callable[[], Awaitable[T]], books: Callable[[T], None]) -> None:
        """Let the store do `work`, perhaps in trouble; enter it into the books if it has happened."""
        self.now += 1
        trouble, self.trouble = self.trouble, None
        left_behind = self.path.with_name(f"{self.generation + 1}.sqlite")
        try:
            with hurt(self.store, trouble, left_behind):
                result = self.run(self._answered(work))
        except StoreFailed:
            assert trouble in (Trouble.FAILS, Trouble.DIES_BEFORE)
        else:
            books(result)
        if trouble is Trouble.DIES_AFTER:
            copy_file(self.path, left_behind)
        if trouble in (Trouble.DIES_BEFORE, Trouble.DIES_AFTER):
            self._come_up(self.generation + 1)

    @staticmethod
    async def _answered(work: Callable[[], Awaitable[T]]) -> T:
        return await work()

    def _come_up(self, generation: int) -> None:
        self.eye.close()
        self.run(self.store.close())
        self.generation = generation
        self.run(self._open())
        self.eye = Eye(self.path)
        for dead in self.run(self.store.take_over(self.now)):
            while self.run(self.store.recover(dead, self.now, 2)):
                pass
        self._begin_work()
        self.books.restart(self.now)
