"""The import rule: which part of Payamak may know which, arrow by arrow.

The linter's contracts in pyproject.toml see chains of imports; this table sees single arrows, also those
inside functions and under TYPE_CHECKING. A part that is missing here fails: give it a row, and say so in
ARCHITECTURE.md.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from tests.source import PACKAGE, name_of, parsed, python_files

#: The words that everything with a state or an answer to give needs.
WORDS = {"domain", "codes", "errors", "language"}
#: The store's protocol and its Feed: where front and back meet. The stores themselves are runtime's.
STORE = {"store.base", "store.feed", "store.people", "store.records"}
#: The world's edge: settings, time and logs, for all that is not pure.
EDGE = {"config", "clock", "log"}

#: Part -> the parts it may import. A dotted name is one module and goes before its package.
MAY_IMPORT: dict[str, set[str]] = {
    "doors": {"dialects", "panel", "http", "front"},
    "dialects": {"http", "front", *WORDS, *EDGE},
    "cli": {
        *("__version__", "hands", "front", "client", "sheets", "simulator", "demo", "runtime"),
        *("http", "posts", "delivery", "sidedoor", "listener", "socketfile", "log_output"),
        *("setting", "texts", "visible", *WORDS, *EDGE),
    },
    "panel": {"http", "front", "hands", "encoding", "texts", "visible", *WORDS, *EDGE},
    "http": {*WORDS, *EDGE},
    "http.metrics": {"http.request", "http.exchange", "http.metric_table", *STORE, *WORDS},
    "http.metric_table": set(),
    "front": {"background", "encoding", *STORE, *WORDS, *EDGE},
    "hands.opening": {"store.engines", *STORE, *WORDS},
    "hands.restore": {"hands.refusals", "store.engines", *STORE, *WORDS},
    "hands": {*STORE, *WORDS, "setting", "texts", "visible"},
    "sheets": {"language", *WORDS},
    "delivery": {"upstreams.base", "background", "texts", *STORE, *WORDS, *EDGE},
    "posts": {"background", *STORE, *WORDS, *EDGE},
    "background": {"store.records", "errors", "log"},
    "upstreams.base": {*WORDS},
    "upstreams.lately": set(),
    "upstreams.verdicts": {"smpp", "upstreams.lately", *WORDS},
    "upstreams.oddities": {"encoding"},
    "upstreams.unhandled": {"upstreams.base", *WORDS, *EDGE},
    "upstreams.smpp": {
        *("upstreams.base", "upstreams.lately", "upstreams.oddities", "upstreams.unhandled", "upstreams.verdicts"),
        *("smpp", "encoding", *WORDS, *EDGE),
    },
    "upstreams.negin": {"upstreams.base", "upstreams.negin_states", "client", *WORDS, *EDGE},
    "upstreams.negin_states": {"upstreams.base", "upstreams.unhandled", "client", *WORDS, *EDGE},
    "upstreams": set(),
    "sidedoor": {"upstreams.smpp", "smpp", "socketfile", *WORDS, *EDGE},
    "socketfile": {"language"},
    "listener": {"posts", "texts", *WORDS},
    "store.campaigning": {"store.records", *WORDS},
    "store.people": {"store.records", *WORDS},
    "store.base": {"store.campaigning", "store.feed", "store.people", "store.records", *WORDS},
    "store.feed": {*WORDS},
    "store.records": {*WORDS},
    "store.columns": {*WORDS},
    "store.reader": {"store.columns"},
    "store.statements": {"store.columns"},
    "store.memory": {"store.reader", *WORDS},
    "store.buffer": set(),
    "store.desk": {"store.buffer", "store.columns", "store.feed", "store.memory", "store.reader", *WORDS},
    "store.rules": {"store.desk", "store.memory", "store.columns", "store.reader", "encoding", *STORE, *WORDS, *EDGE},
    "store.shares": set(),
    "store.work": {"store.desk", "store.feed", *WORDS},
    "store.queued": {"store.desk", "store.feed", "store.shares", "store.work", *WORDS},
    "store.ruled_people": {"store.rules", "store.desk", "store.reader", *STORE, *WORDS},
    "store.ruled": {
        "store.ruled_people",
        *("store.rules", "store.desk", "store.memory", "store.reader", "store.queued", "store.shares", "store.work"),
        *(*STORE, *WORDS),
    },
    "store.sqlite": {
        *("store.ruled", "store.queued", "store.work"),
        *("store.rules", "store.desk", "store.memory", "store.columns", "store.reader", "store.statements"),
        *(*STORE, *WORDS, *EDGE),
    },
    "store.postgres": {
        *("store.ruled", "store.queued", "store.work", "store.buffer"),
        *("store.rules", "store.desk", "store.memory", "store.columns", "store.reader", "store.statements"),
        *(*STORE, *WORDS, *EDGE),
    },
    "store.engines": {"store.sqlite", "store.postgres", "store.base", "store.rules"},
    "store": set(),
    "simulator": {"smpp", "encoding", "visible", "socketfile", "language", *EDGE},
    "language": set(),
    "texts": {"domain", "codes", "setting", "language"},
    "domain": {"encoding", "codes", "errors", "setting", "language"},
    "client": {"codes"},
    "encoding": set(),
    "smpp": {"encoding"},
    "config": {"codes", "errors", "setting", "language"},
    "log": {"config", "log_events", "log_output", "visible"},
    "log_events": set(),
    "log_output": set(),
    "visible": set(),
    "clock": set(),
    "setting": {"language"},
    "errors": {"codes"},
    "codes": set(),
    "": set(),
}
#: These build everything, or are the program.
FREE = {"runtime", "running", "measuring", "metric_sources", "demo", "__main__"}

#: Pure: octets and values in, octets and values out.
PURE = {"encoding", "domain", "smpp", "language", "setting", "texts", "visible"}
IMPURE_MODULES = {
    *(
        "apsw",
        "asyncio",
        "asyncpg",
        "httpx2",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "random",
        "secrets",
    ),
    *("select", "selectors", "signal", "socket", "sqlite3", "ssl", "structlog", "subprocess", "tempfile"),
    *("threading", "time", "uuid"),
}
IMPURE_BUILTINS = {"open", "print", "input"}
CLOCK_METHODS = {"now", "utcnow", "today"}
#: The sockets of both ends live beside the state machine they serve.
NOT_PURE = {"smpp.link"}

FILES = python_files("src/payamak")


def module_of(path: Path) -> str:
    """Return a file's module name below `payamak`: `smpp.link`, or nothing for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def part_of(module: str) -> str | None:
    """Return the row of the table that a module belongs to."""
    rows = {*MAY_IMPORT, *FREE}
    while module not in rows and "." in module:
        module = module.rpartition(".")[0]
    return module if module in rows else None


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, absolute name) of each import, `from a import b` as `a.b`."""
    package = ["payamak", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def is_within(module: str, part: str) -> bool:
    """Tell whether a module, or a name in it, belongs to a part."""
    return module == part or module.startswith(part + ".")


def is_pure(module: str) -> bool:
    """Tell whether a module must stay without I/O and clock."""
    return module.partition(".")[0] in PURE and not any(is_within(module, part) for part in NOT_PURE)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_arrows(path: Path) -> None:
    """A module imports only the parts that its row in the table names."""
    module = module_of(path)
    part = part_of(module)
    assert part is not None, f"payamak.{module} has no row in the import table"
    if part in FREE:
        return
    allowed = {*MAY_IMPORT[part], part}
    wrong = []
    for line, imported in imports_of(path):
        top, _, name = imported.partition(".")
        if top == "payamak" and not any(is_within(name, other) for other in allowed if other):
            wrong.append(f"{name_of(path)}:{line} {part} must not import {name}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(module_of(path))], ids=name_of)
def test_pure_modules(path: Path) -> None:
    """A pure module does no I/O, reads no clock and rolls no dice, by import or by call."""
    wrong = [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports_of(path)
        if name.partition(".")[0] in IMPURE_MODULES or is_within(name, "payamak.smpp.link")
    ]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(called) if called in IMPURE_BUILTINS:
                    wrong.append(f"{name_of(path)}:{node.lineno} calls {called}()")
                case ast.Attribute(attr=called) if called in CLOCK_METHODS:
                    wrong.append(f"{name_of(path)}:{node.lineno} reads the clock by {called}()")
                case _:
                    pass
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    "path", [path for path in FILES if module_of(path).partition(".")[0] in {"encoding", "smpp"}], ids=name_of
)
def test_standard_library_only(path: Path) -> None:
    """Encoding and SMPP need nothing but the standard library and themselves; SMPP has headers from encoding."""
    own = (f"payamak.{module_of(path).partition('.')[0]}", "payamak.encoding")
    wrong = [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports_of(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not any(is_within(name, one) for one in own)
    ]
    assert wrong == [], "\n".join(wrong)


def module_within(name: str) -> str:
    """Return the module that an imported name stands in: `smpp.link` for `smpp.link.serve`."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def test_no_circles() -> None:
    """No module needs itself by way of others, also by an import inside a function or for types alone."""
    needs: dict[str, set[str]] = {module: set() for module in MODULES}
    for path in FILES:
        for _, imported in imports_of(path):
            top, _, name = imported.partition(".")
            if top == "payamak":
                needs[module_of(path)].add(module_within(name))
    arrows = {module: needed - {module, ""} for module, needed in needs.items()}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(reversed(error.args[1])))
