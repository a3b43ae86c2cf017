"""The answer of a customer's server, read from octets as they come, within bounds. Pure.

A reader reads one answer and no more: octets after its end are never the answer to another post. httptools reads the
octets; what is kept here is the bounds, and when an answer is at its end. Two habits of simple servers are read, as
they always were: lines that end in a line feed alone, and a length beside chunks (RFC 9112 §6.3: the chunks count, and
the connection is not used again).

    head (informational ones, 1xx, are passed over) -> body, as far as anybody wants it -> is_done
"""

from __future__ import annotations

from typing import Final

import httptools

HEAD_LIMIT_OCTETS: Final = 65_536
"""Of all heads together, informational ones too. Taste: the largest that servers in the field are said to send."""

BODY_LIMIT_OCTETS: Final = 16_384
"""More than any answer that can go back as an SMS; the rest is not read."""

ALL_LIMIT_OCTETS: Final = HEAD_LIMIT_OCTETS + 8 * BODY_LIMIT_OCTETS
"""Of an answer with all that frames it: a body in chunks of one octet takes six times its length."""

_SWITCHING: Final = 101
_WANTED: Final = frozenset({b"retry-after", b"content-type", b"content-encoding"})


class RemoteProtocolError(Exception):
    """What came is no HTTP answer, or breaks off; its words quote nothing of it."""


class AnswerReader:
    """Reads one answer; `status` is there from the end of its head on, `body` up to one octet more than the limit.

    `wants_body` asks for the body of a 200, `wants_any_body` of any answer; else the status is the answer.
    """

    __slots__ = (
        "_body",
        "_has_length",
        "_head_octets",
        "_headers",
        "_is_chunked",
        "_is_cut",
        "_keeps_alive",
        "_octets",
        "_parser",
        "_wants_any_body",
        "_wants_body",
        "has_more",
        "is_done",
        "status",
    )

    def __init__(self, *, wants_body: bool = False, wants_any_body: bool = False) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_chunked_length=True)
        self._wants_body = wants_body
        self._wants_any_body = wants_any_body
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._octets = 0
        self._head_octets = 0
        self._has_length = False
        self._is_chunked = False
        self._keeps_alive = False
        self._is_cut = False
        self.has_more = False
        """Something came after the end of the answer."""
        self.status: int | None = None
        self.is_done = False

    @property
    def body(self) -> bytes:
        """The body as far as it was wanted: at most one octet more than the limit."""
        return bytes(self._body[: BODY_LIMIT_OCTETS + 1])

    @property
    def is_body_wanted(self) -> bool:
        """Whether the body belongs to the answer; known when its head is whole."""
        return self._wants_any_body or (self._wants_body and self.status == 200)

    @property
    def leaves_the_connection_open(self) -> bool:
        """Whether another post may follow: it is read whole, nothing follows it, nobody has said close."""
        return self._keeps_alive and not self.has_more and not self._is_cut

    def header(self, name: str) -> str | None:
        """A header that somebody reads (`_WANTED`), by its name in lower case."""
        value = self._headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def feed(self, octets: bytes) -> None:
        """Read on. Raises RemoteProtocolError for what is no HTTP, and for more than is read of a head or an answer."""
        self._octets += len(octets)
        try:
            self._parser.feed_data(octets)
        except httptools.HttpParserError as error:  # an upgrade too, which nobody has asked for
            if not self.is_done:
                raise RemoteProtocolError(type(error).__name__) from None
            self.has_more = True
        if self.status is None and self._octets > HEAD_LIMIT_OCTETS:
            raise RemoteProtocolError("the head is too long")
        if self._octets > ALL_LIMIT_OCTETS and not self.is_done:
            if self.is_body_wanted:
                raise RemoteProtocolError("the answer is too long")
            self._cut()

    def end(self) -> None:
        """The connection ended. Raises RemoteProtocolError if the answer did not."""
        if self.is_done:
            return
        if self.status is None or (self.is_body_wanted and (self._has_length or self._is_chunked)):
            raise RemoteProtocolError("the connection ended before the answer")
        self._cut()

    def _cut(self) -> None:
        self.is_done = self._is_cut = True

    # -- called by the parser

    def on_message_begin(self) -> None:
        """An answer begins: ours, or one that nobody has asked for."""
        self.has_more = self.is_done

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those behind a body (trailers) are not looked at."""
        if self.status is not None:
            return
        self._head_octets += len(name) + len(value)
        if self._head_octets > HEAD_LIMIT_OCTETS:
            raise RemoteProtocolError("the head is too long")
        name = name.lower()
        if name in _WANTED:
            before = self._headers.get(name)
            self._headers[name] = value if before is None else before + b", " + value
        elif name == b"content-length":
            self._has_length = True
        elif name == b"transfer-encoding":
            self._is_chunked |= b"chunked" in value.lower()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.is_done:
            return
        status = self._parser.get_status_code()
        if status >= 200:
            self.status = status
        elif status == _SWITCHING or status < 100:
            raise RemoteProtocolError("an answer that nobody has asked for")
        else:
            self._headers.clear()
            self._has_length = self._is_chunked = False

    def on_body(self, octets: bytes) -> None:
        """A piece of the body."""
        if self.is_done:
            return
        self._body += octets
        if len(self._body) > BODY_LIMIT_OCTETS:
            self._cut()

    def on_message_complete(self) -> None:
        """The answer is whole; an informational one is passed over."""
        if self.status is not None and not self.is_done:
            self.is_done = True
            self._keeps_alive = bool(self._parser.should_keep_alive()) and not (self._has_length and self._is_chunked)
