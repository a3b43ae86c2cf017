"""Every field of every log line has been thought about: nothing in it may be a text, a password or a whole number.

Who needs a new field adds it here, with its place among the reasons.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.source import name_of, parsed, python_files

#: Names and numbers of our own things.
OWN = {
    "account",
    "campaign",
    "document",
    "door",
    "prefix",
    "event_id",
    "id",
    "key",
    "library",
    "line",
    "link",
    "message_id",
    "operation",
    "part",
    "path",
    "port",
    "received_id",
    "setting",
    "thread",
}
#: Counts, positions, durations.
COUNTS = {
    "ahead_s",
    "ambiguous_attempts",
    "by_s",
    "count",
    "failed",
    "final",
    "granted",
    "ids_above",
    "jumps",
    "links",
    "made",
    "max_connections",
    "moved_s",
    "octets",
    "open_files",
    "outstanding",
    "place",
    "sequence",
    "step",
    "took_ms",
    "tries",
    "true_in_s",
    "untold",
    "version",
}
#: Words out of lists of ours.
WORDS = {
    "code",
    "intake",
    "reason_before",
    "command",
    "event_name",
    "mode",
    "reason",
    "state",
    "status",
    "todo",
    "detail",
    "why",
    "kind",
    "work",
}
#: Where an error was and of what type; never its text.
ERRORS = {"at", "error", "task", "what", "where"}
#: An operator's words, short and cut.
OPERATORS = {"err", "smsc", "stat"}
#: What is left of a number when its middle is gone.
MASKED = {"recipient_masked", "sender_masked"}
#: The network of an address; the beginning of a name that nobody has.
MASKED_HERE = {"address_masked", "name_masked"}
#: What came of a post: an HTTP status or the type of an error.
POSTS = {"note"}
#: What every line has.
FRAME = {"event", "level", "timestamp"}
ALLOWED = MASKED_HERE | OWN | COUNTS | WORDS | ERRORS | OPERATORS | MASKED | POSTS | FRAME

#: What writes a line, by the name it is called by; and what is one.
LOGGERS = {"one_line", "alarm", "_alarm", "log", "_log", "_say", "_tell", "StateLine"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}

#: What may stand for `reason` and `detail`: of errors only those whose words are ours.
PLAIN_ERRORS = {"StoreFailed", "ValueError", "OSError", "PayamakError", "BadSettings"}

FILES = [path for path in python_files("src/payamak") if path.name != "__main__.py"]


def calls_of(path: Path) -> Iterator[ast.Call]:
    """The calls in a file that write a log line."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(called) if called in LOGGERS:
                    yield node
                case ast.Attribute(attr=called) if called in LOGGERS:
                    yield node
                case ast.Call(func=ast.Name("event_logger")):
                    yield node
                case ast.Attribute(value=ast.Name("_log" | "_strays" | "logger"), attr=called) if called in LEVELS:
                    yield node
                case _:
                    pass


def spread_of(path: Path, name: str) -> set[str]:
    """The keys of a dict of this name that a call spreads: a literal in the same file."""
    for node in ast.walk(parsed(path)):
        match node:
            case ast.Assign(targets=[ast.Name(id=given)], value=ast.Dict(keys=keys)) if given == name:
                return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
            case _:
                pass
    return set()


def fields_of(path: Path, call: ast.Call) -> set[str]:
    """The names of a call's fields, those of a spread dict too; `**` for one that cannot be followed."""
    names: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is not None:
            names.add(keyword.arg)
        elif isinstance(keyword.value, ast.Name) and (keys := spread_of(path, keyword.value.id)):
            names |= keys
        else:
            names.add("**")
    return names


#: Where fields are handed through from calls that are looked at themselves.
HANDED_THROUGH = {
    *(
        "src/payamak/log.py",
        "src/payamak/http/refusals.py",
        "src/payamak/smpp/link/connection.py",
        "src/payamak/posts/rounds.py",
    ),
    "src/payamak/delivery/journal.py",
}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_fields(path: Path) -> None:
    """A log line has no field that is not on the list."""
    allowed = ALLOWED | ({"**"} if name_of(path) in HANDED_THROUGH else set())
    wrong = {call.lineno: sorted(left) for call in calls_of(path) if (left := fields_of(path, call) - allowed)}
    assert wrong == {}, f"{name_of(path)}: {wrong}"


def test_there_are_calls_to_look_at() -> None:
    """The search finds what it looks for: the parts of the program that log at all."""
    assert sum(1 for path in FILES for _ in calls_of(path)) > 35


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_is_called_masked_is(path: Path) -> None:
    """A field that names itself masked has its value from `masked()`, on the spot."""
    wrong = []
    for call in calls_of(path):
        for keyword in call.keywords:
            if keyword.arg in MASKED and not ast.unparse(keyword.value).startswith("masked("):
                wrong.append(f"{name_of(path)}:{call.lineno} {keyword.arg}")
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_error_is_printed_whole(path: Path) -> None:
    """No log line holds the repr of an error, or its text joined to something: such texts quote what was read."""
    wrong = []
    for call in calls_of(path):
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            for node in ast.walk(value):
                is_repr = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "repr"
                is_joined = isinstance(node, ast.FormattedValue) and ast.unparse(node.value) in ("error", "exc")
                if is_repr or is_joined or (isinstance(node, ast.FormattedValue) and node.conversion == ord("r")):
                    wrong.append(f"{name_of(path)}:{call.lineno}")
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_whose_words_are_told(path: Path) -> None:
    """`str(error)` is logged only of errors whose words are written in this program, or by the system."""
    wrong = []
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.ExceptHandler) or node.name is None:
            continue
        caught = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)} if node.type else {"Exception"}
        for call in (c for c in calls_of(path) if node.lineno <= c.lineno <= (node.end_lineno or 0)):
            told = ast.unparse(call)
            if f"str({node.name})" in told and "isinstance" not in told and not caught <= PLAIN_ERRORS:
                wrong.append(f"{name_of(path)}:{call.lineno} {caught}")
    assert wrong == []
