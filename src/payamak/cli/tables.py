"""Tables that stay readable whatever the width: no word or number is ever broken to make room for a column.

The first form that has room is taken: a table; the same, closer and without the columns that say nothing; the same with
its sentences on lines of their own below each row; a block of lines for each row. A pipe has no edge: a row is a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from payamak.visible import visible

NO_EDGE: Final = 1 << 20
"""The width of a pipe."""

SENTENCE: Final = 30
"""What a cell of several words has room for, if it is as long: in less, sentences become pillars. Taste."""

LONGEST_WORD: Final = 30
"""What is longer and has slashes, such as a URL or a path, may go on in the next line behind one."""

_INDENT: Final = "    "


class Grid:
    """A table of `columns`; those of `right` hold numbers, `below` is the one of sentences."""

    def __init__(
        self, columns: Sequence[str], *, right: Iterable[str] = (), title: str | None = None, below: str | None = None
    ) -> None:
        self.show_header = True
        self._columns = [visible(name) for name in columns]
        self._right = {place for place, name in enumerate(columns) if name in frozenset(right)}
        self._title = title
        self._below = None if below is None else list(columns).index(below)
        self._rows: list[tuple[Text, ...]] = []

    def add_row(self, *cells: Text) -> None:
        """One more; a cell for each column, without line ends."""
        self._rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines, and an empty one behind them."""
        if self._title:
            yield Text(visible(self._title), style="italic")
        yield from self._lines(options.max_width)

    def _lines(self, width: int) -> Iterator[Text]:
        everything = range(len(self._columns))
        told = [place for place in everything if any(row[place].plain for row in self._rows)]
        beside = [place for place in told if place != self._below]
        forms = [(everything, 3), (told, 2), (told, 1)]
        if self._below is not None:
            forms[2:] = [(beside, 2), (beside, 1)]
        for places, gap in forms:
            if (widths := self._widths(places, width - gap * (len(places) - 1))) is not None:
                yield from self._table(places, widths, gap, width)
                yield Text("")
                return
        yield from self._blocks(told, width)

    def _widths(self, places: Sequence[int], room: int) -> list[int] | None:
        """What each column gets of the room; None if one has too little. What is left goes to those that want more."""
        cells = [[self._columns[place], *(row[place].plain for row in self._rows)] for place in places]
        wanted = [max(map(cell_len, column)) for column in cells]
        given = [max(map(_least, column)) for column in cells]
        left = room - sum(given)
        if left < 0:
            return None
        by_want = sorted(range(len(places)), key=lambda one: wanted[one] - given[one])
        for count, one in enumerate(by_want):
            more = min(wanted[one] - given[one], left // (len(by_want) - count))
            given[one], left = given[one] + more, left - more
        return given

    def _table(self, places: Sequence[int], widths: Sequence[int], gap: int, width: int) -> Iterator[Text]:
        if self.show_header:
            heads = [Text(self._columns[place], style="bold") for place in places]
            yield from self._row(heads, places, widths, gap)
            yield Text("─" * (sum(widths) + gap * (len(widths) - 1)), style="dim")
        for row in self._rows:
            yield from self._row([row[place] for place in places], places, widths, gap)
            if self._below is not None and self._below not in places and (said := row[self._below]).plain:
                for line in wrapped(said.plain, width - len(_INDENT)):
                    yield _whole_line(Text(_INDENT + line, style=said.style))

    def _row(self, cells: Sequence[Text], places: Sequence[int], widths: Sequence[int], gap: int) -> Iterator[Text]:
        columns = [wrapped(cell.plain, width) for cell, width in zip(cells, widths, strict=True)]
        for number in range(max(map(len, columns), default=0)):
            made = Text()
            for cell, place, width, lines in zip(cells, places, widths, columns, strict=True):
                line = lines[number] if number < len(lines) else ""
                blanks = " " * (width - cell_len(line))
                made.append(f"{blanks}{line}" if place in self._right else f"{line}{blanks}", style=cell.style)
                made.append(" " * gap)
            yield _whole_line(made)

    def _blocks(self, places: Sequence[int], width: int) -> Iterator[Text]:
        margin = max((cell_len(self._columns[place]) for place in places), default=0) + 2
        for row in self._rows:
            for place in places:
                head = self._columns[place]
                for line in wrapped(row[place].plain, max(width - margin, 1)) if row[place].plain else ():
                    made = Text(head + " " * (margin - cell_len(head)), style="bold")
                    yield _whole_line(Text.assemble(made, (line, row[place].style)))
                    head = ""
            yield Text("")


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of this width, broken at blanks; a word without room in one, behind a slash or at the edge."""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        pieces = [part for piece in _pieces(word) for part in chop_cells(piece, width)]
        if lines[-1]:
            lines.append("")
        for piece in pieces:
            if lines[-1] and cell_len(lines[-1] + piece) > width:
                lines.append("")
            lines[-1] += piece
    return lines


def _pieces(word: str) -> list[str]:
    """What of a word may stand on lines of its own: a short one is whole."""
    return re.findall(r"[^/]+/*|/+", word) if cell_len(word) > LONGEST_WORD else [word]


def _least(cell: str) -> int:
    """The width in which a cell can be read."""
    words = cell.split(" ")
    longest = max(cell_len(piece) for word in words for piece in _pieces(word) or [""])
    return max(longest, min(cell_len(cell), SENTENCE)) if len(words) > 1 else longest


def _whole_line(line: Text) -> Text:
    """A line that is not wrapped again, and has no blanks at its end."""
    line.rstrip()
    line.no_wrap, line.overflow = True, "ignore"
    return line
