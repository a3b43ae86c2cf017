"""The log of a gateway at work: who was refused, which link is down, whose messages these are."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.scenarios.house import POLL_S, READY_S, House, house
from tests.site import LINE

from payamak.codes import Code
from payamak.domain.site import Document, Link
from payamak.log_events import EVENTS

UNSET = "PAYAMAK_TESTS_NEVER_SET_THIS"


def one_unset(document: Document) -> Document:
    """The second link's password is in a variable that nobody has set."""
    if isinstance(document, Link) and document.name == "service":
        return replace(document, password=f"env:{UNSET}")
    return document


def lines_of(home: House) -> list[dict[str, Any]]:
    """What the log has so far."""
    text = (home.folder / "serve.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


async def until_told(home: House, link: str, *events: str) -> list[dict[str, Any]]:
    """The log's lines, once it has these events and says that the link is down: they leave by a thread of their own."""
    async with asyncio.timeout(READY_S):
        while True:
            lines = lines_of(home)
            is_down = any((line["event"], line.get("link")) == ("link_down", link) for line in lines)
            if is_down and set(events) <= {line["event"] for line in lines}:
                return lines
            await asyncio.sleep(POLL_S)


async def test_a_day_in_the_log(tmp_path: Path) -> None:
    """Each refused call and failed login has its line with account or name, code and network; a link that cannot be
    opened is an error, one that goes down a warning; a state has its account by name."""
    async with house(tmp_path, one_unset) as home:
        await home.send(mobile="989120009000", message="سلام", line=LINE)
        await home.send(mobile="989120009000", message="سلام", line=LINE, password="not-the-password")
        await home.send(mobile="989120009000", message="سلام", line=LINE, username="a-password-perhaps")
        await home.send(mobile="12", message="سلام", line=LINE)
        await home.advertising.stop()
        lines = await until_told(home, "advertising", "queued", "login_refused", "call_refused", "link_not_opened")
    told = {
        line["event"]: {name: value for name, value in line.items() if name not in ("timestamp", "part")}
        for line in reversed(lines)
    }
    where = {"door": "wssend", "address_masked": "127.0.0.*"}
    logins = [line for line in lines if line["event"] == "login_refused"]
    assert [(line.get("account"), line.get("name_masked")) for line in logins] == [
        ("demo", None),
        (None, "a-p*** (18)"),
    ]
    assert {(line["code"], line["level"]) for line in logins} == {(Code.CREDENTIALS, "warning")}
    assert [where.items() <= line.items() for line in logins] == [True, True]
    call = {"event": "call_refused", "level": "info", "code": Code.RECIPIENT_INVALID, "account": "demo", **where}
    assert told["call_refused"] == call
    assert told["link_not_opened"]["level"] == "error"
    assert (told["link_not_opened"]["link"], UNSET in told["link_not_opened"]["reason"]) == ("service", True)
    assert told["link_down"]["level"] == "warning"
    assert told["queued"]["account"] == "demo"
    assert {line["event"] for line in lines} - set(EVENTS) == set()
    assert [line for line in lines if line["level"] != EVENTS[line["event"]].level] == []
    assert [line for line in lines if line["event"].startswith(("link_", "smpp_")) and "link" not in line] == []
