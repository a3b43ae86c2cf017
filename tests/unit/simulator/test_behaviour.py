"""The table of behaviours, row by row."""

import pytest

from payamak.simulator.behaviour import (
    HABITS,
    ODDITIES,
    RECEIPTS,
    REFUSALS,
    REPLIES,
    STEP_MS,
    TABLE,
    Action,
    Answer,
    Behaviour,
    Close,
    Garbage,
    Receipt,
    Reply,
    Scope,
    Silence,
    Timing,
    Unbind,
    Words,
    describe,
    react,
)
from payamak.simulator.habits import Habit

TIMING = Timing(answer_ms=10, receipt_ms=20, late_ms=500)
ANSWER = Answer(delay_ms=10)
RECEIPT = Receipt(delay_ms=30)


def _told(stat: str, err: str) -> tuple[Action, ...]:
    return (ANSWER, Receipt(delay_ms=30, stat=stat, err=err))


def _refused(status: int) -> tuple[Action, ...]:
    return (Answer(delay_ms=10, status=status),)


ACTIONS: dict[Behaviour, tuple[Action, ...]] = {
    Behaviour.DELIVERS: (ANSWER, RECEIPT),
    Behaviour.DELIVERS_LATE: (ANSWER, Receipt(delay_ms=510)),
    Behaviour.UNDELIVERABLE: _told("UNDELIV", "001"),
    Behaviour.EXPIRES: _told("EXPIRED", "002"),
    Behaviour.UNKNOWN_STAT: _told("PARKED", "099"),
    Behaviour.UNSURE: _told("UNKNOWN", "099"),
    Behaviour.NO_RECEIPT: (ANSWER,),
    Behaviour.REJECTED: _refused(0x0B),
    Behaviour.REJECTED_LATE: _told("REJECTD", "011"),
    Behaviour.OPTED_OUT: _refused(0x433),
    Behaviour.OPTED_OUT_ADVERTISING: _refused(0x427),
    Behaviour.OPTED_OUT_ALL: _refused(0x427),
    Behaviour.OPTED_OUT_LATE: _told("REJECTD", "033"),
    Behaviour.OPTED_OUT_ADVERTISING_LATE: _told("REJECTD", "027"),
    Behaviour.OPTED_OUT_ALL_LATE: _told("REJECTD", "027"),
    Behaviour.THROTTLED: _refused(0x58),
    Behaviour.QUEUE_FULL: _refused(0x14),
    Behaviour.NEVER_ANSWERS: (),
    Behaviour.ANSWER_LOST: (RECEIPT,),
    Behaviour.ANSWERS_TWICE: (ANSWER, ANSWER, RECEIPT),
    Behaviour.RECEIPT_FIRST: (Receipt(delay_ms=10), Answer(delay_ms=10 + STEP_MS)),
    Behaviour.RECEIPT_TWICE: (ANSWER, RECEIPT, Receipt(delay_ms=30 + STEP_MS)),
    Behaviour.HEX_IDS: (Answer(delay_ms=10, hex_id=True), Receipt(delay_ms=30, decimal_id=True)),
    Behaviour.DISCONNECTS: (Close(delay_ms=10),),
    Behaviour.SILENCE: (Silence(delay_ms=10),),
    Behaviour.GARBAGE: (Garbage(delay_ms=10),),
    Behaviour.POISON: (Close(delay_ms=10),),
    Behaviour.MISSPELT: _told("UNDELIVRD", "001"),
    Behaviour.NACKS: (Answer(delay_ms=10, habit=Habit.NACK),),
    Behaviour.THROTTLED_TAKEN: (
        Answer(delay_ms=10, status=0x58, habit=Habit.NAMED_IN_REFUSAL),
        Receipt(delay_ms=30, habit=Habit.NAMED_IN_REFUSAL),
    ),
    **{
        behaviour: (Answer(delay_ms=10, habit=habit), Receipt(delay_ms=30, habit=habit))
        for behaviour, habit in HABITS.items()
        if habit not in (Habit.NACK, Habit.NAMED_IN_REFUSAL)
    },
    Behaviour.UNBINDS: (Unbind(delay_ms=10), Answer(delay_ms=10 + STEP_MS), Receipt(delay_ms=30 + STEP_MS)),
    **{one: (ANSWER, Receipt(delay_ms=30, oddity=oddity)) for one, oddity in ODDITIES.items()},
    **{one: (ANSWER, RECEIPT, Reply(delay_ms=30 + STEP_MS, said=said)) for one, said in REPLIES.items()},
}


@pytest.mark.parametrize("behaviour", Behaviour)
def test_actions(behaviour: Behaviour) -> None:
    """Each behaviour does what its row says, in order of time."""
    plan = react(behaviour, timing=TIMING, registered_delivery=1)
    assert ACTIONS[behaviour] == plan.actions
    assert sorted(action.delay_ms for action in plan.actions) == [action.delay_ms for action in plan.actions]
    assert plan.behaviour is behaviour


@pytest.mark.parametrize("behaviour", Behaviour)
@pytest.mark.parametrize("registered_delivery", [0, 1, 2, 3, 0x10])
def test_registered_delivery(behaviour: Behaviour, registered_delivery: int) -> None:
    """Receipts come only as registered_delivery asks: 1 always, 2 on failure, else never."""
    plan = react(behaviour, timing=TIMING, registered_delivery=registered_delivery)
    stats = [action.stat for action in plan.actions if isinstance(action, Receipt)]
    if registered_delivery == 2:
        assert "DELIVRD" not in stats
        assert bool(stats) == (behaviour in RECEIPTS)
    elif registered_delivery != 1:
        assert stats == []


@pytest.mark.parametrize("behaviour", Behaviour)
def test_plan_status(behaviour: Behaviour) -> None:
    """A plan's status is the refusal, 0 when taken, and None when no answer leaves."""
    plan = react(behaviour, timing=TIMING, registered_delivery=1)
    silent = not any(isinstance(action, Answer) for action in plan.actions)
    assert plan.status == (None if silent else REFUSALS.get(behaviour, 0))
    assert plan.is_taken == (behaviour not in REFUSALS and behaviour is not Behaviour.NACKS)


def test_words_replace() -> None:
    """A script's own status, stat word and error code stand in place of the behaviour's."""
    words = Words(status=0x4AB, stat="BLOCKED", err="A7F")
    refused = react(Behaviour.OPTED_OUT, timing=TIMING, registered_delivery=1, words=words)
    late = react(Behaviour.OPTED_OUT_LATE, timing=TIMING, registered_delivery=1, words=words)
    assert refused.actions == _refused(0x4AB)
    assert late.actions == _told("BLOCKED", "A7F")


def test_table_is_complete() -> None:
    """Every behaviour has exactly one row, and no two rows share their digits."""
    assert sorted(entry.behaviour.value for entry in TABLE) == sorted(one.value for one in Behaviour)
    assert len({entry.digits for entry in TABLE}) == len(TABLE)
    assert all(len(entry.digits) == 4 and entry.digits.isdecimal() for entry in TABLE)


def test_describe_shows_every_row() -> None:
    """The help text names each row's digits and behaviour, and the scope where it is not every line."""
    text = describe()
    for entry in TABLE:
        row = next(line for line in text.splitlines() if line.startswith(f"  {entry.digits}  "))
        assert entry.behaviour.value in row
        assert entry.says in row
        assert (entry.scope is Scope.EVERY_LINE) or entry.scope.value in row
