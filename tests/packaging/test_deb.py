"""The Debian package: no error of lintian; installed, upgraded, removed and purged in a Debian of its own."""

from __future__ import annotations

import faulthandler
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.packaging.test_container import health_command
from tests.source import ROOT

NEEDED = ("dpkg-deb", "lintian", "mmdebstrap", "unshare", "ip", "strip")
NAMESPACES = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child")
INSIDE = ("python3.11", "debconf", "systemd-standalone-sysusers", "systemd-standalone-tmpfiles")
MISSING = [name for name in NEEDED if shutil.which(name) is None]

pytestmark = [
    pytest.mark.debian,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a Debian of its own is made by root"),
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the package is for bookworm's Python, which is 3.11"),
]


LIMIT_S = 900.0
"""How long one command may take: what a busy machine needs to make a Debian, and no test's own limit."""


@pytest.fixture(autouse=True)
def patience() -> None:
    """Each command has a limit here, in the place of the one that pytest has for a test."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of this tree."""
    faulthandler.cancel_dump_traceback_later()
    made = [sys.executable, "-m", "tools.deb", "--compression", "gzip", "--out", str(tmp_path_factory.mktemp("deb"))]
    done = subprocess.run(made, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a small Debian with what the package depends on, and no network."""
    faulthandler.cancel_dump_traceback_later()
    root = tmp_path_factory.mktemp("debian") / "root"
    made = ["mmdebstrap", "--quiet", "--variant=essential", f"--include={','.join(INSIDE)}", "bookworm", str(root)]
    done = subprocess.run(made, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return root


def run(debian: Path, script: str, **environment: str) -> str:
    """Run a script in that Debian, in namespaces of its own with nobody but itself; what it said."""
    inside = ("/bin/sh", "-ec", 'ip link set lo up; exec chroot "$0" /bin/sh -ec "$1"', str(debian), script)
    done = subprocess.run(
        [*NAMESPACES, f"--mount-proc={debian}/proc", *inside],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, (script, done.stdout, done.stderr)
    return done.stdout + done.stderr


def another(package: Path, version: str) -> Path:
    """The same package under another version."""
    folder, made = package.parent / "tree", package.parent / f"payamak_{version}.deb"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(folder)], check=True)
    control = folder / "DEBIAN" / "control"
    lines = control.read_text(encoding="utf-8").splitlines()
    control.write_text("".join(f"Version: {version}\n" if x.startswith("Version:") else f"{x}\n" for x in lines))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(folder), str(made)], check=True)
    return made


def test_lintian(package: Path) -> None:
    """lintian finds no error; what it is told to pass by has its reason in the overrides."""
    done = subprocess.run(
        ["lintian", "--allow-root", "--profile", "debian", "--fail-on", "error", str(package)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout
    assert "E:" not in done.stdout


def test_the_life_of_a_package(package: Path, debian: Path) -> None:
    """Installed, it makes a site and sends; upgraded and removed it keeps all; the purge asks, and deletes on a yes."""
    newer = another(package, "999.0")
    for file, name in ((package, "old.deb"), (newer, "new.deb")):
        shutil.copyfile(file, debian / name)
    run(debian, "dpkg -i /old.deb")
    folders = "stat -c '%n %a %U' /var/lib/payamak /var/backups/payamak /etc/payamak"
    assert run(debian, folders).splitlines() == [
        f"{path} 700 payamak" for path in ("/var/lib/payamak", "/var/backups/payamak", "/etc/payamak")
    ]
    said = run(debian, "payamak init --sandbox")
    assert "received by the handset" in said, said
    owners = run(debian, "find /etc/payamak /var/lib/payamak -printf '%u %m\\n' | sort -u")
    assert owners.splitlines() == ["payamak 600", "payamak 700"]
    run(debian, "payamak backup /var/backups/payamak/first.sqlite")
    run(debian, "dpkg -i /new.deb")
    assert "999,100" in run(debian, "payamak account list")
    assert run(debian, "find /opt/payamak -user payamak") == ""
    run(debian, "dpkg -r payamak; test ! -e /opt/payamak; test -s /var/lib/payamak/payamak.sqlite")
    run(debian, "dpkg -P payamak; test -s /var/lib/payamak/payamak.sqlite; test -s /etc/payamak/site.toml")
    run(debian, "dpkg -i /new.deb")
    assert "999,100" in run(debian, "payamak account list")
    yes = "echo 'payamak payamak/purge-store boolean true' | debconf-set-selections"
    run(debian, f"{yes}; dpkg -P payamak")
    run(debian, "for d in /var/lib/payamak /var/backups/payamak /etc/payamak; do test ! -e $d; done")


READ_ONLY = """
ip link set lo up
mount --rbind "$0" "$0"
mount -o remount,bind,ro "$0"
mount -t tmpfs -o mode=0700,uid=65534,gid=65534 tmpfs "$0/var/lib/payamak"
exec chroot "$0" setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --inh-caps=-all sh -ec "$1"
"""
SERVED = """
export PAYAMAK_CONFIG= PAYAMAK_DATABASE=/var/lib/payamak/payamak.sqlite
payamak serve --port 8080 >/var/lib/payamak/said 2>&1 &
until /opt/payamak/bin/python3 -c "$HEALTH"; do kill -0 $!; sleep 0.2; done 2>/dev/null
if touch /opt/payamak/new /new 2>/dev/null; then exit 9; fi
kill -TERM $!
wait $!
"""


def test_nobody_serves_with_a_root_that_is_read_only(package: Path, debian: Path) -> None:
    """As a container runs it: the user 65534, nothing writable but the store; it is well, and ends with 0."""
    shutil.copyfile(package, debian / "here.deb")
    run(debian, "dpkg -i /here.deb")
    _, _, script = health_command()
    done = subprocess.run(
        [*NAMESPACES, f"--mount-proc={debian}/proc", "/bin/sh", "-ec", READ_ONLY, str(debian), SERVED],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HEALTH": script},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_same_octets(package: Path, tmp_path: Path) -> None:
    """Built twice, the package is the same."""
    made = [sys.executable, "-m", "tools.deb", "--compression", "gzip", "--out", str(tmp_path)]
    done = subprocess.run(made, cwd=ROOT, umask=0o077, capture_output=True, text=True, check=True, timeout=LIMIT_S)
    again = Path(done.stdout.strip())
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()
