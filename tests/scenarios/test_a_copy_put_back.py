"""A copy of the store is put back, by the command or by hand: no id is given twice, nothing goes out unasked (P10)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests import traces
from tests.scenarios.house import POLL_S, House, accounts_changed, house
from tests.site import LINE, LINE2

from payamak.domain.message import Reason, State
from payamak.domain.restoring import AT_LEAST
from payamak.store.records import Search

COMMAND_S = 60
WAITING = [f"98912{number:03d}9000" for number in range(5)]
SINCE = [f"98913{number:03d}9000" for number in range(3)]
NEWEST = "989140009000"

Way = Callable[[House], Awaitable[None]]


async def payamak(home: House, *arguments: str, code: int = 0) -> Any:
    """Run a command on the store; its answer in JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "payamak", *arguments, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PAYAMAK_DATABASE": str(home.database)},
    )
    async with asyncio.timeout(COMMAND_S):
        out, err = await process.communicate()
    traces.kept_text(err.decode(), traces.Trace.COMMAND)
    assert process.returncode == code, (arguments, out, err)
    return json.loads(out) if out else err.decode()


async def send(home: House, mobile: str) -> int:
    """Accept one message; its id."""
    answer = await home.send(mobile=mobile, message="سلام", line=LINE)
    assert isinstance(answer["data"], dict), answer
    return int(answer["data"]["message_id"])


def sent(home: House) -> Counter[str]:
    """How often the operators took a text for each recipient."""
    return Counter(entry.recipient for entry in home.advertising.ledger.entries)


def files(home: House, *ends: str) -> list[Path]:
    """The store and what lies beside it."""
    return [path for end in ends if (path := home.database.with_name(home.database.name + end)).exists()]


def copy_of(home: House, folder: str, *ends: str) -> None:
    """Copy files as they are."""
    (home.folder / folder).mkdir()
    for path in files(home, *ends):
        shutil.copy(path, home.folder / folder / path.name)


def put_back(home: House, folder: str) -> None:
    """Put copied files in the place of the store's."""
    for path in files(home, "", "-wal", "-shm"):
        path.unlink()
    for path in (home.folder / folder).iterdir():
        shutil.copy(path, home.folder / path.name)


async def held(home: House) -> list[int]:
    """The ids that are held, as the store has them."""
    async with home.store() as store:
        found = await store.search(Search(state=State.QUEUED, limit=1_000))
    return sorted(m.id for m in found if m.reason is Reason.RESTORED)


async def wait(home: House) -> list[int]:
    """Start with a suspended line, and accept five messages, which wait."""
    await payamak(home, "suspend", "line", LINE)
    await home.serve()
    ids = [await send(home, mobile) for mobile in WAITING]
    async with home.store() as store:
        assert sorted(m.id for m in await store.search(Search(state=State.QUEUED))) == ids
    return ids


async def goes_on(home: House, ids: list[int]) -> int:
    """What waited goes out, and a few more; the last id that was given."""
    await payamak(home, "resume", "line", LINE)
    for message_id in ids:
        assert await home.final_state(message_id) == 1
    for mobile in SINCE:
        last = await send(home, mobile)
        assert await home.final_state(last) == 1
    assert sent(home) == Counter([*WAITING, *SINCE])
    return last


async def nothing_goes_unasked(home: House, ids: list[int], last: int) -> None:
    """What waited is held and shown; what comes now goes, under an id that nobody has been given."""
    assert await held(home) == ids
    await payamak(home, "resume", "line", LINE)
    newest = await send(home, NEWEST)
    assert newest > last
    assert await home.final_state(newest) == 1
    assert await held(home) == ids
    assert sent(home) == Counter([*WAITING, *SINCE, NEWEST])
    ready = await home.http.get(f"{home.base_url}/readyz")
    assert ready.status_code == 200
    assert "5 messages" in ready.text
    assert "resume restored" in ready.text
    assert "held_after_restore" in (home.folder / "serve.log").read_text()
    assert {row["reason"] for row in await payamak(home, "queue")} == {"restored"}
    story = await payamak(home, "show", str(ids[0]))
    assert "resume restored" in story["next"]
    found = (await payamak(home, "doctor", code=1))["findings"]
    assert ["5 messages are held" in f["says"] for f in found if f["name"] == "restored"] == [True]


# ------------------------------------------------------------------------------------- ways to put it back


async def by_the_command(home: House) -> None:
    """`payamak backup`, `payamak restore`."""
    said = await payamak(home, "restore", str(home.folder / "backup.sqlite"), "--replace")
    assert said["held"] == 5
    await home.serve()


async def by_hand(home: House) -> None:
    """The backup, copied over the store: it says of itself that it is a copy."""
    for path in files(home, "-wal", "-shm"):
        path.unlink()
    shutil.copy(home.folder / "backup.sqlite", home.database)
    await home.serve()


async def without_the_mark(home: House) -> None:
    """The same on another machine, where no mark lies beside it."""
    for path in files(home, "-mark"):
        path.unlink()
    await by_hand(home)


async def raw(home: House) -> None:
    """The file as it was at an earlier stop."""
    put_back(home, "stopped")
    await home.serve()


async def with_its_mark(home: House) -> None:
    """File and mark as they were at an earlier stop: nobody can see that, so a person says it."""
    put_back(home, "stopped-all")
    await home.serve("--restored")


WAYS: dict[str, Way] = {
    "the command": by_the_command,
    "a backup by hand": by_hand,
    "a backup elsewhere": without_the_mark,
    "an older file": raw,
    "a snapshot": with_its_mark,
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
async def test_nothing_goes_out_and_no_id_is_given_twice(tmp_path: Path, way: str) -> None:
    """Five wait in the copy: none goes until a person lets it, whichever way the copy was put back."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        ids = await wait(home)
        await payamak(home, "backup", str(home.folder / "backup.sqlite"))
        assert await home.terminate() == 0
        copy_of(home, "stopped", "")
        copy_of(home, "stopped-all", "", "-mark")
        await home.serve()
        last = await goes_on(home, ids)
        await home.kill()
        await WAYS[way](home)
        await nothing_goes_unasked(home, ids, last)
        assert (await payamak(home, "resume", "restored", "--yes"))["resumed"] == 5
        for message_id in ids:
            assert await home.final_state(message_id) == 1
            assert (await home.story(message_id)).message.copies == 1
        assert sent(home) == Counter([*WAITING, *WAITING, *SINCE, NEWEST])
        assert all(balance.is_balanced for balance in await home.balances())
        assert await home.terminate() == 0


@pytest.mark.slow
async def test_a_mark_that_is_older_than_its_store(tmp_path: Path) -> None:
    """The other direction is held too; a person who knows better says `moved`, and nothing counts as a copy."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        ids = await wait(home)
        assert await home.terminate() == 0
        (mark,) = files(home, "-mark")
        shutil.copy(mark, tmp_path / "older")
        await home.serve()
        assert await home.terminate() == 0
        shutil.copy(tmp_path / "older", mark)
        await home.serve()
        assert await held(home) == ids
        log = (tmp_path / "serve.log").read_text()
        assert "resume moved" in log
        assert (await payamak(home, "resume", "moved", "--yes"))["resumed"] == 5
        await payamak(home, "resume", "line", LINE)
        for message_id in ids:
            assert await home.final_state(message_id) == 1
            assert (await home.story(message_id)).message.copies == 0
        assert sent(home) == Counter(WAITING)
        assert await home.terminate() == 0
        await home.serve()
        assert await held(home) == []


@pytest.mark.slow
async def test_a_kill_is_no_restore(tmp_path: Path) -> None:
    """Killed and started again, again and again: store and mark belong together, nothing is held, ids go on above."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        ids = await wait(home)
        for _ in range(3):
            await home.kill()
            await home.serve()
            assert await held(home) == []
        assert await send(home, NEWEST) > ids[-1]


@pytest.mark.slow
async def test_let_go_by_line_and_cancelled(tmp_path: Path) -> None:
    """`--line` and `--account` let a part of it go; what is cancelled may have been sent, and ends so."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        await payamak(home, "suspend", "line", LINE)
        await payamak(home, "suspend", "line", LINE2)
        await home.serve()
        first = await send(home, WAITING[0])
        answer = await home.send(mobile=WAITING[1], message="سلام", line=LINE2)
        assert isinstance(answer["data"], dict)
        second = int(answer["data"]["message_id"])
        assert await home.terminate() == 0
        await home.serve("--restored")
        for line in (LINE, LINE2):
            await payamak(home, "resume", "line", line)
        assert (await payamak(home, "resume", "restored", "--account", "poor", "--yes"))["held"] == 2
        assert await payamak(home, "resume", "restored", "--line", LINE2, "--yes") == {
            "promised": 1,
            "resumed": 1,
            "gone": 0,
            "held": 1,
        }
        assert await home.final_state(second) == 1
        assert await held(home) == [first]
        await payamak(home, "move", LINE, LINE2, "--yes", "--at-old-price")
        assert await held(home) == [first]
        assert (await payamak(home, "cancel", str(first)))["cancelled"] == [first]
        message = (await home.story(first)).message
        assert (message.state, message.reason) == (State.UNKNOWN, Reason.RESTORED)
        assert sent(home) == Counter([WAITING[1]])
        async with asyncio.timeout(COMMAND_S):
            while "are held" in (await home.http.get(f"{home.base_url}/readyz")).text:  # noqa: ASYNC110 - the door
                await asyncio.sleep(POLL_S)
        newest = await send(home, NEWEST)
        assert newest > second + AT_LEAST
