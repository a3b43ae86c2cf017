"""The traffic relay and web requests: what handsets sent, posted to the customer until it is read (contract §6, P9).

The store keeps the queues: of each target and sender only the first waiting message has its turn. So order needs no
memory here, and a process that dies posts again what it was posting: at least once, with the same id. Each target, that
is the relay of a line or one of its keywords, has places of its own, so that a dead one holds nobody else up.

    store.relay_due --> post --> 200: read, and the answer of a web request accepted in the same commit
                             --> 410, or three days: dead, kept for replay
                             --> anything else: waiting, with a pause that grows
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from payamak.clock import Clock
from payamak.delivery.posting import Post, Posted, Poster
from payamak.domain.mo import FIRST_PAUSE_MS, LONGEST_PAUSE_MS, READ, Received, RelayState, after_post
from payamak.errors import Refused, StoreFailed
from payamak.log import place_of
from payamak.store.base import NewMessage, PostResult, Store

PLACES = 8
"""Posts to one target at a time. Taste: enough for 800 a second where a post takes 10 ms."""

POLL_S = 1.0
"""How often the queues are looked at although nobody said that something is due: another process may replay."""

STORE_REST_S = 1.0

PlanReply = Callable[[str, str, str, str], NewMessage]
"""(username, line, recipient, text) -> the answer to a handset, checked and priced. Raises Refused."""


class _Target:
    """One target's places, what ended since the store was last asked, and until when it asked to be left alone."""

    def __init__(self) -> None:
        self.posting: dict[int, asyncio.Task[None]] = {}
        self.ended: set[int] = set()
        self.rests_until = 0


class Relay:
    """Posts what waits. Lives on one event loop; `wake` when something was kept."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        log: Callable[..., object],
        plan_reply: PlanReply,
        poster: Poster | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._plan_reply = plan_reply
        self._poster = poster or Poster()
        self._targets: dict[str, _Target] = {}
        self._wake = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Something may be due."""
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
                self._log("relay_not_read", reason=str(error))
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
        waiting = await self._store.relay_targets()
        now = self._clock.now()
        soonest_at = now + int(POLL_S * 1_000)
        for name, next_at in waiting:
            target = self._targets.setdefault(name, _Target())
            due_at = max(next_at, target.rests_until)
            if due_at > now:
                soonest_at = min(soonest_at, due_at)
            elif len(target.posting) < PLACES:
                await self._fill(name, target, now)
        names = {name for name, _ in waiting}
        self._targets = {name: t for name, t in self._targets.items() if t.posting or name in names}
        return (soonest_at - self._clock.now()) / 1_000

    async def _fill(self, name: str, target: _Target, now: int) -> None:
        target.ended.clear()
        for received in await self._store.relay_due(name, now, PLACES + len(target.posting)):
            if len(target.posting) >= PLACES or self._is_stopping:
                return
            # What ended while the store was asked may still stand as due in its answer.
            if received.id not in target.posting and received.id not in target.ended:
                task = asyncio.get_running_loop().create_task(self._relay(target, received))
                target.posting[received.id] = task

    async def _relay(self, target: _Target, received: Received) -> None:
        """Post one message and store what came of it."""
        try:
            result = await self._result(target, received)
            await self._conclude(result)
            self._log(
                "relay_" + result.state.value,
                received_id=received.id,
                line=received.line,
                tries=received.tries + 1,
                note=result.note,
            )
        except Exception as error:  # a bug: told once, and the target rests, or it would be posted to without a pause
            where = place_of(error)
            self._log("relay_failed", received_id=received.id, error=type(error).__name__, where=where)
            target.rests_until = self._clock.now() + FIRST_PAUSE_MS
        finally:
            target.posting.pop(received.id, None)
            target.ended.add(received.id)
            self._wake.set()

    async def _result(self, target: _Target, received: Received) -> PostResult:
        posted = await self._post(received)
        now = self._clock.now()
        state, next_at = after_post(received, posted.status, posted.retry_after_ms, now)
        if posted.retry_after_ms and state is RelayState.WAITING:
            target.rests_until = now + min(posted.retry_after_ms, LONGEST_PAUSE_MS)
        reply, note = self._reply(received, posted)
        return PostResult(received_id=received.id, state=state, next_at=next_at, note=note, reply=reply)

    async def _post(self, received: Received) -> Posted:
        line = self._store.site.lines.get(received.line)
        keyword = next((k for k in line.keywords if k.keyword == received.keyword), None) if line else None
        url = keyword.url if keyword else line.relay_url if line and not received.keyword else ""
        if line is None or not url:
            return Posted(note="the line has no such target any more")
        secret = ""
        if line.relay_secret:
            secret = os.environ.get(line.relay_secret.removeprefix("env:"), "")
            if not secret:
                return Posted(note="the variable that relay_secret names is not set")
        post = Post(
            url=url,
            id=f"mo-{received.id}",
            form={"to": received.line, "from": received.sender, "text": received.text},
            timeout_s=line.relay_timeout_s,
            secret=secret,
            private_is_allowed=line.allow_private_target,
            is_complete=received.is_complete,
            wants_body=bool(received.keyword),
        )
        return await self._poster.post(post, self._clock.now())

    def _reply(self, received: Received, posted: Posted) -> tuple[NewMessage | None, str]:
        """The answer of a web request, if it gave one that may go back, and the note to keep."""
        line = self._store.site.lines.get(received.line)
        if posted.status != READ or not posted.body or line is None or received.reply_id is not None:
            return None, posted.note
        keyword = next((k for k in line.keywords if k.keyword == received.keyword), None)
        if keyword is None:
            return None, posted.note
        try:
            return self._plan_reply(keyword.account, line.number, received.sender, posted.body), posted.note
        except Refused as refusal:
            return None, f"{posted.note}; the answer was refused: {refusal.code.name} ({refusal.code.value})"

    async def _conclude(self, result: PostResult) -> None:
        """Store it, whatever it takes: the customer will not say it again. Dying here posts once more."""
        while True:
            try:
                await self._store.conclude_post(result, self._clock.now())
                return
            except StoreFailed:
                await asyncio.sleep(STORE_REST_S)
