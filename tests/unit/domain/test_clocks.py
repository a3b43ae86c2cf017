"""Two clocks: what a jump is, when it counts as true, and which instant it is meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.clocks import (
    JUMP_MS,
    TRUE_AFTER_MS,
    ClockRecord,
    Clocks,
    Reading,
    accepted,
    earliest,
    first_look,
    in_doubt_until,
    look,
)

START = 1_767_225_600_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def after(*looks: tuple[int, int], clocks: Clocks | None = None) -> tuple[Clocks, int]:
    """What is known after looks (boot clock, by how much the wall clock is wrong); and the boot clock then."""
    clocks, boot = clocks or first_look(START, 0), 0
    for boot, wrong_by in looks:
        clocks = look(clocks, START + boot + wrong_by, boot)
    return clocks, boot


def test_clocks_that_agree_are_one() -> None:
    """Without a jump `now` is a plain number: what the wall clock says."""
    clocks, boot = after((SECOND, 0), (HOUR, 20), (2 * HOUR, 40))
    now = clocks.read(boot)
    assert (now, type(now)) == (START + 2 * HOUR + 40, int)
    assert (earliest(now), in_doubt_until(now)) == (now, None)


@pytest.mark.parametrize("wrong_by", [-DAY, -HOUR, -JUMP_MS - 1, JUMP_MS + 1, HOUR, DAY, 3650 * DAY])
def test_a_jump_gives_two_readings(wrong_by: int) -> None:
    """More than 60 s between the clocks: `now` is the later reading, and what ends something goes by the earlier."""
    clocks, boot = after((HOUR, 0), (HOUR + 1, wrong_by))
    now, true = clocks.read(boot), START + boot
    assert isinstance(now, Reading)
    assert (now, earliest(now)) == (max(true, true + wrong_by), min(true, true + wrong_by))
    assert in_doubt_until(now) == now + TRUE_AFTER_MS
    assert (clocks.ahead, clocks.jumps) == (wrong_by, 1)


@pytest.mark.parametrize("wrong_by", [-JUMP_MS, -30 * SECOND, 30 * SECOND, JUMP_MS])
def test_a_small_step_is_no_jump(wrong_by: int) -> None:
    """Up to 60 s is what time daemons step by: nobody doubts, and `now` does not go back by it, it goes slower."""
    clocks, _ = after((HOUR, 0))
    before = clocks.read(HOUR)
    for boot in range(HOUR + 1, HOUR + 11 * MINUTE, 10 * SECOND):
        clocks, _ = after((boot, wrong_by), clocks=clocks)
        now = clocks.read(boot)
        assert type(now) is int
        assert now > before
        before = now
    assert before == START + boot + wrong_by


def test_small_steps_that_add_up_are_a_jump() -> None:
    """Two steps of 50 s within seconds are one of 100 s; the clock is not followed that fast."""
    clocks, _ = after((HOUR, 0), (HOUR + SECOND, 50 * SECOND))
    assert not clocks.is_in_doubt
    assert after((HOUR + 2 * SECOND, 100 * SECOND), clocks=clocks)[0].is_in_doubt
    assert not after((2 * HOUR, 50 * SECOND), (2 * HOUR + SECOND, 100 * SECOND), clocks=clocks)[0].is_in_doubt


@pytest.mark.parametrize("wrong_by", [-HOUR, DAY])
def test_ten_minutes_make_it_true(wrong_by: int) -> None:
    """Ten minutes without another jump, not one millisecond less; then the wall clock is right and the doubt over."""
    clocks, boot = after((HOUR, 0), (HOUR + 1, wrong_by), (HOUR + TRUE_AFTER_MS, wrong_by))
    assert clocks.is_in_doubt
    clocks, boot = after((HOUR + 1 + TRUE_AFTER_MS, wrong_by), clocks=clocks)
    assert (clocks.is_in_doubt, clocks.read(boot), clocks.ahead) == (False, START + boot + wrong_by, 0)


def test_another_jump_begins_the_ten_minutes_anew() -> None:
    """A clock that jumps about is not believed because ten minutes have passed since it began to."""
    clocks, _ = after((HOUR, 0), (HOUR + 1, HOUR), (HOUR + 9 * MINUTE, 2 * HOUR), (HOUR + 11 * MINUTE, 2 * HOUR))
    assert (clocks.is_in_doubt, clocks.jumps) == (True, 2)
    clocks, _ = after((HOUR + 19 * MINUTE, 2 * HOUR), clocks=clocks)
    assert not clocks.is_in_doubt


def test_a_jump_that_comes_back_is_over_at_once() -> None:
    """A day ahead for 4 s: then all is as before, and `now` has fallen by that day."""
    clocks, boot = after((HOUR, 0), (HOUR + SECOND, DAY), (HOUR + 5 * SECOND, 0))
    assert (clocks.is_in_doubt, clocks.read(boot), clocks.fallen) == (False, START + boot, DAY)
    clocks, boot = after((HOUR, 0), (HOUR + SECOND, -DAY), (HOUR + 5 * SECOND, 0))
    assert (clocks.is_in_doubt, clocks.read(boot), clocks.fallen) == (False, START + boot, 0)


def test_a_person_accepts_the_clock() -> None:
    """Then it counts as true at once: `now` goes by it, backwards too, and the store is to be set back by as much."""
    clocks, boot = after((HOUR, 0), (HOUR + SECOND, -HOUR))
    assert clocks.read(boot) == START + boot
    clocks = accepted(clocks)
    assert (clocks.is_in_doubt, clocks.read(boot), clocks.fallen) == (False, START + boot - HOUR, HOUR)


def test_a_person_accepts_one_jump_only() -> None:
    """Acceptance names the clock as it was: not the next jump, and not another start of the machine."""
    clocks, _ = after((HOUR, 0), (HOUR + SECOND, -HOUR))
    record = ClockRecord(accepted=clocks.offset, accepted_on=7)
    assert record.accepts(clocks, 7)
    assert not record.accepts(clocks, 8)
    assert not record.accepts(after((2 * HOUR, -2 * HOUR), clocks=clocks)[0], 7)
    assert not ClockRecord().accepts(clocks, 0)


def test_a_suspended_machine_is_no_jump() -> None:
    """The boot clock has counted the night too: last night's codes are past their deadlines by both clocks."""
    clocks, boot = after((HOUR, 0), (9 * HOUR, 0))
    assert earliest(clocks.read(boot)) == START + 9 * HOUR


def test_a_night_that_no_clock_counted() -> None:
    """A virtual machine that was paused comes up with yesterday's time: once it is corrected, both readings count."""
    clocks, boot = after((HOUR, 0), (HOUR + SECOND, 8 * HOUR))
    now = clocks.read(boot)
    assert (now - earliest(now), clocks.is_in_doubt) == (8 * HOUR, True)


@pytest.mark.parametrize(
    ("wall", "last_commit", "was_in_doubt", "is_in_doubt"),
    [
        (START, 0, False, False),
        (START, START - DAY, False, False),
        (START, START + 30 * SECOND, False, False),
        (START - HOUR, START, False, True),
        (0, START, False, True),
        (START, START - HOUR, True, True),
    ],
)
def test_at_a_start(wall: int, last_commit: int, was_in_doubt: bool, is_in_doubt: bool) -> None:
    """A wall clock before the store's last commit is a jump; one that was in doubt at the end is so still."""
    clocks = first_look(wall, 5_000, last_commit=last_commit, is_doubtful=was_in_doubt)
    assert clocks.is_in_doubt is is_in_doubt
    assert clocks.read(5_000) >= last_commit


@given(
    looks=st.lists(
        st.tuples(st.integers(1, 3 * HOUR), st.sampled_from((0, 10, -59_000, 59_000, HOUR, -HOUR, DAY, -30 * DAY)))
    )
)
def test_whatever_the_clock_does(looks: list[tuple[int, int]]) -> None:
    """`now` is never before either clock but by what it falls, the fall is counted, and it never goes back."""
    clocks, boot, before, fallen = first_look(START, 0), 0, START, 0
    for passed, wrong_by in looks:
        boot += passed
        clocks = look(clocks, START + boot + wrong_by, boot)
        now = clocks.read(boot)
        assert now >= START + boot + wrong_by, "what is past by the wall clock is past"
        assert earliest(now) <= now
        if clocks.is_in_doubt:
            assert earliest(now) <= START + boot + wrong_by
        assert now + clocks.fallen - fallen >= before, "it goes on, a millisecond later at most"
        assert clocks.fallen == fallen or clocks.fallen - fallen > JUMP_MS
        before, fallen = int(now), clocks.fallen
