"""A block: every cell of every tree once a round, round after round, so that a drift of the machine meets all alike."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from bench.cells import Cell, Figures, measure, warm_up
from bench.house import House, Tree, house
from bench.outside import Shed
from bench.report import FORMAT, Report, machine

COUNTED: Final = ("full-64", "webhook", "paced-50")
"""The cells whose statements are counted, in a gateway of its own: counting takes time."""

TRIES: Final = 3
"""Of a round whose calls were shed: another program may have had the machine just then."""

Values = dict[str, dict[str, list[float]]]


@dataclass(kw_only=True, slots=True)
class Column:
    """One of those who are measured: its house, the cells as they are for it, and what has come out so far."""

    house: House
    cells: Sequence[Cell]
    values: Values = field(default_factory=dict)
    shed: dict[str, int] = field(default_factory=dict)

    def measure(self, place: int) -> Figures | None:
        """One more round of a cell, None if calls were shed each time. Raises `NotMeasured` for anything else."""
        cell = self.cells[place]
        for _ in range(TRIES):
            print(f"  {cell.says}, {self.house.name}", file=sys.stderr)
            try:
                return measure(self.house, cell)
            except Shed as error:
                print(f"  not this time: {error}", file=sys.stderr)
                self.shed[cell.name] = self.shed.get(cell.name, 0) + 1
        return None

    def keep(self, cell: Cell, figures: Figures) -> None:
        """Put a round's figures behind those of the others."""
        values = self.values.setdefault(cell.name, {})
        for name, value in figures.items():
            values.setdefault(name, []).append(value)


def rounds(columns: Sequence[Column], most: int, within_s: float) -> None:
    """So many rounds of each cell, fewer if the next one might end after `within_s`. Raises `NotMeasured`."""
    places = range(len(columns[0].cells))
    lasting = [place for place in places if not columns[0].cells[place].leaves_messages]
    began_s, done = time.monotonic(), 0
    while done < most and (not done or (time.monotonic() - began_s) * (done + 1) / done < within_s):
        print(f"round {done + 1}", file=sys.stderr)
        _round(columns, lasting, done)
        done += 1
    for number in range(done):
        _round(columns, [place for place in places if place not in lasting], number)


def _round(columns: Sequence[Column], places: Sequence[int], number: int) -> None:
    """Who goes first changes from round to round; a round counts if all have come through."""
    for place in places:
        order = columns if number % 2 == 0 else columns[::-1]
        found = [(column, column.measure(place)) for column in order]
        if all(figures is not None for _, figures in found):
            for column, figures in found:
                column.keep(column.cells[place], figures or {})


def run(trees: Sequence[Tree], cells: Sequence[Cell], most: int, within_s: float) -> list[Report]:
    """The reports of these trees, in their order. Raises `NotMeasured`."""
    began = dt.datetime.now(dt.UTC)
    with ExitStack() as stack:
        columns = [Column(house=stack.enter_context(house(tree)), cells=cells) for tree in trees]
        for column in columns:
            warm_up(column.house)
        rounds(columns, most, within_s)
    for tree, column in zip(trees, columns, strict=True):
        _count(tree, column)
    return reports(columns, [tree.commit() for tree in trees], began)


def with_posts(values: Values) -> Values:
    """With what a post costs: a message with one, less a message of the same round without."""
    told, quiet = (values.get(name, {}).get("cpu_us", []) for name in ("webhook", "full-64"))
    if not told or len(told) != len(quiet):
        return values
    posts = {"post_cpu_us": [with_one - without for with_one, without in zip(told, quiet, strict=True)]}
    return values | {"webhook": values["webhook"] | posts}


def _always_posts(column: Column) -> bool:
    """Whether it tells of every message, so that what a post costs cannot be told."""
    return all(cell.is_posted for cell in column.cells)


def reports(columns: Sequence[Column], commits: Sequence[str], began: dt.datetime) -> list[Report]:
    """What these columns have come to, as one block."""
    block = secrets.token_hex(8)
    return [
        Report(
            format=FORMAT,
            block=block,
            at=began.isoformat(timespec="seconds"),
            tree=column.house.name,
            commit=commit,
            machine=machine(),
            cells=column.values if _always_posts(column) else with_posts(column.values),
            shed=column.shed,
        )
        for column, commit in zip(columns, commits, strict=True)
    ]


def _count(tree: Tree, column: Column) -> None:
    """The statements of some cells, in a gateway of its own."""
    cells = [cell for cell in column.cells if cell.name in COUNTED]
    if not cells:
        return
    print(f"statements, {tree.name}", file=sys.stderr)
    with house(tree, counted=True) as one:
        warm_up(one)
        for cell in cells:
            column.keep(cell, measure(one, cell))
