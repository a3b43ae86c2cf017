"""The demo's live table: what was sent, where it stands, what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from payamak.client import MessageState
from payamak.codes import Code
from payamak.demo.scenarios import Case
from payamak.demo.site import BUSY_LINE, LINE, LINE2, SERVICE_LINE, SIM_LINE
from payamak.domain.message import Message
from payamak.visible import visible

_LINE_NAMES = {LINE: "line", BUSY_LINE: "busy line", LINE2: "line2", SERVICE_LINE: "service", SIM_LINE: "Chelcheleh"}


class BoardRow:
    """One message of the board, filled in as news comes: from wsSend, wsStates and the Feed."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.message_id: int | None = None
        self.refused: Code | None = None
        self.state: MessageState | None = None
        self.message: Message | None = None
        self.error = ""
        self.times: list[tuple[str, int]] = []

    def changed(self, message: Message) -> None:
        """A commit changed the message: note the milliseconds to each new state and step."""
        before = self.message
        if before is None or (before.state, before.step) != (message.state, message.step):
            name = message.state.value if before is None or before.step == message.step else "next line"
            if before is not None:
                self.times.append((name, message.changed_at - message.accepted_at))
        self.message = message

    @property
    def is_done(self) -> bool:
        """True when nothing more is expected."""
        return bool(self.error) or self.refused is not None or (self.state is not None and self.state.is_final)

    @property
    def is_right(self) -> bool:
        """True when it came out as the manual says."""
        if self.error:
            return False
        if self.refused is not None or self.case.refused is not None:
            return self.refused is self.case.refused
        return (
            self.state is not None
            and self.state.code == self.case.state
            and self.message is not None
            and self.message.current.line == self.case.line
        )


def _standing(row: BoardRow) -> Text:
    if row.error:
        return Text(visible(row.error), style="red")
    if row.refused is not None:
        return Text(f"refused {row.refused.value}", style="yellow")
    if row.state is None:
        return Text("…", style="dim")
    style = "green" if row.state.is_delivered else "yellow" if row.state.is_final else "cyan"
    return Text(f"{row.state.code:>2} {row.state.persian}", style=style)


def _times(row: BoardRow) -> Text:
    text = Text()
    for name, ms in row.times:
        if text:
            text.append(" → ", style="dim")
        text.append(name, style="dim")
        text.append(f" {ms}")
    return text


_WIDE = 120
"""From this many columns on there is room for the numbers and for the time of every state."""


def table(rows: Sequence[BoardRow], width: int) -> Table:
    """The board as it stands, for a terminal of `width` columns: a heading for each scenario, a row for each case."""
    wide = width >= _WIDE
    board = Table(title="The manual's five scenarios", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    board.add_column("recipient", min_width=22)
    if wide:
        board.add_column("number", style="dim", min_width=12)
    board.add_column("stands on", min_width=10)
    board.add_column("wsStates", min_width=26)
    board.add_column("", min_width=1)
    board.add_column("ms to each state" if wide else "ms")
    previous = ""
    for row in rows:
        if row.case.scenario != previous:
            previous = row.case.scenario
            board.add_row(Text(previous, style="bold"))
        board.add_row(*_cells(row, wide=wide))
    return board


def _cells(row: BoardRow, *, wide: bool) -> list[Text]:
    line = row.message.current.line if row.message else ""
    right = Text("✓", style="green") if row.is_right else Text("✗", style="red")
    mark = right if row.is_done else Text("·", style="dim")
    cells = [Text(f"  {row.case.kind}")]
    if wide:
        cells.append(Text(row.case.recipient))
    cells += [Text(_LINE_NAMES.get(line, line)), _standing(row), mark]
    cells.append(_times(row) if wide else Text(str(row.times[-1][1]) if row.times else ""))
    return cells
