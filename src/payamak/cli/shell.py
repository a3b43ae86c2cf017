"""What every command shares: common options, the open store, how answers and failures are told."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.config import Settings, load

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from payamak.delivery.timekeeping import KeptClock
    from payamak.store.sqlite import SqliteStore


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    UNREACHED = 3


class Failed(Exception):
    """The command cannot do what was asked; the text is one sentence for the person who asked."""

    def __init__(self, text: str, code: ExitCode = ExitCode.PROBLEM) -> None:
        super().__init__(text)
        self.code = code


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options that every command on the store takes."""

    data: Annotated[
        str | None,
        Parameter(name=("--data", "--database"), group="Common", help="The SQLite file; else the setting `database`."),
    ] = None
    config: Annotated[Path | None, Parameter(group="Common", help="A settings file; else PAYAMAK_CONFIG.")] = None
    json: Annotated[bool, Parameter(group="Common", negative="", help="Answer in JSON, for machines.")] = False

    def settings(self, **given: Any) -> Settings:
        """The settings, with what the command line says above file and environment. Raises BadSettings."""
        return read_settings(self.config, database=self.data, **given)


def read_settings(config: Path | None, **given: Any) -> Settings:
    """Settings of file and environment, and of the command line above both. Raises BadSettings."""
    return load(config, **given)


# ---------------------------------------------------------------------------------------------- the store


@asynccontextmanager
async def open_store(common: Common, *, create: bool = False) -> AsyncIterator[SqliteStore]:
    """The store, for one command; the file is made only with `create`. Raises StoreFailed, Failed."""
    from payamak.store.sqlite import SqliteStore

    store = SqliteStore(_store_path(common, create=create))
    try:
        yield store
    finally:
        await store.close()


def _store_path(common: Common, *, create: bool) -> Path:
    path = Path(common.settings().database)
    if create:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.exists():
        raise Failed(
            f"there is no store {path}: name it with --data or PAYAMAK_DATABASE; `payamak apply` makes one",
            ExitCode.UNREACHED,
        )
    return path


def now_ms() -> int:
    """The instant."""
    from payamak.clock import SystemClock

    return SystemClock().now()


async def clock_of(store: SqliteStore) -> KeptClock:
    """The clock that whoever serves the store goes by: what is ended by hand is judged by no other."""
    from payamak.clock import SystemClock
    from payamak.delivery.timekeeping import KeptClock, go_on

    clock = KeptClock(SystemClock())
    go_on(clock, await store.clocks())
    return clock


# ------------------------------------------------------------------------------------------------ telling

_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0))
_SHOWN: Final = {c: 0x2400 + c if c < 0x20 else 0xFFFD for c in _CONTROLS if chr(c) not in "\n\t"}
_ESCAPED: Final = {c: f"\\u{c:04x}" for c in _CONTROLS if c > 0x20}


def visible(text: str) -> str:
    """A text of others, as it may go to a terminal: control characters are shown, not obeyed."""
    return text.translate(_SHOWN)


def console() -> Console:
    """Standard output for people; as wide as needed where it is no terminal, so that nothing is cut."""
    from rich.console import Console

    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=200)


def complain(text: str) -> None:
    """Standard error, a line for each sentence."""
    for line in visible(text).splitlines():
        print(f"payamak: {line}", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """One sentence on standard output, as it is."""
    print(text, flush=True)


def tell_json(value: Any) -> None:
    """A value as one line of JSON; Structs and enums as their plain values."""
    import msgspec

    print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False).translate(_ESCAPED), flush=True)


def grid(*columns: str, right: Iterable[str] = (), title: str | None = None) -> Table:
    """An empty table; the columns of `right` hold numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def fill(made: Table, rows: Iterable[Sequence[object]]) -> Table:
    """Put rows into a table; what is between brackets is no markup."""
    from rich.text import Text

    for row in rows:
        made.add_row(
            *(cell if isinstance(cell, Text) else Text("" if cell is None else visible(str(cell))) for cell in row)
        )
    return made


def tell(common: Common, value: Any, show: Callable[[Console], None]) -> None:
    """The answer: JSON for machines, else what `show` prints."""
    if common.json:
        tell_json(value)
    else:
        show(console())


def counted(count: int, word: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


# ---------------------------------------------------------------------------------------------- instants

_AGO: Final = re.compile(r"(\d{1,9})\s*([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def instant_text(at: int | None) -> str:
    """An instant in local time, ISO 8601 to the millisecond."""
    if at is None:
        return ""
    return dt.datetime.fromtimestamp(at / 1_000).astimezone().isoformat(sep=" ", timespec="milliseconds")


def parse_instant(text: str, now: int) -> int:
    """`2h` (ago; s, m, h, d), or ISO 8601 in local time unless it names a zone. Raises Failed."""
    if found := _AGO.fullmatch(text.strip()):
        return now - int(found[1]) * _SECONDS[found[2]] * 1_000
    try:
        return int(dt.datetime.fromisoformat(text.strip()).timestamp() * 1_000)
    except (ValueError, OverflowError):  # the first and the last year have no instant in every zone
        raise Failed(f"{text!r} is no time; write 2h (ago; s, m, h, d) or 2030-01-31T18:00", ExitCode.USAGE) from None


def duration_text(ms: int) -> str:
    """A duration for people: `1d 2h`, `3m 20s`, `0.4s`."""
    if ms < 10_000:
        return f"{ms / 1_000:.1f}s"
    left, words = ms // 1_000, []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _SECONDS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2])
