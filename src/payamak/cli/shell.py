"""What every command shares: common options, the open store, how answers and failures are told."""

from __future__ import annotations

import getpass
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from payamak.config import Settings, load
from payamak.domain.instants import Calendar, read_instant, show_instant
from payamak.language import Words, sentence_of, spoken, worded
from payamak.texts.headings import heading
from payamak.visible import BAR, visible, visible_json, visible_lines

if TYPE_CHECKING:
    from rich.console import Console

    from payamak.cli.tables import Grid
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


_STORE: Final = "The store, a SQLite file or postgresql://…; else the setting `database`."


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options that every command on the store takes."""

    data: Annotated[
        str | None,
        Parameter(
            name=("--data", "--database"),
            group="Common",
            help=_STORE,
        ),
    ] = None
    config: Annotated[Path | None, Parameter(group="Common", help="A settings file; else PAYAMAK_CONFIG.")] = None
    json: Annotated[bool, Parameter(group="Common", negative="", help="Answer in JSON, for machines.")] = False
    calendar: Annotated[
        Literal["iso", "jalali"] | None,
        Parameter(group="Common", help="How instants are shown; else the setting `calendar`."),
    ] = None

    def settings(self, **given: Any) -> Settings:
        """The settings, with what the command line says above file and environment. Raises BadSettings."""
        return read_settings(self.config, database=self.data, calendar=self.calendar, **given)


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
    settings = load(config, **given)
    _CALENDAR.set(Calendar(settings.calendar))
    return settings


# ---------------------------------------------------------------------------------------------- the store


@asynccontextmanager
async def open_store(common: Common, *, create: bool = False) -> AsyncIterator[Store]:
    """The store, for a command that may change it; the file is made only with `create`. Raises StoreFailed, Failed."""
    from payamak.hands.opening import Mode, opened

    async with opened(_made_store(common) if create else store_of(common), Mode.HANDS) as store:
        yield store


@asynccontextmanager
async def look_at_store(common: Common) -> AsyncIterator[Store]:
    """The store, for a command that changes nothing: not a page of the file is written. Raises StoreFailed, Failed."""
    from payamak.hands.opening import Mode, opened

    async with opened(store_of(common), Mode.LOOK) as store:
        yield store


def _made_store(common: Common) -> str | Path:
    from payamak.hands.opening import is_database

    address = common.settings().database
    if is_database(address):
        return address
    path = Path(address)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def store_of(common: Common) -> str | Path:
    """The store: a database's address, or a file that is there. Raises Failed, with what to do, if there is none."""
    from payamak.hands.opening import is_database

    address = common.settings().database
    return address if is_database(address) else existing_store(common)


def file_to_be(common: Common) -> Path:
    """The file of the store, which need not be there. Raises Failed where a database keeps it."""
    from payamak.hands.opening import is_database

    address = common.settings().database
    if is_database(address):
        raise Failed(
            worded(
                f"this command is about the file of a store, and {address} is a database: it has tools of its own",
                f"این فرمان دربارهٔ پروندهٔ SQLite است و {address} یک سرور پایگاه داده است: ابزار خودش را دارد",
            )
        )
    return Path(address)


def existing_store(common: Common) -> Path:
    """The file of the store. Raises Failed, with what to do, if there is none."""
    path = file_to_be(common)
    if not path.exists():
        raise Failed(
            worded(
                f"there is no store {path}: name it with --data or PAYAMAK_DATABASE; `payamak apply` makes one",
                f"پایگاه دادهٔ {path} نیست: با --data یا PAYAMAK_DATABASE نامش را بدهید؛ `payamak apply` آن را می‌سازد",
            ),
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

    from payamak.cli.tables import NO_EDGE

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """Rich would end the process, with 1."""
            raise BrokenPipeError

    return Ours(highlight=False) if sys.stdout.isatty() else Ours(highlight=False, width=NO_EDGE)


def complain(text: str) -> None:
    """Standard error, one sentence; what its words bring along of lines stands behind a bar."""
    with unheard():
        first, *more = visible_lines(spoken(text))
        for line in (first, *(f"{BAR}{line}" for line in more)):
            print(f"payamak: {line}", file=sys.stderr, flush=True)


def say(*lines: str) -> None:
    """Standard output, a line for each text: what one brings along of lines is no line of ours (`a␊b`)."""
    with unheard():
        for line in lines:
            print(visible(spoken(line)), flush=True)


def is_agreed(promise: str = "") -> bool:
    """Ask a person on standard error, after the promise if it is not said yet; anything but yes is no."""
    told = f"{visible(promise)}\n" if promise else ""
    print(worded(f"{told}Carry this out? [y/N] ", f"{told}انجام شود؟ [y/N] "), end="", file=sys.stderr, flush=True)
    with interruptible():
        return sys.stdin.readline().strip().lower() in ("y", "yes", "بله", "آری")


@contextmanager
def interruptible() -> Iterator[None]:
    """While a person is asked, Ctrl-C ends the question and with it the command.

    Left to the event loop it waits for the answer, and what was agreed to by then is carried out without a word.
    """
    by_loop = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print(worded("\nnothing was changed", "\nچیزی تغییر نکرد"), file=sys.stderr, flush=True)
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


def grid(*columns: str, right: Iterable[str] = (), title: str | None = None, below: str | None = None) -> Grid:
    """An empty table; the columns of `right` hold numbers, that of `below` sentences."""
    from payamak.cli.tables import Grid

    return Grid(
        [heading(name) for name in columns],
        right=[heading(name) for name in right],
        title=heading(title) if title else None,
        below=None if below is None else heading(below),
    )


def fill(made: Grid, rows: Iterable[Sequence[object]]) -> Grid:
    """Put rows into a table; what is between brackets is no markup."""
    from rich.text import Text

    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    return made


def _cell(value: object) -> str:
    text = "" if value is None else spoken(value) if isinstance(value, Words) else str(value)
    return visible(text)


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

_CALENDAR: Final = ContextVar("calendar", default=Calendar.ISO)
"""The calendar in which this command shows instants; set where its settings are read."""


def calendar() -> Calendar:
    """The calendar in which this command shows days."""
    return _CALENDAR.get()


def instant_text(at: int | None) -> str:
    """An instant to the second: in local time, or as a Jalali date in Tehran's if the setting `calendar` says so."""
    return "" if at is None else show_instant(at, _CALENDAR.get())


def parse_instant(text: str, now: int) -> int:
    """Milliseconds since 1970 UTC of what a person wrote for an instant (domain/instants.py). Raises Failed."""
    try:
        return int(read_instant(text, now).timestamp() * 1_000)
    except (ValueError, OverflowError) as error:  # the last year has no instant in every zone
        raise Failed(sentence_of(error), ExitCode.USAGE) from None
