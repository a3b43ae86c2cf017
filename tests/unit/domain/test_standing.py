"""What a caller is told of a state (contract §2)."""

import pytest

from payamak.domain.message import State
from payamak.domain.standing import state_code


@pytest.mark.parametrize(
    ("state", "never_taken", "taken"),
    [
        (State.QUEUED, -1, 8),
        (State.SENDING, -1, 8),
        (State.ENROUTE, 8, 8),
        (State.DELIVERED, 1, 1),
        (State.UNDELIVERABLE, 2, 2),
        (State.REJECTED, 16, 16),
        (State.EXPIRED, -1, 2),
        (State.CANCELLED, -1, 2),
        (State.UNKNOWN, 4, 4),
    ],
)
def test_the_table_of_codes(state: State, never_taken: int, taken: int) -> None:
    """Not sent as long as no operator ever took the message; then what the operator made of it."""
    assert (state_code(state, False), state_code(state, True)) == (never_taken, taken)


def test_unknown_has_the_accounts_number() -> None:
    """4 by default; an account may be set to hear 0, for unknown only."""
    assert state_code(State.UNKNOWN, True, 0) == 0
    assert {state_code(state, False, 0) for state in State if state is not State.UNKNOWN} == {-1, 8, 1, 2, 16}


def test_every_state_has_a_code() -> None:
    """No state is without a number."""
    assert all(isinstance(state_code(state, taken), int) for state in State for taken in (False, True))
