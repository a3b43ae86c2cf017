"""The campaign of a run: rows that are fed while the program is struck, and what their proof says at the end."""

from __future__ import annotations

from pathlib import Path

from tests.crash import site
from tests.crash.client import message

from payamak.clock import SystemClock
from payamak.domain.campaign_rows import fields_of
from payamak.domain.campaigns import Campaign
from payamak.domain.numbers import RECIPIENT_PREFIXES
from payamak.front.checking import check
from payamak.hands import campaigns
from payamak.hands.acts import by
from payamak.store.base import Mode, Store
from payamak.store.sqlite.store import SqliteStore

ROWS = 60
PACE_PER_MINUTE = 1_200
"""So that they are fed in a few commits, and not in one."""

FIRST_NUMBER = 5_000
"""The rows' recipients are nobody else's of a run."""


async def begin_campaign(path: Path) -> None:
    """Put a campaign that sends into a store that nobody serves yet."""
    store = SqliteStore(path, mode=Mode.HANDS)
    try:
        await started(store, site.PROMPT, ROWS, PACE_PER_MINUTE)
    finally:
        await store.close()


async def started(store: Store, username: str, rows: int, pace_per_minute: int | None) -> Campaign:
    """A campaign of so many rows, each with a text of its own, checked and started."""
    now = SystemClock().now()
    sent = [message(number) for number in range(FIRST_NUMBER, FIRST_NUMBER + rows)]
    draft = Campaign(
        account_id=store.site.accounts[username].id,
        name="rows",
        text="{text}",
        columns=fields_of(("mobile", "text")),
        ways=(site.RESEND_LINE, site.RESEND_NEXT),
        pace_per_minute=pace_per_minute,
        validity_ms=86_400_000,
        guard_share=1.0,
        created_at=now,
    )
    who = by("a test", "payamak campaign")
    file = [campaigns.FileRow(line, each.recipient, (each.recipient, each.text)) for line, each in enumerate(sent, 2)]
    campaign = await campaigns.create(store, draft, file, who, now)
    campaign = await check(store, campaign.id, now, RECIPIENT_PREFIXES)
    return (await campaigns.start(store, campaign, who, now))[0]


async def campaign_faults(path: Path) -> list[str]:
    """What the proof of each campaign says is wrong, and rows that were not fed."""
    store = SqliteStore(path, mode=Mode.LOOK)
    try:
        faults: list[str] = []
        for campaign in await store.campaigns(None, None, 10):
            proof = await store.prove_campaign(campaign.id)
            faults += [f"campaign {campaign.id}: {fault}" for fault in proof.faults]
            if proof.twice or proof.lost or proof.rows["pending"]:
                faults.append(f"campaign {campaign.id}: {proof.rows}, twice {proof.twice}, lost {proof.lost}")
            if proof.held != proof.charged + proof.released + proof.reserved:
                faults.append(f"campaign {campaign.id}: held {proof.held} is not what became of it")
        return faults
    finally:
        await store.close()
