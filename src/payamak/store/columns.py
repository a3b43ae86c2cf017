"""Columns named once: the fields of a Struct are the columns of its rows, and their types say how a value is kept.

Which column stands where is settled once for each statement, by name, and so is what has to be made of a value. So a
new field is named nowhere else: not in a statement that reads the whole message, nor in one that writes it.

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
from inspect import signature
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from payamak.domain.campaign_rows import CampaignRow
from payamak.domain.campaigns import Campaign
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


_READ: Final[dict[Any, Callable[[Any], Any]]] = {
    bool: bool,
    tuple[Step, ...]: _decode_plan,
    tuple[str, ...]: _words,
    tuple[int, ...]: _numbers,
}
_WRITE: Final[dict[Any, Callable[[Any], Any]]] = {
    tuple[Step, ...]: plan_text,
    tuple[str, ...]: "/".join,
    tuple[int, ...]: lambda numbers: ",".join(map(str, numbers)),
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
    reads = [(place, read) for place, name in enumerate(columns) if (read := _reads(known[name].type)) is not None]
    if takes_places(shape, columns):

        def by_place(row: Row) -> T:
            values = [*row]
            for place, read in reads:
                values[place] = read(values[place])
            return shape(*values)

        return by_place

    def by_name(row: Row) -> T:
        values = [*row]
        for place, read in reads:
            values[place] = read(values[place])
        return shape(**dict(zip(columns, values, strict=True)))

    return by_name


def takes_places(shape: type[Any], columns: Sequence[str]) -> bool:
    """Whether a Struct takes these values without names: it is not keyword-only, and they are its first fields."""
    taken = [name for name, each in signature(shape).parameters.items() if each.kind is not each.KEYWORD_ONLY]
    return [*columns] == taken[: len(columns)]


def writer(shape: type[T], columns: Sequence[str], derived: Mapping[str, str] | None = None) -> Callable[[T], Row]:
    """What lays a value of `shape` out as these columns, in their order; `derived`: where else to look for one."""
    known = _fields(shape)
    derived = derived or {}
    places = [derived.get(name) or _place(name, known[name].type) for name in columns]
    get = attrgetter(*places)
    told = [
        (place, write)
        for place, name in enumerate(columns)
        if name not in derived and (write := _writes(known[name].type)) is not None
    ]

    def made(value: T) -> Row:
        values = [*get(value)]
        for place, write in told:
            values[place] = write(values[place])
        return values

    return made


def _fields(shape: type[Any]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(shape)}


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _reads(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value from a column's; None where it is the same. Members of an enum are looked up."""
    inner, may_be_none = _without_none(kind)
    if _is_enum(inner):
        members = {member.value: member for member in inner}
        return ({**members, None: None} if may_be_none else members).__getitem__
    read = _READ.get(inner)
    if read is None or not may_be_none:
        return read
    return lambda value: None if value is None else read(value)


def _place(name: str, kind: Any) -> str:
    """Where a column's value is found in a Struct: an enum's beside its member, where there always is one."""
    inner, may_be_none = _without_none(kind)
    return f"{name}._value_" if _is_enum(inner) and not may_be_none else name


def _writes(kind: Any) -> Callable[[Any], Any] | None:
    inner, may_be_none = _without_none(kind)
    if _is_enum(inner):
        return (lambda member: None if member is None else member.value) if may_be_none else None
    write = _WRITE.get(inner)
    if write is None or not may_be_none:
        return write
    return lambda value: None if value is None else write(value)


def is_number(kind: Any) -> bool:
    """Whether a field's values are kept as whole numbers: else they are words."""
    inner, _ = _without_none(kind)
    return isinstance(inner, type) and issubclass(inner, int)


def _without_none(kind: Any) -> tuple[Any, bool]:
    """The type of a value that is there, and whether it may be missing."""
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    there = [each for each in get_args(kind) if each is not NoneType]
    return (there.pop() if len(there) == 1 else None), True


# ------------------------------------------------------------------------------------------------- message

_DERIVED: Final = {"line": "current.line", "is_final": "is_final"}
"""Columns of the message table that no field is: what indexes need of the plan and the state."""

_FIXED: Final = frozenset(
    {"id", "account_id", "recipient", "accepted_at", "deadline_at", "lane", "source", "campaign_id"}
)
"""What never changes of a message, but for its instants when a clock fell (`set_times`)."""

MESSAGE: Final = tuple(Message.__struct_fields__)
KEPT: Final = (*MESSAGE, *_DERIVED)
CHANGING: Final = tuple(name for name in KEPT if name not in {*_FIXED, "plan", "line"})
WITH_PLAN: Final = ("plan", "line", *CHANGING)

kept_columns = writer(Message, KEPT, _DERIVED)
"""A message as `insert_message` keeps it."""

changing_columns = writer(Message, CHANGING, _DERIVED)
"""What may change of a message while its plan stays."""

changing_columns_with_plan = writer(Message, WITH_PLAN, _DERIVED)
"""All that may change of it."""

# ---------------------------------------------------------------------------------------------- campaigns

CAMPAIGN: Final = tuple(name for name in Campaign.__struct_fields__ if name != "id")
_FIXED_OF_CAMPAIGN: Final = frozenset(
    {
        *("account_id", "name", "text", "columns", "ways", "template", "pace_per_minute", "validity_ms", "guard_share"),
        *("digest", "created_by", "created_at"),
        *("final", "failed"),  # counted by the ends of its messages, whatever else becomes of it
    }
)
CAMPAIGN_CHANGES: Final = tuple(name for name in CAMPAIGN if name not in _FIXED_OF_CAMPAIGN)

campaign_columns = writer(Campaign, CAMPAIGN)
"""A campaign as `insert_campaign` keeps it."""

campaign_changes = writer(Campaign, CAMPAIGN_CHANGES)
"""What may change of it but for the ends of its messages."""

LISTS: Final = {
    "campaign": ", ".join(Campaign.__struct_fields__),
    "campaign_kept": ", ".join(CAMPAIGN),
    "campaign_kept_values": ", ".join("?" for _ in CAMPAIGN),
    "campaign_changes": ", ".join(f"{name} = ?" for name in CAMPAIGN_CHANGES),
    "campaign_row": ", ".join(CampaignRow.__struct_fields__),
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
