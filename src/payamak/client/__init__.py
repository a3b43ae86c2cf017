"""Client library for wsSend and wsStates, of Payamak and of any other server of the same contract.

Start with `Client` (or `AsyncClient`); everything a caller needs is exported here. Inside: `wire` builds
requests and reads answers, `exchange` decides what is repeated, both without I/O; `client` does the I/O and
nothing else.
"""

from payamak.client.client import AsyncClient, Client
from payamak.client.errors import (
    AccountUnusable,
    Busy,
    CredentialsRefused,
    LineRefused,
    NoCredit,
    OptedOut,
    PayamakError,
    RecipientRefused,
    Refusal,
    ServiceNotEnabled,
    TextRefused,
    TooSoon,
    TransportFailed,
    UnexpectedAnswer,
)
from payamak.client.models import (
    Chelcheleh,
    Fallback,
    MessageState,
    Options,
    Route,
    SecondLine,
    Sent,
    ServiceLine,
)
from payamak.codes import Code, StateCode

__all__ = [
    "AccountUnusable",
    "AsyncClient",
    "Busy",
    "Chelcheleh",
    "Client",
    "Code",
    "CredentialsRefused",
    "Fallback",
    "LineRefused",
    "MessageState",
    "NoCredit",
    "OptedOut",
    "Options",
    "PayamakError",
    "RecipientRefused",
    "Refusal",
    "Route",
    "SecondLine",
    "Sent",
    "ServiceLine",
    "ServiceNotEnabled",
    "StateCode",
    "TextRefused",
    "TooSoon",
    "TransportFailed",
    "UnexpectedAnswer",
]
