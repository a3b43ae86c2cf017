"""`python -m bench.posts`: what a post to a customer costs, in CPU µs of our process and in posts a second.

    clients   the same signed post by several HTTP clients, 8 at a time over kept connections, each in a process of its
              own, in interleaved rounds; what is not installed here is passed over. Nothing is stored.
    webhooks  a store with as many messages as posts, the webhooks on it from the first post until all is stored, the
              log as `--log` says.

The customer's server is a process of its own, whose CPU is not counted. Medians, and in brackets least and most.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httptools
import uvloop

from payamak.clock import SystemClock
from payamak.domain.message import Lane, Step
from payamak.domain.site import Account, Line
from payamak.encoding import Encoding
from payamak.log import configure, event_logger
from payamak.posts.post import Post, Poster, signature
from payamak.posts.webhooks import Webhooks
from payamak.store.base import NewMessage
from payamak.store.sqlite.store import SqliteStore

PLACES = 8
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = json.dumps({"type": "message.state", "data": {"text": "x" * 330}}).encode()
CLIENTS = ("payamak", "httpx2", "httpcore", "aiohttp", "urllib3", "niquests")


def cpu_s() -> float:
    """What this process has used of the processor, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# ------------------------------------------------------------------------------------------ the customer's server


class Customer(asyncio.Protocol):
    """Answers each post with 200."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, octets: bytes) -> None:
        self.parser.feed_data(octets)

    def on_message_complete(self) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")


async def serve() -> None:
    """Listen until standard input ends; the port is the first line of the output."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Customer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


# ------------------------------------------------------------------------------------------------- the clients


def headers() -> dict[str, str]:
    """What each client sends beside its own."""
    at_s = int(time.time())
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "payamak",
        "Webhook-Id": "evt-1001-1",
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": signature(SECRET, "evt-1001-1", at_s, BODY),
    }


async def by(ask: Callable[[], Awaitable[Any]], posts: int) -> None:
    """So many posts, PLACES at a time."""
    left = iter(range(posts))

    async def place() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(place() for _ in range(PLACES)))


async def payamak(url: str, posts: int) -> None:
    poster = Poster()
    post = Post(url=url, id="evt-1001-1", json=BODY, timeout_s=10, secret=SECRET, private_is_allowed=True)

    async def ask() -> None:
        assert (await poster.post(post, int(time.time() * 1_000))).status == 200

    await by(ask, posts)
    await poster.close()


async def httpx2(url: str, posts: int) -> None:
    library: Any = importlib.import_module("httpx2")
    transport = library.AsyncHTTPTransport(trust_env=False)

    async def ask() -> None:
        each = dict.fromkeys(("connect", "read", "write", "pool"), 10)
        request = library.Request("POST", url, headers=headers(), content=BODY, extensions={"timeout": each})
        async with asyncio.timeout(10):
            response = await transport.handle_async_request(request)
            assert response.status_code == 200
            await response.aread()
            await response.aclose()

    await by(ask, posts)
    await transport.aclose()


async def httpcore(url: str, posts: int) -> None:
    library: Any = importlib.import_module("httpcore")
    async with library.AsyncConnectionPool(max_keepalive_connections=PLACES) as pool:

        async def ask() -> None:
            async with asyncio.timeout(10):
                response = await pool.request("POST", url, headers=headers(), content=BODY)
            assert response.status == 200

        await by(ask, posts)


async def aiohttp(url: str, posts: int) -> None:
    library: Any = importlib.import_module("aiohttp")
    async with library.ClientSession(connector=library.TCPConnector(limit=PLACES)) as session:

        async def ask() -> None:
            async with session.post(url, data=BODY, headers=headers(), allow_redirects=False) as response:
                assert response.status == 200
                await response.read()

        await by(ask, posts)


async def urllib3(url: str, posts: int) -> None:
    library: Any = importlib.import_module("urllib3")
    pool = library.PoolManager(maxsize=PLACES)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(PLACES) as threads:

        def post() -> None:
            made = pool.request("POST", url, body=BODY, headers=headers(), redirect=False, retries=False, timeout=10)
            assert made.status == 200

        await by(lambda: loop.run_in_executor(threads, post), posts)


async def niquests(url: str, posts: int) -> None:
    library: Any = importlib.import_module("niquests")
    async with library.AsyncSession() as session:

        async def ask() -> None:
            made = await session.post(url, data=BODY, headers=headers(), allow_redirects=False, timeout=10)
            assert made.status_code == 200

        await by(ask, posts)


async def client(name: str, url: str, posts: int) -> None:
    """One client's round in this process; its figures as JSON."""
    run = {"payamak": payamak, "httpx2": httpx2, "httpcore": httpcore, "aiohttp": aiohttp, "urllib3": urllib3}
    ask = {**run, "niquests": niquests}[name]
    await ask(url, 200)
    began_s, used_s = time.monotonic(), cpu_s()
    await ask(url, posts)
    tell(posts, cpu_s() - used_s, time.monotonic() - began_s)


def tell(posts: int, used_s: float, took_s: float) -> None:
    """The figures of a round."""
    print(json.dumps({"cpu_us": used_s * 1e6 / posts, "posts_s": posts / took_s}))


# ------------------------------------------------------------------------------------------------ the webhooks


async def webhooks(url: str, posts: int, log: str) -> None:
    """One round of the whole way in this process; its figures as JSON."""
    os.environ["HOOK"] = SECRET
    if log == "json":
        configure()
    with tempfile.TemporaryDirectory(prefix="payamak-bench-") as folder:
        store = SqliteStore(Path(folder) / "posts.sqlite")
        clock = SystemClock()
        shop = Account(username="shop", webhook_url=url, webhook_secret="env:HOOK", webhook_allow_private_target=True)
        await store.put_documents([Line(number="983000123"), shop], [], clock.now())
        account_id = store.site.accounts["shop"].id
        plan = (Step(line="983000123", text="x", encoding=Encoding.GSM7, parts=1, price=0),)
        for first in range(0, posts, 1_000):
            now = clock.now()
            fresh = [
                NewMessage(
                    account_id=account_id,
                    recipient=f"98912{number:07d}",
                    plan=plan,
                    deadline_at=now + 86_400_000,
                    lane=Lane.NORMAL,
                    source="bench",
                )
                for number in range(first, min(first + 1_000, posts))
            ]
            await asyncio.gather(*(store.accept(new, now) for new in fresh))
        hooks = Webhooks(store, clock, event_logger("webhook") if log == "json" else lambda *_, **__: None)
        began_s, used_s = time.monotonic(), cpu_s()
        running = asyncio.create_task(hooks.run())
        while hooks.posts.get("done", 0) < posts:  # noqa: ASYNC110 - a hundred looks in a second, of a bench
            await asyncio.sleep(0.01)
        tell(posts, cpu_s() - used_s, time.monotonic() - began_s)
        await hooks.stop(5)
        await running
        await store.close()


# --------------------------------------------------------------------------------------------------- the rounds


def measured(arguments: list[str]) -> dict[str, float]:
    """A round in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.posts", *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def is_there(name: str) -> bool:
    """Whether a client can be measured here."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def print_medians(found: dict[str, list[dict[str, float]]]) -> None:
    """The table."""
    for name, rounds in found.items():
        cpu, rate = ([each[key] for each in rounds] for key in ("cpu_us", "posts_s"))
        print(
            f"{name:10} {statistics.median(cpu):7.0f} µs [{min(cpu):.0f}–{max(cpu):.0f}]"
            f" {statistics.median(rate):8,.0f} posts/s [{min(rate):,.0f}–{max(rate):,.0f}]"
        )


def measure(what: str, posts: int, rounds: int, log: str) -> None:
    """Rounds of all that is to be measured, one after the other, and their medians."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.posts", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/states"
        names = [name for name in CLIENTS if is_there(name)] if what == "clients" else [what]
        found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                more = ["--posts", str(posts), "--log", log]
                found[name].append(
                    measured(["client" if what == "clients" else "round", "--name", name, "--url", url, *more])
                )
    print_medians(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("clients", "webhooks", "serve", "client", "round"))
    parser.add_argument("--posts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--log", choices=("json", "none"), default="json")
    parser.add_argument("--name", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.what == "serve":
        uvloop.run(serve())
    elif told.what == "client":
        uvloop.run(client(told.name, told.url, told.posts))
    elif told.what == "round":
        uvloop.run(webhooks(told.url, told.posts, told.log))
    else:
        measure(told.what, told.posts, told.rounds, told.log)


if __name__ == "__main__":
    main()
