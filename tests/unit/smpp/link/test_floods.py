"""A peer that writes without end, reads nothing, or says odd things again and again."""

import asyncio
import socket
from contextlib import suppress
from itertools import count

import pytest
from tests.unit.smpp.link.ends import a_message, centre, peer, soon

from payamak.smpp.codec import encode
from payamak.smpp.constants import Status
from payamak.smpp.link import ClientLink, LinkConfig
from payamak.smpp.link import connection as connection_module
from payamak.smpp.pdu import (
    AlertNotification,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Pdu,
    SubmitSmResp,
)

BURST = 2_000


async def test_answers_that_are_not_read_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks and asks and reads nothing is not read any more once enough answers wait for it; then all goes on."""
    monkeypatch.setattr(connection_module, "_UNREAD_OCTETS", 200_000)
    monkeypatch.setattr(connection_module, "_USELESS_PAUSE_S", 0.0)
    async with centre() as smsc, peer(smsc, enquire_link_s=0) as one:
        await one.up()
        connection, mine = smsc.only(), one.link._connection
        assert mine is not None
        for end in (connection, mine):
            assert end._transport is not None
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 65_536)
        connection.pause_reading()
        connection.write_raw(b"".join(encode(EnquireLink(), number) for number in range(1, 50_000)))
        async with asyncio.timeout(30):
            while "unread" not in mine._pauses:  # noqa: ASYNC110 - the other end floods
                await asyncio.sleep(0.01)
        assert mine._transport is not None
        assert mine._transport.get_write_buffer_size() < 200_000 + 2 * connection_module._TURN_OCTETS
        connection.resume_reading()
        async with asyncio.timeout(30):
            while mine._pauses or mine._held:  # noqa: ASYNC110 - the other end reads
                await asyncio.sleep(0.01)
        await soon(mine.request(a_message()))


async def test_a_burst_leaves_time_for_others() -> None:
    """What one read brought is taken in many turns, in order, and all of it."""
    numbers = range(1, BURST)
    async with centre() as smsc, peer(smsc) as one:
        await one.up()
        smsc.only().write_raw(b"".join(encode(DeliverSm(short_message=b"%d" % n), n) for n in numbers))
        turns = 0
        async with asyncio.timeout(30):
            while len(one.requests) < len(numbers):
                turns += 1
                await asyncio.sleep(0)
        texts = [pdu.short_message for pdu in one.requests if isinstance(pdu, DeliverSm)]
        assert texts == [b"%d" % n for n in numbers]
        assert turns > BURST * 30 / connection_module._TURN_OCTETS


async def test_answers_before_the_end_count() -> None:
    """Answers that came in one burst with the end of the connection reach their requests, however long the burst."""
    asked: list[Pdu] = []
    all_asked = asyncio.Event()
    many = 500

    def keep(pdu: Pdu) -> None:
        asked.append(pdu)
        if len(asked) == many:
            all_asked.set()

    async with centre() as smsc, peer(smsc, window=many) as one:
        smsc.answer = keep
        await one.up()
        futures = [one.link.request(a_message()) for _ in range(many)]
        await soon(all_asked.wait())
        connection = smsc.only()
        filling = b"".join(encode(EnquireLink(), number) for number in range(1, 1_000))
        answers = b"".join(encode(SubmitSmResp(message_id="x"), pdu.sequence) for pdu in asked)
        connection.write_raw(filling + answers)
        assert connection._transport is not None
        connection._transport.close()
        done = await soon(asyncio.gather(*futures))
        assert isinstance(done, list)
        assert len(done) == many


def counts(said: list[tuple[str, dict[str, object]]]) -> list[int]:
    """How many alerts each line of the log tells of."""
    return [int(str(fields["count"])) for event, fields in said if event == "smpp_alert"]


async def test_oddities_do_not_fill_the_log() -> None:
    """A thousand alerts are a few lines of the log, and the lines say how many there were."""
    async with centre() as smsc, peer(smsc) as one:
        await one.up()
        connection = smsc.only()
        for _ in count():
            connection.notify(AlertNotification(source_addr="1", esme_addr="2"))
            if len(connection._session._out) >= 1_500:
                break
        assert await soon(one.link.request(a_message()))
        async with asyncio.timeout(10):
            while not (told := counts(one.said)) or told[-1] < 1_024:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert told == [*range(1, 11), 16, 32, 64, 128, 256, 512, 1_024]


async def test_a_broken_frame_is_answered_before_the_end() -> None:
    """Octets that are no PDU get a generic_nack, so that the other end's log says why its connection went."""
    heard = bytearray()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bind = await reader.readexactly(int.from_bytes(await reader.readexactly(4)) - 4)
        writer.write(encode(BindTransceiverResp(), int.from_bytes(bind[8:12])) + b"\0\0\0\x0fHTTP/1.1 400")
        with suppress(ConnectionResetError):
            while octets := await reader.read(100):
                heard.extend(octets)
        ended.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    config = LinkConfig(host="127.0.0.1", port=server.sockets[0].getsockname()[1], system_id="x", password="y")
    link = ClientLink(config, on_request=lambda pdu: None, on_up=lambda: None, on_down=lambda down: None)
    link.start()
    async with asyncio.timeout(30):
        await ended.wait()
    await link.stop(0.1)
    server.close()
    await server.wait_closed()
    assert bytes(heard) == encode(GenericNack(status=Status.ESME_RINVCMDLEN))
