"""What was aimed at, beside what was measured; where a goal is missed, by how much and why.

The figures of time were set on a machine that was quicker than the one of the page: what the program before any gain
cost there stands in `then`. So a cost may also be judged by its ratio to that program in one block, which no machine
changes; a rate cannot.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Final

from bench.cells import FIGURES, says
from bench.compare import ratios
from bench.report import Report
from msgspec import Struct

CALLS: Final = "messages/s follow the processor time of a message, since load, operator and gateway share two cores"
INTERPRETER: Final = (
    "the interpreter alone is some two thirds of it, spread over some hundred functions of which none takes 4 %; "
    "what is left to gain are native loops for what is pure octets"
)


class Goal(Struct, frozen=True, kw_only=True):
    """A bound for a figure of a cell, in the figure's unit; `why` is said where it is missed."""

    cell: str
    figure: str
    bound: float
    then: float | None = None
    """What the program before any gain needed on the machine on which the bound was set."""

    why: str

    @property
    def ratio(self) -> float | None:
        """The bound as a share of what it was then; None where no such figure is known."""
        return None if self.then is None else self.bound / self.then


GOALS: Final = (
    Goal(cell="full-64", figure="cpu_us", bound=330, then=780, why=INTERPRETER),
    Goal(cell="receipts-300ms", figure="cpu_us", bound=310, then=629, why=INTERPRETER),
    Goal(
        cell="full-64",
        figure="statements",
        bound=8,
        why="a message accepted, marked, answered and receipted is three transactions where they do not meet in one, "
        "and each writes its row, its money or its key",
    ),
    Goal(cell="full-64", figure="switches", bound=1, why="the writer is a thread of its own: two hand-overs a commit"),
    Goal(cell="full-64", figure="call_p99_ms", bound=35, why=CALLS),
    Goal(cell="parts-3", figure="messages_per_s", bound=5_000 / 3, why=CALLS),
    Goal(cell="soap-50", figure="accepted_per_s", bound=11_000, why=CALLS),
    Goal(cell="soap-50", figure="messages_per_s", bound=3_500, why=CALLS),
    Goal(
        cell="sendsms-100",
        figure="accepted_per_s",
        bound=9_000,
        why="delivery runs beside the calls on the same two cores; what is accepted while the link is down is faster",
    ),
    Goal(cell="webhook", figure="post_cpu_us", bound=150, why="a difference of two cells, so it spreads widely"),
    Goal(cell="webhook", figure="messages_per_s", bound=1_500, why=CALLS),
    Goal(
        cell="slow-operator",
        figure="window_share",
        bound=95,
        why="a place stands empty while its next message is taken up, and that waits for the processor",
    ),
    Goal(
        cell="states-10",
        figure="asked_per_s",
        bound=3_000,
        why="calls for states give way to sends that are late: the p99 of the sends is what was bought with it",
    ),
    Goal(cell="states-10", figure="send_p99_ms", bound=80, why=CALLS),
    Goal(
        cell="paced-50",
        figure="cpu_us",
        bound=1_200,
        why="no timer and no poll (an idle gateway takes under 1 % of a core): the same functions in the same shares "
        "as at saturation, each some five times dearer because the caches are cold after 20 ms of rest",
    ),
    Goal(cell="paced-50", figure="submit_p50_ms", bound=1.8, why="as the row above"),
    Goal(cell="paced-50", figure="submit_p99_ms", bound=3, why="as the row above"),
    Goal(cell="full-64", figure="log_octets", bound=400, why="the line of an end names its reason and its tries"),
)


def table(now: Report, before: tuple[Report, Report] | None) -> Iterator[str]:
    """The rows, as Markdown: what was aimed at, what is, against the program then, and what follows."""
    yield "| | figure | goal | median | against the program then | |"
    yield "|---|---|---|---|---|---|"
    for goal in GOALS:
        figures = now.cells.get(goal.cell, {})
        if goal.figure in figures:
            yield _row(goal, statistics.median(figures[goal.figure]), _against(goal, before))


def _against(goal: Goal, before: tuple[Report, Report] | None) -> float | None:
    if before is None or not all(goal.figure in each.cells.get(goal.cell, {}) for each in before):
        return None
    found = ratios(*before, goal.cell, goal.figure)
    return statistics.median(found) if found else None


def _row(goal: Goal, median: float, against: float | None) -> str:
    kind = FIGURES[goal.figure]
    bound = f"{'≥' if kind.more_is_better else '≤'} {goal.bound:,.{kind.places}f}"
    if goal.ratio is not None:
        bound += f" (≤ {goal.ratio:.2f} of then)"
    cells = (
        says(goal.cell),
        kind.label,
        bound,
        f"{median:,.{kind.places}f}",
        "" if against is None else f"{against:.2f}",
    )
    return f"| {' | '.join(cells)} | {verdict(goal, median, against)} |"


def verdict(goal: Goal, median: float, against: float | None) -> str:
    """`met`, or by how much it is missed and why."""
    ways: Mapping[str, float] = {"": _missed(goal, median)}
    if goal.ratio is not None and against is not None:
        ways = {**ways, " of the ratio": against / goal.ratio - 1}
    way, missed = min(ways.items(), key=lambda way: way[1])
    return "met" if missed <= 0 else f"missed by {missed:.0%}{way}: {goal.why}"


def _missed(goal: Goal, median: float) -> float:
    """By which share of the bound the figure is on the wrong side of it; not above 0 where it is met."""
    return 1 - median / goal.bound if FIGURES[goal.figure].more_is_better else median / goal.bound - 1
