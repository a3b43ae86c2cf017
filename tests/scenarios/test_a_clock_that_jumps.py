"""The clock is set while the program runs (libfaketime): nothing goes too late, nothing ends too soon (P7)."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scenarios.house import POLL_S, House, house
from tests.scenarios.test_a_copy_put_back import payamak, sent
from tests.site import LINE

from payamak.domain.message import Reason, State

WITHIN_S = 30
LIBRARY = next(iter(sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))), "")

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(not LIBRARY, reason="libfaketime is not installed (Debian: faketime)"),
]

Setter = Callable[[str], object]


@pytest.fixture
def set_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setter:
    """Sets the wall clock of every program that is started from here on, by so many seconds."""
    offset = tmp_path / "offset"
    offset.write_text("+0\n")
    environment = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1"}
    for name, value in {**environment, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}.items():
        monkeypatch.setenv(name, value)
    return lambda by: offset.write_text(f"{by}\n")


async def readyz_says(home: House, word: str) -> str:
    """What readyz says, once the word is in it, or, if it begins with a !, is not."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            answer = await home.http.get(f"{home.base_url}/readyz")
            assert answer.status_code == 200
            if (word.removeprefix("!") in answer.text) is not word.startswith("!"):
                return answer.text
            await asyncio.sleep(POLL_S)


async def stands(home: House, message_id: int, reason: Reason) -> None:
    """Wait until the message waits for this reason."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            message = (await home.story(message_id)).message
            assert message.state is State.QUEUED
            if message.reason is reason:
                return
            await asyncio.sleep(POLL_S)


async def test_the_clock_is_set_while_we_run(tmp_path: Path, set_clock: Setter) -> None:
    """A day ahead and right again, then an hour back over a restart, then accepted: each is said, none costs any."""
    async with house(tmp_path, serve=False) as home:
        await payamak(home, "suspend", "line", LINE)
        await home.serve()
        data = (await home.send(mobile="989120009000", message="سلام", line=LINE, life_time="60"))["data"]
        assert isinstance(data, dict)
        waits = int(data["message_id"])

        set_clock("+86400")
        assert "payamak clock accept" in await readyz_says(home, "ahead")
        page = (await home.http.get(f"{home.base_url}/metrics")).text
        assert "payamak_clock_in_doubt 1.0" in page
        assert "payamak_clock_jumps_total 1.0" in page
        found = (await payamak(home, "doctor", code=1))["findings"]
        assert ["ahead" in f["says"] for f in found if f["name"] == "clock jumped"] == [True]
        assert (await payamak(home, "clock", code=1))["is_in_doubt"] is True
        await payamak(home, "resume", "line", LINE)
        await stands(home, waits, Reason.CLOCK)
        assert "clock accept" in (await payamak(home, "show", str(waits)))["next"]
        assert not sent(home)

        set_clock("+0")
        await readyz_says(home, "!clock")
        assert await home.final_state(waits) == 1

        await home.terminate()
        set_clock("-3600")
        await home.serve()
        await readyz_says(home, "behind")
        fresh = (await home.send(mobile="989130009000", message="سلام", line=LINE))["data"]
        assert isinstance(fresh, dict)
        assert await home.final_state(int(fresh["message_id"])) == 1
        assert (await payamak(home, "clock", "accept"))["is_accepted"] is True
        (row, *_) = (await payamak(home, "audit"))["acts"]
        assert (row["command"], row["what"], row["about"]) == ("payamak clock accept", "accept", "clock")
        await readyz_says(home, "!clock")
        log = (home.folder / "serve.log").read_text()
        assert all(event in log for event in ("clock_jumped", "clock_settled", "clock_set_back"))
