"""Programs as they are written for the panel, with the libraries they use: only the host name has changed."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
import pytest_asyncio
from tests.golden.http.tenants import tenanted_house
from tests.golden.http.wire import FORM, JSON, SEND
from tests.scenarios.house import House
from tests.site import LINE, LINE2, PASSWORD, QUOTING_PASSWORD, SERVICE_LINE, SIM_LINE

from payamak.client import AsyncClient, Chelcheleh, Client, OptedOut, Refusal, SecondLine, ServiceLine

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOBILE, OPTED_OUT, OPTED_OUT_ALL = "989395213300", "989120009033", "989120009027"
FIELDS = {"username": "quoting", "password": QUOTING_PASSWORD, "mobile": MOBILE, "message": "سلام + 100%", "line": LINE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all programs."""
    async with tenanted_house(tmp_path_factory.mktemp("programs")) as (home, _):
        yield home


def by_urllib(base_url: str) -> bytes:
    """A form by Python's own urllib."""
    with urllib.request.urlopen(f"{base_url}{SEND}", urlencode(FIELDS).encode(), timeout=10) as answer:
        body: bytes = answer.read()
    return body


def by_http_client(base_url: str) -> bytes:
    """JSON over one kept connection, the second answer."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    for _ in range(2):
        connection.request("POST", SEND, json.dumps(FIELDS), {"Content-Type": JSON})
        body = connection.getresponse().read()
    connection.close()
    return body


def by_old_http(base_url: str) -> bytes:
    """HTTP/1.0, as PHP's file_get_contents speaks it."""

    class Old(http.client.HTTPConnection):
        _http_vsn, _http_vsn_str = 10, "HTTP/1.0"

    connection = Old(urlsplit(base_url).netloc, timeout=10)
    connection.request("POST", SEND.lower(), urlencode(FIELDS), {"Content-Type": FORM})
    body = connection.getresponse().read()
    connection.close()
    return body


def by_httpx2(**how: object) -> Callable[[str], bytes]:
    """httpx2 with a form, JSON, multipart or a query."""

    def call(base_url: str) -> bytes:
        method = "GET" if "params" in how else "POST"
        return httpx2.request(method, f"{base_url}{SEND}", timeout=10, **how).content  # type: ignore[arg-type]

    return call


PROGRAMS: dict[str, Callable[[str], bytes]] = {
    "urllib": by_urllib,
    "http.client": by_http_client,
    "HTTP/1.0": by_old_http,
    "httpx2, form": by_httpx2(data=FIELDS),
    "httpx2, JSON": by_httpx2(json=FIELDS),
    "httpx2, multipart": by_httpx2(files={name: (None, value) for name, value in FIELDS.items()}),
    "httpx2, query": by_httpx2(params=FIELDS),
}


async def accepted(home: House, body: bytes) -> None:
    """The answer is the manual's, and the operator got the text as it was written."""
    told = json.loads(body)
    assert (told["status"], told["data"]["line"], told["data"]["mobile"]) == (-1, int(LINE), MOBILE)
    story = await home.story(told["data"]["message_id"])
    assert story.message.current.text == FIELDS["message"]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_program(program: str, home: House) -> None:
    """Each library's ordinary call sends the message as it was written, with a password that has to be quoted."""
    await accepted(home, await asyncio.to_thread(PROGRAMS[program], home.base_url))


def _encoded() -> list[str]:
    return [word for name, value in FIELDS.items() for word in ("--data-urlencode", f"{name}={value}")]


CURL: dict[str, Sequence[str]] = {
    "form": _encoded(),
    "form, 1.0": ("-0", *_encoded()),
    "query": ("-G", *_encoded()),
    "a body with GET": ("-X", "GET", *_encoded()),
    "multipart": [word for name, value in FIELDS.items() for word in ("-F", f"{name}={value}")],
    "JSON": ("-H", f"Content-Type: {JSON}", "-d", json.dumps(FIELDS, ensure_ascii=False)),
    "Expect": ("-H", "Expect: 100-continue", *_encoded()),
    "chunked": ("-H", "Transfer-Encoding: chunked", *_encoded()),
}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("way", CURL)
async def test_curl(way: str, home: House) -> None:
    """curl, as the panel's users try it first."""
    command = ("curl", "-sS", "--max-time", "10", *CURL[way], f"{home.base_url}{SEND}")
    curl = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    body, _ = await curl.communicate()
    assert curl.returncode == 0
    await accepted(home, body)


async def test_our_own_client_through_the_five_scenarios(home: House) -> None:
    """The client library says what the manual's scenarios say, asynchronously and in a thread."""
    async with AsyncClient(home.base_url, username="demo", password=PASSWORD, line=LINE) as sms:
        assert (await sms.send("09395213300", "سلام")).line == LINE
        assert (await sms.send(MOBILE, "سلام", via=ServiceLine())).line == SERVICE_LINE
        for fallback, line in ((SecondLine(LINE2), LINE2), (Chelcheleh(), SIM_LINE), (ServiceLine(), SERVICE_LINE)):
            sent = await sms.send(OPTED_OUT, "سلام", fallback=fallback)
            assert (sent.line, sent.recipient) == (line, OPTED_OUT)
        states = await sms.states([sent.message_id, 99_999_999])
        assert [state.name for state in states.values()][1] == "UNKNOWN"
        with pytest.raises(OptedOut):
            await sms.send(OPTED_OUT_ALL, "سلام", fallback=SecondLine(LINE2))

    def in_a_thread() -> str | None:
        with Client(f"{home.base_url}/services", username="string", password=PASSWORD) as sms:
            return sms.send(MOBILE, "سلام", line=LINE2).line

    assert await asyncio.to_thread(in_a_thread) == LINE2


async def test_our_own_client_tells_refusals(home: House) -> None:
    """A refusal is an exception with the code of the table."""
    async with AsyncClient(home.base_url, username="expired", password=PASSWORD, line=LINE) as sms:
        with pytest.raises(Refusal) as refused:
            await sms.send(MOBILE, "سلام")
    assert refused.value.code == 17
