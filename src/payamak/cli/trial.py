"""The end of `payamak init`: the gateway is started for a moment, binds to the operator and sends one message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from payamak.client import AsyncClient, MessageState, PayamakError
from payamak.codes import StateCode
from payamak.config import Settings
from payamak.domain.site import Account, Line, Link
from payamak.errors import StoreFailed
from payamak.log import configure
from payamak.runtime import Gateway
from payamak.simulator import Simulator, SimulatorConfig

BIND_S: Final = 15.0
"""How long the operator may take to bind: a connection and its answer, with room for one more try. Taste."""

RECEIPT_S: Final = 20.0
"""How long the receipt of the test message is waited for; most come within seconds. Taste."""

POLL_S: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Start:
    """A first site: its documents, the secrets that they name, the customer's password and credit, who is sent to.

    `is_drawn`: nobody knows the password yet.
    """

    link: Link
    line: Line
    account: Account
    secrets: Mapping[str, str] = field(repr=False)
    password: str = field(repr=False)
    is_drawn: bool
    credit_rial: int
    recipient: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How it went, in a sentence; `is_well`: as far as it could be tried."""

    says: str
    is_well: bool


async def run(settings: Settings, start: Start, *, is_sandbox: bool) -> Trial:
    """Serve the new store on a free port of this machine, wait for the bind, send the message, and stop."""
    configure("error", human=True)
    async with _operator(start, is_sandbox=is_sandbox):
        gateway = Gateway(replace(settings, host="127.0.0.1", port=0))
        try:
            await gateway.start()
        except StoreFailed as error:
            return Trial(says=f"The site is in the store; it was not tried: {error}", is_well=False)
        try:
            if not await _is_bound(gateway):
                says = f"No link: {start.link.host}:{start.link.port} has not bound us within {BIND_S:.0f} s."
                todo = "Look at address, login and the operator's allow list; `payamak doctor` says more."
                return Trial(says=f"{says} {todo}", is_well=False)
            if not start.recipient:
                return Trial(says="The link is bound; no test message was wanted.", is_well=True)
            return await _sent(f"http://127.0.0.1:{gateway.port}", start)
        finally:
            await gateway.stop()


@asynccontextmanager
async def _operator(start: Start, *, is_sandbox: bool) -> AsyncIterator[None]:
    """A simulated operator while it is tried; where one listens already it is asked."""
    (login,) = start.secrets.values()
    accounts = {start.link.system_id: login}
    simulator = Simulator(SimulatorConfig(host=start.link.host, port=start.link.port, accounts=accounts))
    is_ours = False
    if is_sandbox:
        with suppress(OSError):
            await simulator.start()
            is_ours = True
    try:
        yield
    finally:
        if is_ours:
            await simulator.stop(timeout_s=0.5)


async def _is_bound(gateway: Gateway) -> bool:
    (upstream,) = gateway.running.links.upstreams.values()
    with suppress(TimeoutError):
        async with asyncio.timeout(BIND_S):
            while not upstream.is_up:  # noqa: ASYNC110 - a link tells the worker when it is up, nobody else
                await asyncio.sleep(POLL_S)
    return upstream.is_up


async def _sent(url: str, start: Start) -> Trial:
    """Send the message as the customer's program would, and follow it."""
    async with AsyncClient(url, username=start.account.username, password=start.password) as client:
        try:
            sent = await client.send(start.recipient, "پیامک آزمایشی")
        except (PayamakError, ValueError) as error:
            return Trial(says=f"The link is bound; the test message was not taken: {error}", is_well=False)
        ends_s = time.monotonic() + RECEIPT_S
        state = MessageState(StateCode.NOT_SENT)
        while not state.is_final and time.monotonic() < ends_s:
            await asyncio.sleep(POLL_S)
            state = (await client.states([sent.message_id]))[sent.message_id]
    says = f"The link is bound; test message {sent.message_id}: {state.english}."
    if not state.is_final:
        says += f" That was after {RECEIPT_S:.0f} s; `payamak show {sent.message_id}` tells what comes."
    return Trial(says=says, is_well=state.is_delivered or state.code == StateCode.ENROUTE)
