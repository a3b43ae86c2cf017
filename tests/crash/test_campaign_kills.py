"""A campaign whose gateway is killed, that is paused, resumed and taken back: no row twice, none lost, to the rial."""

from __future__ import annotations

import pytest
from tests.crash.campaign_kills import Ordeal, strike

from payamak.domain.campaigns import CampaignState


@pytest.mark.slow
async def test_a_short_form() -> None:
    """Kills while it sends, pauses and resumes, a cancel at three fifths: proven, and the operator's ledger agrees."""
    ordeal = Ordeal(rows=900, kill_every_s=1.5, pauses=4, cancel_at=0.6, pace_per_minute=6_000, seed=3)
    ended = await strike(ordeal)
    assert ended.broken == []
    assert ended.campaign.state is CampaignState.CANCELLED
    assert ended.proof.rows["made"] + ended.proof.rows["excluded"] == 900
    assert ended.kills >= 2
    assert ended.pauses >= 1
