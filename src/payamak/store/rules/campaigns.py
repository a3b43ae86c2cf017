"""The transactions of campaigns: drafts and their rows, what happens to a campaign, and rows that become messages.

`feed` is the one place where a row becomes a message: the message, the money that is held for the row, and the row's
outcome move in one transaction, so that a row has at most one message whatever dies. What is set aside for a campaign
is what its `held_rial` says: `_keep` moves the difference, and nobody else moves money of a campaign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from payamak.codes import Code
from payamak.domain import campaigns
from payamak.domain import events as ev
from payamak.domain.campaign_rows import CampaignRow, RowBar, RowOutcome
from payamak.domain.campaigns import STOPS_WAITING, Campaign, CampaignEvent, CampaignState
from payamak.domain.message import Message, Reason, State
from payamak.domain.site import DAY_MS
from payamak.store.columns import campaign_changes, campaign_columns
from payamak.store.desk import Desk
from payamak.store.reader import Reader
from payamak.store.records import AudienceRow, CampaignAtWork, NewMessage, PlannedRow, RowVerdict
from payamak.store.rules import messages, money

DRAFT_KEPT_MS: Final = 30 * DAY_MS
"""How long a campaign that was never started is kept."""

ROWS_GO_AT_ONCE: Final = 2_000
"""Rows of an old campaign that are removed in one transaction: some 5 ms."""

_ABOVE_ALL: Final = 1 << 62

_GONE: Final = "there is no campaign {}"


async def create(desk: Desk, draft: Campaign) -> Campaign:
    """Keep a draft without rows."""
    campaign_id = await desk.insert("insert_campaign", campaign_columns(draft))
    return await read(desk, campaign_id)


async def read(desk: Desk, campaign_id: int) -> Campaign:
    """A campaign as it stands. Raises LookupError."""
    campaign = await desk.row("campaign", Campaign, (campaign_id,))
    if campaign is None:
        raise LookupError(_GONE.format(campaign_id))
    return campaign


async def add_rows(desk: Desk, campaign_id: int, rows: Sequence[CampaignRow]) -> None:
    """Put more rows into a draft that has not all of them yet. Raises LookupError, IllegalCampaignMove."""
    campaign = await read(desk, campaign_id)
    if campaign.state is not CampaignState.DRAFT or campaign.rows:
        raise campaigns.IllegalCampaignMove(campaign, "RowsRead")
    desk.many("insert_row", [(campaign_id, row.n, row.recipient, row.fields) for row in rows])


async def happen(desk: Desk, campaign_id: int, event: CampaignEvent, now: int) -> Campaign:
    """Let an event happen to a campaign. Raises LookupError, the table's errors, and Refused with 14 for a start."""
    campaign = await read(desk, campaign_id)
    after = campaigns.advance(campaign, event, now)
    if after is not campaign:
        await _keep(desk, campaign, after, now)
    return after


async def _keep(desk: Desk, before: Campaign, after: Campaign, now: int, *, reserved: int = 0) -> None:
    """Keep a campaign as it is now. What is held more or less is moved; `reserved` of it are its fresh messages'."""
    more = after.held_rial - before.held_rial
    if more > 0:
        await money.reserve(desk, after.account_id, more)
        _enter(desk, after, now, "reserve", "available", "reserved", more)
    elif more < 0:
        _enter(desk, after, now, "release", "reserved", "available", -more)
        desk.move_money(after.account_id, available=-more - reserved, reserved=more + reserved)
    desk.execute("update_campaign", (*campaign_changes(after), after.id))


def _enter(desk: Desk, campaign: Campaign, now: int, kind: str, source: str, target: str, rial: int) -> None:
    note = f"campaign {campaign.id}"
    desk.execute("insert_hold", (now, campaign.account_id, kind, source, target, rial, note, campaign.id))


async def set_verdicts(desk: Desk, campaign_id: int, version: int, verdicts: Sequence[RowVerdict]) -> None:
    """Keep what a check has found of rows. Raises OtherVersion if another one has begun since."""
    campaign = await read(desk, campaign_id)
    if campaign.state is not CampaignState.CHECKING or campaign.version != version:
        raise campaigns.OtherVersion(campaign)
    outcome = {True: RowOutcome.EXCLUDED.value, False: RowOutcome.PENDING.value}
    rows = [(outcome[bool(each.why)], each.why, each.code, None, campaign_id, each.n) for each in verdicts]
    desk.many("set_row", rows)


class _Fed:
    """Rows as they become messages, or not: what is written of them, and what of the hold they take."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.fresh: list[messages.Priced] = []
        self.made: list[int] = []
        self.others: list[tuple[str, str, int | None, None, int, int]] = []
        self.reserved = 0
        self.freed = 0
        self.refused = 0

    def take(self, row: PlannedRow, priced: messages.Priced | Code | RowVerdict) -> None:
        """One row: its message, if what is held is enough for it; else why not."""
        if isinstance(priced, tuple):
            new, rial = priced
            if self.reserved + rial <= self.campaign.held_rial:
                self.fresh.append((new, rial))
                self.made.append(row.n)
                self.reserved += rial
                self.freed += max(row.rial - rial, 0)
                return
            self._leave(row, RowOutcome.REFUSED, RowBar.DEARER, None)
        elif isinstance(priced, RowVerdict):
            self._leave(row, RowOutcome.EXCLUDED, RowBar(priced.why), priced.code)
        elif isinstance(row.planned, Code):
            self._leave(row, RowOutcome.REFUSED, RowBar.NOT_SENDABLE, int(priced))
        else:  # all its lines have been refused by its recipient since the check
            self._leave(row, RowOutcome.EXCLUDED, RowBar.OPTED_OUT, int(priced))

    def _leave(self, row: PlannedRow, outcome: RowOutcome, why: RowBar, code: int | None) -> None:
        self.others.append((outcome.value, why.value, code, None, self.campaign.id, row.n))
        self.refused += outcome is RowOutcome.REFUSED
        self.freed += row.rial

    def event(self, fed_to: int, owner: int) -> campaigns.RowsFed:
        """What the campaign is told."""
        return campaigns.RowsFed(
            made=len(self.made),
            refused=self.refused,
            excluded=len(self.others) - self.refused,
            reserved_rial=self.reserved,
            freed_rial=min(self.freed, self.campaign.held_rial - self.reserved),
            fed_to=fed_to,
            owner=owner,
        )


async def feed(desk: Desk, campaign_id: int, rows: Sequence[PlannedRow], now: int, owner: int) -> int:
    """Make messages of the campaign's next rows, those that wait and no others; how many rows are done with.

    0, with nothing changed, if the campaign does not send (any more), these rows are not the next ones, or a feeder of
    a later owner has fed it: whoever asked looks again.
    """
    campaign = await desk.row("campaign", Campaign, (campaign_id,))
    if campaign is None or campaign.state is not CampaignState.SENDING or campaign.owner > owner or not rows:
        return 0
    numbers = [row.n for row in rows]
    if await desk.values("pending_numbers", (campaign_id, campaign.fed_to, len(rows))) != numbers:
        return 0
    planned = [row.planned for row in rows if isinstance(row.planned, NewMessage)]
    known = await messages.opt_outs_of_many(desk, (new.recipient for new in planned), now)
    fed = _Fed(campaign)
    amounts: dict[int, int] = {}
    for row in rows:
        new = row.planned
        fed.take(row, messages.priced(new, known.get(new.recipient), amounts) if isinstance(new, NewMessage) else new)
    after = campaigns.advance(campaign, fed.event(numbers[-1], owner), now)
    await _keep(desk, campaign, after, now, reserved=fed.reserved)
    kept = messages.accept_priced(desk, fed.fresh, now)
    done = [
        (RowOutcome.MADE.value, "", None, message.id, campaign_id, n) for n, message in zip(fed.made, kept, strict=True)
    ]
    desk.many("set_row", [*done, *fed.others])
    return len(rows)


async def tidy(desk: Desk, campaign_id: int, now: int, limit: int) -> int:
    """Do with up to `limit` of a campaign's waiting messages what its state says: stop them, let them go on, take them
    back; how many. 0: it is done."""
    campaign = await desk.row("campaign", Campaign, (campaign_id,))
    if campaign is None:
        return 0
    match campaign.state:
        case CampaignState.PAUSED if campaign.reason in STOPS_WAITING:
            return await _each(desk, "to_pause", campaign_id, now, limit)
        case CampaignState.CANCELLED:
            return await _each(desk, "to_take_back", campaign_id, now, limit)
        case CampaignState.SENDING:
            return await _each(desk, "to_go_on", campaign_id, now, limit)
        case _:
            return 0


def _stopped(message: Message, now: int) -> ev.Event:
    return ev.Postponed(reason=Reason.PAUSED, until=message.deadline_at)


def _let_go(message: Message, now: int) -> ev.Event:
    # Due as it was when it came: whoever lets go of the next ones, and when, none of them overtakes another.
    return ev.Postponed(reason=Reason.ACCEPTED, until=message.accepted_at)


def _taken_back(message: Message, now: int) -> ev.Event:
    return ev.Cancelled()


_TIDIED: Final = {"to_pause": _stopped, "to_go_on": _let_go, "to_take_back": _taken_back}
"""What happens to the messages that a query finds."""


async def _each(desk: Desk, query: str, campaign_id: int, now: int, limit: int) -> int:
    ids = await desk.values(query, (campaign_id, limit))
    for message_id in ids:
        message = await desk.message(message_id)
        if message is not None and message.state is State.QUEUED:
            await messages.advance(desk, message, _TIDIED[query](message, now), now)
    return len(ids)


async def retire(desk: Desk, now: int, limit: int) -> int:
    """Remove campaigns that are older than their account keeps messages, and old drafts, some rows at a time."""
    for account in desk.site.accounts.values():
        ended_before = now - int(account.keep_days * DAY_MS)
        for campaign_id in await desk.values("old_campaigns", (account.id, ended_before, now - DRAFT_KEPT_MS, 1)):
            if removed := await desk.change("delete_rows", (campaign_id, limit)):
                return removed
            return await desk.change("delete_campaign", (campaign_id,))
    return 0


# --------------------------------------------------------------------------------------------- reading


def at_work(db: Reader) -> list[CampaignAtWork]:
    """See Store.campaigns_at_work."""
    return [
        CampaignAtWork(
            campaign=campaign,
            waiting=db.value("waiting_of_campaign", (campaign.id,)),
            to_pause=len(db.values("to_pause", (campaign.id, 1))),
            paused=len(db.values("to_go_on", (campaign.id, 1))),
        )
        for campaign in db.rows("campaigns_at_work", Campaign)
    ]


def audience(db: Reader, campaign_id: int, after_n: int, limit: int) -> list[AudienceRow]:
    """See Store.campaign_audience."""
    return db.rows("audience_after", AudienceRow, (campaign_id, after_n, limit))


def listed(db: Reader, account_id: int | None, before_id: int | None, limit: int) -> list[Campaign]:
    """See Store.campaigns."""
    return db.rows("campaigns", Campaign, (account_id, _ABOVE_ALL if before_id is None else before_id, limit))


def of_digest(db: Reader, campaign: Campaign, since_at: int) -> list[int]:
    """See Store.campaigns_of_digest."""
    return db.values("campaigns_of_digest", (campaign.account_id, campaign.id, campaign.digest, since_at))


def rows_after(db: Reader, campaign_id: int, after_n: int, limit: int, outcome: RowOutcome | None) -> list[CampaignRow]:
    """See Store.campaign_rows."""
    if outcome is None:
        return db.rows("rows_after", CampaignRow, (campaign_id, after_n, limit))
    return db.rows("rows_of_outcome_after", CampaignRow, (campaign_id, after_n, outcome.value, limit))
