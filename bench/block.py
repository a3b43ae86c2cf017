"""A block: every cell of every tree once a round, round after round, so that a drift of the machine meets all alike."""

from __future__ import annotations

import datetime as dt
import secrets
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from bench.cells import Cell, Figures, measure, warm_up
from bench.house import House, Tree, house
from bench.report import FORMAT, Report, machine

COUNTED: Final = ("full-64", "webhook", "paced-50")
"""The cells whose statements are counted, in a gateway of its own: counting takes time."""

Values = dict[str, dict[str, list[float]]]


def run(trees: Sequence[Tree], cells: Sequence[Cell], rounds: int, *, counts: bool = True) -> list[Report]:
    """The reports of these trees, in their order. Raises `NotMeasured`."""
    values: list[Values] = [{cell.name: {} for cell in cells} for _ in trees]
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with ExitStack() as stack:
        houses = [stack.enter_context(house(tree)) for tree in trees]
        for one in houses:
            warm_up(one)
        lasting = [cell for cell in cells if not cell.leaves_messages]
        for number in range(rounds):
            _round(houses, lasting, number, values)
        for number in range(rounds):
            _round(houses, [cell for cell in cells if cell.leaves_messages], number, values)
    for place, tree in enumerate(trees if counts else ()):
        _count(tree, [cell for cell in cells if cell.name in COUNTED], values[place])
    block = secrets.token_hex(8)
    return [
        Report(
            format=FORMAT,
            block=block,
            at=at,
            tree=tree.name,
            commit=tree.commit(),
            machine=machine(),
            cells=values[place],
        )
        for place, tree in enumerate(trees)
    ]


def _round(houses: Sequence[House], cells: Sequence[Cell], number: int, values: Sequence[Values]) -> None:
    """One round; who goes first changes from round to round."""
    order = list(range(len(houses)))
    for cell in cells:
        for place in order if number % 2 == 0 else reversed(order):
            print(f"round {number + 1}: {cell.says}, {houses[place].name}", file=sys.stderr)
            _keep(values[place], cell, measure(houses[place], cell))


def _count(tree: Tree, cells: Sequence[Cell], values: Values) -> None:
    if not cells:
        return
    with house(tree, counted=True) as one:
        warm_up(one)
        for cell in cells:
            _keep(values, cell, measure(one, cell))


def _keep(values: Values, cell: Cell, figures: Figures) -> None:
    for name, value in figures.items():
        values[cell.name].setdefault(name, []).append(value)
