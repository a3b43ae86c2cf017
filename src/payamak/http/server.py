"""The HTTP server inside our own loop: it listens, looks round each second, and stops. Signals are the runtime's."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from payamak.http.app import Application
from payamak.http.connection import HttpConnection
from payamak.http.limits import HttpLimits, Shared, Unfinished

_SWEEP_S: Final = 1.0

ACCEPTED_A_TURN: Final = 16
"""Connections that one turn of the loop accepts. libuv accepts one for each descriptor that listens, so the socket has
so many: a caller who comes behind 200 others would else wait for 200 turns, each of them full in a flood. Taste."""


class HttpServer:
    """An HTTP server within the running loop. Installs no signal handlers and logs no requests."""

    def __init__(
        self,
        app: Application,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        listener: socket.socket | None = None,
        limits: HttpLimits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listen on `host` and `port` (0: a free one), or on a bound socket that is handed in."""
        self._host = host
        self._port = port
        self._socket = listener
        self._has_lost_one = asyncio.Event()
        self._shared = Shared(app, limits, monotonic=monotonic, on_lost=self._has_lost_one.set)
        self._limits = self._shared.limits
        self._listening: list[asyncio.Server] = []
        self._ticker: asyncio.Task[None] | None = None

    @property
    def unfinished(self) -> Unfinished:
        """The requests that are begun and not ended."""
        return self._shared.unfinished

    async def start(self) -> int:
        """Listen; return the port. Raises OSError if the address cannot be had."""
        loop = asyncio.get_running_loop()
        backlog = self._limits.backlog
        if self._socket is not None:
            first = await loop.create_server(self._connect, sock=self._socket, backlog=backlog)
        else:
            first = await loop.create_server(self._connect, self._host, self._port, backlog=backlog)
        self._listening = [first]
        for listener in first.sockets:
            # A loop whose listeners are no files (tests/simulation) accepts all that come at once.
            for _ in range(1, ACCEPTED_A_TURN if hasattr(listener, "fileno") else 1):
                twin = socket.socket(fileno=os.dup(listener.fileno()))
                self._listening.append(await loop.create_server(self._connect, sock=twin, backlog=backlog))
        self._shared.answers.set_date()
        self._ticker = asyncio.create_task(self._tick())
        port: int = first.sockets[0].getsockname()[1]
        return port

    async def stop(self, grace_s: float) -> None:
        """Take no more connections, answer what was asked for up to `grace_s`, then cut the rest."""
        if self._ticker is None:
            return
        for listening in self._listening:
            listening.close()
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        connections = self._shared.connections
        for connection in list(connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while connections:
                    self._has_lost_one.clear()
                    await self._has_lost_one.wait()
        for connection in list(connections):
            connection.transport.abort()
        tasks = [exchange.task for exchange in self._shared.running if exchange.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _connect(self) -> HttpConnection:
        return HttpConnection(self._shared)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._shared.answers.set_date()
            now_monotonic_s = loop.time()
            for connection in list(self._shared.connections):
                connection.close_if_late(now_monotonic_s)
