"""A gateway under test with all that stands around it: a tree of the project, its store, its site, its surroundings.

The gateway is `payamak serve` of the tree that is named, with that tree's own Python, and is spoken to by its command
line, HTTP and SMPP alone, so that trees of any age can be compared. It runs as with a customer: prices, ledger,
metrics, the log as JSON lines into a file, every commit synced.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.counted import OCTETS
from bench.outside import Load, Loading, NotMeasured, Told, loading, running
from bench.usage import Usage, usage

HERE: Final = Path(__file__).parents[1]
KEPT: Final = HERE / "build" / "bench"
"""Where reports are kept unless another place is named."""

COUNTED: Final = Path(__file__).with_name("counted.py")
PASSWORD: Final = "bench-3300"
READY_S: Final = 60.0

WIDE_LINE: Final = "983000100"
"""Over a link with a window of 100."""

NARROW_LINE: Final = "983000010"
"""Over a link with a window of 10."""

SILENT_LINE: Final = "983000101"
"""Over a link whose operator sends no receipts."""

DOWN_LINE: Final = "983000999"
"""Over a link whose operator is not there: what is accepted waits."""

ACCOUNTS: Final = ("quiet", "waiting", "told")
"""One that waits for no verdict, one that waits for it up to 1 s, one that is told of deliveries by a webhook."""

_SITE: Final = f"""
[[link]]
name = "wide"
port = {{operator}}
system_id = "bench"
password = "bench"
window = 100

[[link]]
name = "narrow"
port = {{operator}}
system_id = "bench"
password = "bench"
window = 10

[[link]]
name = "silent"
port = {{operator}}
system_id = "bench"
password = "bench"
window = 100
gives_receipts = false

[[link]]
name = "down"
port = {{nobody}}
system_id = "bench"
password = "bench"
window = 100

[[line]]
number = "{WIDE_LINE}"
hours = "always"
links = ["wide"]
gsm7_rial = 2100
ucs2_rial = 900

[[line]]
number = "{NARROW_LINE}"
hours = "always"
links = ["narrow"]
gsm7_rial = 2100
ucs2_rial = 900

[[line]]
number = "{SILENT_LINE}"
hours = "always"
links = ["silent"]
gsm7_rial = 2100
ucs2_rial = 900

[[line]]
number = "{DOWN_LINE}"
hours = "always"
links = ["down"]
gsm7_rial = 2100
ucs2_rial = 900

[[account]]
username = "quiet"
password = "env:BENCH_PASSWORD"
lines = ["{WIDE_LINE}", "{NARROW_LINE}", "{SILENT_LINE}", "{DOWN_LINE}"]
default_line = "{WIDE_LINE}"
verdict_wait_ms = 0

[[account]]
username = "waiting"
password = "env:BENCH_PASSWORD"
lines = ["{WIDE_LINE}"]
default_line = "{WIDE_LINE}"
verdict_wait_ms = 1000

[[account]]
username = "told"
password = "env:BENCH_PASSWORD"
lines = ["{WIDE_LINE}"]
default_line = "{WIDE_LINE}"
verdict_wait_ms = 0
webhook_url = "http://127.0.0.1:{{receiver}}/states"
webhook_secret = "env:BENCH_SECRET"
webhook_states = ["delivered"]
webhook_allow_private_target = true
"""
_SECRETS: Final = {"BENCH_PASSWORD": PASSWORD, "BENCH_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """A checkout of the project with an environment of its own in `.venv`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def python(self) -> Path:
        return self.path / ".venv" / "bin" / "python"

    def commit(self) -> str:
        """Its commit, with a + where files differ from that; "" if it is not under git."""
        command = ["git", "-C", str(self.path), "describe", "--always", "--dirty=+", "--exclude=*"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()


def tree(path: Path) -> Tree:
    """The tree at a path. Raises `NotMeasured` if it has no environment."""
    found = Tree(path=path.resolve())
    if not found.python.exists():
        raise NotMeasured(f"{found.path} has no .venv: make it there by `sh tools/environment.sh runtime`")
    return found


@dataclass(kw_only=True, slots=True)
class House:
    """A gateway that runs, and what stands around it. Recipients are numbered: each is sent to once."""

    name: str
    port: int
    pids: tuple[int, ...]
    log: Path
    operator: Told
    receiver: Told
    counts_file: Path | None = None
    next_number: int = 1

    def usage(self) -> Usage:
        """What the gateway's processes have used so far."""
        return usage(*self.pids)

    def log_octets(self) -> int:
        """How long its log is."""
        return self.log.stat().st_size

    def counts(self) -> tuple[int, int] | None:
        """SQL statements so far and, of these, commits; None where they are not counted."""
        if self.counts_file is None:
            return None
        statements, commits = struct.unpack("=QQ", self.counts_file.read_bytes())
        return statements, commits

    @contextmanager
    def loading(self, load: Load) -> Iterator[Loading]:
        """The load under way, its recipients all new."""
        with loading(self.port, load, self.next_number) as under_way:
            self.next_number += load.calls * load.recipients
            yield under_way


@contextmanager
def house(of: Tree, *, counted: bool = False, store: Path | None = None) -> Iterator[House]:
    """The gateway of a tree on a new store, or on this one, ready and with its links up, until the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="payamak-bench-")))
        operator, receiver = stack.enter_context(running("operator")), stack.enter_context(running("receiver"))
        database = store or folder / "store.sqlite"
        nobody = stack.enter_context(_nobodys_port())
        (folder / "site.toml").write_text(_SITE.format(operator=operator.port, receiver=receiver.port, nobody=nobody))
        _command(of, folder, "apply", str(folder / "site.toml"), "--yes", "--data", str(database))
        for account in ACCOUNTS:
            _command(of, folder, "account", "credit", account, "1000000000000", "--data", str(database))
        counts = folder / "counts" if counted else None
        process, port = stack.enter_context(_serving(of, folder, database, counts))
        yield House(
            name=of.name,
            port=port,
            pids=(process.pid,),
            log=folder / "log",
            operator=operator,
            receiver=receiver,
            counts_file=counts,
        )


@contextmanager
def _nobodys_port() -> Iterator[int]:
    """A port that is taken and on which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def _environment() -> dict[str, str]:
    """Ours without what would lead another tree's Python to this tree."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PAYAMAK_"))}
    return kept | _SECRETS


def _command(of: Tree, folder: Path, *arguments: str) -> None:
    command = [str(of.python), "-P", "-m", "payamak", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=_environment())
    if done.returncode:
        raise NotMeasured(f"{' '.join(arguments[:2])} of {of.path}: {done.stderr.strip() or done.stdout.strip()}")


@contextmanager
def _serving(
    of: Tree, folder: Path, database: Path, counts: Path | None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    program = ["-P", "-m", "payamak"]
    if counts is not None:
        counts.write_bytes(bytes(OCTETS))
        program = ["-P", str(COUNTED), str(counts)]
    command = [str(of.python), *program, "serve", "--json", "--port", "0", "--data", str(database)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=_environment())
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if not said:
                raise NotMeasured(f"serve of {of.path} did not start: {(folder / 'log').read_text()[-500:]}")
            url = json.loads(said)["url"]
            with urllib.request.urlopen(f"{url}/readyz", timeout=READY_S):
                pass
            yield process, int(url.rpartition(":")[2])
        finally:
            process.terminate()
            try:
                process.wait(READY_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()
