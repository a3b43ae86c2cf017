"""`python -m bench.door`: processor time of one POST in the HTTP layer alone, without sockets, handlers and the store.

Connections on transports in memory, each of which brings a call of wsSend and takes its answer, again and again, with
limits, turns, crowd, gate and admission as they are in the program; the handler answers at once. `--beside TREE` does
the same with the package of another tree, block by block in turn, so that what else the machine does meets both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

CALLS = 20_000
CONNECTIONS = 16
BODY = b"username=shop&password=shop-3300-secret&mobile=09120009000&line=9830003300&message=" + b"%D8%B3%D9%84" * 6
CALL = (
    b"POST /api/wsSend.ashx HTTP/1.1\r\nHost: sms.example.ir\r\nUser-Agent: python-httpx/0.28.1\r\nAccept: */*\r\n"
    b"Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
)
ANSWER = b'{"data":{"message_id":3403,"line":9830003300,"mobile":"989395213300"},"status":-1,"msg":"success"}'


class Wire(asyncio.Transport):
    """A transport that counts what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = self.octets = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1
        self.octets += len(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.1", 40_000), "sockname": ("192.0.2.2", 80)}.get(name, default)


def door() -> Any:
    """The server, its one door open to all who are on time. Works with the trees before and after the own protocol."""
    import importlib

    from payamak.http import app, server
    from payamak.http.admission import Admission

    try:
        values: Any = importlib.import_module("payamak.http.request")
    except ImportError:
        values = app
    response = values.Response(status=200, content_type="application/json; charset=utf-8", body=ANSWER)

    async def handler(_: object) -> object:
        return response

    admission = Admission(time.monotonic, lambda: 0.0)
    methods = frozenset({"GET", "POST"})
    made: Any = app.Application
    if "busy" in values.Route.__dataclass_fields__:
        route = values.Route(methods=methods, handler=handler, busy=response, is_folded=True)
        application = made({"/api/wssend.ashx": route}, admission=admission)
        serve: Any = server.HttpServer
        return serve(application, gate=application)
    route = values.Route("/api/wssend.ashx", methods=methods, handler=handler, is_gated=True, is_folded=True)
    return server.HttpServer(made([route], admission=admission))


async def measure(calls: int) -> dict[str, float]:
    """Microseconds of processor time a call, and writes a call."""
    made = door()
    factories: list[Any] = []
    loop = asyncio.get_running_loop()

    class Listening:
        sockets: Any = ()

    async def create_server(factory: Any, *_: object, **__: object) -> Any:
        factories.append(factory)
        raise ConnectionAbortedError

    loop.create_server = create_server  # type: ignore[method-assign,assignment]
    with suppress(ConnectionAbortedError):
        await made.start()
    if hasattr(made, "_set_date"):
        made._set_date()
    connections = [factories[0]() for _ in range(CONNECTIONS)]
    wires = [Wire() for _ in connections]
    for connection, wire in zip(connections, wires, strict=True):
        connection.connection_made(wire)

    async def rounds(count: int) -> None:
        for _ in range(count // CONNECTIONS):
            wanted = sum(wire.octets for wire in wires)
            for connection in connections:
                connection.data_received(CALL)
            while sum(wire.octets for wire in wires) < wanted + CONNECTIONS * len(ANSWER):  # noqa: ASYNC110
                await asyncio.sleep(0)
            await asyncio.sleep(0)

    await rounds(CALLS // 10)
    before_writes, before_s = sum(wire.writes for wire in wires), time.process_time()
    await rounds(calls)
    took_s = time.process_time() - before_s
    writes = sum(wire.writes for wire in wires) - before_writes
    count = calls // CONNECTIONS * CONNECTIONS
    return {"us": took_s / count * 1e6, "writes": writes / count}


def child(calls: int) -> None:
    """One block, in a process of its own."""
    import uvloop

    class Loop(uvloop.Loop):
        """One whose methods can be replaced."""

    with asyncio.Runner(loop_factory=Loop) as runner:
        print(json.dumps(runner.run(measure(calls))))


def main() -> None:
    """Blocks in turn, and the table."""
    options = argparse.ArgumentParser(prog="python -m bench.door", description=__doc__)
    options.add_argument("--beside", type=Path, help="another tree, whose package is measured in turn with this one's")
    options.add_argument("--calls", type=int, default=CALLS)
    options.add_argument("--blocks", type=int, default=5)
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        child(asked.calls)
        return
    trees = [Path(__file__).parents[1], *([asked.beside] if asked.beside else [])]
    told: dict[Path, list[dict[str, float]]] = {tree: [] for tree in trees}
    for _ in range(asked.blocks):
        for tree in trees:
            command = [sys.executable, __file__, "--child", "--calls", str(asked.calls)]
            environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
            run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            told[tree].append(json.loads(run.stdout))
    for tree, blocks in told.items():
        us = [block["us"] for block in blocks]
        each = " ".join(f"{value:.1f}" for value in us)
        print(f"{tree}: {statistics.median(us):.1f} us a POST (blocks: {each}), {blocks[-1]['writes']:.2f} writes")


if __name__ == "__main__":
    main()
