"""Answers as octets, ready to be written in one piece. What those of one second have in common is made once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

from payamak.http.phrases import STATUS_LINES
from payamak.http.request import NEVER_KEPT, Response

_SAFE: Final = b"x-content-type-options: nosniff\r\n"
"""Of every answer, beside Cache-Control."""

_CLOSE: Final = b"connection: close\r\n"
_PLAIN_END: Final = b"\r\ncache-control: no-store\r\n" + _SAFE + b"\r\n"
_CLOSING_END: Final = b"\r\ncache-control: no-store\r\n" + _SAFE + _CLOSE + b"\r\n"
_NO_LENGTH: Final = frozenset({204, 304})
"""Statuses whose answers have no body (RFC 9110 §8.6)."""

_NO_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME: Final = re.compile(r"[a-z0-9-]+")

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"


class AnswerOctets:
    """The octets of answers, with the date of `set_date`."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._starts: dict[tuple[int, str], bytes] = {}
        self.set_date()

    def set_date(self) -> None:
        """From now on answers are of this second."""
        self._date = f"date: {formatdate(self._wall(), usegmt=True)}\r\n".encode("ascii")
        self._starts.clear()

    def octets(self, answer: Response, *, closes: bool, has_body: bool = True) -> bytes:
        """A whole answer. `has_body` is false for HEAD, which is told the length all the same."""
        body = answer.body if has_body else b""
        if answer.headers or answer.etag or answer.cache is not NEVER_KEPT or answer.status in _NO_LENGTH:
            return self.head(answer, closes=closes) + body
        kind = (answer.status, answer.content_type)
        start = self._starts.get(kind)
        if start is None:
            start = self._starts[kind] = b"%b%b%bcontent-length: " % (
                STATUS_LINES[answer.status],
                self._date,
                f"content-type: {answer.content_type}\r\n".encode("latin-1") if answer.content_type else b"",
            )
        return b"%b%d%b%b" % (start, len(answer.body), _CLOSING_END if closes else _PLAIN_END, body)

    def head(self, answer: Response, *, closes: bool, is_chunked: bool = False) -> bytes:
        """The head of any answer, its own headers first. Raises ValueError for what cannot stand in one."""
        lines = [STATUS_LINES[answer.status], self._date]
        for name, value in answer.headers:
            if not _NAME.fullmatch(name) or _NO_VALUE.search(value):
                raise ValueError(f"not a header: {name}")
            lines.append(f"{name}: {value}\r\n".encode("latin-1"))
        if answer.etag:
            lines.append(f'etag: "{answer.etag}"\r\n'.encode("ascii"))
        if answer.content_type:
            lines.append(f"content-type: {answer.content_type}\r\n".encode("latin-1"))
        if is_chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        elif answer.stream is None and answer.status not in _NO_LENGTH:
            lines.append(b"content-length: %d\r\n" % len(answer.body))
        lines += (f"cache-control: {answer.cache}\r\n".encode("latin-1"), _SAFE)
        if closes and ("connection", "close") not in answer.headers:
            lines.append(_CLOSE)
        return b"".join((*lines, b"\r\n"))

    def bare(self, status: int) -> bytes:
        """The last answer to what is no call: the headers of every answer and nothing else, for nobody reads it."""
        return self.octets(Response(status=status, content_type="", body=b""), closes=True)
