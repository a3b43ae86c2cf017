"""An open stream of messages at a set rate, whether or not anybody answers; bounded in what may be outstanding."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from tests.crash.client import ANSWER_S, SEND, Book, Sent, message, message_of_a_pair, read_answer

TICK_S = 0.02
CONNECTIONS = 96
OUTSTANDING = 400
"""Messages that may wait for a free connection; beyond it the stream skips some, and counts them."""

PATIENT_EVERY = 100
"""Few wait for the operator's word: each holds a connection for as long."""

BREATH_S = 0.02
"""How long a client rests whose server is away."""


PAIR_EVERY = 13
"""Of so many messages two are to one recipient, by one line. No multiple of ten: every last digit comes."""


def message_of_load(number: int) -> Sent:
    """The n-th message: most have a recipient of their own; the texts have one to three parts."""
    if number % PAIR_EVERY < 2:
        return message_of_a_pair(number, first=number - number % PAIR_EVERY)
    return message(number, PATIENT_EVERY)


class Load:
    """Clients that keep their connections. `first` is the number of the first message."""

    def __init__(self, port: int, rate: float, book: Book, first: int = 0) -> None:
        self.skipped = 0
        self.offered = 0
        self._port = port
        self._rate = rate
        self._book = book
        self._next = first
        self._queue: asyncio.Queue[int] = asyncio.Queue(OUTSTANDING)

    async def run(self, seconds: float) -> None:
        """Send for so long; returns when every call is answered or has failed."""
        loop = asyncio.get_running_loop()
        clients = [loop.create_task(self._client()) for _ in range(CONNECTIONS)]
        began_s = loop.time()
        while (passed_s := loop.time() - began_s) < seconds:
            while self.offered < passed_s * self._rate:
                self._offer()
            await asyncio.sleep(TICK_S)
        await self._queue.join()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    def _offer(self) -> None:
        self.offered += 1
        self._next += 1
        try:
            self._queue.put_nowait(self._next)
        except asyncio.QueueFull:
            self.skipped += 1

    async def _client(self) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while True:
                number = await self._queue.get()
                streams = streams or await self._connect()
                if streams is not None and not await self._send(message_of_load(number), *streams):
                    streams[1].close()
                    streams = None
                self._queue.task_done()
        finally:
            if streams is not None:
                streams[1].close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            return await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            await asyncio.sleep(BREATH_S)
            return None

    async def _send(self, sent: Sent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One call, never repeated; False if it got no whole answer."""
        body = urlencode(sent.fields).encode()
        head = f"POST {SEND} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        try:
            writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)
            async with asyncio.timeout(ANSWER_S):
                answer = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self._book.unanswered.add(sent.key)
            return False
        self._book.note(sent, answer)
        return True
