"""What handsets send, through the whole program: joined, opted out by, answered, listed and replayed by hand."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests import traces
from tests.scenarios.house import House, house
from tests.site import ADVERTISING_LOGIN, LINE, LINE2, LINE_1000
from tests.target import Call, Say, target

from payamak.domain.mo import Received
from payamak.domain.posting import PostState
from payamak.domain.site import Document, Keyword, Line
from payamak.encoding.parts import SplitMethod
from payamak.store.records import ReceivedSearch

SENDER = "989120009000"
LONG = "پیام بلندی که در یک تکه جا نمی‌شود 😀 " * 6


def with_target(url: str, *, allow: bool = True) -> Any:
    """LINE relays there and asks there for «قیمت»; it may answer at any hour."""

    def change(document: Document) -> Document:
        if not isinstance(document, Line) or document.number != LINE:
            return document
        keyword = Keyword(keyword="قیمت", url=f"{url}/price", account="demo")
        return msgspec.structs.replace(
            document, relay_url=f"{url}/sms", keywords=(keyword,), allow_private_target=allow, hours="always"
        )

    return change


async def received(home: House) -> list[Received]:
    """Everything that is kept, oldest first."""
    async with home.store() as store:
        return (await store.search_received(ReceivedSearch()))[::-1]


async def mo(home: House, text: str, line: str = LINE, **more: Any) -> None:
    """A handset sends; returns when the gateway has acknowledged every part."""
    assert await home.advertising.send_mo(line, SENDER, text, system_id=ADVERTISING_LOGIN[0], **more)


async def command(home: House, *arguments: str) -> dict[str, Any]:
    """The command line beside the server, in JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak", *arguments, "--json", "--data", str(home.database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    traces.kept_text(errors.decode(), traces.Trace.COMMAND)
    assert process.returncode == 0
    answer = json.loads(output)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("method", list(SplitMethod))
async def test_a_long_one_is_whole(tmp_path: Path, method: SplitMethod) -> None:
    """A text of several parts, with any header or in one payload, is one message on the line as registered."""
    async with house(tmp_path) as home:
        await mo(home, LONG, LINE.removeprefix("98"), method=method)
        await mo(home, "[€]", "98" + LINE_1000, method=method)
        found = await received(home)
    assert [(r.line, r.sender, r.text, r.is_complete) for r in found] == [
        (LINE, SENDER, LONG, True),
        (LINE_1000, SENDER, "[€]", True),
    ]
    assert {r.relay for r in found} == {PostState.NONE}


async def test_opt_out_by_the_handset(tmp_path: Path) -> None:
    """«لغو۱۱» on a line stops it at once, with code 33 and free of charge; «12» takes it back."""

    def always(document: Document) -> Document:
        return msgspec.structs.replace(document, hours="always") if isinstance(document, Line) else document

    async with house(tmp_path, always) as home:
        await mo(home, "لغو۱۱", LINE2)
        assert (await home.send(mobile=SENDER, message="سلام", line=LINE2))["status"] == 33
        known = await command(home, "optout", "seen", SENDER)
        assert [(o["line"], o["code"], o["source"]) for o in known["opt_outs"]] == [(LINE2, 33, "handset")]
        await mo(home, "۱۲", LINE2)
        assert (await home.send(mobile=SENDER, message="سلام", line=LINE2))["status"] == -1


async def test_a_web_request_is_answered_once(tmp_path: Path) -> None:
    """The keyword's target gets the form, and what it says goes back to the handset on the line, charged."""

    async def script(call: Call) -> Say:
        return Say(body="دلار ۱۰۰\n".encode()) if "price" in call.request_line else Say()

    async with target(script) as shop, house(tmp_path, with_target(f"http://127.0.0.1:{shop.port}")) as home:
        await mo(home, "قيمت دلار")
        await mo(home, "سلام")
        await shop.until(lambda: len(shop.calls) == 2)
        await home.advertising.ledger.until(lambda ledger: len(ledger.entries) == 1)
        await home.drained()
        by_path = {call.request_line.split()[1]: call.form for call in shop.calls}
        assert by_path == {
            "/price": {"to": LINE, "from": SENDER, "text": "قيمت دلار"},
            "/sms": {"to": LINE, "from": SENDER, "text": "سلام"},
        }
        assert [(w.recipient, w.line, w.text) for w in home.received()] == [(SENDER, LINE, "دلار ۱۰۰")]
        asked, _ = await received(home)
        assert asked.reply_id is not None
        story = await home.story(asked.reply_id)
        assert story.message.charged > 0
        assert all(balance.is_balanced for balance in await home.balances())


async def test_private_targets_and_replay(tmp_path: Path) -> None:
    """Without permission nothing goes to a private address; what was given up is posted again by hand."""

    async def gone(call: Call) -> Say:
        return Say(status=410 if len(shop.calls) == 0 else 200)

    async with target(gone) as shop, house(tmp_path, with_target(shop.url(""), allow=False)) as home:
        await mo(home, "یک")
        async with asyncio.timeout(20):
            while not (first := (await received(home))[0]).tries:  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.05)
        assert "private" in first.note
        assert shop.connections == 0
        await command(home, "line", "change", LINE, "--set", "allow_private_target=true")
        await shop.until(lambda: len(shop.calls) == 1)
        async with asyncio.timeout(20):
            while (await received(home))[0].relay is not PostState.DEAD:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        listed = await command(home, "received", "list", "--relay", "dead")
        assert [(r["id"], r["note"], "text" in r) for r in listed["received"]] == [(first.id, "HTTP 410", False)]
        assert await command(home, "received", "replay", "--line", LINE, "--yes") == {"replayed": 1}
        await shop.until(lambda: len(shop.calls) == 2)
        assert {call.headers["webhook-id"] for call in shop.calls} == {f"mo-{first.id}"}
        listed = await command(home, "received", "list", "--text")
        assert [r["text"] for r in listed["received"]] == ["یک"]
