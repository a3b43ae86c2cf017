"""Posts by hand: what customers were told and did not get, posted once more."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from payamak.domain.posting import PostState
from payamak.domain.webhooks import event_id
from payamak.hands.acts import AT_ONCE, in_batches, named
from payamak.hands.site import account_of
from payamak.store.base import Store
from payamak.store.records import Act, By, ReceivedSearch


async def received_ids(store: Store, wanted: ReceivedSearch) -> Sequence[int]:
    """The ids of all messages from handsets that match, oldest first."""
    found: list[int] = []
    while page := await store.search_received(replace(wanted, before_id=found[-1] if found else None, limit=1_000)):
        found += [received.id for received in page]
    return found[::-1]


async def replay_received(store: Store, ids: Sequence[int], line: str | None, by: By, now: int) -> int:
    """Post these once more, as far as they have a target and do not wait; how many. `line`: whose they all are."""
    about = f"line {line}" if line is not None else named("received message", ids)
    act = Act(by=by, at=now, what="replay", about=about, after="waiting")
    return await in_batches(ids, lambda some: store.replay(some, now, act))


class Events(Struct, frozen=True, kw_only=True):
    """Events (message, sequence) that are to be posted again, and how many pauses of an account's are to end."""

    ids: tuple[tuple[int, int], ...]
    account: str | None = None
    paused: int = 0


async def events_of(store: Store, account: str, since_at: int, *, done: bool, waiting: bool) -> Events:
    """An account's events that were given up; if `done` those that have arrived too, if `waiting` what is paused."""
    account_id = account_of(store.site, account).id
    ids: list[tuple[int, int]] = []
    for post in (PostState.DEAD, *([PostState.DONE] if done else [])):
        ids += await store.notice_ids(account_id, post, since_at)
    paused = len(await store.notice_ids(account_id, PostState.WAITING, 0)) if waiting else 0
    return Events(ids=tuple(ids), account=account, paused=paused)


async def replay_events(store: Store, events: Events, by: By, now: int) -> tuple[int, int]:
    """Post events once more and end pauses; how many of each."""
    events_named = [event_id(*event) for event in events.ids]
    about = f"account {events.account}" if events.account is not None else named("event", events_named)
    hurried = 0
    if events.account is not None:
        account_id = account_of(store.site, events.account).id
        act = Act(by=by, at=now, what="hurry", about=about, before="paused", after="due")
        while hurried < events.paused and (some := await store.hurry_notices(account_id, now, AT_ONCE, act)):
            hurried += some
    act = Act(by=by, at=now, what="replay", about=about, after="waiting")
    return await in_batches(sorted(events.ids), lambda some: store.replay_notices(some, now, act)), hurried
