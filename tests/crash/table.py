"""The outcomes of many runs as one table: on a terminal, and as Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct
from rich.table import Table
from tests.crash.points import full_names
from tests.crash.run import Outcome
from tests.crash.ways import WAYS, Cell, impossible

HEAD = "runs·lost·copies·unknown·money off"
"""What the five figures of a cell are."""


class Figures(Struct, frozen=True, kw_only=True):
    """One cell: copies are those that the operator received, all of them within the wire window.

    Unknown is what has ended so, and what waits for the receipt of a copy that never came.
    """

    runs: int
    lost: int
    copies: int
    unknown: int
    money_off: int

    def __str__(self) -> str:
        return f"{self.runs}·{self.lost}·{self.copies}·{self.unknown}·{self.money_off}"


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    verdicts = [outcome.verdict for outcome in outcomes]
    return Figures(
        runs=len(outcomes),
        lost=sum(len(verdict.lost) for verdict in verdicts),
        copies=sum(verdict.copies for verdict in verdicts),
        unknown=sum(verdict.unknown + verdict.waiting for verdict in verdicts),
        money_off=sum(verdict.money_off for verdict in verdicts),
    )


class Summary(Struct, frozen=True, kw_only=True):
    """All cells of a run of the matrix, the sums, and every promise that was broken."""

    seed: int
    took_s: float
    cells: dict[Cell, Figures]
    total: Figures
    messages: int
    promised: int
    counted: int
    copies_outside: int
    copies_held: int
    posted_again: int
    received_again: int
    taken_back: int
    sent_though_busy: int
    strikes: int
    broken: tuple[str, ...]

    @staticmethod
    def of(outcomes: Sequence[Outcome], *, seed: int, took_s: float) -> Summary:
        """Sum up. A cell that cannot occur and did is broken, and so is one that should have and did not."""
        by_cell: dict[Cell, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            by_cell[outcome.cell].append(outcome)
        never = impossible()
        broken = [f"{o.cell} seed {o.seed}: {said}" for o in outcomes for said in o.verdict.broken]
        for cell, of_cell in by_cell.items():
            was_struck = any(outcome.was_struck for outcome in of_cell)
            if was_struck and cell in never:
                broken.append(f"{cell}: cannot occur ({never[cell]}), and did")
            elif not was_struck and cell not in never:
                broken.append(f"{cell}: the point was never passed")
        verdicts = [outcome.verdict for outcome in outcomes]
        return Summary(
            seed=seed,
            took_s=took_s,
            cells={cell: _figures(of_cell) for cell, of_cell in by_cell.items() if cell not in never},
            total=_figures(outcomes),
            messages=sum(verdict.messages for verdict in verdicts),
            promised=sum(verdict.promised for verdict in verdicts),
            counted=sum(verdict.counted for verdict in verdicts),
            copies_outside=sum(len(verdict.copies_outside) for verdict in verdicts),
            copies_held=sum(len(verdict.copies_held) for verdict in verdicts),
            posted_again=sum(verdict.posted_again for verdict in verdicts),
            received_again=sum(verdict.received_again for verdict in verdicts),
            taken_back=sum(verdict.taken_back for verdict in verdicts),
            sent_though_busy=sum(verdict.sent_though_busy for verdict in verdicts),
            strikes=sum(outcome.was_struck for outcome in outcomes),
            broken=tuple(broken),
        )

    def sentence(self) -> str:
        """The sums in words."""
        total = self.total
        return (
            f"{total.runs} runs in {self.took_s:.0f} s, seed {self.seed}: the process struck itself in {self.strikes}."
            f" Of {self.messages} messages, {self.promised} of them promised to a client, {total.lost} lost;"
            f" {total.copies} copies in the wire window ({self.counted} counted as possible), {self.copies_outside}"
            f" outside it, {self.copies_held} on lines that hold; {total.unknown} unknown; {total.money_off} rial off;"
            f" {self.posted_again} posts repeated; {self.received_again} received messages kept twice after a cut;"
            f" {self.taken_back} told busy and taken back, {self.sent_though_busy} told busy and sent after a death."
        )


def _rows(summary: Summary) -> Iterable[list[str]]:
    never = impossible()
    for point in full_names():
        cells = [(point, way.name) for way in WAYS]
        if any(cell in summary.cells for cell in cells):
            yield [point, *("—" if c in never else str(summary.cells.get(c, "")) for c in cells)]


def rich_table(summary: Summary) -> Table:
    """For a terminal."""
    table = Table(title=f"in each cell: {HEAD}; — cannot occur", pad_edge=False)
    table.add_column("struck at", no_wrap=True)
    for way in WAYS:
        table.add_column(way.name)
    for row in _rows(summary):
        table.add_row(*row)
    return table


def markdown_table(summary: Summary) -> list[str]:
    """For the page."""
    head = ["struck at", *(way.name for way in WAYS)]
    return [
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *("| " + " | ".join(row) + " |" for row in _rows(summary)),
    ]
