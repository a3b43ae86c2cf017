"""Campaigns by hand: a file becomes a draft, a draft that was checked is started, paused, resumed, taken back.

Who does it, and what it was about, is kept with each act. What a person saw is what he starts: version and sum go with
it. NotDone is raised before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import islice
from typing import Final, assert_never

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowBar, fields_of
from payamak.domain.campaigns import (
    STOPS_WAITING,
    Campaign,
    CampaignCancelled,
    CampaignEvent,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    CampaignState,
    IllegalCampaignMove,
    PauseReason,
    RowsRead,
)
from payamak.domain.message import State
from payamak.errors import Refused
from payamak.hands.acts import AT_ONCE
from payamak.hands.refusals import NotDone, told
from payamak.language import worded
from payamak.store.base import Store
from payamak.store.records import Act, AudienceRow, By

ROWS_AT_ONCE: Final = 1_000
"""Rows of a file in one transaction: some 5 ms."""


class FileRow(Struct, frozen=True, array_like=True):
    """A row of a file: its line, the number as it stands there, a text for each column."""

    line: int
    number: str
    texts: tuple[str, ...]


async def create(
    store: Store,
    draft: Campaign,
    rows: Iterable[FileRow],
    by: By,
    now: int,
    tell: Callable[[int], None] = lambda n: None,
) -> Campaign:
    """Keep a draft with its rows, some at a time; whoever dies on the way leaves one that cannot be started."""
    act = Act(
        by=by, at=now, what="campaign new", about=f"account {store.site.accounts_by_id[draft.account_id].username}"
    )
    campaign = await store.create_campaign(draft, act)
    count, waiting = 0, iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        await store.add_campaign_rows(
            campaign.id, [CampaignRow(n=row.line, recipient=row.number, fields=fields_of(row.texts)) for row in some]
        )
        count += len(some)
        tell(count)
    return await store.happen_to_campaign(campaign.id, RowsRead(count), now)


class Audience(StrEnum):
    """Which rows of a campaign are to be those of another one."""

    ALL = "all"
    REACHED = "reached"
    NOT_REACHED = "not-reached"


async def again(store: Store, before: Campaign, audience: Audience, by: By, now: int) -> Campaign:
    """A draft for the people of another campaign's rows: all, those whose message arrived, or the others."""
    draft = Campaign(
        account_id=before.account_id,
        name=before.name,
        text=before.text,
        columns=before.columns,
        ways=before.ways,
        template=before.template,
        pace_per_minute=before.pace_per_minute,
        validity_ms=before.validity_ms,
        guard_share=before.guard_share,
        digest=before.digest,
        created_by=by.who,
        created_at=now,
    )
    act = Act(by=by, at=now, what="campaign again", about=f"campaign {before.id}")
    campaign = await store.create_campaign(draft, act)
    count = after_n = 0
    while rows := await store.campaign_audience(before.id, after_n, ROWS_AT_ONCE):
        after_n = rows[-1].n
        wanted = [
            CampaignRow(n=row.n, recipient=row.recipient, fields=row.fields) for row in rows if _is_of(audience, row)
        ]
        await store.add_campaign_rows(campaign.id, wanted)
        count += len(wanted)
    if not count:
        raise NotDone(worded("no row of it is such a one", "هیچ سطری از آن چنین نیست"))
    return await store.happen_to_campaign(campaign.id, RowsRead(count), now)


def _is_of(audience: Audience, row: AudienceRow) -> bool:
    """Whoever stood in the file twice was reached by the first of his rows."""
    match audience:
        case Audience.ALL:
            return True
        case Audience.REACHED:
            return row.state is State.DELIVERED
        case Audience.NOT_REACHED:
            return row.state is not State.DELIVERED and row.why != RowBar.DUPLICATE
        case _:
            assert_never(audience)


async def find(store: Store, campaign_id: int, account: str | None = None) -> Campaign:
    """A campaign; with `account` only if it is this account's."""
    campaign = await store.campaign(campaign_id)
    owner = None if campaign is None else store.site.accounts_by_id.get(campaign.account_id)
    if campaign is None or (account is not None and (owner is None or owner.username != account)):
        raise NotDone(worded(f"there is no campaign {campaign_id}", f"ارسال گروهی {campaign_id} نیست"))
    return campaign


async def start(store: Store, seen: Campaign, by: By, now: int, *, send_at: int | None = None) -> tuple[Campaign, bool]:
    """Start what a person saw, for the sum that he saw; the campaign, and whether it was this call that started it.

    What has been started already, by another press or another person, is not started again.
    """
    event = CampaignStarted(
        version=seen.version, seen_rial=seen.most_rial, site_version=store.site.version, send_at=send_at
    )
    try:
        return await _act(store, seen, "start", event, by, now), True
    except Refused as refused:
        raise await _too_little(store, seen, refused) from refused
    except NotDone as refused:
        now_is = await find(store, seen.id)
        if isinstance(refused.__cause__, IllegalCampaignMove) and now_is.started_at is not None:
            return now_is, False
        raise


async def _too_little(store: Store, seen: Campaign, refused: Refused) -> NotDone:
    """How far the money would reach, by what a row costs at most on average."""
    if refused.code is not Code.NO_CREDIT:
        return NotDone(worded(refused.code.english, refused.code.persian))
    available = max(await store.available(seen.account_id), 0)
    reach = min(available * seen.pending // max(seen.most_rial, 1), seen.pending)
    return NotDone(
        worded(
            f"it takes at most {seen.most_rial:,} rial and the account has {available:,}: that would reach about "
            f"{reach:,} of {seen.pending:,}; nothing was started",
            f"حداکثر {seen.most_rial:,} ریال می‌خواهد و حساب {available:,} ریال دارد: به حدود {reach:,} از "
            f"{seen.pending:,} می‌رسد؛ چیزی آغاز نشد",
        )
    )


async def pause(store: Store, campaign: Campaign, by: By, now: int) -> Campaign:
    """Stop it: no row is fed, and what waits is stopped when this returns."""
    after = await _act(store, campaign, "pause", CampaignPaused(PauseReason.BY_HAND), by, now)
    await tidy(store, after, now)
    return after


async def resume(store: Store, campaign: Campaign, by: By, now: int) -> Campaign:
    """Let it go on; what was stopped goes first, in its order.

    The feeder lets it go, not we: only whoever hears of it in the process that delivers knows that it is due, and lets
    no fresh message overtake it.
    """
    return await _act(store, campaign, "resume", CampaignResumed(), by, now)


async def cancel(store: Store, campaign: Campaign, by: By, now: int) -> tuple[Campaign, int]:
    """End it: pending rows are left out, what waits is taken back; the campaign, and how many messages came back.

    What is on the wire goes its way.
    """
    after = await _act(store, campaign, "cancel", CampaignCancelled(), by, now)
    return after, await tidy(store, after, now)


async def tidy(store: Store, campaign: Campaign, now: int) -> int:
    """Do with what waits of it what its state says, as the feeder would; how many messages that was."""
    if campaign.state is CampaignState.PAUSED and campaign.reason not in STOPS_WAITING:
        return 0
    done = 0
    while moved := await store.tidy_campaign(campaign.id, now, AT_ONCE):
        done += moved
    return done


async def _act(store: Store, seen: Campaign, what: str, event: CampaignEvent, by: By, now: int) -> Campaign:
    act = Act(by=by, at=now, what=f"campaign {what}", about=f"campaign {seen.id}", before=seen.state.value)
    with told():
        return await store.happen_to_campaign(seen.id, event, now, act)
