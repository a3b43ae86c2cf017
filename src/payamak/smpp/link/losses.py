"""How a request ends without an answer, and why a link is down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkLost(Exception):
    """The link broke before the answer to one request, which had this `sequence`.

    `sent` False: not one octet left; True: the peer may have it. `age_s`: seconds between its octets and the break.
    `alone`: no other request was sent and without an answer then; those whose response timer had fired before do not
    count. `reason`: what ended the connection.
    """

    def __init__(
        self,
        *,
        sent: bool,
        sequence: int = 0,
        age_s: float = 0.0,
        alone: bool = False,
        reason: DownReason | None = None,
    ) -> None:
        super().__init__("link lost " + ("after" if sent else "before") + " sending")
        self.sent = sent
        self.sequence = sequence
        self.age_s = age_s
        self.alone = alone
        self.reason = reason


class ResponseTimeout(Exception):
    """The response timer fired. The peer may have the request; a late answer goes to `on_late_response`."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"no response to sequence {sequence}")
        self.sequence = sequence


class DownReason(StrEnum):
    """Why a link is down."""

    CONNECT_FAILED = "connect_failed"
    BIND_REFUSED = "bind_refused"
    BIND_TIMEOUT = "bind_timeout"
    PEER_UNBOUND = "peer_unbound"
    PEER_CLOSED = "peer_closed"
    LINK_DEAD = "link_dead"
    GIVEN_UP = "given_up"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Down:
    """One loss of the link, or one attempt that failed; `status` is the command_status of a refused bind."""

    reason: DownReason
    status: int | None = None
    detail: str = ""
