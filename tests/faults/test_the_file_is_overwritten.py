"""Something else writes into the store's files in place: noticed before anyone is promised anything more (P1).

Names and inodes stay what they are, so that nothing but what stands in the files can tell.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from tests import traces
from tests.faults.starting import PAYAMAK, refused
from tests.scenarios.house import House, accounts_changed, house
from tests.site import LINE

PAGE = 4_096
NOTICED_S = 10.0
"""The promise is: before the next answer, and a second later in the log; a shared machine is given more."""


def copy_over(source: Path, target: Path) -> None:
    """As `cp` does: the same inode, cut to nothing, then written."""
    with source.open("rb") as octets, target.open("wb") as file:
        shutil.copyfileobj(octets, file)


def copied(store: Path, backup: Path) -> None:
    """`cp backup store`."""
    copy_over(backup, store)


def copied_with_its_time(store: Path, backup: Path) -> None:
    """`cp -p backup store`."""
    copy_over(backup, store)
    shutil.copystat(backup, store)


def emptied(store: Path, backup: Path) -> None:
    """`truncate -s 0 store`."""
    os.truncate(store, 0)


def cut(store: Path, backup: Path) -> None:
    """`truncate` to three pages."""
    os.truncate(store, 3 * PAGE)


def pages_written(store: Path, backup: Path) -> None:
    """`dd conv=notrunc` of pages in the middle."""
    with store.open("r+b") as file:
        file.seek(5 * PAGE)
        file.write(os.urandom(2 * PAGE))


def log_emptied(store: Path, backup: Path) -> None:
    """`: > store-wal`."""
    os.truncate(f"{store}-wal", 0)


def log_overwritten(store: Path, backup: Path) -> None:
    """Another log over the log."""
    aside = backup.with_name("another.sqlite")
    with closing(sqlite3.connect(aside)) as other:
        other.execute("PRAGMA journal_mode = wal")
        other.execute("CREATE TABLE t (a)")
        other.commit()
        copy_over(Path(f"{aside}-wal"), Path(f"{store}-wal"))


def both_overwritten(store: Path, backup: Path) -> None:
    """`cp backup* store*`, the log of the backup too."""
    copied(store, backup)
    log_overwritten(store, backup)


def put_back_by_sqlite(store: Path, backup: Path) -> None:
    """`sqlite3 store '.restore backup'`: through the log, as any writer."""
    code = (
        "import sqlite3, sys; s, t = map(sqlite3.connect, sys.argv[1:]); "
        "t.execute('PRAGMA busy_timeout = 10000'); s.backup(t); t.close(); s.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(backup), str(store)], check=True)


WAYS = (
    *(copied, copied_with_its_time, emptied, cut, pages_written),
    *(log_emptied, log_overwritten, both_overwritten, put_back_by_sqlite),
)


async def backed_up(home: House) -> Path:
    """A backup by `payamak backup`, as a process."""
    backup = home.folder / "backup.sqlite"
    await command("backup", str(backup), "--data", str(home.database))
    return backup


async def command(*arguments: str, code: int = 0) -> str:
    """Run a command; what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *PAYAMAK, *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    traces.kept_text((out + err).decode(), traces.Trace.COMMAND)
    assert process.returncode == code, (out + err).decode()
    return out.decode() + err.decode()


async def promised(home: House, count: int, first: int) -> list[int]:
    """Send; the ids that were promised."""
    ids = []
    for n in range(first, first + count):
        data = (await home.send(mobile=f"98912{n:05d}00", message="متن", line=LINE))["data"]
        assert isinstance(data, dict)
        ids.append(int(data["message_id"]))
    return ids


async def noticed(home: House) -> str:
    """From this instant on nobody is promised anything; what the page of readiness says."""
    for n in range(40):
        assert (await home.send(mobile=f"98913{n:05d}00", message="متن", line=LINE))["status"] == 23, n
    page = await home.http.get(f"{home.base_url}/readyz")
    assert page.status_code == 503
    async with asyncio.timeout(NOTICED_S):
        while "store_failed" not in (home.folder / "serve.log").read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    return page.text


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_more_is_promised(tmp_path: Path, way: Callable[[Path, Path], None]) -> None:
    """The first call after it, and each one after that, is answered 23; log, readyz and doctor say why."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        await promised(home, 5, 0)
        backup = await backed_up(home)
        ids = await promised(home, 5, 100)
        await home.drained()
        way(home.database, backup)
        said = await noticed(home)
        assert "was overwritten" in said or "was put back" in said
        assert "docs/guide/operations.md" in said
        assert said.removeprefix("not taking: ").strip()[:40] in (tmp_path / "serve.log").read_text()
        port = home.base_url.rpartition(":")[2]
        doctor = await asyncio.create_subprocess_exec(
            *(sys.executable, *PAYAMAK, "doctor", "--data", str(home.database)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PAYAMAK_PORT": port, "COLUMNS": "400"},
        )
        out, _ = await doctor.communicate()
        assert doctor.returncode == 1
        assert "PROBLEM" in out.decode()
        assert (await home.post("/api/wsStates.aspx", message_ids=str(ids[0])))["status"] == 23
        assert await home.terminate() == 0


async def test_the_copy_is_left_as_it_is(tmp_path: Path) -> None:
    """What a person has put over the store is not touched, neither when it is noticed nor by the stop."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        await promised(home, 5, 0)
        backup = await backed_up(home)
        await promised(home, 30, 100)
        copied(home.database, backup)
        await noticed(home)
        assert await home.terminate() == 0
        assert home.database.read_bytes() == backup.read_bytes()


async def test_a_copy_in_the_last_moment(tmp_path: Path) -> None:
    """Put over the store right before the stop, without a transaction between: not touched either."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        await promised(home, 5, 0)
        backup = await backed_up(home)
        await promised(home, 30, 100)
        await home.drained()
        copied(home.database, backup)
        assert await home.terminate() == 0
        assert home.database.read_bytes() == backup.read_bytes()


async def test_what_the_log_still_holds_is_kept(tmp_path: Path) -> None:
    """The log goes on from what the copy holds: after a restart all that was promised is there, and is delivered.

    The file says that it is a copy, unless the log has put its own word over that: then what waits is held until a
    person lets it go.
    """
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        ids = await promised(home, 5, 0)
        backup = await backed_up(home)
        ids += await promised(home, 20, 100)
        copied(home.database, backup)
        await noticed(home)
        assert await home.terminate() == 0
        await home.serve()
        resume = [sys.executable, "-m", "payamak", "resume", "restored", "--yes", "--data", str(home.database)]
        await asyncio.to_thread(subprocess.run, resume, capture_output=True, check=False)
        assert [await home.final_state(number) for number in ids] == [1] * len(ids)


def fold(store: Path) -> None:
    """All that the log holds goes into the file; the next commit begins a new log."""
    with closing(apsw.Connection(str(store))) as db:
        db.set_busy_timeout(10_000)
        db.pragma("user_version")  # else it does not know yet that there is a log
        log, copied_frames = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
        assert log == copied_frames > 0


@pytest.mark.parametrize("was_noticed", [True, False])
async def test_a_log_that_does_not_belong_to_the_copy(tmp_path: Path, was_noticed: bool) -> None:
    """The file holds less than the log goes on from: no start, a sentence, nothing changed; without the log it starts.

    The same whether the copy was put there under the running gateway or after its death.
    """
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        ids = await promised(home, 5, 0)
        await home.drained()
        backup = await backed_up(home)
        lost = await promised(home, 20, 100)
        await home.drained()
        fold(home.database)
        lost += await promised(home, 20, 200)
        await home.drained()
        if was_noticed:
            copied(home.database, backup)
            await noticed(home)
            await home.terminate()
        else:
            await home.kill()
            copied(home.database, backup)
        log = home.database.with_name(f"{home.database.name}-wal")
        before = log.read_bytes()
        said = await refused(home.database)
        assert "payamak.sqlite-wal is not the log of payamak.sqlite" in said
        assert "Nothing was changed" in said
        for look in (("doctor",), ("messages",), ("queue",)):
            await command(*look, "--data", str(home.database), code=1 if look == ("doctor",) else 3)
        assert home.database.read_bytes() == backup.read_bytes()
        assert log.read_bytes() == before
        log.rename(tmp_path / "kept-wal")
        home.database.with_name(f"{home.database.name}-shm").unlink()
        await home.serve()
        assert [await home.final_state(number) for number in ids] == [1] * len(ids)


async def test_an_older_log(tmp_path: Path) -> None:
    """The file holds more than its log ends with: the log of an earlier time was put beside it."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        await promised(home, 5, 0)
        await home.kill()
        log = home.database.with_name(f"{home.database.name}-wal")
        kept = log.read_bytes()
        await home.serve()
        await promised(home, 20, 100)
        await home.drained()
        assert await home.terminate() == 0
        log.write_bytes(kept)
        said = await refused(home.database)
        assert "a later state than the log ends with" in said or "is malformed" in said
        assert "move payamak.sqlite-wal and payamak.sqlite-shm away" in said
        assert log.read_bytes() == kept
        log.unlink()
        home.database.with_name(f"{home.database.name}-shm").unlink(missing_ok=True)
        await home.serve()


async def test_a_malformed_store_ends_the_start(tmp_path: Path) -> None:
    """A page of messages was written over while nobody served: a sentence, no port, and nothing is changed."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        ids = await promised(home, 5, 0)
        await home.drained()
        assert await home.terminate() == 0
        whole = home.database.read_bytes()
        with closing(apsw.Connection(str(home.database))) as db:
            root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'message'").get
        assert isinstance(root, int)
        with home.database.open("r+b") as file:
            file.seek((root - 1) * PAGE)
            file.write(b"\x00" * PAGE)
        octets = home.database.read_bytes()
        said = await refused(home.database)
        assert "payamak.sqlite is malformed" in said
        assert "put a backup in their place" in said
        assert home.database.read_bytes() == octets
        home.database.write_bytes(whole)
        await home.serve()
        assert [await home.final_state(number) for number in ids] == [1] * len(ids)


async def test_a_log_without_its_file(tmp_path: Path) -> None:
    """The file was removed, its log was not: SQLite would remove the log; we say that it is there."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        ids = await promised(home, 5, 0)
        await home.drained()
        await home.kill()
        home.database.rename(tmp_path / "aside")
        assert "is missing or empty, but its log" in await refused(home.database)
        (tmp_path / "aside").rename(home.database)
        await home.serve()
        assert [await home.final_state(number) for number in ids] == [1] * len(ids)


async def test_others_may_fold_the_log(tmp_path: Path) -> None:
    """Another program of SQLite's copies the log into the file, or writes: that is no overwriting, and all goes on."""
    async with house(tmp_path, accounts_changed(verdict_wait_ms=0)) as home:
        for round_ in range(5):
            await promised(home, 5, 100 * round_)
            await home.drained()
            fold(home.database)
            await command("account", "credit", "demo", "1000", "--data", str(home.database))
        with closing(apsw.Connection(str(home.database))) as db:
            db.set_busy_timeout(10_000)
            db.execute("VACUUM")
        fold(home.database)
        await promised(home, 5, 900)
        await home.drained()
        assert "store_failed" not in (tmp_path / "serve.log").read_text()
        assert await home.terminate() == 0
