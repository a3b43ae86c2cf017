"""The two clients. They perform conversations of `exchange` over HTTP and know no rule themselves."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from types import TracebackType
from typing import Final, TypedDict, TypeVar

import httpx2

from payamak.client.errors import TransportFailed
from payamak.client.exchange import Action, Caller, Conversation, Heard, Pause, Post
from payamak.client.models import Fallback, MessageState, Options, Route, Sent
from payamak.client.wire import HEADERS, Account, Doors, Reply, Request, Submission

T = TypeVar("T")

_DEFAULTS: Final = Options()
# Servers close idle connections after 5 s (uvicorn, Apache, Node) or later. We let go first: a request
# written into a connection that is just being closed fails in the ambiguous way.
_KEEP_ALIVE_S: Final = 3.0
# An answer about 10,000 ids has some 200 KB. What is longer is read no further: it is none of the contract's.
_LONGEST_ANSWER_OCTETS: Final = 2 << 20
_CERTAINLY_NOT_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class _Shared:
    """What both clients know of their server."""

    def __init__(
        self, base_url: str, *, username: str, password: str, line: str | int | None, options: Options
    ) -> None:
        own_line = None if line is None or not str(line).strip() else str(line).strip()
        account = Account(username=username, password=password, line=own_line)
        doors = Doors.at(base_url)
        with suppress(httpx2.InvalidURL):
            httpx2.URL(doors.send)
            self._caller = Caller(doors=doors, account=account, options=options)
            return
        raise ValueError("the server's address is no valid URL")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._caller.doors.send} line={self._caller.account.line}>"


class Client(_Shared):
    """A client for wsSend and wsStates; connections are kept and it may be shared between threads.

    `base_url` is a bare host (`https://sms.example.ir`, then `/api/wsSend.ashx`) or the folder of the two
    doors (`https://sms.example.ir/services`). `password` is the web-service password. `line` is used by sends
    that name none; without one the account's default line is. Close it, or use it as a context manager.

    Raises ValueError if an argument makes no sense. `sleep` performs the pauses between tries, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str,
        password: str,
        line: str | int | None = None,
        options: Options = _DEFAULTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(base_url, username=username, password=password, line=line, options=options)
        self._sleep = sleep
        self._http = httpx2.Client(**_http_settings(options))

    def send(
        self,
        recipient: str | int,
        text: str,
        *,
        line: str | int | None = None,
        fallback: Fallback | Sequence[Fallback] | None = None,
        via: Route | None = None,
        life_time_minutes: int | None = None,
    ) -> Sent:
        """Send one message.

        `fallback` is where it goes if its line meets an opt-out: a `SecondLine`, a `Chelcheleh` or
        `ServiceLine`, or `[SecondLine(...), ServiceLine(...)]`. `via` sends through that route alone, by no
        line of the account's. `life_time_minutes` is 1 to 10,080.

        Raises Refusal if the server said no, TransportFailed if it could not be asked, UnexpectedAnswer if it
        could not be understood, ValueError if the arguments say nothing the contract has words for. Where
        `error.may_have_been_sent` is true, repeating the call may send the message twice; the client never
        does it.
        """
        wanted = Submission(
            recipient=recipient,
            text=text,
            line=line,
            fallback=fallback,
            via=via,
            life_time_minutes=life_time_minutes,
        )
        return self._perform(self._caller.sending(wanted))

    def states(self, message_ids: Iterable[int]) -> dict[int, MessageState]:
        """Return where the messages stand, by id, in the order asked; no ids, no call.

        Many ids are asked in several calls; if one fails, the whole raises. Raises as `send` does, only that
        nothing here is ever ambiguous.
        """
        return self._perform(self._caller.states(message_ids))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _perform(self, conversation: Conversation[T]) -> T:
        heard: Heard = None
        while True:
            try:
                action: Action = conversation.send(heard)
            except StopIteration as stop:
                result: T = stop.value
                return result
            match action:
                case Post(request):
                    heard = self._post(request)
                case Pause(seconds):
                    self._sleep(seconds)
                    heard = None

    def _post(self, request: Request) -> Reply | TransportFailed:
        try:
            with self._http.stream("POST", request.url, content=request.body) as response:
                body = _Body(self._caller.options)
                for piece in response.iter_bytes():
                    if not body.takes(piece):
                        break
        except httpx2.RequestError as error:
            return _failure(request, error)
        return Reply(http_status=response.status_code, body=bytes(body.octets))


class AsyncClient(_Shared):
    """`Client` for asyncio: the same arguments, the same rules, awaited.

    Belongs to the event loop it is first used in. A `send` that is cancelled is ambiguous, as a time-out is.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str,
        password: str,
        line: str | int | None = None,
        options: Options = _DEFAULTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(base_url, username=username, password=password, line=line, options=options)
        self._sleep = sleep
        self._http = httpx2.AsyncClient(**_http_settings(options))

    async def send(
        self,
        recipient: str | int,
        text: str,
        *,
        line: str | int | None = None,
        fallback: Fallback | Sequence[Fallback] | None = None,
        via: Route | None = None,
        life_time_minutes: int | None = None,
    ) -> Sent:
        """Send one message; see `Client.send`."""
        wanted = Submission(
            recipient=recipient,
            text=text,
            line=line,
            fallback=fallback,
            via=via,
            life_time_minutes=life_time_minutes,
        )
        return await self._perform(self._caller.sending(wanted))

    async def states(self, message_ids: Iterable[int]) -> dict[int, MessageState]:
        """Return where the messages stand; see `Client.states`."""
        return await self._perform(self._caller.states(message_ids))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _perform(self, conversation: Conversation[T]) -> T:
        heard: Heard = None
        while True:
            try:
                action: Action = conversation.send(heard)
            except StopIteration as stop:
                result: T = stop.value
                return result
            match action:
                case Post(request):
                    heard = await self._post(request)
                case Pause(seconds):
                    await self._sleep(seconds)
                    heard = None

    async def _post(self, request: Request) -> Reply | TransportFailed:
        try:
            async with self._http.stream("POST", request.url, content=request.body) as response:
                body = _Body(self._caller.options)
                async for piece in response.aiter_bytes():
                    if not body.takes(piece):
                        break
        except httpx2.RequestError as error:
            return _failure(request, error)
        return Reply(http_status=response.status_code, body=bytes(body.octets))


class _Body:
    """What comes of an answer's body: not too much of it, and not for too long."""

    def __init__(self, options: Options) -> None:
        self.octets = bytearray()
        self._until_s = time.monotonic() + options.read_timeout_s

    def takes(self, piece: bytes) -> bool:
        """Keep a piece; whether more is to be read. Raises ReadTimeout."""
        self.octets += piece
        if time.monotonic() > self._until_s:
            raise httpx2.ReadTimeout("the answer takes too long")
        return len(self.octets) <= _LONGEST_ANSWER_OCTETS


class _HttpSettings(TypedDict):
    headers: dict[str, str]
    timeout: httpx2.Timeout
    limits: httpx2.Limits
    verify: bool | SSLContext
    proxy: str | None
    cookies: CookieJar
    trust_env: bool
    follow_redirects: bool


def _http_settings(options: Options) -> _HttpSettings:
    return {
        "headers": dict(HEADERS),
        "timeout": httpx2.Timeout(
            options.read_timeout_s, connect=options.connect_timeout_s, pool=options.connect_timeout_s
        ),
        "limits": httpx2.Limits(
            max_connections=options.max_connections,
            max_keepalive_connections=options.max_connections,
            keepalive_expiry=_KEEP_ALIVE_S,
        ),
        "verify": options.verify,
        "proxy": options.proxy,
        # No cookies: a server that opens a session would then serve our calls one after the other.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "trust_env": False,
        # A redirect may turn a POST into a GET, or carry a password to another host.
        "follow_redirects": False,
    }


def _failure(request: Request, error: httpx2.RequestError) -> TransportFailed:
    """Translate, without a link to `error`: it holds the request, and so the password and the text."""
    # Only a connect error's own words are taken over: they name a socket's or a certificate's trouble,
    # nothing of ours.
    detail = f" ({error})" if isinstance(error, httpx2.ConnectError) and str(error) else ""
    is_sent = request.is_send and not isinstance(error, _CERTAINLY_NOT_SENT)
    return TransportFailed(f"{type(error).__name__} at {request.url}{detail}", is_sent)
