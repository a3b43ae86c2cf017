"""The clock of the gateway: which instant it is while the wall clock may have jumped, and what is done about a jump.

domain/clocks.py says what a jump is and what follows. Here the machine's clocks are read, what is known of them is kept
in the store, so that neither a death nor a restart ends a doubt, and the store is set back when `now` fell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from payamak.clock import Source
from payamak.domain.clocks import JUMP_MS, ClockRecord, Clocks, accepted, first_look, look
from payamak.errors import StoreFailed
from payamak.store.base import Store
from payamak.texts.signs import CLOCK_JUMPED, jump_words

LOOK_EVERY_S = 0.25
"""How soon a jump is told, kept and followed up; what it does to deadlines and hours holds from the reading on."""

SET_BACK_BATCH = 500
"""Messages that are set back in one transaction: some 20 ms."""

PASSES = 2
"""What was asked to be written before `now` fell may be committed while the first pass looks."""

KEEP_FROM_MS = 1_000
"""A drift that is worth a commit."""

_TOO_FAR_APART_MS = 1_000
"""Two readings of the boot clock between which the wall clock was read: if the process was stopped there, again."""

_STILL_MS = 5
"""A wall clock that is behind `now` by no more has not moved: nothing has to be worked out."""


class KeptClock:
    """A Clock that doubts: each reading looks at both clocks, so a jump is known before anything is done by it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        wall, boot = self._read()
        self.clocks = first_look(wall, boot)
        self.on_fall: list[Callable[[], None]] = []
        """Told at once when `now` falls, before anything is done by it."""

    @property
    def boot_id(self) -> int:
        """See Source.boot_id."""
        return self._source.boot_id

    @property
    def boot(self) -> int:
        """See Source.boot."""
        return self._source.boot()

    def begin(self, kept: Clocks | None, last_commit: int, *, is_same_boot: bool) -> None:
        """Go on from what an earlier process knew: all of it on the same boot clock, else only whether it doubted.

        A jump of which that process died before it was on record is seen by what it committed: that is of the future.
        """
        wall, boot = self._read()
        if kept is not None and is_same_boot:
            seen = look(kept, wall, boot)
            if kept.is_in_doubt or seen.is_in_doubt or wall >= last_commit - JUMP_MS:
                self._see(seen)
            else:
                unseen = first_look(wall, boot, last_commit=last_commit)
                self.clocks = replace(unseen, fallen=seen.fallen, jumps=seen.jumps + 1)
            return
        is_doubtful = kept is not None and kept.is_in_doubt
        self.clocks = first_look(wall, boot, last_commit=last_commit, is_doubtful=is_doubtful)

    def now(self) -> int:
        """See Clock.now. While the clocks disagree, a Reading."""
        wall, boot = self._read()
        clocks = self.clocks
        if clocks.since is None and -_STILL_MS <= wall - boot - clocks.top <= 0:
            return boot + clocks.top
        return self._see(look(clocks, wall, boot)).read(boot)

    def look(self) -> Clocks:
        """What is known of the clocks now."""
        return self._see(look(self.clocks, *self._read()))

    def accept(self) -> None:
        """The wall clock is right as it was last seen."""
        self._see(accepted(self.clocks))

    def set_back(self, by: int) -> None:
        """What was written before `now` fell has been set back by so much."""
        fallen = self.clocks.fallen - by
        self.clocks = replace(self.clocks, fallen=fallen)

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return self._source.monotonic()

    def _see(self, clocks: Clocks) -> Clocks:
        has_fallen = clocks.fallen > self.clocks.fallen
        self.clocks = clocks
        if has_fallen:
            for heard in self.on_fall:
                heard()
        return clocks

    def _read(self) -> tuple[int, int]:
        """Wall and boot clock of one instant."""
        while True:
            before = self._source.boot()
            wall, boot = self._source.wall(), self._source.boot()
            if boot - before <= _TOO_FAR_APART_MS:
                return wall, boot


async def begin_clock(store: Store, clock: KeptClock) -> None:
    """Before anything asks `now`: go on from what the store remembers of the clocks. Raises StoreFailed."""
    go_on(clock, await store.clocks())
    await store.keep_clocks(clock.clocks, clock.boot_id)
    await set_back(store, clock)


async def set_back(store: Store, clock: KeptClock) -> int:
    """Set back all that was written before `now` fell; by how much, 0 if it did not. All of it is committed.

    If we die meanwhile, whoever comes next sets the rest of it back. Raises StoreFailed.
    """
    by = clock.clocks.fallen
    if not by:
        return 0
    for _ in range(PASSES):
        after_id: int | None = 0
        while after_id is not None:
            after_id = await store.set_back(by, int(clock.now()), after_id, SET_BACK_BATCH)
    clock.set_back(by)
    await store.keep_clocks(clock.look(), clock.boot_id)
    return by


def go_on(clock: KeptClock, record: ClockRecord) -> None:
    """Take up what a store remembers, and what a person has said of it."""
    is_same_boot = bool(clock.boot_id) and record.boot_id == clock.boot_id
    clock.begin(record.clocks, record.last_commit, is_same_boot=is_same_boot)
    if clock.clocks.is_in_doubt and record.accepts(clock.clocks, clock.boot_id):
        clock.accept()


class TimeKeeper:
    """Looks at the clocks, tells of jumps, keeps what is known, sets the store back. Lives on one event loop."""

    def __init__(self, store: Store, clock: KeptClock, log: Callable[..., object]) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._told: Clocks | None = None
        self._wake = asyncio.Event()
        clock.on_fall.append(self._wake.set)
        self._kept = clock.clocks

    @property
    def clocks(self) -> Clocks:
        """What is known of the clocks, as of now."""
        return self._clock.look()

    @property
    def asks(self) -> str:
        """What a person is asked; nothing while the clocks agree."""
        says = jump_words(self.clocks)
        return f"{says}: {CLOCK_JUMPED.todo}" if says else ""

    async def run(self) -> None:
        """Until cancelled. A disk that fails only delays it."""
        while True:
            self._wake.clear()
            try:
                await self.turn()
            except StoreFailed as error:
                self._log("clock_not_kept", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)

    async def turn(self) -> None:
        """One look. Raises StoreFailed; the next one goes on where it failed."""
        clocks = self.clocks
        if clocks.is_in_doubt and (await self._store.clocks()).accepts(clocks, self._clock.boot_id):
            self._clock.accept()
            clocks = self.clocks
            await self._store.accept_clock(0, 0)  # it counts for this jump alone
        self._tell(clocks)
        if _is_news(self._kept, clocks):
            await self._store.keep_clocks(clocks, self._clock.boot_id)
            self._kept = clocks
        if by := await set_back(self._store, self._clock):
            self._kept = self.clocks
            self._log("clock_set_back", by_s=by // 1_000)
            for heard in self._clock.on_fall:  # what was read from the store meanwhile was not set back yet
                heard()

    def _tell(self, clocks: Clocks) -> None:
        told, self._told = self._told, clocks
        has_jumped = clocks.is_in_doubt if told is None else clocks.jumps != told.jumps
        if has_jumped and not clocks.is_in_doubt:
            self._log("clock_jumped_and_came_back", jumps=clocks.jumps)
        elif has_jumped:
            todo = str(CLOCK_JUMPED.todo)
            self._log("clock_jumped", ahead_s=clocks.ahead // 1_000, true_in_s=self._true_in_s(clocks), todo=todo)
        if told is not None and told.is_in_doubt and not clocks.is_in_doubt:
            self._log("clock_settled", moved_s=(clocks.held - told.held) // 1_000)

    def _true_in_s(self, clocks: Clocks) -> int:
        return clocks.true_in(self._clock.boot) // 1_000


def _is_news(before: Clocks, after: Clocks) -> bool:
    """Whether a start would go on differently."""
    if (before.since, before.fallen) != (after.since, after.fallen):
        return True
    return max(abs(before.held - after.held), abs(before.top - after.top)) > KEEP_FROM_MS
