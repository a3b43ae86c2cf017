"""The traffic relay and web requests: what handsets sent, posted to the customer until it is read (contract §6, P9).

A target is the relay of a line or one of its keywords; a queue of it is one sender's. See rounds.py for how they are
gone through.

    store.relay_due --> post --> 200: read, and the answer of a web request accepted in the same commit
                             --> 410, or three days: dead, kept for replay
                             --> anything else: waiting, with a pause that grows
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from payamak.clock import Clock
from payamak.domain.mo import READ, Received, after_post
from payamak.domain.pauses import RELAYS
from payamak.domain.posting import SHOWN_OF_A_PAGE, PostState
from payamak.domain.site.secrets import is_missing, resolve
from payamak.errors import Refused
from payamak.posts import rounds
from payamak.posts.post import Post, Posted, Poster
from payamak.posts.rounds import End, Rounds
from payamak.store.base import Store
from payamak.store.records import NewMessage, PostResult

PLACES: Final = rounds.PLACES
"""Posts to one target at a time."""

NO_ANSWER: Final = "the answer is a web page and was not sent"

PlanReply = Callable[[str, str, str, str], NewMessage]
"""(username, line, recipient, text) -> the answer to a handset, checked and priced. Raises Refused."""


class Relay(Rounds[Received, PostResult]):
    """Posts what waits. Lives on one event loop; `wake` when something was kept."""

    KIND = "relay"

    def __init__(
        self,
        store: Store,
        clock: Clock,
        log: Callable[..., object],
        plan_reply: PlanReply,
        poster: Poster | None = None,
    ) -> None:
        super().__init__(clock, log, poster)
        self._store = store
        self._plan_reply = plan_reply

    async def _waiting(self) -> Sequence[tuple[Hashable, int]]:
        return await self._store.relay_targets()

    async def _due(self, name: Hashable, now: int, limit: int) -> Sequence[Received]:
        return await self._store.relay_due(str(name), now, limit)

    def _key(self, item: Received) -> Hashable:
        return item.id

    async def _post(self, item: Received) -> End[PostResult]:
        posted = await self._post_once(item)
        now = self._clock.now()
        state, next_at = after_post(item, posted.status, posted.retry_after_ms, now)
        asks_for_rest = posted.retry_after_ms and state is PostState.WAITING
        reply, note = self._reply(item, posted)
        kept = (
            f"{note}: {' '.join((posted.body or '').split())[:SHOWN_OF_A_PAGE]}" if note.endswith(NO_ANSWER) else note
        )
        return End(
            result=PostResult(received_id=item.id, state=state, next_at=next_at, note=kept, reply=reply),
            became=state.value,
            told=_told(item, note),
            rests_until=now + min(posted.retry_after_ms or 0, RELAYS.longest_ms) if asks_for_rest else 0,
            is_unset=posted.is_unset,
        )

    def _unposted(self, item: Received, note: str) -> End[PostResult]:
        state, next_at = after_post(item, None, None, self._clock.now())
        result = PostResult(received_id=item.id, state=state, next_at=next_at, note=note, reply=None)
        return End(result=result, became=state.value, told=_told(item, note))

    async def _conclude(self, results: Sequence[PostResult]) -> None:
        await self._store.conclude_posts(results, self._clock.now())

    async def _post_once(self, received: Received) -> Posted:
        line = self._store.site.lines.get(received.line)
        keyword = next((k for k in line.keywords if k.keyword == received.keyword), None) if line else None
        url = keyword.url if keyword else line.relay_url if line and not received.keyword else ""
        if line is None or not url:
            return Posted(note="the line has no such target any more")
        secret = ""
        if line.relay_secret:
            if is_missing(line.relay_secret, os.environ):
                return Posted(note="the variable that relay_secret names is not set", is_unset=True)
            secret = resolve(line.relay_secret, os.environ, "relay_secret")
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
        if posted.is_page:
            return None, f"{posted.note}; {NO_ANSWER}"
        try:
            return self._plan_reply(keyword.account, line.number, received.sender, posted.body), posted.note
        except Refused as refusal:
            return None, f"{posted.note}; the answer was refused: {refusal.code.name} ({refusal.code.value})"


def _told(received: Received, note: str) -> dict[str, object]:
    """What the log is told of a post: nothing of the message, nothing of its answer."""
    return {"received_id": received.id, "line": received.line, "tries": received.tries + 1, "note": note}
