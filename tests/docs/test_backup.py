"""The page of backup and restore, walked: its commands do what it says, as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import traces
from tests.scenarios.cli_program import DEADLINE_S, OPERATOR_PASSWORD, SITE, Shell, ended
from tests.source import ROOT

PAGE = (ROOT / "docs" / "guide" / "backup.md").read_text(encoding="utf-8")


def commands_of(heading: str) -> list[str]:
    """The commands of a section: its indented lines."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, f"the page has no section {heading!r}"
    found = [line.strip() for line in re.findall(r"^    \S.*$", section, re.MULTILINE)]
    assert found, f"the section {heading!r} has no commands"
    return found


def walk(shell: Shell, command: str) -> str:
    """Run a line of the page in a shell; what it said."""
    where = Path(sys.executable).parent
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=shell.folder,
        env={**shell.env, "PATH": f"{where}:{shell.env['PATH']}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    traces.kept_text(done.stderr, traces.Trace.COMMAND)
    assert done.returncode == 0, (command, done)
    return done.stdout


@pytest.mark.slow
def test_the_page(tmp_path: Path) -> None:
    """Copies are made, one is put back, what waited is held and let go, and the drill leaves nothing behind."""
    backups = tmp_path / "backups"
    backups.mkdir()
    shell = Shell(tmp_path, {"STORE": str(tmp_path / "store.sqlite"), "BACKUPS": str(backups)})
    serve = ("serve", "--port", "0", "--json")
    with shell.running("simulate", "--receipt-ms", "50", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        (tmp_path / "site.toml").write_text(SITE.format(port=operator["port"]), encoding="utf-8")
        shell.run("apply", "site.toml", "--yes")
        shell.run("account", "credit", "shop", "100000")
        shell.run("suspend", "line", "9830003300")
        with shell.running(*serve) as (process, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            shell.run("optout", "add", "09121110000", "--line", "9830003301")
            ids = [shell.json("send", "--to", "09120000000", "--text", "سلام")["message_id"] for _ in range(2)]
            for command in commands_of("Make copies"):
                assert ": 1 opt-out" in walk(shell, command) or "1 opt-out" in command
            for command in commands_of("The drill"):
                said = walk(shell, command)
                assert "doctor" not in command or "every account balances" in said
                assert "doctor" not in command or "2 messages are held" in said
            assert not [path for path in backups.iterdir() if "drill" in path.name]
            stop, restore, start = commands_of("Put one back")
            assert (stop, start) == ("systemctl stop payamak", "systemctl start payamak")
            assert ended(process)[0] == 0
        said = walk(shell, restore)
        assert "2 messages" in said
        for word in ("opt-outs", "CheckIds", "money", "receipts", "passwords"):
            assert word in said
        with shell.running(*serve) as (process, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            shell.run("resume", "line", "9830003300")
            fresh = shell.json("send", "--to", "09120000000", "--text", "سلام")["message_id"]
            shell.state(fresh, "delivered")
            look, let_go = commands_of("Let go what is held")
            assert "may have been sent after the copy was made" in " ".join(walk(shell, look).split())
            assert "let go: 2 messages" in walk(shell, let_go)
            for message_id in ids:
                shell.state(message_id, "delivered")
            (moved,) = commands_of("Copies put back by other means")
            assert "let go: 0 messages" in walk(shell, moved)
            assert ended(process)[0] == 0
