"""A customer's web server on loopback: real HTTP, answers by a script, and keeps what it was told."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from urllib.parse import parse_qs

from msgspec import Struct
from tests.ports import reserved_port


class Call(Struct, frozen=True, kw_only=True):
    """One request: its line, headers in lower case, raw body and form."""

    request_line: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields, the first of each name."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


class Say(Struct, frozen=True, kw_only=True):
    """What to answer; `octets` instead of a whole answer if given, then the connection is closed."""

    status: int = 200
    body: bytes = b""
    headers: tuple[str, ...] = ()
    octets: bytes | None = None


Script = Callable[[Call], Awaitable[Say]]


class Target:
    """Counts and keeps calls; `script` decides, and may wait as long as it likes."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.connections = 0
        self.port = 0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._port_is_ours = ExitStack()
        weakref.finalize(self, self._port_is_ours.close)
        self._serving: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> None:
        """Listen; after `die()` on the same port again, which nobody is given meanwhile."""
        self.port = self.port or self._port_is_ours.enter_context(reserved_port())
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def die(self) -> None:
        """Cut every connection and listen no more."""
        assert self._server is not None
        self._server.close()
        serving, self._serving = self._serving, {}
        for writer, task in serving.items():
            writer.transport.abort()
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in serving.values() if task is not None), return_exceptions=True)
        await self._server.wait_closed()

    def url(self, path: str = "/sms") -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def until(self, holds: Callable[[], bool], timeout_s: float = 120) -> None:
        """Wait for calls until it holds."""
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving[writer] = asyncio.current_task()
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._serving.pop(writer, None)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request_line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        call = Call(request_line=request_line, headers=headers, body=body)
        say = await self.script(call)
        self.calls.append(call)
        self._changed.set()
        if say.octets is not None:
            writer.write(say.octets)
            await writer.drain()
            return False
        head_out = [f"HTTP/1.1 {say.status} x", f"Content-Length: {len(say.body)}", *say.headers]
        writer.write("\r\n".join(head_out).encode() + b"\r\n\r\n" + say.body)
        await writer.drain()
        return True


async def always(call: Call) -> Say:
    """Reads everything."""
    return Say()


@asynccontextmanager
async def target(script: Script = always) -> AsyncIterator[Target]:
    """A target that listens."""
    made = Target(script)
    await made.start()
    try:
        yield made
    finally:
        await made.die()
