"""The store and its state machine against a second opinion: any history, compared after every step."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.model.machine import StoreMachine

STEPS = int(os.environ.get("STEPS", "5000"))
"""`make model STEPS=50000` plays more."""

STEPS_A_HISTORY = 50


def test_store_and_promise_agree() -> None:
    """State, reason, what is told, step, copies, receipts and money agree after every step of any history."""
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_A_HISTORY),
            stateful_step_count=STEPS_A_HISTORY,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
