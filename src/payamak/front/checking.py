"""The check of a campaign: every row looked at, what it costs counted, what is left out said; nothing is sent.

It reads page by page from a reader's snapshot and keeps only what it has found, so that it may be made again at any
time and by any process: the latest one counts. What it has found holds as long as the site stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Final

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowBar, RowOutcome
from payamak.domain.campaigns import Campaign, CheckBegun, RowsChecked
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.states import first_step
from payamak.errors import Refused
from payamak.front.rows import RowPlanner, priced_site, tariffs_of
from payamak.store.base import Store
from payamak.store.records import NewMessage, PlannedRow, RowVerdict

ROWS_AT_ONCE: Final = 1_000
"""Rows that are looked at together: some 50 ms, and one transaction where something is found."""


class _Checked:
    """What was found so far."""

    def __init__(self) -> None:
        self.pending = self.excluded = self.most_rial = self.likely_rial = 0
        self._seen: set[bytes] = set()

    def verdict_of(self, row: PlannedRow, known: Mapping[str, Mapping[str, Code]]) -> RowVerdict:
        """Why a row is left out, or that it goes; counted."""
        verdict = self._judge(row, known)
        self.excluded += bool(verdict.why)
        self.pending += not verdict.why
        return verdict

    def _judge(self, row: PlannedRow, known: Mapping[str, Mapping[str, Code]]) -> RowVerdict:
        new = row.planned
        if isinstance(new, RowVerdict):
            return new
        if isinstance(new, Code):
            return RowVerdict(n=row.n, why=RowBar.NOT_SENDABLE.value, code=int(new))
        if not self._is_new(new):
            return RowVerdict(n=row.n, why=RowBar.DUPLICATE.value)
        try:
            plan = with_known_opt_outs(new.plan, known.get(new.recipient, {}))
        except Refused as refused:
            return RowVerdict(n=row.n, why=RowBar.OPTED_OUT.value, code=int(refused.code))
        self.most_rial += row.rial
        self.likely_rial += plan[first_step(plan) or 0].price
        return RowVerdict(n=row.n)

    def _is_new(self, new: NewMessage) -> bool:
        """Whether no row before it has this recipient and text; of a million rows the marks take some 60 MB."""
        said = f"{new.recipient}{new.plan[0].text}".encode("utf-8", "surrogatepass")
        mark = hashlib.blake2b(said, digest_size=12).digest()
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True


async def check(
    store: Store,
    campaign_id: int,
    now: int,
    prefixes: Collection[str],
    tell: Callable[[int], None] = lambda rows: None,
) -> Campaign:
    """Look at every row; the campaign as it is then: ready, or failed if no row would go. `tell`: rows so far.

    Raises LookupError, IllegalCampaignMove, OtherVersion if another check has begun meanwhile, and Refused with 16, 22
    or 2: nobody could send it.
    """
    site = await store.refresh()
    draft = await store.campaign(campaign_id)
    if draft is None:
        raise LookupError(f"there is no campaign {campaign_id}")
    account = site.accounts_by_id.get(draft.account_id)
    if account is None:
        raise Refused(Code.ACCOUNT_INACTIVE, "the account of the campaign is gone")
    tariffs = tariffs_of(site, account, draft)
    campaign = await store.happen_to_campaign(campaign_id, CheckBegun(), now)
    planner = RowPlanner(priced_site(site, tariffs), account, campaign, now, prefixes)
    found, after_n = _Checked(), 0
    while rows := await store.campaign_rows(campaign_id, after_n, ROWS_AT_ONCE):
        planned = [planner.plan(row) for row in rows]
        known = await store.opt_outs_of(
            [p.planned.recipient for p in planned if isinstance(p.planned, NewMessage)], now
        )
        verdicts = [found.verdict_of(row, known) for row in planned]
        news = [verdict for row, verdict in zip(rows, verdicts, strict=True) if _is_news(row, verdict)]
        if news:
            await store.set_verdicts(campaign_id, campaign.version, news)
        after_n = rows[-1].n
        tell(found.pending + found.excluded)
    told = RowsChecked(
        version=campaign.version,
        pending=found.pending,
        excluded=found.excluded,
        most_rial=found.most_rial,
        likely_rial=found.likely_rial,
        site_version=site.version,
        tariffs=tariffs,
    )
    return await store.happen_to_campaign(campaign_id, told, now)


def _is_news(row: CampaignRow, verdict: RowVerdict) -> bool:
    """Whether a row stands otherwise than was found now."""
    was_left_out = row.outcome is RowOutcome.EXCLUDED
    return was_left_out is not bool(verdict.why) or (row.why, row.code) != (verdict.why, verdict.code)
