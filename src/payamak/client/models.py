"""What a caller gives and gets: fallbacks, options, what was sent, where it stands."""

import ssl
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from payamak.codes import StateCode

_UNKNOWN: Final = frozenset({StateCode.UNKNOWN, StateCode.LEGACY_UNKNOWN})
_FINAL: Final = frozenset({StateCode.DELIVERED, StateCode.UNDELIVERED, StateCode.REJECTED})


@dataclass(frozen=True, slots=True)
class SecondLine:
    """Fall back to another line of the account (the wire's `line2`)."""

    number: str | int


@dataclass(frozen=True, slots=True)
class Chelcheleh:
    """Send through Chelcheleh, the SIM route (the wire's `type=1`)."""


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """Send through the provider's service line (the wire's `type=2`).

    `template` is the number of the registered text; 0 is the account's only or default one.
    """

    template: int = 0


Route: TypeAlias = Chelcheleh | ServiceLine
"""A way that needs no line of the account's own."""

Fallback: TypeAlias = SecondLine | Chelcheleh | ServiceLine
"""Where the message goes if its line meets an opt-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An accepted message.

    `line` is the line it really goes by, in digits; None if the server did not say. `recipient` is the
    server's spelling of the number, or the caller's if the server gave none; it stays out of the repr, and so
    out of logs.
    """

    message_id: int
    line: str | None
    recipient: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageState:
    """Where a message stands: the server's number, kept as it came, and what we know of it."""

    code: int

    @property
    def known(self) -> StateCode | None:
        """The state of the contract's table, or None for a number that is not in it."""
        try:
            return StateCode(self.code)
        except ValueError:
            return None

    @property
    def name(self) -> str:
        """A name of `StateCode`; "UNKNOWN" for 4 and 0 alike, "UNLISTED" for a number not in the table."""
        if self.is_unknown:
            return StateCode.UNKNOWN.name
        return "UNLISTED" if self.known is None else self.known.name

    @property
    def english(self) -> str:
        """The state in English."""
        return f"state {self.code}, not in the table" if self.known is None else self.known.english

    @property
    def persian(self) -> str:
        """The state in Persian, as the vendor's manual prints it."""
        return f"وضعیت {self.code}" if self.known is None else self.known.persian

    @property
    def is_delivered(self) -> bool:
        """True if the handset has it."""
        return self.code == StateCode.DELIVERED

    @property
    def is_unknown(self) -> bool:
        """True for 4 and for 0: editions of the service differ in which they write."""
        return self.known in _UNKNOWN

    @property
    def is_final(self) -> bool:
        """True if it will not change any more.

        False for -1 and 8, which cover messages on their way and messages given up alike, and for unknown,
        which a late receipt may still settle: whoever polls needs a limit of time as well.
        """
        return self.known in _FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a client talks to its server. Raises ValueError for values that make no sense."""

    connect_timeout_s: float = 10.0
    """Longest wait, in seconds, for a connection (TCP and TLS), and for a free one when all are busy."""

    read_timeout_s: float = 30.0
    """Longest silence, in seconds, while sending a request or waiting for its answer; and how long that may take
    once its body has begun."""

    max_tries: int = 3
    """How often a request goes out at most, the first time included. Only what is safe is repeated."""

    first_pause_s: float = 0.5
    """Pause, in seconds, before the second try; it doubles each time, and up to half of it is left to
    chance."""

    longest_pause_s: float = 8.0
    """Upper limit, in seconds, of a pause."""

    states_per_call: int = 500
    """How many ids one wsStates request carries at most. Payamak takes 10,000; the vendor names no limit."""

    max_connections: int = 20
    """How many connections are open at once, kept alive between requests."""

    verify: bool | ssl.SSLContext = True
    """The server's certificate: checked, not checked, or checked by this context."""

    proxy: str | None = field(default=None, repr=False)
    """A proxy's address. The environment's proxies are not used: a password should meet none by surprise."""

    def __post_init__(self) -> None:
        positive = {
            "connect_timeout_s": self.connect_timeout_s,
            "read_timeout_s": self.read_timeout_s,
            "max_tries": self.max_tries,
            "states_per_call": self.states_per_call,
            "max_connections": self.max_connections,
        }
        for name, value in positive.items():
            if value <= 0:
                raise ValueError(f"{name} must be above zero, not {value}")
        if self.first_pause_s < 0 or self.longest_pause_s < 0:
            raise ValueError("a pause cannot be negative")
