"""What a connection reads through and writes to, and the answer of a bug that no application has caught."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from payamak.http.app import SAFETY_HEADERS

_FAILED: Final = [(b"content-length", b"0"), (b"connection", b"close"), *SAFETY_HEADERS]


async def send_failed(cycle: RequestResponseCycle) -> None:
    """The 500 of a bug outside every handler, in place of uvicorn's, which lacks the headers of every answer."""
    await cycle.send({"type": "http.response.start", "status": 500, "headers": _FAILED})
    await cycle.send({"type": "http.response.body", "body": b"", "more_body": False})


class Flow(FlowControl):
    """uvicorn's, which reads on after every answer, however much is still to be parsed."""

    is_held = False
    """Whether nothing may be read, whoever asks."""

    def resume_reading(self) -> None:
        """Read on, unless nothing may be read."""
        if not self.is_held:
            super().resume_reading()


class Outlet:
    """What answers are written to. What is for somebody who has just gone is dropped; uvloop's transport raises."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.close = transport.close
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Write to whoever is still there."""
        if not self._transport.is_closing():
            self._transport.write(data)
