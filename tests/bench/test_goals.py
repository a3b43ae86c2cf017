"""What the page says of goals: met, or by how much missed and why."""

import pytest
from bench.cells import BY_NAME, FIGURES
from bench.goals import GOALS, Goal, verdict

COST = Goal(cell="full-64", figure="cpu_us", bound=300, then=600, why="it is slow")
RATE = Goal(cell="full-64", figure="messages_per_s", bound=1_000, why="it is slow")


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: f"{goal.cell}-{goal.figure}")
def test_a_goal_is_of_a_figure_that_is_measured(goal: Goal) -> None:
    """A goal of nothing would be left out of the page in silence."""
    assert goal.cell in BY_NAME
    assert goal.figure in FIGURES
    assert goal.why


@pytest.mark.parametrize(
    ("goal", "median", "against", "says"),
    [
        (COST, 299.0, None, "met"),
        (COST, 450.0, None, "missed by 50%: it is slow"),
        (COST, 900.0, 0.5, "met"),
        (COST, 900.0, 0.6, "missed by 20% of the ratio: it is slow"),
        (COST, 330.0, 0.9, "missed by 10%: it is slow"),
        (RATE, 1_000.0, None, "met"),
        (RATE, 750.0, 0.2, "missed by 25%: it is slow"),
    ],
)
def test_what_is_said(goal: Goal, median: float, against: float | None, says: str) -> None:
    """A goal of time may be met on this machine, or as a share of what the program took before; a rate only here."""
    assert verdict(goal, median, against) == says
