"""The traces of the whole suite: every log, every page of metrics, searched at its end for what must not be in them.

Whoever starts a process of ours hands its log over (`opened`, `kept`, `kept_text`); whoever sends says what is secret
of it (`know_request`), and at the end of a house all that its store holds is known too (`know_store`): numbers, texts,
passwords, hashes. tests/conftest.py searches when the last test is done, also under several workers; a find fails the
run and says in which kind of trace, of which test, in which line, at which event, which kind of secret, never the
secret itself; the trace is kept under build/traces, so that nobody has to meet the find a second time to see it.

Digits are folded: ten thousand messages that differ by a number are one secret, and ten thousand lines that differ by
an id are one line. Only numbers of mobiles are looked for digit by digit, in every line, but not where digits are
nobody's number and there are so many that some will look like one: behind the point of a fraction, in an instant, in a
digest (`_digits`). So a run of ten minutes is searched in a second or two. Texts and passwords that are too short to
mean anything (`_is_telling`) are not looked for: they would be found in every timestamp.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qsl, unquote_plus

import apsw

from payamak.domain.mo import is_one_of
from payamak.domain.numbers import latin_digits, parse_recipient
from payamak.domain.optout import OPT_IN_WORDS, OPT_OUT_WORDS

VARIABLE: Final = "PAYAMAK_TEST_TRACES"
"""Names the folder, for the workers of one run."""


class Trace(StrEnum):
    """Where something was found."""

    LOG = "log of serve"
    DEMO = "standard error of the demo"
    COMMAND = "standard error of a command"
    METRICS = "metrics"


class Kind(StrEnum):
    """What was found."""

    NUMBER = "a number"
    LINE = "a line of ours, which may look like a number"
    TEXT = "a text"
    PASSWORD = "a password"
    HASH = "a password hash"
    QUERY = "a query string"
    STRAY = "words that are no log line"


@dataclass(frozen=True, slots=True)
class Find:
    """One find: where, at which event, what kind of secret, in which line of its trace (the first is 1)."""

    trace: str
    event: str
    kind: Kind
    line: int


@dataclass(frozen=True, slots=True)
class Found:
    """All finds of one kind at one event: the first of them, how many, whose trace it is, and where it is kept."""

    first: Find
    times: int
    origin: str
    evidence: Path


@dataclass
class Secrets:
    """What must not be found: the last ten digits of numbers; everything else with its digits folded.

    `lines` are our own numbers, in the same form: they may be told, whoever also took one for a recipient.
    """

    numbers: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    words: set[tuple[Kind, str]] = field(default_factory=lambda: {(Kind.HASH, _folded("$argon2id$"))})

    def add(self, kind: Kind, value: str) -> list[tuple[Kind, str]]:
        """Know one more; what was new of it, as it is kept."""
        if kind in (Kind.NUMBER, Kind.LINE):
            known, number = (self.numbers, parse_recipient(value)) if kind is Kind.NUMBER else (self.lines, value)
            new = {number[-10:]} - known if number else set()
            known |= new
            return [(kind, each) for each in new]
        word = (kind, _folded(value.strip()))
        if word in self.words or not _is_telling(kind, word[1]) or (kind is Kind.TEXT and _is_public(word[1])):
            return []
        self.words.add(word)
        return [word]


def _folded(text: str) -> str:
    return re.sub(r"\d+", "0", text)


_PUBLIC: Final = [_folded(word) for word in (*OPT_OUT_WORDS, *OPT_IN_WORDS)]


def _is_public(folded: str) -> bool:
    """A word by which any handset stops or starts a line: it is in our own sentences, and names nobody."""
    return is_one_of(folded, _PUBLIC)


def _is_telling(kind: Kind, folded: str) -> bool:
    """Long enough not to be found by chance: three Persian letters, or eight characters with five letters."""
    if kind is Kind.HASH:
        return True
    if kind is Kind.PASSWORD:
        return (len(folded) >= 6 and not folded.isalpha()) or len(folded) >= 12
    letters = sum(each.isalpha() for each in folded)
    foreign = sum(each.isalpha() and not each.isascii() for each in folded)
    return foreign >= 3 or (len(folded) >= 8 and letters >= 5)


# ------------------------------------------------------------------------------------------- searching

_RUN: Final = re.compile(r"\d{10,}")
_FRACTION: Final = re.compile(r"(?<![\w.])\d+\.\d+(?:[eE][+-]?\d+)?(?![\w.])", re.ASCII)
_INSTANT: Final = re.compile(r"(?<!\d)1[5-9]\d{11}(?:\d{3}){0,2}(?!\d)", re.ASCII)
"""Milli-, micro- or nanoseconds since 1970. No spelling of a mobile is so long and begins so."""
_DIGEST: Final = re.compile(r"(?<!\w)(?=\d*[a-f])(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?!\w)")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_NO_DIGITS: Final = dict.fromkeys(map(ord, "0123456789"))
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


def search(trace: str, lines: Iterable[str], secrets: Secrets) -> Iterator[Find]:
    """Every find in the lines of one trace: plain digits in every line, the rest in every shape of line."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if "\\" in line:
            line = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), line)
        if _has_number(line, secrets):
            yield Find(trace, _event(line), Kind.NUMBER, number)
        shape = line.translate(_NO_DIGITS)  # far quicker than to fold
        if shape in seen:
            continue
        seen.add(shape)
        if trace == Trace.LOG and not line.startswith("{"):
            yield Find(trace, _event(line), Kind.STRAY, number)
        readings = list(_readings(line))
        if any(_has_number(reading, secrets) for reading in readings):
            yield Find(trace, _event(line), Kind.NUMBER, number)
        folded = [_folded(reading) for reading in (line, *readings)]
        for kind in sorted({kind for kind, word in secrets.words if any(word in each for each in folded)}):
            yield Find(trace, _event(line), kind, number)


def _has_number(text: str, secrets: Secrets) -> bool:
    runs = _RUN.findall(_digits(latin_digits(text)))
    pieces = (run[at : at + 10] for run in runs for at in range(len(run) - 9))
    return any(piece in secrets.numbers and piece not in secrets.lines for piece in pieces)


def _digits(text: str) -> str:
    """The text without digits that look like a number by chance alone, page after page: ten digits of a measured time.

    A float that is whole is read as the number that it stands for, so that one that became a value is found.
    """
    if "." in text:
        text = _FRACTION.sub(lambda found: _whole(found[0]), text)
    return _DIGEST.sub(" ", _INSTANT.sub(" ", text))


def _whole(written: str) -> str:
    value = float(written)
    return str(int(value)) if value.is_integer() else written.partition(".")[0]


def _readings(line: str) -> Iterator[str]:
    """What a line says when its escapes are taken away: percent, and octets in hex of UTF-8 or UCS-2."""
    if "%" in line:
        yield unquote_plus(line)
    for found in _HEX.finditer(line):
        octets = bytes.fromhex(found[0])
        yield octets.decode("utf-8", "replace")
        yield octets.decode("utf-16-be", "replace")


def _event(line: str) -> str:
    """The event's name, which is ours; of what is no log line not a word."""
    try:
        told = json.loads(line)
    except ValueError:
        return "no event"
    return str(told.get("event")) if isinstance(told, dict) else "no event"


# ------------------------------------------------------------------------------------------ collecting


class Collector:
    """One process's part of the folder. Everything is written down at once: a worker may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = Secrets()
        self._numbers = count(1)
        self._file: IO[str] | None = None

    def place(self, trace: Trace, path: Path | None = None) -> Path:
        """A new file of this kind; whose it is stands in the list of origins."""
        place = self.folder / f"{trace.name}-{os.getpid()}-{next(self._numbers)}"
        test = os.environ.get("PYTEST_CURRENT_TEST", "no test").partition(" (")[0]
        with (self.folder / f"origins-{os.getpid()}").open("a", encoding="utf-8") as origins:
            origins.write(json.dumps([place.name, f"{path.name if path else 'what was read'} of {test}"]) + "\n")
        return place

    def know(self, kind: Kind, values: Iterable[str]) -> None:
        """Keep secrets for the search."""
        new = [each for value in values for each in self.secrets.add(kind, value)]
        if new:
            self._file = self._file or (self.folder / f"secrets-{os.getpid()}").open("a", encoding="utf-8")
            self._file.writelines(json.dumps([kind.name, word]) + "\n" for kind, word in new)
            self._file.flush()

    def close(self) -> None:
        """Nothing more comes."""
        if self._file is not None:
            self._file.close()


_collectors: dict[str, Collector] = {}


def collector() -> Collector | None:
    """This process's; None outside a run of the suite."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return None
    if folder not in _collectors:
        _collectors[folder] = Collector(Path(folder))
    return _collectors[folder]


def kept(path: Path, trace: Trace) -> None:
    """Keep a file that is there, by a link: what is written to it later is kept too, and it outlives the test."""
    if (own := collector()) is not None:
        place = own.place(trace, path)
        try:
            os.link(path, place)
        except OSError:  # another file system
            place.symlink_to(path.resolve())


def opened(path: Path, trace: Trace = Trace.LOG) -> IO[bytes]:
    """A log to hand to a process, kept."""
    is_new = not path.exists()
    file = path.open("ab")
    if is_new:
        kept(path, trace)
    return file


def kept_text(text: str, trace: Trace) -> None:
    """Keep what was read from a process."""
    if text and (own := collector()) is not None:
        own.place(trace).write_text(text, encoding="utf-8")


def know(kind: Kind, *values: str) -> None:
    """These are secret from now on."""
    if (own := collector()) is not None:
        own.know(kind, values)


_FIELDS: Final = {
    **dict.fromkeys(("mobile", "to", "mobiles"), Kind.NUMBER),
    **dict.fromkeys(("message", "messages", "text"), Kind.TEXT),
    **dict.fromkeys(("password", "pass", "ppassword", "pnewpassword"), Kind.PASSWORD),
}
_LEAF: Final = re.compile(r"<(?:\w+:)?(\w+)[^<>]*>([^<>]+)</")


def know_request(query: bytes, body: bytes) -> None:
    """What is secret of a request: the fields of query, form, JSON or XML by their names; the query as a whole."""
    own = collector()
    if own is None:
        return
    text, asked = body.decode("utf-8", "replace"), query.decode("utf-8", "replace")
    fields = parse_qsl(asked)
    if "=" in asked:
        own.know(Kind.QUERY, [asked])
    if text.lstrip().startswith("{"):
        fields += _members(text)
    elif text.lstrip().startswith("<"):
        found = _LEAF.findall(text)
        fields += [(name, value) for name, value in found if name.lower() in _FIELDS]
        own.know(Kind.NUMBER, [value for _, value in found])
        own.know(Kind.TEXT, [value for name, value in found if name.lower() == "string"])
    elif len(text) < 1 << 16:
        fields += parse_qsl(text)
    for name, value in fields:
        if kind := _FIELDS.get(name.lower()):
            own.know(kind, value.split(",") if kind is Kind.NUMBER else [value])


def _members(text: str) -> list[tuple[str, str]]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [(name, str(each)) for name, each in value.items()] if isinstance(value, dict) else []


_PERSONAL: Final = (
    (Kind.LINE, "SELECT name FROM config WHERE kind = 'line'"),
    (Kind.NUMBER, "SELECT recipient FROM message"),
    (Kind.NUMBER, "SELECT sender FROM received"),
    (Kind.NUMBER, "SELECT recipient FROM optout"),
    (Kind.NUMBER, "SELECT recipient FROM receipt WHERE recipient IS NOT NULL"),
    (Kind.TEXT, "SELECT DISTINCT step.value ->> 'text' FROM message, json_each(plan) AS step"),
    (Kind.TEXT, "SELECT text FROM received"),
    (Kind.PASSWORD, "SELECT body ->> 'password' FROM config WHERE kind = 'link' AND body ->> 'password' IS NOT NULL"),
    (Kind.HASH, "SELECT body ->> 'password_hash' FROM config WHERE body ->> 'password_hash' IS NOT NULL"),
)
_NAMED: Final = "SELECT leaf.value FROM config, json_tree(body) AS leaf WHERE leaf.value LIKE 'env:%'"


def know_store(path: Path) -> None:
    """All that a store holds of people and passwords. One that a test has spoilt is passed over."""
    own = collector()
    if own is None or not path.exists():
        return
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        for kind, query in _PERSONAL:
            own.know(kind, [str(value) for (value,) in db.execute(query)])
        own.know(Kind.PASSWORD, [os.environ.get(str(name)[4:], "") for (name,) in db.execute(_NAMED)])
        db.close()
    except apsw.Error as error:
        own.place(Trace.COMMAND).with_suffix(".unread").write_text(type(error).__name__, encoding="utf-8")


# --------------------------------------------------------------------------------------- the whole run


def begin() -> None:
    """Make the folder of a run, unless this process is a worker of one."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="payamak-traces-")


def close() -> None:
    """This process keeps nothing more."""
    while _collectors:
        _collectors.popitem()[1].close()


def end(keep_in: Path) -> tuple[list[str], list[Found]]:
    """Search what was kept and put it away: what was looked at, in one sentence, and the finds, with their evidence."""
    began_s = time.perf_counter()
    close()
    folder = Path(os.environ.pop(VARIABLE))
    secrets, octets, stores = Secrets(), 0, 0
    for path in folder.glob("secrets-*"):
        for line in path.read_text(encoding="utf-8").splitlines():
            _restore(secrets, *json.loads(line))
    files = sorted(path for path in folder.iterdir() if path.name.partition("-")[0] in Trace.__members__)
    finds: dict[tuple[str, str, Kind], list[tuple[Find, Path]]] = {}
    for path in files:
        if path.suffix == ".unread":
            stores += 1
        elif path.exists():
            octets += path.stat().st_size
            for find in _search_file(path, secrets):
                finds.setdefault((find.trace, find.event, find.kind), []).append((find, path))
    found = _keep(finds, folder, keep_in) if finds else []
    shutil.rmtree(folder)
    known = len(secrets.numbers) + len(secrets.words)
    took_s = time.perf_counter() - began_s
    told = [
        f"{len(files) - stores} logs and pages, {octets:,} octets, searched for {known:,} secrets in {took_s:.1f} s"
    ]
    if stores:
        told.append(f"{stores} stores could not be read: what is secret in them is not known")
    return told, found


def _search_file(path: Path, secrets: Secrets) -> Iterator[Find]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        yield from search(Trace[path.name.partition("-")[0]], (line.rstrip("\n") for line in lines), secrets)


RUNS_KEPT: Final = 10
"""Of so many runs the evidence stays; older ones go when a new one comes."""

TRACES_KEPT: Final = 20
"""Files of one run: who leaks everywhere has shown enough."""


def _keep(finds: dict[tuple[str, str, Kind], list[tuple[Find, Path]]], folder: Path, keep_in: Path) -> list[Found]:
    """Copy the trace of each first find, whole, for whoever comes to look."""
    told = [path.read_text(encoding="utf-8").splitlines() for path in folder.glob("origins-*")]
    origins = dict(json.loads(line) for lines in told for line in lines)
    kept = keep_in / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    kept.mkdir(parents=True, exist_ok=True)
    found: list[Found] = []
    for _, sightings in sorted(finds.items()):
        first, path = sightings[0]
        evidence = kept / path.name
        if len(found) < TRACES_KEPT and not evidence.exists():
            shutil.copyfile(path, evidence)
        found.append(Found(first, len(sightings), origins.get(path.name, "nobody"), evidence))
    for old in sorted(keep_in.iterdir())[:-RUNS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return found


def _restore(secrets: Secrets, kind: str, word: str) -> None:
    if Kind[kind] is Kind.NUMBER:
        secrets.numbers.add(word)
    elif Kind[kind] is Kind.LINE:
        secrets.lines.add(word)
    else:
        secrets.words.add((Kind[kind], word))


def words_of(found: Found) -> str:
    """One kind of find as a sentence."""
    first = found.first
    return (
        f"{first.kind} in the {first.trace}, event {first.event!r} ({found.times} times): "
        f"line {first.line} of {found.evidence}, which is {found.origin}"
    )


def request_of(octets: bytes) -> tuple[bytes, bytes]:
    """Query and body of a request as written to a socket."""
    head, _, body = octets.partition(b"\r\n\r\n")
    target = head.split(b" ", 2)[1] if head.count(b" ") >= 1 else b""
    return target.partition(b"?")[2], body


async def on_request(request: Any) -> None:
    """For the event hooks of an httpx2 client."""
    know_request(request.url.query, await request.aread())
