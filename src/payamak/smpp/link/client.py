"""The client end: a link to an SMSC that is kept bound."""

from __future__ import annotations

import asyncio
import random
import ssl as tls
from collections.abc import Callable
from dataclasses import dataclass, field

from payamak.smpp.codec import encode
from payamak.smpp.constants import status_name
from payamak.smpp.events import BindRefused, BindRequested, Bound
from payamak.smpp.link.connection import Answer, Connection, Down, DownReason, Log
from payamak.smpp.pdu import Bind, Pdu
from payamak.smpp.session import NotBound, SessionConfig
from payamak.smpp.states import BINDS, BindMode, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkConfig:
    """One link to an SMSC; durations in seconds, 0 = that timer is off.

    `connect_timeout_s` bounds TCP and TLS together, and once more the answers to bind and unbind. The pause
    before the next attempt starts at `reconnect_initial_s`, doubles up to `reconnect_max_s`, is shortened by
    up to a half at random, and starts again after a link that stayed bound for `reconnect_max_s`.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    bind_mode: BindMode = BindMode.TRANSCEIVER
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    window: int = 10
    response_timeout_s: float = 60.0
    enquire_link_s: float = 30.0
    inactivity_s: float = 0.0
    connect_timeout_s: float = 10.0
    reconnect_initial_s: float = 0.5
    reconnect_max_s: float = 30.0
    ssl: tls.SSLContext | None = None
    server_hostname: str | None = None

    def session_config(self) -> SessionConfig:
        """The part the session needs."""
        return SessionConfig(
            window=self.window,
            response_timeout_s=self.response_timeout_s,
            enquire_link_s=self.enquire_link_s,
            inactivity_s=self.inactivity_s,
            bind_timeout_s=self.connect_timeout_s,
        )

    def bind_pdu(self) -> Bind:
        """The bind this link asks for."""
        return BINDS[self.bind_mode](
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            addr_ton=self.addr_ton,
            addr_npi=self.addr_npi,
            address_range=self.address_range,
        )


class _ClientConnection(Connection):
    def __init__(self, link: ClientLink) -> None:
        super().__init__(Role.ESME, link.config.session_config(), link._log)
        self._link = link
        self.bound_at_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._link._connection = self
        self._session.bind(self._link.config.bind_pdu(), self._loop.time())

    def _on_request(self, pdu: Pdu) -> Answer:
        return self._link._on_request(pdu)

    def _on_bind(self, event: BindRequested | Bound | BindRefused) -> None:
        if isinstance(event, Bound):
            self.bound_at_s = self._loop.time()
            self._say("smpp.bound", mode=event.mode, smsc=event.pdu.system_id)
            self._guard(self._link._on_up)
        elif isinstance(event, BindRefused):
            detail = status_name(event.status)
            self._finish(Down(reason=DownReason.BIND_REFUSED, status=event.status, detail=detail))

    def _on_late_response(self, sequence: int, pdu: Pdu) -> None:
        if self._link._on_late_response is not None:
            self._link._on_late_response(sequence, pdu)

    def _on_room(self) -> None:
        if self._link._on_room is not None:
            self._link._on_room()


class ClientLink:
    """A link to an SMSC that is kept bound: connects, binds, and comes back after every loss."""

    def __init__(
        self,
        config: LinkConfig,
        *,
        on_request: Callable[[Pdu], Answer],
        on_up: Callable[[], None],
        on_down: Callable[[Down], None],
        on_late_response: Callable[[int, Pdu], None] | None = None,
        on_room: Callable[[], None] | None = None,
        log: Log | None = None,
    ) -> None:
        """`on_request` gets deliver_sm and data_sm; the response is written when its awaitable is done.

        Many run at once. If one raises, the SMSC is told ESME_RX_T_APPN and brings it again. `on_up` and
        `on_down` come in turn for a link that was bound; `on_down` alone for an attempt that failed. `on_room`: a
        peer that had stopped to read reads again, so `window_free` may have grown without an answer.
        Raises ValueError if the bind cannot be encoded.
        """
        encode(config.bind_pdu())
        self.config = config
        self._on_request = on_request
        self._on_up = on_up
        self._on_down = on_down
        self._on_late_response = on_late_response
        self._on_room = on_room
        self._log = log
        self._connection: _ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def is_bound(self) -> bool:
        """Whether requests can be written now."""
        return self._connection is not None and self._connection.is_bound

    @property
    def window_free(self) -> int:
        """How many more requests can be written now; 0 while not bound."""
        return 0 if self._connection is None else self._connection.window_free

    @property
    def answered_since_bind(self) -> int:
        """Requests answered on the present connection, whatever was said, late or in time; 0 while there is none."""
        return 0 if self._connection is None else self._connection.answered

    def break_now(self, reason: str) -> None:
        """Drop the connection at once, say why in `Down`, and come back as after every loss; no-op without one."""
        if self._connection is not None:
            self._connection.give_up(reason)

    def start(self) -> None:
        """Begin to connect; needs a running loop. `on_up` tells when it is bound."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_bound())

    async def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more requests, wait for the outstanding answers, unbind, close; all within `timeout_s`."""
        self._stopping.set()
        if self._task is None:
            return
        if self._connection is not None:
            await self._connection.close(timeout_s)
        else:
            self._task.cancel()
        await asyncio.wait([self._task])

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """`Connection.request` on the link as it stands; NotBound if there is none."""
        if self._connection is None:
            raise NotBound("not connected")
        return self._connection.request(pdu)

    async def _keep_bound(self) -> None:
        pause_s = self.config.reconnect_initial_s
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            connection = _ClientConnection(self)
            down = await self._live(connection)
            connection._guard(self._on_down, down)
            bound_at_s = connection.bound_at_s
            if bound_at_s is not None and loop.time() - bound_at_s >= self.config.reconnect_max_s:
                pause_s = self.config.reconnect_initial_s
            connection._say("smpp.down", reason=down.reason, status=down.status, detail=down.detail)
            try:
                # Jitter, so that the links of many programs do not come back in step.
                async with asyncio.timeout(pause_s * random.uniform(0.5, 1.0)):
                    await self._stopping.wait()
            except TimeoutError:
                pause_s = min(pause_s * 2, self.config.reconnect_max_s)

    async def _live(self, connection: _ClientConnection) -> Down:
        """Connect, bind, and stay until the connection is gone."""
        config = self.config
        hostname = (config.server_hostname or config.host) if config.ssl else None
        try:
            async with asyncio.timeout(config.connect_timeout_s or None):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection, config.host, config.port, ssl=config.ssl, server_hostname=hostname
                )
        except (OSError, TimeoutError) as error:
            return Down(reason=DownReason.CONNECT_FAILED, detail=str(error) or type(error).__name__)
        try:
            await connection.wait_closed()
        finally:
            self._connection = None
        return connection.down or Down(reason=DownReason.PEER_CLOSED)
