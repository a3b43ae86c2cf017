"""A person with the docs alone: a root of their own, a shell, and no command but those that a page has.

A step names its page, the heading, and how the command begins; what is run is what stands there. So page and journey
cannot part: a command that is changed is run as changed, one that is gone fails the step.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from tests import traces
from tests.source import ROOT

DEADLINE_S: Final = 900.0
"""How long a step may take: what a busy machine needs to install everything, and no judgement of speed."""

SOON_S: Final = 120.0
"""How long something that is asked for again and again may take to come, on such a machine."""

POLL_S: Final = 0.1

NOT_OURS: Final = re.compile(r"(PAYAMAK|PYTEST|PYTHON|MAKE|MFLAGS|VENV|VIRTUAL_ENV|COV|LC_|XDG_)")
"""Variables of whoever runs the suite, which a newcomer's shell has not."""


def section(page: str, heading: str) -> str:
    """What stands under a heading of a page, of whichever level, up to the next one of that level or above."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    assert found, f"{page} has no heading {heading!r}"
    return re.split(rf"^#{{1,{len(found[1])}}} ", text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]


def commands(page: str, heading: str) -> list[str]:
    """The commands of a section: its indented lines and its blocks for a shell, then what its sentences name."""
    text = section(page, heading)
    fenced = re.findall(r"^```sh[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(
        r"^    (.*\S)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    lines = "\n".join([*indented, *fenced]).replace("\\\n", " ").splitlines()
    named = re.findall(r"`((?:make|payamak) [^`…]+)`", text)
    return [re.sub(r"  +(?!#)", " ", line) for line in (*lines, *named) if line.strip()]


def listed(page: str, heading: str, begins: str) -> str:
    """The one command of a section that begins so; the first where sentences name it again."""
    found = [command for command in commands(page, heading) if command.startswith(begins)]
    assert found, f"{page}, {heading!r}, has no command that begins with {begins!r}"
    return found[0]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the docs, and how long it took."""

    page: str
    command: str
    seconds: float


def heeds_interrupts() -> None:
    """In a child before its command: Ctrl-C reaches it as in a terminal, also where the suite runs without one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Terminal:
    """A command that goes on in a terminal of its own."""

    process: subprocess.Popen[bytes]
    said: Path
    log: Path

    @property
    def text(self) -> str:
        """What it has said so far, then what it has logged."""
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in (self.said, self.log))

    def until(self, words: str) -> str:
        """Wait until it has said this; all that it has said."""
        deadline_s = time.monotonic() + DEADLINE_S
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline_s, self.text
            time.sleep(POLL_S)
        return self.text

    def interrupt(self) -> None:
        """Ctrl-C, to all that runs in it; it must end by itself."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(DEADLINE_S)


@dataclass
class Person:
    """Somebody at a shell: what is exported stays exported, each step is kept with its time."""

    folder: Path
    name: str
    steps: list[Step] = field(default_factory=list)
    terminals: int = 0

    def __post_init__(self) -> None:
        """A home with a fresh copy of the tree in it, and nothing else."""
        self.home = self.folder / "home"
        self.tree = self.home / "payamak-source"
        copy_tree(self.tree)
        self._state = self.folder / "exported"
        self._state.write_text("", encoding="utf-8")
        own = Path(sys.executable).parent
        path = [part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != own]
        kept = {name: value for name, value in os.environ.items() if not NOT_OURS.match(name)}
        rooms = self.folder / "run"  # where simulators have their doors: nobody else's here
        rooms.mkdir(mode=0o700)
        python = self.folder / "bin" / "python3"
        python.parent.mkdir()
        python.symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
        cache = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
        self.env = {
            **kept,
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "TMPDIR": str(rooms),
            "XDG_RUNTIME_DIR": str(rooms),
            "COLUMNS": "100",
            "PATH": os.pathsep.join([str(python.parent), *path]),
            "PIP_CACHE_DIR": cache,
            "PYTHON": str(python),
        }

    def _script(self, command: str) -> list[str]:
        state = shlex.quote(str(self._state))
        return ["/bin/sh", "-c", f". {state}\n{command}\nleft=$?; export -p >{state}; exit $left"]

    def export(self, name: str, value: str) -> None:
        """Type `export NAME=value`."""
        self.type(f"export {name}={shlex.quote(value)}")

    def type(self, command: str, *, page: str = "", code: int = 0) -> str:
        """Run a line in the shell to its end; what it said on either stream."""
        began_s = time.monotonic()
        done = subprocess.run(
            self._script(command),
            cwd=self.tree,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        traces.kept_text(done.stderr, traces.Trace.COMMAND)
        if page:
            self.steps.append(Step(page=page, command=command, seconds=time.monotonic() - began_s))
        said = done.stdout + done.stderr
        skip_without_index(said)
        assert "Traceback" not in said, said
        assert done.returncode == code, f"{command}: {done.returncode}\n{said}"
        return said

    def step(
        self,
        page: str,
        heading: str,
        begins: str,
        put: Mapping[str, str] | None = None,
        *,
        code: int = 0,
        until: str = "",
    ) -> str:
        """Do what a page says, again and again until it answers so, where that is asked; what it said."""
        command = self._read(page, heading, begins, put)
        said = self.type(command, page=page, code=code)
        deadline_s = time.monotonic() + SOON_S
        while until not in said:
            assert time.monotonic() < deadline_s, f"{command} still says\n{said}"
            time.sleep(POLL_S)
            said = self.type(command, code=code)
        return said

    def _read(self, page: str, heading: str, begins: str, put: Mapping[str, str] | None) -> str:
        return filled(listed(page, heading, begins), put)

    @contextmanager
    def terminal(
        self, page: str, heading: str, begins: str, put: Mapping[str, str] | None = None, *, until: str
    ) -> Iterator[Terminal]:
        """Do what a page says in another terminal, and go on when that has said something; Ctrl-C at the end."""
        command = self._read(page, heading, begins, put)
        self.terminals += 1
        said, log = (self.folder / f"terminal-{self.terminals}.{kind}" for kind in ("out", "log"))
        began_s = time.monotonic()
        with said.open("wb") as out, traces.opened(log, traces.Trace.DEMO) as err:
            process = subprocess.Popen(
                ["/bin/sh", "-c", f". {shlex.quote(str(self._state))}\n{command}"],
                cwd=self.tree,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=heeds_interrupts,
            )
        with process:
            try:
                shown = Terminal(process, said, log)
                try:
                    shown.until(until)
                except AssertionError:
                    skip_without_index(shown.text)
                    raise
                self.steps.append(Step(page=page, command=command, seconds=time.monotonic() - began_s))
                yield shown
                if process.poll() is None:
                    shown.interrupt()
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def dialogue(
        self, page: str, heading: str, begins: str, answers: Sequence[tuple[str, str]], *, code: int = 0
    ) -> str:
        """Do what a page says at a terminal that asks: each answer when its question is there; all it showed."""
        command = self._read(page, heading, begins, None)
        began_s = time.monotonic()
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self._script(command),
            cwd=self.tree,
            env=self.env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=heeds_interrupts,
        )
        os.close(theirs)
        seen, whole = "", ""
        waiting = list(answers)
        try:
            while True:
                assert time.monotonic() < began_s + DEADLINE_S, whole
                if select.select([ours], [], [], POLL_S)[0]:
                    try:
                        came = os.read(ours, 65_536).decode(errors="replace")
                    except OSError:
                        break
                    if not came:
                        break
                    seen, whole = seen + came, whole + came
                if waiting and waiting[0][0] in seen:
                    question, answer = waiting.pop(0)
                    seen = seen.partition(question)[2]
                    os.write(ours, answer.encode())
            assert process.wait(DEADLINE_S) == code, whole
        finally:
            os.close(ours)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert waiting == [], whole
        self.steps.append(Step(page=page, command=command, seconds=time.monotonic() - began_s))
        return whole

    def program(self, page: str, put: Mapping[str, str]) -> str:
        """Run the first Python program of a page; what it printed."""
        text = (ROOT / page).read_text(encoding="utf-8")
        found = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        assert found, f"{page} has no program"
        return self.type(f"python3 - <<'END'\n{filled(found[1], put)}END", page=page)

    def told(self) -> list[str]:
        """Each step with its time, and the sum, as lines for a terminal."""
        lines = [f"{step.seconds:7.1f} s  {step.page:<24} {step.command.splitlines()[0][:100]}" for step in self.steps]
        total = sum(step.seconds for step in self.steps)
        return [f"journey of {self.name}, {len(self.steps)} steps:", *lines, f"{total:7.1f} s  in all"]


def filled(command: str, put: Mapping[str, str] | None) -> str:
    """A command with one's own values where the page has examples; each of these must stand there."""
    for example, value in (put or {}).items():
        assert example in command, f"{command!r} has no {example!r}"
        command = command.replace(example, value)
    return command


def copy_tree(place: Path) -> None:
    """What a clone of this tree would have, changes that are not committed yet included."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)


def skip_without_index(said: str) -> None:
    """A machine that reaches no package index can install nothing; CI must."""
    if "Is a package index reachable?" in said and not os.environ.get("CI"):
        pytest.skip("no package index is reached: nothing can be installed in a fresh root")
