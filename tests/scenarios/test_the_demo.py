"""The demo as a newcomer meets it: a process, its table, its facts, its end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import httpx2
from rich.console import Console
from tests import traces

from payamak.demo.run import _summary, _to_look
from payamak.demo.scenarios import cases
from payamak.demo.site import MOBILES, PASSWORD, QUOTING_PASSWORD

DEMO = (sys.executable, "-m", "payamak", "demo")


SOMEBODY = "989121230001"
"""Whom none of the scenarios writes to."""


def login_of(account: dict[str, str]) -> dict[str, str]:
    """How an account of the facts calls."""
    return {key: account[key] for key in ("username", "password")}


async def _start(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    """The demo; its table on a pipe, its log in a file of the folder."""
    traces.know(traces.Kind.PASSWORD, PASSWORD, QUOTING_PASSWORD)
    traces.know(traces.Kind.NUMBER, *MOBILES.values(), *(case.recipient for case in cases()))
    traces.know(traces.Kind.TEXT, *(case.text for case in cases() if isinstance(case.text, str)))
    with traces.opened(folder / "demo.log", traces.Trace.DEMO) as log:
        return await asyncio.create_subprocess_exec(
            *DEMO,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, "COLUMNS": "150"},
        )


async def test_once_shows_the_scenarios_and_exits_with_nought(tmp_path: Path) -> None:
    """`demo --once` ends by itself when all is final, with a table, and sends nobody to a server that is gone."""
    process = await _start(tmp_path, "--once")
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert "All 22 messages came out as the manual says." in text
    assert "دریافت توسط گوشی" in text
    assert "curl http" not in text
    assert "Without --once it goes on serving" in text
    assert "✗" not in text


def test_who_goes_on_says_how_to_ask() -> None:
    """A curl line that can be copied, as one line also on a narrow terminal, and how to stop it."""
    console = Console(width=40, file=io.StringIO(), record=True)
    commands = _to_look("/tmp/demo/payamak.sqlite", 2775)
    assert _summary(console, [], "http://gateway.example", commands, goes_on=True)
    lines = console.export_text().splitlines()
    assert any(line.startswith("  curl http://gateway.example/api/wsSend.ashx -d ") for line in lines)
    assert "  export PAYAMAK_DATABASE=/tmp/demo/payamak.sqlite" in lines
    assert [line for line in lines if line][-1] == "Ctrl-C stops it."


async def test_it_goes_on_serving_until_ctrl_c(tmp_path: Path) -> None:
    """The facts appear when it is ready, name working accounts, and Ctrl-C stops it cleanly in under 3 s."""
    facts_file = tmp_path / "facts.json"
    process = await _start(tmp_path, "--facts", str(facts_file), "--data", str(tmp_path / "data"))
    try:
        async with asyncio.timeout(30):
            while not facts_file.exists():  # noqa: ASYNC110 - the file is the signal
                await asyncio.sleep(0.02)
        facts = json.loads(facts_file.read_text(encoding="utf-8"))
        async with httpx2.AsyncClient(base_url=facts["base_url"], timeout=30) as http:
            assert (await http.get("/readyz")).status_code == 200
            account, mobiles = facts["account"], facts["mobiles"]
            for mobile, line in (("ok", "line"), ("ok2", "line"), ("opted_out", "line2")):
                fields = {key: account[key] for key in ("username", "password", "line", "line2")}
                body = {**fields, "mobile": mobiles[mobile], "message": "سلام"}
                answer = (await http.post("/api/wsSend.ashx", data=body)).json()
                assert answer["data"]["line"] == int(account[line])
            for name, status in (
                ("other_account", -1),
                ("quoting_account", -1),
                ("poor_account", 14),
                ("inactive_account", 16),
                ("expired_account", 17),
            ):
                body = {**facts[name], "mobile": mobiles["ok"], "message": "سلام"}
                assert (await http.post("/api/wsSend.ashx", data=body)).json()["status"] == status
            demo, other = facts["account"], facts["other_account"]
            for one, another in ((demo, other), (other, demo)):
                body = {**login_of(one), "line": another["line"], "mobile": mobiles["ok"], "message": "سلام"}
                assert (await http.post("/api/wsSend.ashx", data=body)).json()["status"] == 2, "another's line"
            for name, kind in (("numeric", int), ("string", str)):
                body = {**facts["profiles"][name], "mobile": mobiles["ok"], "message": "سلام"}
                data = (await http.post("/api/wsSend.ashx", data=body)).json()["data"]
                assert {type(value) for value in data.values()} == {kind}
            body = {**login_of(demo), "line": demo["line"], "mobile": SOMEBODY, "message": "hello sandbox"}
            own_id = (await http.post("/api/wsSend.ashx", data=body)).json()["data"]["message_id"]
            async with asyncio.timeout(30):
                body = {**login_of(demo), "message_ids": str(own_id)}
                while (await http.post("/api/wsStates.aspx", data=body)).json()["data"]["states"] != "1":  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
    assert time.monotonic() - began < 20, "Ctrl-C takes under 3 s by promise, where nobody else wants the processor"
    assert b"Traceback" not in output
    told = [line.split(maxsplit=2) for line in output.decode().splitlines() if SOMEBODY in line]
    assert {(number, recipient) for number, recipient, _ in told} == {(str(own_id), SOMEBODY)}
    assert told[0][2].endswith("1 part: hello sandbox")
    assert told[-1][2].startswith("delivered after ")
    assert (tmp_path / "demo.log").read_text() == "", "the demo warns of nothing"
