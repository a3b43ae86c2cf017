"""The first line of an answer is ours, whatever Python runs us."""

import asyncio

import pytest
from tests.unit.http.test_server import serving

from payamak.http.phrases import PHRASES, STATUS_LINES
from payamak.http.request import Request, Response


def test_every_status_has_its_line() -> None:
    """The server takes all lines from our table, those without words of their own too: one table, every Python."""
    assert set(STATUS_LINES) == set(range(100, 600))
    assert STATUS_LINES[413] == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    assert STATUS_LINES[599] == b"HTTP/1.1 599 \r\n"


@pytest.mark.parametrize("status", [status for status in PHRASES if status >= 200])
async def test_the_words_on_the_wire(status: int) -> None:
    """What the interpreter calls a status is nowhere on the wire (3.13 has other words for 413, 414, 416, 422)."""

    async def answer(_: Request) -> Response:
        return Response(status=status, content_type="text/plain", body=b"")

    async with serving(answer) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /tell HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
    assert line == b"HTTP/1.1 %d %b\r\n" % (status, PHRASES[status].encode())


async def test_the_words_of_a_bare_refusal() -> None:
    """What is no request is answered from the same table."""
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"what is this\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
    assert line == STATUS_LINES[400]
