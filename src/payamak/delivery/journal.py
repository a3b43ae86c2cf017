"""The log of states: a line for what a commit did to a message, from the Feed, all of one commit at one go.

These are most of a busy gateway's log. So they do not go through structlog, whose every line costs some 20 µs, but
straight to one encoder: one instant and one piece of octets a commit. To a person at a terminal they come in the
columns of all other lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, structs
from msgspec.json import Encoder
from msgspec.structs import replace

from payamak.domain.events import OnWire
from payamak.domain.message import Message, Reason, State
from payamak.domain.numbers import masked
from payamak.log import Logs, event_logger
from payamak.store.feed import Change

_PART: Final = "message"


class StateLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: the fields of every line of the log, then those of a change. What says nothing is left out.

    `event` is the state that the message came to, `event_name` what brought it there; `timestamp` is UTC as in
    ISO 8601. `step` and `tries` count from 0; `code` is one of contract §2.
    """

    part: str
    message_id: int
    account: str
    recipient_masked: str
    line: str
    step: int = 0
    tries: int = 0
    reason: str
    code: int | None = None
    event_name: str | None = None
    event: str
    level: str
    timestamp: str


def state_logger(
    logs: Logs, tells_all: Callable[[], bool], account_of: Callable[[int], str]
) -> Callable[[Sequence[Change]], None]:
    """A listener for the Feed. The number is masked, the text never there.

    `tells_all`: whether each change is told now, with its event, or only acceptances and ends; `account_of` a number
    is the account's name as a log may have it.
    """
    encode = Encoder().encode_lines
    log = event_logger(_PART)

    def listen(changes: Sequence[Change]) -> None:
        if not logs.is_told("info"):
            return
        is_whole = tells_all()
        told = [change for change in changes if (_is_news(change) if is_whole else _is_end(change))]
        if logs.is_human:
            for line in _lines(told, "", str, account_of, is_whole=is_whole):
                _tell_person(log, line)
        elif told:
            stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            logs.output.write_lines(encode(_lines(told, stamp, logs.show_line, account_of, is_whole=is_whole)))

    return listen


def _is_news(change: Change) -> bool:
    """Whether the message came to another state, or was answered, as a part of several is."""
    return change.message.state is not change.before or change.event == "Answered"


def _is_end(change: Change) -> bool:
    """Whether the message is fresh, or has come to its end."""
    return change.before is None or (change.message.state is not change.before and change.message.is_final)


def _lines(
    changes: Iterable[Change],
    stamp: str,
    show: Callable[[str], str],
    account_of: Callable[[int], str],
    *,
    is_whole: bool,
) -> list[StateLine]:
    """`show` a number of a line as the log may have it."""
    return [
        StateLine(
            part=_PART,
            message_id=message.id,
            account=account_of(message.account_id),
            recipient_masked=masked(message.recipient),
            line=show(message.current.line),
            step=message.step,
            tries=message.tries,
            reason=message.reason.value,
            code=message.code,
            event_name=event if is_whole else None,
            event=message.state.value,
            level="info",
            timestamp=stamp,
        )
        for change in changes
        for message, event in _came_to(change, is_whole=is_whole)
    ]


def _came_to(change: Change, *, is_whole: bool) -> Iterable[tuple[Message, str]]:
    """The message as it came to a state by the change, and by what: one that its accept put on the wire to two.

    `is_whole`: the second is told as well.
    """
    message = change.message
    if change.before is not None or message.state is State.QUEUED:
        yield message, change.event
        return
    yield replace(message, state=State.QUEUED, reason=Reason.ACCEPTED, tries=0), change.event
    if is_whole:
        yield message, OnWire.__name__


def _tell_person(log: Callable[..., object], line: StateLine) -> None:
    """In columns. They put in part, level and instant by themselves, and have numbers masked and marks shown."""
    fields = {name: value for name, value in structs.asdict(line).items() if name not in ("part", "level", "timestamp")}
    log(fields.pop("event"), **fields)
