"""The mark of the store: compared at start, moved while we serve, so that a copy that is put back is noticed (P10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from payamak.clock import Clock
from payamak.domain.restoring import Restore
from payamak.errors import StoreFailed
from payamak.store.base import Chores
from payamak.texts.signs import RESTORED_TODO

KEEP_EVERY_S = 1.0
"""How often the mark moves as long as something is written. A raw copy of the open file that is put back after a kill
is not noticed if the kill came within this time of the copy."""

HOLD_BATCH = 500
LAST_MOVE_S = 0.5
"""How long a stop waits for the last move."""


async def begin_mark(store: Chores, clock: Clock, log: Callable[..., object], *, is_restored: bool = False) -> None:
    """Before anything is taken: hold what waits in a copy that was put back, and draw the mark of this start.

    All of it is committed when it returns. Raises StoreFailed.
    """
    await store.settle_mark(clock.now(), is_restored=is_restored)
    while await store.hold(clock.now(), HOLD_BATCH):
        pass
    await store.keep_mark(clock.now(), is_needed=True)
    noted = await store.last_restore()
    if noted is not None and noted.is_open:
        log(
            "held_after_restore",
            count=noted.held,
            reason=noted.why.value,
            ids_above=noted.ids_above,
            todo=str(RESTORED_TODO[noted.why]),
        )


class MarkKeeper:
    """Moves the mark while we serve, and looks whether a restore still holds anything."""

    def __init__(self, store: Chores, clock: Clock, log: Callable[..., object]) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._failed = False
        self.restore: Restore | None = None

    async def run(self) -> None:
        """Until cancelled. A disk that fails only delays it; that is told once."""
        while True:
            await self.move()
            await asyncio.sleep(KEEP_EVERY_S)

    async def move(self, *, is_needed: bool = False) -> None:
        """Move the mark if anything was written, and see whether anything is still held."""
        try:
            await self._store.keep_mark(self._clock.now(), is_needed=is_needed)
            self.restore = await self._store.last_restore()
        except StoreFailed as error:
            if not self._failed:
                self._log("mark_not_kept", reason=str(error))
            self._failed = True
        else:
            self._failed = False

    async def stop(self) -> None:
        """The last move, after everything else was stored: what is copied after this stop has the mark that is kept."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_MOVE_S):
                await self.move(is_needed=True)

    @property
    def held(self) -> int:
        """How many messages are held, as last looked."""
        return 0 if self.restore is None else self.restore.held

    @property
    def asks(self) -> str:
        """What a person is asked; nothing if nothing is held."""
        if self.restore is None or not self.restore.held:
            return ""
        return (
            f"{self.restore.held:,} messages of a store that was put back are held: {RESTORED_TODO[self.restore.why]}"
        )
