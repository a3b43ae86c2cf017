"""The disk is full, read-only, broken or does not answer: nothing is promised, and it heals without a restart (P1)."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest
from tests.faults.ordeal import WITHIN_S, Callers, faulty_house, go_through, reckon


@pytest.mark.parametrize("fault", ["full", "readonly", "broken"])
async def test_a_disk_that_refuses(tmp_path: Path, fault: str) -> None:
    """Full, read-only, or a sync that fails: 23 within 2 s, and what was accepted before is delivered afterwards."""
    async with faulty_house(tmp_path) as (home, disk):
        await go_through(home, lambda: write(disk, fault), lambda: write(disk, ""))
        assert await home.terminate() == 0


async def test_a_disk_that_does_not_answer(tmp_path: Path) -> None:
    """Syncs of many seconds: 23 within 2 s, also to whom stands in the transaction that ends well after all."""
    async with faulty_house(tmp_path) as (home, disk):
        await go_through(home, lambda: write(disk, "slow 60"), lambda: write(disk, ""))
        assert await home.terminate() == 0


async def test_a_slow_disk(tmp_path: Path) -> None:
    """Each sync takes 3 s: 23 within 2 s for whom it is too slow, and each that is accepted is sent once."""
    async with faulty_house(tmp_path) as (home, disk):
        await go_through(home, lambda: write(disk, "slow 3"), lambda: write(disk, ""))
        assert await home.terminate() == 0


async def test_a_commit_that_comes_too_late(tmp_path: Path) -> None:
    """Callers are told 23 while the one commit that holds their messages hangs: it ends well, and none is sent.

    Whoever repeats his call, under the same id of his own too, gets a message of its own.
    """
    async with faulty_house(tmp_path) as (home, disk):
        callers = Callers(home)
        write(disk, "slow 4")
        async with asyncio.TaskGroup() as calls:
            for call in (callers.ws_send, callers.sendsms, callers.soap):
                calls.create_task(call())
        assert [told.code for told in callers.told] == [23, 23, 23]
        assert max(told.took_s for told in callers.told) < WITHIN_S
        write(disk, "")
        await callers.until_accepted()
        (before,) = (told.recipients for told in callers.told if told.door == "soap")
        await callers.soap(before)
        assert await reckon(home, callers) > 0
        assert await home.terminate() == 0


async def test_no_room_says_the_system(tmp_path: Path) -> None:
    """The operating system lets the files grow no further: the same, by its own words and not by a stand-in."""
    async with faulty_house(tmp_path, own_disk=False) as (home, _):
        process = home.process
        assert process is not None
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        log = home.database.with_name(f"{home.database.name}-wal")

        def begin() -> None:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, hard))

        await go_through(home, begin, lambda: resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard)))
        assert await home.terminate() == 0


def write(disk: Path, fault: str) -> None:
    """Switch the fault."""
    disk.write_text(fault)
