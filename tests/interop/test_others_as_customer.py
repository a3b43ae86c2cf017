"""Libraries of others as customers of our simulated operator, in the clear and under TLS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.interop.others import OTHERS, TLS, Other, cases, playing
from tests.interop.peer import Peer

from payamak.encoding import SplitMethod
from payamak.simulator import Simulator, SimulatorConfig, Timing

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = "983000111"
SENDER = "989120009000"
LONG_TEXT = "سلام، لطفاً نوبت من را لغو کنید. " * 5
WAYS = {"short": SplitMethod.UDH8, "udh": SplitMethod.UDH8, "sar": SplitMethod.SAR, "payload": SplitMethod.PAYLOAD}
"""A way, and how the simulator cuts what it sends back the same way."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def peers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Peer]]:
    """The libraries that can be had here."""
    async with playing(OTHERS, tmp_path_factory.getbasetemp()) as peers:
        yield peers


@pytest.mark.parametrize("under_tls", [False, True], ids=["clear", "tls"])
@pytest.mark.parametrize("other", cases())
async def test_a_customer(other: Other, under_tls: bool, peers: dict[str, Peer]) -> None:
    """Bound, its texts are read whole however they are cut, answered and receipted; what is sent to it is read by the
    library and acknowledged; its unbind is answered.
    """
    peer = other.among(peers)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if under_tls else None
    if context:
        context.load_cert_chain(TLS / "server.pem")
    name = f"{other.name}-{under_tls:d}"
    config = SimulatorConfig(accounts={name: "secret"}, timing=Timing(answer_ms=0, receipt_ms=5), tls=context)
    simulator = Simulator(config)
    port = await simulator.start()
    try:
        authority = str(TLS / "ca.pem") if under_tls else None
        login = {"system_id": name, "password": "secret"}
        bound = await peer.ask("bind", "bound", port=port, authority=authority, **login)
        assert (bound["system_id"], bound["status"]) == ("SIMULATOR", 0)
        for way in WAYS:
            await _converse(peer, simulator, name, way)
        peer.say("unbind", to=name)
        await peer.hear("unbound", system_id=name)
        await simulator.ledger.until(lambda ledger: ledger.counters.connections_closed == 1)
    finally:
        await simulator.stop(0.2)


async def _converse(peer: Peer, simulator: Simulator, name: str, way: str) -> None:
    """One text to the operator and one back, this way."""
    text = "Code: 4821" if way == "short" else LONG_TEXT
    before = len(simulator.ledger.messages())
    addresses = {"source": LINE, "destination": SENDER}
    peer.say("send", to=name, command="submit_sm", way=way, text=text, registered=1, **addresses)
    await simulator.ledger.until(lambda ledger: len(ledger.messages()) > before)
    parts = 3 if way in ("udh", "sar") else 1
    ids = {(await peer.hear("answered", system_id=name))["message_id"] for _ in range(parts)}
    receipts = [await peer.hear("got", command="deliver_sm", system_id=name) for _ in range(parts)]
    assert {one["receipted"] for one in receipts} == ids
    assert all("stat:DELIVRD" in one["text"] and one["esm_class"] == 4 for one in receipts)
    whole = simulator.ledger.messages()[-1]
    assert (whole.line, whole.recipient, whole.text, set(whole.operator_ids)) == (LINE, SENDER, text, ids)

    assert await simulator.send_mo(LINE, SENDER, text, system_id=name, method=WAYS[way])
    came = [await peer.hear("got", command="deliver_sm", system_id=name, way=way) for _ in range(parts)]
    came.sort(key=lambda one: one["place"] or [])
    assert ("".join(one["text"] for one in came), came[0]["source"]) == (text, SENDER)
