"""When a campaign that was checked would be through, as far as anybody can say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from payamak.domain.campaign_rows import RowOutcome
from payamak.domain.campaigns import Campaign
from payamak.domain.forecast import Forecast, forecast, interval_us
from payamak.domain.plan import choose_ways
from payamak.errors import Refused
from payamak.front.rows import RowPlanner, priced_site
from payamak.store.base import Store
from payamak.store.records import NewMessage

SAMPLE: Final = 1_000
"""Rows by which the parts of a message are estimated."""


async def foresee(
    store: Store, campaign: Campaign, now: int, prefixes: Collection[str], *, send_at: int | None = None
) -> tuple[Forecast | None, bool]:
    """When it would be through if it began now, or at an instant; and whether that is certain: nothing else waits on
    its line. None where nothing limits its pace, or it takes more than a year."""
    site = store.site
    account = site.accounts_by_id.get(campaign.account_id)
    if account is None or not campaign.pending:
        return None, False
    try:
        first = choose_ways(site, account, campaign.ways)[0]
    except Refused:
        return None, False
    planner = RowPlanner(priced_site(site, campaign.tariffs), account, campaign, now, prefixes)
    rows = await store.campaign_rows(campaign.id, campaign.fed_to, SAMPLE, RowOutcome.PENDING)
    planned = [row.planned for row in map(planner.plan, rows)]
    parts = [new.plan[0].parts for new in planned if isinstance(new, NewMessage)]
    each_us = interval_us(site, first, campaign.pace_per_minute, sum(parts) / max(len(parts), 1))
    if each_us is None:
        return None, False
    others = any(row.line == first[0].number for row in await store.queue())
    window = site.windows_by_line.get(first[0].number)
    return forecast(campaign.pending, each_us, window, max(now, send_at or 0)), not others
