"""A real HTTP server on loopback that answers by script, and one face for both clients."""

import asyncio
import json
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.ports import reserved_port

from payamak.client import AsyncClient, Client, MessageState, Sent

ACCEPTED = b'{"data":{"message_id":3403,"line":9830003300,"mobile":"989395213300"},"status":-1,"msg":"success"}'


def refused(code: int) -> bytes:
    """A refusal's body."""
    return json.dumps({"data": None, "status": code, "msg": "no"}).encode()


@dataclass(frozen=True)
class Answer:
    """What the server does next: answers, hangs up without a word, or stays silent until the test ends."""

    body: bytes = ACCEPTED
    http_status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    hangs_up: bool = False
    is_silent: bool = False
    drips: bool = False
    """Its body comes an octet at a time, and without end."""


@dataclass(frozen=True)
class Heard:
    """One request as it arrived; `peer` tells the connection."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    peer: tuple[str, int]


@dataclass
class Server:
    """The server's script and what it heard."""

    url: str = ""
    script: "queue.SimpleQueue[Answer]" = field(default_factory=queue.SimpleQueue)
    heard: list[Heard] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def will(self, *answers: Answer | bytes) -> None:
        for answer in answers:
            self.script.put(Answer(answer) if isinstance(answer, bytes) else answer)


@contextmanager
def serving() -> Iterator[Server]:
    """A running server; what stays silent is released when it ends."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it Nagle and delayed acknowledgements cost 40 ms a request.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            form = dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.heard.append(Heard(self.command, self.path, headers, form, self.client_address))
            answer = server.script.get_nowait()
            if answer.is_silent:
                server.is_over.wait(30)
            if answer.hangs_up or answer.is_silent:
                self.close_connection = True
                return
            self.send_response(answer.http_status)
            size = 1 << 30 if answer.drips else len(answer.body)
            for name, value in (*answer.headers, ("Content-Length", str(size))):
                self.send_header(name, value)
            self.end_headers()
            while answer.drips and not server.is_over.wait(0.01):
                with suppress(OSError):
                    self.wfile.write(b" ")
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.is_over.set()
        http.shutdown()
        thread.join()
        http.server_close()


@contextmanager
def refusing_address() -> Iterator[str]:
    """An address that nobody listens at."""
    with reserved_port() as port:
        yield f"http://127.0.0.1:{port}"


class BlockingFace:
    """The blocking client; `pauses` are the seconds it would have slept."""

    def __init__(self, base_url: str, **kwargs: Any) -> None:
        self.pauses: list[float] = []
        self.client = Client(base_url, sleep=self.pauses.append, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> Sent:
        return self.client.send(*args, **kwargs)

    def states(self, ids: Iterable[int]) -> dict[int, MessageState]:
        return self.client.states(ids)

    def close(self) -> None:
        self.client.close()


class AsyncFace:
    """The asyncio client, each call run to its end in one loop."""

    def __init__(self, base_url: str, **kwargs: Any) -> None:
        self.pauses: list[float] = []
        self.runner = asyncio.Runner()
        self.client = AsyncClient(base_url, sleep=self._sleep, **kwargs)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def send(self, *args: Any, **kwargs: Any) -> Sent:
        return self.runner.run(self.client.send(*args, **kwargs))

    def states(self, ids: Iterable[int]) -> dict[int, MessageState]:
        return self.runner.run(self.client.states(ids))

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()


Face = BlockingFace | AsyncFace
