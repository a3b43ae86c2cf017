"""HTTP/1 in octets: httptools' parser, fed so that it takes what the field sends, and bounded (contract §5).

Raw octets in a query are escaped before it sees them, an `Upgrade` is ignored without losing the body, and what has no
end is cut off: heads, chunks, trailers.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

import httptools

_HIGH_OCTETS: Final = re.compile(rb"[\x80-\xff]")
# A method's last letter, a blank, a target in ASCII up to its first raw octet. Attempts start at blanks only
# and end at the next one, so the search is linear.
_RAW_TARGET: Final = re.compile(rb"[A-Z] (?:/|[hH][tT][tT][pP][sS]?://)[!-~]*[\x80-\xff]")
_MOST_CHUNKS: Final = 20_000
_FREE_CHUNKS: Final = 1_000
_OCTETS_A_CHUNK: Final = 32
"""Chunks of one body: 1 MiB in chunks of 52 octets, and, after the first thousand, 32 octets in each on the average: of
one octet it costs a microsecond like any other. Taste; programs that write line by line have more."""
_MOST_FRAMING_OCTETS: Final = 256 << 10
"""What a chunked body may have beside its content: so many chunks need 160 KiB, trailers and extensions next to none.
Nobody reads those two; without a limit they are a head without end."""


class Hearer(Protocol):
    """Who is told what the parser finds; may raise HttpParserError."""

    def on_begun(self) -> None:
        """A request line begins."""
        ...

    def on_head(self, method: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """A head is whole; names of headers are in lower case."""
        ...

    def on_piece(self, piece: bytes) -> None:
        """A piece of the body."""
        ...

    def on_whole(self) -> None:
        """The body is whole."""
        ...


class Parser:
    """Octets of one connection to requests.

    Raw octets in a request's target are escaped before httptools sees them, and only there. Whether an octet
    belongs to a request line only httptools can know, so octets are fed in pieces at whose ends we know it:
    up to the last line feed, the rest, and up to the first raw octet of what looks like a request line. A
    line feed ends the request line that began before it; a piece without one leaves it open.
    """

    def __init__(self, hearer: Hearer, most_head_octets: int) -> None:
        self._hearer = hearer
        self._most_head_octets = most_head_octets
        self._parser = self._fresh()
        self.url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._is_in_request_line = False
        self.is_in_head = False
        self.is_in_body = False
        self.head_octets = 0
        """Of the head that is open, and of the body's beginning behind it."""
        self._piece_octets = 0
        self._chunks = 0
        self.content_octets = 0
        """Of the body so far."""
        self._framing_octets = 0
        self._is_replaying_head = False

    def _fresh(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    @property
    def is_old(self) -> bool:
        """Whether the request is in HTTP/1.0."""
        return self._parser.get_http_version() == "1.0"

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection goes on behind the request; in HTTP/1.0 never."""
        return self._parser.should_keep_alive() and not self.is_old

    def feed(self, data: bytes) -> None:
        """Parse what came. Raises HttpParserError for what is not HTTP, or has no end."""
        if data.isascii():
            self._feed(data)
        else:
            self._feed_with_raw_octets(data)
        if self.is_in_head and self.head_octets > self._most_head_octets:
            raise httptools.HttpParserError("head too large")

    def _feed_with_raw_octets(self, data: bytes) -> None:
        position = 0
        if self._is_in_request_line:
            position = self._feed_request_line(data, 0)
        while (found := _RAW_TARGET.search(data, position)) is not None:
            self._feed(data[position : found.end() - 1])
            position = found.end() - 1
            if self._is_in_request_line:
                position = self._feed_request_line(data, position)
        self._feed(data[position:])

    def _feed_request_line(self, data: bytes, start: int) -> int:
        """Feed the rest of an open request line, escaped; return where it ends."""
        end = data.find(b"\n", start) + 1 or len(data)
        self._feed(_HIGH_OCTETS.sub(_escape, data[start:end]))
        return end

    def _feed(self, data: bytes) -> None:
        line_end = data.rfind(b"\n") + 1
        if 0 < line_end < len(data):
            self._parse(data[:line_end])
            self._is_in_request_line = False
            self._parse(data[line_end:])
        elif data:
            self._parse(data)
            if line_end:
                self._is_in_request_line = False

    def _parse(self, piece: bytes | memoryview) -> None:
        while piece:
            if self.is_in_head:
                self.head_octets += len(piece)
            self._piece_octets = len(piece)
            if self.is_in_body:
                self._framing_octets += len(piece)
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade as stopped:
                self._ignore_upgrade()
                piece = memoryview(piece)[stopped.args[0] :]
            else:
                if self.is_in_body and self._framing_octets > _MOST_FRAMING_OCTETS:
                    raise httptools.HttpParserError("a body of nothing but its frames")
                return

    def _ignore_upgrade(self) -> None:
        """Go on as if nobody had asked for another protocol (RFC 9110 §7.8 allows it).

        Java's HTTP client asks for h2c with every first request, and httptools leaves the body of such a
        request unparsed. A fresh parser is given a head with nothing but the body's length, unheard.
        """
        framing = [(n, v) for n, v in self._headers if n in (b"content-length", b"transfer-encoding")]
        self._parser = self._fresh()
        self._is_replaying_head = True
        head = b"".join(b"%b: %b\r\n" % header for header in framing)
        self._parser.feed_data(b"POST / HTTP/1.1\r\n" + head + b"\r\n")

    def on_message_begin(self) -> None:
        """See httptools: a request line begins."""
        if self._is_replaying_head:
            return
        self._hearer.on_begun()
        self.url = b""
        self._headers = []
        self._is_in_request_line = True
        self.is_in_head = True
        self.head_octets = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if not self._is_replaying_head:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, whole; a trailer is dropped."""
        if self.is_in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole: check its size."""
        if self._is_replaying_head:
            self._is_replaying_head = False
            return
        self.is_in_head = False
        most = self._most_head_octets
        if (self.head_octets or self._piece_octets > most) and self._head_size() > most:
            raise httptools.HttpParserError("head too large")
        self.is_in_body = True
        self._chunks = self.content_octets = self._framing_octets = 0
        self._hearer.on_head(self._parser.get_method().decode("ascii"), self.url, self._headers)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self._headers)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._chunks += 1
        if self._chunks > min(_MOST_CHUNKS, _FREE_CHUNKS + self.content_octets // _OCTETS_A_CHUNK):
            raise httptools.HttpParserError("too many chunks")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._framing_octets -= len(body)
        self.content_octets += len(body)
        self._hearer.on_piece(body)

    def on_message_complete(self) -> None:
        """The body is whole."""
        if self._parser.should_upgrade():
            return  # the head alone: see _ignore_upgrade
        self.is_in_body = False
        self._hearer.on_whole()


def is_plain(target: bytes) -> bool:
    """Whether a target is in origin form, as nearly all are; others are split with more care."""
    return target.startswith(b"/") and not target.startswith(b"//") and b"#" not in target


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Path and query of a target. Raises HttpParserError."""
    if is_plain(target) or target == b"*":
        path, _, query = target.partition(b"?")
        return path, query
    parsed = httptools.parse_url(target)
    return parsed.path or b"", parsed.query or b""


def _escape(octet: re.Match[bytes]) -> bytes:
    return b"%%%02X" % octet[0][0]
