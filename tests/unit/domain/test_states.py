"""The life of a message, sentence by sentence (P3, P7, P8), and the table as a whole."""

from dataclasses import replace
from typing import get_args

import pytest
from msgspec.structs import replace as changed
from tests.unit.domain.life import DEADLINE, DOUBT_ENDS, GRACE_END, HOLD, PLAIN, START, Life, a_message, a_step

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Event, IllegalMove, Rules
from payamak.domain.message import Message, PartState, Reason, State
from payamak.domain.pauses import pause_ms
from payamak.domain.states import DEFAULT_RULES, TABLE, advance, fold

EVENTS: tuple[Event, ...] = (
    *PLAIN.values(),
    ev.Answered(step=0, try_no=1, outcomes=()),
    ev.Receipted(step=0, part=1, part_state=PartState.DELIVERED),
)

ONE, TWO, LONG = a_step("1"), a_step("2"), a_step("5", parts=2, price=200)
OFFER, SERVICE = a_step("7", advertising=True), a_step("8")


# ---------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_pair_is_listed_or_refused(state: State, event: Event) -> None:
    """For every state and event the table lists a move, or the event is refused by name and changes nothing."""
    message = changed(a_message(), state=state, parts=("s",), tries=1)
    if (state, type(event)) in TABLE:
        after, _ = advance(message, event, START)
        assert after.state in TABLE[state, type(event)].to
        return
    with pytest.raises(IllegalMove, match=f"no move for {type(event).__name__} in state {state}"):
        advance(message, event, START)


def test_the_table_knows_every_event() -> None:
    """No event is without a move, and the table knows no other."""
    assert {event for _, event in TABLE} == {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("state", [s for s in State if s not in (State.QUEUED, State.SENDING, State.ENROUTE)])
def test_a_final_state_listens_but_does_not_move(state: State) -> None:
    """Answers and receipts reach every final state; only unknown can be left."""
    for event in (ev.Answered, ev.Receipted):
        leads_to = TABLE[state, event].to
        assert (leads_to == (state,)) is ((state, event) != (State.UNKNOWN, ev.Receipted))


# ------------------------------------------------------------------------- one attempt, one step (P3)


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        ("accepted", "", "queued accepted step 0 paid 0"),
        ("marked before it leaves", "wire", "sending on_wire step 0 paid 0"),
        ("the operator has it: it is charged", "wire a:t", "enroute taken step 0 paid 100"),
        ("the handset has it", "wire a:t r1:d", "delivered receipt step 0 paid 100"),
        ("the handset has it not; the operator took it", "wire a:t r1:u", "undeliverable receipt step 0 paid 100"),
        ("too late for the operator", "wire a:t r1:e", "undeliverable expired_at_operator step 0 paid 100"),
        ("rejected late", "wire a:t r1:r", "rejected receipt step 0 paid 100"),
        ("the operator does not know", "wire a:t r1:k", "unknown operator_unsure step 0 paid 100"),
        ("refused at once: not charged", "wire a:r", "rejected refused step 0 paid 0"),
        ("throttled: it waits", "wire a:l", "queued throttled step 0 paid 0"),
        ("throttled: it comes again", "wire a:l wire a:t", "enroute taken step 0 paid 100"),
        ("given back to the queue", "postpone", "queued link_down step 0 paid 0"),
        ("cancelled", "cancel", "cancelled cancelled step 0 paid 0"),
        ("its caller had been told 23", "revoke", "cancelled answered_busy step 0 paid 0"),
        ("moved by hand", "move", "queued moved step 0 paid 0"),
        ("a link without receipts is the end", "wire n:t", "enroute no_receipts step 0 paid 100"),
        ("and nothing is overdue there", "wire n:t @grace overdue", "enroute no_receipts step 0 paid 100"),
        ("nor moves it any more", "wire n:t r1:u", "enroute no_receipts step 0 paid 100"),
        ("an opt-out there does not either", "wire n:t r1:o", "enroute no_receipts step 0 paid 100"),
        ("the receipt may come before the answer", "wire r1:d", "delivered receipt step 0 paid 100"),
        ("the answer is then only kept", "wire r1:d a:t", "delivered receipt step 0 paid 100"),
        ("whatever it says", "wire r1:d a:o", "delivered receipt step 0 paid 100"),
        ("a receipt twice", "wire a:t r1:d r1:d", "delivered receipt step 0 paid 100"),
        ("delivered is never undelivered", "wire a:t r1:d r1:u", "delivered receipt step 0 paid 100"),
        ("nor the other way round", "wire a:t r1:u r1:d", "undeliverable receipt step 0 paid 100"),
        ("an answer twice", "wire a:t a:t", "enroute taken step 0 paid 100"),
        ("two answers that differ: the first counts", "wire a:t a:r", "enroute taken step 0 paid 100"),
    ],
)
def test_one_step(sentence: str, script: str, end: str) -> None:
    """What may become of a text of one part on one line."""
    assert end == Life.of(a_message(ONE, TWO)).play(script).told, sentence


@pytest.mark.parametrize(
    ("sentence", "script", "end", "copies"),
    [
        ("a lost answer: again, after a pause", "wire a:a", "queued resend step 0 paid 0", 0),
        ("the copy is counted", "wire a:a wire", "sending on_wire step 0 paid 0", 1),
        ("its answer settles both", "wire a:a wire a:t", "enroute taken step 0 paid 100", 1),
        ("a refusal too", "wire a:a wire a:r", "rejected refused step 0 paid 0", 1),
        ("an opt-out too", "wire a:a wire a:o", "queued fallback step 1 paid 0", 1),
        ("found on the wire after a restart: the same", "wire recover", "queued resend step 0 paid 0", 0),
        ("an overdue answer settles it: taken", "wire a:a a:t", "enroute taken step 0 paid 100", 0),
        ("an overdue answer settles it: refused", "wire a:a a:r", "rejected refused step 0 paid 0", 0),
        ("an overdue answer settles it: opted out", "wire a:a a:o", "queued fallback step 1 paid 0", 0),
        ("an overdue answer settles it: not taken", "wire a:a a:l wire", "sending on_wire step 0 paid 0", 0),
        ("one of an older try is only kept", "wire a:a wire a0.1:r", "sending on_wire step 0 paid 0", 1),
        ("a receipt settles it", "wire a:a r1:d", "delivered receipt step 0 paid 100", 0),
        ("a receipt for the first copy too", "wire a:a wire r1:d", "delivered receipt step 0 paid 100", 1),
        ("past the deadline nothing is sent again", "wire @deadline a:a", "unknown answer_lost step 0 paid 0", 0),
        ("nor after a restart", "wire @deadline recover", "unknown answer_lost step 0 paid 0", 0),
        ("nor from the queue", "wire a:a @deadline deadline", "unknown answer_lost step 0 paid 0", 0),
        ("nor by the back", "wire a:a @deadline wire", "unknown answer_lost step 0 paid 0", 0),
        ("cancelled, but perhaps arrived", "wire a:a cancel", "unknown answer_lost step 0 paid 0", 0),
        (
            "a throttled copy says nothing of the first",
            "wire a:a wire a:l cancel",
            "unknown answer_lost step 0 paid 0",
            1,
        ),
        ("a caller that was told 23 would change nothing", "wire a:a revoke", "unknown answer_lost step 0 paid 0", 0),
        ("nor at the deadline", "wire a:a wire a:l @deadline deadline", "unknown answer_lost step 0 paid 0", 1),
        ("throttled twice was never sent", "wire a:l wire a:l cancel", "cancelled cancelled step 0 paid 0", 0),
    ],
)
def test_an_ambiguous_attempt_is_resent(sentence: str, script: str, end: str, copies: int) -> None:
    """P3, resend: at least once, every copy counted, and what may have arrived is never called unsent."""
    life = Life.of(a_message(ONE, TWO)).play(script)
    assert (end, copies) == (life.told, life.message.copies), sentence


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("wire a:a", "unknown answer_lost step 0 paid 0"),
        ("wire recover", "unknown answer_lost step 0 paid 0"),
        ("wire a:a r1:d", "delivered receipt step 0 paid 100"),
        ("wire a:a r1:u", "undeliverable receipt step 0 paid 100"),
        ("wire a:a r1:o", "rejected opted_out step 0 paid 0"),
        ("wire a:a a:t", "unknown answer_lost step 0 paid 0"),
    ],
)
def test_an_ambiguous_attempt_is_held(script: str, end: str) -> None:
    """P3, hold: no second copy; unknown unless a late receipt settles it."""
    assert end == Life.of(a_message(ONE, TWO), HOLD).play(script).told


def test_the_pause_of_each_reason() -> None:
    """What was throttled or lost comes again after its reason's pause, not at once."""
    for script, reason in (("wire a:l", Reason.THROTTLED), ("wire a:a", Reason.RESEND)):
        message = Life.of(a_message()).play(script).message
        assert message.due_at == START + pause_ms(reason, 1, message.id)
        assert not message.is_leased
    assert Life.of(a_message()).play("postpone").message.due_at == START + 60_000


# -------------------------------------------------------------------------------------- deadlines (P7)


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        ("it expires in the queue", "@deadline deadline", "expired deadline step 0 paid 0"),
        ("not before", "deadline", "queued accepted step 0 paid 0"),
        ("also after days of outage", "@late deadline", "expired deadline step 0 paid 0"),
        ("the back may not send it either", "@deadline wire", "expired deadline step 0 paid 0"),
        ("nor what was throttled", "wire a:l @deadline wire", "expired deadline step 0 paid 0"),
        ("nor the next step", "wire a:o @deadline wire", "expired deadline step 1 paid 0"),
        ("an opt-out after it has no next step", "wire @deadline a:o", "rejected opted_out step 0 paid 0"),
        ("nor has one in a receipt", "wire a:t @deadline r1:o", "rejected opted_out step 0 paid 0"),
        ("one before it has", "wire a:o", "queued fallback step 1 paid 0"),
        ("an answer after it counts", "wire @deadline a:t", "enroute taken step 0 paid 100"),
        ("the receipt may take the grace", "wire a:t @deadline overdue", "enroute taken step 0 paid 100"),
        ("then it is unknown", "wire a:t @grace overdue", "unknown no_receipt step 0 paid 100"),
    ],
)
def test_everything_has_a_deadline(sentence: str, script: str, end: str) -> None:
    """P7: nothing goes out at or after the deadline; no receipt until deadline and grace is unknown."""
    assert end == Life.of(a_message(ONE, TWO)).play(script).told, sentence


@pytest.mark.parametrize(
    ("receipts", "end"),
    [
        ("", "unknown no_receipt"),
        ("r1:d", "unknown some_receipts"),
        ("r1:k", "unknown some_receipts"),
        ("r1:u", "undeliverable receipt"),
        ("r1:e", "undeliverable expired_at_operator"),
        ("r1:r", "rejected receipt"),
    ],
)
def test_one_of_two_receipts_is_overdue(receipts: str, end: str) -> None:
    """What is known of one part decides only if it says that the text has not arrived."""
    life = Life.of(a_message(LONG)).play(f"wire a:tt {receipts} @grace overdue")
    assert life.told == f"{end} step 0 paid 200"


def test_the_grace_is_the_lines() -> None:
    """A line says how long its receipts may take."""
    life = Life.of(a_message(), Rules(grace_ms=0)).play("wire a:t @deadline overdue")
    assert life.message.state is State.UNKNOWN
    assert (START + 3_600_000, DEADLINE + DEFAULT_RULES.grace_ms) == (DEADLINE, GRACE_END)


# ------------------------------------------------------------------------------- final is final (P8)


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        ("settled once: delivered", "r1:d", "delivered receipt step 0 paid 100"),
        ("settled once: undelivered", "r1:u", "undeliverable receipt step 0 paid 100"),
        ("settled once: rejected", "r1:r", "rejected receipt step 0 paid 100"),
        ("settled once: opted out, paid back, no fallback any more", "r1:o", "rejected opted_out step 0 paid 0"),
        ("not twice", "r1:d r1:u", "delivered receipt step 0 paid 100"),
        ("not twice either way", "r1:u r1:d", "undeliverable receipt step 0 paid 100"),
        ("unsure settles nothing", "r1:k", "unknown no_receipt step 0 paid 100"),
        ("and keeps the way open", "r1:k r1:d", "delivered receipt step 0 paid 100"),
        ("an answer settles nothing", "a:r", "unknown no_receipt step 0 paid 100"),
    ],
)
def test_a_late_receipt_settles_unknown_once(sentence: str, script: str, end: str) -> None:
    """P8: it is recorded, and may settle unknown once."""
    assert end == Life.of(a_message(ONE, TWO)).play(f"wire a:t @grace overdue @late {script}").told, sentence


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("r1:d", "unknown no_receipt step 0 paid 200"),
        ("r1:d r2:d", "delivered receipt step 0 paid 200"),
        ("r1:o", "rejected opted_out step 0 paid 0"),
        ("r1:o r2:d", "rejected opted_out step 0 paid 0"),
        ("r1:d r2:o", "undeliverable partly_delivered step 0 paid 200"),
        ("r1:d r2:u", "undeliverable partly_delivered step 0 paid 200"),
    ],
)
def test_late_receipts_of_two_parts(script: str, end: str) -> None:
    """Late, too, an opt-out on any part closes the step, unless a part was delivered."""
    assert end == Life.of(a_message(LONG, TWO)).play(f"wire a:tt @grace overdue {script}").told


def test_a_late_opt_out_is_learned() -> None:
    """Too late for the next step, but not for the next message."""
    life = Life.of(a_message(OFFER, SERVICE)).play("wire a:t @grace overdue r1:o")
    assert [e for e in life.effects if isinstance(e, ev.LearnOptOut)] == [
        ev.LearnOptOut(line="7", code=Code.OPTED_OUT, until=GRACE_END + DEFAULT_RULES.optout_memory_ms)
    ]


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        ("it counts while the next step waits", "r0.1:d", "delivered receipt step 0 paid 100"),
        ("also for a next step that was given back", "postpone r0.1:d", "delivered receipt step 0 paid 100"),
        ("not when that is on the wire", "wire r0.1:d", "sending on_wire step 1 paid 0"),
        ("nor when it has been", "wire a:a r0.1:d", "queued resend step 1 paid 0"),
        ("nor when it is taken", "wire a:t r0.1:d", "enroute taken step 1 paid 100"),
        ("nor after the end", "wire a:t r1:u r0.1:d", "undeliverable receipt step 1 paid 100"),
        ("another receipt than delivered does not", "r0.1:u", "queued fallback step 1 paid 0"),
    ],
)
def test_an_earlier_step_was_delivered_after_all(sentence: str, script: str, end: str) -> None:
    """P8: after a fallback an earlier step's DELIVERED counts only while the next step is not on the wire."""
    assert end == Life.of(a_message(ONE, TWO)).play(f"wire a:a wire a:o {script}").told, sentence


def test_an_earlier_step_of_two_parts_was_delivered_after_all() -> None:
    """The step before counts as delivered only with all its parts."""
    life = Life.of(a_message(LONG, TWO)).play("wire a:tt r1:o r0.2:d")
    assert life.told == "queued fallback step 1 paid 0"
    assert life.play("r0.1:d").told == "delivered receipt step 0 paid 200"


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("wire a:tt r1:d r2:o", "undeliverable partly_delivered step 0 paid 200"),
        ("wire a:tt r2:o", "queued fallback step 1 paid 0"),
        ("wire a:t. r1:d a:.o", "undeliverable partly_delivered step 0 paid 0"),
        ("wire a:t. a:.o", "queued fallback step 1 paid 0"),
    ],
)
def test_what_has_partly_arrived_does_not_go_on(script: str, end: str) -> None:
    """P4: an opt-out on one part leads to the next step, unless another part was delivered already."""
    assert end == Life.of(a_message(LONG, TWO)).play(script).told


def test_a_kept_step_is_paid_once_and_another_one_too() -> None:
    """P5: where a late opt-out is not paid back, each step that an operator took is charged, and none twice."""
    keeping = (a_step("1", keep=True), a_step("2", keep=True, price=70), a_step("3", price=5))
    life = Life.of(a_message(*keeping)).play("wire a:t r1:o wire a:a wire a:o")
    assert life.told == "queued fallback step 2 paid 100"
    assert life.play("r1.1:d").told == "delivered receipt step 1 paid 170"
    life = Life.of(a_message(*keeping)).play("wire a:a wire a:t r1:o")
    assert life.play("r0.1:d").told == "delivered receipt step 0 paid 100"


@pytest.mark.parametrize("state", "uero")
def test_the_failed_copy_of_a_resent_part_settles_nothing_late(state: str) -> None:
    """P8: what ended as unknown is told by its last copy; another one counts only if it arrived."""
    life = Life.of(a_message(ONE, TWO)).play("wire a:a wire a:t @grace overdue")
    assert life.play(f"R1:{state}").told == "unknown no_receipt step 0 paid 100"
    assert life.play("R1:d").told == "delivered receipt step 0 paid 100"


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        (
            "a copy that failed decides nothing, the other may arrive",
            "wire a:a wire a:t R1:u",
            "enroute taken step 0 paid 100",
        ),
        ("it did", "wire a:a wire a:t R1:u r1:d", "delivered receipt step 0 paid 100"),
        ("it did not", "wire a:a wire a:t R1:u r1:e", "undeliverable expired_at_operator step 0 paid 100"),
        ("an opt-out of one copy moves nothing", "wire a:a wire a:t R1:o", "enroute taken step 0 paid 100"),
        ("a verdict ends resending", "wire a:a R1:u", "queued receipts_awaited step 0 paid 0"),
        ("until the deadline", "wire a:a R1:u @deadline deadline", "unknown answer_lost step 0 paid 0"),
        ("receipts that may be its own end resending", "wire a:a pool", "queued receipts_awaited step 0 paid 0"),
        ("they were another's", "wire a:a pool unpool", "queued resend step 0 paid 0"),
        ("known before the answer was lost", "wire pool a:a", "queued resend step 0 paid 0"),
        ("three tries without an answer", "wire a:a wire a:a wire a:a", "unknown answer_lost step 0 paid 0"),
        ("a death counts as well", "wire recover wire recover wire recover", "unknown answer_lost step 0 paid 0"),
        ("an answered try does not count", "wire a:a wire a:l wire a:a", "queued resend step 0 paid 0"),
        ("nor one that was answered late", "wire a:a a:l wire a:a wire a:a", "queued resend step 0 paid 0"),
        ("nor late, after the next one", "wire a:a wire a1:l a:a wire a:a", "queued resend step 0 paid 0"),
        ("taken by an earlier try: nothing is sent again", "wire a:a wire a:a a1:t", "enroute taken step 0 paid 100"),
        ("unknown, and then settled", "wire a:a wire a:a wire a:a r1:d", "delivered receipt step 0 paid 100"),
    ],
)
def test_copies(sentence: str, script: str, end: str) -> None:
    """P3: of a part few copies go, and one of them that did not arrive says nothing of the others."""
    life = Life.of(a_message(ONE)).play(script)
    assert life.told == end, sentence


def test_what_the_copies_of_a_part_were_told() -> None:
    """Told of every copy, an unsure word makes all unsure; else an opt-out is one, whichever copy it was said of."""
    life = Life.of(a_message(ONE, TWO)).play("wire a:a wire a:t R1:o")
    optout = ((PartState.OPTED_OUT, Code.OPTED_OUT_OF_LINE),)
    moved = life.happen(ev.Receipted(step=0, part=1, part_state=PartState.UNDELIVERABLE, others=optout))
    assert moved.told == "queued fallback step 1 paid 0"
    assert moved.message.plan[0].skip is None
    assert moved.message.code is Code.OPTED_OUT_OF_LINE
    unsure = ((PartState.UNSURE, None), *optout)
    stays = life.happen(ev.Receipted(step=0, part=1, part_state=PartState.UNDELIVERABLE, others=unsure))
    assert stays.told == "unknown operator_unsure step 0 paid 100"


@pytest.mark.parametrize(
    ("sentence", "script", "end"),
    [
        ("past its deadline by one clock, it does not go", "@doubt wire", "queued clock step 0 paid 0"),
        ("nor does it end", "@doubt wire deadline", "queued clock step 0 paid 0"),
        ("past it by both, it ends", "@doubt wire @late deadline", "expired deadline step 0 paid 0"),
        ("what was put off goes when the clock was wrong", "@doubt wire set-back", "queued clock step 0 paid 0"),
        ("a lost answer ends nothing", "wire @doubt a:a", "queued resend step 0 paid 0"),
        ("and no copy goes", "wire @doubt a:a wire", "queued clock step 0 paid 0"),
        ("a fallback waits too", "wire @doubt a:o", "queued fallback step 1 paid 0"),
        ("for a receipt it is waited on", "wire a:t @doubt overdue", "enroute taken step 0 paid 100"),
        ("until both are past", "wire a:t @doubt overdue @late overdue", "unknown no_receipt step 0 paid 100"),
        ("what is held stays held", "restore @doubt wire deadline", "queued restored step 0 paid 0"),
        ("by hand it is let go, to wait", "restore @doubt resume", "queued resumed step 0 paid 0"),
    ],
)
def test_while_the_clocks_disagree(sentence: str, script: str, end: str) -> None:
    """Nothing goes that is past its deadline by either clock; nothing ends that is not past it by both."""
    assert Life.of(a_message(ONE, TWO)).play(script).told == end, sentence


def test_what_waits_for_the_clock_is_due_when_it_may_be_settled() -> None:
    """It is not looked at meanwhile: a claim a second of all that waits would be a commit a second for each."""
    life = Life.of(a_message(ONE)).play("@doubt wire")
    assert (life.message.due_at, life.message.is_leased) == (DOUBT_ENDS, False)


def test_a_message_of_a_wrong_clock_is_set_back() -> None:
    """Accepted an hour too late by the clock, it is valid an hour less by the right one; no pause is an hour longer."""
    at, hour = START - 3_600_000, 3_600_000
    life = replace(Life.of(a_message(ONE)).play("wire a:l"), now=at + 1_000)
    message = life.play("set-back").message
    assert (message.accepted_at, message.deadline_at) == (START - hour, DEADLINE - hour)
    assert message.due_at == at + 1_000
    before = Life.of(changed(a_message(ONE), accepted_at=at, due_at=DEADLINE - 1)).play("set-back").message
    assert (before.accepted_at, before.deadline_at, before.due_at) == (at, DEADLINE, START)


def test_a_text_of_parts_is_counted_by_part() -> None:
    """Six parts sent again once are one copy of each, not six: they go a third time."""
    life = Life.of(a_message(a_step("1", parts=6))).play("wire a:aaaaaa wire a:aaaaaa")
    assert life.message.unanswered == "222222"
    assert life.told == "queued resend step 0 paid 0"
    assert life.play("wire a:aaaaaa").told == "unknown answer_lost step 0 paid 0"


def test_a_message_at_which_links_break() -> None:
    """Three links that broke at one message alone: it ends, for it keeps everybody else out."""
    life = Life.of(a_message(ONE), Rules(most_tries=9))
    for told in ("queued resend", "queued resend", "unknown link_broke"):
        life = life.play("wire")
        broken = ev.Outcome(part=1, kind=ev.OutcomeKind.AMBIGUOUS, broke_link=True)
        life = life.happen(ev.Answered(step=0, try_no=life.message.tries, outcomes=(broken,)))
        assert life.told == f"{told} step 0 paid 0"


def test_what_is_awaited_is_kept_from_the_wire() -> None:
    """Of two lost parts only the one goes again for which no receipts are awaited."""
    life = Life.of(a_message(LONG)).play("wire")
    lost = tuple(ev.Outcome(part=part, kind=ev.OutcomeKind.AMBIGUOUS) for part in (1, 2))
    life = life.happen(ev.Answered(step=0, try_no=1, outcomes=lost, awaited=(2,)))
    assert (life.told, life.message.awaited) == ("queued resend step 0 paid 0", (2,))
    life = life.play("wire")
    assert [effect.parts for effect in life.effects if isinstance(effect, ev.Submit)] == [(1,)]
    life = life.play("a:t.")
    assert life.told == "queued receipts_awaited step 0 paid 0"


def test_a_verdict_is_about_the_line_that_it_was_sent_by() -> None:
    """Contract §3: an overdue opt-out after a move is learned for the line of the attempt, not for the new one."""
    life = Life.of(a_message(ONE, TWO)).play("wire a:a move a:o")
    assert [e.line for e in life.effects if isinstance(e, ev.LearnOptOut)] == [ONE.line]
    life = Life.of(a_message(ONE, TWO)).play("wire a:a move wire a:o")
    assert [e.line for e in life.effects if isinstance(e, ev.LearnOptOut)] == ["moved"]


def test_an_unchanged_message_comes_back_as_itself() -> None:
    """Nothing new is no change: the version stays, and so does every claim on it."""
    life = Life.of(a_message(LONG)).play("wire a:ta")
    for word in ("a:t.", "a:.a"):
        event = life.read(word)
        after, effects = advance(life.message, event, life.now + 1)
        assert after is life.message
        assert [type(effect) for effect in effects] == [ev.Record]


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("t", None),
        ("dt", None),
        ("d", (State.DELIVERED, Reason.RECEIPT)),
        ("ddd", (State.DELIVERED, Reason.RECEIPT)),
        ("du", (State.UNDELIVERABLE, Reason.PARTLY_DELIVERED)),
        ("dkr", (State.UNDELIVERABLE, Reason.PARTLY_DELIVERED)),
        ("ke", (State.UNDELIVERABLE, Reason.EXPIRED_AT_OPERATOR)),
        ("ru", (State.UNDELIVERABLE, Reason.RECEIPT)),
        ("rk", (State.REJECTED, Reason.RECEIPT)),
        ("o", (State.REJECTED, Reason.OPTED_OUT)),
        ("dk", (State.UNKNOWN, Reason.OPERATOR_UNSURE)),
    ],
)
def test_parts_fold_into_one_message(word: str, end: tuple[State, Reason] | None) -> None:
    """All parts are needed for delivered; one that is known not to have arrived is enough for undelivered."""
    assert fold(word) == end


def test_was_taken_is_remembered() -> None:
    """While a later step waits, the caller is told that an operator had taken an earlier one."""

    def taken(script: str) -> tuple[bool, Message]:
        message = Life.of(a_message(ONE, TWO)).play(script).message
        return message.was_taken, message

    assert taken("wire a:t r1:o")[0]
    assert taken("wire a:t r1:o cancel")[0]
    assert not taken("wire a:o")[0]
    assert taken("wire a:a r1:d")[0]
