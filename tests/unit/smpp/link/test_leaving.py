"""The end of a bind, in order or not: nothing that is under way is thrown away."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from tests.unit.smpp.link.ends import Centre, Peer, a_message, centre, peer, soon

from payamak.smpp.codec import decode, encode
from payamak.smpp.link import Down, DownReason, LinkConnection, LinkLost, NotBound, ServerConnection
from payamak.smpp.pdu import (
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    response_to,
)

FIVE = 5


def unbind(connection: LinkConnection) -> None:
    """Say unbind, and go on as if nothing had been said: what orderly ends wait for is the other end's affair."""
    connection._session.unbind(asyncio.get_running_loop().time())
    connection._flush_soon()


async def five_asked(smsc: Centre, esme: Peer) -> tuple[list[asyncio.Future[Pdu]], list[Pdu], ServerConnection]:
    """Five requests that the centre has read and not answered."""
    await esme.up()
    smsc.answer = lambda pdu: None
    asked = [esme.link.request(a_message()) for _ in range(FIVE)]
    taken = [(await smsc.requests.get())[1] for _ in asked]
    return asked, taken, smsc.only()


async def test_a_centre_that_unbinds_and_then_answers() -> None:
    """Every answer that comes within the wait is taken; nothing is asked meanwhile; then the link comes back."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, taken, connection = await five_asked(smsc, esme)
        unbind(connection)
        await soon(esme.leaving.get())
        assert not esme.link.is_bound
        with pytest.raises(NotBound):
            esme.link.request(a_message())
        for number, request in enumerate(taken):
            connection.respond(request, SubmitSmResp(message_id=f"{number}"))
        answers = await soon(asyncio.gather(*asked))
        assert isinstance(answers, list)
        assert [answer.message_id for answer in answers] == [f"{number}" for number in range(FIVE)]
        assert await esme.down() == Down(reason=DownReason.PEER_UNBOUND)
        assert connection.down == Down(reason=DownReason.STOPPED)  # it had its unbind_resp
        await esme.up()


async def test_a_centre_that_unbinds_and_answers_no_more() -> None:
    """The wait has an end; what was asked is then lost, and the reason says that nothing broke."""
    async with centre() as smsc, peer(smsc, unbind_wait_s=0.05) as esme:
        asked, _, connection = await five_asked(smsc, esme)
        unbind(connection)
        for end in asked:
            with pytest.raises(LinkLost) as caught:
                await soon(end)
            assert (caught.value.sent, caught.value.reason) == (True, DownReason.PEER_UNBOUND)
        assert await esme.down() == Down(reason=DownReason.PEER_UNBOUND)
        await esme.up()


async def test_a_centre_that_unbinds_and_hangs_up() -> None:
    """A connection that is closed behind the unbind is lost at once, as a goodbye and not as a break."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, _, connection = await five_asked(smsc, esme)
        unbind(connection)
        assert connection._transport is not None
        connection._flush()
        connection._transport.close()
        for end in asked:
            with pytest.raises(LinkLost):
                await soon(end)
        assert (await esme.down()).reason is DownReason.PEER_UNBOUND
        await esme.up()


async def test_receipts_after_the_unbind_are_taken() -> None:
    """A deliver_sm behind the unbind is handled and acknowledged before the goodbye, however long that takes."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, taken, connection = await five_asked(smsc, esme)
        stored = asyncio.Event()

        async def slow(pdu: Pdu) -> Pdu:
            esme.requests.append(pdu)
            await stored.wait()
            return response_to(pdu)

        esme.answer = slow
        octets = encode(Unbind(), 900) + encode(DeliverSm(short_message=b"receipt"), 901) + encode(Unbind(), 902)
        connection.write_raw(octets)
        await soon(esme.leaving.get())
        for request in taken:
            connection.respond(request, SubmitSmResp())
        await soon(asyncio.gather(*asked))
        assert [type(pdu) for pdu in esme.requests] == [DeliverSm]
        assert esme.downs.empty()
        stored.set()
        assert await esme.down() == Down(reason=DownReason.PEER_UNBOUND)


async def test_an_unbind_while_the_bind_is_pending() -> None:
    """The goodbye is answered and the link tries again, long before it would have given up the bind."""
    async with centre() as smsc:
        said: list[bytes] = []

        def changes_its_mind(connection: ServerConnection) -> None:
            smsc.on_connection = lambda connection: None
            connection.pause_reading()
            connection.write_raw(encode(Unbind(), 1))
            said.append(b"unbind")

        smsc.on_connection = changes_its_mind
        async with peer(smsc, bind_timeout_s=60) as esme:
            assert (await esme.down()).reason is DownReason.PEER_UNBOUND
            await esme.up()
        assert said == [b"unbind"]


async def test_an_esme_that_unbinds_is_answered_first() -> None:
    """Our centre owes it the answer to what it asked before, and gives that before its unbind_resp."""
    async with centre() as smsc:
        answers: asyncio.Queue[asyncio.Future[Pdu | None]] = asyncio.Queue()

        def later(pdu: Pdu) -> asyncio.Future[Pdu | None]:
            answer: asyncio.Future[Pdu | None] = asyncio.get_running_loop().create_future()
            answers.put_nowait(answer)
            return answer

        smsc.answer = later
        assert smsc.server is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", smsc.server.port)
        writer.write(encode(BindTransceiver(system_id="me"), 1))
        await soon(_pdu(reader))
        writer.write(encode(SubmitSm(), 2) + encode(SubmitSm(), 3) + encode(Unbind(), 4))
        first, second = await soon(answers.get()), await soon(answers.get())
        assert isinstance(first, asyncio.Future)
        assert isinstance(second, asyncio.Future)
        first.set_result(SubmitSmResp(message_id="x"))
        assert await soon(_pdu(reader)) == SubmitSmResp(sequence=2, message_id="x")
        second.set_result(None)  # a centre that never answers this one
        assert await soon(_pdu(reader)) == UnbindResp(sequence=4)
        assert await soon(reader.read()) == b""
        writer.close()


async def _pdu(reader: asyncio.StreamReader) -> Pdu:
    length = await reader.readexactly(4)
    return decode(length + await reader.readexactly(int.from_bytes(length) - 4))


async def test_a_receipt_that_our_centre_waits_for() -> None:
    """An ESME that unbinds and then acknowledges is waited for by our centre too."""
    async with centre() as smsc, peer(smsc) as esme:
        await esme.up()
        asked, stored = asyncio.Event(), asyncio.Event()

        async def slow(pdu: Pdu) -> Pdu:
            asked.set()
            await stored.wait()
            return response_to(pdu)

        esme.answer = slow
        receipt = smsc.only().request(DeliverSm())
        client = esme.link._connection
        assert client is not None
        await soon(asked.wait())
        unbind(client)
        stored.set()
        assert await soon(receipt) == DeliverSmResp(sequence=1)


async def test_an_answer_over_the_next_bind() -> None:
    """A centre that answers after the cut, over the next bind, is heard; no later request is taken for that one."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, taken, connection = await five_asked(smsc, esme)
        connection.abort()
        for end in asked:
            with pytest.raises(LinkLost) as caught:
                await soon(end)
        await esme.up()
        fresh = esme.link.request(a_message())
        _, request = await smsc.requests.get()
        assert request.sequence > taken[-1].sequence
        answer = SubmitSmResp(sequence=taken[-1].sequence, message_id="of before")
        smsc.only().write_raw(encode(answer, answer.sequence) * 2)
        assert await soon(esme.late.get()) == (caught.value.sequence, answer)
        assert esme.link.answered_since_bind == 1
        smsc.only().respond(request, SubmitSmResp(message_id="fresh"))
        assert await soon(fresh) == SubmitSmResp(sequence=request.sequence, message_id="fresh")
        assert esme.late.empty()


async def test_what_has_come_before_the_break_is_read() -> None:
    """Answers that lie in the socket when a write meets the end of the connection are answers, not losses."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, taken, connection = await five_asked(smsc, esme)
        client = esme.link._connection
        assert client is not None
        assert client._transport is not None
        client._transport.pause_reading()  # as while it is busy with other things
        assert connection._transport is not None
        raw: socket.socket = connection._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for request in taken:
            connection.respond(request, SubmitSmResp(message_id="x"))
        connection._flush()
        connection._transport.abort()  # a reset
        await soon(smsc.closed.get())
        while client.down is None:  # until a write has met the reset
            client.respond(DeliverSm(sequence=1), DeliverSmResp())
            await asyncio.sleep(0.01)
        answers = await soon(asyncio.gather(*asked))
        assert answers == [SubmitSmResp(sequence=request.sequence, message_id="x") for request in taken]


async def test_a_stop_that_is_asked_again_ends_in_the_shorter_time() -> None:
    """Who is letting go of a silent centre in its own time, and is told to hurry, hurries."""
    async with centre() as smsc, peer(smsc) as esme:
        asked, _, _ = await five_asked(smsc, esme)
        patient = asyncio.ensure_future(esme.link.stop(3_600))
        await asyncio.sleep(0)
        await soon(esme.link.stop(0.05))
        await soon(patient)
        with pytest.raises(LinkLost):
            await soon(asked[0])
        await soon(asyncio.gather(*asked, return_exceptions=True))
