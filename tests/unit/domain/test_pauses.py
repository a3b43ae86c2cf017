"""When a part comes again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payamak.domain.message import Reason
from payamak.domain.pauses import pause_ms


@pytest.mark.parametrize(
    ("reason", "tries", "pause"),
    [
        (Reason.THROTTLED, 1, 500),
        (Reason.THROTTLED, 2, 1_000),
        (Reason.THROTTLED, 9, 10_000),
        (Reason.OPERATOR_BUSY, 1, 2_000),
        (Reason.OPERATOR_BUSY, 20, 300_000),
        (Reason.LINK_DOWN, 1, 500),
        (Reason.LINK_DOWN, 1_000_000, 10_000),
        (Reason.RESEND, 3, 2_000),
        (Reason.RESEND, 12, 30_000),
        (Reason.PACED, 1, 2_000),
        (Reason.PACED, 30, 300_000),
        (Reason.RESEND, 0, 500),
    ],
)
def test_the_pause_doubles_up_to_its_longest(reason: Reason, tries: int, pause: int) -> None:
    """Each reason has a first and a longest pause; a spread of less than a quarter comes on top."""
    assert pause <= pause_ms(reason, tries, 1001) < pause * 1.25


@given(reason=st.sampled_from(Reason), tries=st.integers(1, 10_000), salt=st.integers(1001, 2**53))
def test_a_replay_gives_the_same_times(reason: Reason, tries: int, salt: int) -> None:
    """The pause is a function, whole milliseconds, never shorter with more tries."""
    pause = pause_ms(reason, tries, salt)
    assert pause == pause_ms(reason, tries, salt) > 0
    assert pause_ms(reason, tries + 1, salt) * 1.25 > pause


def test_what_failed_together_does_not_come_back_together() -> None:
    """A thousand neighbouring messages come back spread over the whole quarter."""
    pauses = [pause_ms(Reason.OPERATOR_BUSY, 1, salt) for salt in range(1001, 2001)]
    assert len(set(pauses)) > 300
    assert min(pauses) < 2_010
    assert max(pauses) > 2_490
