"""What systemd is told: a service that may do little, folders for one user alone, a timer for copies."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from tests.ports import reserved_port
from tests.source import ROOT

from payamak.cli.optout_file import beside

PACKAGING = ROOT / "packaging"
SERVICES = ("payamak.service", "payamak-backup.service")


def unit(name: str) -> ConfigParser:
    """A unit, without what stands twice."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have capitals
    parser.read(PACKAGING / "systemd" / name, encoding="utf-8")
    return parser


@pytest.mark.debian
@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian: systemd)"
)
def test_little_is_open_to_it(name: str) -> None:
    """By systemd's own measure the exposure is at most 2.0 of 10."""
    file = PACKAGING / "systemd" / name
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    level = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level is not None
    assert float(level[1]) <= 2.0


def granted(group: str) -> set[str]:
    """The system calls of one of systemd's groups."""
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True
    ).stdout
    words = [line.strip() for line in told.splitlines()[1:]]
    return {
        one
        for word in words
        if word and not word.startswith("#")
        for one in (granted(word) if word[0] == "@" else {word})
    }


CLOSED = """
import ctypes, os, sys
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, REFUSE_EXEC_GAIN = 38, 65, 1
libc = ctypes.CDLL(None)
assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # from Linux 6.3 on
os.execv(sys.executable, [sys.executable, "-m", "payamak", *sys.argv[1:]])
"""


@pytest.mark.debian
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (Debian: strace)")
@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian: systemd)"
)
def test_what_is_closed_is_not_used(tmp_path: Path) -> None:
    """A site is made, served and sent through without a system call, socket or mapping that the unit forbids."""
    with reserved_port() as port:
        pass
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            "strace",
            "-f",
            "-qq",
            "-o",
            str(trace),
            sys.executable,
            "-c",
            CLOSED,
            "init",
            "home",
            "--sandbox",
            "--operator",
            f"127.0.0.1:{port}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "received by the handset" in done.stdout, done.stderr
    text = trace.read_text(encoding="utf-8", errors="replace")
    service = unit("payamak.service")["Service"]
    assert service["SystemCallFilter"] == "~@privileged @resources"  # the later of the two; the first is:
    allowed = granted("@system-service") - granted("@privileged") - granted("@resources")
    used = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", text, re.MULTILINE))
    assert len(used) > 40
    as_root = {"fchown"}  # SQLite gives its log to the store's owner where root has made it, and asks nobody else
    assert used - allowed <= as_root
    families = set(re.findall(r" socket\((\w+)", text))
    assert families <= set(service["RestrictAddressFamilies"].split())
    assert not re.search(r"PROT_WRITE\|PROT_EXEC", text)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_the_users_own(name: str) -> None:
    """It runs as payamak, with the packaged settings, and what it writes is its own."""
    service = unit(name)["Service"]
    assert (service["User"], service["UMask"]) == ("payamak", "0077")
    assert service["Environment"] == "PAYAMAK_CONFIG=/etc/payamak/settings.toml"
    assert service["ProtectSystem"] == "strict"


def test_the_gateway_is_stopped_and_reloaded_as_it_wants() -> None:
    """SIGTERM, with more time than the 3 s that it takes; SIGHUP; wrong settings (exit code 2) are not tried again."""
    service = unit("payamak.service")["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) >= 3
    assert service["ExecReload"].endswith("kill -HUP $MAINPID")
    assert service["RestartPreventExitStatus"] == "2"
    assert service["StateDirectoryMode"] == "0700"


def test_folders_are_closed() -> None:
    """The store, its copies and the settings are for the user alone."""
    lines = (PACKAGING / "tmpfiles" / "payamak.conf").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    assert rows == [
        ["d", path, "0700", "payamak", "payamak"]
        for path in ("/var/lib/payamak", "/var/backups/payamak", "/etc/payamak")
    ]
    assert "u payamak" in (PACKAGING / "sysusers" / "payamak.conf").read_text(encoding="utf-8")


def test_copies_are_made_and_go(tmp_path: Path) -> None:
    """What the timer's unit runs names a new file each time, and deletes old copies with their lists of opt-outs."""
    text = (PACKAGING / "systemd" / "payamak-backup.service").read_text(encoding="utf-8")
    make, delete = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    command = re.fullmatch(r"/bin/sh -c '(.+)'", make)
    assert command
    said = command[1].replace("$$", "$").replace("%%", "%").replace("exec /usr/bin/payamak backup", "printf %s")
    name = subprocess.run(["/bin/sh", "-c", said], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"/var/backups/payamak/payamak-\d{4}-\d\d-\d\dT\d{6}\.sqlite", name)
    copy = tmp_path / Path(name).name
    old = [copy, beside(copy), tmp_path / "another"]
    for path in old:
        path.touch()
    deleting = delete.replace("/var/backups/payamak", str(tmp_path)).replace("-mtime +14", "")
    subprocess.run(deleting.split(), check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["another"]
    assert unit("payamak-backup.timer")["Timer"]["OnCalendar"] == "hourly"
