"""The container: built where an engine is at hand; else its file is linted, and what it promises is read off it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests import traces
from tests.scenarios.cli_program import DEADLINE_S, Shell, ended
from tests.source import ROOT

FILE = ROOT / "packaging" / "container" / "Containerfile"
HADOLINT = Path(sys.executable).with_name("hadolint")
BASE = os.environ.get("PAYAMAK_CONTAINER_BASE", "")
"""An image with Python that the engine has; where no registry is reached nothing else can be built on."""


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the last stage with its argument."""
    text = re.sub(r"\\\n\s*", "", FILE.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(place for place, line in enumerate(lines) if line.startswith("FROM"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines[last + 1 :])]


def only(word: str) -> str:
    """The argument of the one instruction of this word."""
    (found,) = [rest for one, rest in instructions() if one == word]
    return found


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint has no build for this machine")
def test_the_linter() -> None:
    """hadolint finds nothing."""
    done = subprocess.run([HADOLINT, str(FILE)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_nobody_runs_it() -> None:
    """A user without a name and rights, signals to the program itself, and two folders that may be written."""
    assert only("USER") == "65534:65534"
    assert (json.loads(only("ENTRYPOINT")), json.loads(only("CMD")), only("STOPSIGNAL")) == (
        ["payamak"],
        ["serve"],
        "SIGTERM",
    )
    assert json.loads(only("VOLUME")) == ["/var/lib/payamak", "/etc/payamak"]
    assert "--read-only" in FILE.read_text(encoding="utf-8")


def health_command() -> list[str]:
    """What the engine runs to see whether it is well."""
    return list(json.loads(only("HEALTHCHECK").partition("CMD ")[2]))


def test_its_health_is_readyz(tmp_path: Path) -> None:
    """The check passes while messages are taken, and fails when they are not and when nobody answers."""
    shell = Shell(tmp_path)
    with shell.running("serve", "--port", "0", "--json") as (process, serving):
        program, option, script = health_command()
        assert (program, option) == ("python", "-c")
        asked = [sys.executable, option, script.replace("http://127.0.0.1:8080", serving["url"])]
        assert "/readyz" in script
        shell.env["PAYAMAK_PORT"] = serving["url"].rpartition(":")[2]

        def is_well() -> bool:
            return subprocess.run(asked, capture_output=True, timeout=DEADLINE_S, check=False).returncode == 0

        assert is_well()
        shell.run("suspend", "intake")
        shell.until(lambda told: any("503" in f["says"] for f in told["findings"]), "doctor")
        assert not is_well()
        assert ended(process)[0] == 0
        assert not is_well()


UNSHARE = ("unshare", "--pid", "--fork", "--kill-child")


def can_be_process_one() -> bool:
    """Whether this user may begin a namespace of processes."""
    if shutil.which(UNSHARE[0]) is None:
        return False
    return subprocess.run([*UNSHARE, "true"], capture_output=True, timeout=DEADLINE_S, check=False).returncode == 0


@pytest.mark.skipif(not can_be_process_one(), reason="no namespace of processes may be begun here")
def test_as_process_one_it_obeys(tmp_path: Path) -> None:
    """An entry point is process 1 of its namespace, which the system ends by no signal that it does not handle."""
    shell = Shell(tmp_path, {"PAYAMAK_PORT": "0"})
    program = [sys.executable, "-m", *json.loads(only("ENTRYPOINT")), *json.loads(only("CMD"))]
    with (
        traces.opened(tmp_path / "serve.log") as log,
        subprocess.Popen(
            [*UNSHARE, *program], cwd=tmp_path, env=shell.env, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert "http://" in process.stdout.readline()
            (inside,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            assert re.search(r"^NSpid:\s+\d+\s+1$", Path(f"/proc/{inside}/status").read_text(), re.MULTILINE)
            os.kill(int(inside), signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 0
        finally:
            if process.poll() is None:
                process.kill()
    assert '"event": "stopped"' in (tmp_path / "serve.log").read_text(encoding="utf-8")


@pytest.mark.skipif(not BASE, reason="PAYAMAK_CONTAINER_BASE names no image to build on")
def test_it_is_built() -> None:
    """An engine builds it and runs it without a root that can be written."""
    engine = next(filter(shutil.which, ("podman", "docker")))
    made = [engine, "build", "-f", str(FILE), "--build-arg", f"BASE={BASE}", "-t", "payamak-test", str(ROOT)]
    subprocess.run(made, check=True)
    ran = [engine, "run", "--rm", "--read-only", "--cap-drop=all", "payamak-test", "--version"]
    assert subprocess.run(ran, capture_output=True, check=True).stdout.strip()
