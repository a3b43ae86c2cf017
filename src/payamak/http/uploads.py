"""Files that come in a form: handed on piece by piece, and never held whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from python_multipart.exceptions import FormParserError

from payamak.http.forms import Malformed, Multipart, multipart_parser, options_of, read_part
from payamak.http.request import Request

MOST_FIELD_OCTETS: Final = 256 << 10
"""What the fields beside the files may have together."""

Take = Callable[[str, bytes], Awaitable[None]]
"""Takes a piece of a file: the name of its field, the octets. While it waits, nothing more is read from the caller."""


class _Upload(Multipart):
    """The parts of one form; the contents of files lie in `pieces` until they are handed on."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[tuple[str, bytes]] = []
        self._field_octets = 0

    def add_content(self, data: bytes, start: int, end: int) -> None:
        """A piece of the part that is open."""
        _, options = options_of(self.parts[-1].headers.get(b"content-disposition", b""))
        if b"filename" in options:
            self.pieces.append((options.get(b"name", b"").decode("utf-8", "replace"), data[start:end]))
            return
        self._field_octets += end - start
        if self._field_octets > MOST_FIELD_OCTETS:
            raise Malformed("fields too long")
        super().add_content(data, start, end)


async def read_upload(request: Request, take: Take) -> dict[str, str]:
    """Give each piece of the files of a streamed request to `take`; return the fields beside them, by name.

    Raises Malformed for what is no multipart form, Gone and TooLong, and what `take` raises.
    """
    assert request.pieces is not None, "only a streamed route takes uploads"
    kind, options = options_of(request.content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Malformed("content type: expected multipart/form-data")
    found = _Upload()
    parser = multipart_parser(boundary, found)
    async for piece in request.pieces:
        try:
            parser.write(piece)
        except FormParserError:
            raise Malformed("not multipart") from None
        pieces, found.pieces = found.pieces, []
        for name, octets in pieces:
            await take(name, octets)
    if not found.has_ended:
        raise Malformed("multipart cut short")
    fields: dict[str, str] = {}
    for part in found.parts:
        if (pair := read_part(part, "")) is not None and isinstance(pair[1], str):
            fields.setdefault(pair[0], pair[1])
    return fields
