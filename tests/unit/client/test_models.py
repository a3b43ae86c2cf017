"""States, options and errors as values."""

import pickle

import pytest

from payamak.client import (
    AccountUnusable,
    Busy,
    Code,
    CredentialsRefused,
    LineRefused,
    MessageState,
    NoCredit,
    OptedOut,
    Options,
    PayamakError,
    RecipientRefused,
    Refusal,
    Sent,
    ServiceNotEnabled,
    TextRefused,
    TooSoon,
    TransportFailed,
    UnexpectedAnswer,
)
from payamak.client.errors import refusal


@pytest.mark.parametrize(
    ("code", "name", "is_final", "is_unknown"),
    [
        (-1, "NOT_SENT", False, False),
        (0, "UNKNOWN", False, True),
        (1, "DELIVERED", True, False),
        (2, "UNDELIVERED", True, False),
        (4, "UNKNOWN", False, True),
        (8, "ENROUTE", False, False),
        (16, "REJECTED", True, False),
        (32, "UNLISTED", False, False),
    ],
)
def test_a_state_is_its_number_and_what_we_know(code: int, name: str, is_final: bool, is_unknown: bool) -> None:
    """Each number keeps its value; 4 and 0 are unknown alike; a strange one is no error."""
    state = MessageState(code)
    assert (state.code, state.name, state.is_final, state.is_unknown) == (code, name, is_final, is_unknown)
    assert state.is_delivered == (code == 1)
    assert state.english
    assert state.persian


@pytest.mark.parametrize(
    ("codes", "family"),
    [
        ((18, 19), CredentialsRefused),
        ((16, 17, 29), AccountUnusable),
        ((14,), NoCredit),
        ((1, 28), RecipientRefused),
        ((2, 8), LineRefused),
        ((22, 25), ServiceNotEnabled),
        ((13, 30, 34, 35), TextRefused),
        ((27, 33), OptedOut),
        ((23,), Busy),
        ((409,), TooSoon),
        ((15, 31, 777), Refusal),
    ],
)
def test_a_code_belongs_to_one_family(codes: tuple[int, ...], family: type[Refusal]) -> None:
    """A refusal is of its family's class, and keeps code and both texts."""
    for code in codes:
        error = refusal(code, "said")
        assert type(error) is family
        assert (error.code, error.message) == (code, "said")
        assert error.english
        assert error.persian
        assert error.known == (None if code == 777 else Code(code))


def test_a_refusal_is_said_once() -> None:
    """The server's words stand behind ours only where they are others."""
    ours = refusal(22).english
    assert str(refusal(22, ours)) == f"refused with 22: {ours}"
    assert str(refusal(22, "ask Ali")) == f"refused with 22: {ours} (server: ask Ali)"


@pytest.mark.parametrize(
    "error",
    [
        refusal(33, "stopped"),
        refusal(777),
        UnexpectedAnswer("expected JSON", 502, "<h1>", True),
        TransportFailed("ReadTimeout", True),
    ],
)
def test_errors_survive_pickling(error: PayamakError) -> None:
    """An error that crosses a process is the same error."""
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_a_recipient_stays_out_of_the_repr() -> None:
    """Logging what was sent shows no number of a person."""
    sent = Sent(message_id=3403, line="9830003300", recipient="989395213300")
    assert repr(sent) == "Sent(message_id=3403, line='9830003300')"


@pytest.mark.parametrize(
    "wrong", [{"read_timeout_s": 0}, {"max_tries": 0}, {"states_per_call": -1}, {"first_pause_s": -0.1}]
)
def test_senseless_options_are_refused(wrong: dict[str, float]) -> None:
    """An option that cannot work is told when it is set."""
    with pytest.raises(ValueError):
        Options(**wrong)  # type: ignore[arg-type]
