"""A Chelcheleh line sends so many messages a minute, over a restart too, and holds up nobody else (contract §4)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace
from tests.scenarios.house import DRAIN_S, POLL_S, House, house
from tests.site import SERVICE_LINE, SIM_LINE

from payamak.domain.message import Reason, State
from payamak.domain.site import Document, Line

PER_MINUTE = 60
INTERVAL_MS = 60_000 // PER_MINUTE
COUNT = 6


def paced(document: Document) -> Document:
    """The SIM line sends one message a second."""
    if isinstance(document, Line) and document.number == SIM_LINE:
        return replace(document, messages_per_minute=PER_MINUTE)
    return document


async def waits_for_its_turn(home: House, message_id: int) -> None:
    """The worker has looked at it and put it off until the line may send it."""
    async with asyncio.timeout(DRAIN_S):
        while (waiting := (await home.story(message_id)).message).reason is not Reason.PACED:
            assert waiting.state is State.QUEUED
            await asyncio.sleep(POLL_S)


async def test_messages_go_one_by_one(tmp_path: Path) -> None:
    """Each has a turn of its own, seen in the store; the service line on the same link goes at once."""
    async with house(tmp_path, paced) as home:
        ids = []
        for number in range(COUNT):
            answer = await home.send(mobile=f"98912{number:03d}9000", message="سلام", type="1")
            assert isinstance(answer["data"], dict)
            assert answer["data"]["line"] == int(SIM_LINE)
            ids.append(answer["data"]["message_id"])
        await waits_for_its_turn(home, ids[-1])
        quick = await home.send(mobile="989129009000", message="سلام", type="2")
        assert isinstance(quick["data"], dict)
        await home.kill()
        await home.serve()
        for message_id in ids:
            assert await home.final_state(message_id) == 1
        entries = home.service.ledger.entries
        sent = sorted(entry.received_at for entry in entries if entry.line == SIM_LINE)
        assert len(sent) == COUNT
        assert all(later - earlier > INTERVAL_MS * 0.7 for earlier, later in pairwise(sent))
        (service,) = [entry.received_at for entry in entries if entry.line == SERVICE_LINE]
        assert service < sent[-1]
