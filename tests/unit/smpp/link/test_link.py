"""The link over loopback: what every request's end says, and how the link comes back."""

import asyncio
import socket
from collections.abc import Iterable

import pytest
from tests.unit.smpp.link.ends import Peer, a_message, centre, peer, soon

from payamak.smpp.constants import Status, Tag
from payamak.smpp.events import Event
from payamak.smpp.link import (
    BindType,
    Down,
    DownReason,
    LinkLost,
    NotBound,
    ResponseTimeout,
    ServerConnection,
    SessionConfig,
    WindowFull,
)
from payamak.smpp.pdu import (
    AlertNotification,
    BindReceiver,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    response_to,
    tlv,
)


async def never() -> Pdu | None:
    """Stay without an answer."""
    await asyncio.get_running_loop().create_future()
    return None


async def test_messages_both_ways() -> None:
    """Bound, both ends ask and answer over one link, and stop in good order."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        smsc.answer = lambda pdu: SubmitSmResp(message_id="1f")
        assert await soon(esme.link.request(a_message())) == SubmitSmResp(sequence=2, message_id="1f")
        connection = smsc.only()
        assert (connection.system_id, connection.bind_mode) == ("me", BindType.TRANSCEIVER)
        connection.notify(AlertNotification(source_addr="989"))
        assert await soon(connection.request(DeliverSm(short_message=b"ho"))) == DeliverSmResp(sequence=2)
        assert [pdu.short_message for pdu in esme.requests if isinstance(pdu, DeliverSm)] == [b"ho"]
        await esme.link.stop(5)
        assert await esme.down() == Down(reason=DownReason.STOPPED)
        assert await soon(smsc.closed.get()) is connection
        assert connection.down == Down(reason=DownReason.PEER_UNBOUND)


async def test_bind_carries_the_configuration() -> None:
    """What is configured stands in the bind."""
    settings = {"bind_mode": BindType.RECEIVER, "system_type": "T", "addr_ton": 1, "address_range": "98"}
    async with centre() as smsc, peer(smsc, **settings) as esme:
        await esme.up()
        expected = BindReceiver(
            sequence=1, system_id="me", password="pw", system_type="T", addr_ton=1, address_range="98"
        )
        assert [expected] == smsc.binds
        with pytest.raises(NotBound):
            esme.link.request(a_message())


async def test_one_write_per_turn() -> None:
    """All requests of one loop turn leave as one write."""
    async with centre() as smsc, peer(smsc, window=50) as esme:
        await esme.up()
        connection = esme.link._connection
        assert connection is not None
        writes = Writes(connection._transport)
        connection._transport = writes  # type: ignore[assignment]  # stands before the real one
        answers = [esme.link.request(a_message()) for _ in range(50)]
        await soon(asyncio.gather(*answers))
        assert writes.count == 1


class Writes:
    """Counts the writes to a transport."""

    def __init__(self, transport: asyncio.Transport | None) -> None:
        self._transport = transport
        self.count = 0

    def write(self, data: bytes) -> None:
        """Count it and hand it on."""
        self.count += 1
        assert self._transport is not None
        self._transport.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


async def test_nodelay() -> None:
    """Both sockets have TCP_NODELAY."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        for connection in (esme.link._connection, smsc.only()):
            assert connection is not None
            assert connection._transport is not None
            raw = connection._transport.get_extra_info("socket")
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_window_full() -> None:
    """Beyond the window a request is refused at once, and the place comes back with an answer."""
    async with centre() as smsc, peer(smsc, window=2) as esme:
        await esme.up()
        smsc.answer = lambda pdu: None
        first, _ = esme.link.request(a_message()), esme.link.request(a_message())
        assert esme.link.window_free == 0
        with pytest.raises(WindowFull):
            esme.link.request(a_message())
        _, asked = (await smsc.requests.get(), await smsc.requests.get())[0]
        smsc.only().respond(asked, response_to(asked, Status.ESME_RTHROTTLED))
        answer = await soon(first)
        assert isinstance(answer, SubmitSmResp)
        assert (answer.status, esme.link.window_free) == (Status.ESME_RTHROTTLED, 1)
        await esme.link.stop(0)


async def test_not_bound() -> None:
    """Before the bind and after the stop a request is refused at once."""
    async with centre() as smsc, peer(smsc) as esme:
        with pytest.raises(NotBound):
            esme.link.request(a_message())
        await esme.up()
        await esme.link.stop(5)
        with pytest.raises(NotBound):
            esme.link.request(a_message())
        assert (esme.link.is_bound, esme.link.window_free) == (False, 0)


async def test_cut_after_sending() -> None:
    """A link cut before the answer says that the octets had left; then it comes back by itself."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        smsc.answer = lambda pdu: None
        asked = esme.link.request(a_message())
        connection, _ = await smsc.requests.get()
        connection.abort()
        with pytest.raises(LinkLost) as caught:
            await soon(asked)
        assert caught.value.sent
        assert DownReason.PEER_CLOSED is (await esme.down()).reason
        smsc.answer = response_to
        await esme.up()
        assert SubmitSmResp is type(await soon(esme.link.request(a_message())))


async def test_cut_before_sending() -> None:
    """A request whose octets never reached the socket says so."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        connection = esme.link._connection
        assert connection is not None
        connection.abort()
        asked = esme.link.request(a_message())
        with pytest.raises(LinkLost) as caught:
            await soon(asked)
        assert not caught.value.sent
        await soon(smsc.closed.get())
        assert smsc.requests.empty()


async def test_response_timeout_and_late_answer() -> None:
    """The response timer ends the request; the answer that comes later is handed over as late."""
    async with centre() as smsc, peer(smsc, response_timeout_s=0.05, enquire_link_s=0) as esme:
        await esme.up()
        smsc.answer = lambda pdu: None
        asked = esme.link.request(a_message())
        with pytest.raises(ResponseTimeout) as caught:
            await soon(asked)
        connection, request = await smsc.requests.get()
        connection.respond(request, SubmitSmResp(message_id="late"))
        expected = (caught.value.sequence, SubmitSmResp(sequence=caught.value.sequence, message_id="late"))
        assert expected == await soon(esme.late.get())
        assert esme.link.is_bound


async def test_bind_refused_and_tried_again() -> None:
    """A refused bind is told with its status and tried again."""
    async with centre() as smsc:
        smsc.bind_statuses = [Status.ESME_RINVPASWD, 0x400]
        async with peer(smsc) as esme:
            downs = [await esme.down(), await esme.down()]
            assert [down.status for down in downs] == [Status.ESME_RINVPASWD, 0x400]
            assert {DownReason.BIND_REFUSED} == {down.reason for down in downs}
            await esme.up()
        assert len(smsc.binds) == 3


async def test_nobody_listens() -> None:
    """A port where nobody listens is told as such, again and again, and the stop is quick."""
    async with centre() as smsc:
        assert smsc.server is not None
        await smsc.server.close()
        async with peer(smsc) as esme:
            assert DownReason.CONNECT_FAILED is (await esme.down()).reason
            assert DownReason.CONNECT_FAILED is (await esme.down()).reason


async def test_silent_peer() -> None:
    """A peer that takes the connection and says nothing is given up after the bind timeout."""
    async with centre() as smsc:
        smsc.on_connection = ServerConnection.pause_reading
        async with peer(smsc, bind_timeout_s=0.3) as esme:
            assert DownReason.BIND_TIMEOUT is (await esme.down()).reason


async def test_half_open() -> None:
    """A peer that falls silent is found out by enquire_link, and its requests are told lost."""
    async with centre() as smsc, peer(smsc, enquire_link_s=0.1) as esme:
        await esme.up()
        smsc.only().pause_reading()
        asked = esme.link.request(a_message())
        assert DownReason.LINK_DEAD is (await esme.down()).reason
        with pytest.raises(LinkLost):
            await soon(asked)
        await esme.up()


async def test_idle_link_stays() -> None:
    """An idle link asks and is answered, both ways, and stays."""
    quick = SessionConfig(enquire_link_s=0.2)
    async with centre(quick) as smsc, peer(smsc, enquire_link_s=0.2) as esme:
        await esme.up()
        client = esme.link._connection
        assert client is not None
        beats = 0
        beaten = asyncio.Event()
        real = client._session.receive

        def listen(data: bytes, now: float) -> list[Event]:
            nonlocal beats
            beats += 1
            if beats > 2:
                beaten.set()
            return real(data, now)

        client._session.receive = listen  # type: ignore[method-assign]
        await soon(beaten.wait())
        assert esme.link.is_bound


async def test_pause_and_resume() -> None:
    """What comes while reading is paused, from the first octet on, is taken in order once it is resumed."""
    async with centre() as smsc:
        connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

        def pause(connection: ServerConnection) -> None:
            connection.pause_reading()
            connections.put_nowait(connection)

        smsc.on_connection = pause
        async with peer(smsc, window=50) as esme:
            connection = await connections.get()
            assert smsc.binds == []
            connection.resume_reading()
            await esme.up()
            connection.pause_reading()
            answers = [esme.link.request(a_message(b"%d" % number)) for number in range(50)]
            connection.resume_reading()
            await soon(asyncio.gather(*answers))
            received = [smsc.requests.get_nowait()[1] for _ in range(50)]
            assert _messages(received) == [b"%d" % number for number in range(50)]


async def test_a_peer_that_reads_again_makes_room() -> None:
    """While it does not read no request is taken; when it does, whoever has something to write is told."""
    async with centre() as smsc, peer(smsc, window=1_000) as esme:
        await esme.up()
        smsc.only().pause_reading()
        pdu = SubmitSm(destination_addr="989395213300", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, bytes(60_000)),))
        while esme.link.window_free:  # until the system's buffers and our own are full
            esme.link.request(pdu).add_done_callback(lambda done: done.exception())
            await asyncio.sleep(0)
        assert esme.rooms.empty()
        smsc.only().resume_reading()
        await soon(esme.rooms.get())
        assert esme.link.window_free > 0


async def test_garbage_from_the_peer() -> None:
    """Octets that are no SMPP end the link; it comes back."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        smsc.only().write_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        down = await esme.down()
        assert DownReason.LINK_DEAD is down.reason
        assert "command_length" in down.detail
        await esme.up()


async def test_answers_of_every_kind() -> None:
    """Answering twice, with a generic_nack, or by octets written by hand does no harm."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        connection = smsc.only()

        def twice(pdu: Pdu) -> Pdu:
            connection.respond(pdu, SubmitSmResp(message_id="1"))
            return SubmitSmResp(message_id="2")

        smsc.answer = twice
        assert await soon(esme.link.request(a_message())) == SubmitSmResp(sequence=2, message_id="1")
        smsc.answer = lambda pdu: GenericNack(status=8)
        assert await soon(esme.link.request(a_message())) == GenericNack(sequence=3, status=8)
        smsc.answer = lambda pdu: connection.write_raw(bytes.fromhex("00000010 80000004 00000058 00000004"))
        assert await soon(esme.link.request(a_message())) == SubmitSmResp(sequence=4, status=0x58)
        client = esme.link._connection
        assert client is not None
        assert client.unmatched_responses == 1


async def test_failing_handlers() -> None:
    """A handler that raises, at once or later, makes the peer come again: 0x64 to the SMSC, 8 to the ESME."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        reports: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reports.append(context))

        async def broken(pdu: Pdu) -> Pdu:
            raise RuntimeError("our bug")

        esme.answer = broken
        expected = DeliverSmResp(sequence=1, status=Status.ESME_RX_T_APPN)
        assert await soon(smsc.only().request(DeliverSm())) == expected
        smsc.answer = lambda pdu: SubmitSmResp(message_id="x" * 99)
        assert await soon(esme.link.request(a_message())) == SubmitSmResp(sequence=2, status=Status.ESME_RSYSERR)
        assert [str(report["exception"])[:10].split(":")[0] for report in reports] == ["our bug", "message_id"]


async def test_slow_handlers_run_together() -> None:
    """Several requests of the SMSC are worked on at once, and answered as each is done."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        gates = {number: asyncio.Event() for number in (1, 2, 3)}

        async def slow(pdu: Pdu) -> Pdu:
            await gates[pdu.sequence].wait()
            return response_to(pdu)

        esme.answer = slow
        answers = [smsc.only().request(DeliverSm()) for _ in gates]
        for number in (3, 1, 2):
            gates[number].set()
            assert await soon(answers[number - 1]) == DeliverSmResp(sequence=number)


async def test_stop_waits_for_answers() -> None:
    """A stop lets outstanding requests end, both ways, before it unbinds."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        smsc.answer = lambda pdu: None
        asked = esme.link.request(a_message())
        connection, request = await smsc.requests.get()
        stopping = asyncio.ensure_future(esme.link.stop(5))
        await asyncio.sleep(0)
        assert not esme.link.is_bound
        connection.respond(request, SubmitSmResp(message_id="in time"))
        assert await soon(asked) == SubmitSmResp(sequence=2, message_id="in time")
        await soon(stopping)
        assert connection.down == Down(reason=DownReason.PEER_UNBOUND)


async def test_stop_in_time() -> None:
    """A stop whose peer never answers ends in its time, and says of each request that it is lost."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        smsc.answer = lambda pdu: never()
        asked = esme.link.request(a_message())
        await smsc.requests.get()
        smsc.only().pause_reading()
        await soon(esme.link.stop(0.05))
        with pytest.raises(LinkLost):
            await soon(asked)
        assert DownReason.STOPPED is (await esme.down()).reason


async def test_server_stops() -> None:
    """A server that stops unbinds its clients; they hear why."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        assert smsc.server is not None
        await soon(smsc.server.close(5))
        assert Down(reason=DownReason.PEER_UNBOUND) == await esme.down()
        assert set() == smsc.server.connections


async def test_log_keeps_secrets() -> None:
    """What the link logs holds neither password nor text."""
    async with centre() as smsc, peer(smsc, password="hush", window=1) as esme:
        await esme.up()
        await soon(esme.link.request(a_message(b"hush")))
        await esme.link.stop(5)
        assert "smpp_bound" in [event for event, _ in esme.said]
        assert "hush" not in repr(esme.said) + repr(esme.link.config)


def _messages(requests: Iterable[Pdu]) -> list[bytes]:
    return [pdu.short_message for pdu in requests if isinstance(pdu, SubmitSm)]


async def test_many_messages_in_order() -> None:
    """Thousands of requests through a small window arrive once each, in order."""
    async with centre() as smsc, peer(smsc, window=20) as esme:
        await esme.up()
        await _pour(esme, 2000)
        received = [smsc.requests.get_nowait()[1] for _ in range(2000)]
        assert [b"%d" % number for number in range(2000)] == _messages(received)
        assert smsc.requests.empty()


async def _pour(esme: Peer, count: int) -> None:
    room = asyncio.Semaphore(20)
    answers = []
    for number in range(count):
        await soon(room.acquire())
        answer = esme.link.request(a_message(b"%d" % number))
        answer.add_done_callback(lambda _: room.release())
        answers.append(answer)
    await soon(asyncio.gather(*answers))


async def test_what_a_loss_says_of_each_request() -> None:
    """A request that was alone on the wire hears so, and how old its octets were; one of two does not."""
    async with centre() as smsc, peer(smsc) as esme:
        for count, alone in ((2, False), (1, True)):
            await esme.up()
            smsc.answer = response_to
            await soon(esme.link.request(a_message()))
            assert esme.link.answered_since_bind == 1
            await smsc.requests.get()
            smsc.answer = lambda pdu: None
            asked = [esme.link.request(a_message()) for _ in range(count)]
            for _ in asked:
                await soon(smsc.requests.get())
            smsc.only().abort()
            ends = await soon(asyncio.gather(*asked, return_exceptions=True))
            assert isinstance(ends, list)
            for end in ends:
                assert isinstance(end, LinkLost)
                assert (end.sent, end.alone, end.reason) == (True, alone, DownReason.PEER_CLOSED)
                assert 0 <= end.age_s < 10
            await esme.down()


async def test_a_link_that_we_give_up_comes_back() -> None:
    """A connection that is dropped for a reason of ours says which, and is bound again by itself."""
    async with centre() as smsc, peer(smsc) as esme:
        esme.link.break_now("before there is one")
        await esme.up()
        smsc.answer = lambda pdu: None
        asked = esme.link.request(a_message())
        await soon(smsc.requests.get())
        esme.link.break_now("never answers")
        with pytest.raises(LinkLost) as caught:
            await soon(asked)
        assert caught.value.reason is DownReason.GIVEN_UP
        assert await esme.down() == Down(reason=DownReason.GIVEN_UP, detail="never answers")
        await esme.up()
        assert esme.link.answered_since_bind == 0
