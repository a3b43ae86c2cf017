"""The server end: an SMSC that ESMEs bind to."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Callable
from dataclasses import dataclass

from payamak.smpp.codec import encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import Status
from payamak.smpp.events import BindRefused, BindRequested, Bound
from payamak.smpp.link.connection import Answer, LinkConnection, Log
from payamak.smpp.pdu import AlertNotification, Bind, BindTransceiverResp, Outbind, Pdu
from payamak.smpp.states import MODE_OF_BIND, BindType, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerCallbacks:
    """What `serve` was given; see there."""

    on_bind: Callable[[ServerConnection, Bind], int]
    on_request: Callable[[ServerConnection, Pdu], Answer]
    on_connection: Callable[[ServerConnection], None] | None = None
    on_closed: Callable[[ServerConnection], None] | None = None
    on_late_response: Callable[[ServerConnection, int, Pdu], None] | None = None


class ServerConnection(LinkConnection):
    """One ESME connected to us: `system_id` is "" and `bind_mode` None until it is bound."""

    def __init__(self, server: LinkServer) -> None:
        super().__init__(Role.SMSC, server.config, server.log)
        self._server = server
        self._callbacks = server.callbacks
        self.system_id = ""
        self.bind_mode: BindType | None = None
        self.peer: tuple[str, int] = ("", 0)

    def notify(self, pdu: Outbind | AlertNotification) -> None:
        """Write what gets no response: alert_notification, or outbind before the bind. Raises NotBound."""
        self._session.notify(pdu)
        self._flush_soon()

    def write_raw(self, octets: bytes) -> None:
        """Write octets as they are, after all that was asked to be written before."""
        self._flush()
        if self._transport is not None:
            self._transport.write(octets)

    def unbind(self) -> None:
        """Ask the ESME to unbind, and go on answering until it does. Raises NotBound if it is not bound."""
        self._session.unbind(self._loop.time())
        self._flush_soon()

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading`; the peer sees a connection that is half open."""
        self._hold_reading("asked")

    def resume_reading(self) -> None:
        """Read again."""
        self._release_reading("asked")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new ESME."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.peer = (str(peer[0]), int(peer[1]))
        self._server.connections.add(self)
        if self._callbacks.on_connection is not None:
            self.guard(self._callbacks.on_connection, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The ESME is gone."""
        super().connection_lost(exc)
        self._server.connections.discard(self)
        if self._callbacks.on_closed is not None:
            self.guard(self._callbacks.on_closed, self)

    def _on_request(self, pdu: Pdu) -> Answer:
        return self._callbacks.on_request(self, pdu)

    def _on_bind(self, event: BindRequested | Bound | BindRefused) -> None:
        if not isinstance(event, BindRequested):
            return
        try:
            status = int(self._callbacks.on_bind(self, event.pdu))
        except Exception as error:
            self._report("on_bind failed", error)
            status = Status.ESME_RSYSERR
        if status == Status.ESME_ROK:
            self.system_id = event.pdu.system_id
            self.bind_mode = MODE_OF_BIND[event.pdu.command_id]
        self._session.answer_bind(event.pdu, status, self._loop.time(), system_id=self._server.system_id)

    def _on_late_response(self, sequence: int, pdu: Pdu) -> None:
        if self._callbacks.on_late_response is not None:
            self._callbacks.on_late_response(self, sequence, pdu)


class LinkServer:
    """A listening SMSC end on `port`; made by `serve`. `connections` are those open, bound or not."""

    def __init__(self, callbacks: ServerCallbacks, config: SessionConfig, system_id: str, log: Log | None) -> None:
        self.callbacks = callbacks
        self.config = config
        self.system_id = system_id
        self.log = log
        self.connections: set[ServerConnection] = set()
        self.port = 0
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int, ssl: tls.SSLContext | None) -> None:
        """Take connections from now on; `port` 0 takes a free one. Raises OSError if it cannot."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: ServerConnection(self), host, port, ssl=ssl)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    async def close(self, timeout_s: float = 5.0) -> None:
        """Stop listening, then unbind and close every connection."""
        if self._listener is not None:
            self._listener.close()
        await asyncio.gather(*(connection.close(timeout_s) for connection in self.connections))


async def serve(
    host: str,
    port: int,
    *,
    on_bind: Callable[[ServerConnection, Bind], int],
    on_request: Callable[[ServerConnection, Pdu], Answer],
    on_connection: Callable[[ServerConnection], None] | None = None,
    on_closed: Callable[[ServerConnection], None] | None = None,
    on_late_response: Callable[[ServerConnection, int, Pdu], None] | None = None,
    config: SessionConfig | None = None,
    system_id: str = "payamak",
    ssl: tls.SSLContext | None = None,
    log: Log | None = None,
) -> LinkServer:
    """Listen; port 0 takes a free one. Raises OSError if it cannot, ValueError for an impossible `system_id`.

    `on_bind` gives the command_status of the bind response, 0 = bound. `on_request` gets submit_sm and the other
    requests an ESME may make; it gives the response, None for no answer (`ServerConnection.respond` may follow),
    or an awaitable of either.
    """
    encode(BindTransceiverResp(system_id=system_id))
    callbacks = ServerCallbacks(
        on_bind=on_bind,
        on_request=on_request,
        on_connection=on_connection,
        on_closed=on_closed,
        on_late_response=on_late_response,
    )
    server = LinkServer(callbacks, config or SessionConfig(), system_id, log)
    await server.listen(host, port, ssl)
    return server
