"""A request as handlers see it, its answer, and the route that leads to a handler. Pure values.

Handlers know no server and no connection: they take a `Request` and give a `Response`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Final, TypeAlias, TypeVar

import msgspec

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.http.aside import AsideThread

JSON_CONTENT_TYPE: Final = "application/json; charset=utf-8"

READ: Final = frozenset({"GET", "HEAD"})
"""The methods of a page that changes nothing."""

NEVER_KEPT: Final = "no-store"
"""The Cache-Control of an answer. A GET of wsSend out of somebody's cache would be a message that nobody sends."""

Network: TypeAlias = IPv4Network | IPv6Network

NO_DOOR: Final = "none"
"""The door, and the path, of what nobody has listed."""

KEPT: Final[Mapping[bytes, str]] = {
    name.encode("ascii"): name
    for name in (
        *("content-type", "content-length", "content-encoding", "expect", "host", "user-agent", "authorization"),
        *("cookie", "origin", "sec-fetch-site", "if-none-match", "accept-language", "idempotency-key"),
        *("hx-request", "x-csrf-token", "x-forwarded-for", "x-forwarded-proto"),
    )
}
"""The headers that a handler or the server itself reads; nothing is made of any other."""

_LISTS: Final = {"content-encoding": ",", "x-forwarded-for": ",", "if-none-match": ",", "cookie": "; "}
"""Headers that may come several times and then are one list, with what stands between; of others the first counts."""

_BY_PROXIES: Final = frozenset(
    b"forwarded via x-real-ip true-client-ip cf-connecting-ip x-client-ip x-cluster-client-ip fastly-client-ip "
    b"x-original-forwarded-for x-envoy-external-address".split()
)
_BY_PROXIES_PREFIX: Final = b"x-forwarded-"
"""Headers that whoever hands a request on writes, beside X-Forwarded-For. They show that somebody does, and no more."""

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A host as RFC 9110 §7.2 has it, in the letters that real ones have; anything else is not repeated to anyone."""

T = TypeVar("T")


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], bool]:
    """The headers that are kept, names in lower case, and whether somebody says that he hands the request on."""
    kept: dict[str, str] = {}
    is_forwarded = False
    for octets, value in headers:
        name = KEPT.get(octets)
        if name is None:
            if octets.startswith(_BY_PROXIES_PREFIX) or octets in _BY_PROXIES:
                is_forwarded = True
        elif name not in kept:
            kept[name] = value.decode("latin-1")
        elif name in _LISTS:
            kept[name] += _LISTS[name] + value.decode("latin-1")
    return kept, is_forwarded or "x-forwarded-for" in kept or "x-forwarded-proto" in kept


def _nobody(_name: str | None) -> None:
    """Where nobody wants to know who asks."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request as handlers see it.

    `path` is the one under which the route is listed and `parameters` what stands in the place of each `{name}` of it;
    `query` holds octets as sent, raw ones beyond ASCII percent-escaped; `headers` are those of `KEPT`, by their names
    in lower case. `client_address` is the caller's own, after trusted proxies were believed, and empty where none is.
    `is_own_word`: nobody stands between, or trusted proxies alone, and they named a caller beyond themselves.
    `is_local`: it comes from the machine that it asks. `scheme` is the one that the caller wrote, by the word of a
    trusted proxy; `server` is the address and port that were asked. `aside` is where a large body is read. `pieces`
    gives the body of a streamed route, whose `body` is empty, as it comes. `asked_by` is told the name that the caller
    gives himself, as written, so that a refusal can be told of. A Struct, for that is made in a tenth of the time of a
    frozen dataclass.
    """

    method: str
    path: str
    query: bytes
    body: bytes
    client_address: str
    headers: Mapping[str, str] = {}
    parameters: Mapping[str, str] = {}
    is_own_word: bool = True
    is_local: bool = False
    scheme: str = "http"
    server: str = "localhost"
    aside: AsideThread = msgspec.field(default_factory=AsideThread)
    pieces: AsyncIterator[bytes] | None = None
    asked_by: Callable[[str | None], object] = _nobody

    @property
    def content_type(self) -> str:
        """The Content-Type as sent; empty if there was no such header."""
        return self.headers.get("content-type", "")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, values as sent; of doubled ones the first, which is the one of the longer path."""
        cookies: dict[str, str] = {}
        for pair in self.headers.get("cookie", "").split(";"):
            name, sign, value = pair.strip().partition("=")
            if sign:
                cookies.setdefault(name, value)
        return cookies

    @property
    def origin(self) -> str:
        """Scheme and host as the caller wrote them; where the host is none, the address that was asked."""
        host = self.headers.get("host", "").strip()
        return f"{self.scheme}://{host if _HOST.fullmatch(host) else self.server}"

    async def read(self, work: Callable[[], T]) -> T:
        """What `work` makes of the body: of a large one on a thread. Raises what it raises, and Refused(BUSY)."""
        octets = len(self.body) + len(self.query)
        return await self.aside.read(neighbourhood(self.client_address), octets, work)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer: whole, or, if there is a `stream`, its body as it is made.

    `headers` are those beside the ones that every answer has. `cache` is its Cache-Control. `etag`, without quotes,
    names this state of the page: whoever has it is answered 304. `codes` are what it says by the contract, one for each
    message of the call or one for all of it: SUCCESS or a code; no octet is made of them, they are counted.
    """

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    cache: str = NEVER_KEPT
    etag: str = ""
    stream: AsyncIterator[bytes] | None = None
    codes: tuple[int, ...] = ()


Handler = Callable[[Request], Awaitable[Response]]

Family = Callable[[Code, int], Response]
"""How the doors of one kind say what the server itself refuses: a code of ours, and the HTTP status that it would have
in general: 404, 405, 413, or 200 where the code alone says it (23, 31, 15)."""

_SAID: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "There is no such door. Check the address: messages go to /api/wsSend.ashx.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This door does not take this method. The header Allow names those that it takes.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large. Divide it over several requests.",
}
"""What is told under these HTTP statuses in place of the code's own text: it is not the fields that are wrong."""


def set_cookie(name: str, value: str, *, max_age_s: int, is_secure: bool) -> tuple[str, str]:
    """A header that gives the caller a cookie for the whole site, for no script; `max_age_s` of 0 takes it back."""
    secure = "; Secure" if is_secure else ""
    return "set-cookie", f"{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}"


class _Refusal(msgspec.Struct):
    data: None
    status: int
    msg: str


@cache
def refusal(code: Code, http_status: int = HTTPStatus.OK) -> Response:
    """Return the refusal of contract §1, its text the code's own: nothing of the caller's comes back.

    It is the family of the old doors: the programs in the field read nothing else.
    """
    body = msgspec.json.encode(_Refusal(None, int(code), _SAID.get(http_status, code.english)))
    return Response(status=http_status, content_type=JSON_CONTENT_TYPE, body=body, codes=(int(code),))


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How much of one body is taken, and how much more is read away so that the refusal arrives; in octets."""

    largest_octets: int = 1 << 20
    drained_octets: int = 8 << 20
    body_s: float | None = None
    """The time of the body from the head's end on, in seconds; None: as everywhere (`HttpLimits`)."""


@cache
def door_of(path: str) -> str:
    """A door's name: what its path ends in. The door of wsSend is one, under whatever path."""
    return path.rpartition("/")[2].partition("?")[0].partition(".")[0] or NO_DOOR


@dataclass(frozen=True, slots=True)
class Route:
    """What a path answers to. HEAD is served only where it is listed: a GET of wsSend sends a message.

    `path` may hold `{name}` for one segment of any text, and may end in `?name`: it is then asked only with that name
    in the query, before the route of the path alone. `family` words what the server refuses. `is_gated`: a call, which
    is refused while too many come. `is_folded`: a door of the old panel, found in every spelling; what is ours has the
    one under which it is listed. `is_streamed`: the handler begins with the head and reads `Request.pieces`.
    """

    path: str
    methods: frozenset[str] = field(kw_only=True)
    handler: Handler = field(kw_only=True)
    family: Family = field(kw_only=True, default=refusal)
    limits: BodyLimits | None = field(kw_only=True, default=None)
    is_gated: bool = field(kw_only=True, default=False)
    is_folded: bool = field(kw_only=True, default=False)
    is_streamed: bool = field(kw_only=True, default=False)
