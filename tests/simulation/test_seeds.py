"""A whole gateway under a virtual clock: whatever a seed lets go wrong, the promises hold."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.simulation.__main__ import report
from tests.simulation.story import run_seed

GROUPS = 6
SEEDS_PER_GROUP = 5
"""About 10 s of one core in all; `make seeds` plays as many as wanted."""

REPLAYED = (3, 12, 24)


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_promises_hold_in_every_world(group: int) -> None:
    """Nothing is lost, doubled unseen, sent too late or left open, and the money balances."""
    failed = [
        outcome
        for seed in range(group * SEEDS_PER_GROUP, (group + 1) * SEEDS_PER_GROUP)
        if (outcome := run_seed(seed)).failures
    ]
    assert not failed, "\n\n".join(report(outcome) for outcome in failed)


def test_a_seed_replays_exactly_in_another_process() -> None:
    """The same seed gives the same trace, event by event, whatever the hashes and addresses of that process are."""
    here = [run_seed(seed).digest for seed in REPLAYED]
    program = "import sys; from tests.simulation.story import run_seed; " + (
        "print(*(run_seed(int(seed)).digest for seed in sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *map(str, reversed(REPLAYED))],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(["src", "."])},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == here[::-1]


def test_different_seeds_are_different_worlds() -> None:
    """A seed is worth playing: no two of a handful have the same trace, and messages go out in most."""
    outcomes = [run_seed(seed) for seed in REPLAYED]
    assert len({outcome.digest for outcome in outcomes}) == len(REPLAYED)
    assert sum(outcome.messages for outcome in outcomes) > 10
