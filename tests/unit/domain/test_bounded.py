"""Foreign ids and words: as they came while they are short, told apart by a digest when they are not."""

from __future__ import annotations

import pytest

from payamak.domain.bounded import LONGEST_ID, LONGEST_WORD, bounded_id, bounded_word
from payamak.domain.intake import LEAST_BURST, LONGEST_WAIT_S, MOST_WAITING, IntakeBucket
from payamak.domain.mo import LONGEST_OCTETS


@pytest.mark.parametrize("text", ["", "0", "7F3a", "x" * LONGEST_ID])
def test_what_fits_is_kept(text: str) -> None:
    """Up to 65 octets an id is what it was."""
    assert bounded_id(text) == text


def test_a_long_id() -> None:
    """Of 65 octets, equal for equal ones, different wherever in 60,000 octets two of them differ."""
    long = "7" * 60_000
    others = [long + "7", "8" + long[1:], long[:-1] + "8", long[:30_000] + "8" + long[30_001:]]
    assert bounded_id(long) == bounded_id("7" * 60_000)
    assert len({bounded_id(each) for each in (long, *others)}) == 5
    assert {len(bounded_id(each)) for each in (long, *others)} == {LONGEST_ID}
    assert bounded_id(long).startswith("7" * 32)


def test_half_a_surrogate() -> None:
    """A text that UTF-8 cannot hold is no error here."""
    assert len(bounded_id("\ud800" * 100)) == LONGEST_ID


def test_words() -> None:
    """A word is cut where it is longer than a table's key, and shows it."""
    assert bounded_word("DELIVRD") == "DELIVRD"
    assert bounded_word("x" * 60_000) == "x" * (LONGEST_WORD - 1) + "…"


def test_intake() -> None:
    """A burst at once, then by the second; a few wait for their turn, the rest is refused and costs nothing."""
    intake = IntakeBucket(10, 100.0)
    burst = int(LEAST_BURST)
    assert [intake.wait_s(140, 100.0) for _ in range(burst + 1)] == [0.0] * burst + [0.1]
    waits = [intake.wait_s(140, 100.0) for _ in range(25)]
    assert waits == [pytest.approx(n / 10) for n in range(2, 21)] + [None] * 6
    assert [intake.wait_s(140, 101.0) for _ in range(11)] == [pytest.approx(n / 10) for n in range(11, 21)] + [None]
    assert intake.wait_s(140, 99.0) is None, "a clock that goes back brings nothing"
    assert intake.wait_s(140, 200.0) == 0.0


def test_a_payload_counts_as_several() -> None:
    """By its octets, in parts of 255; the longest message fits into a burst."""
    intake = IntakeBucket(1, 0.0)
    assert intake.wait_s(LONGEST_OCTETS, 0.0) == 0.0
    assert intake.wait_s(LONGEST_OCTETS, 0.0) == 0.0
    assert intake.wait_s(LONGEST_OCTETS, 0.0) is None
    assert intake.wait_s(1, 0.0) == 0.0


@pytest.mark.parametrize("rate", [1, 300, 10_000])
def test_what_waits_is_bounded(rate: float) -> None:
    """In number and in time, whatever the rate."""
    intake = IntakeBucket(rate, 0.0)
    waits = [intake.wait_s(1, 0.0) for _ in range(30_000)]
    waiting = [wait for wait in waits if wait]
    assert len(waiting) <= MOST_WAITING
    assert max(waiting) <= LONGEST_WAIT_S
