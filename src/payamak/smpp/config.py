"""The limits and timers of one session."""

from __future__ import annotations

from dataclasses import dataclass

from payamak.smpp.frames import FRAME_LIMIT_OCTETS


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionConfig:
    """Limits of one session; durations in seconds, 0 = that timer is off (section 7.2).

    `window`: requests without an answer at one time. `bind_timeout_s`: for the ESME, how long the answers
    to bind and unbind may take; for the SMSC, how long a connection may stay without a bind.
    `enquire_link_s`: silence after which we ask; the answer has as long again, or `response_timeout_s` if
    that is shorter. `enquires_always`: ask every `enquire_link_s`, also while PDUs come. `inactivity_s`: time
    without any PDU but enquire_link after which the session is given up. `unbind_wait_s`: how long an unbind
    waits for what is under way, 0 = not at all.
    """

    window: int = 10
    response_timeout_s: float = 60.0
    enquire_link_s: float = 30.0
    enquires_always: bool = False
    inactivity_s: float = 0.0
    bind_timeout_s: float = 10.0
    unbind_wait_s: float = 1.5
    frame_limit_octets: int = FRAME_LIMIT_OCTETS

    @property
    def enquiry_timeout_s(self) -> float:
        """How long an enquire_link may stay without any sign of life."""
        return min(self.enquire_link_s, self.response_timeout_s) or self.enquire_link_s
