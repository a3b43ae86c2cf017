"""Between a row of the message table and a Message: the column order of `-- name: message`."""

from __future__ import annotations

from typing import Any

import msgspec

from payamak.codes import Code
from payamak.domain.message import Lane, Message, Reason, State, Step

_encode_plan = msgspec.json.Encoder().encode
_decode_plan = msgspec.json.Decoder(tuple[Step, ...]).decode
_STATES = {state.value: state for state in State}
_REASONS = {reason.value: reason for reason in Reason}
_LANES = {lane.value: lane for lane in Lane}
_CODES = {code.value: code for code in Code}


def plan_text(plan: tuple[Step, ...]) -> str:
    """The plan as the JSON that the store keeps."""
    return _encode_plan(plan).decode()


def message_of(row: Any) -> Message:
    """A Message from the columns of `-- name: message`."""
    return Message(
        id=row[0],
        account_id=row[1],
        recipient=row[2],
        plan=_decode_plan(row[3]),
        lane=_LANES[row[4]],
        source=row[5],
        accepted_at=row[6],
        deadline_at=row[7],
        due_at=row[8],
        changed_at=row[9],
        state=_STATES[row[10]],
        reason=_REASONS[row[11]],
        code=None if row[12] is None else _CODES[row[12]],
        step=row[13],
        tries=row[14],
        parts=tuple(row[15].split("/")) if row[15] else (),
        was_taken=bool(row[16]),
        was_settled_late=bool(row[17]),
        copies=row[18],
        reserved=row[19],
        charged=row[20],
        is_settled=bool(row[21]),
        version=row[22],
        is_leased=bool(row[23]),
        unanswered=row[24],
        awaited=tuple(map(int, row[25].split(","))) if row[25] else (),
        breaks=row[26],
    )


def changing_columns(m: Message) -> tuple[Any, ...]:
    """The columns of `update_message_same_plan`, up to the guard."""
    return (
        m.due_at,
        m.changed_at,
        m.state.value,
        m.reason.value,
        m.code,
        m.step,
        m.tries,
        "/".join(m.parts),
        m.was_taken,
        m.was_settled_late,
        m.copies,
        m.reserved,
        m.charged,
        m.is_settled,
        m.is_final,
        m.version,
        m.is_leased,
        m.unanswered,
        ",".join(map(str, m.awaited)),
        m.breaks,
    )


def insert_columns(m: Message) -> tuple[Any, ...]:
    """The columns of `insert_message`; id 0 is none yet. Messages of one plan may share all but the first three."""
    return (
        m.id or None,
        m.account_id,
        m.recipient,
        plan_text(m.plan),
        m.current.line,
        m.lane.value,
        m.source,
        m.accepted_at,
        m.deadline_at,
        *changing_columns(m),
    )


def line_of_attempt(text: str, step: int, try_no: int) -> str:
    """The line by which an attempt of a stored plan went."""
    return _decode_plan(text)[step].line_of(try_no)
