"""Our client, and the whole gateway, against an operator that smpp34 plays in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.interop.peer import Peer, running
from tests.ports import reserved_port
from tests.scenarios.house import accounts_changed, house
from tests.site import LINE

from payamak.encoding import Encoding, SplitMethod, choose, split
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import Status, Tag
from payamak.smpp.link import ClientLink, Down, DownReason, LinkConfig
from payamak.smpp.pdu import (
    BindTransceiver,
    BindTransceiverResp,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    Unknown,
    response_to,
    tlv,
)
from payamak.smpp.receipt import Stat, parse_receipt
from payamak.smpp.states import BindType

pytestmark = pytest.mark.interop

RECIPIENT = "989120009000"
DEADLINE_S = 20.0
PERSIAN_LONG = "نوبت شما برای روز چهارشنبه ثبت شد. " * 5
CODINGS = {Encoding.GSM7: 0, Encoding.UCS2: 8}


@asynccontextmanager
async def operator() -> AsyncIterator[tuple[Peer, int]]:
    """The peer's server and its port."""
    with reserved_port() as port:
        async with running("smsc34", str(port)) as peer:
            await peer.hear("ready")
            yield peer, port


class Us:
    """Our client: what was delivered, and when it was up and down."""

    def __init__(self, port: int, mode: BindType = BindType.TRANSCEIVER) -> None:
        self.delivered: asyncio.Queue[Pdu] = asyncio.Queue()
        self.up = asyncio.Event()
        self.downs: asyncio.Queue[Down] = asyncio.Queue()
        config = LinkConfig(
            host="127.0.0.1", port=port, system_id="payamak", password="secret", bind_mode=mode, window=50
        )
        self.link = ClientLink(config, on_request=self._on_request, on_up=self.up.set, on_down=self.downs.put_nowait)

    async def __aenter__(self) -> Us:
        self.link.start()
        async with asyncio.timeout(DEADLINE_S):
            await self.up.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.link.stop(2.0)

    async def _on_request(self, pdu: Pdu) -> Pdu:
        await self.delivered.put(pdu)
        return response_to(pdu)

    async def next(self) -> DeliverSm:
        """The next deliver_sm."""
        async with asyncio.timeout(DEADLINE_S):
            pdu = await self.delivered.get()
        assert isinstance(pdu, DeliverSm)
        return pdu

    async def ask(self, pdu: Pdu) -> Pdu:
        """A request and its answer."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.link.request(pdu)


def submits(text: str) -> list[SubmitSm]:
    """A text as it goes out, one submit_sm for each part."""
    encoding = choose(text)
    return [
        SubmitSm(
            source_addr=LINE,
            destination_addr=RECIPIENT,
            dest_addr_ton=1,
            dest_addr_npi=1,
            esm_class=0x40 if part.udh else 0,
            registered_delivery=1,
            data_coding=CODINGS[encoding],
            short_message=part.udh + part.payload,
            tlvs=(tlv(Tag.USER_MESSAGE_REFERENCE, 4_711),),
        )
        for part in split(text, encoding, 7, SplitMethod.UDH8)
    ]


@pytest.mark.parametrize(
    ("mode", "can_receive"),
    [(BindType.TRANSMITTER, False), (BindType.RECEIVER, True), (BindType.TRANSCEIVER, True)],
)
async def test_we_bind_and_unbind(mode: BindType, can_receive: bool) -> None:
    """Each of the three binds is granted and understood as what it is; unbind ends the session at once."""
    async with operator() as (peer, port):
        async with Us(port, mode):
            bound = await peer.hear("bound")
            assert (bound["system_id"], bound["can_receive"]) == ("payamak", can_receive)
        await peer.hear("unbound")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("Code: 4821", 1, id="gsm7"),
        pytest.param("€ [costs] {two}", 1, id="gsm7 extended"),
        pytest.param("کد ورود شما: ۴۸۲۱", 1, id="ucs2"),
        pytest.param("A" * 200, 2, id="gsm7 long"),
        pytest.param(PERSIAN_LONG, 3, id="ucs2 long"),
        pytest.param("😀" * 70, 3, id="surrogates"),
    ],
)
async def test_the_peer_receives_what_we_submit(text: str, parts: int) -> None:
    """Every field, octet and optional parameter of each part arrives; the answers carry the ids that were given."""
    async with operator() as (peer, port), Us(port) as us:
        pdus = submits(text)
        assert len(pdus) == parts
        answers = await asyncio.gather(*(us.ask(pdu) for pdu in pdus))
        for pdu, answer in zip(pdus, answers, strict=True):
            told = await peer.hear("submit", short_message=pdu.short_message.hex())
            assert told["tlvs"] == [[tag, value.hex()] for tag, value in pdu.tlvs]
            for name in told.keys() - {"event", "status", "operator_id", "short_message", "tlvs"}:
                assert told[name] == getattr(pdu, name), name
            assert isinstance(answer, SubmitSmResp)
            assert (answer.status, answer.message_id) == (0, told["operator_id"])


async def test_a_receipt_comes_back_and_is_acknowledged() -> None:
    """The receipt that was asked for names the id of the answer, and the peer sees our deliver_sm_resp."""
    async with operator() as (peer, port), Us(port) as us:
        answer = await us.ask(submits("hello")[0])
        receipt = parse_receipt(await us.next())
        assert receipt is not None
        assert isinstance(answer, SubmitSmResp)
        assert (receipt.operator_id, receipt.stat, receipt.err) == (answer.message_id, Stat.DELIVERED, "000")
        assert (await peer.hear("delivered"))["is_success"]


async def test_a_received_message_comes_through() -> None:
    """A deliver_sm of 254 octets with every octet in it arrives as it was sent."""
    octets = bytes(range(254))
    async with operator() as (peer, port), Us(port) as us:
        await peer.hear("bound")
        peer.say(
            "deliver",
            source_addr=RECIPIENT,
            destination_addr=LINE,
            data_coding=4,
            esm_class=0x40,
            short_message=octets.hex(),
            tlvs=[[0x1402, "00ff"]],
        )
        pdu = await us.next()
        assert (pdu.source_addr, pdu.destination_addr, pdu.esm_class, pdu.data_coding) == (RECIPIENT, LINE, 0x40, 4)
        assert pdu.short_message == octets
        assert [(tag, value) for tag, value in pdu.tlvs] == [(0x1402, b"\x00\xff")]
        assert (await peer.hear("delivered"))["status"] == 0


@pytest.mark.parametrize("status", [Status.ESME_RTHROTTLED, Status.ESME_RMSGQFUL, Status.ESME_RINVDSTADR])
async def test_a_refusal_is_told_as_its_status(status: Status) -> None:
    """A status that the peer refuses with is the one we read, and the next submit is answered as ever."""
    async with operator() as (peer, port), Us(port) as us:
        await peer.ask("refuse", "refusing", statuses=[status])
        first, second = [await us.ask(pdu) for pdu in submits("a") + submits("b")]
        assert (first.status, second.status) == (status, 0)


async def test_many_answers_find_their_requests() -> None:
    """With a full window, each answer belongs to its own request."""
    async with operator() as (peer, port), Us(port) as us:
        pdus = [submits(f"number {number}")[0] for number in range(50)]
        answers = await asyncio.gather(*(us.ask(pdu) for pdu in pdus))
        for pdu, answer in zip(pdus, answers, strict=True):
            told = await peer.hear("submit", short_message=pdu.short_message.hex())
            assert isinstance(answer, SubmitSmResp)
            assert answer.message_id == told["operator_id"]


async def test_the_peer_ends_the_session() -> None:
    """Its unbind is answered and told as such, and we come back by ourselves."""
    async with operator() as (peer, port), Us(port) as us:
        await peer.hear("bound")
        us.up.clear()
        peer.say("unbind")
        async with asyncio.timeout(DEADLINE_S):
            down = await us.downs.get()
            await us.up.wait()
        assert down.reason is DownReason.PEER_UNBOUND
        await peer.hear("unbound")
        await peer.hear("bound")


SERVED: list[tuple[Pdu, type[Pdu]]] = [
    (EnquireLink(sequence=2), EnquireLinkResp),
    (QuerySm(sequence=3, message_id="1", source_addr="1"), QuerySmResp),
    (CancelSm(sequence=4, message_id="1"), CancelSmResp),
    (ReplaceSm(sequence=5, message_id="1", short_message=b"x"), ReplaceSmResp),
    (DataSm(sequence=6, destination_addr="1", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b"x"),)), DataSmResp),
    (SubmitSm(sequence=7, destination_addr="1"), SubmitSmResp),
    (Unknown(sequence=8, command_id=0x99), GenericNack),
]


async def test_our_codec_alone_holds_a_conversation() -> None:
    """Bind, enquire_link and every other request we write is answered by what we read as its response."""
    async with operator() as (_, port), asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask(pdu: Pdu) -> Pdu:
            writer.write(encode(pdu))
            length = await reader.readexactly(4)
            return decode(length + await reader.readexactly(int.from_bytes(length) - 4))

        bound = await ask(BindTransceiver(sequence=1, system_id="payamak", password="secret"))
        assert isinstance(bound, BindTransceiverResp)
        assert (bound.status, bound.system_id) == (0, "RUST34")
        for request, kind in SERVED:
            answer = await ask(request)
            assert type(answer) is kind
            assert answer.sequence == request.sequence
        writer.write(encode(Unbind(sequence=9)))
        await reader.read()  # the peer may close without its unbind_resp
        writer.close()


async def test_the_gateway_delivers_through_the_peer(tmp_path: Path) -> None:
    """`payamak serve`: three kinds of text go out, one after a throttled answer; receipts make them delivered."""
    async with operator() as (peer, port):

        async def through(_: int) -> int:
            return port

        async with house(tmp_path, accounts_changed(verdict_wait_ms=0), through=through) as home:
            await peer.hear("bound")
            await peer.hear("bound")
            await peer.ask("refuse", "refusing", statuses=[Status.ESME_RTHROTTLED])
            for text in ("Code: 4821", "کد ورود شما: ۴۸۲۱", PERSIAN_LONG):
                answer = await home.send(mobile=RECIPIENT, message=text, line=LINE)
                data = answer["data"]
                assert isinstance(data, dict), answer
                assert await home.final_state(data["message_id"]) == 1
                expected = submits(text)
                told = [await peer.hear("submit", status=0) for _ in expected]
                # The reference of a long text is the gateway's own choice: the fourth octet of its header.
                after = 8 if len(expected) > 1 else 0
                assert {one["short_message"][after:] for one in told} == {
                    pdu.short_message.hex()[after:] for pdu in expected
                }
                kinds = {(one["esm_class"], one["data_coding"], one["registered_delivery"]) for one in told}
                assert kinds == {(expected[0].esm_class, expected[0].data_coding, 1)}
            assert all(balance.is_balanced for balance in await home.balances())
            assert await home.terminate() == 0
            await peer.hear("unbound")
            await peer.hear("unbound")
