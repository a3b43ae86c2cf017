"""smpp34's client, in a process of its own, against our simulated operator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.interop.peer import Peer, running
from tests.scenarios.proxy import Proxy

from payamak.encoding import Encoding, SplitMethod, choose, split
from payamak.simulator import Simulator, SimulatorConfig, Timing
from payamak.smpp.codec import decode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import Status, Tag
from payamak.smpp.frames import FrameBuffer
from payamak.smpp.link import serve
from payamak.smpp.pdu import EnquireLink, EnquireLinkResp, Pdu, response_to

pytestmark = pytest.mark.interop

LINE = "983000111"
RECIPIENT = "989120009000"
LOGIN = {"system_id": "payamak", "password": "secret"}
CONFIG = SimulatorConfig(accounts={"payamak": "secret"}, timing=Timing(answer_ms=0, receipt_ms=10))
DEADLINE_S = 20.0


@asynccontextmanager
async def customer(config: SimulatorConfig = CONFIG) -> AsyncIterator[tuple[Peer, Simulator]]:
    """The peer's client beside a running simulator."""
    simulator = Simulator(config)
    port = await simulator.start()
    try:
        async with running("esme34", str(port)) as peer:
            await peer.hear("ready")
            yield peer, simulator
    finally:
        await simulator.stop(0.2)


def submits(text: str) -> list[dict[str, object]]:
    """A text as the peer sends it, one submit_sm for each part, a receipt asked for."""
    encoding = choose(text)
    return [
        {
            "source_addr": LINE,
            "destination_addr": RECIPIENT,
            "esm_class": 0x40 if part.udh else 0,
            "registered_delivery": 1,
            "data_coding": 0 if encoding is Encoding.GSM7 else 8,
            "short_message": (part.udh + part.payload).hex(),
            "tlvs": [[Tag.USER_MESSAGE_REFERENCE.value, "1267"]],
        }
        for part in split(text, encoding, 7, SplitMethod.UDH8)
    ]


@pytest.mark.parametrize("bind_type", ["TX", "RX", "TRX"])
async def test_each_bind_is_granted_and_let_go(bind_type: str) -> None:
    """bind_transmitter, bind_receiver and bind_transceiver are granted; unbind is answered and ends the session."""
    async with customer() as (peer, simulator):
        bound = await peer.ask("bind", "bound", bind_type=bind_type, **LOGIN)
        assert bound["system_id"] == "payamak"
        await peer.ask("unbind", "unbound")
        await simulator.ledger.until(lambda ledger: ledger.counters.connections_closed == 1)
        assert simulator.counters.binds == 1


@pytest.mark.parametrize("bind_type", ["TX", "RX", "TRX"])
@pytest.mark.parametrize(
    "login", [{**LOGIN, "password": "wrong"}, {**LOGIN, "system_id": "nobody"}], ids=["password", "system_id"]
)
async def test_a_wrong_login_is_refused(login: dict[str, str], bind_type: str) -> None:
    """A wrong password or system_id is no bind; the right login is granted afterwards."""
    async with customer() as (peer, simulator):
        await peer.ask("bind", "bind_failed", bind_type=bind_type, connect_timeout_ms=1_000, **login)
        assert (simulator.counters.binds, simulator.counters.binds_refused) == (0, 1)
        await peer.ask("bind", "bound", bind_type=bind_type, **LOGIN)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("Code: 4821", 1), ("€ [costs]", 1), ("کد ورود شما: ۴۸۲۱", 1), ("A" * 200, 2), ("نوبت شما ثبت شد. " * 10, 3)],
    ids=["gsm7", "gsm7 extended", "ucs2", "gsm7 long", "ucs2 long"],
)
async def test_what_the_peer_submits_is_read_and_receipted(text: str, parts: int) -> None:
    """The text is read whole; every part is answered with its id, and its receipt says it is delivered."""
    async with customer() as (peer, simulator):
        await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
        pdus = submits(text)
        assert len(pdus) == parts
        answers = [await peer.ask("submit", "answer", **pdu) for pdu in pdus]
        receipts = [await peer.hear("deliver") for _ in pdus]
        await simulator.ledger.until(lambda ledger: ledger.counters.receipts_acknowledged == parts)

        (whole,) = simulator.ledger.messages()
        assert (whole.line, whole.recipient, whole.text, whole.copies) == (LINE, RECIPIENT, text, 0)
        assert {answer["message_id"] for answer in answers} == set(whole.operator_ids)
        told = {dict(one["tlvs"])[Tag.RECEIPTED_MESSAGE_ID] for one in receipts}
        assert told == {f"{operator_id}\0".encode().hex() for operator_id in whole.operator_ids}
        for receipt in receipts:
            assert (receipt["source_addr"], receipt["destination_addr"]) == (RECIPIENT, LINE)
            assert receipt["esm_class"] == 4
            assert b"stat:DELIVRD err:000" in bytes.fromhex(receipt["short_message"])
            assert dict(receipt["tlvs"])[Tag.USER_MESSAGE_REFERENCE] == "1267"


async def test_a_receiver_gets_the_receipts_of_a_transmitter() -> None:
    """What is submitted over bind_transmitter is receipted over bind_receiver of the same system_id."""
    async with customer() as (sender, simulator), running("esme34", str(simulator.port)) as receiver:
        await receiver.ask("bind", "bound", bind_type="RX", **LOGIN)
        await sender.ask("bind", "bound", bind_type="TX", **LOGIN)
        answer = await sender.ask("submit", "answer", **submits("hello")[0])
        receipt = await receiver.hear("deliver")
        assert f"id:{answer['message_id']} ".encode() in bytes.fromhex(receipt["short_message"])


@pytest.mark.parametrize(
    ("last_digits", "status"),
    [("9010", Status.ESME_RTHROTTLED), ("9011", Status.ESME_RMSGQFUL), ("9001", Status.ESME_ROK)],
)
async def test_a_refusal_is_told_as_its_status(last_digits: str, status: Status) -> None:
    """The peer reads the command_status that the operator refuses with."""
    async with customer() as (peer, _):
        await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
        pdu = {**submits("x")[0], "destination_addr": f"98912000{last_digits}"}
        answer = await peer.ask("submit", "answer", **pdu)
        assert (answer["status"], answer["is_success"]) == (status, status == 0)


async def test_a_full_window_is_answered_whole() -> None:
    """Fifty submits without waiting: fifty answers with fifty ids, fifty receipts, all acknowledged."""
    async with customer() as (peer, simulator):
        await peer.ask("bind", "bound", bind_type="TRX", window_size=50, **LOGIN)
        for number in range(50):
            peer.say("submit", **submits(f"number {number}")[0])
        ids = {(await peer.hear("answer"))["message_id"] for _ in range(50)}
        assert ids == {entry.operator_id for entry in simulator.ledger.entries}
        await simulator.ledger.until(lambda ledger: ledger.counters.receipts_acknowledged == 50)


async def test_a_received_message_is_acknowledged() -> None:
    """A message from a handset, in three parts, is delivered to the peer and acknowledged."""
    text = "سلام، لطفاً نوبت من را لغو کنید. " * 5
    async with customer() as (peer, simulator):
        await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
        assert await simulator.send_mo(LINE, RECIPIENT, text, system_id="payamak")
        parts = [bytes.fromhex((await peer.hear("deliver", esm_class=0x40))["short_message"]) for _ in range(3)]
        parts.sort(key=lambda octets: octets[5])
        assert b"".join(octets[6:] for octets in parts).decode("utf-16-be") == text


async def test_a_dropped_link_is_noticed_and_an_unbind_answered() -> None:
    """Our end cuts the connection, then binds again are served; our own unbind at the stop ends the peer's session."""
    async with customer() as (peer, simulator):
        await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
        assert simulator.drop_links() == 1
        await peer.hear("disconnected")
        await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
        await simulator.stop()
        await peer.hear("disconnected")


async def test_the_peer_answers_our_enquiries() -> None:
    """An idle session is asked every 20 ms; it lives only as long as each enquire_link is answered."""
    answered = asyncio.Event()
    heard: list[Pdu] = []
    frames = FrameBuffer()

    def tap(octets: bytes) -> None:
        heard.extend(decode(frame) for frame in frames.feed(octets))
        if sum(isinstance(pdu, EnquireLinkResp) for pdu in heard) >= 10:
            answered.set()

    server = await serve(
        "127.0.0.1",
        0,
        on_bind=lambda connection, bind: 0,
        on_request=lambda connection, pdu: response_to(pdu),
        config=SessionConfig(enquire_link_s=0.02, response_timeout_s=5.0),
    )
    proxy = Proxy(server.port, tap)
    await proxy.restore()
    try:
        async with running("esme34", str(proxy.port)) as peer, asyncio.timeout(DEADLINE_S):
            await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
            await answered.wait()
            assert len(server.connections) == 1
    finally:
        await server.close(1.0)
        await proxy.close()


@pytest.mark.slow
async def test_we_answer_the_peers_enquiries() -> None:
    """The peer asks after half a minute of silence; our enquire_link_resp keeps its session alive."""
    asked = asyncio.Event()
    frames = FrameBuffer()

    def tap(octets: bytes) -> None:
        if any(isinstance(decode(frame), EnquireLink) for frame in frames.feed(octets)):
            asked.set()

    async with customer() as (_, simulator):
        proxy = Proxy(simulator.port, tap)
        await proxy.restore()
        try:
            async with running("esme34", str(proxy.port)) as peer:
                await peer.ask("bind", "bound", bind_type="TRX", **LOGIN)
                async with asyncio.timeout(90):
                    await asked.wait()
                answer = await peer.ask("submit", "answer", **submits("still there")[0])
                assert answer["is_success"]
        finally:
            await proxy.close()
