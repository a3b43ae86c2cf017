"""Client programs of other worlds, each a process of its own, against `payamak serve` as a process.

A program is written the way shops write theirs and prints what it made of the answers, in one line.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from tests.golden.http.tenants import tenanted_house
from tests.scenarios.house import House
from tests.site import LINE, LINE2, PASSWORD, QUOTING_PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAMS = Path(__file__).parent / "programs"
PROGRAM_S = 60.0
INSTALL_S = 90.0

QUOTED_TEXT = "سلام «علی»، ۱۰۰٪ & 100% + 1=1؟ #کد‌ها"
RAW_TEXT = "سلام، کد شما ۴۸۲۹ است"
"""For programs that encode nothing: nothing in it has a meaning in a query."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A file, what runs it, what that must be able to do, and the ways of asking that the file knows.

    `raw_ways` encode nothing, so that their password and text may hold nothing that a query gives a meaning.
    """

    file: str
    runner: str
    ways: Sequence[str]
    raw_ways: Sequence[str] = ()
    modules: Sequence[str] = ()

    @property
    def all_ways(self) -> list[str]:
        """Every way of asking."""
        return [*self.ways, *self.raw_ways]


PYTHON, PHP, NODE, JAVA = "python", "php", "node", "java"
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("httpclient", "httpcore", "httpmime", "commons-logging")]
"""Where Debian has them: libhttpclient-java, libhttpmime-java."""

ALL = [
    Program(file="with_requests.py", runner=PYTHON, ways=("form", "json", "multipart", "get")),
    Program(file="with_httpx2.py", runner=PYTHON, ways=("form", "json", "multipart", "get")),
    Program(file="php_curl.php", runner=PHP, ways=("get", "form", "array"), modules=("curl",)),
    Program(file="php_stream.php", runner=PHP, ways=("get", "post", "sendsms")),
    Program(file="node_axios.js", runner=NODE, ways=("json", "params"), modules=("axios",)),
    Program(file="node_fetch.js", runner=NODE, ways=("formdata", "json")),
    Program(file="WithHttpClient.java", runner=JAVA, ways=("multipart", "gzip")),
    Program(file="curl.sh", runner="curl", ways=("http1.0", "multipart", "sendsms"), raw_ways=("raw",)),
    Program(file="wget.sh", runner="wget", ways=(), raw_ways=("get", "post")),
]


def _case(program: Program, way: str) -> object:
    # A JDK is 116 MB to fetch: CI does without it where it is not there, and has the octets (test_way) in its place.
    marks = [] if program.runner in (PYTHON, JAVA) else [pytest.mark.debian]
    return pytest.param(program, way, id=f"{program.file}-{way}", marks=marks)


EACH_WAY = [_case(program, way) for program in ALL for way in program.all_ways]
EACH_PROGRAM = [_case(program, program.all_ways[0]) for program in ALL if program.runner != JAVA]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all programs."""
    async with tenanted_house(tmp_path_factory.mktemp("clients")) as (home, _):
        yield home


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def modules(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Where Node finds axios, in the locked version; None if it could not be installed."""
    if shutil.which("npm") is None:
        return None
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAMS / name, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
    status, _, _ = await _run(("npm", "ci", *options, "--prefix", str(folder)), INSTALL_S)
    return folder / "node_modules" if status == 0 else None


async def _run(
    arguments: Sequence[str], timeout_s: float, environment: dict[str, str] | None = None
) -> tuple[int | None, str, str]:
    """Run a command to its end: exit status, standard output, standard error. Killed when its time is over."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, "", f"no end within {timeout_s} s"
    return process.returncode, out.decode(), err.decode(errors="replace")


async def _command(program: Program, modules: Path | None) -> list[str]:
    """What starts the program; skips the test, saying what is missing, where it cannot be started."""
    if program.runner != PYTHON and shutil.which(program.runner) is None:
        pytest.skip(f"{program.runner} is not installed")
    if program.runner == PHP and program.modules:
        _, extensions, _ = await _run(("php", "-m"), PROGRAM_S)
        if missing := set(program.modules) - set(extensions.lower().split()):
            pytest.skip(f"PHP has no extension {', '.join(missing)}")
    if program.runner == NODE and program.modules and modules is None:
        pytest.skip("npm is not installed, or could not install axios")
    if program.runner == JAVA:
        if shutil.which("javac") is None or not all(jar.is_file() for jar in JARS):
            pytest.skip(
                "no JDK, or no Apache HttpClient (Debian: default-jdk-headless libhttpclient-java libhttpmime-java)"
            )
        return ["java", "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, JARS)), str(PROGRAMS / program.file)]
    runner = {PYTHON: sys.executable, PHP: "php", NODE: "node"}.get(program.runner, "sh")
    return [runner, str(PROGRAMS / program.file)]


async def _told(command: Sequence[str], modules: Path | None, *arguments: str) -> list[str]:
    """The words that the program prints. It must end well and complain of nothing."""
    environment = {"NODE_PATH": str(modules)} if modules else {}
    status, out, err = await _run([*command, *arguments], PROGRAM_S, environment)
    assert (status, err) == (0, ""), (status, out, err)
    return out.split()


@pytest.mark.parametrize(("program", "way"), EACH_WAY)
async def test_delivered(program: Program, way: str, home: House, modules: Path | None) -> None:
    """Sent, answered as the program expects, delivered; the operator got the text octet for octet."""
    command = await _command(program, modules)
    place = [(p.file, w) for p in ALL for w in p.all_ways].index((program.file, way))
    recipient = f"98912{place:03d}9000"
    raw = way in program.raw_ways
    login, text = (("demo", PASSWORD), RAW_TEXT) if raw else (("quoting", QUOTING_PASSWORD), QUOTED_TEXT)
    message_id, *rest = await _told(command, modules, way, home.base_url, *login, f"0{recipient[2:]}", text, LINE)
    assert rest == (["-", "-", "-", "1"] if way == "sendsms" else [LINE, recipient, "-1", "1"])
    assert int(message_id) > 1_000
    assert [(whole.line, whole.text) for whole in home.received() if whole.recipient == recipient] == [(LINE, text)]


@pytest.mark.parametrize(("program", "way"), EACH_PROGRAM)
async def test_opted_out_goes_by_line2(program: Program, way: str, home: House, modules: Path | None) -> None:
    """The recipient stopped the line: the program is answered with line2's number, and that one is delivered."""
    command = await _command(program, modules)
    recipient = f"98913{ALL.index(program):03d}9033"
    arguments = (way, home.base_url, "demo", PASSWORD, recipient, RAW_TEXT, LINE, LINE2)
    _, *rest = await _told(command, modules, *arguments)
    assert rest == [LINE2, recipient, "-1", "1"]
    assert [whole.line for whole in home.received() if whole.recipient == recipient] == [LINE2]


@pytest.mark.parametrize(("program", "way"), EACH_PROGRAM)
async def test_refused(program: Program, way: str, home: House, modules: Path | None) -> None:
    """A refusal reaches the program with its code, not as an error of HTTP."""
    command = await _command(program, modules)
    arguments = (way, home.base_url, "inactive", PASSWORD, "09120009000", RAW_TEXT, LINE)
    assert await _told(command, modules, *arguments) == ["refused", "16"]


@pytest.mark.debian
async def test_json_as_a_string_is_malformed(home: House, modules: Path | None) -> None:
    """axios labels a string as a form, JSON too: the program is told that it cannot be read, not a wrong password."""
    program = next(program for program in ALL if program.file == "node_axios.js")
    arguments = ("string", home.base_url, "demo", PASSWORD, "09120009000", RAW_TEXT, LINE)
    assert await _told(await _command(program, modules), modules, *arguments) == ["refused", "31"]
