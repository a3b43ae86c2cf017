"""Receipts and received messages on their way to the gateway, each kept until it is acknowledged.

A `Letter` waits in the queue of its system_id until a receiver or transceiver of that system_id is bound and has room
in its window. What a broken connection leaves unacknowledged goes first to the next one; what is not answered in time,
or refused, is sent again after a pause. Only the gateway's words "never" (ESME_RX_P_APPN, ESME_RX_R_APPN), the limit of
tries and a full outbox end it otherwise.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from payamak.simulator.config import Limits
from payamak.simulator.ledger import Entry
from payamak.simulator.oddly import Oddity, written
from payamak.smpp.constants import Status
from payamak.smpp.link import LinkLost, ServerConnection
from payamak.smpp.pdu import DeliverSm, Pdu
from payamak.smpp.session import NotBound, WindowFull

NEVER: Final = frozenset({Status.ESME_RX_P_APPN.value, Status.ESME_RX_R_APPN.value})


@dataclass(kw_only=True, slots=True)
class Letter:
    """One deliver_sm and its story; `entry` is the submit a receipt tells of, None for a received message (MO).

    `oddity` is how this centre writes it.

    `done`, if someone waits, gets True when it is acknowledged and False when it is given up.
    """

    pdu: DeliverSm
    oddity: Oddity = Oddity.NONE
    stat: str = ""
    err: str = ""
    is_mo: bool = False
    entry: Entry | None = None
    tries: int = 0
    done: asyncio.Future[bool] | None = None


class Witness(Protocol):
    """Who is told what becomes of letters: the simulator, which writes its ledger."""

    def on_sent(self, letter: Letter) -> None:
        """The letter leaves; `tries` is already counted."""

    def on_answered(self, letter: Letter, status: int) -> None:
        """Its deliver_sm_resp came."""

    def on_dropped(self, letter: Letter) -> None:
        """A letter was given up."""


class Outbox:
    """All letters of one simulator. One event loop uses it."""

    def __init__(self, *, limits: Limits, retry_ms: int, witness: Witness) -> None:
        self._limits = limits
        self._retry_s = retry_ms / 1000
        self._witness = witness
        self._ready: dict[str, deque[Letter]] = {}
        self._receivers: dict[str, deque[ServerConnection]] = {}
        self._kept = 0

    @property
    def kept(self) -> int:
        """How many letters are not acknowledged yet."""
        return self._kept

    def first(self, system_id: str) -> Letter | None:
        """What would go first to this system_id; None if nothing waits."""
        return next(iter(self._ready.get(system_id, ())), None)

    def receivers(self) -> list[str]:
        """The system_ids that can be delivered to now."""
        return list(self._receivers)

    def add(self, system_id: str, letter: Letter) -> None:
        """Send a letter as soon as possible; at once, if its receiver has room."""
        if self._kept >= self._limits.receipts_kept:
            self._drop(letter)
            return
        self._kept += 1
        self._queue(system_id).append(letter)
        self._pump(system_id)

    def attach(self, connection: ServerConnection) -> None:
        """A receiver or transceiver is bound: it gets what waits for its system_id."""
        self._receivers.setdefault(connection.system_id, deque()).append(connection)
        self._pump(connection.system_id)

    def detach(self, connection: ServerConnection) -> None:
        """Send nothing over this connection any more."""
        receivers = self._receivers.get(connection.system_id)
        if receivers and connection in receivers:
            receivers.remove(connection)
            if not receivers:
                del self._receivers[connection.system_id]

    def _queue(self, system_id: str) -> deque[Letter]:
        queue = self._ready.get(system_id)
        if queue is None:
            queue = self._ready[system_id] = deque()
        return queue

    def _pump(self, system_id: str) -> None:
        """Send what waits, as far as windows have room; the receivers take turns."""
        queue = self._queue(system_id)
        receivers = self._receivers.get(system_id)
        if receivers is None:
            return
        full = 0
        while queue and full < len(receivers):
            connection = receivers[0]
            receivers.rotate(-1)
            if connection.window_free < 1:
                full += 1
                continue
            letter = queue.popleft()
            try:
                answer = connection.request(written(letter.pdu, letter.oddity))
            except (NotBound, WindowFull):
                queue.appendleft(letter)
                full += 1
                continue
            full = 0
            self._sent(system_id, letter, answer)

    def _sent(self, system_id: str, letter: Letter, answer: asyncio.Future[Pdu]) -> None:
        letter.tries += 1
        self._witness.on_sent(letter)
        answer.add_done_callback(lambda done: self._answered(system_id, letter, done))

    def _answered(self, system_id: str, letter: Letter, answer: asyncio.Future[Pdu]) -> None:
        error = None if answer.cancelled() else answer.exception()
        if answer.cancelled() or isinstance(error, LinkLost):
            self._queue(system_id).appendleft(letter)
        elif error is not None:
            self._later(system_id, letter)
        else:
            status = answer.result().status
            self._witness.on_answered(letter, status)
            if status == Status.ESME_ROK or status in NEVER:
                self._end(letter, is_acknowledged=status == Status.ESME_ROK)
            else:
                self._later(system_id, letter)
        self._pump(system_id)

    def _later(self, system_id: str, letter: Letter) -> None:
        """Send it again after the pause, unless it was sent as often as allowed."""
        tries = self._limits.receipt_tries
        if tries is not None and letter.tries >= tries:
            self._end(letter, is_acknowledged=False)
        else:
            asyncio.get_running_loop().call_later(self._retry_s, self._again, system_id, letter)

    def _again(self, system_id: str, letter: Letter) -> None:
        self._queue(system_id).append(letter)
        self._pump(system_id)

    def _end(self, letter: Letter, *, is_acknowledged: bool) -> None:
        self._kept -= 1
        if not is_acknowledged:
            self._drop(letter)
        elif letter.done is not None and not letter.done.done():
            letter.done.set_result(True)

    def _drop(self, letter: Letter) -> None:
        self._witness.on_dropped(letter)
        if letter.done is not None and not letter.done.done():
            letter.done.set_result(False)
