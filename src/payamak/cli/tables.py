"""Tables that stay readable on a narrow terminal: a word or a number is never broken to make room for a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from payamak.visible import visible

LONGEST_WORD: Final = 30
"""What is longer, such as a URL, is broken wherever the edge is."""

_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d{3}[+-]\d\d:\d\d")


class Grid(Table):
    """A table. What does not fit loses first what says nothing, then the form of a table: a block for each row."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table if every word has room; else closer; else row by row."""
        if len(self.columns) <= 2 or self._fits(options.max_width):
            yield from super().__rich_console__(console, options)
            return
        closer = self._closer()
        yield from (closer,) if closer._fits(options.max_width) else self._blocks()

    def _fits(self, width: int) -> bool:
        """Whether each column has room for its longest word."""
        left, right = self.padding[1], self.padding[3]
        needed = sum(
            max(_longest_word(cell) for cell in (Text(visible(str(column.header))), *map(_text, column.cells)))
            for column in self.columns
        )
        return needed + (left + right + 1) * (len(self.columns) - 1) + 2 <= width

    def _closer(self) -> Grid:
        """The same without empty columns and without the ends of instants: local time is what is shown anyway."""
        made = Grid(box=SIMPLE_HEAD, title=self.title, title_justify="left", pad_edge=False, padding=0)
        kept = [column for column in self.columns if any(_text(cell).plain for cell in column.cells)]
        for column in kept:
            made.add_column(column.header, justify=column.justify, overflow="fold")
        for row in zip(*(column.cells for column in kept), strict=True):
            made.add_row(*(_short(_text(cell)) for cell in row))
        return made

    def _blocks(self) -> Iterator[Table | Text]:
        if self.title:
            yield Text(visible(str(self.title)), style="italic")
        headers = [str(column.header) for column in self.columns]
        for row in zip(*(column.cells for column in self.columns), strict=True):
            block = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
            block.add_column(min_width=max(map(cell_len, headers)), style="bold")
            block.add_column(overflow="fold")
            for header, cell in zip(headers, map(_text, row), strict=True):
                if cell.plain:
                    block.add_row(header, cell)
            yield block
            yield Text("")


def _text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else Text(visible(str(cell)))


def _longest_word(cell: Text) -> int:
    return max((min(cell_len(word), LONGEST_WORD) for word in cell.plain.split()), default=0)


def _short(cell: Text) -> Text:
    found = _INSTANT.fullmatch(cell.plain)
    return Text(visible(found[1]), style=cell.style) if found else cell
