"""`advance()` alone against the second opinion: many random walks, deeper than the store's machine can go."""

from __future__ import annotations

import os

import pytest
from tests.model.walk import Walk, a_walk, fails, shortest, told

STEPS = int(os.environ.get("STEPS", "5000"))
BLOCK = 500
"""Walks of one test; four of them for every 5,000 steps of the store's machine."""

LENGTH = 60


@pytest.mark.parametrize("block", range(max(1, STEPS * 4 // 5_000)))
def test_walks(block: int) -> None:
    """State, reason, what is told, step, copies and money are what the promise says, after every event."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        actions = a_walk(seed, LENGTH)
        if fails(actions):
            pytest.fail(f"walk {seed}\n{told(shortest(actions))}")


def test_walks_go_everywhere() -> None:
    """The walks meet every state and every reason that a message can end with: what they compare is not empty."""
    seen: set[str] = set()
    for seed in range(2 * BLOCK):
        actions = a_walk(seed, LENGTH)
        walk = Walk(actions[0])
        walk.play(actions[1:])
        seen |= walk.seen
    assert seen == {
        "queued accepted",
        "queued waits",
        "queued resend",
        "queued receipts awaited",
        "queued fallback",
        "queued moved",
        "sending on wire",
        "enroute taken",
        "enroute no receipts",
        "delivered receipt",
        "undeliverable receipt",
        "undeliverable partly delivered",
        "undeliverable expired at operator",
        "rejected refused",
        "rejected receipt",
        "rejected opted out",
        "expired deadline",
        "cancelled cancelled",
        "cancelled answered busy",
        "unknown answer lost",
        "unknown no receipt",
        "unknown some receipts",
        "unknown operator unsure",
    }
