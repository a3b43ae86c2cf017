"""The application: from a request to a handler of a dialect, and its answer back.

Every answer that it gives itself (404, 405, 413, 23 and a bug's 15) is worded by the family of the route, for whoever
asks there reads nothing else (contract §1).
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.neighbourhood import neighbourhood
from payamak.errors import Refused
from payamak.http.admission import Admission
from payamak.http.aside import LARGE_OCTETS, AsideThread
from payamak.http.body import SMALL_OCTETS, Body, BodyRoom, Gone, RoomLimits, TooLong
from payamak.http.coding import BadCoding, TooLarge, uncoded
from payamak.http.exchange import Exchange, Peer
from payamak.http.proxies import Proxies
from payamak.http.request import READ, BodyLimits, Family, Network, Request, Response, Route, read_headers, refusal
from payamak.http.url import Routes
from payamak.log import event_logger, place_of

_CLOSE: Final = (("connection", "close"),)

_log = event_logger("api")


class Application:
    """What stands behind the connections of one server.

    `families` by the beginning of the paths that nobody has listed; all others are told as in the old doors.
    """

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        families: Mapping[str, Family] | None = None,
        body_limits: BodyLimits | None = None,
        room_limits: RoomLimits | None = None,
        trusted_proxies: Iterable[Network] = (),
        admission: Admission | None = None,
        aside: AsideThread | None = None,
        answered: Callable[[Exchange, Response, float | None], object] = lambda *_: None,
    ) -> None:
        """`answered` is told of each answer: for what request, and how long after its last octet (None: before it)."""
        self.answered = answered
        self._routes = Routes(routes)
        self._families = dict(families or {})
        self._limits = body_limits or BodyLimits()
        self._room = BodyRoom(room_limits or RoomLimits())
        self._proxies = Proxies(trusted_proxies)
        self._admission = admission
        self._aside = aside or AsideThread()

    def believe(self, trusted_proxies: Iterable[Network]) -> None:
        """From now on these proxies are trusted with the addresses of their callers, and no others."""
        self._proxies.believe(trusted_proxies)

    def client_address(self, peer: str, forwarded_for: str | None) -> str:
        """The caller's own address, see `Proxies`."""
        return self._proxies.client_address(peer, forwarded_for)

    def begin(
        self, method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]], peer: Peer
    ) -> Exchange:
        """A request whose head is whole; where it can be answered without its body, its answer stands."""
        exchange = Exchange(method, path, query, read_headers(headers), peer)
        exchange.address = self._proxies.client_address(peer.address, exchange.headers.get("x-forwarded-for"))
        found = self._routes.find(method, path, query)
        if found is None:
            exchange.answer = self._family_of(path)(Code.MALFORMED, HTTPStatus.NOT_FOUND)
        elif method not in found[0].methods:
            refused = found[0].family(Code.MALFORMED, HTTPStatus.METHOD_NOT_ALLOWED)
            exchange.answer = replace(refused, headers=(("allow", ", ".join(sorted(found[0].methods))),))
        else:
            exchange.route, exchange.parameters = found
            exchange.limits = found[0].limits or self._limits
            if exchange.asks and exchange.length_octets > exchange.limits.largest_octets:
                exchange.answer = found[0].family(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if exchange.answer is not None and exchange.asks:
            # Who waits for "100 Continue" and hears a refusal may send the body or not: only closing is safe.
            exchange.answer = _closing(exchange.answer)
        return exchange

    def take(self, exchange: Exchange, piece: bytes) -> bool:
        """One more piece of its body; whether it has been too large for too long, and its answer stands."""
        body = exchange.body
        if body is None:
            if not exchange.content and len(piece) <= min(SMALL_OCTETS, exchange.limits.largest_octets):
                exchange.content = piece
                return False
            body = exchange.body = self._begin_body(exchange)
        if not body.take(piece):
            return False
        assert body.refused is not None, "only what is refused is read away"
        exchange.answer = _closing(body.refused)
        return True

    def _begin_body(self, exchange: Exchange) -> Body:
        assert exchange.route is not None, "what has no route is answered before its body"
        body = Body(self._room, exchange.address, exchange.limits, exchange.route.family)
        if exchange.content:
            body.take(exchange.content)
            exchange.content = b""
        return body

    def end(self, exchange: Exchange) -> None:
        """Its body is whole: it holds no room any more."""
        body = exchange.body
        if body is not None and body.refused is None:
            exchange.content, exchange.body = body.leave(), None

    def look(self, exchange: Exchange, waited_s: float) -> None:
        """Look at a call before anything is made for it: if it is not taken, its refusal stands.

        Asked when its body is whole, and before it is sent where the caller waits for that. `waited_s` is how long it
        has waited for its turn. A call that is taken counts as under way until `leave`.
        """
        route, admission, body = exchange.route, self._admission, exchange.body
        assert route is not None, "what has no route is answered before"
        if body is not None and body.refused is not None:
            exchange.answer = _closing(body.refused)
            return
        if admission is None or not route.is_gated:
            return
        if exchange.is_whole and exchange.expects and not exchange.asks:  # looked at before
            is_taken = admission.has_room
        else:
            is_taken = admission.admits(exchange.address, waited_s)
        if not is_taken:
            busy = route.family(Code.BUSY, HTTPStatus.OK)
            exchange.answer = busy if exchange.is_whole else _closing(busy)
        elif exchange.is_whole or route.is_streamed:
            admission.under_way += 1
            exchange.is_admitted = True

    def leave(self, exchange: Exchange) -> None:
        """It is under way no more, and its body, if it is not whole, holds no room."""
        if exchange.is_admitted and self._admission is not None:
            exchange.is_admitted = False
            self._admission.under_way -= 1
        if exchange.body is not None:
            exchange.body.leave()

    def busy(self, exchange: Exchange) -> Response | None:
        """The answer to a call that is not waited for; None where there is none that is the same for all."""
        route = exchange.route
        return None if route is None or not route.is_gated else route.family(Code.BUSY, HTTPStatus.OK)

    async def answer(self, exchange: Exchange) -> Response:
        """What its handler answers, or the refusal if its body cannot be read."""
        route = exchange.route
        assert route is not None, "what has no route is answered before"
        body = exchange.content
        if "content-encoding" in exchange.headers and not route.is_streamed:
            uncoded_body = await self._uncode(body, exchange, route)
            if isinstance(uncoded_body, Response):
                return uncoded_body
            body = uncoded_body
        try:
            response = await route.handler(self._request(exchange, route, body))
        except TooLong:
            return _closing(route.family(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
        except Gone:
            return _closing(route.family(Code.MALFORMED, HTTPStatus.OK))  # to nobody
        except Exception as error:
            _log("handler_failed", path=route.path, error=type(error).__name__, where=place_of(error))
            return route.family(Code.INTERNAL, HTTPStatus.OK)
        if response.etag and exchange.method in READ and _has(exchange, response.etag):
            return replace(response, status=HTTPStatus.NOT_MODIFIED, content_type="", body=b"", stream=None)
        return response

    def _request(self, exchange: Exchange, route: Route, body: bytes) -> Request:
        peer, headers = exchange.peer, exchange.headers
        return Request(
            method=exchange.method,
            path=route.path,
            query=exchange.query,
            body=body,
            client_address=exchange.address,
            headers=headers,
            parameters=exchange.parameters,
            is_own_word=not exchange.is_forwarded
            or self._proxies.is_own_word(peer.address, exchange.address, headers.get("x-forwarded-for")),
            is_local=exchange.address == peer.asked,
            scheme=self._proxies.scheme(peer.address, headers) if exchange.is_forwarded else "http",
            server=peer.server,
            aside=self._aside,
            pieces=exchange.stream,
            asked_by=exchange.name_caller,
        )

    async def _uncode(self, body: bytes, exchange: Exchange, route: Route) -> bytes | Response:
        """The body without its coding, or why it is not taken; what becomes large is made on the thread."""
        most, coding = exchange.limits.largest_octets, exchange.headers["content-encoding"]
        try:
            try:
                return uncoded(body, coding, min(most, LARGE_OCTETS))
            except TooLarge:
                return await self._aside.run(neighbourhood(exchange.address), lambda: uncoded(body, coding, most))
        except TooLarge:
            return route.family(Code.MALFORMED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except BadCoding:
            return route.family(Code.MALFORMED, HTTPStatus.OK)
        except Refused as refused:
            return route.family(refused.code, HTTPStatus.OK)

    def _family_of(self, path: bytes) -> Family:
        """Who words that there is nothing under this path."""
        text = path.decode("latin-1")
        return next((family for start, family in self._families.items() if text.startswith(start)), refusal)


def _closing(answer: Response) -> Response:
    """The same answer, after which the connection ends."""
    return replace(answer, headers=(*answer.headers, *_CLOSE))


def _has(exchange: Exchange, etag: str) -> bool:
    """Whether the caller has this state of the page (RFC 9110 §13.1.2; weak comparison)."""
    told = [each.strip().removeprefix("W/") for each in exchange.headers.get("if-none-match", "").split(",")]
    return f'"{etag}"' in told or told == ["*"]
