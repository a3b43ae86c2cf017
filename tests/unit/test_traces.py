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
from tests.traces import VARIABLE, Find, Found, Kind, Secrets, Trace, request_of, search

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
        *((f"x{number}", Kind.NUMBER) for number in ("=989121234567.0", "=9.89121234567e+11", " 0.5 +989121234567")),
        *((f"1.2.{number}", Kind.NUMBER) for number in ("989121234567", "9121234567:2775")),
        (f"5 of 9121234567 in 0.{7:016}", Kind.NUMBER),
        (f"{'ab' * 16} 989121234567 1795681393123", Kind.NUMBER),
        (f"id{1_000}989121234567", Kind.NUMBER),
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


@pytest.mark.parametrize(
    "harmless",
    [
        *(
            'payamak_answer_s_sum{path="/x"} 0.0' + digits
            for digits in ("9121234567", "39121234567001", "9121234567e-05")
        ),
        "payamak_x_created 1.7991212345671e+09",
        line(took_s=3.91212345670001),
        line(at=1_799_121_234_567),
        line(at=1_791_212_345_678_001),
        line(at=1_791_212_345_678_001_002),
        line(digest="9121234567abcdef" * 2),
        line(id="a0e7d1b2-91ab-4c3d-8e9f-a09121234567"),
    ],
)
@pytest.mark.parametrize("trace", [Trace.METRICS, Trace.COMMAND])
def test_digits_that_are_nobodys(secrets: Secrets, harmless: str, trace: Trace) -> None:
    """Fractions, instants and digests are no numbers, whatever ten digits stand in them."""
    for number in ("9121234567", "9912123456", "9121234567", "1212345678"):
        secrets.add(Kind.NUMBER, number)
    assert "9121234567" in secrets.numbers
    assert found([harmless], secrets, trace) == set()


def test_a_page_of_metrics_is_searched_but_for_its_fractions(secrets: Secrets) -> None:
    """A number in a name, a label or a whole value is found, also beside a fraction that looks like one."""
    pages = (
        'payamak_x{to="989121234567"} 0.5',
        "payamak_x_9121234567 1.0",
        "payamak_x 9.89121234567e+11",
        "payamak_x 9.121234567e+09",
        "payamak_x 989121234567 1795681393123",
        'payamak_x{to="09121234567"} 1.7956813339121234567e+09',
    )
    for page in pages:
        assert found([page], secrets, Trace.METRICS) == {("no event", Kind.NUMBER)}, page


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


@pytest.mark.parametrize("text", ["لغو۱۱", " لغو 11 ", "«لغو۱۱»", "STOP", "لغو"])
def test_the_words_that_stop_a_line_are_no_secret(text: str) -> None:
    """Whoever sends one says what our own sentences say: `refused with 33: … («لغو۱۱»)` leaks nothing."""
    known = Secrets()
    assert known.add(Kind.TEXT, text) == []
    assert known.add(Kind.TEXT, f"{text} فردا ساعت ۱۰") != []


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
        log.write(b'{"event": "well"}\\n{"event": "leaked", "x": "989121234567"}\\n')

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
    kept = list((tmp_path / "build" / "traces").rglob("LOG-*"))
    assert len(kept) == code
    for evidence in kept:  # what was found can be looked at: which line, of which file, of which test
        assert "9121234567" in evidence.read_text().splitlines()[1]
        where = f"line 2 of {evidence}, which is serve.log of "
        assert any(where in said and said.endswith("test_it.py::test_plants") for said in done.stdout.splitlines())


#: What starts processes of ours that log nothing of anybody, or whose log is a test's own.
WITHOUT_TRACES = {
    "tests/bench/test_fill.py",  # the doctor, which ends at once and logs nothing
    "tests/crash/zygote.py",  # whoever asks it for a process hands the log over
    "tests/hostile/test_simulator.py",
    "tests/packaging/test_dist.py",  # builds, and reads the names of what was built
    "tests/scenarios/test_posts_are_listened_to.py",  # it shows a customer's developer the posts that he is sent
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
    """A find is made of names that are ours, and of a place."""
    assert set(Find.__dataclass_fields__) == {"trace", "event", "kind", "line"}
    assert set(Found.__dataclass_fields__) == {"first", "times", "origin", "evidence"}
