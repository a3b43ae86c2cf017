"""Files in forms: handed on piece by piece, the fields beside them told."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from tests.unit.http.doors import serving

from payamak.http.forms import Malformed
from payamak.http.request import BodyLimits, Request, Response, Route
from payamak.http.uploads import MOST_FIELD_OCTETS, read_upload

HEAD = b"POST /up HTTP/1.1\r\nHost: x\r\n"


def part(head: str, content: bytes) -> bytes:
    """One part."""
    return b"--XyZ\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"


async def take(request: Request) -> Response:
    """Say what came: fields, the octets of each file and its longest piece."""
    files: defaultdict[str, list[int]] = defaultdict(list)

    async def keep(name: str, octets: bytes) -> None:
        files[name].append(len(octets))

    try:
        fields = await read_upload(request, keep)
    except Malformed as error:
        return Response(status=400, content_type="text/plain", body=str(error).encode())
    told = [fields, {name: [sum(pieces), max(pieces)] for name, pieces in files.items()}]
    return Response(status=200, content_type="application/json", body=json.dumps(told).encode())


ROUTE = Route(
    "/up",
    methods=frozenset({"POST"}),
    handler=take,
    is_streamed=True,
    limits=BodyLimits(largest_octets=64 << 20),
)


async def told(body: bytes, content_type: bytes = b"multipart/form-data; boundary=XyZ") -> tuple[int, bytes]:
    """What is answered to this body."""
    async with serving(ROUTE) as home:
        head = b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (content_type, len(body))
        status, _, said = await home.ask(HEAD + head + body)
    return status, said


async def test_files_and_fields() -> None:
    """A file of 20 MiB arrives in small pieces, whatever stands beside it; of doubled fields the first counts."""
    size = 20 << 20
    body = part('name="token"', b"abc") + part('name="rows"; filename="a.csv"', bytes(size))
    body += part('name="token"', b"def") + part('name="text"', "سلام".encode()) + b"--XyZ--\r\n"
    status, said = await told(body)
    fields, files = json.loads(said)
    assert (status, fields) == (200, {"token": "abc", "text": "سلام"})
    octets, longest = files["rows"]
    assert octets == size
    assert longest <= 64 << 10


@pytest.mark.parametrize(
    ("body", "content_type", "why"),
    [
        (b"a=1", b"application/x-www-form-urlencoded", b"content type"),
        (b"a=1", b"multipart/form-data", b"content type"),
        (b"garbage", b"multipart/form-data; boundary=XyZ", b"not multipart"),
        (part('name="a"; filename="b"', b"x"), b"multipart/form-data; boundary=XyZ", b"cut short"),
        (part('name="a"', bytes(MOST_FIELD_OCTETS + 1)), b"multipart/form-data; boundary=XyZ", b"fields too long"),
        (part("", b"x") + b"--XyZ--\r\n", b"multipart/form-data; boundary=XyZ", b"a part without a name"),
    ],
)
async def test_what_is_no_upload(body: bytes, content_type: bytes, why: bytes) -> None:
    """Another type, no boundary, garbage, a form cut short, fields without end."""
    status, said = await told(body, content_type)
    assert status == 400
    assert why in said
