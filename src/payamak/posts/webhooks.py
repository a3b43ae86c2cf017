"""Webhooks: each account is told of the changes of its messages' states, by a post to its URL (hop 8, P9).

A target is an account's webhook; a queue of it is one message's notices. See rounds.py for how they are gone through,
store/rules/webhooks.py for how they get there.

    store.notices_due --> post --> 2xx: done
                               --> 410: dead, and so is what follows, until the URL is changed or a person replays
                               --> three days: dead, kept for replay
                               --> anything else: waiting, with a pause that grows
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence

from msgspec.structs import replace

from payamak.clock import Clock
from payamak.domain.pauses import WEBHOOKS
from payamak.domain.posting import GONE, PostState
from payamak.domain.site import Account
from payamak.domain.site.secrets import resolve
from payamak.domain.webhooks import (
    Notice,
    NoticeCount,
    NoticeResult,
    after_notice,
    payload,
    ping_payload,
)
from payamak.posts.post import Post, Posted, Poster
from payamak.posts.rounds import End, Rounds
from payamak.store.base import Store
from payamak.store.feed import Change

COUNT_EVERY_S = 10.0
"""How often what has not arrived is counted for the metrics: about 10 ms for 200,000, on a thread that reads."""


class Webhooks(Rounds[Notice, NoticeResult]):
    """Posts what changed. Lives on one event loop; `hear` listens to the Feed."""

    KIND = "webhook"

    def __init__(self, store: Store, clock: Clock, log: Callable[..., object], poster: Poster | None = None) -> None:
        super().__init__(clock, log, poster)
        self._store = store
        self._gone: dict[int, str | None] = {}
        self._learned: dict[int, str] = {}
        self._kept: set[int] = set()
        self._counted_s = clock.monotonic() - COUNT_EVERY_S
        self.counts: Sequence[NoticeCount] = ()

    def hear(self, changes: Sequence[Change]) -> None:
        """Something changed: look at once if a customer wants to know."""
        accounts = self._store.site.accounts_by_id
        for change in changes:
            account = accounts.get(change.message.account_id)
            if account is not None and account.webhook_url and change.message.state is not change.before:
                self.wake()
                return

    async def post(self, notice: Notice) -> Posted:
        """Post one notice, once."""
        account = self._store.site.accounts_by_id.get(notice.account_id)
        if account is None or not account.webhook_url:
            return Posted(note="the account has no webhook any more")
        if self._gone.get(account.id) == account.webhook_url:
            return Posted(status=GONE, note="not posted: the target has answered 410 (gone)")
        made = make_post(account, notice.id, payload(notice), os.environ)
        if not isinstance(made, Post):
            return Posted(note=made, is_unset=True)
        return await self._poster.post(made, self._clock.now())

    async def _waiting(self) -> Sequence[tuple[Hashable, int]]:
        if self._clock.monotonic() - self._counted_s >= COUNT_EVERY_S:
            self._counted_s = self._clock.monotonic()
            self.counts = await self._store.notice_counts()
        # A 410 that comes while the store is asked is not in its answer yet: it is remembered until a look that began
        # after it was kept.
        kept, self._kept = self._kept, set()
        targets = await self._store.webhook_targets()
        self._learned = {account_id: url for account_id, url in self._learned.items() if account_id not in kept}
        self._gone = {**{target.account_id: target.gone_url for target in targets}, **self._learned}
        return [(target.account_id, target.next_at) for target in targets]

    async def _due(self, name: Hashable, now: int, limit: int) -> Sequence[Notice]:
        assert isinstance(name, int)
        return await self._store.notices_due(name, now, limit)

    def _key(self, item: Notice) -> Hashable:
        return item.id

    async def _post(self, item: Notice) -> End[NoticeResult]:
        posted = await self.post(item)
        return self._end(item, posted, self._url_of(item) if posted.status == GONE else None)

    def _unposted(self, item: Notice, note: str) -> End[NoticeResult]:
        return self._end(item, Posted(note=note), None)

    def _end(self, item: Notice, posted: Posted, gone_url: str | None) -> End[NoticeResult]:
        now = self._clock.now()
        post, next_at = after_notice(item, posted.status, posted.retry_after_ms, now)
        asks_for_rest = posted.retry_after_ms and post is PostState.WAITING
        if gone_url:
            self._gone[item.account_id] = self._learned[item.account_id] = gone_url
        result = NoticeResult(
            message_id=item.message_id,
            sequence=item.sequence,
            account_id=item.account_id,
            post=post,
            next_at=next_at,
            note=posted.note,
            gone_url=gone_url,
        )
        return End(
            result=result,
            became=post.value,
            told={
                "event_id": item.id,
                "account": self._name_of(item),
                "tries": item.tries + 1,
                "note": posted.note,
            },
            rests_until=now + min(posted.retry_after_ms or 0, WEBHOOKS.longest_ms) if asks_for_rest else 0,
            is_unset=posted.is_unset,
        )

    async def _conclude(self, results: Sequence[NoticeResult]) -> None:
        await self._store.conclude_notices(results, self._clock.now())

    def _is_stored(self, result: NoticeResult) -> None:
        if result.gone_url:
            self._kept.add(result.account_id)

    def _name_of(self, notice: Notice) -> str:
        """The account's name; its number where it has gone."""
        account = self._store.site.accounts_by_id.get(notice.account_id)
        return f"#{notice.account_id}" if account is None else account.username

    def _url_of(self, notice: Notice) -> str | None:
        account = self._store.site.accounts_by_id.get(notice.account_id)
        return account.webhook_url or None if account else None


def make_post(account: Account, event: str, body: bytes, environment: Mapping[str, str]) -> Post | str:
    """The signed post of a body to an account's webhook; or why there can be none."""
    try:
        secret = resolve(account.webhook_secret, environment, "webhook_secret")
    except ValueError:
        secret = ""
    if not secret:
        return "the variable that webhook_secret names is not set"
    return Post(
        url=account.webhook_url,
        id=event,
        json=body,
        timeout_s=account.webhook_timeout_s,
        secret=secret,
        private_is_allowed=account.webhook_allow_private_target,
    )


def make_ping(account: Account, now: int, environment: Mapping[str, str]) -> Post | str:
    """The same for a test that tells of no message; whatever comes back is wanted."""
    event = f"ping-{now}"
    post = make_post(account, event, ping_payload(event, account.username, now), environment)
    return replace(post, wants_any_body=True) if isinstance(post, Post) else post
