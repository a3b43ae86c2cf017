"""What a connection reads through and writes to, and the answers to what is no call: bare, for nobody reads them."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.flow_control import FlowControl

from payamak.api.phrases import STATUS_LINES

_BARE: Final = b"%bcontent-length: 0\r\nconnection: close\r\n\r\n"
BAD_REQUEST: Final = _BARE % STATUS_LINES[400]
TIMEOUT: Final = _BARE % STATUS_LINES[408]


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
