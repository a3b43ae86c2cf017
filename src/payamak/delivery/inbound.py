"""Messages from handsets (MO): stored, then acknowledged. What follows from them is in the same transaction, or the
relay's (relay.py).

The desk knows which binds are up. An operator repeats what it has no answer for: when a bind is gone, all that it
brought last; on a bind that is up, what we took too long to store. Everything else that looks the same is a person
who sent the same words twice. An operator that breaks a bind may repeat over another one before we hear of it: the same
words over another bind wait a second for such news.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress

from payamak.background import FailingWork
from payamak.clock import Clock
from payamak.domain.mo import KeptAs, MoPart
from payamak.domain.numbers import masked
from payamak.errors import NotTaken, StoreFailed
from payamak.store.base import Store

SLOW_S = 2.0
"""A part that has waited so long for the disk may be repeated on the same bind: response timers begin at about 5 s."""

DOUBT_S = 1.0
"""How long the same words over another bind wait for the news that the first one is gone. It was sent before them, so
a loop turn or two would do."""

NOT_TAKEN = {KeptAs.TOO_MANY: False, KeptAs.TOO_LONG: True}
"""What is not kept, and whether it is for good."""

SWEEP_EVERY_S = 1.0
SWEEP_BATCH = 200
RETIRE_EVERY_S = 60.0


class InboundDesk:
    """Takes parts from upstreams; lives on one event loop. `on_kept` is told of each message that is whole."""

    def __init__(
        self, store: Store, clock: Clock, log: Callable[..., object], on_kept: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._on_kept = on_kept
        self._sessions: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._storing: dict[bytes, tuple[float, asyncio.Future[KeptAs]]] = {}

    def link_changed(self, name: str) -> None:
        """The link came up or went down: what its last bind brought may come again."""
        self._sessions.pop(name, None)
        self._changed.set()
        self._changed = asyncio.Event()

    async def mo(self, part: MoPart) -> None:
        """Commit a part, joined or not. Raises StoreFailed, or NotTaken: then the operator will bring it again, unless
        that is for good."""
        session = self._sessions.setdefault(part.link, secrets.token_hex(8))
        digest, now_s = part.digest, self._clock.monotonic()
        started_s, storing = self._storing.get(digest, (now_s, None))
        if storing is not None and now_s - started_s > SLOW_S:
            await asyncio.shield(storing)
            return
        stored = asyncio.ensure_future(self._keep(part, session))
        self._storing[digest] = (now_s, stored)
        try:
            kept = await asyncio.shield(stored)
        finally:
            if self._storing.get(digest, (0.0, None))[1] is stored:
                del self._storing[digest]
        if kept in NOT_TAKEN:
            raise NotTaken(kept.value, is_for_good=NOT_TAKEN[kept])
        if kept is KeptAs.WHOLE:
            self._on_kept()
        place = f"{part.part}/{part.total}"
        self._log("mo_" + kept.value, link=part.link, line=part.line, sender_masked=masked(part.sender), place=place)

    async def _keep(self, part: MoPart, session: str) -> KeptAs:
        surely_at_s = asyncio.get_running_loop().time() + DOUBT_S
        while True:
            is_sure = asyncio.get_running_loop().time() >= surely_at_s
            changed, live = self._changed, frozenset(self._sessions.values())
            kept = await self._store.receive_mo(part, session, live, self._clock.now(), is_sure=is_sure)
            if kept is not KeptAs.DOUBTFUL:
                return kept
            with suppress(TimeoutError):
                async with asyncio.timeout_at(surely_at_s):
                    await changed.wait()

    async def run(self, health: FailingWork | None = None) -> None:
        """Until cancelled: deliver what waits too long for its parts, forget old ones. A failing store delays it."""
        health = health or FailingWork(self._log)
        next_retire_s = self._clock.monotonic() + RETIRE_EVERY_S
        while True:
            try:
                if touched := await health.attempt("received", self._sweep):
                    self._on_kept()
                    if touched >= SWEEP_BATCH:
                        continue
                if self._clock.monotonic() >= next_retire_s:
                    removed = await health.attempt("received retention", self._retire)
                    next_retire_s = self._clock.monotonic() + (0.0 if removed else RETIRE_EVERY_S)
                health.went_well("inbound")
            except StoreFailed as error:
                self._log("housekeeping_failed", reason=str(error))
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _sweep(self) -> int:
        return await self._store.sweep_received(self._clock.now(), SWEEP_BATCH)

    async def _retire(self) -> int:
        return await self._store.retire_received(self._clock.now(), SWEEP_BATCH)
