"""The log of states: which changes are told, in which lines, and what they cost in octets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from payamak.codes import Code
from payamak.delivery.journal import state_logger
from payamak.domain.message import Message, Reason, State, Step
from payamak.encoding.parts import Encoding
from payamak.log import Logs
from payamak.log_output import LogOutput
from payamak.store.feed import Change

LINE: Final = "9830003300"
RECIPIENT: Final = "989121234567"
STEP: Final = Step(line=LINE, text="a secret text", encoding=Encoding.GSM7, parts=1, price=100)
MESSAGE: Final = Message(
    id=1_234_567, account_id=12, recipient=RECIPIENT, plan=(STEP, STEP), accepted_at=0, deadline_at=0, due_at=0,
    changed_at=0,
)  # fmt: skip


def change(event: str, before: State | None, state: State, reason: Reason, **fields: Any) -> Change:
    """What a commit did."""
    values = {name: getattr(MESSAGE, name) for name in Message.__struct_fields__}
    message = Message(**{**values, "state": state, "reason": reason, **fields})
    return Change(message=message, event=event, before=before)


ACCEPTED = change("Accepted", None, State.QUEUED, Reason.ACCEPTED)
ON_WIRE = change("OnWire", State.QUEUED, State.SENDING, Reason.ON_WIRE, tries=1)
ANSWERED = change("Answered", State.SENDING, State.ENROUTE, Reason.TAKEN, tries=1)
DELIVERED = change("Receipted", State.ENROUTE, State.DELIVERED, Reason.RECEIPT, tries=1)
LIFE = [ACCEPTED, ON_WIRE, ANSWERED, DELIVERED]

#: A change; whether it is told by default; whether it is told where all are.
CHANGES = [
    (ACCEPTED, True, True),
    (ON_WIRE, False, True),
    (ANSWERED, False, True),
    (DELIVERED, True, True),
    (change("Accepted", None, State.QUEUED, Reason.OUTSIDE_HOURS), True, True),
    (change("Answered", State.SENDING, State.SENDING, Reason.ON_WIRE), False, True),
    (change("Receipted", State.ENROUTE, State.ENROUTE, Reason.TAKEN), False, False),
    (change("Answered", State.SENDING, State.ENROUTE, Reason.NO_RECEIPTS), True, True),
    (change("Answered", State.SENDING, State.QUEUED, Reason.FALLBACK, step=1), False, True),
    (change("Answered", State.SENDING, State.REJECTED, Reason.REFUSED, code=Code.INTERNAL), True, True),
    (change("DeadlinePassed", State.QUEUED, State.EXPIRED, Reason.DEADLINE), True, True),
    (change("Receipted", State.UNKNOWN, State.DELIVERED, Reason.RECEIPT), True, True),
    (change("Receipted", State.DELIVERED, State.DELIVERED, Reason.RECEIPT), False, False),
]


class World:
    """A listener whose log goes into a pipe."""

    def __init__(self, level: str = "info", *, is_human: bool = False, tells_all: bool = False) -> None:
        self.reader, writer = os.pipe()
        self.output = LogOutput(writer)
        os.close(writer)
        self.logs = Logs(level, self.output, is_human=is_human)
        self.logs.is_own_line = {LINE}.__contains__
        self.tells_all = tells_all
        self.pieces: list[bytes] = []
        write = self.output.write_lines

        def counted(octets: bytes) -> bool:
            self.pieces.append(octets)
            return write(octets)

        self.output.write_lines = counted  # type: ignore[method-assign]
        self.hear: Callable[[Sequence[Change]], None] = state_logger(
            self.logs, lambda: self.tells_all, {12: "shop"}.__getitem__
        )

    def close(self) -> None:
        """Nothing more comes."""
        self.output.close(60)
        os.close(self.reader)

    def told(self) -> list[dict[str, Any]]:
        """The lines so far, as they leave the process."""
        octets = b"".join(self.pieces)
        read = b""
        while len(read) < len(octets):
            read += os.read(self.reader, 1 << 20)
        assert read == octets
        return [json.loads(line) for line in read.splitlines()]


@pytest.fixture
def make() -> Iterator[Callable[..., World]]:
    """A world; closed at the end."""
    worlds: list[World] = []

    def made(*arguments: Any, **options: Any) -> World:
        worlds.append(World(*arguments, **options))
        return worlds[-1]

    yield made
    for world in worlds:
        world.close()


@pytest.mark.parametrize(("one", "is_told", "is_told_of_all"), CHANGES)
def test_which_changes_are_told(one: Change, is_told: bool, is_told_of_all: bool, make: Callable[..., World]) -> None:
    """By default acceptance and end; by the setting each state, and each answer of a part."""
    world = make()
    world.hear([one])
    assert len(world.told()) == is_told
    whole = make(tells_all=True)
    whole.hear([one])
    assert len(whole.told()) == is_told_of_all


def test_what_a_line_says(make: Callable[..., World]) -> None:
    """State, ids, the masked number, the line, why; nothing that is nothing, and no text."""
    world = make()
    refused = change("Answered", State.SENDING, State.REJECTED, Reason.REFUSED, code=Code.INTERNAL, step=1, tries=3)
    world.hear([ACCEPTED, refused])
    first, last = world.told()
    stamp = first["timestamp"]
    common = {
        "part": "message",
        "message_id": 1_234_567,
        "account": "shop",
        "recipient_masked": "98912***4567",
        "line": LINE,
        "level": "info",
        "timestamp": stamp,
    }
    assert first == {**common, "event": "queued", "reason": "accepted"}
    ended = {"event": "rejected", "reason": "refused", "code": Code.INTERNAL.value, "step": 1, "tries": 3}
    assert last == {**common, **ended}
    assert stamp.endswith("Z")
    assert datetime.fromisoformat(stamp).utcoffset() is not None


def test_an_accept_that_is_on_the_wire_with_it(make: Callable[..., World]) -> None:
    """It is told as accepted, like any other, and as on the wire where all is told."""
    marked = change("Accepted", None, State.SENDING, Reason.ON_WIRE, tries=1)
    world, whole, usual = make(), make(tells_all=True), make(tells_all=True)
    world.hear([marked])
    whole.hear([marked])
    usual.hear([ACCEPTED, ON_WIRE])
    (line,) = world.told()
    assert (line["event"], line["reason"], "tries" in line) == ("queued", "accepted", False)
    told = [[{**each, "timestamp": ""} for each in one.told()] for one in (whole, usual)]
    assert told[0] == told[1]


def test_the_event_is_told_where_all_are(make: Callable[..., World]) -> None:
    """Who wants to follow each step wants to know what made it; the setting counts from the next commit on."""
    world = make(tells_all=True)
    world.hear(LIFE)
    world.tells_all = False
    world.hear(LIFE)
    assert [(line["event"], line.get("event_name")) for line in world.told()] == [
        ("queued", "Accepted"),
        ("sending", "OnWire"),
        ("enroute", "Answered"),
        ("delivered", "Receipted"),
        ("queued", None),
        ("delivered", None),
    ]


def test_a_commit_is_one_piece(make: Callable[..., World]) -> None:
    """All lines of a commit are handed on at one go, with one instant; a commit that tells nothing hands on nothing."""
    world = make()
    world.hear([ACCEPTED] * 100)
    world.hear([ON_WIRE] * 100)
    assert len({line["timestamp"] for line in world.told()}) == 1
    assert [piece.count(b"\n") for piece in world.pieces] == [100]


def test_what_a_message_costs_the_log(make: Callable[..., World]) -> None:
    """A plain message, accepted and delivered, costs at most 0.4 KiB at the default level."""
    world = make()
    for each in LIFE:
        world.hear([each])
    assert sum(map(len, world.pieces)) <= 424


@pytest.mark.parametrize(
    ("line", "shown"), [(LINE, LINE), (RECIPIENT, "98912***4567"), ("30001", "***"), ("a\u202eb", "***")]
)
def test_a_line_that_is_not_ours(line: str, shown: str, make: Callable[..., World]) -> None:
    """One that was removed counts as anybody's number."""
    step = Step(line=line, text="", encoding=Encoding.GSM7, parts=1, price=0)
    world = make()
    world.hear([change("Accepted", None, State.QUEUED, Reason.ACCEPTED, plan=(step,))])
    assert world.told()[0]["line"] == shown


def test_marks_in_a_line_of_ours(make: Callable[..., World]) -> None:
    """A terminal that shows the file obeys none of them."""
    step = Step(line="shop\u202e\x1b", text="", encoding=Encoding.GSM7, parts=1, price=0)
    world = make()
    world.logs.is_own_line = lambda _line: True
    world.hear([change("Accepted", None, State.QUEUED, Reason.ACCEPTED, plan=(step,))])
    assert world.told()[0]["line"] == "shop<U+202E>␛"


@pytest.mark.parametrize(("level", "lines"), [("debug", 2), ("info", 2), ("warning", 0), ("error", 0)])
def test_the_level_counts(level: str, lines: int, make: Callable[..., World]) -> None:
    """These lines are information; another level counts at once."""
    world = make("error")
    world.logs.set_level(level)
    world.hear(LIFE)
    assert len(world.told()) == lines


def test_a_person_reads_columns(make: Callable[..., World]) -> None:
    """At a terminal the same lines go the way of all others, which masks them and puts in level and instant."""
    world = make(is_human=True)
    with capture_logs() as told:
        world.hear(LIFE)
    assert world.pieces == []
    assert [line["event"] for line in told] == ["queued", "delivered"]
    assert told[1]["recipient_masked"] == "98912***4567"
    assert told[1]["part"] == "message"
    assert told[1]["log_level"] == "info"
