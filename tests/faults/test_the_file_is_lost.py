"""The store's files are removed, replaced or locked while they are in use: noticed, refused, and healed (P1)."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from tests import traces
from tests.faults.ordeal import HEALED_S, faulty_house, go_through
from tests.scenarios.house import House, accounts_changed, house
from tests.site import LINE


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_a_file_is_moved_away(tmp_path: Path, suffix: str) -> None:
    """Moved away, or to another name: nothing is promised that a restart would not find; put back, it goes on."""
    async with faulty_house(tmp_path, own_disk=False) as (home, _):
        file = home.database.with_name(home.database.name + suffix)
        aside = tmp_path / "aside"
        await go_through(home, lambda: file.rename(aside), lambda: aside.rename(file))
        said = (tmp_path / "serve.log").read_text()
        # A reader that opens the file meanwhile makes a new log beside it.
        assert "was removed or moved" in said or (suffix == "-wal" and "-wal was replaced" in said)
        assert await home.terminate() == 0


async def test_the_file_is_replaced(tmp_path: Path) -> None:
    """Another file in its place is not written to, and the answer is 23; the one that belongs there heals it."""
    async with faulty_house(tmp_path, own_disk=False) as (home, _):
        aside = tmp_path / "aside"

        def replace() -> None:
            home.database.rename(aside)
            shutil.copy(aside, home.database)

        await go_through(home, replace, lambda: aside.replace(home.database))
        assert "was replaced" in (tmp_path / "serve.log").read_text()
        assert await home.terminate() == 0


@pytest.mark.parametrize("end", [House.terminate, House.kill])
async def test_the_log_is_removed(tmp_path: Path, end: Callable[[House], Awaitable[object]]) -> None:
    """`rm` of the -wal file: no more is promised, and all that was promised is in the store, however the end comes."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        answers = [await home.send(mobile=f"98912000{n:03d}0", message="متن", line=LINE) for n in range(20)]
        home.database.with_name(f"{home.database.name}-wal").unlink()
        await _until_told(home, 23)
        assert await end(home) in (0, None)
        await home.serve()
        await home.drained()
        for answer in answers:
            data = answer["data"]
            assert isinstance(data, dict)
            assert await home.state(data["message_id"]) == 1


async def test_another_process_holds_the_lock(tmp_path: Path) -> None:
    """A program that writes for many seconds: 23 within 2 s, and what the operator said meanwhile is not lost."""
    async with faulty_house(tmp_path, own_disk=False) as (home, _):
        with closing(apsw.Connection(str(home.database))) as other:
            other.set_busy_timeout(10_000)
            await go_through(home, lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"))
        assert await home.terminate() == 0


async def test_a_second_payamak(tmp_path: Path) -> None:
    """A second one on the same file does not start and says why; the first goes on."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "payamak", "serve", "--port", "0", "--data", str(home.database)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await second.communicate()
        traces.kept_text(err.decode(), traces.Trace.COMMAND)
        assert (second.returncode, out) != (0, b"")
        assert b"another Payamak serves payamak.sqlite: stop it first" in err
        assert (await home.send(mobile="989120000010", message="متن", line=LINE))["status"] == -1
        await home.drained()


async def _until_told(home: House, code: int) -> None:
    async with asyncio.timeout(HEALED_S):
        while (await home.send(mobile="989129999990", message="متن", line=LINE))["status"] != code:  # noqa: ASYNC110 - the door
            await asyncio.sleep(0.05)
