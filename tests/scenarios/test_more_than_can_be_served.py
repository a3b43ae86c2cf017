"""Several times more calls than can be served: shed early with 23, nothing lost, and normal again by itself."""

from __future__ import annotations

import asyncio

from bench.overload import Plan, measure

NORMAL_S = 120.0
GROWTH_MB = 150.0
NOT_THE_SERVERS = {"given up, no connection free", "no answer"}
"""Where the machine has too little left for the caller, he finds no free connection, or leaves before the answer."""


async def test_an_open_loop_beyond_what_can_be_sustained() -> None:
    """What is accepted is delivered, what is refused is not kept, nobody is cut off, memory stays bounded."""
    plan = Plan(bulk=2_000, times=6.0, sample=500, seconds=10.0, connections=400)
    async with asyncio.timeout(600):
        figures = await measure(plan)
    others = figures.flood["others"]
    assert isinstance(others, dict)
    assert others.keys() <= NOT_THE_SERVERS
    assert figures.number("shed") + others.get("given up, no connection free", 0) > 0
    assert figures.number("accepted") > 0
    assert figures.lost == 0
    assert figures.uncalled_for <= others.get("no answer", 0)
    assert figures.otp_accepted > 0
    assert len(figures.otp_wire_ms) == figures.otp_accepted
    assert max(figures.resident_mb) - figures.resident_mb[0] < GROWTH_MB
    assert figures.normal_after_s < NORMAL_S
