"""What a session tells the program around it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from payamak.smpp.pdu import AlertNotification, Bind, BindResp, Pdu
from payamak.smpp.states import BindType


@dataclass(frozen=True, kw_only=True, slots=True)
class BindRequested:
    """An ESME wants to bind; `Session.answer_bind` decides."""

    pdu: Bind


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """The SMSC took our bind."""

    mode: BindType
    pdu: BindResp


@dataclass(frozen=True, kw_only=True, slots=True)
class BindRefused:
    """The SMSC refused our bind; the session is still open."""

    status: int


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request that is legal now and wants `Session.respond`."""

    pdu: Pdu


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The answer to the request of this sequence: its own kind of response, or generic_nack."""

    sequence: int
    pdu: Pdu


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseOverdue:
    """The response timer of this request fired; its place in the window is free again."""

    sequence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LateResponse:
    """An answer after its ResponseOverdue."""

    sequence: int
    pdu: Pdu


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertReceived:
    """An alert_notification; it wants no answer."""

    pdu: AlertNotification


@dataclass(frozen=True, kw_only=True, slots=True)
class PduRefused:
    """A PDU was unreadable, unknown or not legal now; the session has answered with `status`."""

    command_id: int
    sequence: int
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnbindRequested:
    """The peer has asked to unbind: nothing may be asked any more, what is under way goes on until `Unbound`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unbound:
    """The session is over in good order: write what is left, then close the connection."""

    by_peer: bool


class DeadReason(StrEnum):
    """Why a session is given up."""

    BIND_TIMEOUT = "bind_timeout"
    UNBIND_TIMEOUT = "unbind_timeout"
    NO_ANSWER = "no_answer"
    INACTIVE = "inactive"
    BROKEN_STREAM = "broken_stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkDead:
    """The session is over without good order: close the connection."""

    reason: DeadReason
    detail: str = ""


Event: TypeAlias = (
    BindRequested
    | Bound
    | BindRefused
    | RequestReceived
    | ResponseReceived
    | ResponseOverdue
    | LateResponse
    | AlertReceived
    | PduRefused
    | UnbindRequested
    | Unbound
    | LinkDead
)
