"""The sockets of both ends: the only part of `smpp` that does I/O.

connection  one asyncio.Protocol over one Session; who asked what, and what the ends of requests mean
losses      how a request ends without an answer, and why a link is down
comeback    when a link that was lost may bind again
client      ClientLink: a link to an SMSC that is kept bound
server      serve: an SMSC that ESMEs bind to
"""

from payamak.smpp.config import SessionConfig
from payamak.smpp.link.client import ClientLink, LinkConfig
from payamak.smpp.link.connection import Answer, Ended, Later, LinkConnection, Log, Told
from payamak.smpp.link.losses import Down, DownReason, LinkLost, ResponseTimeout
from payamak.smpp.link.server import LinkServer, ServerConnection, serve
from payamak.smpp.session import NotBound, WindowFull
from payamak.smpp.states import BindType

__all__ = [
    "Answer",
    "BindType",
    "ClientLink",
    "Down",
    "DownReason",
    "Ended",
    "Later",
    "LinkConfig",
    "LinkConnection",
    "LinkLost",
    "LinkServer",
    "Log",
    "NotBound",
    "ResponseTimeout",
    "ServerConnection",
    "SessionConfig",
    "Told",
    "WindowFull",
    "serve",
]
