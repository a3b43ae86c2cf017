"""The receivers that docs/guide/webhooks.md gives to customers, against real posts: PHP as a server, and Python."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook
from tests.target import Call, target
from tests.webhook_receiver import SECRET, block, is_ours

from payamak.clock import SystemClock
from payamak.domain.webhooks import ping_payload
from payamak.posts.post import Post, Posted, Poster, signature

BODY = b'{"type":"message.state","id":"evt-3403-1","data":{"message_id":3403,"state":"queued","line":"98300/0"}}'
OLD_MS = 301_000


def post(url: str, secret: str = SECRET) -> Post:
    """A webhook's post."""
    return Post(url=url, id="evt-3403-1", json=BODY, timeout_s=20, secret=secret, private_is_allowed=True)


async def posted(one: Post, age_ms: int = 0) -> Posted:
    """Post it, as if `age_ms` ago."""
    poster = Poster()
    try:
        return await poster.post(one, SystemClock().now() - age_ms)
    finally:
        await poster.close()


@asynccontextmanager
async def php_server(folder: Path, told: list[str]) -> AsyncIterator[str]:
    """The guide's PHP file, served by PHP's own server; its URL. What PHP says comes into `told` at the end."""
    (folder / "receiver.php").write_text(block("php"), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *("php", "-d", "display_errors=stderr", "-S", "127.0.0.1:0", str(folder / "receiver.php")),
        stderr=asyncio.subprocess.PIPE,
        env={"SHOP_WEBHOOK_SECRET": SECRET, "PATH": "/usr/bin:/bin:/usr/local/bin"},
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            line = (await process.stderr.readline()).decode()
        yield line[line.index("http://") :].split(")")[0]
    finally:
        process.terminate()
        told += (await process.communicate())[1].decode().splitlines()


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed (Debian: php-cli)")
async def test_php(tmp_path: Path) -> None:
    """It takes what is signed with its secret and of now, and refuses another secret, or a post that was recorded."""
    told: list[str] = []
    async with php_server(tmp_path, told) as url:
        assert (await posted(post(url))).status == 204
        assert (await posted(post(url, "whsec_" + SECRET[6:][::-1]))).status == 401
        assert (await posted(post(url), OLD_MS)).status == 401
        ping = replace(post(url), id="evt-test", json=ping_payload("evt-test", "shop", SystemClock().now()))
        assert (await posted(ping)).status == 204
        assert (await posted(replace(ping, secret=""))).status == 401
    assert any("message 3403 is queued" in line for line in told)
    assert not [line for line in told if "Warning" in line or "Deprecated" in line or "Notice" in line]


async def test_python() -> None:
    """The same for the Python function; another octet in the body, another id or no signature of ours is refused."""
    async with target() as shop:
        await posted(post(shop.url()))
        await posted(post(shop.url()), OLD_MS)
    good, old = shop.calls
    assert takes(good)
    assert takes(replace(good, headers={**good.headers, "webhook-signature": f"v1,AAAA {signed(good)}"}))
    assert not takes(old)
    assert not takes(replace(good, body=good.body.replace(b"queued", b"unsent")))
    assert not takes(replace(good, headers={**good.headers, "webhook-id": "evt-3403-2"}))
    assert not takes(replace(good, headers={**good.headers, "webhook-signature": "v1a," + signed(good)[3:]}))


@pytest.mark.parametrize("octets", range(24, 65))
async def test_secrets_of_any_length(octets: int) -> None:
    """24 to 64 octets, as Standard Webhooks has it, padded or not: its own library takes what we sign."""
    secret = "whsec_" + base64.b64encode(bytes(range(150, 150 + octets))).decode()
    for written in (secret, secret.rstrip("=")):
        posted_s = SystemClock().now() // 1_000
        ours = signature(written, "evt-3403-1", posted_s, BODY)
        headers = {"webhook-id": "evt-3403-1", "webhook-timestamp": str(posted_s), "webhook-signature": ours}
        assert Webhook(written).verify(BODY, headers) == json.loads(BODY)


def takes(call: Call) -> bool:
    """Whether the guide's function takes a call for ours."""
    return is_ours()(SECRET, call.headers, call.body)


def signed(call: Call) -> str:
    """The signature that came with it."""
    return call.headers["webhook-signature"]
