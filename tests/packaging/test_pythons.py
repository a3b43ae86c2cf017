"""The wheel on every promised Python that is at hand: installed from the lock, it makes a site and sends a message."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import traces
from tests.ports import reserved_port
from tests.source import ROOT

LIMIT_S = 900.0
"""How long one command may take: what a busy machine needs to install everything."""


def at_hand() -> dict[str, str]:
    """Each version with its program."""
    done = subprocess.run(["sh", "tools/pythons.sh"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {version: python for version, _, python in (line.partition(" ") for line in done.stdout.splitlines())}


PYTHONS = at_hand()


@pytest.fixture(autouse=True)
def patience() -> None:
    """Each command has a limit here, in the place of the one that pytest has for a test."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "tools.dist", str(out)], cwd=ROOT, check=True, capture_output=True)
    (found,) = out.glob("payamak-*.whl")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("version", PYTHONS)
def test_it_is_installed_and_works(version: str, wheel: Path, tmp_path: Path) -> None:
    """In an environment with the lock's versions and nothing else of this tree: a sandbox's message is delivered."""
    where = tmp_path / "venv"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PAYAMAK_", "PYTHON"))}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        traces.kept_text(done.stderr, traces.Trace.COMMAND)
        return done

    assert run(PYTHONS[version], "-m", "venv", where).returncode == 0
    pip = (where / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps")
    locked = run(*pip, "--require-hashes", "-r", ROOT / "requirements.txt")
    if locked.returncode and not os.environ.get("CI"):
        pytest.skip(f"no package index is reached, or it has no wheels for {version}: {locked.stderr[-300:]}")
    assert locked.returncode == 0, locked.stderr
    assert run(*pip, "--no-index", wheel).returncode == 0
    assert run(where / "bin" / "python", "-m", "pip", "check").returncode == 0
    with reserved_port() as port:
        done = run(where / "bin" / "payamak", "init", "home", "--sandbox", "--operator", f"127.0.0.1:{port}")
    assert "received by the handset" in done.stdout, (done.stdout, done.stderr)
