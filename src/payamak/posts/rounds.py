"""The rounds of whoever posts to customers: what is due, target by target, and no target waits for another (P9).

The store keeps the queues, and of each only the first waiting entry has its turn; so order needs no memory here, and a
process that dies posts again what it was posting: at least once, with the same id. Each target has places of its own,
so that a dead one, whose posts take their whole time-out, holds nobody else up. There is no bound over all targets, or
the dead would fill it.

    _waiting --> which targets, and when --> _due --> ready --> a place --> _post --> ended --> _conclude, log

A post's cost is mostly what is around it, so that is shared: entries are read many at a time (READ_AT_ONCE), and what
came of posts is stored many at a time, as many as ended while the last ones were stored. A place is free when its post
has an answer, not when that is stored; how much may be unstored is bounded (UNSTORED), so that a store that fails stops
the posts, and a process that dies repeats little.

The relay of received messages and the webhooks both go these rounds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

from msgspec import Struct

from payamak.background import FailingWork
from payamak.clock import Clock
from payamak.errors import StoreFailed
from payamak.log import place_of
from payamak.posts.post import Poster

PLACES: Final = 8
"""Posts to one target at a time. Taste: enough for 800 a second where a post takes 10 ms."""

READ_AT_ONCE: Final = 256
"""Entries of a target that are read at a time; more are read when fewer than a quarter of them are left. Those that are
known are read again with them: measured, 1.4 rows a post; with 128, 1.5."""

UNSTORED: Final = 128
"""Ends of posts to one target that may wait to be stored: what a process that dies posts again, beside its places."""

STORED_AT_ONCE: Final = 64
"""Ends in one piece of work for the store: some 2 ms of its transaction."""

POLL_S = 1.0
"""How often the queues are looked at although nobody said that something is due: another process may replay."""

STORE_REST_S = 1.0
BUG_REST_MS = 5_000

Item = TypeVar("Item")
Result = TypeVar("Result")


class End(Struct, Generic[Result], frozen=True, kw_only=True):
    """What came of a post: for the store; for the log what `became` of it, with fields that quote nothing.

    `is_unset`: the log says instead that there was none, for a variable is not set.
    """

    result: Result
    became: str
    told: Mapping[str, object]
    rests_until: int = 0
    is_unset: bool = False
    """Until when its target asks to be left alone."""


class Target(Generic[Item]):
    """One target's entries and places, what ended since the store was last asked, and until when it rests.

    `known`: entries that are ready, being posted or unstored. What the store tells of them meanwhile is old.
    """

    def __init__(self) -> None:
        self.ready: deque[Item] = deque()
        self.known: set[Hashable] = set()
        self.ended: set[Hashable] = set()
        self.places: set[asyncio.Task[None]] = set()
        self.posting = 0
        self.unstored = 0
        self.rests_until = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is here."""
        return not (self.known or self.places)


class Rounds(Generic[Item, Result]):
    """Posts what waits. Lives on one event loop; `wake` when something may be due. A user says what the queues are."""

    KIND = ""
    """The first word of its lines in the log."""

    def __init__(self, clock: Clock, log: Callable[..., object], poster: Poster | None) -> None:
        self._clock = clock
        self._log = log
        self._poster = poster or Poster()
        self._targets: dict[Hashable, Target[Item]] = {}
        self._ended: deque[tuple[Target[Item], Item, End[Result]]] = deque()
        self._storing: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._is_stopping = False
        self.health = FailingWork(log)
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

    async def _post(self, item: Item) -> End[Result]:
        """Post one; what came of it."""
        raise NotImplementedError

    def _unposted(self, item: Item, note: str) -> End[Result]:
        """What is stored of one that could not be posted, as a post that had no answer: others go before it."""
        raise NotImplementedError

    async def _conclude(self, results: Sequence[Result]) -> None:
        """Store what came of posts, in one transaction."""
        raise NotImplementedError

    def _is_stored(self, result: Result) -> None:
        """It is on disk."""

    # -- the rounds

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def set_back(self) -> None:
        """`now` fell: no target rests until an instant of before, and what was read has other instants now."""
        for target in self._targets.values():
            target.rests_until = 0
            self._forget_ready(target)
        self._wake.set()

    @property
    def posting(self) -> int:
        """Posts under way."""
        return sum(target.posting for target in self._targets.values())

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
        places = [task for target in self._targets.values() for task in target.places]
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                if places:
                    await asyncio.wait(places)
                if self._storing is not None:
                    await asyncio.wait([self._storing])
        tasks = [*places, *([self._storing] if self._storing is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.close()

    # -- what is due

    async def _look(self) -> float:
        """Give every entry that is due a place, as far as there are any; seconds until the next one is due."""
        waiting = await self._waiting()
        now = self._clock.now()
        soonest_at = now + int(POLL_S * 1_000)
        are_well = True
        for name, next_at in waiting:
            target = self._targets.setdefault(name, Target())
            due_at = max(next_at, target.rests_until)
            if due_at > now:
                soonest_at = min(soonest_at, due_at)
            else:
                are_well &= await self._fills(name, target, now)
        if are_well:
            self.health.went_well(self.KIND)
        names = {name for name, _ in waiting}
        self._targets = {name: t for name, t in self._targets.items() if name in names or not t.is_idle}
        return (soonest_at - self._clock.now()) / 1_000

    async def _fills(self, name: Hashable, target: Target[Item], now: int) -> bool:
        """Fill the places of a target; False if that failed by a bug: this target rests, the others go on."""
        try:
            await self._fill(name, target, now)
        except StoreFailed:
            raise
        except Exception as error:
            self.health.failed(self.KIND, error)
            self._rest(target, now + BUG_REST_MS)
            return False
        return True

    async def _fill(self, name: Hashable, target: Target[Item], now: int) -> None:
        if len(target.ready) < READ_AT_ONCE // 4 and target.unstored < UNSTORED:
            target.ended.clear()
            for item in await self._due(name, now, READ_AT_ONCE + len(target.known)):
                key = self._key(item)
                # What ended while the store was asked may still stand as due in its answer.
                if key not in target.known and key not in target.ended:
                    target.known.add(key)
                    target.ready.append(item)
        if target.rests_until > now:  # it has asked for that while the store was asked
            self._forget_ready(target)
        self._take_places(target)

    def _take_places(self, target: Target[Item]) -> None:
        """As many places as there are entries for, each with a task that posts one after the other."""
        for _ in range(min(PLACES - len(target.places), len(target.ready))):
            if not self._may_post(target):
                return
            task = asyncio.get_running_loop().create_task(self._place(target))
            target.places.add(task)
            task.add_done_callback(target.places.discard)

    def _may_post(self, target: Target[Item]) -> bool:
        return not self._is_stopping and target.unstored < UNSTORED

    def _rest(self, target: Target[Item], until: int) -> None:
        """Leave a target alone until then; what was read of it is read again."""
        target.rests_until = until
        self._forget_ready(target)

    def _forget_ready(self, target: Target[Item]) -> None:
        target.known.difference_update(map(self._key, target.ready))
        target.ready.clear()

    # -- a post, and its end

    async def _place(self, target: Target[Item]) -> None:
        while target.ready and self._may_post(target):
            item = target.ready.popleft()
            target.posting += 1
            end: End[Result] | None
            try:
                end = await self._post(item)
            except Exception as error:  # a bug with this one: told, and put off like a post without an answer
                self._tell_bug(item, error)
                end = self._put_off(target, item, error)
            except BaseException:  # stopped: it is posted again
                target.known.discard(self._key(item))
                raise
            finally:
                target.posting -= 1
            if end is not None:
                self._keep(target, item, end)

    def _keep(self, target: Target[Item], item: Item, end: End[Result]) -> None:
        if end.rests_until:
            self._rest(target, end.rests_until)
        target.unstored += 1
        self._ended.append((target, item, end))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.get_running_loop().create_task(self._store_ends())

    async def _store_ends(self) -> None:
        """Store what ended until nothing is left, whatever it takes: the customer will not say it again."""
        while self._ended:
            some = [self._ended.popleft() for _ in range(min(len(self._ended), STORED_AT_ONCE))]
            try:
                await self._stored([end.result for _, _, end in some])
            except Exception:  # a bug with one of them, which fails by itself
                for target, item, end in some:
                    await self._store_alone(target, item, end)
            else:
                for target, item, _ in some:
                    self._let_go(target, item)
                for _, _, end in some:
                    self._tell(end)
            self._wake.set()

    async def _store_alone(self, target: Target[Item], item: Item, end: End[Result]) -> None:
        try:
            await self._stored([end.result])
        except Exception as error:
            self._tell_bug(item, error)
            instead = self._put_off(target, item, error)
            try:
                if instead is not None:
                    await self._stored([instead.result])
            except Exception:
                self._rest(target, self._clock.now() + BUG_REST_MS)
            self._let_go(target, item)
        else:
            self._let_go(target, item)
            self._tell(end)

    def _tell(self, end: End[Result]) -> None:
        """It is on disk: count and log it."""
        self._is_stored(end.result)
        self.posts[end.became] = self.posts.get(end.became, 0) + 1
        self._log(f"{self.KIND}_{'unset' if end.is_unset else end.became}", **end.told)

    def _let_go(self, target: Target[Item], item: Item) -> None:
        key = self._key(item)
        target.known.discard(key)
        target.ended.add(key)
        target.unstored -= 1

    def _put_off(self, target: Target[Item], item: Item, error: Exception) -> End[Result] | None:
        """Where not even that can be made the target rests, or it would be posted to without a pause."""
        try:
            return self._unposted(item, f"not posted: an error of ours ({type(error).__name__})")
        except Exception:
            self._rest(target, self._clock.now() + BUG_REST_MS)
            target.known.discard(self._key(item))
            return None

    def _tell_bug(self, item: Item, error: Exception) -> None:
        where, kind = place_of(error), type(error).__name__
        self.health.alarm(self.KIND + "_failed", id=self._key(item), error=kind, where=where)

    async def _stored(self, results: Sequence[Result]) -> None:
        """Store them as soon as the store can. Dying here posts again."""
        while True:
            try:
                await self._conclude(results)
                return
            except StoreFailed:
                await asyncio.sleep(STORE_REST_S)
