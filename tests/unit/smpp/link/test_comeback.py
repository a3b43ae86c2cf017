"""When a link that was lost may bind again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.smpp.link.comeback import BINDS_PER_MINUTE, Comeback

VAIN = {"asked": 1, "answered": 0}
USEFUL = {"asked": 2, "answered": 1}
IDLE = {"asked": 0, "answered": 0}


def pauses(count: int, bound_for_s: float, **traffic: int) -> list[float]:
    """The pauses after so many binds alike, without the bound on binds."""
    made = Comeback(0.5, 30, 0)
    waits = []
    for _ in range(count):
        made.bind_asked(0)
        made.lost(bound_for_s=bound_for_s, **traffic)
        waits.append(made.wait_s(0, 1.0))
    return waits


@pytest.mark.parametrize(
    ("bound_for_s", "traffic", "begins_anew"),
    [
        (0.0, IDLE, False),  # an attempt that failed
        (5.0, IDLE, False),
        (30.0, IDLE, True),  # a receiver, a quiet night
        (30.0, VAIN, False),  # the centre takes binds and answers nothing
        (3_600.0, VAIN, False),
        (0.1, USEFUL, True),  # one message breaks it, the others are answered
    ],
)
def test_the_pause_begins_anew_after_a_bind_that_was_of_use(
    bound_for_s: float, traffic: dict[str, int], *, begins_anew: bool
) -> None:
    """An answer makes a bind useful, or half a minute in which nothing was asked; else the pause doubles."""
    doubling = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert pauses(8, bound_for_s, **traffic) == ([0.5] * 8 if begins_anew else doubling)


def binds_of_a_day(lives_s: list[float], jitter: float = 0.5) -> list[float]:
    """When a link binds whose binds live so long each, all of them useful."""
    made, now, binds = Comeback(0.5, 30), 1_000.0, []
    for life_s in lives_s:
        made.bind_asked(now)
        binds.append(now)
        made.lost(bound_for_s=life_s, **USEFUL)
        now += life_s
        now += made.wait_s(now, jitter)
    return binds


@given(st.lists(st.floats(0, 90), min_size=1, max_size=60), st.floats(0.5, 1))
def test_six_binds_a_minute_at_most(lives_s: list[float], jitter: float) -> None:
    """However long binds live, no minute sees more than six."""
    binds = binds_of_a_day(lives_s, jitter)
    for first, seventh in zip(binds, binds[BINDS_PER_MINUTE:], strict=False):
        assert seventh - first >= 60 - 1e-6


def test_one_mishap_costs_nothing_and_many_are_spread() -> None:
    """Three breaks are met at once; of a centre that cuts every bind after 5 s no gap is longer than 15 s."""
    binds = binds_of_a_day([5.0] * 120)
    gaps = [after - before - 5.0 for before, after in pairwise(binds)]
    assert gaps[:3] == [0.25, 0.25, 0.25]
    assert max(gaps) <= 15
    assert max(gaps[10:]) <= 6
