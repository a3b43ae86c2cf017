"""The process is struck at each named point, its disk forgets what was not synced, and every promise holds (P1-P5)."""

from __future__ import annotations

import pytest
from tests.crash.matrix import all_cells, short_cells, strike
from tests.crash.points import POINTS, SIDES, full_names, scene_of
from tests.crash.seams import missing
from tests.crash.table import Summary, markdown_table
from tests.crash.ways import WAYS, impossible

SEED = 3
SHARES = 6
"""The short matrix in as many tests, so that they can run side by side."""


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
async def test_every_point_once(share: int) -> None:
    """Nothing is lost, no money is off, no copy outside the wire window or on a line that holds, no point is missed."""
    cells = short_cells(SEED)[share::SHARES]
    summary = Summary.of(await strike(cells, SEED + 100 * share, at_once=6), seed=SEED, took_s=0)
    assert summary.broken == ()
    assert summary.promised > 5 * len(cells)
    assert summary.strikes >= len([cell for cell in cells if cell not in impossible()])


@pytest.mark.slow
async def test_without_the_sync_it_is_red() -> None:
    """A disk that answers syncs and does nothing loses messages that were promised, and the checker says so."""
    cells = [("mark/after", "at once"), ("accept/after", "at once")]
    outcomes = await strike(cells, SEED, ignores_sync=True)
    assert all(outcome.was_struck for outcome in outcomes)
    assert all(outcome.verdict.lost for outcome in outcomes)
    assert Summary.of(outcomes, seed=SEED, took_s=0).broken


def test_every_place_is_there() -> None:
    """What the points are laid into exists in the program; what does not is named."""
    assert missing() == []


def test_the_short_matrix_has_every_point() -> None:
    """Whatever the seed: each possible point in a cell that can occur, and two cells that cannot."""
    never = impossible()
    for seed in range(50):
        cells = short_cells(seed)
        possible = [cell for cell in cells if cell not in never]
        assert [point for point, _ in possible] == full_names()
        assert len(cells) == len(possible) + 2


def test_every_cell_is_known() -> None:
    """The cells that cannot occur are cells, each with a reason, and no point or way is impossible altogether."""
    never = impossible()
    assert never.keys() <= set(all_cells())
    assert all(never.values())
    for point in full_names():
        assert any((point, way.name) not in never for way in WAYS)
        assert scene_of(point) is POINTS[point.partition("/")[0]][1]
    assert len(full_names()) == len(POINTS) * len(SIDES)


def test_table() -> None:
    """The page's table has a row for each point that was run and a mark for what cannot occur."""
    assert markdown_table(Summary.of([], seed=1, took_s=0))[0].startswith("| struck at | at once |")
