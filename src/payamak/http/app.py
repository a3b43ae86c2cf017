"""The ASGI application: from a request on the wire to a handler of a dialect, and its answer back.

Handlers know no server: they take a `Request` and give a `Response`, so that uvicorn stays a choice. Every
answer that the application itself gives (404, 405, 413 and a bug's 15) has the shape of a refusal, because
the programs in the field read nothing else (contract §1).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeVar

import msgspec
import structlog

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.errors import Refused
from payamak.http.admission import Admission
from payamak.http.aside import LARGE_OCTETS, Aside
from payamak.http.coding import BadCoding, TooLarge, uncoded
from payamak.http.url import find_route
from payamak.log import place_of

JSON_CONTENT_TYPE: Final = "application/json; charset=utf-8"

SAFETY_HEADERS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Of every answer. A GET of wsSend answered out of somebody's cache would be a message that nobody sends."""

ADMITTED: Final = "payamak.admitted"
"""In a scope: `Application.admit` has taken this call already."""

READ: Final = frozenset({"GET", "HEAD"})
"""The methods of a page that changes nothing."""

_BY_PROXIES: Final = frozenset(
    b"forwarded via x-real-ip true-client-ip cf-connecting-ip x-client-ip x-cluster-client-ip fastly-client-ip "
    b"x-original-forwarded-for x-envoy-external-address".split()
)
_BY_PROXIES_PREFIX: Final = b"x-forwarded-"
"""Headers that whoever hands a request on writes, beside X-Forwarded-For. They show that somebody does, and no more."""

Network = IPv4Network | IPv6Network
Message = MutableMapping[str, Any]
"""One ASGI message; the untyped edge."""

T = TypeVar("T")

_log = structlog.get_logger("payamak.api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request as handlers see it.

    `path` is the one under which the route is listed (see `find_route`); `query` holds octets as sent, raw ones beyond
    ASCII percent-escaped; `content_type` is empty if there was no such header. `client_address` is the caller's own,
    after trusted proxies were believed, and empty if there is none; `forwarded_for` is the header, for the record only.
    `is_own_word`: nobody stands between, or trusted proxies alone, and they named a caller beyond themselves.
    `is_local`: it comes from the machine that it asks. `aside` is where a large body is read.
    """

    method: str
    path: str
    query: bytes
    content_type: str
    body: bytes
    client_address: str
    forwarded_for: str | None
    is_own_word: bool = True
    is_local: bool = False
    aside: Aside = field(default_factory=Aside, repr=False, compare=False)

    async def read(self, work: Callable[[], T]) -> T:
        """What `work` makes of the body: of a large one on a thread. Raises what it raises, and Refused(BUSY)."""
        octets = len(self.body) + len(self.query)
        return await self.aside.read(neighbourhood(self.client_address), octets, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer, whole."""

    status: int
    content_type: str
    body: bytes


Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a path answers to. HEAD is served only where it is listed: a GET of wsSend sends a message.

    `busy` is the answer to a call that is not taken because too many come; without one all are taken. `unreadable` is
    the answer to a body in a coding that is not read; without one it is the common refusal with 31. `is_folded`: a door
    of the old panel, found in every spelling; what is ours has the one under which it is listed.
    """

    methods: frozenset[str]
    handler: Handler
    busy: Response | None = None
    unreadable: Response | None = None
    is_folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How much of a body is taken, and how much more is read away so that the refusal arrives; in octets."""

    largest_octets: int = 1 << 20
    drained_octets: int = 8 << 20
    together_octets: int = 64 << 20
    """All bodies that are not whole yet, but for the first `free_octets` of each; beyond it further ones get 23."""
    of_each_octets: int = 16 << 20
    """Of these, what the bodies of one address (IPv6: one /64) hold: nobody takes the room of all."""
    free_octets: int = 16 << 10


_SAID: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "There is no such door. Check the address: messages go to /api/wsSend.ashx.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This door does not take this method. The header Allow names those that it takes.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large. Divide it over several requests.",
}
"""What is told under these HTTP statuses in place of the code's own text: it is not the fields that are wrong."""


class _Refusal(msgspec.Struct):
    data: None
    status: int
    msg: str


@cache
def refusal(code: Code, http_status: int = HTTPStatus.OK) -> Response:
    """Return the refusal of contract §1, its text the code's own: nothing of the caller's comes back."""
    body = msgspec.json.encode(_Refusal(None, int(code), _SAID.get(http_status, code.english)))
    return Response(status=http_status, content_type=JSON_CONTENT_TYPE, body=body)


class Application:
    """The ASGI callable. `routes` by path, folded ones in lower case; lifespan events are not served."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        *,
        body_limits: BodyLimits | None = None,
        trusted_proxies: Iterable[Network] = (),
        admission: Admission | None = None,
        aside: Aside | None = None,
    ) -> None:
        self._routes = dict(routes)
        self._admission = admission
        self._aside = aside or Aside()
        self._limits = body_limits or BodyLimits()
        self._held_octets = 0  # of bodies that are not whole yet
        self._held_octets_of: Counter[str] = Counter()
        self.believe(trusted_proxies)
        self._gated_route = lru_cache(maxsize=4096)(self._find_gated_route)

    def believe(self, trusted_proxies: Iterable[Network]) -> None:
        """From now on these proxies are trusted with the addresses of their callers, and no others."""
        self._trusted = tuple(trusted_proxies)
        self._is_trusted = lru_cache(maxsize=4096)(self._find_trusted)

    def is_call(self, method: bytes, target: bytes) -> bool:
        """Whether this is a call, which `admit` is asked about when it has come whole."""
        route = self._gated_route(target.partition(b"?")[0])
        return route is not None and route.busy is not None and method.decode("latin-1") in route.methods

    def admit(
        self, method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]], peer: str, waited_s: float
    ) -> Response | bool:
        """Look at a call that has come whole, before anything is made for it: its refusal, or True if it is taken.

        False if it is not for the gate to say: an unusual target, or a route that takes all calls. `waited_s` is how
        long the call has waited for its turn. A call that is taken counts as under way until it is answered, or
        until `leave`.
        """
        route = self._gated_route(target.partition(b"?")[0])
        if self._admission is None or route is None or route.busy is None:
            return False
        if method.decode("latin-1") not in route.methods:
            return False
        forwarded_for = _Head(headers).forwarded_for if self._trusted else None
        is_taken = self._admission.admits(self.client_address(peer, forwarded_for), waited_s)
        self._admission.under_way += is_taken
        return is_taken or route.busy

    def leave(self) -> None:
        """A call that `admit` has taken does not come to the application."""
        if self._admission is not None:
            self._admission.under_way -= 1

    def busy(self, target: bytes) -> Response | None:
        """The answer to a call that is not taken; None where it has no form that is the same for all calls."""
        route = self._gated_route(target.partition(b"?")[0])
        return None if route is None else route.busy

    def caller(self, headers: Iterable[tuple[bytes, bytes]], peer: str) -> str:
        """The caller's own address, after trusted proxies were believed."""
        return self.client_address(peer, _Head(headers).forwarded_for if self._trusted else None)

    def _find_gated_route(self, raw_path: bytes) -> Route | None:
        """The route of a target in origin form; others are split with more care by whoever serves them."""
        if not raw_path.startswith(b"/") or raw_path.startswith(b"//") or b"#" in raw_path:
            return None
        found = find_route(self._routes, raw_path)
        return None if found is None else found[1]

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request. A cancelled request ends quietly: only the server's stop cancels."""
        if scope["type"] != "http":
            return
        try:
            answer, headers = await self._answer(scope, receive)
        except asyncio.CancelledError:
            return
        if answer is None:
            return
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
        headers.append((b"content-length", b"%d" % len(answer.body)))
        headers += SAFETY_HEADERS
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(
        self, scope: Message, receive: Callable[[], Awaitable[Message]]
    ) -> tuple[Response | None, list[tuple[bytes, bytes]]]:
        """The answer and what it needs beside its own headers; no answer if the caller left in mid-body."""
        head = _Head(scope["headers"])
        # Who waits for "100 Continue" and hears a refusal may send the body or not: only closing is safe.
        unread = [(b"connection", b"close")] if head.expects_continue else []
        found = find_route(self._routes, scope["raw_path"])
        if found is None:
            return refusal(Code.MALFORMED, HTTPStatus.NOT_FOUND), unread
        path, route = found
        if scope["method"] not in route.methods:
            allowed = ", ".join(sorted(route.methods)).encode("ascii")
            return refusal(Code.MALFORMED, HTTPStatus.METHOD_NOT_ALLOWED), [(b"allow", allowed), *unread]
        return await self._serve(scope, receive, head, path, route)

    async def _serve(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], head: "_Head", path: str, route: Route
    ) -> tuple[Response | None, list[tuple[bytes, bytes]]]:
        """Read the body, then take the call: until it is whole it is nothing that others have to wait for."""
        peer, asked = (scope["client"] or ("",))[0], (scope.get("server") or ("",))[0]
        address = self.client_address(peer, head.forwarded_for)
        admission = None if route.busy is None else self._admission
        is_taken = bool(scope.get(ADMITTED))
        try:
            if admission is not None and head.expects_continue and not admission.admits(address):
                return route.busy, [(b"connection", b"close")]  # before the body is sent
            body = await self._read_body(head, receive, neighbourhood(address))
            if isinstance(body, Response):
                return body, [(b"connection", b"close")]
            if body is None:
                return None, []
            body = await self._uncode(body, head, route, neighbourhood(address))
            if isinstance(body, Response):
                return body, []
            if admission is not None and not is_taken:
                is_taken = admission.has_room if head.expects_continue else admission.admits(address)
                admission.under_way += is_taken
                if not is_taken:
                    return route.busy, []
            request = Request(
                method=scope["method"],
                path=path,
                query=scope["query_string"],
                content_type=head.content_type,
                body=body,
                client_address=address,
                forwarded_for=head.forwarded_for,
                is_own_word=self._is_own_word(peer, address, head),
                is_local=address == asked,
                aside=self._aside,
            )
            try:
                return await route.handler(request), []
            except Exception as error:
                _log.error("handler_failed", path=path, error=type(error).__name__, where=place_of(error))
                return refusal(Code.INTERNAL), []
        finally:
            if is_taken:
                self.leave()

    async def _uncode(self, body: bytes, head: "_Head", route: Route, place: str) -> bytes | Response:
        """The body without its coding, or why it is not taken; what becomes large is made on the thread."""
        most = self._limits.largest_octets
        try:
            try:
                return uncoded(body, head.coding, min(most, LARGE_OCTETS))
            except TooLarge:
                return await self._aside.run(place, lambda: uncoded(body, head.coding, most))
        except TooLarge:
            return refusal(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except BadCoding:
            return route.unreadable or refusal(Code.MALFORMED)
        except Refused as refused:
            return route.busy or refusal(refused.code)

    async def _read_body(
        self, head: "_Head", receive: Callable[[], Awaitable[Message]], place: str
    ) -> bytes | Response | None:
        """The body; a 413 if it is too large, 23 if too many large ones come at once; None if the caller left.

        What is not taken is read away first: many clients look for an answer only when they have sent all.
        Who asked `Expect: 100-continue` has sent nothing yet and is told at once.
        """
        if head.expects_continue and head.length_octets > self._limits.largest_octets:
            return refusal(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        message = await receive()
        if message["type"] != "http.request":
            return None
        if not message["more_body"] and len(message["body"]) <= self._limits.largest_octets:
            return bytes(message["body"])
        body = _Body(self._limits)
        try:
            while message["type"] == "http.request":
                more = body.take(message["body"], self._held_octets, self._held_octets_of[place])
                self._held_octets += more
                self._held_octets_of[place] += more
                if body.refused is not None and body.taken_octets >= self._limits.drained_octets:
                    return body.refused
                if not message["more_body"]:
                    return body.refused or body.whole()
                message = await receive()
            return None
        finally:
            self._held_octets -= body.held_octets
            self._held_octets_of[place] -= body.held_octets
            if not self._held_octets_of[place]:
                del self._held_octets_of[place]

    def client_address(self, peer: str, forwarded_for: str | None) -> str:
        """Return the caller's address: the peer's, unless it is a trusted proxy.

        Then it is the right-most address of X-Forwarded-For that is no trusted proxy itself; if one that we
        would have to believe cannot be read, the last trusted one stands. IPv4 in IPv6 is written as IPv4.
        """
        address = _parse_address(peer)
        if address is None:
            return peer
        if forwarded_for is not None and self._trusted:
            for hop in reversed(forwarded_for.split(",")):
                if not self._is_trusted(address):
                    break
                parsed = _parse_address(_strip_port(hop.strip()))
                if parsed is None:
                    break
                address = parsed
        return str(address)

    def _is_own_word(self, peer: str, address: str, head: "_Head") -> bool:
        """Whether the address is known to be the caller's own.

        Not if somebody whom we do not believe says that he speaks for another, nor if one whom we believe does not say
        for whom: then it is the proxy's address, and loopback if it runs beside us.
        """
        if not head.is_forwarded:
            return True
        proxy, caller = _parse_address(peer), _parse_address(address)
        if head.forwarded_for is None or proxy is None or caller is None:
            return False
        return self._is_trusted(proxy) and not self._is_trusted(caller)

    def _find_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


class _Body:
    """A body in pieces, until it is whole or refused."""

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._chunks: list[bytes] = []
        self.taken_octets = 0
        self.held_octets = 0
        self.refused: Response | None = None

    def take(self, chunk: bytes, together_octets: int, neighbours_octets: int) -> int:
        """Take one more piece, while all bodies hold so many octets and those of its address so many of them.

        Returns how much more this one holds now.
        """
        self.taken_octets += len(chunk)
        held_before = self.held_octets
        if self.taken_octets > self._limits.largest_octets:  # told also to who found no room before
            self.refused = refusal(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif self.refused is None:
            self._chunks.append(chunk)
            self.held_octets = max(self.taken_octets - self._limits.free_octets, 0)
            more = self.held_octets - held_before
            if more and (
                together_octets + more > self._limits.together_octets
                or neighbours_octets + more > self._limits.of_each_octets
            ):
                self.refused = refusal(Code.BUSY)
        if self.refused is not None:
            self._chunks.clear()
            self.held_octets = 0
        return self.held_octets - held_before

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._chunks)


class _Head:
    """The few headers that matter here; of doubled ones the first, of X-Forwarded-For all."""

    __slots__ = ("coding", "content_type", "expects_continue", "forwarded_for", "is_forwarded", "length_octets")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.content_type = ""
        self.coding = ""
        self.length_octets = 0
        self.expects_continue = False
        self.forwarded_for: str | None = None
        self.is_forwarded = False
        for name, value in headers:
            if name == b"content-type":
                self.content_type = self.content_type or value.decode("latin-1")
            elif name == b"content-encoding":
                self.coding = f"{self.coding},{value.decode('latin-1')}" if self.coding else value.decode("latin-1")
            elif name == b"content-length":
                # Parsed by the server already; a value that is no number never comes so far.
                self.length_octets = int(value) if value.isdigit() and len(value) < 20 else 0
            elif name == b"expect":
                self.expects_continue = value.lower() == b"100-continue"
            elif name in _BY_PROXIES or (name.startswith(_BY_PROXIES_PREFIX) and name != b"x-forwarded-for"):
                self.is_forwarded = True
            elif name == b"x-forwarded-for":
                self.is_forwarded = True
                hops = value.decode("latin-1")
                self.forwarded_for = f"{self.forwarded_for},{hops}" if self.forwarded_for else hops


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _strip_port(hop: str) -> str:
    """`[2001:db8::1]:443` and `192.0.2.1:443` as proxies write them, without the port."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
