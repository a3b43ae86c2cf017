"""What a caller is told of a message's state: the table of contract §2."""

from __future__ import annotations

from payamak.codes import StateCode
from payamak.domain.message import State

_TOLD: dict[State, tuple[StateCode, StateCode]] = {
    # state: (no operator ever took the message, an operator did)
    State.QUEUED: (StateCode.NOT_SENT, StateCode.ENROUTE),
    State.SENDING: (StateCode.NOT_SENT, StateCode.ENROUTE),
    State.ENROUTE: (StateCode.ENROUTE, StateCode.ENROUTE),
    State.DELIVERED: (StateCode.DELIVERED, StateCode.DELIVERED),
    State.UNDELIVERABLE: (StateCode.UNDELIVERED, StateCode.UNDELIVERED),
    State.REJECTED: (StateCode.REJECTED, StateCode.REJECTED),
    State.EXPIRED: (StateCode.NOT_SENT, StateCode.UNDELIVERED),
    State.CANCELLED: (StateCode.NOT_SENT, StateCode.UNDELIVERED),
    State.UNKNOWN: (StateCode.UNKNOWN, StateCode.UNKNOWN),
}


def state_code(state: State, was_taken: bool, unknown: int = StateCode.UNKNOWN) -> int:
    """The number for wsStates; `unknown` is the account's number for "unknown", 4 or 0."""
    told = _TOLD[state][was_taken]
    return unknown if told is StateCode.UNKNOWN else told.value
