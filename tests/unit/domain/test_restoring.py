"""Numbers that nobody has been given yet, guessed from what a copy of the store knows (P10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.restoring import (
    AT_LEAST,
    DAY_MS,
    EVENTS_AHEAD,
    EVENTS_SINCE_S,
    SHORT_IDS,
    TIMES_THE_BUSIEST_DAY,
    events_above,
    ids_above,
)

NOW = 1_780_000_000_000
ids = st.integers(1_000, 1 << 40)
counts = st.integers(0, 1 << 30)


@pytest.mark.parametrize(
    ("sentence", "last", "busiest", "days", "known", "above"),
    [
        ("a copy without traffic", 1_000, 0, 0.0, 0, 11_000),
        ("a moment ago counts as a day", 1_003, 5, 0.001, 0, 11_053),
        ("each day since may have been ten times the busiest", 1_007, 100, 3.0, 0, 1_007 + 3_000 + 10_000),
        ("a day that has begun is a day", 1_007, 100, 3.1, 0, 1_007 + 4_000 + 10_000),
        ("a clock that was set back", 1_007, 100, -4.0, 0, 1_007 + 1_000 + 10_000),
        ("what is known is more than the guess", 1_007, 100, 3.0, 500_000, 500_000),
        ("what is known is less", 1_007, 100, 3.0, 1_008, 1_007 + 3_000 + 10_000),
        ("short as long as possible", 1_000_000, 1 << 30, 9.0, 0, 1_000_000 + (SHORT_IDS - 1 - 1_000_000) // 2),
        ("long where they must be", SHORT_IDS - 5_000, 100, 1.0, 0, SHORT_IDS - 5_000 + 11_000),
        ("long where they are", 1 << 33, 100, 2.0, 0, (1 << 33) + 12_000),
    ],
)
def test_ids(sentence: str, last: int, busiest: int, days: float, known: int, above: int) -> None:
    """Each figure of the rule."""
    assert ids_above(last, busiest, NOW - int(days * DAY_MS), NOW, known) == above, sentence


@given(last=ids, busiest=counts, days=st.integers(0, 4_000), known=st.integers(0, 1 << 40))
def test_above_all(last: int, busiest: int, days: int, known: int) -> None:
    """Never below what is known, always well above the last one; and as the rule says, wherever ids can stay short."""
    above = ids_above(last, busiest, NOW - days * DAY_MS, NOW, known)
    assert above >= max(known, last + AT_LEAST)
    guess = last + TIMES_THE_BUSIEST_DAY * busiest * max(days, 1) + AT_LEAST
    assert above <= max(known, guess)
    if guess <= last + (SHORT_IDS - 1 - last) // 2 or last + 2 * AT_LEAST >= SHORT_IDS:
        assert above == max(known, guess)
    if known < SHORT_IDS - 1 and last + 2 * AT_LEAST < SHORT_IDS - 1:
        assert above < SHORT_IDS


def test_events() -> None:
    """Numbers of events leap with the clock; after a restore before, also where that was set back; within 32 bits."""
    first = events_above(NOW, 0)
    assert first == NOW // 1_000 - EVENTS_SINCE_S
    assert events_above(NOW + 60_000, first) >= first + EVENTS_AHEAD
    assert events_above(NOW - 90 * DAY_MS, first) == first + EVENTS_AHEAD
    assert events_above(0, 0) == EVENTS_AHEAD
    assert first < SHORT_IDS
