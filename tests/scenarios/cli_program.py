"""The program as a person at a shell has it: commands as processes, on a store in a folder of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import traces

DEADLINE_S = 30.0
POLL_S = 0.1
OPERATOR_PASSWORD = "0per@tor"

SITE = """\
[[link]]
name = "operator"
port = {port}
system_id = "shop"
password = "env:OPERATOR_PASSWORD"
status_verdicts = {{"0x0427" = 27, "0x0433" = 33}}
receipt_verdicts = {{"027" = 27, "033" = 33}}

[[line]]
number = 9830003300
links = ["operator"]
hours = "always"
gsm7_rial = 2100
ucs2_rial = 900

[[line]]
number = 9830003301
links = ["operator"]
hours = "always"
ucs2_rial = 1000

[[account]]
username = "shop"
password = "env:PAYAMAK_PASSWORD"
lines = [9830003300, 9830003301]
default_line = 9830003300
verdict_wait_ms = 5000
"""


@dataclass
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its answer in JSON."""
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs commands in one folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PAYAMAK_")}
        self.env = {
            **kept,
            "PAYAMAK_DATABASE": str(self.folder / "store.sqlite"),
            "PAYAMAK_USERNAME": "shop",
            "PAYAMAK_PASSWORD": "s3cret رمز",
            "OPERATOR_PASSWORD": OPERATOR_PASSWORD,
            "PYTHONUNBUFFERED": "1",
            **self.env,
        }

    def run(self, *arguments: str, code: int | None = 0, stdin: str = "") -> Done:
        """Run one command to its end; `code` is the exit code it must have."""
        done = subprocess.run(
            [sys.executable, "-m", "payamak", *arguments],
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        told = Done(code=done.returncode, out=done.stdout, err=done.stderr)
        traces.kept_text(done.stderr, traces.Trace.COMMAND)
        assert code in (None, told.code), f"payamak {' '.join(arguments)}: {told}"
        assert "Traceback" not in told.err, told.err
        return told

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """Run one command with --json; its answer."""
        return self.run(*arguments, "--json", code=code).json

    def until(self, holds: Callable[[Any], bool], *arguments: str) -> Any:
        """Repeat a command with --json until its answer is as wanted."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not holds(answer := self.json(*arguments, code=None)):
            assert time.monotonic() < deadline_s, f"payamak {' '.join(arguments)} still says {answer}"
            time.sleep(POLL_S)
        return answer

    def state(self, message_id: int, wanted: str) -> Any:
        """The story of a message once it stands where wanted."""
        return self.until(lambda story: story["message"]["state"] == wanted, "show", str(message_id))

    @contextmanager
    def running(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
        """Start a command that goes on, and what its first line says in JSON; it is ended if it has not ended."""
        with (
            traces.opened(self.folder / f"{arguments[0]}.log") as log,
            subprocess.Popen(
                [sys.executable, "-m", "payamak", *arguments],
                cwd=self.folder,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line, (self.folder / f"{arguments[0]}.log").read_text()[-2_000:]
                yield process, json.loads(line)
            finally:
                if process.poll() is None:
                    process.kill()
                traces.know(traces.Kind.PASSWORD, self.env["PAYAMAK_PASSWORD"], self.env["OPERATOR_PASSWORD"])
                traces.know_store(self.folder / "store.sqlite")


def ended(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
    """Ask a process to end; its exit code and the seconds it took."""
    began_s = time.monotonic()
    process.send_signal(number)
    code = process.wait(DEADLINE_S)
    return code, time.monotonic() - began_s


@contextmanager
def site(folder: Path) -> Iterator[tuple[Shell, subprocess.Popen[str]]]:
    """A simulated operator, an applied site with credit, and the gateway, all as processes; and a shell beside them."""
    shell = Shell(folder)
    with shell.running("simulate", "--receipt-ms", "50", "--account", f"shop:{OPERATOR_PASSWORD}") as (_, operator):
        (folder / "site.toml").write_text(SITE.format(port=operator["port"]), encoding="utf-8")
        shell.run("apply", "site.toml", "--yes")
        shell.run("account", "credit", "shop", "100000", "--note", "first")
        with shell.running("serve", "--port", "0", "--json") as (process, serving):
            shell.env["PAYAMAK_URL"] = serving["url"]
            shell.env["PAYAMAK_PORT"] = serving["url"].rpartition(":")[2]
            yield shell, process
