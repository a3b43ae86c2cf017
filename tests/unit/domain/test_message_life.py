"""Any history at all: after every event the invariants of tests/unit/domain/life.py hold (P2–P5, P7, P8).

Twice: small plans are searched to the end, every event in every standing; large ones at random.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.unit.domain.life import (
    CLOCK,
    DEADLINE,
    GRACE_END,
    HOLD,
    KINDS,
    PLAIN,
    START,
    Life,
    a_message,
    a_step,
    outcome,
)

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Event, IllegalMove, Rules
from payamak.domain.message import PartState, State, Step
from payamak.domain.states import DEFAULT_RULES, TABLE

RECEIPTS = [PartState(letter) for letter in "duerok"]
INSTANTS = (START, DEADLINE - 1, DEADLINE, GRACE_END - 1, GRACE_END)

Arrow = tuple[State, type, State]


def tried(life: Life, event: Event) -> Life:
    """What the event makes of it; itself, and that is checked, if the table does not list the move."""
    if (life.message.state, type(event)) in TABLE:
        return life.happen(event)
    with pytest.raises(IllegalMove):
        life.happen(event)
    return life


def possible(life: Life, answers: str, receipts: str) -> Iterator[Event]:
    """What may come next: anything by hand, any answer to any attempt, any receipt for any part that was sent."""
    yield from PLAIN.values()
    for (step, try_no), parts in life.attempts.items():
        for part in parts:
            for letter in answers:
                for gives_receipts in (True, False):
                    outcomes = (outcome(part, letter),)
                    yield ev.Answered(step=step, try_no=try_no, outcomes=outcomes, gives_receipts=gives_receipts)
    for step, part in {(step, part) for (step, _), parts in life.attempts.items() for part in parts}:
        for letter in receipts:
            for left in (0, 1) if letter in "uo" else (0,):
                yield ev.Receipted(step=step, part=part, part_state=PartState(letter), copies_left=left)


def key_of(life: Life) -> object:
    """What the future depends on; not when it began, nor how often it changed."""
    m = changed(life.message, version=0, changed_at=0, due_at=0, copies=min(life.message.copies, 1))
    return (m.state, m.reason, m.code, m.step, m.tries, m.parts, m.was_taken, m.was_settled_late, m.copies, m.reserved,
            m.charged, m.is_settled, m.is_leased, m.unanswered, m.awaited, life.now, tuple(life.attempts))  # fmt: skip


def explored(life: Life, tries: int, answers: str, receipts: str) -> set[Arrow]:
    """Play everything that can happen to a message, each standing once; the arrows that were met."""
    arrows: set[Arrow] = set()
    seen = {key_of(life)}
    waiting = [life]
    while waiting:
        life = waiting.pop()
        following = [replace(life, now=now) for now in (START, DEADLINE, GRACE_END) if now > life.now][:1]
        for event in possible(life, answers, receipts):
            if isinstance(event, ev.OnWire) and life.message.tries >= tries:
                continue
            after = tried(life, event)
            if (life.message.state, type(event)) in TABLE:
                arrows.add((life.message.state, type(event), after.message.state))
            following.append(after)
        for after in following:
            if (key := key_of(after)) not in seen:
                seen.add(key)
                waiting.append(after)
    return arrows


def test_every_history_of_a_small_plan() -> None:
    """Whatever comes in whatever order, the invariants hold, and each arrow of the table is met and no other."""
    short = (a_step("1"), a_step("2", price=300))
    arrows = explored(Life.of(a_message(*short)), 2, "tloar", "duerok")
    arrows |= explored(Life.of(a_message(*short), HOLD), 2, "toa", "duok")
    arrows |= explored(Life.of(a_message(a_step("1", keep=True), a_step("2", price=0))), 2, "toa", "duok")
    arrows |= explored(Life.of(a_message(a_step("1", parts=2), a_step("2"))), 1, "tloar", "duok")
    arrows |= explored(Life.of(a_message(a_step("1", parts=2))), 2, "toa", "durok")
    assert {(state, event, to) for (state, event), move in TABLE.items() for to in move.to} == arrows


def test_every_history_while_the_clocks_disagree() -> None:
    """By one clock all is past its deadline, by the other nothing is: nothing goes, and time ends nothing (P2, P7)."""
    arrows: set[Arrow] = set()
    for before in ("", "wire", "wire a:t", "wire a:a", "wire a:o", "restore"):
        life = Life.of(a_message(a_step("1"), a_step("2"))).play(before)
        arrows |= explored(replace(life, now=CLOCK["@doubt"]), 2, "ta", "du")
    by_time = {to for state, event, to in arrows if event in (ev.OnWire, ev.DeadlinePassed, ev.ReceiptOverdue)}
    assert by_time == {State.QUEUED, State.ENROUTE}


steps = st.builds(
    a_step,
    line=st.sampled_from("123"),
    parts=st.integers(1, 4),
    price=st.sampled_from([0, 1, 100, 250]),
    keep=st.booleans(),
    advertising=st.booleans(),
)
facts = st.dictionaries(st.sampled_from("123*"), st.sampled_from([Code.OPTED_OUT, Code.OPTED_OUT_OF_LINE]), max_size=2)
rules = st.sampled_from([DEFAULT_RULES, HOLD, Rules(grace_ms=0)])


@st.composite
def answers(draw: st.DrawFn, life: Life) -> Event:
    """Answers to some parts of some attempt, the present one more often than not."""
    attempts = list(life.attempts)
    step, try_no = draw(st.sampled_from([*attempts, attempts[-1], attempts[-1]]))
    parts = draw(st.lists(st.sampled_from(life.attempts[step, try_no]), min_size=1, max_size=4))
    return ev.Answered(
        step=step,
        try_no=try_no,
        outcomes=tuple(outcome(part, draw(st.sampled_from("tttt" + "".join(KINDS)))) for part in parts),
        gives_receipts=draw(st.sampled_from([True, True, True, False])),
        known=tuple(draw(facts).items()),
    )


@st.composite
def receipts(draw: st.DrawFn, life: Life) -> Event:
    """A receipt for a part that was on the wire at some time."""
    step, try_no = draw(st.sampled_from(list(life.attempts)))
    return ev.Receipted(
        step=step,
        part=draw(st.sampled_from(life.attempts[step, try_no])),
        part_state=draw(st.sampled_from([PartState.DELIVERED, *RECEIPTS])),
        code=draw(st.sampled_from([None, Code.OPTED_OUT])),
        known=tuple(draw(facts).items()),
    )


@given(data=st.data(), plan=st.lists(steps, min_size=1, max_size=3), known=facts, lines_rules=rules)
def test_any_history_of_any_plan(
    data: st.DataObject, plan: list[Step], known: dict[str, Code], lines_rules: Rules
) -> None:
    """Money balances, nothing is sent twice or late without being told, and final is final, whatever comes."""
    if all(step.line in known or (step.advertising and "*" in known) for step in plan):
        known = {}
    life = Life.of(a_message(*plan, facts=known), lines_rules)
    for _ in range(data.draw(st.integers(1, 25))):
        choices: list[st.SearchStrategy[Event]] = [st.just(PLAIN["wire"]), st.sampled_from(list(PLAIN.values()))]
        if life.attempts:
            choices += [answers(life), answers(life), receipts(life), receipts(life)]
        life = tried(life, data.draw(st.one_of(choices)))
        if data.draw(st.integers(0, 9)) == 0:
            life = replace(life, now=data.draw(st.sampled_from([now for now in INSTANTS if now >= life.now])))


@given(data=st.data(), plan=st.lists(steps, min_size=1, max_size=3), lines_rules=rules)
def test_every_message_comes_to_an_end(data: st.DataObject, plan: list[Step], lines_rules: Rules) -> None:
    """P2, P7: when no operator speaks any more, restart, deadline and grace alone bring a message to its end."""
    life = Life.of(a_message(*plan), lines_rules)
    for _ in range(data.draw(st.integers(0, 10))):
        choices: list[st.SearchStrategy[Event]] = [st.just(PLAIN["wire"])]
        if life.attempts:
            choices += [answers(life), receipts(life)]
        life = tried(life, data.draw(st.one_of(choices)))
    life = replace(life, now=GRACE_END)
    for word in ("recover", "deadline", "overdue"):
        life = tried(life, life.read(word))
    assert life.message.is_final
    assert life.reserved == 0
