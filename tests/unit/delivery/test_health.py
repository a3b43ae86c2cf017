"""The health of a link: when a trial begins, when it ends, when the link is bound anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.delivery.desk import limits_of
from payamak.delivery.health import LEAST_BETWEEN_BREAKS_S, Health, Limits
from payamak.domain.site import Link

LIMITS = Limits(most_unanswered=10, silence_s=60.0, trial_s=300.0)


def silent(count: int, *, since_s: float = 0.0, now: float = 60.0) -> Health:
    """A bound link with so many submits overdue, all written at the same instant."""
    health = Health().bound(0.0)
    for _ in range(count):
        health = health.without_answer(since_s, now)
    return health


@pytest.mark.parametrize(("count", "is_on_trial"), [(9, False), (10, True), (11, True)])
def test_ten_overdue_and_no_answer_put_a_link_on_trial(count: int, is_on_trial: bool) -> None:
    """As many as the limit says, and silence for a response timer."""
    assert silent(count).looked_at(60.0, LIMITS).is_on_trial is is_on_trial


@pytest.mark.parametrize(
    ("window", "trial_after", "most"), [(100, 10, 10), (3, 10, 3), (100, 1, 1), (10, 10, 10), (1, 10, 1)]
)
def test_a_small_window_is_enough(window: int, trial_after: int, most: int) -> None:
    """A link whose whole window is overdue need not wait for ten."""
    assert limits_of(Link(name="north", window=window, trial_after=trial_after)).most_unanswered == most


def test_an_answer_within_the_response_timer_speaks_for_the_link() -> None:
    """Ten are overdue, but something was answered a moment before: no trial, until that is a timer ago as well."""
    health = silent(10, since_s=59.0)
    assert not health.looked_at(60.0, LIMITS).is_on_trial
    assert not health.looked_at(118.0, LIMITS).is_on_trial
    assert health.looked_at(119.0, LIMITS).is_on_trial


def test_the_first_answer_ends_the_trial() -> None:
    """Whatever was overdue before it is forgotten with it."""
    health = silent(50).looked_at(60.0, LIMITS).answered()
    assert not health.is_on_trial
    assert not health.is_in_doubt
    assert not health.looked_at(1_000.0, LIMITS).is_on_trial


def test_a_trial_goes_on_over_the_next_bind() -> None:
    """A new bind answers nothing by itself."""
    health = silent(10).looked_at(60.0, LIMITS).down(61.0).bound(62.0)
    assert health.is_on_trial
    assert health.looked_at(62.0, LIMITS).is_on_trial


def test_time_without_a_bind_is_no_silence() -> None:
    """A link that loses a window at a cut and is down for an hour is not on trial; nor when it comes back."""
    health = silent(100, since_s=0.0, now=1.0).down(1.0)
    assert not health.looked_at(3_600.0, LIMITS).is_on_trial
    assert not health.bound(3_600.0).looked_at(3_601.0, LIMITS).is_on_trial


def test_binds_that_are_cut_before_the_timer_add_up() -> None:
    """An operator that takes, says nothing and cuts after five seconds is found out after twelve binds."""
    health, now = Health(), 0.0
    binds = 0
    while not health.looked_at(now, LIMITS).is_on_trial:
        health = health.bound(now)
        now += 5.0
        for _ in range(10):
            health = health.without_answer(now - 5.0, now)
        if health.looked_at(now, LIMITS).is_on_trial:
            break
        health = health.down(now)
        now += 100.0
        binds += 1
        assert binds < 20
    assert binds == 11


def test_lost_ones_may_be_heard_of_after_the_loss() -> None:
    """The order of the news at a break makes no difference."""
    before = silent(3, since_s=10.0, now=40.0).down(40.0)
    after = Health().bound(0.0).down(40.0)
    for _ in range(3):
        after = after.without_answer(10.0, 40.0)
    assert before == after


def test_after_five_minutes_a_link_on_trial_is_bound_anew() -> None:
    """And again after each further five minutes on the bind it has, but not while it is down."""
    health = silent(10).looked_at(60.0, LIMITS)
    assert not health.wants_new_bind(359.0, LIMITS)
    assert health.wants_new_bind(360.0, LIMITS)
    health = health.broken(360.0).down(360.0)
    assert not health.wants_new_bind(10_000.0, LIMITS)
    health = health.bound(400.0)
    assert not health.wants_new_bind(699.0, LIMITS)
    assert health.wants_new_bind(700.0, LIMITS)
    assert not health.answered().wants_new_bind(10_000.0, LIMITS)


def test_at_most_once_a_minute() -> None:
    """However short the trial is said to be."""
    hasty = Limits(most_unanswered=1, silence_s=1.0, trial_s=1.0)
    health = silent(1, now=1.0).looked_at(1.0, hasty)
    assert health.wants_new_bind(2.0, hasty)
    health = health.broken(2.0).down(2.0).bound(3.0)
    assert not health.wants_new_bind(1.9 + LEAST_BETWEEN_BREAKS_S, hasty)
    assert health.wants_new_bind(2.0 + LEAST_BETWEEN_BREAKS_S, hasty)


@given(st.lists(st.tuples(st.sampled_from(["up", "down", "lost", "answer", "look"]), st.floats(0, 100)), max_size=40))
def test_no_trial_without_its_reasons(steps: list[tuple[str, float]]) -> None:
    """Whatever happens in whatever order: a trial means ten unanswered since the last answer, and a timer's silence."""
    health, now, lost, bound_s, is_up, answered_s = Health(), 0.0, 0, 0.0, False, 0.0
    for what, pause_s in steps:
        now += pause_s
        bound_s += pause_s if is_up else 0.0
        if what == "up" and not is_up:
            health, is_up = health.bound(now), True
        elif what == "down" and is_up:
            health, is_up = health.down(now), False
        elif what == "lost":
            health = health.without_answer(max(now - 1.0, answered_s), now)
            bound_s = bound_s if lost else 1.0
            lost += 1
        elif what == "answer":
            health, lost, bound_s, answered_s = health.answered(), 0, 0.0, now
        health = health.looked_at(now, LIMITS)
        if health.is_on_trial and what == "look":
            assert lost >= LIMITS.most_unanswered
            assert bound_s >= LIMITS.silence_s - 0.1
