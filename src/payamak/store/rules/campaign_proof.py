"""The proof of a campaign: row by row to its message, its attempts, its receipts and its rial, in one snapshot.

Nothing that is kept as a count is believed. No message is named by two rows, and there are as many messages that say
they are the campaign's as rows that name one.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from msgspec import Struct

from payamak.domain.campaign_rows import RowOutcome
from payamak.domain.campaigns import Campaign, CampaignState
from payamak.language import Words
from payamak.store.reader import Reader, counts
from payamak.store.records import CampaignProof

MOST_TOLD: Final = 5
"""Rows that are named one by one."""


class ProvenRow(Struct, frozen=True, kw_only=True):
    """A row beside its message; None where that is gone."""

    n: int
    outcome: RowOutcome
    message_id: int | None
    of_campaign: int | None
    charged: int | None
    reserved: int | None
    copies: int | None
    recipient: str | None
    is_final: bool | None


class _Flow(Struct, frozen=True, kw_only=True):
    """Rial that went from one purse to another."""

    source: str
    target: str
    amount: int


class _Count:
    """What is counted of the rows."""

    def __init__(self, campaign: Campaign, oldest: int | None) -> None:
        self.campaign = campaign
        self.outcomes: Counter[str] = Counter(dict.fromkeys(RowOutcome, 0))
        self.twice = self.lost = self.removed = self.copies = self.charged = self.reserved = self.there = 0
        self.faults: list[Words] = []
        self._oldest = oldest

    def add(self, row: ProvenRow) -> None:
        """One more row, in the order of the file."""
        outcome = row.outcome
        if outcome is RowOutcome.PENDING and self.campaign.state is CampaignState.CANCELLED:
            outcome = RowOutcome.EXCLUDED
        self.outcomes[outcome] += 1
        if row.message_id is None:
            return
        if row.of_campaign is None:
            self._is_gone(row)
            return
        self.there += 1
        self.copies += row.copies or 0
        self.charged += row.charged or 0
        self.reserved += row.reserved or 0
        if row.of_campaign != self.campaign.id:
            self._blame(row, "names a message of another campaign", "پیام ارسال گروهی دیگری را نام می‌برد")

    def _is_gone(self, row: ProvenRow) -> None:
        """What is old is removed in the order of the ids: else it is lost."""
        if self._oldest is not None and (row.message_id or 0) > self._oldest and not self.campaign.is_ended:
            self.lost += 1
            self._blame(row, "names a message that is not there", "پیامی را نام می‌برد که نیست")
        else:
            self.removed += 1

    def _blame(self, row: ProvenRow, english: str, persian: str) -> None:
        if len(self.faults) < MOST_TOLD:
            self.faults.append(Words(f"row {row.n} {english}", f"سطر {row.n} {persian}"))

    def differ(self, what: Words, kept: int, found: int) -> None:
        """Two counts that must be one."""
        if kept != found:
            said = f"{what} is {kept:,}, counted {found:,} ({kept - found:+,})"
            self.faults.append(Words(said, f"{what.fa} {kept:,} است و شمرده {found:,} ({kept - found:+,})"))


def prove(db: Reader, campaign_id: int) -> CampaignProof:
    """See Store.prove_campaign; one snapshot. Raises LookupError."""
    campaign = db.row("campaign", Campaign, (campaign_id,))
    if campaign is None:
        raise LookupError(f"there is no campaign {campaign_id}")
    count = _Count(campaign, db.value("oldest_message"))
    for row in db.stream("proven_rows", ProvenRow, (campaign_id,)):
        count.add(row)
    if shared := db.value("shared_messages", (campaign_id,)):
        count.twice += shared
        said = f"{shared:,} rows name a message that another row names"
        count.faults.append(Words(said, f"{shared:,} سطر پیامی را نام می‌برند که سطری دیگر هم نام می‌برد"))
    strays = db.value("messages_of_campaign", (campaign_id,)) - count.there
    if strays > 0:
        count.twice += strays
        said = f"{strays:,} messages say that they are of this campaign, and no row names them"
        count.faults.append(
            Words(said, f"{strays:,} پیام خود را از این ارسال گروهی می‌دانند و هیچ سطری نامشان را نمی‌برد")
        )
    attempts = counts(db, "campaign_attempts", (campaign_id,))
    held, released = _money(db, campaign, count)
    return CampaignProof(
        rows={outcome.value: count.outcomes[outcome] for outcome in RowOutcome},
        twice=count.twice,
        lost=count.lost,
        removed=count.removed,
        attempts=attempts.get("attempts", 0),
        taken=attempts.get("taken", 0),
        receipts=attempts.get("receipts", 0),
        copies=count.copies,
        held=held,
        charged=count.charged,
        released=released,
        reserved=count.reserved + campaign.held_rial,
        faults=tuple(count.faults),
    )


def _money(db: Reader, campaign: Campaign, count: _Count) -> tuple[int, int]:
    """What was ever held, and what of it came back; the rial of the entries is compared with all else."""
    of_campaign = db.rows("entries_of_campaign", _Flow, (campaign.id,))
    of_messages = db.rows("entries_of_its_messages", _Flow, (campaign.id,))
    held = _sum(of_campaign, target="reserved")
    still_held = held - _sum(of_campaign, source="reserved")
    charged = _sum(of_messages, target="revenue") - _sum(of_messages, source="revenue")
    reserved = _sum(of_messages, target="reserved") - _sum(of_messages, source="reserved")
    count.differ(Words("what is held", "آنچه نگه داشته شده"), campaign.held_rial, still_held)
    count.differ(Words("what the messages were charged", "بهای پیام‌ها"), count.charged, charged)
    count.differ(Words("what the messages have set aside", "آنچه پیام‌ها کنار گذاشته‌اند"), count.reserved, reserved)
    kept = campaign.made, campaign.refused, campaign.pending
    outcomes = RowOutcome.MADE, RowOutcome.REFUSED, RowOutcome.PENDING
    for outcome, of_it in zip(outcomes, kept, strict=True) if campaign.started_at is not None else ():
        count.differ(Words(f"the count of rows {outcome}", f"شمار سطرهای {outcome}"), of_it, count.outcomes[outcome])
    if count.charged > held:
        said = f"{count.charged:,} rial were charged, more than the {held:,} that were held"
        count.faults.append(Words(said, f"{count.charged:,} ریال برداشت شده که از {held:,} ریال نگه‌داشته بیشتر است"))
    return held, held - count.charged - count.reserved - campaign.held_rial


def _sum(flows: list[_Flow], *, source: str = "", target: str = "") -> int:
    return sum(flow.amount for flow in flows if flow.source == source or flow.target == target)
