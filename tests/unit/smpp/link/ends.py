"""Both ends over loopback, with signals to wait on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from payamak.smpp.link import (
    ClientLink,
    Down,
    LinkConfig,
    LinkServer,
    ServerConnection,
    SessionConfig,
    serve,
)
from payamak.smpp.pdu import Bind, Pdu, SubmitSm, response_to

PATIENCE_S = 10


async def soon(awaitable: Awaitable[object]) -> object:
    """Wait for a signal, but not for ever."""
    return await asyncio.wait_for(awaitable, PATIENCE_S)


class Centre:
    """An SMSC that keeps what it gets; `answer` may be set to behave otherwise."""

    def __init__(self) -> None:
        self.server: LinkServer | None = None
        self.bind_statuses: list[int] = []
        self.binds: list[Bind] = []
        self.requests: asyncio.Queue[tuple[ServerConnection, Pdu]] = asyncio.Queue()
        self.closed: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.late: asyncio.Queue[tuple[int, Pdu]] = asyncio.Queue()
        self.answer: Callable[[Pdu], Pdu | Awaitable[Pdu | None] | None] = response_to

        self.on_connection: Callable[[ServerConnection], None] = lambda connection: None

    def on_bind(self, connection: ServerConnection, pdu: Bind) -> int:
        """Take the bind, unless statuses to refuse with are left."""
        self.binds.append(pdu)
        return self.bind_statuses.pop(0) if self.bind_statuses else 0

    def on_request(self, connection: ServerConnection, pdu: Pdu) -> Pdu | Awaitable[Pdu | None] | None:
        """Keep it, answer as told."""
        self.requests.put_nowait((connection, pdu))
        return self.answer(pdu)

    def only(self) -> ServerConnection:
        """The one connection there is."""
        assert self.server is not None
        (connection,) = self.server.connections
        return connection


class Peer:
    """A client link and the signals of its callbacks."""

    def __init__(self, config: LinkConfig) -> None:
        self.ups: asyncio.Queue[None] = asyncio.Queue()
        self.downs: asyncio.Queue[Down] = asyncio.Queue()
        self.late: asyncio.Queue[tuple[int, Pdu]] = asyncio.Queue()
        self.rooms: asyncio.Queue[None] = asyncio.Queue()
        self.leaving: asyncio.Queue[None] = asyncio.Queue()
        self.requests: list[Pdu] = []
        self.said: list[tuple[str, dict[str, object]]] = []
        self.answer: Callable[[Pdu], Awaitable[Pdu]] = self.take
        self.link = ClientLink(
            config,
            on_request=lambda pdu: self.answer(pdu),
            on_up=lambda: self.ups.put_nowait(None),
            on_down=self.downs.put_nowait,
            on_late_response=lambda sequence, pdu: self.late.put_nowait((sequence, pdu)),
            on_room=lambda: self.rooms.put_nowait(None),
            on_leaving=lambda: self.leaving.put_nowait(None),
            log=self.log,
        )

    def log(self, event: str, /, **fields: object) -> None:
        """Keep what the link logs."""
        self.said.append((event, fields))

    async def take(self, pdu: Pdu) -> Pdu:
        """Keep what the SMSC brings and say yes."""
        self.requests.append(pdu)
        return response_to(pdu)

    async def up(self) -> None:
        """Wait until the link is bound."""
        await soon(self.ups.get())

    async def down(self) -> Down:
        """Wait for the next loss or failed attempt."""
        down = await soon(self.downs.get())
        assert isinstance(down, Down)
        return down


@asynccontextmanager
async def centre(session: SessionConfig | None = None, **options: object) -> AsyncIterator[Centre]:
    """An SMSC on a free port."""
    made = Centre()
    made.server = await serve(
        "127.0.0.1",
        0,
        on_bind=made.on_bind,
        on_request=made.on_request,
        on_connection=lambda connection: made.on_connection(connection),
        on_closed=made.closed.put_nowait,
        on_late_response=lambda _, sequence, pdu: made.late.put_nowait((sequence, pdu)),
        config=session,
        **options,  # type: ignore[arg-type]  # ssl, log
    )
    try:
        yield made
    finally:
        await made.server.close(0)


@asynccontextmanager
async def peer(made: Centre, **settings: object) -> AsyncIterator[Peer]:
    """A client link to that SMSC; not waited for."""
    assert made.server is not None
    fast = {"system_id": "me", "password": "pw", "reconnect_initial_s": 0.01, "reconnect_max_s": 0.02}
    fast |= {"binds_per_minute": 0, "first_sequence": 1}
    config = LinkConfig(
        host="127.0.0.1",
        port=made.server.port,
        **{**fast, **settings},  # type: ignore[arg-type]  # LinkConfig's own fields
    )
    one = Peer(config)
    one.link.start()
    try:
        yield one
    finally:
        await one.link.stop(0)


def a_message(text: bytes = b"hi") -> SubmitSm:
    """Any submit_sm."""
    return SubmitSm(source_addr="3000", destination_addr="989395213300", short_message=text)
