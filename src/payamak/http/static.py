"""Files that never change under their names: each name holds the digest of its file, so that each may be kept."""

from __future__ import annotations

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


class StaticFiles:
    """The files of one folder, read once. Raises KeyError for a kind of file that has no type here."""

    def __init__(self, folder: Path, prefix: str, *, family: Family = refusal) -> None:
        """`prefix` is the beginning of their paths, without a slash at its end."""
        self._prefix = prefix
        self._family = family
        self._names: dict[str, str] = {}
        self._files: dict[str, Response] = {}
        for path in sorted(path for path in folder.iterdir() if path.suffix != ".toml" and path.is_file()):
            body = path.read_bytes()
            digest = blake2b(body, digest_size=8).hexdigest()
            name = self._names[path.name] = f"{PurePath(path.name).stem}.{digest}{path.suffix}"
            content_type = _TYPES[path.suffix]
            self._files[name] = Response(status=200, content_type=content_type, body=body, cache=_FOR_EVER, etag=digest)

    def url(self, name: str) -> str:
        """The path of a file. Raises KeyError if there is none."""
        return f"{self._prefix}/{self._names[name]}"

    @property
    def route(self) -> Route:
        """All of them."""
        return Route(f"{self._prefix}/{{name}}", methods=READ, handler=self._answer, family=self._family)

    async def _answer(self, request: Request) -> Response:
        return self._files.get(request.parameters["name"]) or self._family(Code.MALFORMED, 404)
