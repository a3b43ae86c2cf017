"""The net under every trace of the suite holds: what is planted is found, what is harmless is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ast import Constant, walk
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from tests.source import ROOT, name_of, parsed, python_files
from tests.traces import VARIABLE, Find, Kind, Secrets, Trace, request_of, search

TEXT = "کد ورود شما 482913 است"
LATIN = "Your code is 482913"
PASSWORD = "p@ss#1 رمز"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
QUERY = "username=shop&mobile=09121234567&message=salam"


@pytest.fixture
def secrets() -> Secrets:
    """One of each kind."""
    known = Secrets()
    for kind, value in (
        (Kind.NUMBER, "0912 123 4567"),
        (Kind.TEXT, TEXT),
        (Kind.TEXT, LATIN),
        (Kind.PASSWORD, PASSWORD),
        (Kind.QUERY, QUERY),
    ):
        known.add(kind, value)
    return known


def line(**fields: object) -> str:
    """A log line as the program writes it."""
    return json.dumps({"event": "sent", **fields})


def found(lines: Iterable[str], secrets: Secrets, trace: Trace = Trace.LOG) -> set[tuple[str, Kind]]:
    """Events and kinds of the finds."""
    return {(find.event, find.kind) for find in search(trace, lines, secrets)}


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        *((number, Kind.NUMBER) for number in ("989121234567", "09121234567", "9121234567", "+989121234567")),
        *((f"b'{number}'", Kind.NUMBER) for number in ("00989121234567", "۰۹۱۲۱۲۳۴۵۶۷", "%D9%A0۹۱۲۱۲۳۴۵۶۷")),
        (b"989121234567".hex(), Kind.NUMBER),
        (f"ValueError('{TEXT}')", Kind.TEXT),
        (quote_plus(TEXT), Kind.TEXT),
        (TEXT.encode("utf-16-be").hex(), Kind.TEXT),
        (TEXT.encode().hex().upper(), Kind.TEXT),
        (LATIN, Kind.TEXT),
        (LATIN.encode().hex(), Kind.TEXT),
        (PASSWORD, Kind.PASSWORD),
        (quote_plus(PASSWORD), Kind.PASSWORD),
        (HASH, Kind.HASH),
        (f"GET /api/wsSend.ashx?{QUERY} HTTP/1.1", Kind.QUERY),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_what_is_planted_is_found(secrets: Secrets, planted: str, kind: Kind, escaped: bool) -> None:
    """In whatever spelling, escaped or not, among other lines, with the name of its event and its kind."""
    harmless = [line(message_id=n, recipient_masked="98912***4567") for n in range(100)]
    wrong = json.dumps({"event": "call_failed", "error": planted}, ensure_ascii=escaped)
    assert ("call_failed", kind) in found([*harmless[:50], wrong, *harmless[50:]], secrets)
    assert found(harmless, secrets) == set()


def test_texts_that_differ_by_a_number(secrets: Secrets) -> None:
    """A text is found although only its sister is known, and behind a line that differs only by digits."""
    lines = [line(note=f"try {n}", id=n) for n in range(10)]
    assert found([*lines, line(note="Your code is 111111")], secrets) == {("sent", Kind.TEXT)}


def test_our_own_lines_may_be_told(secrets: Secrets) -> None:
    """A SIM card's line is a mobile by its looks, and some test may have sent to it."""
    lines = [line(line="989350003300")]
    secrets.add(Kind.NUMBER, "09350003300")
    assert found(lines, secrets) == {("sent", Kind.NUMBER)}
    secrets.add(Kind.LINE, "989350003300")
    assert found(lines, secrets) == set()


def test_words_that_are_no_log_line(secrets: Secrets) -> None:
    """A traceback in the log of `serve` is a find, whatever it says; a command may speak to its user."""
    lines = ["Traceback (most recent call last):", '  File "x.py", line 1, in y']
    assert found(lines, secrets) == {("no event", Kind.STRAY)}
    assert found(lines, secrets, Trace.COMMAND) == set()


@pytest.mark.parametrize("text", ["salam", "1234", "11", "ok", "لغ", "0912"])
def test_what_is_too_short_is_not_looked_for(text: str) -> None:
    """It would be found in every line by chance."""
    known = Secrets()
    assert known.add(Kind.TEXT, text) == known.add(Kind.PASSWORD, text) == []


def test_a_request_on_a_socket() -> None:
    """Query and body of what is written by hand."""
    assert request_of(b"GET /a?b=c HTTP/1.0\r\nx: y\r\n\r\n\r\nz") == (b"b=c", b"\r\nz")
    assert request_of(b"HELO") == (b"", b"")


PLANTING = """
from tests import traces

def test_plants(tmp_path):
    traces.know(traces.Kind.NUMBER, "09121234567")
    with traces.opened(tmp_path / "serve.log") as log:
        log.write(b'{"event": "leaked", "x": "989121234567"}\\n')

def test_plants_nothing(tmp_path):
    traces.kept_text("payamak_x 1\\n", traces.Trace.METRICS)
"""


@pytest.mark.parametrize(
    ("chosen", "workers", "code", "says"),
    [
        ("plants", (), 1, "event 'leaked'"),
        ("plants", ("-n", "2"), 1, "event 'leaked'"),
        ("nothing", (), 0, "0 found"),
    ],
    ids=["alone", "two workers", "nothing"],
)
def test_a_find_fails_the_run(tmp_path: Path, chosen: str, workers: tuple[str, ...], code: int, says: str) -> None:
    """A run whose tests all pass is red if a trace holds a secret; the secret itself is not shown."""
    (tmp_path / "test_it.py").write_text(PLANTING)
    options = ("-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-k", chosen)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *workers, str(tmp_path / "test_it.py")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != VARIABLE and "XDIST" not in name},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert (done.returncode, says in done.stdout, "9121234567" in done.stdout) == (code, True, False), done.stdout


#: What starts processes of ours that log nothing of anybody, or whose log is a test's own.
WITHOUT_TRACES = {
    "tests/crash/zygote.py",  # whoever asks it for a process hands the log over
    "tests/hostile/test_simulator.py",
    "tests/unit/simulator/test_process.py",
    "tests/unit/test_traces.py",
}


@pytest.mark.parametrize("path", python_files("tests"), ids=name_of)
def test_whoever_starts_the_program_hands_its_log_over(path: Path) -> None:
    """A file with `-m payamak` in it uses tests/traces.py."""
    strings = {node.value for node in parsed_constants(path)}
    if {"-m", "payamak"} <= strings and name_of(path) not in WITHOUT_TRACES:
        source = path.read_text(encoding="utf-8")
        assert "traces.opened(" in source or "traces.kept" in source


def parsed_constants(path: Path) -> list[Constant]:
    """The literals of a file."""
    return [node for node in walk(parsed(path)) if isinstance(node, Constant)]


def test_a_find_says_no_secret() -> None:
    """A find is made of names that are ours."""
    assert set(Find.__dataclass_fields__) == {"trace", "event", "kind"}
