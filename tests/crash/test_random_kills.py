"""Killed at random times under load, gateway and operator alike: every promise holds (P1-P5)."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.crash.page import render
from tests.crash.random_kills import strike
from tests.crash.table import Summary

LOAD_S, RATE = 15.0, 300.0


@pytest.mark.slow
async def test_a_short_form() -> None:
    """A quarter of a minute: several kills and lost answers, nothing lost, no money off, no copy where none may be.

    What is called delivered was delivered, copy by copy; what is unknown cannot be known. And it can be shown.
    """
    report = await strike(LOAD_S, seed=11, rate=RATE)
    assert report.verdict.broken == []
    assert report.kills["gateway"] >= 2
    assert report.verdict.promised > 0
    assert report.verdict.lost_answers > 10
    assert report.verdict.pooled > 0
    page = render(Summary.of([], seed=1, took_s=0), report, dt.date(2026, 1, 1))
    assert f"promised to clients | {report.verdict.promised:,}" in page
    assert "| called delivered with a part undelivered | 0 |" in page
