"""In which pieces a connection reads, and how long what it has read waits: a flood waits, a long PDU does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from payamak.smpp.codec import decode, encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import Status, Tag
from payamak.smpp.link.connection import (
    _LONG_PAUSE_S,
    _REFUSED_PAUSE_S,
    _USELESS_PAUSE_S,
    Answer,
    Ended,
    Later,
    LinkConnection,
)
from payamak.smpp.pdu import DeliverSm, DeliverSmResp, EnquireLink, Pdu, SubmitSm, SubmitSmResp, tlv
from payamak.smpp.states import BindType, Role


class Loop:
    """The running loop, by which the pauses are counted in place of being waited for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.pauses: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> object:
        """Note the pause, and go on at once."""
        self.pauses.append(delay)
        return self._loop.call_soon(callback, *args)


class Wire(asyncio.Transport):
    """A transport that takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reading_now = True

    def write(self, data: object) -> None:
        """Keep nothing."""

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """See Transport."""
        self.is_reading_now = False

    def resume_reading(self) -> None:
        """See Transport."""
        self.is_reading_now = True


class Bound(LinkConnection):
    """An ESME's bound connection whose requests are answered with one status."""

    def __init__(self, status: int = Status.ESME_ROK) -> None:
        super().__init__(Role.ESME, SessionConfig(), None)
        self.loop = Loop()
        self._loop = self.loop  # type: ignore[assignment]
        self.wire = Wire()
        self._transport = self.wire
        self._session._become_bound(BindType.TRANSCEIVER, 0.0)
        self.status = status
        self.came: list[Pdu] = []
        self.wrote: list[bytes] = []

    def _on_request(self, pdu: Pdu) -> Answer:
        self.came.append(pdu)
        return DeliverSmResp(sequence=pdu.sequence, status=self.status)

    async def reads(self, data: bytes) -> list[float]:
        """The pauses until all of it is taken and more is read."""
        self.loop.pauses.clear()
        self.data_received(data)
        while not self.wire.is_reading_now:  # noqa: ASYNC110 - the connection's own turns change it
            await asyncio.sleep(0)
        return self.loop.pauses


async def test_a_long_pdu_does_not_wait() -> None:
    """64 KB come in two turns, and what stands behind them 13 ms later; a flood of them goes by at that pace."""
    connection = Bound()
    payload = tlv(Tag.MESSAGE_PAYLOAD, bytes(64_000))
    pauses = await connection.reads(encode(DeliverSm(tlvs=(payload,)), 1) + encode(DeliverSm(), 2))
    assert [pdu.sequence for pdu in connection.came] == [1, 2]
    assert pauses == [0, 13 * _LONG_PAUSE_S]


async def test_long_pdus_that_are_of_no_use_wait() -> None:
    """Each long PDU that nobody knows costs its sender a pause, as a flood of short ones does."""
    connection = Bound()
    unknown = bytes.fromhex("0000fff0 00000123 00000000 00000001") + bytes(0xFFF0 - 16)
    pauses = await connection.reads(unknown * 4)
    assert pauses.count(_USELESS_PAUSE_S) >= 3


async def test_a_flood_of_enquire_link_waits() -> None:
    """As before: nothing that it brings is of use."""
    connection = Bound()
    pauses = await connection.reads(b"".join(encode(EnquireLink(), number) for number in range(1, 1_001)))
    assert pauses == [_USELESS_PAUSE_S] * 3


async def test_what_is_refused_at_once_waits() -> None:
    """A centre that brings more than is taken is read more slowly, also where it comes piece by piece."""
    connection = Bound(Status.ESME_RX_T_APPN)
    assert await connection.reads(encode(DeliverSm(), 1)) == [_REFUSED_PAUSE_S]
    connection.status = Status.ESME_ROK
    assert await connection.reads(encode(DeliverSm(), 2)) == []


async def test_an_end_is_told_in_the_turn_in_which_it_is_read() -> None:
    """Before a receipt behind it in the same segment is looked at; a bug of whoever is told ends nothing."""
    connection = Bound()
    order: list[str] = []
    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["message"]))

    def clumsy(ended: Ended) -> None:
        order.append("clumsy")
        raise KeyError("a bug")

    first = connection.ask(SubmitSm(), clumsy)
    second = connection.ask(SubmitSm(), lambda ended: order.append(type(ended).__name__))
    came = connection._on_request

    def hear(pdu: Pdu) -> Answer:
        order.append(type(pdu).__name__)
        return came(pdu)

    connection._on_request = hear  # type: ignore[method-assign]
    octets = (encode(SubmitSmResp(message_id="1"), first), encode(SubmitSmResp(message_id="2"), second))
    connection.data_received(b"".join((*octets, encode(DeliverSm(), 1))))
    assert order == ["clumsy", "SubmitSmResp", "DeliverSm"]
    assert heard == ["a callback of the link failed"]


async def test_a_response_that_is_given_later() -> None:
    """It is written when it is given, at once or later; a bug in its place asks for the request again."""
    connection = Bound()
    connection.wire.write = connection.wrote.append  # type: ignore[method-assign, assignment]
    laters = [Later() for _ in range(3)]
    laters[0].give(DeliverSmResp(sequence=1))
    connection._on_request = lambda pdu: laters[pdu.sequence - 1]  # type: ignore[method-assign]
    connection.data_received(b"".join(encode(DeliverSm(), number) for number in (1, 2, 3)))
    assert len(connection._handlers) == 2
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["exception"]))
    laters[2].give(DeliverSmResp(sequence=3))
    laters[1].give(KeyError("a bug"))
    await asyncio.sleep(0)
    octets = b"".join(connection.wrote)
    answers = [decode(octets[at : at + 17]) for at in range(0, len(octets), 17)]
    assert [(pdu.sequence, pdu.status) for pdu in answers] == [(1, 0), (3, 0), (2, Status.ESME_RX_T_APPN)]
    assert not connection._handlers
    assert [type(error) for error in heard] == [KeyError]
