"""What every command shares: common options, the open store, how answers and failures are told."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.config import Settings, load
from payamak.domain.jalali import check_written, read_marked
from payamak.visible import BAR, visible, visible_json, visible_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from payamak.delivery.timekeeping import KeptClock
    from payamak.hands.values import By, Store


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    UNREACHED = 3


class Failed(Exception):
    """The command cannot do what was asked; a sentence for the person who asked, or several, a line each."""

    def __init__(self, text: str, code: ExitCode = ExitCode.PROBLEM, more: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.code = code
        self.sentences = (text, *more)


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


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Acting(Common):
    """Options that every command takes that changes something."""

    reason: Annotated[str, Parameter(group="Common", help="Why, in a few words; `payamak audit` shows it.")] = ""

    def by(self, command: str, note: str = "") -> By:
        """Who acts, by which command: the words that a person typed, without what they are about.

        `note`: why, where no reason is given.
        """
        from payamak.hands.acts import by

        return by(_whoami(), f"payamak {command}", self.reason or note)


def _whoami() -> str:
    """Who acts: the user of this machine, and who became that user by sudo; for the story of what was done."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a name for its user
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER", "")
    return f"{behind} as {name}" if behind and behind != name else name


def read_settings(config: Path | None, **given: Any) -> Settings:
    """Settings of file and environment, and of the command line above both. Raises BadSettings."""
    return load(config, **given)


# ---------------------------------------------------------------------------------------------- the store


@asynccontextmanager
async def open_store(common: Common, *, create: bool = False) -> AsyncIterator[Store]:
    """The store, for a command that may change it; the file is made only with `create`. Raises StoreFailed, Failed."""
    from payamak.hands.opening import Mode, opened

    async with opened(_made_store(common) if create else existing_store(common), Mode.HANDS) as store:
        yield store


@asynccontextmanager
async def look_at_store(common: Common) -> AsyncIterator[Store]:
    """The store, for a command that changes nothing: not a page of the file is written. Raises StoreFailed, Failed."""
    from payamak.hands.opening import Mode, opened

    async with opened(existing_store(common), Mode.LOOK) as store:
        yield store


def _made_store(common: Common) -> Path:
    path = Path(common.settings().database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def existing_store(common: Common) -> Path:
    """The file of the store. Raises Failed, with what to do, if there is none."""
    path = Path(common.settings().database)
    if not path.exists():
        raise Failed(
            f"there is no store {path}: name it with --data or PAYAMAK_DATABASE; `payamak apply` makes one",
            ExitCode.UNREACHED,
        )
    return path


def now_ms() -> int:
    """The instant."""
    from payamak.clock import SystemClock

    return SystemClock().now()


async def clock_of(store: Store) -> KeptClock:
    """The clock that whoever serves the store goes by: what is ended by hand is judged by no other."""
    from payamak.clock import SystemClock
    from payamak.delivery.timekeeping import KeptClock, go_on

    clock = KeptClock(SystemClock())
    go_on(clock, await store.clocks())
    return clock


# ------------------------------------------------------------------------------------------------ telling


@contextmanager
def unheard() -> Iterator[None]:
    """Where the reader of our words has gone (`… | head`), the rest is for nobody, and the work goes on to its end.

    So the exit code tells of the work, and no second error comes when Python empties its buffers at the end.
    """
    try:
        yield
    except BrokenPipeError:
        nobody = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # one that a test has put in its place has no descriptor
                try:
                    stream.flush()
                except BrokenPipeError:
                    os.dup2(nobody, stream.fileno())
        os.close(nobody)


def console() -> Console:
    """Standard output for people; as wide as needed where it is no terminal, so that nothing is cut."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """Rich would end the process, with 1."""
            raise BrokenPipeError

    return Ours(highlight=False) if sys.stdout.isatty() else Ours(highlight=False, width=200)


def complain(text: str) -> None:
    """Standard error, one sentence; what its words bring along of lines stands behind a bar."""
    with unheard():
        first, *more = visible_lines(text)
        for line in (first, *(f"{BAR}{line}" for line in more)):
            print(f"payamak: {line}", file=sys.stderr, flush=True)


def say(*lines: str) -> None:
    """Standard output, a line for each text: what one brings along of lines is no line of ours (`a␊b`)."""
    with unheard():
        for line in lines:
            print(visible(line), flush=True)


def is_agreed(promise: str = "") -> bool:
    """Ask a person on standard error, after the promise if it is not said yet; anything but yes is no."""
    told = f"{visible(promise)}\n" if promise else ""
    print(f"{told}Carry this out? [y/N] ", end="", file=sys.stderr, flush=True)
    with interruptible():
        return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def interruptible() -> Iterator[None]:
    """While a person is asked, Ctrl-C ends the question and with it the command.

    Left to the event loop it waits for the answer, and what was agreed to by then is carried out without a word.
    """
    by_loop = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print("\nnothing was changed", file=sys.stderr, flush=True)
        raise
    finally:
        signal.signal(signal.SIGINT, by_loop or signal.SIG_DFL)


def show_block(out: Console, text: str) -> None:
    """A text that may be long and have lines of its own: a bar stands before each, also where a terminal would wrap.

    Blanks up to the edge would else put the rest where our own lines begin. A pipe has no edge, and gets lines whole.
    """
    from rich.text import Text

    for line in visible_lines(text):
        room = max(out.width - len(BAR), 1)
        pieces = [piece.plain for piece in Text(line).wrap(out, room, overflow="fold")] if out.is_terminal else [line]
        for piece in pieces or [""]:
            out.print(Text(BAR + piece), soft_wrap=True)


def json_line(value: Any) -> str:
    """A value as one line of JSON; Structs and enums as their plain values, Words in English."""
    import msgspec

    return visible_json(json.dumps(msgspec.to_builtins(value, enc_hook=str), ensure_ascii=False))


def tell_json(value: Any) -> None:
    """The same, on standard output."""
    with unheard():
        print(json_line(value), flush=True)


def grid(*columns: str, right: Iterable[str] = (), title: str | None = None) -> Table:
    """An empty table; the columns of `right` hold numbers."""
    from rich.box import SIMPLE_HEAD

    from payamak.cli.tables import Grid

    made = Grid(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
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
        with unheard():
            show(console())
            sys.stdout.flush()


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
        check_written(text)
    except ValueError as error:
        raise Failed(str(error), ExitCode.USAGE) from None
    try:
        when = read_marked(text) or dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise Failed(f"{text!r} is no time; write 2h (ago; s, m, h, d) or 2030-01-31T18:00", ExitCode.USAGE) from None
    try:
        return int(when.timestamp() * 1_000)
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
