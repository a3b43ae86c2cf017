"""Doors for tests: those of the program, and a server with given routes and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.unit.http.test_server import Client

from payamak.doors import doors
from payamak.http.app import Application
from payamak.http.health import HealthPages
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


def all_doors(service: Any, *, allow_get: bool = True, admits: Callable[[str], bool] = lambda _: True) -> list[Route]:
    """Every door of the program, before this service and pages that tell nothing."""
    pages = HealthPages(lambda: True, lambda: b"")
    return doors(service, pages, allow_get=allow_get, admits=admits)


def door_of(path: str, service: Any, **more: Any) -> Route:
    """The one of this path."""
    return next(route for route in all_doors(service, **more) if route.path == path)


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
