"""Files that never change under their names: each name holds the digest of its file, so that each may be kept."""

from __future__ import annotations

import re
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Final

from payamak.codes import Code
from payamak.http.request import READ, Family, Request, Response, Route, refusal

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


_BESIDE: Final = re.compile(rb'url\("([A-Za-z0-9._-]+)"\)')


class StaticFiles:
    """The files of one folder, read once.

    Raises KeyError for a kind of file that has no type here, and for a style that names a file which is not there.
    """

    def __init__(self, folder: Path, prefix: str, *, family: Family = refusal) -> None:
        """`prefix` is the beginning of their paths, without a slash at its end."""
        self._prefix = prefix
        self._family = family
        self._names: dict[str, str] = {}
        self._files: dict[str, Response] = {}
        found = [path for path in folder.iterdir() if path.suffix != ".toml" and path.is_file()]
        for path in sorted(found, key=lambda path: (path.suffix == ".css", path.name)):  # styles name the others
            body = path.read_bytes()
            if path.suffix == ".css":
                body = _BESIDE.sub(self._beside, body)
            digest = blake2b(body, digest_size=8).hexdigest()
            name = self._names[path.name] = f"{PurePath(path.name).stem}.{digest}{path.suffix}"
            content_type = _TYPES[path.suffix]
            self._files[name] = Response(status=200, content_type=content_type, body=body, cache=_FOR_EVER, etag=digest)

    def _beside(self, found: re.Match[bytes]) -> bytes:
        """A file that a style names stands beside it, under the name that it has here."""
        return b'url("%b")' % self._names[found[1].decode("ascii")].encode("ascii")

    def url(self, name: str) -> str:
        """The path of a file. Raises KeyError if there is none."""
        return f"{self._prefix}/{self._names[name]}"

    @property
    def route(self) -> Route:
        """All of them."""
        return Route(f"{self._prefix}/{{name}}", methods=READ, handler=self._answer, family=self._family)

    async def _answer(self, request: Request) -> Response:
        return self._files.get(request.parameters["name"]) or self._family(Code.MALFORMED, 404)
