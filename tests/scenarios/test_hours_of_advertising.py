"""Advertising outside its hours: refused, held, or postponed in mid-plan (contract §8)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.scenarios.house import DRAIN_S, POLL_S, Change, house
from tests.site import LINE, LINE2

from payamak.clock import SystemClock
from payamak.domain.hours import TEHRAN_MS
from payamak.domain.message import Reason, State
from payamak.domain.site import Document, Line, OutsideHours


def closed_now() -> str:
    """A window of one hour that begins twelve hours from now."""
    hour = (SystemClock().now() + TEHRAN_MS) // 3_600_000 % 24
    return f"{(hour + 12) % 24:02d}:00-{(hour + 13) % 24:02d}:00"


def with_hours(number: str, outside: OutsideHours) -> Change:
    """One line closed now."""

    def change(document: Document) -> Document:
        if isinstance(document, Line) and document.number == number:
            return replace(document, hours=closed_now(), outside_hours=outside)
        return document

    return change


@pytest.mark.parametrize("outside", OutsideHours)
async def test_a_message_for_a_closed_line(tmp_path: Path, outside: OutsideHours) -> None:
    """Refused with 8, or accepted and held until the window opens; the operator sees nothing."""
    async with house(tmp_path, with_hours(LINE, outside)) as home:
        answer = await home.send(mobile="989120009000", message="حراج", line=LINE)
        if outside is OutsideHours.REFUSE:
            assert (answer["data"], answer["status"]) == (None, 8)
        else:
            assert isinstance(answer["data"], dict)
            message = (await home.story(answer["data"]["message_id"])).message
            assert (message.state, message.reason) == (State.QUEUED, Reason.OUTSIDE_HOURS)
            assert 10 * 3_600_000 < message.due_at - message.accepted_at <= 12 * 3_600_000
        assert home.received() == []


async def test_a_fallback_to_a_closed_line_waits_for_its_hours(tmp_path: Path) -> None:
    """The plan moves on at once, the message waits; the caller is answered with the line it stands on."""
    async with house(tmp_path, with_hours(LINE2, OutsideHours.REFUSE)) as home:
        answer = await home.send(mobile="989120009033", message="حراج", line=LINE, line2=LINE2)
        assert isinstance(answer["data"], dict)
        assert answer["data"]["line"] == int(LINE2)
        message_id = answer["data"]["message_id"]
        async with asyncio.timeout(DRAIN_S):  # the caller is answered when it falls back; that it waits is stored then
            while (message := (await home.story(message_id)).message).reason is Reason.FALLBACK:  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
        assert (message.state, message.reason, message.step) == (State.QUEUED, Reason.OUTSIDE_HOURS, 1)
        assert [entry.line for entry in home.advertising.ledger.entries] == [LINE]
