"""Operators that break every rule: each takes a bind, or not, and then does one bad thing for ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import Tag
from payamak.smpp.frames import FrameBuffer
from payamak.smpp.pdu import (
    AlertNotification,
    Bind,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    response_to,
    tlv,
)
from payamak.smpp.receipt import Stat, format_receipt

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Script: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]

BURST: Final = 500
"""PDUs in one write."""


class Operator:
    """One port with one bad habit; counts who came."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._script(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)


@asynccontextmanager
async def operators(scripts: Mapping[str, Script]) -> AsyncIterator[dict[str, Operator]]:
    """One for each script, by its name."""
    made = {name: Operator(script) for name, script in scripts.items()}
    for one in made.values():
        await one.start()
    try:
        yield made
    finally:
        for one in made.values():
            await one.stop()


async def _bound(reader: Reader, writer: Writer) -> None:
    """Take the bind."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    bind = decode(length.to_bytes(4, "big") + await reader.readexactly(length - 4))
    assert isinstance(bind, Bind)
    await _write(writer, encode(response_to(bind)))


async def _write(writer: Writer, octets: bytes) -> None:
    writer.write(octets)
    await writer.drain()


def after_bind(octets: bytes, *, pause_s: float = 3_600.0) -> Script:
    """Bind, write this, say nothing more."""

    async def script(reader: Reader, writer: Writer) -> None:
        await _bound(reader, writer)
        await _write(writer, octets)
        await asyncio.sleep(pause_s)

    return script


def flood(make: Callable[[int], Pdu], *, pause_s: float = 0.0) -> Script:
    """Bind, then write the same burst of PDUs for ever, as fast as it is taken; nothing is read."""
    burst = b"".join(encode(make(number), number) for number in range(1, BURST + 1))

    async def script(reader: Reader, writer: Writer) -> None:
        await _bound(reader, writer)
        while True:
            await _write(writer, burst)
            await asyncio.sleep(pause_s)

    return script


async def garbage(reader: Reader, writer: Writer) -> None:
    """Instead of an answer to the bind."""
    await reader.read(64)
    await _write(writer, random.Random(3300).randbytes(100_000))


async def not_smpp(reader: Reader, writer: Writer) -> None:
    """Somebody else listens there."""
    await _write(writer, b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    await asyncio.sleep(3_600)


async def never_answers(reader: Reader, writer: Writer) -> None:
    """Not even the bind."""
    await reader.read()


async def slow_bind(reader: Reader, writer: Writer) -> None:
    """An answer to the bind that takes an hour."""
    for octet in encode(BindTransceiverResp(sequence=1, system_id="x" * 15)) * 100:
        await _write(writer, bytes([octet]))
        await asyncio.sleep(0.2)


async def slow_pdu(reader: Reader, writer: Writer) -> None:
    """A PDU of 64 KiB, octet by octet."""
    await _bound(reader, writer)
    for octet in encode(DeliverSm(sequence=1, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, bytes(60_000)),))):
        await _write(writer, bytes([octet]))
        await asyncio.sleep(0.01)


async def drops(reader: Reader, writer: Writer) -> None:
    """Takes the bind and hangs up."""
    await _bound(reader, writer)


async def unbinds(reader: Reader, writer: Writer) -> None:
    """Takes the bind and asks to end, many times over."""
    await _bound(reader, writer)
    await _write(writer, b"".join(encode(Unbind(), number) for number in range(1, 1_000)))
    await reader.read()


async def answers_twice(reader: Reader, writer: Writer) -> None:
    """Whatever it is asked; and then once more with a sequence that nobody used."""
    await _bound(reader, writer)
    frames = FrameBuffer()
    while data := await reader.read(65_536):
        for frame in frames.feed(data):
            asked = decode(frame)
            if asked.is_response:
                continue
            said = encode(_answer_to(asked, asked.sequence))
            await _write(writer, said + said + encode(_answer_to(asked, 0x7000_0000)))


def _answer_to(asked: Pdu, sequence: int) -> Pdu:
    if isinstance(asked, SubmitSm):
        return SubmitSmResp(sequence=sequence, message_id=f"{asked.sequence:x}")
    return response_to(asked)


def receipt(number: int) -> DeliverSm:
    """A receipt for a message that nobody sent."""
    text = format_receipt(
        f"{number:010}", Stat.DELIVERED, submit_date="2001010000", done_date="2001010000", text="x" * 20
    )
    return DeliverSm(source_addr="989120009000", destination_addr="9830003300", esm_class=4, short_message=text)


def from_handset(number: int) -> DeliverSm:
    """A message from a handset, each another one."""
    return DeliverSm(source_addr=f"98912{number:07}", destination_addr="9830003300", short_message=b"hello %d" % number)


def huge(number: int) -> DeliverSm:
    """As much text as a PDU can hold."""
    payload = (b"id:%d " % number) * 5_000
    return DeliverSm(source_addr="989120009000", esm_class=4, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, payload[:60_000]),))


HEADER_ONLY: Final = b"\0\0\0\x15\0\0\0\0\0\0\0\x01"
BROKEN: Final[Mapping[str, Script]] = {
    "garbage": garbage,
    "not smpp": not_smpp,
    "never answers": never_answers,
    "slow bind": slow_bind,
    "slow pdu": slow_pdu,
    "drops": drops,
    "unbinds": unbinds,
    "half open": after_bind(b""),
    "length 4 GiB": after_bind(b"\xff\xff\xff\xff" + HEADER_ONLY),
    "length 0": after_bind(b"\0\0\0\0" + HEADER_ONLY),
    "length 15": after_bind(b"\0\0\0\x0f" + HEADER_ONLY),
}
"""Whose links cannot stay up."""

FLOODS: Final[Mapping[str, Script]] = {
    "unknown answers": flood(lambda number: SubmitSmResp(message_id=str(number))),
    "unknown commands": flood(lambda number: BindTransceiverResp(system_id="x")),
    "enquire_link": flood(lambda number: EnquireLink()),
    "alerts": flood(lambda number: AlertNotification(source_addr="1", esme_addr="2")),
    "receipts": flood(receipt),
    "handsets": flood(from_handset),
    "huge": flood(huge),
}
"""Who write as fast as they are read, and read nothing."""
