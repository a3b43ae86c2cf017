"""The rounds of whoever posts to customers: what is due, target by target, and no target waits for another (P9).

The store keeps the queues, and of each only the first waiting entry has its turn; so order needs no memory here, and a
process that dies posts again what it was posting: at least once, with the same id. Each target has places of its own,
so that a dead one, whose posts take their whole time-out, holds nobody else up. There is no bound over all targets, or
the dead would fill it.

    _waiting --> which targets, and when --> _due --> a place --> _handle: post, conclude, log

The relay of received messages and the webhooks both go these rounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from payamak.background import Health
from payamak.clock import Clock
from payamak.errors import StoreFailed
from payamak.log import place_of
from payamak.posts.post import Poster

PLACES = 8
"""Posts to one target at a time. Taste: enough for 800 a second where a post takes 10 ms."""

POLL_S = 1.0
"""How often the queues are looked at although nobody said that something is due: another process may replay."""

STORE_REST_S = 1.0
BUG_REST_MS = 5_000

Item = TypeVar("Item")


class Target:
    """One target's places, what ended since the store was last asked, and until when it asked to be left alone."""

    def __init__(self) -> None:
        self.posting: dict[Hashable, asyncio.Task[None]] = {}
        self.ended: set[Hashable] = set()
        self.rests_until = 0


class Rounds(Generic[Item]):
    """Posts what waits. Lives on one event loop; `wake` when something may be due. A user says what the queues are."""

    KIND = ""
    """The first word of its lines in the log."""

    def __init__(self, clock: Clock, log: Callable[..., object], poster: Poster | None) -> None:
        self._clock = clock
        self._log = log
        self._poster = poster or Poster()
        self._targets: dict[Hashable, Target] = {}
        self._wake = asyncio.Event()
        self._is_stopping = False
        self.health = Health(log)
        """Where bugs are told; the runtime puts in the one that all background work shares."""
        self.posts: dict[str, int] = {}
        """Posts since the start, by what became of them."""

    # -- what a user says

    async def _waiting(self) -> Sequence[tuple[Hashable, int]]:
        """The targets that something waits for, each with the instant at which its first post is due."""
        raise NotImplementedError

    async def _due(self, name: Hashable, now: int, limit: int) -> Sequence[Item]:
        """What may be posted to a target now."""
        raise NotImplementedError

    def _key(self, item: Item) -> Hashable:
        """What tells an entry of a queue from the others; also its name in the log."""
        raise NotImplementedError

    async def _handle(self, target: Target, item: Item) -> None:
        """Post one, store what came of it, tell the log."""
        raise NotImplementedError

    async def _put_off(self, item: Item, note: str) -> None:
        """Store that one could not be posted, as a post that had no answer: it comes again, others go before it."""
        raise NotImplementedError

    # -- the rounds

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def set_back(self) -> None:
        """`now` fell: no target rests until an instant of before."""
        for target in self._targets.values():
            target.rests_until = 0
        self._wake.set()

    @property
    def posting(self) -> int:
        """Posts under way."""
        return sum(len(target.posting) for target in self._targets.values())

    async def run(self) -> None:
        """Post what is due, until cancelled or stopped."""
        while not self._is_stopping:
            self._wake.clear()
            try:
                rest_s = await self._look()
            except StoreFailed as error:
                self._log(self.KIND + "_not_read", reason=str(error))
                rest_s = STORE_REST_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(min(rest_s, POLL_S), 0.01))

    async def stop(self, timeout_s: float) -> None:
        """Begin no more posts, wait for those under way; what is let go of is posted again at the next start."""
        self._is_stopping = True
        self._wake.set()
        tasks = [task for target in self._targets.values() for task in target.posting.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.close()

    async def _look(self) -> float:
        """Begin every post that is due and has a place; seconds until the next one is due."""
        waiting = await self._waiting()
        now = self._clock.now()
        soonest_at = now + int(POLL_S * 1_000)
        are_well = True
        for name, next_at in waiting:
            target = self._targets.setdefault(name, Target())
            due_at = max(next_at, target.rests_until)
            if due_at > now:
                soonest_at = min(soonest_at, due_at)
            elif len(target.posting) < PLACES:
                are_well &= await self._fills(name, target, now)
        if are_well:
            self.health.went_well(self.KIND)
        names = {name for name, _ in waiting}
        self._targets = {name: t for name, t in self._targets.items() if t.posting or name in names}
        return (soonest_at - self._clock.now()) / 1_000

    async def _fills(self, name: Hashable, target: Target, now: int) -> bool:
        """Fill the places of a target; False if that failed by a bug: this target rests, the others go on."""
        try:
            await self._fill(name, target, now)
        except StoreFailed:
            raise
        except Exception as error:
            self.health.failed(self.KIND, error)
            target.rests_until = now + BUG_REST_MS
            return False
        return True

    async def _fill(self, name: Hashable, target: Target, now: int) -> None:
        target.ended.clear()
        for item in await self._due(name, now, PLACES + len(target.posting)):
            if len(target.posting) >= PLACES or self._is_stopping:
                return
            key = self._key(item)
            # What ended while the store was asked may still stand as due in its answer.
            if key not in target.posting and key not in target.ended:
                target.posting[key] = asyncio.get_running_loop().create_task(self._begin(target, key, item))

    async def _begin(self, target: Target, key: Hashable, item: Item) -> None:
        try:
            await self._handle(target, item)
        except Exception as error:  # a bug with this one: told, and put off like a post without an answer
            self.health.alarm(self.KIND + "_failed", id=key, error=type(error).__name__, where=place_of(error))
            await self._put_off_or_rest(target, item, error)
        finally:
            target.posting.pop(key, None)
            target.ended.add(key)
            self._wake.set()

    async def _put_off_or_rest(self, target: Target, item: Item, error: Exception) -> None:
        """Where not even that can be stored the target rests, or it would be posted to without a pause."""
        try:
            await self._put_off(item, f"not posted: an error of ours ({type(error).__name__})")
        except Exception:
            target.rests_until = self._clock.now() + BUG_REST_MS

    def _tell(self, became: str, **fields: object) -> None:
        """Count and log a post whose end is stored."""
        self.posts[became] = self.posts.get(became, 0) + 1
        self._log(f"{self.KIND}_{became}", **fields)

    async def _stored(self, work: Callable[[], Awaitable[object]]) -> None:
        """Store what came of a post, whatever it takes: the customer will not say it again. Dying here posts again."""
        while True:
            try:
                await work()
                return
            except StoreFailed:
                await asyncio.sleep(STORE_REST_S)
