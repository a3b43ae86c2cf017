"""One HTTP post to a customer's URL: to a public address only, no redirects, no proxies, no cookies, bounded in time.

The name is resolved here, its addresses are checked, and the connection goes to a checked address, so that a name
server which answers otherwise a moment later changes nothing. Host and TLS server name stay those of the URL.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlencode

import httpx2
from msgspec import Struct, field

from payamak.domain.addresses import is_public
from payamak.domain.posting import is_page
from payamak.domain.site.secrets import UnfitSecret, signing_key
from payamak.posts.answers import BODY_LIMIT_OCTETS, AnswerReader, RemoteProtocolError
from payamak.posts.kept import ConnectError, KeptConnections, Origin, PostConnection

ADDRESSES_TRIED: Final = 2

NAMES_KEPT_S: Final = 5.0
"""How long the addresses of a name are taken for known: a customer who moves is found about as soon as before."""

NAMES_KEPT: Final = 1_024
"""Names whose addresses are remembered at most."""


class Post(Struct, frozen=True, kw_only=True):
    """What to post: `json`, or else a form. `id` is the same for every try; `secret`, if any, signs it.

    Signed as Standard Webhooks has it, `v1`. `wants_body` asks for the body of a 200, `wants_any_body` of any answer.
    """

    url: str
    id: str
    timeout_s: float
    form: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    secret: str = ""
    private_is_allowed: bool = False
    is_complete: bool = True
    wants_body: bool = False
    wants_any_body: bool = False

    def __repr__(self) -> str:
        return f"Post(id={self.id!r})"


class Posted(Struct, frozen=True, kw_only=True):
    """What came of it: an HTTP status, or None and why. `body` None: not asked for, or no text that can be sent.

    `is_page`: the body is a web page, which is no answer to a handset. `is_unset`: nothing was posted, for the variable
    that names the secret is not set.
    """

    status: int | None = None
    note: str = ""
    retry_after_ms: int | None = None
    body: str | None = None
    is_page: bool = False
    is_unset: bool = False

    def __repr__(self) -> str:
        return f"Posted(status={self.status}, note={self.note!r})"


class Poster:
    """Posts; keeps connections for each origin. Lives on one event loop."""

    def __init__(self) -> None:
        self._kept = KeptConnections()
        self._names = _Names()

    async def post(self, post: Post, now: int) -> Posted:
        """Post once. Never raises for what the other side, the network or the name server does."""
        try:
            async with asyncio.timeout(post.timeout_s):
                return await self._post(post, now)
        except TimeoutError:
            return Posted(note=f"no answer within {post.timeout_s:g} s")
        except (ConnectError, RemoteProtocolError, httpx2.InvalidURL, OSError, ValueError) as error:
            return Posted(note=_note(error))

    async def close(self) -> None:
        """Close what is kept open."""
        await self._kept.close()

    async def _post(self, post: Post, now: int) -> Posted:
        where = _where(post.url)
        found = self._names.known(where.host) or await self._names.addresses(where.host)
        allowed = [one.text for one in found if post.private_is_allowed or one.is_public][:ADDRESSES_TRIED]
        if not allowed:
            return Posted(note="the target's address is private; (webhook_)allow_private_target would permit it")
        request = _request(post, where, now)
        connection = await self._connection(where, allowed)
        answer = AnswerReader(wants_body=post.wants_body, wants_any_body=post.wants_any_body)
        try:
            await connection.ask(request, answer)
        except BaseException:
            connection.close()
            raise
        self._kept.keep(connection)
        return _read(answer, now)

    async def _connection(self, where: _Where, addresses: list[str]) -> PostConnection:
        """A kept one or a new one, to the first of these addresses that has one. Raises ConnectError."""
        for address in addresses:
            origin = Origin(where.is_tls, where.host, where.port, address)
            kept = self._kept.take(origin)
            if kept is not None:
                return kept
            try:
                return await self._kept.connect(origin)
            except ConnectError:
                if address == addresses[-1]:
                    raise
        raise AssertionError("the last address returns or raises")


class _Where(NamedTuple):
    """What of a URL a post needs; `netloc` is the Host header, `path` has the query too."""

    is_tls: bool
    host: str
    port: int
    netloc: str
    path: str


@lru_cache(maxsize=NAMES_KEPT)
def _where(url: str) -> _Where:
    """A URL, read. Raises httpx2.InvalidURL and ValueError."""
    read = httpx2.URL(url)
    if read.scheme not in ("http", "https") or not read.raw_host:
        raise httpx2.InvalidURL("no http or https URL")
    return _Where(
        is_tls=read.scheme == "https",
        host=read.raw_host.decode("ascii"),
        port=read.port or (443 if read.scheme == "https" else 80),
        netloc=read.netloc.decode("ascii"),
        path=read.raw_path.decode("ascii"),
    )


class _Address(NamedTuple):
    text: str
    is_public: bool


class _Names:
    """Looks names up, each on a thread of its own, and one at a time for a name.

    A name server that does not answer holds its thread for many seconds, whatever we do; in the loop's few threads a
    handful of posts to one such target would make every other name wait. What was found holds for some seconds; what
    an address may be used for is asked anew for each post.
    """

    def __init__(self) -> None:
        self._looking: dict[str, asyncio.Future[list[str] | Exception]] = {}
        self._known: dict[str, tuple[float, list[_Address]]] = {}

    def known(self, host: str) -> list[_Address] | None:
        """The addresses of a host that was looked up a moment ago."""
        until_s, found = self._known.get(host, (0.0, None))
        return found if asyncio.get_running_loop().time() < until_s else None

    async def addresses(self, host: str) -> list[_Address]:
        """The addresses of a host. Raises OSError or ValueError if it has none."""
        found = [_Address(text, is_public(text)) for text in await self._look_up(host)]
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        self._known[host] = (asyncio.get_running_loop().time() + NAMES_KEPT_S, found)
        return found

    async def _look_up(self, host: str) -> list[str]:
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        looking = self._looking.get(host)
        if looking is None:
            loop = asyncio.get_running_loop()
            looking = self._looking[host] = loop.create_future()
            looking.add_done_callback(lambda _: self._looking.pop(host))
            threading.Thread(target=_look_up, args=(host, looking, loop), name="payamak-names", daemon=True).start()
        found = await asyncio.shield(looking)
        if isinstance(found, Exception):
            raise found
        return found


def _look_up(host: str, looking: asyncio.Future[list[str] | Exception], loop: asyncio.AbstractEventLoop) -> None:
    found: list[str] | Exception
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(address[4][0]) for address in answers))
    except (OSError, ValueError) as error:
        found = error
    with suppress(RuntimeError):  # the loop is gone, and who waited with it
        loop.call_soon_threadsafe(looking.set_result, found)


_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


def _request(post: Post, where: _Where, now: int) -> bytes:
    """The octets of a post. Each value is ours, or from a URL that was read: none can hold the end of a line."""
    body = urlencode(dict(post.form)).encode() if post.json is None else post.json
    timestamp_s = now // 1_000
    signed = f"Webhook-Signature: {signature(post.secret, post.id, timestamp_s, body)}\r\n" if post.secret else ""
    incomplete = "" if post.is_complete else "Payamak-Incomplete: 1\r\n"
    head = (
        f"POST {where.path} HTTP/1.1\r\n"
        f"Host: {where.netloc}\r\n"
        f"Content-Type: {_FORM if post.json is None else 'application/json'}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Accept-Encoding: identity\r\n"
        "User-Agent: payamak\r\n"
        f"Webhook-Id: {post.id}\r\n"
        f"Webhook-Timestamp: {timestamp_s}\r\n"
        f"{signed}{incomplete}\r\n"
    )
    return head.encode("ascii") + body


def signature(secret: str, post_id: str, timestamp_s: int, body: bytes) -> str:
    """As Standard Webhooks: HMAC-SHA256 of id, time and body. Raises UnfitSecret: nothing leaves signed by a letter."""
    signed = hmac.new(signing_key(secret), f"{post_id}.{timestamp_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _read(answer: AnswerReader, now: int) -> Posted:
    status = answer.status
    note, body = f"HTTP {status}", None
    if answer.is_body_wanted:
        body = _text(answer)
        if body is None:
            note += "; its body is no text that can be sent"
    retry_after_ms = parse_retry_after(answer.header("retry-after"), now)
    page = body is not None and body != "" and is_page(answer.header("content-type") or "", body)
    return Posted(status=status, note=note, retry_after_ms=retry_after_ms, body=body, is_page=page)


def _text(answer: AnswerReader) -> str | None:
    """The body as text, blanks around it trimmed; None if it is too long, compressed or not in its charset."""
    octets = answer.body
    if len(octets) > BODY_LIMIT_OCTETS or (answer.header("content-encoding") or "identity") != "identity":
        return None
    try:
        text = octets.decode(_charset(answer.header("content-type")) or "utf-8")
    except (ValueError, LookupError):  # some codecs raise UnicodeError itself
        return None
    return None if "\0" in text else text.strip().removeprefix("\ufeff").strip()


def _charset(content_type: str | None) -> str | None:
    if content_type is None:
        return None
    head = Message()
    head["Content-Type"] = content_type
    return head.get_content_charset()


def parse_retry_after(value: str | None, now: int) -> int | None:
    """Retry-After in ms from now: seconds, or an HTTP date (RFC 9110 §10.2.3); None for what is neither."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text) * 1_000
    try:
        return max(0, int(parsedate_to_datetime(text).timestamp() * 1_000) - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _note(error: Exception) -> str:
    """What went wrong; in the error's own words only where these cannot quote an answer, which may repeat the text."""
    words = f": {error}" if isinstance(error, OSError | ConnectError | UnfitSecret) else ""
    return f"{type(error).__name__}{words}"[:200]
