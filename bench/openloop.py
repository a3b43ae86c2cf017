"""`python -m bench.openloop PORT --rate 8000 --seconds 60`: calls at a fixed rate, whether or not answers come.

A process of its own. A call that is due takes an idle keep-alive connection, or opens one, up to the limit; if none is
free it waits, and its time counts from when it was due: what the server holds up is not left out. A call that has
waited for PATIENCE_S is given up and counted. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from array import array
from collections import Counter, deque
from typing import cast
from urllib.parse import quote_plus, urlencode

from payamak.demo.site import LINE2, PASSWORD

TEXT = "کد ورود شما: ۴۸۲۹۱۳"
TICK_S = 0.002
PATIENCE_S = 5.0
DRAIN_S = 10.0
_STATUS = re.compile(rb'"status":(-?\d+)')


class OpenLoop:
    """What all connections share."""

    def __init__(self, port: int, rate: float, connections: int, first: int) -> None:
        self._port = port
        self._rate = rate
        self._limit = connections
        self._number = first
        self._idle: list[Connection] = []
        self._due: deque[tuple[float, bytes]] = deque()
        self._opened = 0
        self.under_way = 0
        self.offered = 0
        self.answers: Counter[str] = Counter()
        self.latencies_s = {"accepted": array("f"), "shed": array("f")}
        fields = urlencode({"username": "demo", "password": PASSWORD, "line": LINE2})
        self._body = f"{fields}&message={quote_plus(TEXT)}&mobile=98912".encode()
        self._head = (
            "POST /api/wsSend.ashx HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(self._body) + 7}\r\n\r\n"
        ).encode()

    async def run(self, seconds: float) -> None:
        """Call for so long, then wait for what is under way."""
        began_s = time.perf_counter()
        while (now_s := time.perf_counter()) < began_s + seconds:
            while self.offered < (now_s - began_s) * self._rate:
                self.offered += 1
                self._number += 1
                self._due.append(
                    (began_s + self.offered / self._rate, b"%b%b%07d" % (self._head, self._body, self._number))
                )
            self._send()
            await asyncio.sleep(TICK_S)
        until_s = time.perf_counter() + DRAIN_S
        while (self.under_way or self._due) and time.perf_counter() < until_s:
            self._send()
            await asyncio.sleep(TICK_S)
        self.answers["no answer"] += self.under_way + len(self._due)

    def _send(self) -> None:
        now_s = time.perf_counter()
        while self._due and now_s - self._due[0][0] > PATIENCE_S:
            self._due.popleft()
            self.answers["given up, no connection free"] += 1
        while self._due and self._idle:
            self._idle.pop().ask(*self._due.popleft())
        for _ in range(min(len(self._due), self._limit - self._opened)):
            self._opened += 1
            self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: Connection(self), "127.0.0.1", self._port)
        except OSError as error:
            self._opened -= 1
            self.answers[f"not connected: {error.strerror}"] += 1

    def opened(self, connection: Connection) -> None:
        """A connection is free."""
        if self._due:
            connection.ask(*self._due.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection, *, was_asked: bool) -> None:
        """A connection has gone."""
        self._opened -= 1
        if was_asked:
            self.under_way -= 1
            self.answers["connection lost"] += 1
        elif connection in self._idle:
            self._idle.remove(connection)

    def answered(self, due_s: float, status: bytes | None) -> None:
        """An answer has come."""
        self.under_way -= 1
        kind = {b"-1": "accepted", b"23": "shed"}.get(status or b"", f"status {status!r}")
        self.answers[kind] += 1
        if kind in self.latencies_s:
            self.latencies_s[kind].append(time.perf_counter() - due_s)


class Connection(asyncio.Protocol):
    """One connection: a call at a time."""

    def __init__(self, loop: OpenLoop) -> None:
        self._loop = loop
        self._received = b""
        self._due_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._loop.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._loop.lost(self, was_asked=self._due_s is not None)

    def ask(self, due_s: float, request: bytes) -> None:
        """Send one call."""
        self._due_s = due_s
        self._loop.under_way += 1
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._received = b""
        due_s, self._due_s = self._due_s, None
        status = _STATUS.search(body)
        self._loop.answered(due_s or 0.0, status[1] if status else None)
        self._loop.opened(self)


def quantile_ms(values: array[float], share: float) -> float:
    """The value below which that share lies, in ms; 0 if there is none."""
    ordered = sorted(values)
    return 1_000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


async def run(port: int, rate: float, seconds: float, connections: int, first: int) -> dict[str, object]:
    """Call, and tell what came of it."""
    loop = OpenLoop(port, rate, connections, first)
    await loop.run(seconds)
    accepted, shed = loop.answers.pop("accepted", 0), loop.answers.pop("shed", 0)
    return {
        "offered": loop.offered,
        "accepted": accepted,
        "shed": shed,
        "others": {kind: count for kind, count in loop.answers.items() if count},
        "accepted_p50_ms": quantile_ms(loop.latencies_s["accepted"], 0.5),
        "accepted_p99_ms": quantile_ms(loop.latencies_s["accepted"], 0.99),
        "shed_p50_ms": quantile_ms(loop.latencies_s["shed"], 0.5),
        "shed_p99_ms": quantile_ms(loop.latencies_s["shed"], 0.99),
    }


def main() -> None:
    """Call and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=8_000.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--connections", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first recipient")
    options = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        runner = asyncio.run
    else:
        runner = uvloop.run
    told = runner(run(options.port, options.rate, options.seconds, options.connections, options.first))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
