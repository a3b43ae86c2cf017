"""What campaigns ask of the store: one of the small protocols of which the whole is made (base.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowOutcome
from payamak.domain.campaigns import Campaign, CampaignEvent
from payamak.store.records import Act, AudienceRow, CampaignAtWork, CampaignProof, PlannedRow, RowVerdict


class Campaigns(Protocol):
    """What a campaign asks, whoever looks at it: its draft and rows, what happens to it, rows that become messages.

    Where `act` is taken, its row in the audit is written by the same transaction, if that changes anything.
    """

    def create_campaign(self, draft: Campaign, act: Act | None = None) -> Awaitable[Campaign]:
        """Keep a draft without rows; it has its number then."""
        ...

    def add_campaign_rows(self, campaign_id: int, rows: Sequence[CampaignRow]) -> Awaitable[None]:
        """Put more rows into a draft whose file is being read. Raises LookupError, IllegalCampaignMove."""
        ...

    def happen_to_campaign(
        self, campaign_id: int, event: CampaignEvent, now: int, act: Act | None = None
    ) -> Awaitable[Campaign]:
        """Let an event happen to a campaign, with its money; as it is then.

        Raises LookupError; IllegalCampaignMove, OtherVersion and OtherSum as the table does; Refused with 14 for a
        start that the balance does not cover. Then nothing was changed.
        """
        ...

    def set_verdicts(self, campaign_id: int, version: int, verdicts: Sequence[RowVerdict]) -> Awaitable[None]:
        """Keep what the check that began with this version has found of rows. Raises OtherVersion."""
        ...

    def feed_campaign(self, campaign_id: int, rows: Sequence[PlannedRow], now: int, owner: int) -> Awaitable[int]:
        """Make messages of a campaign's next rows: messages, money and outcomes in one transaction; how many.

        0, with nothing changed, if it does not send any more, or other rows are the next ones.
        """
        ...

    def tidy_campaign(self, campaign_id: int, now: int, limit: int) -> Awaitable[int]:
        """Stop, let go on, or take back up to `limit` of its waiting messages, as its state says; 0: it is done."""
        ...

    def campaign(self, campaign_id: int) -> Awaitable[Campaign | None]:
        """One campaign."""
        ...

    def campaigns(self, account_id: int | None, before_id: int | None, limit: int) -> Awaitable[list[Campaign]]:
        """Campaigns of an account, or all, the newest first."""
        ...

    def campaigns_at_work(self) -> Awaitable[list[CampaignAtWork]]:
        """Campaigns that a feeder has to do with, each with its messages that wait."""
        ...

    def campaigns_of_digest(self, campaign: Campaign, since_at: int) -> Awaitable[list[int]]:
        """Other campaigns of its account with the same file that were started since then."""
        ...

    def campaign_rows(
        self, campaign_id: int, after_n: int, limit: int, outcome: RowOutcome | None = None
    ) -> Awaitable[list[CampaignRow]]:
        """The next rows of a campaign behind a line of its file; of one outcome, or all."""
        ...

    def opt_outs_of(self, recipients: Sequence[str], now: int) -> Awaitable[dict[str, dict[str, Code]]]:
        """Opt-outs of those of the recipients who have any: recipient → line → code."""
        ...

    def row_bars(self, campaign_id: int) -> Awaitable[dict[str, int]]:
        """Counts of the rows that were left out or refused, by outcome, why and code, joined by colons."""
        ...

    def campaign_audience(self, campaign_id: int, after_n: int, limit: int) -> Awaitable[list[AudienceRow]]:
        """The next rows of a campaign behind a line of its file, with where their messages stand."""
        ...

    def prove_campaign(self, campaign_id: int) -> Awaitable[CampaignProof]:
        """Count a campaign row by row. Raises LookupError."""
        ...
