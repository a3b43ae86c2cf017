"""`payamak top`: the running gateway at a glance, anew each second."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import bounded
from payamak.cli.shell import Common, ExitCode, Failed, console, fill, grid, look_at_store, tell_json, unheard
from payamak.domain.instants import duration_text
from payamak.domain.message import Lane, Reason
from payamak.errors import StoreFailed
from payamak.language import Words, spoken, worded, words_of
from payamak.texts.headings import heading
from payamak.texts.reasons import LANES, REASON_NAMES
from payamak.texts.wrongs import RATES, UNDER_WAY
from payamak.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from payamak.cli.board import Board
    from payamak.cli.page import Page
    from payamak.cli.tables import Grid
    from payamak.config import Settings
    from payamak.domain.site import Site

VIEWS: Final = {"1": ("links", "lines", "queue"), "2": ("lines",), "3": ("links",), "4": ("queue",)}
"""Which tables a key shows; rates and what is wrong are always there."""

HELP: Final = Words(
    "q quit · p pause · 1 all · 2 lines · 3 links · 4 queue", "q پایان · p مکث · 1 همه · 2 خط‌ها · 3 لینک‌ها · 4 صف"
)

MOST_WRONG: Final = 3
"""Lines of what is wrong, on a screen that has room for no more."""

_AROUND: Final = 4
"""Lines of a table beside its rows: title, head, rule, and an empty one."""

SPAN_S: Final = 1.0
"""Between two pages where only one board is asked for."""


async def top(
    *,
    every: Annotated[float, bounded(0.5, 60), Parameter(help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, Parameter(negative="", help="Look once and end, for scripts.")] = False,
    common: Common = Common(),
) -> int:
    """Show what the running gateway does: rates, links, lines, queue, and what is wrong. Keys: q, p, and 1 to 4.

    It reads the metrics of the server of this machine, as its settings name it, and the site in its store. A rate is
    what happened since the look before. With --once --json it is one line for machines.

    Example: `payamak top`, `payamak top --once --json`
    """
    from payamak.cli.board import board_of

    settings = common.settings()
    before = await _look(settings)
    if once or common.json or not sys.stdout.isatty():
        await asyncio.sleep(SPAN_S)
        board = board_of(before, await _look(settings), await _site(common))
        if common.json:
            tell_json(board)
        else:
            with unheard():
                for part in shown(board, VIEWS["1"]):
                    console().print(part)
        return ExitCode.DONE
    await _Screen(common, before, every).run()
    return ExitCode.DONE


async def _look(settings: Settings) -> Page:
    """The server's page. Raises Failed if it is not reached."""
    from payamak.cli.page import read_page, text_of, url_of

    text = await text_of(settings)
    if text is None:
        url = url_of(settings, "/metrics")
        raise Failed(
            Words(
                f"no server answers at {url}: is it running, and are these its settings?",
                f"سروری در {url} پاسخ نمی‌دهد: روشن است، و تنظیم‌هایش همین است؟",
            ),
            ExitCode.UNREACHED,
        )
    return read_page(text, time.monotonic())


async def _site(common: Common) -> Site | None:
    """The site as the store has it; None where the store cannot be read: then reasons stand without what to do."""
    try:
        async with look_at_store(common) as store:
            return store.site
    except (Failed, StoreFailed, OSError):
        return None


class _Screen:
    """The live board and its keys."""

    def __init__(self, common: Common, before: Page, every_s: float) -> None:
        self._common, self._settings = common, common.settings()
        self._before, self._every_s = before, every_s
        self._view = "1"
        self._is_paused = False
        self._board: Board | None = None
        self._said: str = Words("looking …", "نگاه می‌کنیم …")
        self._ended = asyncio.Event()
        self._draw: Callable[[], None] = lambda: None

    async def run(self) -> None:
        from rich.live import Live

        out = console()
        with keys(self._on_key), Live(console=out, screen=True, auto_refresh=False) as live:
            self._draw = lambda: live.update(self._frame(out.width, out.height), refresh=True)
            while not self._ended.is_set():
                if not self._is_paused:
                    await self._again()
                self._draw()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await self._ended.wait()

    async def _again(self) -> None:
        from payamak.cli.board import board_of

        try:
            page = await _look(self._settings)
        except Failed as error:
            self._said = words_of(error)
            return
        self._board, self._before, self._said = board_of(self._before, page, await _site(self._common)), page, ""

    def _on_key(self, key: str) -> None:
        if key in ("q", "Q", "\x03"):
            self._ended.set()
        elif key in ("p", "P"):
            self._is_paused = not self._is_paused
        elif key in VIEWS:
            self._view = key
        self._draw()

    def _frame(self, width: int, height: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        head = Text("payamak top", style="bold").append(f"  {time.strftime('%H:%M:%S')}  ", style="dim")
        paused = worded("paused  ", "مکث  ") if self._is_paused else ""
        head.append(paused, style="yellow").append(spoken(HELP), style="dim")
        parts = shown(self._board, VIEWS[self._view], (width, height - 2)) if self._board else ()
        return Group(head, *([Text(visible(spoken(self._said)), style="red")] if self._said else []), *parts)


def shown(board: Board, tables: Sequence[str], screen: tuple[int, int] | None = None) -> Iterator[RenderableType]:
    """The board as it is drawn; on a screen (columns, lines) each table has as many rows as fit, the worst first."""
    from rich.text import Text

    r = board.rates
    height = None if screen is None else screen[1]
    rates = {name: getattr(r, name) for name in r.__struct_fields__}
    yield Text(visible(spoken(RATES.filled(**rates))))
    yield Text(visible(spoken(UNDER_WAY.filled(**rates))), end="\n\n")
    wrong = board.wrong if height is None or len(board.wrong) <= MOST_WRONG else board.wrong[: MOST_WRONG - 1]
    for sentence in wrong:
        yield Text(visible(f"! {spoken(sentence)}"), style="bold red", no_wrap=screen is not None, overflow="ellipsis")
    if len(board.wrong) > len(wrong):
        more = len(board.wrong) - len(wrong)
        said = worded(f"! and {more} more: `payamak doctor`", f"! و {more} مورد دیگر: `payamak doctor`")
        yield Text(visible(said), style="bold red")
    if not board.wrong:
        yield Text(visible(worded("Nothing is wrong.", "همه چیز درست است.")), style="green")
    yield Text("")
    room = None if height is None else height - 4 - min(max(len(board.wrong), 1), MOST_WRONG)
    for count, name in enumerate(tables):
        rows = list(ROWS[name](board))
        if name == "queue" and screen is not None:
            rows = [(*row[:-1], _cut(str(row[-1]), screen[0] - _BESIDE_WHY)) for row in rows]
        fits = len(rows) if room is None else max(room // (len(tables) - count) - _AROUND, 1)
        yield _table(name, rows, fits)
        if room is not None:
            room -= min(len(rows), fits) + _AROUND


def _lines(board: Board) -> Iterator[tuple[object, ...]]:
    for row in sorted(board.lines, key=lambda one: (-one.oldest_s, -one.taken_per_s, one.line)):
        rates = (row.taken_per_s, row.delivered_per_s, row.failed_per_s)
        yield (row.line, f"{row.waiting:,}", _age(row.oldest_s), *(f"{rate:,.1f}" for rate in rates))


def _links(board: Board) -> Iterator[tuple[object, ...]]:
    from rich.text import Text

    for row in sorted(board.links, key=lambda one: (one.is_up, not one.is_on_trial, one.link)):
        is_bound = row.is_up and not row.is_on_trial
        stands = worded("bound", "وصل") if is_bound else worded("on trial", "در آزمون")
        if not row.is_up and not row.is_on_trial:
            stands = worded("down", "قطع")
        yield (
            row.link,
            Text(visible(stands), style="green" if is_bound else "bold red"),
            f"{row.window_used}/{row.window}",
            f"{row.waiting:,}",
            f"{row.parts_per_s:,.1f}",
            "" if row.answer_ms is None else f"{row.answer_ms:,.0f}",
            f"{row.throttled_per_s:,.1f}",
        )


def _queue(board: Board) -> Iterator[tuple[object, ...]]:
    for row in board.queue:
        lane = worded(row.lane, LANES[Lane[row.lane.upper()]].fa)
        why = spoken(row.why) or worded(row.reason, REASON_NAMES[Reason(row.reason)].fa)
        yield row.line, lane, f"{row.messages:,}", _age(row.oldest_s), why


def _cut(text: str, room: int) -> str:
    """As much of a sentence as has room beside the other columns; all of it is told by `payamak queue`."""
    return text if len(text) <= room else text[: max(room - 1, 1)].rstrip() + "…"


ROWS: Final[dict[str, Callable[[Any], Iterator[tuple[object, ...]]]]] = {
    "lines": _lines,
    "links": _links,
    "queue": _queue,
}

_BESIDE_WHY: Final = 48
"""Columns that the others of the queue may take: a line, a class, seven digits and an age."""

_KEY: Final = {"lines": 2, "links": 3, "queue": 4}

_COLUMNS: Final = {
    "lines": ("line", "waiting", "oldest", "taken/s", "delivered/s", "failed/s"),
    "links": ("link", "stands", "window", "waiting", "parts/s", "answer ms", "throttled/s"),
    "queue": ("line", "class", "messages", "oldest", "why"),
}
_WORDS: Final = frozenset(("line", "link", "stands", "class", "why"))


def _table(name: str, rows: Sequence[tuple[object, ...]], fits: int) -> Grid:
    """A table of the first rows; its title says of how many, and which key shows more of them."""
    columns, title = _COLUMNS[name], heading(name.capitalize())
    if len(rows) > fits:
        key = _KEY[name]
        title += worded(f", {fits} of {len(rows):,}: key {key}", f"، {fits} از {len(rows):,}: کلید {key}")
    return fill(grid(*columns, title=title, right=[one for one in columns if one not in _WORDS]), rows[:fits])


def _age(seconds: float) -> str:
    return duration_text(int(seconds * 1_000)) if seconds else ""


@contextmanager
def keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Each key that is pressed, at once and unseen; the terminal is as before afterwards."""
    import termios
    import tty

    if not sys.stdin.isatty():
        yield
        return
    terminal, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    loop.add_reader(terminal, lambda: on_key(sys.stdin.read(1)))
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
