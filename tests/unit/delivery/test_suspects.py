"""Suspects: who is one, and the hush in which one goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from payamak.delivery.suspects import HUSH_S, MOST_REMEMBERED, Hush, Suspects, Turn


def test_one_break_makes_nobody_suspect() -> None:
    """Two breaks with no answer in between do."""
    suspects = Suspects()
    suspects.strike("a")
    assert "a" not in suspects
    suspects.strike("a")
    assert "a" in suspects
    assert "b" not in suspects
    assert len(suspects) == 1


def test_an_answer_clears() -> None:
    """Whatever the operator said of it; the next break is the first again."""
    suspects = Suspects()
    suspects.strike("a")
    suspects.clear("a")
    suspects.strike("a")
    assert "a" not in suspects
    suspects.clear("never heard of")


def test_the_memory_is_bounded() -> None:
    """The oldest are forgotten first; who is struck again counts as young."""
    suspects = Suspects()
    suspects.strike("old")
    suspects.strike("poison")
    for number in range(MOST_REMEMBERED - 2):
        suspects.strike(number)
    suspects.strike("poison")
    suspects.strike("one more")
    assert "poison" in suspects
    assert len(suspects._strikes) == MOST_REMEMBERED
    suspects.strike("old")
    assert "old" not in suspects


def test_a_suspect_waits_for_what_is_out_and_the_others_for_it() -> None:
    """Nothing else is let in until what is out is answered; then it goes, and is alone until it is answered."""
    hush = Hush()
    assert hush.turn(1.0, 3, others_wait=True) is Turn.NOBODY
    assert hush.turn(1.1, 1, others_wait=True) is Turn.NOBODY
    assert hush.turn(1.2, 0, others_wait=True) is Turn.SUSPECT
    hush.went(1.2, is_alone=True)
    assert hush.turn(1.3, 1, others_wait=True) is Turn.NOBODY
    hush.ended(1.4)
    assert hush.turn(1.4, 0, others_wait=True) is Turn.OTHERS
    assert hush.turn(1.79, 0, others_wait=True) is Turn.OTHERS, "they have as long as they waited"
    assert hush.turn(1.81, 5, others_wait=True) is Turn.NOBODY


def test_nobody_waits_for_ever() -> None:
    """What is out is not answered: the suspect goes beside it. The suspect is not answered: the others go on."""
    hush = Hush()
    assert hush.turn(0.0, 3, others_wait=True) is Turn.NOBODY
    assert hush.next_look_s(0.0) == HUSH_S
    assert hush.turn(HUSH_S, 3, others_wait=True) is Turn.SUSPECT
    hush.went(HUSH_S, is_alone=False)
    assert hush.turn(HUSH_S, 4, others_wait=True) is Turn.OTHERS
    hush = Hush()
    hush.went(0.0, is_alone=True)
    assert hush.turn(HUSH_S - 0.01, 1, others_wait=True) is Turn.NOBODY
    assert hush.turn(HUSH_S, 1, others_wait=True) is Turn.OTHERS


def test_where_nobody_else_waits_suspects_follow_each_other() -> None:
    """One at a time all the same."""
    hush = Hush()
    for now in (1.0, 1.1, 1.2):
        assert hush.turn(now, 0, others_wait=False) is Turn.SUSPECT
        hush.went(now, is_alone=True)
        assert hush.turn(now, 1, others_wait=False) is Turn.NOBODY
        hush.ended(now + 0.05)


@given(st.lists(st.tuples(st.floats(0.001, 0.3), st.integers(0, 3)), max_size=80))
def test_the_others_have_half_of_the_time(steps: list[tuple[float, int]]) -> None:
    """Whatever is answered when: nobody is held back for more than a second on end, nor for more than half the time."""
    hush, now, held_s, on_end_s, free_s = Hush(), 0.0, 0.0, 0.0, 0.0
    for pause_s, in_flight in steps:
        turn = hush.turn(now, in_flight + hush.is_out, others_wait=True)
        if turn is Turn.SUSPECT:
            hush.went(now, is_alone=in_flight == 0)
            turn = hush.turn(now, 1, others_wait=True)
        elif hush.is_out and in_flight == 0:
            hush.ended(now)
            turn = hush.turn(now, 0, others_wait=True)
        step_s = min(pause_s, next_s) if (next_s := hush.next_look_s(now)) else pause_s
        if turn is Turn.NOBODY:
            held_s, on_end_s = held_s + step_s, on_end_s + step_s
        else:
            free_s, on_end_s = free_s + step_s, 0.0
        assert on_end_s <= 2 * HUSH_S + 0.001
        assert held_s <= free_s + 2 * HUSH_S + 0.001
        now += step_s
