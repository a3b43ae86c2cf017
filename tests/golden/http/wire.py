"""HTTP as octets on a socket: what a program sends and what it gets back, with nothing between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode, urlsplit

from tests import traces

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SEND, STATES = "/api/wsSend.ashx", "/api/wsStates.aspx"
ANSWER_S = 20.0
BOUNDARY = "XyZ"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, its header names in lower case; `json` is what a client's parser makes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body, which must be one JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict), value
        return value


def build(
    path: str | bytes,
    body: bytes = b"",
    content_type: str | None = FORM,
    *,
    method: str = "POST",
    version: str = "1.1",
    headers: Iterable[str] = (),
) -> bytes:
    """A request in octets; `path` in octets may hold what no library would write. The connection closes after it."""
    target = path if isinstance(path, bytes) else path.encode()
    lines = [f"HTTP/{version}", "Host: sms.3300.ir", "Connection: close", *headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
        lines += [f"Content-Type: {content_type}"] if content_type is not None else []
    return method.encode() + b" " + target + b" " + "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def form(fields: Mapping[str, str]) -> bytes:
    """The fields as browsers and curl encode them."""
    return urlencode(fields, quote_via=quote_plus).encode()


def multipart(fields: Mapping[str, str]) -> bytes:
    """The fields as a multipart body, for the content type MULTIPART."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    return "".join((*parts, f"--{BOUNDARY}--\r\n")).encode()


async def connect(base_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of one's own."""
    where = urlsplit(base_url)
    return await asyncio.open_connection(where.hostname, where.port)


async def exchange(base_url: str, request: bytes) -> bytes:
    """Write the octets, read until the server closes. Raises TimeoutError after ANSWER_S."""
    traces.know_request(*traces.request_of(request))
    reader, writer = await connect(base_url)
    try:
        async with asyncio.timeout(ANSWER_S):
            writer.write(request)
            await writer.drain()
            return await reader.read(-1)
    finally:
        writer.close()


async def call(base_url: str, request: bytes) -> Answer:
    """The same, its answer taken apart."""
    return parse(await exchange(base_url, request))


def parse(octets: bytes) -> Answer:
    """Take one answer apart; its body must be as long as it says."""
    head, separator, body = octets.partition(b"\r\n\r\n")
    assert separator, octets
    status_line, *lines = head.decode("ascii").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert len(headers) == len(lines), f"a header came twice: {lines}"
    assert int(headers["content-length"]) == len(body)
    return Answer(status=int(status_line.split()[1]), headers=headers, body=body)
