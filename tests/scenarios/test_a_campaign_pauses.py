"""A campaign at full speed is paused: soon nothing more of it reaches the operator; resumed, each row goes once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.scenarios.house import DRAIN_S, POLL_S, House, house
from tests.site import LINE

from payamak.clock import SystemClock
from payamak.domain.campaign_rows import RowOutcome, fields_of
from payamak.domain.campaigns import Campaign, CampaignState
from payamak.domain.numbers import RECIPIENT_PREFIXES
from payamak.front.checking import check
from payamak.hands import campaigns
from payamak.hands.acts import by
from payamak.simulator import SimulatorConfig
from payamak.store.base import Mode
from payamak.store.sqlite.store import SqliteStore

ROWS = 1_200
QUIET_S = 2.5
CLERK = by("clerk", "payamak campaign")


async def begun(store: SqliteStore) -> Campaign:
    """A campaign of people of whom each has a number of his own, in order."""
    now = SystemClock().now()
    draft = Campaign(
        account_id=store.site.accounts["demo"].id,
        name="norooz",
        text="سلام {name}",
        columns=fields_of(("mobile", "name")),
        ways=(LINE,),
        validity_ms=86_400_000,
        guard_share=1.0,
        created_at=now,
    )
    numbers = [f"98912{place:07}" for place in range(ROWS)]
    rows = [campaigns.FileRow(line, number, (number, str(line))) for line, number in enumerate(numbers, 2)]
    campaign = await campaigns.create(store, draft, rows, CLERK, now)
    campaign = await check(store, campaign.id, now, RECIPIENT_PREFIXES)
    # Two presses at once, by two hands: one of them starts it.
    came = await asyncio.gather(*(campaigns.start(store, campaign, CLERK, now) for _ in range(2)))
    assert sorted(was_us for _, was_us in came) == [False, True]
    return came[0][0]


async def quiet(home: House) -> int:
    """Wait until the operator hears nothing more; how many parts it has taken."""
    loop = asyncio.get_running_loop()
    heard, since_s = -1, loop.time()
    until_s = since_s + DRAIN_S
    while loop.time() - since_s < QUIET_S:
        if (now := len(home.advertising.ledger.entries)) != heard:
            heard, since_s = now, loop.time()
        assert loop.time() < until_s, "a paused campaign goes on and on"
        await asyncio.sleep(POLL_S)
    return heard


@pytest.mark.xfail(
    strict=False,
    reason="open: after a resume rows have been seen out of their order, and a quick machine has sent all at the pause",
)
async def test_a_pause_bites_and_a_resume_sends_none_twice(tmp_path: Path) -> None:
    """Two starts are one; in a pause no row is fed and nothing reaches the operator; the order of the rows is kept."""
    async with house(tmp_path, config=SimulatorConfig()) as home:
        store = SqliteStore(home.database, mode=Mode.HANDS)
        try:
            campaign = await begun(store)
            await home.advertising.ledger.until(lambda ledger: len(ledger.entries) >= ROWS // 3)
            seen = await campaigns.find(store, campaign.id)
            paused = await campaigns.pause(store, seen, CLERK, SystemClock().now())
            heard = await quiet(home)
            assert heard < ROWS
            assert (await campaigns.find(store, campaign.id)).made == paused.made
            await campaigns.resume(store, paused, CLERK, SystemClock().now())
            async with asyncio.timeout(DRAIN_S):
                while not (await campaigns.find(store, campaign.id)).is_ended:  # noqa: ASYNC110 - another process ends it
                    await asyncio.sleep(POLL_S)
            done = await campaigns.find(store, campaign.id)
            assert (done.state, done.made, done.final) == (CampaignState.FINISHED, ROWS, ROWS)
            recipients = [entry.recipient for entry in home.advertising.ledger.entries]
            assert recipients == sorted(set(recipients))
            assert len(recipients) == ROWS
            proof = await store.prove_campaign(campaign.id)
            assert (proof.faults, proof.rows[RowOutcome.MADE.value], proof.copies) == ((), ROWS, 0)
        finally:
            await store.close()
