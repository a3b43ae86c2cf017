"""A Struct and the columns of its rows: read and written by name, as the types of its fields say."""

from __future__ import annotations

import pytest
from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.message import Lane, Message, Reason, State, Step
from payamak.encoding.parts import Encoding
from payamak.store.columns import (
    CHANGING,
    KEPT,
    MESSAGE,
    kept_columns,
    line_of_attempt,
    plan_text,
    reader,
    takes_places,
    writer,
)


class Kept(Struct, frozen=True, kw_only=True):
    """A value with a field of each kind."""

    id: int
    state: State
    code: Code | None
    is_there: bool
    words: tuple[str, ...]
    numbers: tuple[int, ...]
    octets: bytes | None = None


KEPT_AS = {"id": 7, "state": "queued", "code": 33, "is_there": 1, "words": "wt/s", "numbers": "2,13", "octets": None}
VALUE = Kept(id=7, state=State.QUEUED, code=Code.OPTED_OUT_OF_LINE, is_there=True, words=("wt", "s"), numbers=(2, 13))


@pytest.mark.parametrize("columns", [list(KEPT_AS), list(KEPT_AS)[::-1]], ids=["in order", "in another order"])
def test_a_row_is_read_by_name(columns: list[str]) -> None:
    """Whatever the order of its columns; each value as its field's type says."""
    assert reader(Kept, columns)(tuple(KEPT_AS[name] for name in columns)) == VALUE


def test_a_row_is_written_by_name() -> None:
    """What is written is what would be read."""
    columns = [*KEPT_AS]
    assert dict(zip(columns, writer(Kept, columns)(VALUE), strict=True)) == KEPT_AS


def test_nothing_is_a_value_too() -> None:
    """No code, no word, no number."""
    empty = replace(VALUE, code=None, words=(), numbers=())
    columns = [*KEPT_AS]
    row = writer(Kept, columns)(empty)
    assert dict(zip(columns, row, strict=True)) == {**KEPT_AS, "code": None, "words": "", "numbers": ""}
    assert reader(Kept, columns)(row) == empty


def test_a_column_that_is_no_field() -> None:
    """It is told by its name, before a row is read."""
    with pytest.raises(TypeError, match="Kept has no field count"):
        reader(Kept, [*KEPT_AS, "count"])


def test_a_field_without_a_column() -> None:
    """One that has a default may be left out, another may not."""
    assert reader(Kept, [name for name in KEPT_AS if name != "octets"]) is not None
    with pytest.raises(TypeError, match=r"no column is the id, state of Kept"):
        reader(Kept, [name for name in KEPT_AS if name not in ("id", "state")])


def test_an_unknown_value_of_an_enum() -> None:
    """A row that an older bug has spoilt is not read as something else."""
    with pytest.raises(KeyError):
        reader(Kept, [*KEPT_AS])(tuple({**KEPT_AS, "state": "gone"}.values()))


STEP = Step(line="9830", text="سلام", encoding=Encoding.UCS2, parts=1, price=5)
MESSAGE_ = Message(
    id=0,
    account_id=1,
    recipient="989120000001",
    plan=(STEP, replace(STEP, line="9831")),
    accepted_at=1,
    deadline_at=2,
    due_at=1,
    changed_at=1,
    lane=Lane.OTP,
    state=State.ENROUTE,
    reason=Reason.TAKEN,
    step=1,
    parts=("a", "t"),
    awaited=(1,),
)


def test_a_message_and_what_indexes_need_of_it() -> None:
    """Its row has each of its fields, and its line and whether it is final."""
    row = dict(zip(KEPT, kept_columns(MESSAGE_), strict=True))
    assert [*row] == [*Message.__struct_fields__, "line", "is_final"]
    assert (row["id"], row["line"], row["is_final"], row["lane"], row["parts"]) == (0, "9831", False, 0, "a/t")
    stored = tuple(row[name] for name in MESSAGE)
    assert reader(Message, MESSAGE)(stored) == MESSAGE_


def test_every_field_may_change_but_those_that_say_otherwise() -> None:
    """A new field is written by every update without being named there."""
    fixed = {"id", "account_id", "recipient", "accepted_at", "deadline_at", "lane", "source", "campaign_id"}
    assert set(CHANGING) == {*Message.__struct_fields__, "is_final"} - fixed - {"plan"}


def test_the_line_of_a_try() -> None:
    """What was tried before a move went by the line before it."""
    plan = plan_text((replace(STEP, earlier_lines=("9829",)),))
    assert (line_of_attempt(plan, 0, 1), line_of_attempt(plan, 0, 2)) == ("9829", "9830")


def test_a_message_is_made_the_cheap_way() -> None:
    """Its columns are its fields in their order; a value that is keyword-only, or read otherwise, goes by name."""
    assert takes_places(Message, MESSAGE)
    assert not takes_places(Message, MESSAGE[::-1])
    assert not takes_places(Kept, list(KEPT_AS))
