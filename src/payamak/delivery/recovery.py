"""What nobody waits for: deadlines, overdue receipts, retention; none of it may end in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from payamak.background import FailingWork
from payamak.clock import Clock
from payamak.errors import StoreFailed
from payamak.store.base import Chores, Opened

LOOK_EVERY_S = 0.25
SWEEP_EVERY_S = 1.0
SWEEP_BATCH = 500
RETIRE_EVERY_S = 60.0
RETIRE_BATCH = 200
"""Small batches: each is one transaction, and callers wait behind it (about 10 µs a message)."""


LOOK_WITHIN_S = 5.0
"""How long a start looks for pages that contradict each other: some 2 million messages on a common disk; a start of a
larger store does not take longer."""


async def look_through(store: Opened, log: Callable[..., object]) -> None:
    """Before anything is done with the store: its pages agree, as far as there is time. Raises StoreFailed."""
    if unfinished := await store.look_through(LOOK_WITHIN_S):
        log("store_partly_looked_through", detail=",".join(unfinished))


async def watch_store(store: Opened, log: Callable[..., object], went_well: Callable[[], None] = lambda: None) -> None:
    """Say when the disk fails and when it is well again, and try it meanwhile: nobody else may write. Until cancelled.

    A look that changes nothing succeeds on a full disk too, so only what is written proves anything.
    """
    said: str | None = None
    while True:
        trouble = store.trouble
        if trouble is not None and said is None:
            log("store_failed", reason=trouble, intake="closed")
        elif trouble is None and said is not None:
            log("store_well", reason_before=said, intake="open")
        said = trouble
        if trouble is not None:
            with suppress(StoreFailed):
                await store.prove()
        went_well()
        await asyncio.sleep(LOOK_EVERY_S)


async def keep_house(
    store: Chores, clock: Clock, log: Callable[..., object], health: FailingWork | None = None
) -> None:
    """Sweep deadlines every second and old messages every minute, until cancelled. A failing store only delays it.

    Deadlines and retention do not wait for each other: a bug in one is told, and the other goes on.
    """
    health = health or FailingWork(log)
    next_retire = clock.monotonic() + RETIRE_EVERY_S
    while True:
        try:
            touched = await health.attempt("deadlines", lambda: store.sweep(clock.now(), SWEEP_BATCH))
            if touched >= SWEEP_BATCH:
                continue
            if clock.monotonic() >= next_retire:
                removed = await health.attempt("retention", lambda: store.retire(clock.now(), RETIRE_BATCH))
                next_retire = clock.monotonic() + (0.0 if removed else RETIRE_EVERY_S)
            health.counts = await store.fault_counts()
            health.went_well("house")
        except StoreFailed as error:
            log("housekeeping_failed", reason=str(error))
        await asyncio.sleep(SWEEP_EVERY_S)
