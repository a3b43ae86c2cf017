"""A customer played by smpp34: one client at a time.

esme34.py PORT
stdin:  {"do": "bind", "system_id": …, "password": …, "bind_type": "TX" | "RX" | "TRX"}
        {"do": "submit", …submit_sm…}
        {"do": "unbind"}
stdout: ready, bound, bind_failed, answer, deliver, disconnected, unbound
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import smpp34
from tests.interop.talking import fields_of, hear_orders, tell, with_tlvs


class Customer:
    """The client and its bound session."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._client: smpp34.Client | None = None
        self._session: smpp34.Smsc | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow orders until they end."""
        tell("ready")
        await hear_orders(self._order)

    def _order(self, order: dict[str, Any]) -> None:
        work = {"bind": self._bind, "submit": self._submit, "unbind": self._unbind}[order.pop("do")]
        self._start(work(**order))

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bind(self, **fields: Any) -> None:
        self._client = smpp34.Client("127.0.0.1", self._port, **fields)
        try:
            self._session = await self._client.connect()
        except Exception as error:
            tell("bind_failed", error=str(error))
            return
        tell("bound", system_id=self._session.system_id)
        self._start(self._listen(self._session))

    async def _listen(self, session: smpp34.Smsc) -> None:
        while not isinstance(event := await session.next(), smpp34.Disconnected):
            tell("deliver", **fields_of(event))
        tell("disconnected")

    async def _submit(self, **fields: Any) -> None:
        assert self._session is not None
        answer = await self._session.submit_sm(**with_tlvs(fields))
        tell("answer", status=answer.command_status, message_id=answer.message_id, is_success=answer.is_success)

    async def _unbind(self) -> None:
        assert self._session is not None
        assert self._client is not None
        await self._session.unbind()
        await self._client.stop()
        tell("unbound")


if __name__ == "__main__":
    asyncio.run(Customer(int(sys.argv[1])).run())
