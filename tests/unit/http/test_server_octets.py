"""Raw octets beyond ASCII in request lines: escaped before the parser, and nowhere else, however cut."""

import asyncio
from dataclasses import dataclass
from itertools import count, pairwise
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.http.memory import Line

from payamak.http.app import Application
from payamak.http.request import Request, Response, Route

PATHS = ("/a", "/%FF", "/%D8", "/p", "/c")

H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@dataclass(frozen=True)
class Seen:
    """A request as the application saw it."""

    path: bytes
    query: bytes
    agent: bytes
    body: bytes


async def converse(chunks: list[bytes], step_s: float = 0.0) -> tuple[list[Seen], bytes]:
    """Feed the chunks to one connection; return the requests that a handler saw, and the answers."""
    seen: list[Seen] = []

    async def see(request: Request) -> Response:
        agent = request.headers.get("user-agent", "").encode("latin-1")
        seen.append(Seen(request.path.encode(), request.query, agent, request.body))
        return Response(status=200, content_type="", body=b"")

    routes = [Route(path, methods=frozenset({"GET", "POST"}), handler=see) for path in PATHS]
    clock = count(0, step_s)
    line = Line(Application(routes), monotonic=lambda: next(clock))
    for chunk in chunks:
        line.connection.data_received(chunk)
    await line.rest()
    line.connection.connection_lost(None)
    return seen, line.wire.written


def post(body: bytes, head: bytes = b"", target: bytes = b"/p?x=\xd8\xb3") -> bytes:
    """A POST with a raw target and a raw header, its body of a given length."""
    length = b"Content-Length: %d\r\n" % len(body)
    agent = b"User-Agent: GET /\xd8\r\n"
    return b"POST " + target + b" HTTP/1.1\r\n" + agent + head + length + b"\r\n" + body


def chunked(*chunks: bytes, head: bytes = b"") -> bytes:
    """A POST with a chunked body."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    start = b"POST /c?x=\xd8\xb3 HTTP/1.1\r\nUser-Agent: GET /\xd8\r\n"
    return start + head + b"Transfer-Encoding: chunked\r\n\r\n" + body


SALAM = "سلام".encode()
TRAP = b"GET /" + SALAM + b" HTTP/1.1\r\nX: y\r\n\r\nGET /" + SALAM
POSTED = (b"/p", b"x=%D8%B3", b"GET /\xd8")
CHUNKED = (b"/c", b"x=%D8%B3", b"GET /\xd8")

REQUESTS: list[tuple[bytes, Seen]] = [
    (b"GET /a?b=c HTTP/1.1\r\n\r\n", Seen(b"/a", b"b=c", b"", b"")),
    (
        b"GET /a?text=" + SALAM + b"&b=" + SALAM + b" HTTP/1.1\r\nUser-Agent: A /" + SALAM + b"\r\n\r\n",
        Seen(b"/a", f"text={quote('سلام')}&b={quote('سلام')}".encode(), b"A /" + SALAM, b""),
    ),
    (b"\r\n\r\nGET /\xff HTTP/1.1\r\n\r\n", Seen(b"/%FF", b"", b"", b"")),
    (b"GET http://h/\xd8?\xd8 HTTP/1.1\r\n\r\n", Seen(b"/%D8", b"%D8", b"", b"")),
    (b"GET /a HTTP/1.1\r\n" + H2C + b"\r\n", Seen(b"/a", b"", b"", b"")),
    (post(b""), Seen(*POSTED, b"")),
    (post(b"message=" + SALAM), Seen(*POSTED, b"message=" + SALAM)),
    (post(TRAP), Seen(*POSTED, TRAP)),
    (post(TRAP + b"\n"), Seen(*POSTED, TRAP + b"\n")),
    (post(TRAP, H2C), Seen(*POSTED, TRAP)),
    (post(b"A", target=b"/p?x=\xd8\xb3"), Seen(*POSTED, b"A")),
    (chunked(TRAP, SALAM), Seen(*CHUNKED, TRAP + SALAM)),
    (chunked(SALAM, b"POST /\xd8 ", head=H2C), Seen(*CHUNKED, SALAM + b"POST /\xd8 ")),
]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_each_request_octet_by_octet(number: int) -> None:
    """Each request means the same whole and octet by octet."""
    octets, expected = REQUESTS[number]
    for chunks in ([octets], [octets[at : at + 1] for at in range(len(octets))]):
        seen, _ = asyncio.run(converse(chunks))
        assert seen == [expected]


@settings(max_examples=300, deadline=None)
@given(
    numbers=st.lists(st.integers(0, len(REQUESTS) - 1), min_size=1, max_size=5),
    cuts=st.lists(st.integers(0, 2_000), max_size=8),
    step_s=st.sampled_from([0.0, 0.001, 0.003, 1.0]),
)
def test_any_chunking_of_pipelined_requests_gives_the_same(numbers: list[int], cuts: list[int], step_s: float) -> None:
    """Only request lines are touched: bodies and headers keep their octets, under any chunking, however late we are."""
    octets = b"".join(REQUESTS[number][0] for number in numbers)
    edges = sorted({0, len(octets), *(cut % len(octets) for cut in cuts)})
    chunks = [octets[start:end] for start, end in pairwise(edges)]
    seen, written = asyncio.run(converse(chunks, step_s))
    assert seen == [REQUESTS[number][1] for number in numbers]
    assert written.count(b"HTTP/1.1 200 OK") == len(numbers)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from([each[0] for each in REQUESTS]), max_size=6))
def test_garbage_is_answered_400_at_most(chunks: list[bytes]) -> None:
    """Whatever octets come, the connection ends with a bare 400 or waits for more; nothing is raised."""
    _, written = asyncio.run(converse(chunks))
    assert all(line[9:12] in (b"200", b"400") for line in written.splitlines() if line.startswith(b"HTTP/"))
