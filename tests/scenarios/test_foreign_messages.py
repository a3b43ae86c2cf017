"""An operator that brings messages for a line of another one: what it says is kept, shown, and hardly believed."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests import traces
from tests.scenarios.house import House, house
from tests.site import LINE, SERVICE_LOGIN

SENDER = "989120009000"


async def command(home: House, *arguments: str) -> dict[str, Any]:
    """The command line beside the server, in JSON, whatever its exit code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak", *arguments, "--json", "--data", str(home.database)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    traces.kept_text(errors.decode(), traces.Trace.COMMAND)
    answer = json.loads(output)
    assert isinstance(answer, dict)
    return answer


async def found(home: House) -> dict[str, str]:
    """What the doctor finds wrong with the other operator's link and with opt-outs."""
    report = await command(home, "doctor")
    wrong = {finding["name"]: finding["says"] for finding in report["findings"] if not finding["is_well"]}
    return {name: says for name, says in wrong.items() if name in ("link service", "opt-outs")}


async def test_another_operators_word_about_a_line(tmp_path: Path) -> None:
    """It opts out and is marked, it never opts in, the doctor is red until the link names the line."""
    async with house(tmp_path) as home:
        for text in ("لغو", "12"):
            assert await home.service.send_mo(LINE, SENDER, text, system_id=SERVICE_LOGIN[0])
        assert (await home.send(mobile=SENDER, message="سلام", line=LINE))["status"] == 33
        (opt_out,) = (await command(home, "optout", "seen", SENDER))["opt_outs"]
        assert (opt_out["line"], opt_out["source"], opt_out["is_doubtful"]) == (LINE, "handset", True)
        listed = (await command(home, "received", "list", "--foreign"))["received"]
        assert [(one["link"], one["line"], one["is_foreign"]) for one in listed] == [("service", LINE, True)] * 2
        wrong = await found(home)
        assert set(wrong) == {"link service", "opt-outs"}
        assert f"2 messages of handsets for line {LINE}" in wrong["link service"]
        assert "mo_foreign" in (tmp_path / "serve.log").read_text()
        async with home.store() as store:
            link = replace(store.site.links["service"], receives_for=(LINE,))
            await store.put_documents([link], [], 0)
        assert await found(home) == {}
        replayed = await command(home, "received", "replay", "--foreign", "--line", LINE, "--yes")
        assert replayed == {"replayed": 2}
        assert (await command(home, "received", "list", "--foreign"))["received"] == []
