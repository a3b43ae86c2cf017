"""The simulator is a server on a port too: floods of binds, wrong passwords, half binds and garbage leave it alive."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import ExitStack

import pytest
from tests.hostile.attack import MIB, is_closed, open_files, raise_own_limit, resident_octets, send_all, wait_for
from tests.unit.simulator.esme import Esme

from payamak.simulator.config import SimulatorConfig
from payamak.simulator.server import Simulator
from payamak.smpp.codec import encode
from payamak.smpp.pdu import BindTransceiver, EnquireLink, SubmitSm

pytestmark = pytest.mark.slow

WRONG = encode(BindTransceiver(system_id="payamak", password="wrong"), 1)
RIGHT = encode(BindTransceiver(system_id="payamak", password="secret"), 1)
SHAPES = {
    "wrong passwords": WRONG * 50,
    "half a bind": RIGHT[:20],
    "nothing": b"",
    "garbage": bytes(range(256)) * 50,
    "no bind": encode(SubmitSm(destination_addr="989120000001"), 1) * 50,
    "a bind and a flood": RIGHT + encode(EnquireLink(), 2) * 300,
}
EACH = 60


def attack(port: int) -> int:
    """Open them all, each a few hundred times; how many the simulator had cut by itself after its time for a bind."""
    with ExitStack() as stack:
        many: list[socket.socket] = []
        for octets in SHAPES.values():
            for _ in range(EACH):
                one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                send_all(one, [octets], MIB)
                many.append(one)
        half = many[EACH : 2 * EACH]
        wait_for(lambda: all(is_closed(one) for one in half), most_s=25)
        return sum(is_closed(one) for one in half)


async def test_the_simulator_under_attack() -> None:
    """An honest client binds and sends all the while; who does not bind in time is cut off; memory stays small."""
    raise_own_limit()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak.simulator", "--account", "payamak:secret"), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            port = json.loads(await process.stdout.readline())["port"]
        files, memory = open_files(process.pid), resident_octets(process.pid)
        attacking = asyncio.create_task(asyncio.to_thread(attack, port))
        sent = 0
        while not attacking.done():
            async with Esme(Simulator(SimulatorConfig(port=port))) as esme:
                assert (await esme.submit("989120000001", "سلام"))[0].status == 0
            sent += 1
            await asyncio.sleep(0.2)
        growth_mib = (resident_octets(process.pid) - memory) / MIB
        print(f"\n{sent} honest binds meanwhile; memory +{growth_mib:.0f} MiB")
        assert await attacking == EACH
        assert growth_mib < 60
        assert await asyncio.to_thread(wait_for, lambda: open_files(process.pid) <= files + 2)
        assert process.returncode is None
    finally:
        process.kill()
        await process.wait()
