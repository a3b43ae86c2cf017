"""The client end: a link to an SMSC that is kept bound."""

from __future__ import annotations

import asyncio
import random
import ssl as tls
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from payamak.smpp.codec import encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import INTERFACE_VERSION, MAX_SEQUENCE, status_name
from payamak.smpp.events import BindRefused, BindRequested, Bound
from payamak.smpp.link.comeback import BINDS_PER_MINUTE, Comeback
from payamak.smpp.link.connection import Answer, LinkConnection, Log, Told
from payamak.smpp.link.losses import Down, DownReason
from payamak.smpp.overdue import Overdue
from payamak.smpp.pdu import Bind, Pdu
from payamak.smpp.session import NotBound
from payamak.smpp.states import BINDS, BindType, Role

_SMSC_SHOWN = 15
"""Of what a centre calls itself, in the log: as long as a system_id may be (section 5.2.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkConfig:
    """One link to an SMSC; durations in seconds, 0 = that timer is off.

    `connect_timeout_s` bounds TCP and TLS together, `bind_timeout_s` the answers to bind and unbind. `unbind_wait_s`:
    how long an unbind of either end waits for what is under way. When a lost link comes back: `Comeback`, with
    `reconnect_initial_s`, `reconnect_max_s` and `binds_per_minute` (0 = no bound). `first_sequence`: of the first
    request, then they run on over all binds; None draws it, so that what a centre still answers to an earlier process
    is hardly ever taken for an answer to this one.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    bind_mode: BindType = BindType.TRANSCEIVER
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    interface_version: int = INTERFACE_VERSION
    window: int = 10
    response_timeout_s: float = 60.0
    enquire_link_s: float = 30.0
    enquires_always: bool = False
    inactivity_s: float = 0.0
    connect_timeout_s: float = 10.0
    bind_timeout_s: float = 10.0
    reconnect_initial_s: float = 0.5
    reconnect_max_s: float = 30.0
    binds_per_minute: int = BINDS_PER_MINUTE
    unbind_wait_s: float = 1.5
    first_sequence: int | None = None
    ssl: tls.SSLContext | None = None
    server_hostname: str | None = None

    def session_config(self) -> SessionConfig:
        """The part the session needs."""
        return SessionConfig(
            window=self.window,
            response_timeout_s=self.response_timeout_s,
            enquire_link_s=self.enquire_link_s,
            enquires_always=self.enquires_always,
            inactivity_s=self.inactivity_s,
            bind_timeout_s=self.bind_timeout_s,
            unbind_wait_s=self.unbind_wait_s,
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
            interface_version=self.interface_version,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientCallbacks:
    """What a link was given, and what it wants to know of its connection; see ClientLink."""

    on_request: Callable[[Pdu], Answer]
    on_up: Callable[[], None]
    on_made: Callable[[], None]
    """The socket is open, and the bind is about to leave."""
    on_late_response: Callable[[int, Pdu], None] | None = None
    on_room: Callable[[], None] | None = None
    on_leaving: Callable[[], None] | None = None


class ClientConnection(LinkConnection):
    """One bind of a link, from the open socket to its end; `bound_at_s` None until the SMSC has said yes."""

    def __init__(
        self,
        config: LinkConfig,
        callbacks: ClientCallbacks,
        log: Log | None,
        *,
        first_sequence: int,
        overdue: Overdue[int],
    ) -> None:
        super().__init__(Role.ESME, config.session_config(), log, first_sequence=first_sequence, overdue=overdue)
        self._bind = config.bind_pdu()
        self._callbacks = callbacks
        self.bound_at_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind at once."""
        super().connection_made(transport)
        self._callbacks.on_made()
        self._session.bind(self._bind, self._loop.time())

    def _on_request(self, pdu: Pdu) -> Answer:
        return self._callbacks.on_request(pdu)

    def _on_bind(self, event: BindRequested | Bound | BindRefused) -> None:
        if isinstance(event, Bound):
            self.bound_at_s = self._loop.time()
            self.say("smpp_bound", mode=event.mode, smsc=event.pdu.system_id[:_SMSC_SHOWN])
            self.guard(self._callbacks.on_up)
        elif isinstance(event, BindRefused):
            detail = status_name(event.status)
            self._finish(Down(reason=DownReason.BIND_REFUSED, status=event.status, detail=detail))

    def _on_late_response(self, sequence: int, pdu: Pdu) -> None:
        if self._callbacks.on_late_response is not None:
            self._callbacks.on_late_response(sequence, pdu)

    def _on_unbind_asked(self) -> None:
        if self._callbacks.on_leaving is not None:
            self._callbacks.on_leaving()

    def _on_room(self) -> None:
        if self._callbacks.on_room is not None:
            self._callbacks.on_room()


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
        on_leaving: Callable[[], None] | None = None,
        log: Log | None = None,
    ) -> None:
        """`on_request` gets deliver_sm and data_sm, or `Unread`; the response is written when its awaitable is done.

        Many run at once. If one raises, the SMSC is told ESME_RX_T_APPN and brings it again. `on_up` and
        `on_down` come in turn for a link that was bound; `on_down` alone for an attempt that failed. `on_room`: a
        peer that had stopped to read reads again, so `window_free` may have grown without an answer. `on_leaving`: the
        SMSC has unbound, nothing can be asked any more, and answers are still under way; `on_down` follows.
        `on_late_response` may also tell of a request of an earlier bind, of which `LinkLost` was told.
        Raises ValueError if the bind cannot be encoded.
        """
        encode(config.bind_pdu())
        self.config = config
        self._callbacks = ClientCallbacks(
            on_request=on_request,
            on_up=on_up,
            on_made=self._on_made,
            on_late_response=on_late_response,
            on_room=on_room,
            on_leaving=on_leaving,
        )
        self._on_down = on_down
        self._log = log
        self._connecting: ClientConnection | None = None
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._comeback = Comeback(config.reconnect_initial_s, config.reconnect_max_s, config.binds_per_minute)
        self._next_sequence = config.first_sequence or random.randint(1, MAX_SEQUENCE)
        self._overdue: Overdue[int] = Overdue()

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
        return self._connected().request(pdu)

    def ask(self, pdu: Pdu, told: Told) -> int:
        """`Connection.ask` on the link as it stands; NotBound if there is none."""
        return self._connected().ask(pdu, told)

    def _connected(self) -> ClientConnection:
        if self._connection is None:
            raise NotBound("not connected")
        return self._connection

    async def _keep_bound(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            connection = ClientConnection(
                self.config, self._callbacks, self._log, first_sequence=self._next_sequence, overdue=self._overdue
            )
            self._connecting = connection
            down = await self._live(connection)
            self._next_sequence = connection.next_sequence
            connection.guard(self._on_down, down)
            connection.say("smpp_down", reason=down.reason, status=down.status, detail=down.detail)
            now, bound_at_s = loop.time(), connection.bound_at_s
            self._comeback.lost(
                bound_for_s=0.0 if bound_at_s is None else now - bound_at_s,
                asked=connection.asked,
                answered=connection.answered,
            )
            # Jitter, so that the links of many programs do not come back in step.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._comeback.wait_s(now, random.uniform(0.5, 1.0))):
                    await self._stopping.wait()

    def _on_made(self) -> None:
        """From here on the connection is the one that is asked; the bind counts, whatever its answer."""
        self._connection = self._connecting
        self._comeback.bind_asked(asyncio.get_running_loop().time())

    async def _live(self, connection: ClientConnection) -> Down:
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
