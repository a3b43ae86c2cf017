"""What stands around the gateway: load, operator, and the customer's receiver of posts, three small programs in C.

They are compiled when first needed, by the compiler that the README asks for, into `build/bench`. In C because all
share the machine's cores with what is measured.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent / "c"
BUILT: Final = Path(__file__).parents[1] / "build" / "bench"
WITHIN_S: Final = 90.0
"""How long anything that is waited for may take before the measurement is given up."""

_CALL: Final = struct.Struct("=QQII")
_SEEN: Final = struct.Struct("=QQ")


class NotMeasured(Exception):
    """Something went otherwise than a measurement needs; the text says what."""


class Shed(NotMeasured):
    """The gateway refused calls: it, or the machine, was busy otherwise."""


def built(name: str) -> Path:
    """The program of this name, compiled anew if its source or the shared header is younger."""
    program, sources = BUILT / name, (SOURCES / f"{name}.c", SOURCES / "shared.h")
    if program.exists() and all(program.stat().st_mtime >= source.stat().st_mtime for source in sources):
        return program
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NotMeasured("a C compiler is needed: cc, gcc or clang")
    BUILT.mkdir(parents=True, exist_ok=True)
    fresh = program.with_suffix(f".{os.getpid()}")  # another run may compile the same at this moment
    command = [compiler, "-O2", "-std=c11", "-Wall", "-Wextra", "-o", str(fresh), str(sources[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured(f"{name}.c does not compile:\n{done.stderr}")
    fresh.replace(program)
    return program


class Told:
    """A program that listens on `port`, takes orders by lines and answers each with a line of JSON."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders, self._answers = process.stdin, process.stdout
        self.pid = process.pid
        self.port = int(self._line("its start").split()[1])

    def _line(self, what: str) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            if not selector.select(WITHIN_S):
                raise NotMeasured(f"no answer to {what!r} within {WITHIN_S:.0f} s")
        line = self._answers.readline()
        if not line:
            raise NotMeasured(f"the program ended at {what!r}")
        return line

    def order(self, order: str) -> dict[str, int]:
        """What it answers to an order. Raises `NotMeasured` if it does not in time."""
        self._orders.write(order.encode() + b"\n")
        self._orders.flush()
        told: dict[str, int] = json.loads(self._line(order))
        return told

    def recipients(self) -> dict[int, tuple[int, int]]:
        """Of an operator: for each recipient how often it was sent to, and when first, in monotonic nanoseconds."""
        with tempfile.NamedTemporaryFile() as file:
            self.order(f"dump {file.name}")
            seen = list(_SEEN.iter_unpack(Path(file.name).read_bytes()))
        times = Counter(recipient for _, recipient in seen)
        first: dict[int, int] = {}
        for at_ns, recipient in seen:
            first.setdefault(recipient, at_ns)
        return {recipient: (count, first[recipient]) for recipient, count in times.items()}


@contextmanager
def running(name: str, *arguments: str) -> Iterator[Told]:
    """The operator or the receiver, until the block ends."""
    command = [str(built(name)), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Told(process)
        finally:
            process.kill()


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One HTTP call: when it was sent or, at a pace, due; instants in monotonic nanoseconds."""

    due_ns: int
    answered_ns: int
    number: int
    is_accepted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What came of a load."""

    calls: Sequence[Call]
    next_number: int
    began_ns: int
    ended_ns: int
    p50_ms: float
    p99_ms: float

    @property
    def accepted(self) -> int:
        return sum(call.is_accepted for call in self.calls)

    @property
    def seconds(self) -> float:
        return (self.ended_ns - self.began_ns) / 1e9


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """HTTP calls to make: `request` is one whole call, in which each run of seven # becomes a new recipient's number.

    `rate` is calls a second, due whether or not others are answered; 0 is as fast as they are answered. No call begins
    when `seconds` have gone by.
    """

    request: bytes
    expected: str
    """What the body of an answer holds if the call was accepted; "ids" says that it must be ids, joined by commas."""

    connections: int
    calls: int
    recipients: int = 1
    """Of each call."""

    rate: float = 0
    seconds: float = 1e6


@contextmanager
def loading(port: int, load: Load, first: int) -> Iterator[Loading]:
    """A load under way; its recipients are numbered from `first` on."""
    with tempfile.TemporaryDirectory(prefix="payamak-bench-") as name:
        folder = Path(name)
        (folder / "request").write_bytes(load.request)
        options = {"connections": load.connections, "count": load.calls, "rate": load.rate, "seconds": load.seconds}
        options |= {"first": first}
        given = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        command = [str(built("load")), str(port), str(folder / "request"), load.expected, *given]
        with subprocess.Popen([*command, "--log", str(folder / "log")], stdout=subprocess.PIPE) as process:
            try:
                yield Loading(process, folder / "log")
            finally:
                process.kill()


class Loading:
    """A load under way."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def ended(self) -> Loaded:
        """Wait for it. Raises `NotMeasured` if it fails or takes too long."""
        try:
            out, _ = self._process.communicate(timeout=WITHIN_S)
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"the load did not end within {WITHIN_S:.0f} s") from None
        if self._process.returncode:
            raise NotMeasured(f"the load ended with {self._process.returncode}")
        told = json.loads(out)
        calls = [
            Call(due_ns=due_ns, answered_ns=answered_ns, number=number, is_accepted=bool(is_accepted))
            for due_ns, answered_ns, number, is_accepted in _CALL.iter_unpack(self._log.read_bytes())
        ]
        return Loaded(
            calls=calls,
            next_number=told["next_number"],
            began_ns=told["began_ns"],
            ended_ns=told["ended_ns"],
            p50_ms=told["p50_ms"],
            p99_ms=told["p99_ms"],
        )


def end_tidily() -> None:
    """Let SIGTERM end us as Ctrl-C does: what we have started ends too, and its files go."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def complain(error: NotMeasured) -> None:
    """Say why there is no figure."""
    print(f"not measured: {error}", file=sys.stderr)
