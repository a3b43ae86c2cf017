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
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

import httpx2
from msgspec import Struct, field

from payamak.domain.addresses import is_public
from payamak.domain.posting import is_page
from payamak.domain.site.secrets import UnfitSecret, signing_key

BODY_LIMIT_OCTETS: Final = 16_384
"""More than any answer that can go back as an SMS; the rest is not read."""

ADDRESSES_TRIED: Final = 2
KEPT_CONNECTIONS: Final = 8
KEPT_S: Final = 5.0
DRAIN_S: Final = 1.0


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

    `is_page`: the body is a web page, which is no answer to a handset.
    """

    status: int | None = None
    note: str = ""
    retry_after_ms: int | None = None
    body: str | None = None
    is_page: bool = False

    def __repr__(self) -> str:
        return f"Posted(status={self.status}, note={self.note!r})"


class Poster:
    """Posts; keeps connections for each origin. Lives on one event loop."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, str, int], httpx2.AsyncHTTPTransport] = {}
        self._context: ssl.SSLContext | None = None
        self._names = _Names()

    async def post(self, post: Post, now: int) -> Posted:
        """Post once. Never raises for what the other side, the network or the name server does."""
        try:
            async with asyncio.timeout(post.timeout_s):
                return await self._post(post, now)
        except TimeoutError:
            return Posted(note=f"no answer within {post.timeout_s:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            return Posted(note=_note(error))

    async def close(self) -> None:
        """Close what is kept open."""
        for transport in self._transports.values():
            await transport.aclose()

    async def _post(self, post: Post, now: int) -> Posted:
        url = httpx2.URL(post.url)
        host, port = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
        addresses = await self._names.addresses(host)
        allowed = [a for a in addresses if post.private_is_allowed or is_public(a)][:ADDRESSES_TRIED]
        if not allowed:
            return Posted(note="the target's address is private; (webhook_)allow_private_target would permit it")
        transport = self._transport(url.scheme, host, port)
        for address in allowed:
            try:
                response = await transport.handle_async_request(_request(post, url, address, now))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if address == allowed[-1]:
                    raise
                continue
            try:
                return await _read(post, response, now)
            finally:
                await response.aclose()
        raise AssertionError("the last address returns or raises")

    def _transport(self, scheme: str, host: str, port: int) -> httpx2.AsyncHTTPTransport:
        """One for each origin: a connection that TLS has checked for one name is never used for another."""
        if self._context is None:
            self._context = ssl.create_default_context()
        key = (scheme, host, port)
        if key not in self._transports:
            limits = httpx2.Limits(max_keepalive_connections=KEPT_CONNECTIONS, keepalive_expiry=KEPT_S)
            self._transports[key] = httpx2.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=limits)
        return self._transports[key]


class _Names:
    """Looks names up, each on a thread of its own, and one at a time for a name.

    A name server that does not answer holds its thread for many seconds, whatever we do; in the loop's few threads a
    handful of posts to one such target would make every other name wait.
    """

    def __init__(self) -> None:
        self._looking: dict[str, asyncio.Future[list[str] | Exception]] = {}

    async def addresses(self, host: str) -> list[str]:
        """The addresses of a host. Raises OSError or ValueError if it has none."""
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


def _request(post: Post, url: httpx2.URL, address: str, now: int) -> httpx2.Request:
    body = urlencode(dict(post.form)).encode() if post.json is None else post.json
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Content-Type": _FORM if post.json is None else "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "payamak",
        "Webhook-Id": post.id,
        "Webhook-Timestamp": str(now // 1_000),
    }
    if post.secret:
        headers["Webhook-Signature"] = signature(post.secret, post.id, now // 1_000, body)
    if not post.is_complete:
        headers["Payamak-Incomplete"] = "1"
    each = dict.fromkeys(("connect", "read", "write", "pool"), post.timeout_s)
    extensions = {"timeout": each, "sni_hostname": url.raw_host.decode("ascii")}
    return httpx2.Request("POST", url.copy_with(host=address), headers=headers, content=body, extensions=extensions)


def signature(secret: str, post_id: str, timestamp_s: int, body: bytes) -> str:
    """As Standard Webhooks: HMAC-SHA256 of id, time and body. Raises UnfitSecret: nothing leaves signed by a letter."""
    signed = hmac.new(signing_key(secret), f"{post_id}.{timestamp_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


async def _read(post: Post, response: httpx2.Response, now: int) -> Posted:
    status = response.status_code
    note, body = f"HTTP {status}", None
    if post.wants_any_body or (post.wants_body and status == 200):
        body = _text(response, await _octets(response))
        if body is None:
            note += "; its body is no text that can be sent"
    else:  # the status is the answer; the body is read so that the connection can be used again
        with suppress(TimeoutError, httpx2.HTTPError):
            async with asyncio.timeout(DRAIN_S):
                await _octets(response)
    retry_after_ms = parse_retry_after(response.headers.get("retry-after"), now)
    page = body is not None and body != "" and is_page(response.headers.get("content-type", ""), body)
    return Posted(status=status, note=note, retry_after_ms=retry_after_ms, body=body, is_page=page)


async def _octets(response: httpx2.Response) -> bytes:
    """The body, or one octet more than the limit."""
    octets = b""
    async for piece in response.aiter_raw():
        octets += piece
        if len(octets) > BODY_LIMIT_OCTETS:
            return octets[: BODY_LIMIT_OCTETS + 1]
    return octets


def _text(response: httpx2.Response, octets: bytes) -> str | None:
    """The body as text, blanks around it trimmed; None if it is too long, compressed or not in its charset."""
    if len(octets) > BODY_LIMIT_OCTETS or response.headers.get("content-encoding", "identity") != "identity":
        return None
    try:
        text = octets.decode(response.charset_encoding or "utf-8")
    except (ValueError, LookupError):  # some codecs raise UnicodeError itself
        return None
    return None if "\0" in text else text.strip().removeprefix("\ufeff").strip()


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
    words = f": {error}" if isinstance(error, OSError | httpx2.ConnectError | UnfitSecret) else ""
    return f"{type(error).__name__}{words}"[:200]
