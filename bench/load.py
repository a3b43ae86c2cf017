"""`python -m bench.load PORT`: a closed loop of keep-alive connections that send as fast as they are answered.

A process of its own, on bare protocols, so that it takes as little of the machine as it can. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import cast
from urllib.parse import quote_plus, urlencode

from payamak.demo.site import LINE, PASSWORD

TEXT = "کد ورود شما: ۴۸۲۹۱۳"
ACCEPTED = b'"status":-1,'


class Load:
    """What all connections share."""

    def __init__(self, count: int, first: int, line: str = LINE) -> None:
        self.left = count
        self.number = first
        self.latencies_s: list[float] = []
        self.answers: Counter[str] = Counter()
        self.open = 0
        self.done = asyncio.Event()
        fixed = urlencode({"username": "demo", "password": PASSWORD, "line": line})
        self._body = f"{fixed}&message={quote_plus(TEXT)}&mobile=98912".encode()
        self._head = (
            "POST /api/wsSend.ashx HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(self._body) + 7}\r\n\r\n"
        ).encode()

    def next_request(self) -> bytes | None:
        """The octets of one call, None when enough has been sent."""
        if not self.left:
            return None
        self.left -= 1
        self.number += 1
        return b"%b%b%07d" % (self._head, self._body, self.number)


class Caller(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._sent_at_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._load.open += 1
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.open -= 1
        if not self._load.open:
            self._load.done.set()

    def _ask(self) -> None:
        request = self._load.next_request()
        if request is None:
            self._transport.close()
            return
        self._sent_at_s = time.perf_counter()
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
        self._load.latencies_s.append(time.perf_counter() - self._sent_at_s)
        self._load.answers["accepted" if ACCEPTED in body else body.decode()] += 1
        self._ask()


async def run(port: int, connections: int, count: int, first: int, line: str = LINE) -> dict[str, object]:
    """Send so many messages; what came of them."""
    load = Load(count, first, line)
    loop = asyncio.get_running_loop()
    began_s = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(load), "127.0.0.1", port)
    await load.done.wait()
    took_s = time.perf_counter() - began_s
    ordered = sorted(load.latencies_s)
    accepted = load.answers.pop("accepted", 0)
    return {
        "accepted": accepted,
        "others": dict(load.answers.most_common(3)),
        "seconds": took_s,
        "p50_ms": 1_000 * ordered[len(ordered) // 2],
        "p99_ms": 1_000 * ordered[len(ordered) * 99 // 100],
    }


def main() -> None:
    """Send and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first recipient")
    parser.add_argument("--line", default=LINE)
    options = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        runner = asyncio.run
    else:
        runner = uvloop.run
    print(json.dumps(runner(run(options.port, options.connections, options.count, options.first, options.line))))


if __name__ == "__main__":
    main()
