"""What receipts teach of an operator's ids, and how it is forgotten again."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.ids import (
    LEAN_AFTER,
    SETTLE_AFTER,
    IdBase,
    IdHabit,
    judge,
    unlearn,
)

SAME, TO_DECIMAL, TO_HEX = IdBase.SAME, IdBase.HEX_TO_DECIMAL, IdBase.DECIMAL_TO_HEX
READINGS = (SAME, TO_DECIMAL, TO_HEX)


def after(habit: IdHabit, times: int, *fitting: IdBase) -> IdHabit:
    """The habit after so many receipts that these readings explain."""
    for _ in range(times):
        habit = judge(habit, fitting)
    return habit


@pytest.mark.parametrize("base", READINGS)
def test_learned(base: IdBase) -> None:
    """What explains every receipt decides after three and is settled after twenty; before, nothing is chosen."""
    habit = after(IdHabit(), LEAN_AFTER - 1, base)
    assert habit.choice is IdBase.AUTO
    habit = after(habit, 1, base)
    assert (habit.choice, habit.settled) == (base, IdBase.AUTO)
    habit = after(habit, SETTLE_AFTER - LEAN_AFTER - 1, base)
    assert habit.settled is IdBase.AUTO
    assert after(habit, 1, base).settled is base


def test_what_fits_both_tells_against_the_third() -> None:
    """A receipt that two readings explain is evidence against the third only."""
    habit = after(IdHabit(), 50, SAME, TO_HEX)
    assert (habit.choice, habit.judged) == (IdBase.AUTO, 50)
    habit = after(habit, LEAN_AFTER, SAME, TO_DECIMAL)
    assert habit.choice is SAME


def test_a_contradiction_begins_anew() -> None:
    """A receipt that the leading habit does not explain ends its lead, and more is asked from there on."""
    habit = after(after(IdHabit(), SETTLE_AFTER - 1, SAME), 1, TO_DECIMAL)
    assert (habit.contradictions, habit.judged, habit.choice) == (1, 1, IdBase.AUTO)
    habit = after(habit, 2 * SETTLE_AFTER - 2, TO_DECIMAL)
    assert (habit.choice, habit.settled) == (TO_DECIMAL, IdBase.AUTO)
    assert after(habit, 1, TO_DECIMAL).settled is TO_DECIMAL


@pytest.mark.parametrize("share", [2, 15, 30])
def test_two_systems_behind_one_upstream(share: int) -> None:
    """An upstream that writes one id of many in another way does not stay settled: each time more is asked."""
    habit = IdHabit()
    for _ in range(200):
        for base in (*(SAME,) * share, TO_DECIMAL):
            is_missed = habit.settled is not IdBase.AUTO and habit.settled is not base
            habit = unlearn(habit) if is_missed else judge(habit, (base,))
    assert habit.settled is IdBase.AUTO
    assert habit.unlearned <= 1


def test_settled_is_no_more_judged() -> None:
    """Once settled nothing is counted: no write for every receipt."""
    settled = after(IdHabit(), SETTLE_AFTER, SAME)
    assert judge(settled, (SAME,)) is settled
    assert judge(settled, (TO_HEX,)) is settled


def test_unlearned() -> None:
    """A settled habit that was given up is learned anew, and more is asked of the next one."""
    habit = unlearn(after(IdHabit(), SETTLE_AFTER, SAME))
    assert habit == IdHabit(contradictions=1, unlearned=1)
    habit = after(habit, 2 * SETTLE_AFTER - 1, TO_DECIMAL)
    assert habit.settled is IdBase.AUTO
    habit = after(habit, 1, TO_DECIMAL)
    assert (habit.settled, habit.unlearned) == (TO_DECIMAL, 1)


def test_nothing_is_learned_of_nothing() -> None:
    """A receipt that nothing explains says nothing of the habit."""
    assert judge(IdHabit(), ()) == IdHabit()


@given(st.lists(st.sets(st.sampled_from(READINGS), min_size=1), max_size=120))
def test_any_evidence(evidence: list[Collection[IdBase]]) -> None:
    """A chosen reading explained each of the last receipts that were judged, and no other one did."""
    habit = IdHabit()
    for index, fitting in enumerate(evidence, 1):
        before = habit
        habit = judge(habit, fitting)
        if habit is before:
            assert habit.settled is not IdBase.AUTO
            return
        assert habit.judged <= index
        last = evidence[index - habit.judged : index]
        if habit.choice is not IdBase.AUTO:
            assert all(habit.choice in fits for fits in last)
            for other in set(READINGS) - {habit.choice}:
                assert sum(other not in fits for fits in last) >= LEAN_AFTER
