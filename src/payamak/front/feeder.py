"""The feeder: turns rows of campaigns into messages, by the same plan as every door's, and submits none.

It goes round the campaigns that are at work. Of each it looks, in this order: whether messages that wait have to be
stopped, let go on or taken back; whether something stands in its way, or does no more; whether the guard has to judge;
then it feeds up to AT_ONCE rows, in the order of the file. It keeps nothing that matters: whatever dies, the next one
goes on from the rows. A bug with one campaign keeps no other from its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from payamak.background import FailingWork
from payamak.clock import Clock
from payamak.domain import campaigns
from payamak.domain.campaign_rows import RowOutcome
from payamak.domain.campaigns import (
    BY_THEMSELVES,
    Campaign,
    CampaignPaused,
    CampaignResumed,
    CampaignState,
    IllegalCampaignMove,
    OtherVersion,
    PauseReason,
    TimeCame,
    TurnCame,
)
from payamak.domain.clocks import earliest
from payamak.domain.plan import choose_ways
from payamak.domain.site import Site
from payamak.errors import Refused, StoreFailed
from payamak.front.rows import RowPlanner, priced_site
from payamak.store.base import Store
from payamak.store.records import CampaignAtWork, PlannedRow

REST_S: Final = 0.5
"""How soon another process's start is seen while no campaign is at work."""

LOOK_S: Final = 0.2
"""How soon a pause by another process is seen, and that messages have left."""

TIDY_AT_ONCE: Final = 200
"""Messages that are stopped or taken back in one transaction: some 10 ms."""

PLANNED_AT_ONCE: Final = 10
"""Rows that are planned in one turn of the loop: about 1 ms, for everybody else waits meanwhile."""


class Feeder:
    """See the module's text. Lives on one event loop."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        log: Callable[..., object],
        prefixes: Collection[str],
        is_open: Callable[[], bool],
    ) -> None:
        """`prefixes`: the first two digits behind 98 that mobiles have; `is_open`: whether the intake is."""
        self.health = FailingWork(log)
        self._store = store
        self._clock = clock
        self._log = log
        self._prefixes = prefixes
        self._is_open = is_open
        self._next_s: dict[int, float] = {}
        self._last_served = 0

    async def run(self) -> None:
        """Until cancelled. A disk that fails only delays it."""
        while True:
            try:
                rest_s = await self.turn()
            except StoreFailed:
                rest_s = REST_S
            await asyncio.sleep(rest_s)

    async def turn(self) -> float:
        """One round of all campaigns, those first that come after the one served last; how long to rest then."""
        at_work = await self._store.campaigns_at_work()
        self._next_s = {each.campaign.id: self._next_s.get(each.campaign.id, 0.0) for each in at_work}
        later = [each for each in at_work if each.campaign.id > self._last_served]
        earlier = [each for each in at_work if each.campaign.id <= self._last_served]
        has_moved = False
        for each in (*later, *earlier):
            has_moved |= await self.health.attempt("campaigns", partial(self._serve, each)) > 0
            self._last_served = each.campaign.id
        if not at_work:
            self.health.went_well("campaigns")
            return REST_S
        return 0.0 if has_moved else LOOK_S

    async def _serve(self, found: CampaignAtWork) -> int:
        """Do what a campaign needs next; how much has moved. 0 where a person was faster: it is looked at again."""
        try:
            return await self._do_next(found)
        except (IllegalCampaignMove, OtherVersion):
            return 0

    async def _do_next(self, found: CampaignAtWork) -> int:
        campaign, now = found.campaign, self._clock.now()
        if (tidied := await self._tidy(found)) > 0:
            return tidied
        if campaign.state is CampaignState.CANCELLED:
            return 0
        if campaign.state is CampaignState.SCHEDULED:
            if campaign.send_at is not None and earliest(now) < campaign.send_at:
                return 0
            campaign = await self._happen(campaign, TimeCame())
        in_the_way = obstacle(self._store.site, campaign, now)
        if in_the_way is not None and (campaign.state is CampaignState.SENDING or campaign.reason in BY_THEMSELVES):
            if campaign.reason is not in_the_way:
                campaign = await self._happen(campaign, CampaignPaused(in_the_way))
        elif in_the_way is None and campaign.reason in BY_THEMSELVES:
            campaign = await self._happen(campaign, CampaignResumed(campaign.reason))
        if campaigns.has_to_be_looked_at(campaign):
            campaign = await self._happen(campaign, TurnCame())
        return await self._feed(campaign, found.waiting) if self._is_open() else 0

    async def _tidy(self, found: CampaignAtWork) -> int:
        campaign = found.campaign
        match campaign.state:
            case CampaignState.PAUSED if campaign.reason in campaigns.STOPS_WAITING:
                has_to = found.to_pause
            case CampaignState.CANCELLED:
                has_to = found.waiting
            case CampaignState.SENDING:
                has_to = found.paused
            case _:
                has_to = 0
        return await self._store.tidy_campaign(campaign.id, self._clock.now(), TIDY_AT_ONCE) if has_to else 0

    async def _happen(self, campaign: Campaign, event: campaigns.CampaignEvent) -> Campaign:
        """Let an event happen, and say so where the campaign's state is another one by it."""
        after = await self._store.happen_to_campaign(campaign.id, event, self._clock.now())
        if (after.state, after.reason) != (campaign.state, campaign.reason):
            reason = "" if after.reason is None else after.reason.value
            counts = {"made": after.made, "final": after.final, "failed": after.failed}
            self._log("campaign_moved", campaign=after.id, state=after.state.value, reason=reason, **counts)
        return after

    async def _feed(self, campaign: Campaign, waiting: int) -> int:
        """The next rows, as many as may be; how many are done with."""
        count = min(campaigns.rows_to_feed(campaign, waiting, self._clock.now()), self._paced(campaign))
        if not count:
            return 0
        rows = await self._store.campaign_rows(campaign.id, campaign.fed_to, count, RowOutcome.PENDING)
        planner = self._planner(campaign)
        if planner is None:
            return 0
        planned: list[PlannedRow] = []
        for start in range(0, len(rows), PLANNED_AT_ONCE):
            planned += [planner.plan(row) for row in rows[start : start + PLANNED_AT_ONCE]]
            await asyncio.sleep(0)
        done = await self._store.feed_campaign(campaign.id, planned, self._clock.now(), self._store.feed.owner)
        self._count_pace(campaign, done)
        return done

    def _planner(self, campaign: Campaign) -> RowPlanner | None:
        site = self._store.site
        account = site.accounts_by_id.get(campaign.account_id)
        if account is None:
            return None
        return RowPlanner(priced_site(site, campaign.tariffs), account, campaign, self._clock.now(), self._prefixes)

    # -- pace

    def _paced(self, campaign: Campaign) -> int:
        """How many rows its pace allows now: those of the time since the last ones, of a second at most; one at least
        when its time has come."""
        if campaign.pace_per_minute is None:
            return campaigns.AT_ONCE
        now_s, next_s = self._clock.monotonic(), self._next_s.get(campaign.id, 0.0)
        if now_s < next_s:
            return 0
        return max(int(min(now_s - next_s, 1.0) * campaign.pace_per_minute / 60), 1)

    def _count_pace(self, campaign: Campaign, fed: int) -> None:
        if campaign.pace_per_minute is not None and fed:
            now_s = self._clock.monotonic()
            from_s = max(self._next_s.get(campaign.id, 0.0), now_s - 1.0)
            self._next_s[campaign.id] = from_s + fed * 60 / campaign.pace_per_minute


def obstacle(site: Site, campaign: Campaign, now: int) -> PauseReason | None:
    """What keeps a campaign from sending now, and ends by itself; None if nothing does."""
    account = site.accounts_by_id.get(campaign.account_id)
    if account is None or not account.is_active or account.has_expired(earliest(now)):
        return PauseReason.ACCOUNT
    try:
        first, _ = choose_ways(site, account, campaign.ways)[0]
    except Refused:
        return PauseReason.LINE
    if first.is_suspended:
        return PauseReason.LINE
    window = site.windows_by_line.get(first.number)
    if window is not None and not window.is_open_by_all(now):
        return PauseReason.WINDOW
    return None
