"""A server with given routes on a free port, and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.unit.http.test_server import Client

from payamak.http.app import Application
from payamak.http.limits import HttpLimits
from payamak.http.request import Route
from payamak.http.server import HttpServer


class Home:
    """A server that is open."""

    def __init__(self, server: HttpServer, port: int) -> None:
        self.server = server
        self.port = port
        self.clients: list[Client] = []

    async def connect(self, octets: bytes = b"") -> Client:
        """One more connection, on which this was said."""
        client = await Client.connect(self.port)
        self.clients.append(client)
        await client.send(octets)
        return client

    async def ask(self, octets: bytes) -> tuple[int, dict[str, str], bytes]:
        """One answer over a connection of its own."""
        return await (await self.connect(octets)).answer()

    async def say(self, octets: bytes) -> bytes:
        """All that is said until the end of a connection of its own."""
        return await (await self.connect(octets)).rest()


@asynccontextmanager
async def serving(*routes: Route, limits: HttpLimits | None = None, **more: Any) -> AsyncIterator[Home]:
    """A server with these routes."""
    server = HttpServer(Application(routes, **more), limits=limits)
    home = Home(server, await server.start())
    try:
        yield home
    finally:
        for client in home.clients:
            client.writer.transport.abort()
        await asyncio.sleep(0)
        await server.stop(0)
