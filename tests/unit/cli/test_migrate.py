"""`payamak migrate`, and what other commands do with a store of an older program."""

from __future__ import annotations

import json
import os
from pathlib import Path

import apsw
import pytest

from payamak.cli.program import run
from payamak.cli.shell import ExitCode
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
