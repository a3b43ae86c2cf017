"""Which end may ask for what in which state (section 2.2 and table 2-1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from payamak.smpp.constants import CommandId
from payamak.smpp.pdu import Bind, BindReceiver, BindTransceiver, BindTransmitter


class Role(StrEnum):
    """Which end we are: the program that binds, or the centre that is bound to."""

    ESME = "esme"
    SMSC = "smsc"

    @property
    def peer(self) -> Role:
        """The other end."""
        return Role.SMSC if self is Role.ESME else Role.ESME


class BindType(StrEnum):
    """Which way messages may go over the link (section 2.2)."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class SessionState(StrEnum):
    """Where a session stands (section 2.2).

    Two are ours. UNBINDING: unbind is sent, its response not yet here. LEAVING: one end has unbound, and what is under
    way is waited for; then the peer's requests are judged as before its unbind, or as in UNBINDING if that was ours.
    """

    OPEN = "open"
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"
    LEAVING = "leaving"
    CLOSED = "closed"


BOUND_STATES: Final = frozenset({SessionState.BOUND_TX, SessionState.BOUND_RX, SessionState.BOUND_TRX})

BINDS: Final[dict[BindType, type[Bind]]] = {
    BindType.TRANSMITTER: BindTransmitter,
    BindType.RECEIVER: BindReceiver,
    BindType.TRANSCEIVER: BindTransceiver,
}
MODE_OF_BIND: Final[dict[int, BindType]] = {
    CommandId.BIND_TRANSMITTER: BindType.TRANSMITTER,
    CommandId.BIND_RECEIVER: BindType.RECEIVER,
    CommandId.BIND_TRANSCEIVER: BindType.TRANSCEIVER,
}
STATE_OF_MODE: Final[dict[BindType, SessionState]] = {
    BindType.TRANSMITTER: SessionState.BOUND_TX,
    BindType.RECEIVER: SessionState.BOUND_RX,
    BindType.TRANSCEIVER: SessionState.BOUND_TRX,
}

_OPEN: Final = frozenset({SessionState.OPEN})
_SENDING: Final = frozenset({SessionState.BOUND_TX, SessionState.BOUND_TRX})
_RECEIVING: Final = frozenset({SessionState.BOUND_RX, SessionState.BOUND_TRX})
# Wider than table 2-1, which wants a bound session: many programs ask early, and the answer costs nothing.
_ALIVE: Final = frozenset(SessionState) - {SessionState.CLOSED}

LEGAL: Final[dict[tuple[Role, int], frozenset[SessionState]]] = {
    (Role.ESME, CommandId.BIND_TRANSMITTER): _OPEN,
    (Role.ESME, CommandId.BIND_RECEIVER): _OPEN,
    (Role.ESME, CommandId.BIND_TRANSCEIVER): _OPEN,
    (Role.SMSC, CommandId.OUTBIND): _OPEN,
    (Role.ESME, CommandId.UNBIND): BOUND_STATES | {SessionState.UNBINDING},
    # Also before it has answered our bind: it has changed its mind, and we would wait for that answer in vain.
    (Role.SMSC, CommandId.UNBIND): BOUND_STATES | {SessionState.UNBINDING, SessionState.OPEN},
    (Role.ESME, CommandId.SUBMIT_SM): _SENDING,
    (Role.ESME, CommandId.QUERY_SM): _SENDING,
    (Role.ESME, CommandId.CANCEL_SM): _SENDING,
    (Role.ESME, CommandId.REPLACE_SM): _SENDING,
    (Role.ESME, CommandId.DATA_SM): BOUND_STATES,
    (Role.SMSC, CommandId.DATA_SM): BOUND_STATES,
    (Role.SMSC, CommandId.DELIVER_SM): _RECEIVING,
    (Role.SMSC, CommandId.ALERT_NOTIFICATION): _RECEIVING,
    (Role.ESME, CommandId.ENQUIRE_LINK): _ALIVE,
    (Role.SMSC, CommandId.ENQUIRE_LINK): _ALIVE,
}
"""(who asks, command_id) -> the states in which it may; what is not listed may never be asked."""

TAKEN: Final[dict[tuple[Role, int], frozenset[SessionState]]] = {
    **LEGAL,
    # Who brings a receipt over a bind that was only for sending is not to be taught by losing it.
    (Role.SMSC, CommandId.DELIVER_SM): BOUND_STATES,
}
"""The same for what the other end may ask: wider than LEGAL where a centre means well."""
