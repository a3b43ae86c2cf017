"""What a caller's octets may do: HTTP itself, forms in every way of writing, ids, paths, envelopes."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from fuzz.reading import Octets, bounded
from payamak.dialects.negin import LARGEST_IDS, parse_ids
from payamak.dialects.soap.envelope import NotReadable, escaped, read_call, write_answer, write_fault
from payamak.dialects.soap.schema import OPERATIONS
from payamak.http.app import Application
from payamak.http.connection import HttpConnection
from payamak.http.forms import Fields, Malformed, parse_fields
from payamak.http.limits import HttpLimits, Shared
from payamak.http.request import Request, Response, Route
from payamak.http.url import fold_path

_FORM: Final = "application/x-www-form-urlencoded"
_KINDS: Final = (_FORM, "application/json", "multipart/form-data; boundary=XyZ", "")
_BEGINNINGS: Final = (b"{", b"[", b"<", b"%7b", b"%5b", b"%3c")
"""Of JSON and XML, as they stand in a form and escaped in one."""

_NAMES: Final = ("username", "password", "mobile", "message", "line", "message_ids", "a")


def _read(query: bytes, content_type: str, body: bytes) -> Fields | None:
    try:
        return bounded(parse_fields, query, content_type, body)
    except Malformed:
        return None


def _values(fields: Fields) -> dict[str, object]:
    """Every field that a dialect may ask for, asked for in both ways; nothing but Malformed is raised."""
    values: dict[str, object] = {}
    for name in _NAMES:
        for ask in (fields.text, fields.text_or_object):
            try:
                values[f"{ask.__name__} {name}"] = ask(name)
            except Malformed:
                values[f"{ask.__name__} {name}"] = Malformed
    return values


def form(data: bytes) -> None:
    """A form gives what the standard library reads of it, by the rule that the first of doubled fields counts."""
    octets = Octets(data)
    body = octets.repeated()
    fields = _read(b"", _FORM, body)
    if fields is None:
        return
    expected: dict[str, str] = {}
    for item in body.removeprefix(b"\xef\xbb\xbf").replace(b"+", b" ").split(b"&"):
        name, _, value = (unquote_to_bytes(part).decode() for part in item.partition(b"="))
        if item:
            expected.setdefault(name.lower(), value)
    for name in _NAMES:
        assert fields.text(name) == (expected.get(name) or None)


def fields(data: bytes) -> None:
    """Query, content type and body of any octets: fields or Malformed; and the query alone as it reads in a body."""
    octets = Octets(data)
    kind = _KINDS[octets.number(len(_KINDS))] or octets.sized().decode("latin-1")
    query, body = octets.sized(), octets.repeated()
    found = _read(query, kind, body)
    if found is not None:
        _values(found)
    alone = _read(query, kind, b"")
    as_body = _read(b"", _FORM, query)
    if alone is not None and as_body is None:  # a body that begins as JSON or XML does is refused; a query is not
        assert any(mark in query.lower() for mark in _BEGINNINGS) or query.startswith(b"\xef\xbb\xbf")
    else:
        assert (alone is None) == (as_body is None) or query.startswith(b"\xef\xbb\xbf")
    if alone is not None and as_body is not None and not query.startswith(b"\xef\xbb\xbf"):
        assert _values(alone) == _values(as_body)


def json_body(data: bytes) -> None:
    """JSON gives what the standard library reads of it; numbers as they were written."""
    body = Octets(data).repeated()
    found = _read(b"", "application/json", body)
    if found is None or not body:
        return
    _values(found)
    pairs = json.loads(body.decode("utf-8-sig"), strict=False, parse_int=str, parse_float=str, object_pairs_hook=list)
    expected: dict[str, object] = {}
    for name, value in pairs:
        expected.setdefault(name.lower(), value)
    for name in _NAMES:
        value = expected.get(name)
        if value is None or isinstance(value, str):
            assert found.text(name) == (value or None)


def multipart(data: bytes) -> None:
    """Any octets are a multipart body or Malformed; values written as parts are read as they were."""
    octets = Octets(data)
    boundary = octets.sized() or b"XyZ"
    body = octets.repeated()
    if (found := _read(b"", "multipart/form-data; boundary=" + boundary.decode("latin-1"), body)) is not None:
        _values(found)
    value = body[:4_096]
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return
    written = b'--XyZ\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n--XyZ--\r\n' % value
    found = _read(b"", _KINDS[2], written)
    if b"--XyZ" not in value and b"\0" not in value:
        assert found is not None
        assert found.text("a") == (text or None)


def ids(data: bytes) -> None:
    """A list of ids gives digits, no more than commas tell, or none at all."""
    text = Octets(Octets(data).repeated()).text()
    try:
        found = bounded(parse_ids, text)
    except Malformed:
        assert text.count(",") + text.count("،") >= LARGEST_IDS
        return
    if found is not None:
        assert 1 <= len(found) <= text.count(",") + text.count("،") + 1
        assert all(one.isascii() and one.isdigit() for one in found)
        assert parse_ids(",".join(found)) == found


def path(data: bytes) -> None:
    """A path folds to printable lower-case ASCII or to none; escaping it changes nothing, folding again neither."""
    raw = Octets(data).repeated(1 << 16)
    folded = bounded(fold_path, raw)
    assert fold_path(quote_from_bytes(raw, safe="/%").encode()) == folded or b"%" in raw
    if folded is not None:
        assert folded.isascii()
        assert folded.isprintable()
        assert folded == folded.lower()
        assert "//" not in folded
        assert "%" in folded or fold_path(folded.encode()) == folded


def envelope(data: bytes) -> None:
    """Any octets are a call of ours or NotReadable; nothing of ours is opened, no entity grows, answers can be read."""
    body = Octets(data).repeated()
    try:
        call = bounded(read_call, body)
    except NotReadable as error:
        assert str(error).isascii()
        assert error.version is None or read_fault(write_fault(error.version, str(error)))
        return
    assert call.operation in OPERATIONS
    written = 0
    for field in call.operation.inputs:
        written += len(call.text(field.name) or "") + sum(map(len, call.texts(field.name)))
    assert written <= 2 * len(body)
    assert write_answer(call, {field.name: _sample(field.kind) for field in call.operation.outputs})
    assert escaped(body.decode("latin-1")).isprintable() in (True, False)


def read_fault(octets: bytes) -> bool:
    """Whether what we answered is a fault."""
    return b"soap:Fault" in octets


def _sample(kind: object) -> Any:
    return () if type(kind).__name__ == "Array" else {} if type(kind).__name__ == "Record" else None


# ------------------------------------------------------------------------------------------------ HTTP itself


class _Wire(asyncio.Transport):
    """A transport that writes into memory."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview[int]) -> None:
        assert isinstance(data, bytes | bytearray | memoryview)
        self.written += b"" if self.is_closed else data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        """The octets are fed whether it reads or not."""

    def resume_reading(self) -> None:
        """See there."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 1) if name in ("peername", "sockname") else default


class _Door:
    """The HTTP door in memory; one for the process, since a loop and a configuration take long to make."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.heard: list[Request] = []
        methods = frozenset({"GET", "POST"})
        self.app = Application([Route(path, methods=methods, handler=self._hear) for path in ("/", "/api/wssend.ashx")])

    async def _hear(self, request: Request) -> Response:
        self.heard.append(request)
        return Response(status=200, content_type="text/plain", body=b"heard")

    async def serve(self, pieces: list[bytes]) -> list[Request]:
        """One connection to which these pieces come; what the handlers heard."""
        self.heard = []
        shared, wire = Shared(self.app, HttpLimits(head_octets=2_048)), _Wire()
        protocol = HttpConnection(shared)
        protocol.connection_made(wire)
        for piece in pieces:
            if not wire.is_closed:
                protocol.data_received(piece)
            await asyncio.sleep(0)
        protocol.eof_received()
        for _ in range(len(pieces) + 8):
            await asyncio.sleep(0)
        while tasks := [exchange.task for exchange in shared.running if exchange.task is not None]:
            await asyncio.wait(tasks)
        protocol.connection_lost(None)
        written = bytes(wire.written)
        assert b"500 " not in written[:20]
        assert written.startswith(b"HTTP/1.1 ") or not written
        return self.heard


@cache
def _door() -> _Door:
    return _Door()


def http(data: bytes) -> None:
    """Octets on a connection, in whatever pieces they come, are the same requests; none is answered by a 500."""
    octets = Octets(data)
    pieces = octets.pieces(stream := octets.repeated(1 << 14))
    door = _door()
    whole = bounded(door.loop.run_until_complete, door.serve([stream]))
    cut = door.loop.run_until_complete(door.serve(pieces))
    assert cut == whole
