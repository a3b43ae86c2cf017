"""One post: the form, its headers and signature, allowed addresses, and everything that can go wrong."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from msgspec.structs import replace
from tests.ports import reserved_port
from tests.target import Call, Say, Script, target

from payamak.posts.answers import BODY_LIMIT_OCTETS
from payamak.posts.post import (
    Post,
    Posted,
    Poster,
    parse_retry_after,
    signature,
)

NOW = 1_700_000_000_000
POST = Post(
    url="",
    id="mo-1001",
    form={"to": "983000111", "from": "989120000001", "text": "سلام & 1+1"},
    timeout_s=5,
    private_is_allowed=True,
    wants_body=True,
)


def saying(say: Say) -> Script:
    """Always the same answer."""

    async def script(call: Call) -> Say:
        return say

    return script


async def posted(post: Post) -> Posted:
    """Post once with a poster of its own."""
    poster = Poster()
    try:
        return await poster.post(post, NOW)
    finally:
        await poster.close()


async def test_form() -> None:
    """A form of to, from and text in UTF-8, with an id, to the URL as it is configured."""
    async with target(saying(Say(body="بله".encode()))) as shop:
        assert await posted(replace(POST, url=shop.url("/sms?key=1"))) == Posted(
            status=200, note="HTTP 200", body="بله"
        )
    (call,) = shop.calls
    assert call.request_line == "POST /sms?key=1 HTTP/1.1"
    assert call.form == dict(POST.form)
    assert call.headers["host"] == f"127.0.0.1:{shop.port}"
    assert call.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert (call.headers["webhook-id"], call.headers["webhook-timestamp"]) == ("mo-1001", "1700000000")
    assert not {"webhook-signature", "payamak-incomplete", "cookie"} & call.headers.keys()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", "POST / HTTP/1.1"),
        ("?key=1#top", "POST /?key=1 HTTP/1.1"),
        ("/a b/س?x=%41", "POST /a%20b/%D8%B3?x=%41 HTTP/1.1"),
    ],
)
async def test_what_stands_in_a_url(path: str, line: str) -> None:
    """Whatever a URL says is escaped in the first line of the post."""
    async with target() as shop:
        assert (await posted(replace(POST, url=shop.url(path)))).status == 200
    assert [call.request_line for call in shop.calls] == [line]


@pytest.mark.parametrize("path", ["/\r\nX-Ours: 1", "/\n\nPOST / HTTP/1.1", "/?a=\0", "/\r\n\r\n"])
async def test_no_line_of_a_url(path: str) -> None:
    """A URL with the end of a line in it, or what is none, is posted to nobody."""
    async with target() as shop:
        told = await posted(replace(POST, url=shop.url(path)))
        assert (await posted(replace(POST, url="ftp://127.0.0.1/"))).status is None
    assert (told.status, shop.calls) == (None, [])


async def test_signed_and_marked() -> None:
    """With a secret the post is signed; a message that lacks parts says so."""
    async with target() as shop:
        await posted(replace(POST, url=shop.url(), secret="a secret of the shop", is_complete=False))
    (call,) = shop.calls
    assert call.headers["webhook-signature"] == signature("a secret of the shop", "mo-1001", NOW // 1_000, call.body)
    assert call.headers["payamak-incomplete"] == "1"


def test_signature_of_the_standard() -> None:
    """The example of the Standard Webhooks specification's reference implementations."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_connection_is_used_again() -> None:
    """Two posts to one origin need one connection; no cookie is kept."""
    async with target(saying(Say(headers=("Set-Cookie: a=b",)))) as shop:
        poster = Poster()
        for _ in range(2):
            assert (await poster.post(replace(POST, url=shop.url()), NOW)).status == 200
        await poster.close()
    assert shop.connections == 1
    assert "cookie" not in shop.calls[1].headers


async def test_redirects_are_not_followed() -> None:
    """A redirect is an answer like any other."""
    async with target(saying(Say(status=302, headers=("Location: /other",)))) as shop:
        assert await posted(replace(POST, url=shop.url())) == Posted(status=302, note="HTTP 302")
    assert len(shop.calls) == 1


async def test_retry_after() -> None:
    """The pause that the customer asks for is told."""
    async with target(saying(Say(status=503, headers=("Retry-After: 30",)))) as shop:
        assert (await posted(replace(POST, url=shop.url()))).retry_after_ms == 30_000


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("0", 0),
        (" 120 ", 120_000),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60_000),
        ("Tue, 14 Nov 2000 22:14:20 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
        (None, None),
    ],
)
def test_parse_retry_after(value: str | None, pause: int | None) -> None:
    """Seconds or a date; what is neither is not there."""
    assert parse_retry_after(value, NOW) == pause


@pytest.mark.parametrize(
    ("say", "body"),
    [
        (Say(body=b"  yes \r\n"), "yes"),
        (Say(body=b"1 < 2, <3, a<b and 5 <p"), "1 < 2, <3, a<b and 5 <p"),
        (Say(), ""),
        (Say(headers=("Content-Type: text/html",)), ""),
        (Say(body=b"\xd3", headers=("Content-Type: text/plain; charset=windows-1256",)), "س"),
        (Say(body=b"\xff"), None),
        (Say(body=b"a\0b"), None),
        (Say(body=b"x", headers=("Content-Encoding: gzip",)), None),
        (Say(body=b"x" * (BODY_LIMIT_OCTETS + 1)), None),
        (Say(body=b"x", headers=("Content-Type: text/plain; charset=klingon",)), None),
        (Say(body=b"xn--a", headers=("Content-Type: text/plain; charset=idna",)), None),
    ],
    ids=[
        "trimmed",
        "less than",
        "empty",
        "an empty page",
        "charset",
        "no utf-8",
        "nul",
        "compressed",
        "long",
        "unknown charset",
        "a codec with an error of its own",
    ],
)
async def test_bodies(say: Say, body: str | None) -> None:
    """A body is text in its charset, trimmed, or no text that can be sent; the status is 200 all the same."""
    async with target(saying(say)) as shop:
        got = await posted(replace(POST, url=shop.url()))
    assert (got.status, got.body, got.is_page) == (200, body, False)


@pytest.mark.parametrize("octets", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
async def test_broken_answers(octets: bytes) -> None:
    """What is no whole HTTP answer is no status, and no exception."""
    async with target(saying(Say(octets=octets))) as shop:
        got = await posted(replace(POST, url=shop.url()))
    assert got.status is None
    assert got.note


async def test_a_body_that_nobody_waits_for() -> None:
    """For the relay the status is the answer: a body that breaks off changes nothing."""
    say = Say(octets=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    async with target(saying(say)) as shop:
        assert (await posted(replace(POST, url=shop.url(), wants_body=False))).status == 200


async def test_time_is_bounded() -> None:
    """A target that says nothing holds nobody longer than its time-out."""
    hold = asyncio.Event()

    async def silent(call: Call) -> Say:
        await hold.wait()
        return Say()

    async with target(silent) as shop:
        assert await posted(replace(POST, url=shop.url(), timeout_s=0.05)) == Posted(note="no answer within 0.05 s")
        hold.set()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://nowhere.invalid/", "http://a..b/"]
)
async def test_nobody_there(url: str) -> None:
    """No connection, no such name: told, not raised."""
    with reserved_port("::1" if "::1" in url else "127.0.0.1") as port:
        got = await posted(replace(POST, url=url.format(port=port)))
    assert got.status is None
    assert got.note


async def test_notes_quote_no_answer() -> None:
    """An answer that breaks the rules of HTTP may hold anything, our own form too: the note does not repeat it."""

    async def echoing(call: Call) -> Say:
        return Say(octets=b"HTTP/1.1 " + call.body + b"\r\n\r\n")

    async with target(echoing) as shop:
        got = await posted(replace(POST, url=shop.url()))
    assert got.status is None
    assert "Error" in got.note
    assert not any(said in got.note for said in ("989120000001", "D8%B3", "%26"))


def test_reprs_hold_nothing_of_the_post() -> None:
    """Neither the form, nor the secret, nor the answer shows where an object is printed."""
    shown = repr(replace(POST, secret="a secret of the shop")) + repr(Posted(status=200, body="تماس 09120000001"))
    assert not any(said in shown for said in ("9120000001", "سلام", "a secret of the shop", "تماس"))


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "0177.0.0.1", "0x7f000001", "①②⑦.⓪.⓪.①", "a@127.0.0.1"])
async def test_spellings_of_private_addresses(host: str) -> None:
    """Whatever the name service makes of an odd spelling, no connection comes of it."""
    async with target() as shop:
        got = await posted(replace(POST, url=f"http://{host}:{shop.port}/", private_is_allowed=False))
    assert (got.status, shop.connections) == (None, 0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "2130706433"]
)
async def test_private_targets(host: str) -> None:
    """Without permission nothing is written to a private address, however it is spelt."""
    async with target() as shop:
        got = await posted(replace(POST, url=f"http://{host}:{shop.port}/", private_is_allowed=False))
    assert "private" in got.note
    assert (shop.calls, shop.connections) == ([], 0)


async def test_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is asked once; the connection goes to the checked address, with the name in Host."""
    asked: list[Any] = []

    def getaddrinfo(host: str, port: int | None, **more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "10.0.0.1")]

    async with target() as shop:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert (await posted(replace(POST, url=f"http://shop.example.ir:{shop.port}/"))).status == 200
    assert asked == ["shop.example.ir"]
    assert shop.calls[0].headers["host"] == f"shop.example.ir:{shop.port}"


@pytest.mark.parametrize("secret", ["x", "fifteen octets!", "whsec_eA==", "whsec_" + "eHh4" * 5])
async def test_a_secret_that_anyone_guesses_signs_nothing(secret: str) -> None:
    """Below 16 octets, in clear or as base64, nothing is posted, and the note does not quote it."""
    async with target() as shop:
        got = await posted(replace(POST, url=shop.url(), secret=secret))
    assert "shorter than 16 octets" in got.note
    assert secret not in got.note
    assert shop.calls == []
