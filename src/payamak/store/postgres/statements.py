"""The named statements of the PostgreSQL store, as its connections run them.

The names are SQLite's. Parameters are `$1`, `$2` or, where the values come by name, `:name`. A statement that is left
by the thousand takes arrays, one for each of its values: `unnest($1::bigint[], …) AS given (…)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from payamak.domain.message import Message
from payamak.store.columns import CAMPAIGN, CAMPAIGN_CHANGES, CHANGING, KEPT, LISTS, WITH_PLAN, is_number
from payamak.store.desk import GUARDED
from payamak.store.statements import read_statements

_BY_NAME: Final = re.compile(r"(?<![:\w]):([a-z_]+)")
_PLACE: Final = re.compile(r"\$(\d+)")
_ARRAYS: Final = re.compile(r"unnest\(\$1::")
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Message)}

WORDS: Final = {"put_aside": 1, "aside_times": 1, "is_aside": 1, "take_from_aside": 1}
"""Statements with a value that is a number or a word, and is kept as a word: which one."""

KEYS: Final[dict[str, tuple[int, ...]]] = {
    "update_message": (-2,),
    "update_message_same_plan": (-2,),
    "lease_message": (0,),
    "release_lease": (0,),
    "move_money": (2,),
    "answer_part": (6, 7, 8, 9),
    "receipt_on_part": (7, 8, 9, 10),
    "insert_notice": (0,),
    "add_usage": (0, 1, 2, 3, 4, 5, 6, 7),
    "set_row": (4, 5),
    "count_campaign_ends": (2,),
}
"""Statements of arrays that look at the row which they change, and where its key stands: one row of a key a run."""


OF_OTHERS: Final = frozenset(
    {
        *("insert_received", "insert_received_part", "insert_receipt", "receipt_on_part", "answer_part", "put_told"),
        *("part_by_operator_id", "unmatched_receipts", "unmatched_with_ids", "unmatched_of_recipient", "conflicts_of"),
        *("unmatched_list", "receipts_of_message", "parts_of_message", "copies_of_step", "pool_of_recipient"),
        *("told_copy", "told_copies_of_id", "untold_copies", "parts_of_reference", "dealt_to_recipient"),
        *("let_receipt_wait", "hand_receipts_over", "open_operator_ids", "received_parts_open", "received"),
        *("unread_of_line", "received_of_line", "search_received", "relay_due", "foreign_received"),
    }
)
"""Statements with words that operators and handsets have written: these may hold U+0000, which PostgreSQL cannot keep.
U+FDD0, which is no character and in no text, stands there in its place."""

_ZERO, _KEPT_ZERO = "\0", "\ufdd0"


ROWS_OF: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    **{name: ("message", key) for name, key in KEYS.items() if name.endswith(("message", "plan", "lease"))},
    "insert_message": ("message", (0,)),
    "move_money": ("account", (2,)),
    "open_part": ("part", (0, 1, 2, 3)),
    "answer_part": ("part", (6, 7, 8, 9)),
    "receipt_on_part": ("part", (7, 8, 9, 10)),
    "insert_notice": ("notice", (0,)),
    "add_usage": ("usage_day", (0, 1, 2, 3, 4, 5, 6, 7)),
    "insert_row": ("campaign_row", (0, 1)),
    "set_row": ("campaign_row", (4, 5)),
    "count_campaign_ends": ("campaign", (2,)),
}
"""The row of which table a statement of arrays changes or keeps: by that it is known which can be run as one."""


BESIDE: Final = frozenset({"put_opt_out", "put_id_habit", "match_receipt", "explain_receipt", "take_from_aside"})
"""Statements of one row that touch nothing that a statement of arrays touches."""


class NamedStatement(Struct, frozen=True, kw_only=True):
    """A statement: its text, the names of its parameters if they come by name, and whether it takes arrays."""

    name: str
    sql: str
    names: tuple[str, ...]
    is_of_arrays: bool

    def values(self, given: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any]:
        """The parameters in their order."""
        if isinstance(given, Mapping):
            return [given[name] for name in self.names]
        if self.name in OF_OTHERS:
            return _mended(given)
        place = WORDS.get(self.name)
        if place is None:
            return given
        return [str(value) if at == place else value for at, value in enumerate(given)]

    def arrays(self, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """The parameters of many rows: an array for each."""
        return [*zip(*(map(_mended, rows) if self.name in OF_OTHERS else rows), strict=True)]

    def of_many(self, kinds: Sequence[str]) -> str:
        """A query for arrays of its values, of these types: run for each of them, beside their place from 1 on."""
        given = [f"given.p{at}" for at, _ in enumerate(kinds, 1)]
        arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(kinds, 1))
        columns = ", ".join(f"p{at}" for at, _ in enumerate(kinds, 1))
        query = _PLACE.sub(lambda place: given[int(place[1]) - 1], self.sql)
        return (
            f"SELECT given.place, found.* FROM unnest({arrays}) WITH ORDINALITY AS given ({columns}, place) "
            f"CROSS JOIN LATERAL ({query}) AS found"
        )

    def waves(self, rows: Sequence[Sequence[Any]]) -> list[Sequence[Sequence[Any]]]:
        """The rows, divided so that no key is twice in a part: each part is a run, and finds what others have left."""
        if len(rows) == 1 or self.name not in KEYS:
            return [rows]
        seen: dict[object, int] = {}
        waves: list[list[Sequence[Any]]] = []
        for row in rows:
            key = self.key_of(row)
            place = seen[key] = seen.get(key, -1) + 1
            if place == len(waves):
                waves.append([])
            waves[place].append(row)
        return [*waves]

    def key_of(self, row: Sequence[Any]) -> object:
        """The key of the row that a run changes and looks at."""
        return tuple(row[place] for place in KEYS[self.name])


@cache
def statements() -> dict[str, NamedStatement]:
    """Every statement by its name."""
    return {name: _statement(name, sql) for name, sql in read_statements("postgres", _lists()).items()}


def _statement(name: str, sql: str) -> NamedStatement:
    names = tuple(dict.fromkeys(_BY_NAME.findall(sql)))
    text = _BY_NAME.sub(lambda place: f"${names.index(place[1]) + 1}", sql)
    return NamedStatement(name=name, sql=text, names=names, is_of_arrays=_ARRAYS.search(sql) is not None)


class JoinedStatement(Struct, frozen=True, kw_only=True):
    """One statement that runs several, a batch's own first; undone whole if the batch's number is another by now, or a
    message is not what it was."""

    sql: str
    takes: tuple[NamedStatement, ...]

    def values(self, number: int, token: int, groups: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Its parameters: the batch's, then those of each statement in order, with how many rows a guarded one has."""
        made: list[Any] = [number, number + 1, token]
        for statement, (_, rows) in zip(self.takes, groups, strict=True):
            made += statement.arrays(rows) if statement.is_of_arrays else statement.values(next(iter(rows)))
            if statement.name in GUARDED:
                made.append(len(rows))
        return made


def fits_together(known: Mapping[str, NamedStatement], groups: Sequence[tuple[str, Sequence[Any]]]) -> bool:
    """Whether groups of rows can be written by one statement: none of them finds what another one has left."""
    seen: dict[str, set[object]] = {}
    for name, rows in groups:
        statement = known[name]
        if not statement.is_of_arrays and (name not in BESIDE or name in seen or len(rows) > 1):
            return False
        table, key = ROWS_OF.get(name, (name, ()))
        if not key:
            seen[table] = set()
            continue
        keys = [tuple(row[place] for place in key) for row in rows]
        of_table = seen.setdefault(table, set())
        if len(set(keys)) < len(keys) or not of_table.isdisjoint(keys):
            return False
        of_table.update(keys)
    return True


@cache
def together(names: tuple[str, ...]) -> JoinedStatement:
    """The statement that runs these; made once for each company of them."""
    known = statements()
    takes = tuple(known[name] for name in names)
    count, log = known["count_batch"].sql, known["log_batch"].sql
    pieces = [f"counted AS ({count} RETURNING 1)", f"logged AS ({_moved(log, 1)})"]
    holds = ["(SELECT count(*) FROM counted) = 1"]
    last = 3
    for at, statement in enumerate(takes):
        pieces.append(
            f"step{at} AS ({_moved(statement.sql, last)}{' RETURNING 1' if statement.name in GUARDED else ''})"
        )
        last += max(int(place) for place in _PLACE.findall(statement.sql))
        if statement.name in GUARDED:
            last += 1
            holds.append(f"(SELECT count(*) FROM step{at}) = ${last}")
    sql = f"WITH {', '.join(pieces)} SELECT 1 / CASE WHEN {' AND '.join(holds)} THEN 1 ELSE 0 END"
    return JoinedStatement(sql=sql, takes=takes)


def _moved(sql: str, by: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", sql)


def _mended(row: Sequence[Any]) -> Sequence[Any]:
    return [value.replace(_ZERO, _KEPT_ZERO) if isinstance(value, str) and _ZERO in value else value for value in row]


def as_written(row: Sequence[Any]) -> Sequence[Any]:
    """A row with the words of others as these wrote them."""
    return [
        value.replace(_KEPT_ZERO, _ZERO) if isinstance(value, str) and _KEPT_ZERO in value else value for value in row
    ]


def _lists() -> dict[str, str]:
    """What stands in a statement where it says `{message}`, and so on."""
    guard = ("was_id", "was_version")
    return {
        "received": LISTS["received"],
        "message": LISTS["message"],
        "message_kept": LISTS["message_kept"],
        "campaign": LISTS["campaign"],
        "campaign_kept": LISTS["campaign_kept"],
        "campaign_kept_values": ", ".join(f"${place}" for place, _ in enumerate(CAMPAIGN, 1)),
        "campaign_changes": ", ".join(f"{name} = ${place}" for place, name in enumerate(CAMPAIGN_CHANGES, 1)),
        "campaign_changes_id": f"${len(CAMPAIGN_CHANGES) + 1}",
        "campaign_row": LISTS["campaign_row"],
        "message_kept_given": _given(KEPT),
        "message_changes": _changes(CHANGING),
        "message_changes_given": _given((*CHANGING, *guard)),
        "message_changes_with_plan": _changes(WITH_PLAN),
        "message_changes_with_plan_given": _given((*WITH_PLAN, *guard)),
    }


def _changes(columns: Sequence[str]) -> str:
    return ", ".join(f"{name} = given.{name}" for name in columns)


def _given(columns: Sequence[str]) -> str:
    """Arrays, one for each column, as rows."""
    arrays = ", ".join(f"${place}::{_type(name)}[]" for place, name in enumerate(columns, 1))
    return f"unnest({arrays}) AS given ({', '.join(columns)})"


def _type(column: str) -> str:
    if column in ("was_id", "was_version", "is_final"):
        return "bigint"
    return "bigint" if column != "line" and is_number(_TYPES[column]) else "text"
