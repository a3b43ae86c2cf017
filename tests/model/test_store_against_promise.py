"""The store and its state machine against a second opinion: any history, compared after every step."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.model.machine import StoreMachine

STEPS = int(os.environ.get("STEPS", "5000"))
"""`make model STEPS=50000` plays more."""

STEPS_A_HISTORY = 50
HISTORIES = 25
"""Of one test: some five seconds, so that several run side by side and none comes near the time a test may take."""

PHASES = {Phase.explicit, Phase.reuse, Phase.generate} | ({Phase.shrink} if os.environ.get("SHRINK") else set())
"""A history that fails is shown as it was found; to make it shorter (`make model`) takes minutes."""


@pytest.mark.parametrize("block", range(max(1, STEPS // STEPS_A_HISTORY // HISTORIES)))
def test_store_and_promise_agree(block: int) -> None:
    """State, reason, what is told, step, copies, receipts and money agree after every step of any history."""
    seed = {"_hypothesis_internal_use_seed": block} if os.environ.get("CI") else {}
    run_state_machine_as_test(
        type(f"Block{block}", (StoreMachine,), seed),
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS_A_HISTORY,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )
