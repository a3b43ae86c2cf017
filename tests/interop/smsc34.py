"""An operator played by smpp34. Takes every submit, or refuses it as told, and brings the receipt that was asked for.

smsc34.py PORT
stdin:  {"do": "refuse", "statuses": [88, …]}   the next submits get these statuses
        {"do": "deliver", …deliver_sm…}         to the newest session
        {"do": "unbind"}                        end the newest session from this side
stdout: ready, bound, submit, delivered, unbound
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Coroutine
from typing import Any, Final

import smpp34
from tests.interop.talking import fields_of, hear_orders, tell, with_tlvs

RECEIPTED_MESSAGE_ID: Final = 0x001E


class Operator:
    """The sessions and what the next submits get."""

    def __init__(self, port: int) -> None:
        self._server = smpp34.Server("127.0.0.1", port, system_id="RUST34")
        self._sessions: dict[str, smpp34.Esme] = {}
        self._statuses: list[int] = []
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until the orders end."""
        await self._server.start()
        tell("ready")
        events = asyncio.create_task(self._events())
        await hear_orders(self._order)
        events.cancel()
        await self._server.stop()

    async def _events(self) -> None:
        while True:
            event = await self._server.next()
            if isinstance(event, smpp34.Esme):
                self._sessions[event.session_id] = event
                tell("bound", system_id=event.system_id, can_receive=event.can_receive)
            elif isinstance(event, smpp34.Unbound):
                self._sessions.pop(event.session_id, None)
                tell("unbound")
            else:
                self._submit(event)

    def _submit(self, event: smpp34.SubmitSmEvent) -> None:
        status = self._statuses.pop(0) if self._statuses else 0
        operator_id = f"rust-{next(self._ids)}"
        tell("submit", status=status, operator_id=operator_id, **fields_of(event))
        if status:
            event.reject(status)
            return
        event.accept(operator_id)
        receiver = self._sessions.get(event.session_id)
        if event.registered_delivery & 1 and receiver is not None and receiver.can_receive:
            dates = "submit date:2611221840 done date:2611221841"
            text = f"id:{operator_id} sub:001 dlvrd:001 {dates} stat:DELIVRD err:000 text:"
            receipt = {
                "source_addr": event.destination_addr,
                "destination_addr": event.source_addr,
                "esm_class": 4,
                "short_message": text.encode().hex(),
                "tlvs": [[RECEIPTED_MESSAGE_ID, (operator_id.encode() + b"\0").hex()]],
            }
            self._start(self._deliver(receiver, receipt))

    def _order(self, order: dict[str, Any]) -> None:
        what = order.pop("do")
        if what == "refuse":
            self._statuses += order["statuses"]
            tell("refusing")
            return
        newest = next(reversed(self._sessions.values()))
        self._start(self._deliver(newest, order) if what == "deliver" else _unbind(newest))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, receiver: smpp34.Esme, fields: dict[str, Any]) -> None:
        answer = await receiver.deliver_sm(**with_tlvs(fields))
        tell("delivered", status=answer.command_status, is_success=answer.is_success)


async def _unbind(session: smpp34.Esme) -> None:
    await session.unbind()


if __name__ == "__main__":
    asyncio.run(Operator(int(sys.argv[1])).run())
