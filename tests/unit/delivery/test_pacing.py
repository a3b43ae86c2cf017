"""How fast a link may go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.delivery.pacing import BURST_S, FIRST_PAUSE_S, LONGEST_PAUSE_S, Pace, Turns
from payamak.domain.site import Line, LineKind


def test_a_link_without_a_pace_never_waits() -> None:
    """0 parts a second means that nothing was agreed."""
    pace = Pace(0, 0.0)
    for _ in range(1_000):
        assert pace.wait_s(0.0) == 0
        pace.take(5, 0.0)


def test_a_pace_of_ten() -> None:
    """One at once, then one every tenth of a second; a long text is waited for afterwards."""
    pace = Pace(10, 0.0)
    assert pace.wait_s(0.0) == 0
    pace.take(1, 0.0)
    assert pace.wait_s(0.0) == pytest.approx(0.1)
    assert pace.wait_s(0.1) == 0
    pace.take(5, 0.1)
    assert pace.wait_s(0.1) == pytest.approx(0.5)
    assert pace.wait_s(0.6) == 0


def test_a_long_text_waits_for_all_of_its_parts() -> None:
    """So a short one may pass meanwhile; what is longer than a tenth of a second's pace still runs ahead."""
    pace = Pace(100, 0.0)
    pace.take(8, 0.0)
    assert pace.wait_s(0.0, 6) == pytest.approx(0.04)
    assert pace.wait_s(0.0) == 0
    assert pace.wait_s(0.0, 50) == pace.wait_s(0.0, 10) == pytest.approx(0.08)


def test_a_sim_takes_eight_a_minute() -> None:
    """A pace below one part a second works as well."""
    pace = Pace(8 / 60, 0.0)
    pace.take(1, 0.0)
    assert pace.wait_s(0.0) == pytest.approx(7.5)


@given(rate=st.floats(0.05, 5_000), parts=st.lists(st.integers(1, 10), min_size=1, max_size=200))
def test_no_second_sees_more_than_the_pace_and_a_tenth(rate: float, parts: list[int]) -> None:
    """Whoever waits as long as told finds room then, and the pace holds over every second."""
    pace, now = Pace(rate, 100.0), 100.0
    sent: list[tuple[float, int]] = []
    for count in parts:
        if wait := pace.wait_s(now):
            now += wait
            assert pace.wait_s(now) == 0, "a wait that is over is over"
        pace.take(count, now)
        sent.append((now, count))
    for index, (start, _) in enumerate(sent):
        within = [count for at, count in sent[index:] if at < start + 1]
        room = max(1.0, rate * BURST_S)
        assert sum(within[:-1]) <= rate + room + 1e-3, "the last may run ahead"


def test_a_throttled_link_rests_twice_as_long_each_time() -> None:
    """From a quarter of a second to eight."""
    pace, now, rests = Pace(0, 0.0), 0.0, []
    for _ in range(7):
        pace.throttled(now)
        rests.append(pace.wait_s(now))
        now += rests[-1]
    assert rests == pytest.approx([0.25, 0.5, 1, 2, 4, 8, 8])
    assert (FIRST_PAUSE_S, LONGEST_PAUSE_S) == (0.25, 8)


def test_answers_to_what_was_sent_before_the_rest_do_not_prolong_it() -> None:
    """A window full of throttled answers is one rest; a success among them does not end it."""
    pace = Pace(100, 0.0)
    for _ in range(50):
        pace.throttled(0.0)
    pace.went_well(0.1)
    assert pace.wait_s(0.0) == FIRST_PAUSE_S
    pace.throttled(FIRST_PAUSE_S)
    assert pace.wait_s(FIRST_PAUSE_S) == 2 * FIRST_PAUSE_S


def test_a_part_that_was_taken_makes_the_next_rest_short_again() -> None:
    """The operator's patience is back."""
    pace = Pace(0, 0.0)
    pace.throttled(0.0)
    pace.went_well(1.0)
    pace.throttled(1.0)
    assert pace.wait_s(1.0) == FIRST_PAUSE_S


def test_turns_of_a_paced_line() -> None:
    """Each message gets the next instant; none beyond its deadline; after a start they go on behind the last."""
    turns = Turns()
    assert not turns.knows("sim")
    assert [turns.take("sim", 7_500, 1_000, 60_000) for _ in range(3)] == [1_000, 8_500, 16_000]
    assert turns.take("sim", 7_500, 1_000, 20_000) == 20_000
    assert turns.take("sim", 7_500, 1_000, 60_000) == 23_500
    assert turns.take("sim", 7_500, 90_000, 200_000) == 90_000
    turns.resume("sim", 120_000, 7_500)
    assert turns.take("sim", 7_500, 91_000, 200_000) == 127_500
    turns.resume("other", None, 7_500)
    assert turns.take("other", 7_500, 91_000, 200_000) == 91_000


def test_turns_that_have_passed() -> None:
    """Of the turns that passed while the link was down one goes at once, the others get new ones behind it."""
    turns = Turns()
    assert [turns.take("sim", 7_500, 1_000, 600_000) for _ in range(3)] == [1_000, 8_500, 16_000]
    assert turns.goes("sim", 7_500, 1_000)
    assert turns.goes("sim", 7_500, 8_520)
    assert turns.goes("sim", 7_500, 16_010)  # a little early or late is no matter
    assert [turns.take("sim", 7_500, 16_010, 600_000) for _ in range(3)] == [23_510, 31_010, 38_510]
    assert turns.goes("sim", 7_500, 90_000)  # after an outage
    assert not turns.goes("sim", 7_500, 90_000)
    assert turns.take("sim", 7_500, 90_000, 600_000) == 97_500
    assert not turns.goes("sim", 7_500, 90_001)
    assert turns.take("sim", 7_500, 90_001, 600_000) == 105_000
    assert turns.goes("sim", 7_500, 97_500)
    assert turns.goes("other", 7_500, 97_500)


@pytest.mark.parametrize(
    ("line", "interval_ms"),
    [
        (Line(number="3000"), 0),
        (Line(number="3000", kind=LineKind.SIM), 7_500),
        (Line(number="3000", kind=LineKind.SIM, messages_per_minute=16), 3_750),
        (Line(number="3000", kind=LineKind.SIM, messages_per_minute=0), 0),
        (Line(number="3000", messages_per_minute=60), 1_000),
    ],
)
def test_the_pace_of_a_line(line: Line, interval_ms: int) -> None:
    """A SIM line sends eight messages a minute if nothing is said, the others as fast as their links."""
    assert line.interval_ms == interval_ms
