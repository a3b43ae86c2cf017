"""`payamak migrate`, and what other commands do with a store of an older program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from structlog.testing import capture_logs
from tests import traces

from payamak.cli.program import run
from payamak.cli.shell import ExitCode
from payamak.store.base import Mode
from payamak.store.engines import open_store
from payamak.store.sqlite.locking import serve_lock
from payamak.store.statements import load_migrations

KNOWN = len(load_migrations())


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that lacks the last migration."""
    path = tmp_path / "store.sqlite"
    monkeypatch.setenv("PAYAMAK_DATABASE", str(path))
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "wal")
    for migration in load_migrations()[:-1]:
        db.execute(migration)
    db.pragma("user_version", KNOWN - 1)
    db.close()
    os.chmod(path, 0o600)
    return path


@pytest.mark.parametrize(
    "command", [["queue"], ["cancel", "--line", "983000111", "--yes"], ["account", "credit", "shop", "5"]]
)
def test_a_command_leaves_it_as_it_is(older: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """Whether it looks or acts, it says what to do and changes nothing."""
    before = older.read_bytes()
    assert run(command) == ExitCode.UNREACHED
    assert "payamak migrate" in capsys.readouterr().err
    assert older.read_bytes() == before


def test_migrate(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is brought up to date once, and then every command works."""
    for before in (KNOWN - 1, KNOWN):
        assert run(["migrate", "--json"]) == ExitCode.DONE
        assert json.loads(capsys.readouterr().out) == {"before": before, "schema": KNOWN}
    assert run(["queue"]) == ExitCode.DONE
    assert run(["audit", "--json"]) == ExitCode.DONE
    *_, told = capsys.readouterr().out.splitlines()
    (row,) = json.loads(told)["acts"]
    assert (row["what"], row["before"], row["after"]) == ("migrate", str(KNOWN - 1), str(KNOWN))


def test_each_step_is_told(older: Path) -> None:
    """Standard error has a line for each migration of a store that was there."""
    done = subprocess.run([sys.executable, "-m", "payamak", "migrate"], capture_output=True, text=True, check=True)
    traces.kept_text(done.stderr, traces.Trace.LOG)
    (told,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (told["event"], told["version"]) == ("migrated", KNOWN)
    assert told["took_ms"] >= 0


async def test_a_new_store_is_not_told(tmp_path: Path) -> None:
    """The log has none of the migrations that make it."""
    with capture_logs() as lines:
        await (await open_store(tmp_path / "new.sqlite", Mode.SERVE)).close()
    assert lines == []


def test_not_beside_a_server(older: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server of the older program goes on with the schema that it knows."""
    before = older.read_bytes()
    lock = serve_lock(older)
    assert run(["migrate"]) == ExitCode.UNREACHED
    assert capsys.readouterr().err
    assert older.read_bytes() == before
    lock.release()


def test_there_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None is made."""
    assert run(["migrate", "--data", str(tmp_path / "none.sqlite")]) == ExitCode.UNREACHED
    assert "there is no store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
