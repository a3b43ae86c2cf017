"""`payamak restore` and the files beside a backup: what is refused changes nothing, what is replaced is kept."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec.structs import replace
from tests.store.world import ALI, LINE, NOW, SARA, World

from payamak.cli.optout_file import beside, read_opt_outs
from payamak.cli.program import run
from payamak.cli.restore import NOT_KNOWN
from payamak.cli.shell import ExitCode
from payamak.store.records import OptOut
from payamak.store.rules.marks import Mark
from payamak.store.sqlite.locking import lock_beside
from payamak.store.sqlite.mark import MarkFile
from payamak.store.sqlite.store import SqliteStore

REFUSED = OptOut(recipient=ALI, line=LINE, code=33, source="handset", learned_at=NOW, expires_at=None)
REFUSED_ALL = OptOut(recipient=SARA, line="*", code=27, source="imported", learned_at=NOW, expires_at=NOW * 2)


def furnish(path: Path, count: int = 3, *, opt_outs: tuple[OptOut, ...] = ()) -> int:
    """A store in which so many messages wait; the id of the last."""

    async def work() -> int:
        store = SqliteStore(path)
        world = await World(store).build()
        await store.put_opt_outs(opt_outs)
        messages = [await world.accept(world.new(recipient="989120000009")) for _ in range(count)]
        await store.close()
        return messages[-1].id

    return asyncio.run(work())


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store is to be; a backup lies at `backup.sqlite`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAYAMAK_DATABASE", str(tmp_path / "store.sqlite"))
    furnish(tmp_path / "source.sqlite", opt_outs=(REFUSED,))
    assert run(["backup", "backup.sqlite", "--data", "source.sqlite"]) == ExitCode.DONE
    return tmp_path / "store.sqlite"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file and what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def restored(capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    """Put the backup back; what it answers."""
    capsys.readouterr()
    assert run(["restore", "backup.sqlite", "--json", *more]) == ExitCode.DONE
    return json.loads(capsys.readouterr().out)


def damage(path: Path) -> None:
    """A copy of which a piece was lost on its way."""
    with path.open("r+b") as file:
        file.seek(2 * 4_096)
        file.write(b"\xff" * 8_192)


def folder(path: Path) -> None:
    """No file at all."""
    path.unlink()
    path.mkdir()


def other_database(path: Path) -> None:
    """A database of another program."""
    path.unlink()
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE message (id); PRAGMA user_version = 3")
    db.close()


def newer(path: Path) -> None:
    """A store of the program of next year."""
    db = apsw.Connection(str(path))
    db.pragma("user_version", 999)
    db.close()


BAD_COPIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda path: path.unlink(), "there is no file"),
    "a folder": (folder, "there is no file"),
    "empty": (lambda path: path.write_bytes(b""), "is no store of Payamak"),
    "a letter": (lambda path: path.write_bytes(b"dear sir, " * 1_000), "no whole copy of a store"),
    "cut": (lambda path: os.truncate(path, path.stat().st_size // 2 // 4_096 * 4_096), "take another copy"),
    "damaged": (damage, "take another copy"),
    "another program's": (other_database, "is no store of Payamak"),
    "of a newer program": (newer, "use a newer Payamak"),
}


@pytest.mark.parametrize("kind", BAD_COPIES)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_bad_copy(store: Path, capsys: pytest.CaptureFixture[str], kind: str, is_there: bool) -> None:
    """It is refused with a sentence, and everything is as it was."""
    if is_there:
        furnish(store)
    make, says = BAD_COPIES[kind]
    make(store.with_name("backup.sqlite"))
    before = contents(store.parent)
    assert run(["restore", "backup.sqlite", "--replace"]) in (ExitCode.PROBLEM, ExitCode.USAGE)
    assert says in capsys.readouterr().err
    after = contents(store.parent)
    after.pop("store.sqlite-serve", None)
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["source.sqlite"], "overwrites nothing"),
        (["store.sqlite", "--replace"], "is the store itself"),
        (["link.sqlite", "--replace"], "is the store itself"),
        (["backup.sqlite", "--replace", "--ids-above", "-1"], "--ids-above"),
        (["backup.sqlite", "--replace", "--ids-above", str(1 << 53)], "--ids-above"),
        (["backup.sqlite", "--replace", "--opt-outs", "nowhere.csv"], "nowhere.csv"),
        (["backup.sqlite", "--replace", "--opt-outs", "backup.sqlite"], "no CSV"),
        (["backup.sqlite", "--replace", "--opt-outs", "numbers.txt"], "the columns are"),
        (["backup.sqlite", "--replace", "--opt-outs", "empty.csv"], "the columns are"),
        (["backup.sqlite", "--replace", "--opt-outs", "wrong.csv"], "line 3: this is no opt-out"),
    ],
)
def test_what_is_asked_wrongly(
    store: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    """A sentence, and nothing has changed."""
    furnish(store)
    store.with_name("link.sqlite").symlink_to(store)
    store.with_name("numbers.txt").write_text("09120000000\n")
    store.with_name("empty.csv").touch()
    good = beside(store.with_name("backup.sqlite")).read_text()
    store.with_name("wrong.csv").write_text(f"{good}989120000001,*,44,hand,1,\n")
    before = contents(store.parent)
    assert run(["restore", *arguments]) in (ExitCode.PROBLEM, ExitCode.USAGE)
    assert says in capsys.readouterr().err
    after = contents(store.parent)
    after.pop("store.sqlite-serve", None)
    assert after == before


@pytest.mark.parametrize(
    ("which", "says"), [("store.sqlite", "another Payamak serves"), ("backup.sqlite", "is being served")]
)
def test_what_is_served(store: Path, capsys: pytest.CaptureFixture[str], which: str, says: str) -> None:
    """Neither a store that is served is replaced, nor one that is served taken for a copy."""
    furnish(store)
    lock = lock_beside(store.with_name(which))
    before = contents(store.parent)
    try:
        assert run(["restore", "backup.sqlite", "--replace"]) != ExitCode.DONE
    finally:
        os.close(lock)
    assert says in capsys.readouterr().err
    assert contents(store.parent) == before


def test_what_is_replaced_is_kept(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The store and its log are moved aside together; what a broken-off restore left is no hindrance."""
    furnish(store, 7)
    octets = store.read_bytes()
    store.with_name("store.sqlite-wal").write_bytes(b"stale")
    store.with_name("store.sqlite-restoring").write_bytes(b"half")
    told = restored(capsys, "--replace")
    kept, log = (Path(path) for path in told["moved_aside"] if not path.endswith("-shm"))
    assert (kept.read_bytes(), log.read_bytes()) == (octets, b"stale")
    assert log.name == f"{kept.name}-wal"
    assert (told["held"], told["opt_outs"]) == (3, 0)
    names = {path.name for path in store.parent.iterdir() if path.name.startswith("store.sqlite")}
    assert names == {"store.sqlite", "store.sqlite-serve", *(Path(path).name for path in told["moved_aside"])}


def test_the_audit_goes_on_in_the_copy(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The restore is a row of the store that it has made, and so is each time that a person lets messages go."""
    restored(capsys, "--reason", "the disk died")
    assert run(["resume", "restored", "--account", "shop", "--yes"]) == ExitCode.DONE
    assert run(["resume", "restored", "--yes"]) == ExitCode.DONE  # nothing is held: nothing is done
    capsys.readouterr()
    assert run(["audit", "--json"]) == ExitCode.DONE
    rows = json.loads(capsys.readouterr().out)["acts"]
    assert [(r["command"], r["what"], r["about"], r["count"], r["reason"]) for r in rows] == [
        ("payamak resume restored", "let go", "account shop", 3, ""),
        ("payamak restore", "restore", "copy backup.sqlite", 1, "the disk died"),
    ]


def test_what_the_copy_cannot_know_is_told_in_lines(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a person has to read after a restore is a list, not one line with signs for its ends."""
    capsys.readouterr()
    assert run(["restore", "backup.sqlite", "--replace"]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert NOT_KNOWN in said
    assert "␊" not in said


def test_a_log_alone_is_in_the_way(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log without its store would be taken for the copy's: it is refused, or moved aside."""
    store.with_name("store.sqlite-wal").write_bytes(b"stale")
    assert run(["restore", "backup.sqlite"]) == ExitCode.PROBLEM
    assert "store.sqlite-wal is there" in capsys.readouterr().err
    assert len(restored(capsys, "--replace")["moved_aside"]) == 1


def test_the_copy_is_only_read(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not an octet of it changes, and no file appears beside it; one with a log beside it is read with its log."""
    disk = store.with_name("disk")
    disk.mkdir()
    shutil.copy(store.with_name("backup.sqlite"), disk)
    before = contents(disk)
    capsys.readouterr()
    assert run(["restore", "disk/backup.sqlite", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["held"] == 3
    assert contents(disk) == before


def test_a_raw_copy_with_its_log(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was committed and stands only in the log is in the restored store."""
    source = store.with_name("source.sqlite")
    db = apsw.Connection(str(source))
    db.pragma("wal_autocheckpoint", 0)
    db.execute("UPDATE account SET available = available + 1")
    for end in ("", "-wal"):
        shutil.copy(f"{source}{end}", store.with_name(f"raw.sqlite{end}"))
    db.close()
    assert run(["restore", "raw.sqlite", "--json"]) == ExitCode.DONE
    db = apsw.Connection(str(store))
    assert {row[0] % 100 for row in db.execute("SELECT available FROM account WHERE username <> 'bank'")} == {1}
    db.close()


def test_opt_outs_of_a_newer_list(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the copy and those of the list are there, each with all that was known of it."""
    furnish(store.with_name("newer.sqlite"), opt_outs=(REFUSED_ALL,))
    assert run(["optout", "export", "newer.csv", "--data", "newer.sqlite"]) == ExitCode.DONE
    assert run(["optout", "export", "newer.csv", "--data", "newer.sqlite"]) == ExitCode.PROBLEM
    assert restored(capsys, "--opt-outs", "newer.csv")["opt_outs"] == 1
    assert run(["optout", "export", "all.csv"]) == ExitCode.DONE
    assert read_opt_outs(Path("all.csv")) == [REFUSED, REFUSED_ALL]
    assert read_opt_outs(beside(Path("backup.sqlite"))) == [REFUSED]


def test_a_long_list(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every opt-out is written, also those of a recipient at the end of a page."""
    monkeypatch.setattr("payamak.hands.optouts.PAGE", 3)
    made = [
        OptOut(recipient=f"98912000{r:04d}", line=str(line), code=33, source="hand", learned_at=1, expires_at=None)
        for r, count in enumerate((1, 2, 1, 5, 3, 1))
        for line in range(count)
    ]
    furnish(store, opt_outs=tuple(made))
    assert run(["optout", "export", "all.csv"]) == ExitCode.DONE
    assert read_opt_outs(Path("all.csv")) == made


def test_doubt_goes_along(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A doubtful opt-out is one after a restore too; a list from before there were any can still be put in."""
    doubtful = replace(REFUSED, is_doubtful=True)
    furnish(store.with_name("newer.sqlite"), opt_outs=(doubtful, REFUSED_ALL))
    assert run(["optout", "export", "newer.csv", "--data", "newer.sqlite"]) == ExitCode.DONE
    assert read_opt_outs(Path("newer.csv")) == [doubtful, REFUSED_ALL]
    rows = [line.rpartition(",")[0] for line in Path("newer.csv").read_text().splitlines()]
    Path("old.csv").write_text("\n".join(rows))
    assert read_opt_outs(Path("old.csv")) == [REFUSED, REFUSED_ALL]


def test_a_list_that_exists(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a backup nor the list beside it is overwritten; then no half of the two is made."""
    Path("other.sqlite.opt-outs.csv").touch()
    assert run(["backup", "other.sqlite", "--data", "source.sqlite"]) == ExitCode.PROBLEM
    assert not Path("other.sqlite").exists()


@pytest.mark.parametrize("known_by", ["a person", "the mark", "what is replaced"])
def test_ids_go_on_above(store: Path, capsys: pytest.CaptureFixture[str], known_by: str) -> None:
    """Above the largest of what a person names, the mark says, and the replaced store knows."""
    more = ["--replace"]
    if known_by == "a person":
        more += ["--ids-above", "700000"]
    elif known_by == "the mark":
        MarkFile(store).write(Mark(mark="x", ids_up_to=700_000))
    else:
        furnish(store)
        db = apsw.Connection(str(store))
        db.execute("UPDATE sqlite_sequence SET seq = 690000 WHERE name = 'message'")
        db.close()
    told = restored(capsys, *more)
    assert told["ids_above"] >= (700_000 if known_by != "what is replaced" else 690_000)
    again = furnish(store, 1)
    assert again == told["ids_above"] + 1
