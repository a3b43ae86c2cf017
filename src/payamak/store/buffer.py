"""What pieces of work have left to be written, in an order in which rows of a table can be written together.

Most of what pieces leave comes in a few kinds (CHANGES): rows of one kind are gathered, also past rows of another kind
in between, as long as those are of other messages; tables in the order of TABLES. Any other statement keeps its place:
what was left before it is written before it, what comes after it after it. Messages, purses and the sums of days are
not here but held by the desk as they will be; it gives their rows when all is settled: messages before what refers to
them, purses and sums
last.

A question has to wait for what is left to be written only if that may change its answer: NEEDS says of the questions
that are asked all the time which tables they look at, and by which key. Any other question waits for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

Group: TypeAlias = tuple[str, list[Any]]
"""A statement and the rows that it is run for."""

TABLES: Final = ("part", "own_id", "receipt", "ledger", "notice")
"""The tables whose rows are gathered, in the order in which they are written."""


class _Kind(Struct, frozen=True):
    """A statement whose rows are gathered: its table, and where in its values the message's id and an operator's key
    stand. Rows of one message keep their order. Without a key the answers by any key are in doubt, but for a statement
    that has no place of one (-1): it changes no such answer.
    """

    table: str
    message: int
    operator_key: int = -1


CHANGES: Final = {
    "open_part": _Kind("part", 0),
    "answer_part": _Kind("part", 6, 4),
    "receipt_on_part": _Kind("part", 7, 5),
    "insert_own_id": _Kind("own_id", 3),
    "insert_receipt": _Kind("receipt", 13, 4),
    "insert_entry": _Kind("ledger", 2),
    "insert_notice": _Kind("notice", 0),
}
"""What is left by the thousand."""

ANY: Final = None

NEEDS: Final[dict[str, tuple[tuple[str, int | None], ...]]] = {
    "message": (("message", 0),),
    "balance": (("account", 0),),
    "opt_outs_of": (),
    "opt_outs_of_many": (),
    "messages_of_own_ids": (("own_id", ANY),),
    "part_by_operator_id": (("part", 1),),
    "part_key": (("part", 0),),
    "plan_of": (("message", 0),),
    "nacks_of_part": (("part", 0),),
    "unanswered_parts": (("part", 0),),
    "upstreams_of_attempt": (("part", 0),),
    "copies_of_part": (("part", 0),),
    "copies_of_step": (("part", 0),),
    "told_copy": (("part", 0),),
    "upstream_names": (),
    "meta": (),
}
"""The questions by key: the tables, of TABLES and of what the desk holds, that their answers depend on, each with the
place of its key among the values: a message's id, an operator's key, an account's number; ANY: whatever is left there.
"""


class _Gathered:
    """What is left of one table: statements with their rows, in the order in which they are written."""

    __slots__ = ("groups", "is_wide", "latest", "touched")

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.latest: dict[str, int] = {}
        self.touched: dict[object, int] = {}
        self.is_wide = False


class Buffer:
    """What is left to be written."""

    __slots__ = ("_gathered", "_settled", "is_settled")

    def __init__(self) -> None:
        self._gathered: dict[str, _Gathered] = {}
        self._settled: list[Group] = []
        self.is_settled = False
        """Whether a statement waits of which nobody knows what it changes."""

    def add(self, name: str, row: Sequence[Any]) -> None:
        """Leave a row of a statement of CHANGES."""
        kind = CHANGES[name]
        table = self._gathered.get(kind.table)
        if table is None:
            table = self._gathered[kind.table] = _Gathered()
        message_id = row[kind.message]
        touched = table.touched
        place = table.latest.get(name, -1)
        if place < touched.get(message_id, 0):
            place = table.latest[name] = len(table.groups)
            table.groups.append((name, []))
        table.groups[place][1].append(row)
        touched[message_id] = place
        if kind.operator_key >= 0:
            key = row[kind.operator_key]
            if key is None:
                table.is_wide = True
            else:
                touched[key] = place

    def add_other(self, name: str, rows: Iterable[Any]) -> None:
        """Leave rows of any other statement, behind all that is settled."""
        if self._settled and self._settled[-1][0] == name:
            self._settled[-1][1].extend(rows)
        else:
            self._settled.append((name, list(rows)))
        self.is_settled = True

    def touches(self, table: str, key: object) -> bool:
        """Whether what is gathered may change an answer by this key."""
        gathered = self._gathered.get(table)
        return gathered is not None and (key is ANY or gathered.is_wide or key in gathered.touched)

    def settle(self, first: Iterable[Group], last: Iterable[Group]) -> None:
        """What is gathered has its place now, between rows that come first and rows that come last."""
        self._settled += first
        for table in TABLES:
            if (gathered := self._gathered.get(table)) is not None:
                self._settled += gathered.groups
        self._settled += last
        self._gathered = {}

    def drain(self) -> list[Group]:
        """All that is settled, to be written in this order; nothing of it is left."""
        drained, self._settled, self.is_settled = self._settled, [], False
        return drained
