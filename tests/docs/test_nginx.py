"""The nginx of docs/guide/production.md, run as it stands there: what it closes stays closed, in whatever spelling."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from tests.golden.http.wire import exchange, parse
from tests.source import ROOT

from payamak.http.app import Application
from payamak.http.health import HealthPages
from payamak.http.request import READ, Request, Response, Route
from payamak.http.server import HttpServer

PAGE = (ROOT / "docs" / "guide" / "production.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("```nginx\n")[2].partition("```")[0]
METRICS, REASON = b"payamak_metrics 1", "the disk is full"
STRANGER = "203.0.113.9"
CLOSED = "    location = /metrics { deny all; }\n"

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed (Debian: nginx-light)"),
]


def changed(example: str, folder: Path, port: int, behind: int) -> str:
    """The example within a whole configuration: without TLS, on a free port, asked by a stranger."""
    example, count = re.subn(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", example)
    example, more = re.subn(r"/var/log/nginx/sms.log", str(folder / "sms.log"), example)
    example, behind_it = re.subn(r"http://127.0.0.1:8080", f"http://127.0.0.1:{behind}", example)
    example, told = re.subn(r"(X-Forwarded-For )\$remote_addr;", rf"\g<1>{STRANGER};", example)
    assert (count, more, behind_it, told) == (1, 1, 1, 1)
    paths = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{paths}{example}}}\n"
    )


def free_port() -> int:
    """A port for a program that cannot be handed a socket."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def door(request: Request) -> Response:
    """A door of the old panel; it says who calls."""
    return Response(status=200, content_type="text/plain", body=b"door " + request.client_address.encode())


@asynccontextmanager
async def nginx(folder: Path, example: str) -> AsyncIterator[str]:
    """The example before our own pages and a door; its address."""
    pages = HealthPages(lambda: False, lambda: METRICS, lambda: REASON)
    doors = [Route("/api/wssend.ashx", methods=frozenset({"GET"}), handler=door, is_folded=True)]
    app = Application(
        [
            Route("/metrics", methods=READ, handler=pages.metrics),
            Route("/readyz", methods=READ, handler=pages.readyz),
            *doors,
        ],
        trusted_proxies=[ip_network("127.0.0.1/32")],
    )
    server, port = HttpServer(app), free_port()
    behind = await server.start()
    configuration = folder / "nginx.conf"
    configuration.write_text(changed(example, folder, port, behind), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *("nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration))
    )
    try:
        async with asyncio.timeout(30):
            while process.returncode is None:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except ConnectionError:
                    await asyncio.sleep(0.02)
        assert process.returncode is None, (folder / "error.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await server.stop(0)


SPELLINGS = [
    *("/metrics", "/METRICS", "/Metrics", "//metrics", "/metrics/", "/%6detrics", "/%6Detrics", "/METRIC%53"),
    *(
        "/./metrics",
        "/x/../metrics",
        "/metrics?x=1",
        "/metrics#x",
        "/metrics%3f",
        "/metrics;x",
        "/metrics%00",
        "/metricſ",
    ),
]


@pytest.mark.parametrize("example", [EXAMPLE, EXAMPLE.replace(CLOSED, "")], ids=["as it stands", "without the line"])
async def test_nobody_outside_reads_the_metrics(tmp_path: Path, example: str) -> None:
    """No spelling of /metrics leads through the nginx of the page, not even one that has forgotten to close it."""
    assert CLOSED in EXAMPLE
    async with nginx(tmp_path, example) as url:
        for path in SPELLINGS:
            answer = await exchange(url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert METRICS not in answer, path
            assert answer.split()[1] in (b"400", b"403", b"404"), path
        for path in ("/readyz", "/READYZ", "//readyz"):
            answer = await exchange(url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert REASON.encode() not in answer
        for path in ("/api/wsSend.ashx", "//API/WSSEND.ASHX"):
            told = parse(await exchange(url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()))
            assert told.body == f"door {STRANGER}".encode()
    assert b"GET" in (tmp_path / "sms.log").read_bytes()
    assert b"x=1" not in (tmp_path / "sms.log").read_bytes()  # no query string in its log
