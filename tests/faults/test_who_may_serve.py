"""One store is served by one gateway, by whatever name it is called; and a start can be stopped."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests import traces
from tests.faults.starting import ENDS_WITHIN_S, begun, refused
from tests.scenarios.house import House, accounts_changed, house
from tests.site import LINE

HERE = Path(__file__).parent
TAKEN = "another Payamak serves payamak.sqlite: stop it first"


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[House]:
    """A house that is being served, and afterwards still is: what it is asked for it does."""
    async with house(folder, accounts_changed(verdict_wait_ms=0)) as home:
        yield home
        assert (await home.send(mobile="989120000010", message="متن", line=LINE))["status"] == -1
        await home.drained()
        assert "store_failed" not in (folder / "serve.log").read_text()


async def test_a_symbolic_link(tmp_path: Path) -> None:
    """A link to the file, to a link, or to its folder leads to the same lock; the second one does not start."""
    home_folder, beside = tmp_path / "home", tmp_path / "beside"
    home_folder.mkdir()
    beside.mkdir()
    async with served(home_folder) as home:
        (beside / "link.sqlite").symlink_to(home.database)
        (beside / "again.sqlite").symlink_to(beside / "link.sqlite")
        (tmp_path / "folder").symlink_to(home_folder)
        for name in (beside / "link.sqlite", beside / "again.sqlite", tmp_path / "folder" / home.database.name):
            assert TAKEN in await refused(name)
        assert sorted(path.name for path in beside.iterdir()) == ["again.sqlite", "link.sqlite"]


async def test_served_by_a_link(tmp_path: Path) -> None:
    """A gateway that was started by a link is found by the file's own name; what it promised is in the file's log."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        own, link = home.database, tmp_path / "link.sqlite"
        link.symlink_to(own)
        home.database = link
        await home.serve()
        data = (await home.send(mobile="989120000010", message="متن", line=LINE))["data"]
        assert isinstance(data, dict)
        assert TAKEN in await refused(own)
        assert not (tmp_path / "link.sqlite-wal").exists()
        await home.kill()
        home.database = own
        await home.serve()
        assert await home.final_state(int(data["message_id"])) == 1


async def test_the_link_is_turned(tmp_path: Path) -> None:
    """A start would go where the link leads now: nothing is promised into a file that it would not find."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        link, other = tmp_path / "link.sqlite", tmp_path / "other.sqlite"
        shutil.copy(home.database, other)
        link.symlink_to(home.database)
        home.database = link
        await home.serve()
        link.unlink()
        link.symlink_to(other)
        assert (await home.send(mobile="989120000010", message="متن", line=LINE))["status"] == 23
        link.unlink()
        link.symlink_to(tmp_path / "payamak.sqlite")
        async with asyncio.timeout(ENDS_WITHIN_S):
            while (await home.send(mobile="989120000020", message="متن", line=LINE))["status"] != -1:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await home.drained()


async def test_a_hard_link(tmp_path: Path) -> None:
    """A file with two names is refused by either, also where nobody serves it: each would have a log of its own."""
    async with served(tmp_path) as home:
        other = tmp_path / "other.sqlite"
        os.link(home.database, other)
        said = await refused(other)
        assert "other.sqlite has 2 names (hard links)" in said
        assert not (tmp_path / "other.sqlite-wal").exists()
        await home.kill()
        assert "payamak.sqlite has 2 names (hard links)" in await refused(home.database)
        other.unlink()
        await home.serve()


async def test_the_lock_file_is_removed(tmp_path: Path) -> None:
    """A lock is no name: who removes the lock file of a running gateway lets no second one in."""
    async with served(tmp_path) as home:
        (tmp_path / "payamak.sqlite-serve").unlink()
        assert TAKEN in await refused(home.database)
        assert TAKEN in await refused(home.database)
        assert await home.terminate() == 0
        await home.serve()


def can_mount() -> bool:
    """Whether we may have mounts of our own."""
    try:
        subprocess.run(["unshare", "-m", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


async def test_a_file_that_is_mounted_twice(tmp_path: Path) -> None:
    """The same file at a second place, with another folder beside it: the lock on the file itself says so."""
    if not await asyncio.to_thread(can_mount):
        pytest.skip("nothing can be mounted here")
    (tmp_path / "home").mkdir()
    async with served(tmp_path / "home") as home:
        place = tmp_path / "mounted" / "store.sqlite"
        place.parent.mkdir()
        place.touch()
        code = f"mount --bind {home.database} {place} && exec payamak serve --port 0 --data {place}"
        second = await asyncio.create_subprocess_exec(
            *("unshare", "-m", "sh", "-c", code.replace("exec payamak", f"exec {sys.executable} -m payamak")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(ENDS_WITHIN_S):
            out, err = await second.communicate()
        traces.kept_text(err.decode(), traces.Trace.COMMAND)
        assert (second.returncode, out) == (2, b"")
        assert b"another Payamak serves store.sqlite" in err


@pytest.mark.parametrize("step", ["open", "look", "recover"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_start_can_be_stopped(tmp_path: Path, step: str, number: signal.Signals) -> None:
    """A signal ends a start that does not come to its end, in whichever of its steps; the next one has the store."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        process = await begun(home.database, (str(HERE / "slow_start.py"), step))
        assert process.stdout is not None
        assert await process.stdout.readline() == b"starting\n"
        process.send_signal(number)
        async with asyncio.timeout(ENDS_WITHIN_S):
            _, err = await process.communicate()
        traces.kept_text(err.decode(), traces.Trace.COMMAND)
        assert process.returncode == (-number if step == "open" else 0)
        assert b"Traceback" not in err
        await home.serve()


def locked(process: int, *paths: Path) -> list[bool]:
    """Of which files the process holds a POSIX lock; of all where the system does not tell."""
    if not os.path.exists("/proc/locks"):
        return [True] * len(paths)
    found = set()
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "POSIX" and int(fields[4]) == process:
            found.add(int(fields[5].rpartition(":")[2]))
    return [os.stat(path).st_ino in found for path in paths]


async def test_sqlites_locks_last(tmp_path: Path) -> None:
    """Whatever is asked of a gateway, no descriptor of its files is opened beside SQLite's and closed again.

    A process that closes one loses all its locks on the file. Two of ours are open: the file, from before SQLite opens
    it, and the index, once.
    """
    report = tmp_path / "opens"
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0), serve=False) as home:
        home.program = (str(HERE / "opens.py"), str(report))
        await home.serve()
        assert home.process is not None
        files = home.database, home.database.with_name(f"{home.database.name}-shm")
        before = sorted(report.read_text().splitlines())
        for page in ("/healthz", "/readyz", "/metrics"):
            await home.http.get(f"{home.base_url}{page}")
        for n in range(20):
            await home.send(mobile=f"98912000{n:03d}0", message="متن", line=LINE)
        for command in (("backup", str(tmp_path / "b.sqlite")), ("doctor", "--ledger"), ("messages",), ("queue",)):
            arguments = ("-m", "payamak", *command, "--data", str(home.database))
            done = await asyncio.create_subprocess_exec(
                *(sys.executable, *arguments), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
            )
            await done.wait()
        await home.drained()
        assert sorted(report.read_text().splitlines()) == before
        assert before == ["before payamak.sqlite", "beside payamak.sqlite-shm"]
        assert locked(home.process.pid, *files) == [True, True]
        assert await home.terminate() == 0
