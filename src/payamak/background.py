"""Work in the background: it never ends in silence, and whether it fails is told.

Claims, rounds of posts and deadlines go on by themselves, and nobody waits for an answer that would show a bug in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from payamak.errors import StoreFailed
from payamak.log import place_of
from payamak.store.records import FaultCounts

AFTER_A_BUG_S = 1.0


class FailingWork:
    """Which work in the background fails: since its last failure it has not succeeded. Lives on one event loop.

    `alarm` tells the log, as an error, whatever the level. `counts` is what the store has put aside, as last counted.
    """

    def __init__(self, alarm: Callable[..., object]) -> None:
        self.alarm = alarm
        self.counts = FaultCounts()
        self._failing: dict[str, str] = {}

    def failed(self, name: str, error: Exception) -> None:
        """A bug in it: told by type and place, for its words may quote a text."""
        self._failing[name] = type(error).__name__
        self.alarm("background_work_failed", task=name, error=type(error).__name__, where=place_of(error))

    def went_well(self, name: str) -> None:
        """A whole round of it, or what failed before, has succeeded."""
        self._failing.pop(name, None)

    @property
    def trouble(self) -> str | None:
        """What fails now, for a person; None if all is well."""
        if not self._failing:
            return None
        return "background work fails: " + ", ".join(f"{name} ({error})" for name, error in self._failing.items())

    async def attempt(self, name: str, work: Callable[[], Awaitable[int]]) -> int:
        """One round of one piece of work: 0 if it failed by a bug, so that the others go on. Raises StoreFailed."""
        try:
            done = await work()
        except StoreFailed:
            raise
        except Exception as error:
            self.failed(name, error)
            return 0
        self.went_well(name)
        return done


async def keep_going(
    name: str,
    work: Callable[[], Awaitable[None]],
    log: Callable[..., object],
    rest_s: float = AFTER_A_BUG_S,
    health: FailingWork | None = None,
) -> None:
    """Run what works in the background until it returns or is cancelled.

    A bug in it is told as an error; after a pause the work begins anew, and tells `health` when a round has gone well.
    If it ended instead, claims or deadlines would stand still and nothing would show it (P2).
    """
    health = health or FailingWork(log)
    while True:
        try:
            return await work()
        except Exception as error:
            health.failed(name, error)
        await asyncio.sleep(rest_s)
