"""Columns named once: the fields of a Struct are the columns of its rows, and their types say how a value is kept.

Which column stands where is settled once for each statement, by name: what reads a row, or lays a value out as one, is
made then as a function of straight code. So a row costs what it would cost by position, and a new field is named
nowhere else: not in a statement that reads the whole message, nor in one that writes it.

    bool                  0 or 1
    an enum               its value
    tuple[Step, ...]      JSON
    tuple[str, ...]       joined by "/"; words of part letters
    tuple[int, ...]       joined by ","
    all else              as it is
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from payamak.domain.message import Message, Step
from payamak.domain.mo import Received

T = TypeVar("T")

Row = Sequence[Any]
"""A row as the engine brings it: values by position. Nothing outside the engines sees one."""

_encode_plan = msgspec.json.Encoder().encode
_decode_plan = msgspec.json.Decoder(tuple[Step, ...]).decode


def plan_text(plan: tuple[Step, ...]) -> str:
    """The plan as the JSON that the store keeps."""
    return _encode_plan(plan).decode()


def line_of_attempt(text: str, step: int, try_no: int) -> str:
    """The line by which an attempt of a stored plan went."""
    return _decode_plan(text)[step].line_of(try_no)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("/")) if text else ()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(","))) if text else ()


_TUPLES: Final[dict[Any, tuple[str, str]]] = {
    tuple[Step, ...]: ("_decode_plan({})", "plan_text({})"),
    tuple[str, ...]: ("_words({})", "'/'.join({})"),
    tuple[int, ...]: ("_numbers({})", "','.join(map(str, {}))"),
}
"""How a tuple is read and written, as the straight code says it."""

_NAMES: Final[dict[str, Any]] = {
    "_decode_plan": _decode_plan,
    "plan_text": plan_text,
    "_words": _words,
    "_numbers": _numbers,
}


def reader(shape: type[T], columns: Sequence[str]) -> Callable[[Row], T]:
    """What makes a value of `shape` from a row with these columns, in their order.

    Raises TypeError if a column is no field, or a field that must be there is no column.
    """
    known = _fields(shape)
    needed = {name for name, field in known.items() if field.required}
    if unknown := [name for name in columns if name not in known]:
        raise TypeError(f"{shape.__name__} has no field {', '.join(unknown)}")
    if missing := needed - set(columns):
        raise TypeError(f"no column is the {', '.join(sorted(missing))} of {shape.__name__}")
    names: dict[str, Any] = dict(_NAMES, shape=shape)
    values = ", ".join(f"{name}={_read(name, known[name].type, names)}" for name in columns)
    unpacked = ", ".join(f"v_{name}" for name in columns)
    made: Callable[[Row], T] = _made(f"def made(row):\n ({unpacked},) = row\n return shape({values})", names)
    return made


def writer(shape: type[T], columns: Sequence[str], derived: Mapping[str, str] | None = None) -> Callable[[T], Row]:
    """What lays a value of `shape` out as these columns, in their order; `derived` columns are told as code of `m`."""
    known = _fields(shape)
    derived = derived or {}
    values = ", ".join(derived.get(name) or _write(name, known[name].type) for name in columns)
    made: Callable[[T], Row] = _made(f"def made(m):\n return ({values},)", dict(_NAMES))
    return made


def _made(code: str, names: dict[str, Any]) -> Any:
    exec(code, names)
    return names["made"]


def _fields(shape: type[Any]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(shape)}


def _read(name: str, kind: Any, names: dict[str, Any]) -> str:
    value = f"v_{name}"
    inner, may_be_none = _without_none(kind)
    if inner is bool:
        told = f"bool({value})"
    elif inner in _TUPLES:
        told = _TUPLES[inner][0].format(value)
    elif isinstance(inner, type) and issubclass(inner, Enum):
        names[f"of_{value}"] = {member.value: member for member in inner}
        told = f"of_{value}[{value}]"
    else:
        return value
    return f"None if {value} is None else {told}" if may_be_none else told


def _write(name: str, kind: Any) -> str:
    value = f"m.{name}"
    inner, may_be_none = _without_none(kind)
    if inner in _TUPLES:
        told = _TUPLES[inner][1].format(value)
    elif isinstance(inner, type) and issubclass(inner, Enum):
        told = f"{value}.value"
    else:
        return value
    return f"None if {value} is None else {told}" if may_be_none else told


def _without_none(kind: Any) -> tuple[Any, bool]:
    """The type of a value that is there, and whether it may be missing."""
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    there = [each for each in get_args(kind) if each is not NoneType]
    return (there.pop() if len(there) == 1 else None), True


# ------------------------------------------------------------------------------------------------- message

_DERIVED: Final = {"line": "m.plan[m.step].line", "is_final": "m.is_final"}
"""Columns of the message table that no field is: what indexes need of the plan and the state."""

_FIXED: Final = frozenset({"id", "account_id", "recipient", "accepted_at", "deadline_at", "lane", "source"})
"""What never changes of a message, but for its instants when a clock fell (`set_times`)."""

MESSAGE: Final = tuple(Message.__struct_fields__)
KEPT: Final = (*MESSAGE, *_DERIVED)
CHANGING: Final = tuple(name for name in KEPT if name not in {*_FIXED, "plan", "line"})
WITH_PLAN: Final = ("plan", "line", *CHANGING)

kept_columns = writer(Message, KEPT, {**_DERIVED, "id": "m.id or None"})
"""A message as `insert_message` keeps it; id 0 is none yet."""

changing_columns = writer(Message, CHANGING, _DERIVED)
"""What may change of a message while its plan stays."""

changing_columns_with_plan = writer(Message, WITH_PLAN, _DERIVED)
"""All that may change of it."""

LISTS: Final = {
    "received": ", ".join(Received.__struct_fields__),
    "message": ", ".join(MESSAGE),
    "message_kept": ", ".join(KEPT),
    "message_kept_values": ", ".join("?" for _ in KEPT),
    "message_changes": ", ".join(f"{name} = ?" for name in CHANGING),
    "message_changes_with_plan": ", ".join(f"{name} = ?" for name in WITH_PLAN),
}
"""What stands in a statement where it says `{message}`, and so on."""


class Spoilt(Struct, frozen=True, kw_only=True):
    """A row that cannot be read, by a bug of ours or of an older version: its first column, and what failed."""

    key: Any
    error: Exception
