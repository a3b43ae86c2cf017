"""A TCP proxy that stands between the gateway and an operator, and that a test cuts and restores."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

CHUNK_OCTETS = 65_536


class Proxy:
    """Forwards octets both ways between whoever connects to `port` and one server on loopback."""

    def __init__(self, to_port: int, tap: Callable[[bytes], None] | None = None) -> None:
        """`tap` hears what the side that connected sends."""
        self._tap = tap
        self.port = 0
        self.cuts = 0
        self._to_port = to_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def cut(self) -> int:
        """Break every connection in mid-word, on both sides, as a pulled cable does; how many there were."""
        ends = len(self._writers)
        self.cuts += bool(ends)
        for writer in list(self._writers):
            _reset(writer)
        self._writers.clear()
        return ends // 2

    def refuse(self) -> None:
        """Let nobody connect until `restore`; what is connected stays."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def restore(self) -> None:
        """Listen, after `refuse` on the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Put it away."""
        self.refuse()
        self.cut()
        await asyncio.gather(*self._serving)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            _reset(writer)
            return
        if self._server is None:  # cut while we were connecting
            _reset(writer)
            _reset(back)
            return
        self._writers |= {writer, back}
        try:
            await asyncio.gather(_pump(reader, back, self._tap), _pump(onward, writer))
        finally:
            self._writers -= {writer, back}


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tap: Callable[[bytes], None] | None = None
) -> None:
    """Forward until one side ends or is cut."""
    try:
        while octets := await reader.read(CHUNK_OCTETS):
            if tap is not None:
                tap(octets)
            writer.write(octets)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, so that neither side takes the end for a polite one."""
    transport = writer.transport
    if (handle := transport.get_extra_info("socket")) is not None and not transport.is_closing():
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    transport.abort()
