"""Whose messages are whose: this process as one owner among others, and what it takes over from the dead.

A message that waits in memory, or is on the wire, is an owner's; its number is drawn at each start and is greater than
all before it. On SQLite one process serves (`serve_lock`), so every owner before it is dead when it starts. What else
rests on there being one such process stands on one page, docs/one-node.md, and is to be asked here.
"""

from __future__ import annotations

from collections.abc import Callable

from payamak.clock import Clock
from payamak.store.base import Chores

RECOVERY_BATCH = 500


async def take_over(store: Chores, clock: Clock, log: Callable[..., object]) -> int:
    """Before anything is taken: deliver as a new owner, end the leases of the dead, and treat what they had on the wire
    as ambiguous (P3).

    Returns how many attempts were ambiguous; all of it is committed. Raises StoreFailed.
    """
    total = 0
    for dead in await store.take_over(clock.now()):
        while found := await store.recover(dead, clock.now(), RECOVERY_BATCH):
            total += found
    if total:
        log("recovered", ambiguous_attempts=total)
    return total
