"""Texts (contract §7): kept octet for octet, split, counted and priced part by part; validity; silence of the logs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio
from tests.golden.http.tenants import tenanted_house
from tests.golden.http.wire import JSON, MULTIPART, SEND, STATES, build, call, form, multipart
from tests.scenarios.house import House
from tests.site import LINE, LINE2, PASSWORD, SERVICE_LINE

from payamak.store.records import Story

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRICES = {
    LINE: {"gsm7": 2_100, "ucs2": 900},
    LINE2: {"gsm7": 2_300, "ucs2": 1_000},
    SERVICE_LINE: {"gsm7": 3_000, "ucs2": 1_400},
}
MINUTE_MS, DAY_MINUTES = 60_000, 1_440


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house whose callers hear the operator's verdict, so that the ledger is settled when they are answered."""
    async with tenanted_house(tmp_path_factory.mktemp("texts")) as (home, _):
        yield home


_numbers = iter(range(1, 10_000))


def fresh_mobile() -> str:
    """A recipient that nobody else uses; it accepts."""
    return f"98919{next(_numbers):04d}000"


async def send(home: House, **fields: str) -> Story:
    """Send to a fresh recipient; everything that is known of the message."""
    body = await home.send(**{"mobile": fresh_mobile(), "message": "سلام", **fields})
    data = body["data"]
    assert isinstance(data, dict), body
    return await home.story(data["message_id"])


def received(home: House, story: Story) -> tuple[str, list[str]]:
    """What the operator got: the whole text, and the texts of the parts."""
    recipient = story.message.recipient
    (whole,) = [whole for whole in home.received() if whole.recipient == recipient]
    entries = [e for e in home.advertising.ledger.entries + home.service.ledger.entries if e.recipient == recipient]
    assert [e.part for e in entries] == list(range(1, whole.total + 1))
    return whole.text, [e.text for e in entries]


SPECIAL = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà"
EXTENSION = "^{}[]~\\|€"
COUNTED: list[tuple[str, str, int]] = [
    ("a", "gsm7", 1),
    ("a" * 160, "gsm7", 1),
    ("a" * 161, "gsm7", 2),
    ("a" * 306, "gsm7", 2),
    ("a" * 307, "gsm7", 3),
    ("a" * 1_530, "gsm7", 10),
    (SPECIAL, "gsm7", 1),
    (EXTENSION, "gsm7", 1),
    ("€" * 80, "gsm7", 1),
    ("€" * 80 + "a", "gsm7", 2),
    ("a" * 152 + "€" + "b" * 10, "gsm7", 2),
    ("€" * 153, "gsm7", 3),
    ("س" * 70, "ucs2", 1),
    ("س" * 71, "ucs2", 2),
    ("س" * 134, "ucs2", 2),
    ("س" * 135, "ucs2", 3),
    ("س" * 670, "ucs2", 10),
    ("a" * 70 + "ی", "ucs2", 2),
    ("a" * 69 + "ی", "ucs2", 1),
    ("😀" * 35, "ucs2", 1),
    ("😀" * 36, "ucs2", 2),
    ("😀" * 70, "ucs2", 3),
    ("س" * 66 + "😀" + "س" * 9, "ucs2", 2),
    ("code:\t1", "ucs2", 1),
    ("Ça va", "gsm7", 1),
    ("ça va", "ucs2", 1),
]


@pytest.mark.parametrize(("text", "encoding", "parts"), COUNTED, ids=range(len(COUNTED)))
@pytest.mark.parametrize("line", PRICES)
async def test_parts_and_price(line: str, text: str, encoding: str, parts: int, home: House) -> None:
    """Counted, sent and charged are the same parts; the price is per part, by line and by language."""
    story = await send(home, message=text, line=line)
    step = story.message.current
    assert (step.encoding, step.parts) == (encoding, parts)
    whole, pieces = received(home, story)
    assert whole == text
    assert len(pieces) == parts
    longest = {"gsm7": 160 if parts == 1 else 153, "ucs2": 70 if parts == 1 else 67}[encoding]
    sizes = [
        len(p) + sum(p.count(c) for c in EXTENSION) if encoding == "gsm7" else len(p.encode("utf-16-le")) // 2
        for p in pieces
    ]
    assert max(sizes) <= longest
    charged = [(entry.kind, entry.amount) for entry in story.entries]
    price = PRICES[line][encoding] * parts
    assert charged == [("reserve", price), ("settle", price)]


KEPT = [
    "یک کتاب می‌خواهم؛ كتاب عربي ي ك",
    "۱۲۳ ٤٥٦ 789",
    "  two blanks, a tab\t and a line\r\nend\n",
    "'; DROP TABLE messages; --",
    "1 OR 1=1",
    '{"code": "1234"}',
    "{}",
    "[1, 2]",
    "null",
    "true",
    "0",
    '"quoted"',
    "100% & more = + %41 %zz #?/\\",
    "<script>alert(1)</script> &amp; ${x} {{7*7}} %s",
    "👩‍👩‍👧‍👦 e\u0301 \u202bRTL\u202c \ufeff",
    "‌.",
]


@pytest.mark.parametrize("text", KEPT, ids=range(len(KEPT)))
async def test_text_is_kept(text: str, home: House) -> None:
    """Form, JSON, multipart or query: the operator gets the text octet for octet, whatever it looks like."""
    for way in ("form", "json", "multipart", "get"):
        mobile = fresh_mobile()
        fields = {"username": "demo", "password": PASSWORD, "mobile": mobile, "message": text, "line": LINE}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
        request = {
            "form": build(SEND, form(fields)),
            "json": build(SEND, json.dumps(fields, ensure_ascii=False).encode(), JSON),
            "multipart": build(SEND, multipart(fields), MULTIPART),
            "get": build(f"{SEND}?{query}", method="GET"),
        }[way]
        assert (await call(home.base_url, request)).json["status"] == -1
        assert [whole.text for whole in home.received() if whole.recipient == mobile] == [text], way


async def test_a_dearer_step_is_reserved_and_given_back(home: House) -> None:
    """The dearest step is reserved, the one that was taken is charged, the rest comes back at the end."""
    story = await send(home, line=LINE, line2=LINE2, type="2")
    await home.drained()
    story = await home.story(story.message.id)
    assert [(e.kind, e.amount) for e in story.entries] == [("reserve", 1_400), ("settle", 900), ("release", 500)]
    assert (story.message.charged, story.message.reserved) == (900, 0)


LIFE_TIMES = {
    "1": 1,
    "60": 60,
    "۶۰": 60,
    "٦٠": 60,
    "10080": 10_080,
    " 5 ": 5,
    "": DAY_MINUTES,
    "0": DAY_MINUTES,
    "10081": DAY_MINUTES,
    "-5": DAY_MINUTES,
    "1.5": DAY_MINUTES,
    "abc": DAY_MINUTES,
    "1; DROP TABLE messages": DAY_MINUTES,
    "9" * 5_000: DAY_MINUTES,
}


@pytest.mark.parametrize("life_time", LIFE_TIMES, ids=range(len(LIFE_TIMES)))
async def test_life_time(life_time: str, home: House) -> None:
    """1 to 10,080 minutes from acceptance; anything else is ignored, not refused: a day."""
    message = (await send(home, life_time=life_time)).message
    short_of_ms = LIFE_TIMES[life_time] * MINUTE_MS - (message.deadline_at - message.accepted_at)
    assert abs(short_of_ms) < 1_000


async def test_no_page_and_no_log_tells_a_secret(home: House) -> None:
    """No log and no metric holds a query string, a password, a text, or a whole number."""
    secret, text, mobile = "Geheim-4711", "Losung-0815", "989194455667"
    fields = {"username": "demo", "password": secret, "mobile": mobile, "message": text}
    for path in (SEND, STATES, "/nope.ashx"):
        query = f"{path}?{form(fields).decode()}"
        await call(home.base_url, build(query, method="GET"))
        await call(home.base_url, build(path, json.dumps(fields).encode(), JSON))
        await call(home.base_url, build(query, b'{"message": "' + text.encode(), JSON))
    assert (await home.send(mobile=mobile, message=text))["status"] == -1
    await home.drained()
    metrics = (await home.http.get(f"{home.base_url}/metrics")).text
    assert 'payamak_http_requests_total{path="/api/wssend.ashx",status="200"}' in metrics
    log = (home.folder / "serve.log").read_text()
    assert '"delivered"' in log
    for page in (metrics, log):
        for told in (secret, text, mobile, mobile[2:], PASSWORD, "password=", "username="):
            assert told not in page
