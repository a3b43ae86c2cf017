"""The route plan of a message: when the next step is taken, and what it costs (P4, P5)."""

import pytest
from msgspec.structs import replace as changed
from tests.unit.domain.life import CREDIT, START, Life, a_message, a_step

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.events import Rules
from payamak.domain.message import Step
from payamak.domain.optout import EVERY_LINE
from payamak.domain.states import first_step
from payamak.encoding.parts import SplitMethod

ONE, TWO, DEAR, KEPT, LONG = (
    a_step("1"),
    a_step("2"),
    a_step("3", price=300),
    a_step("4", price=40, keep=True),
    a_step("5", parts=2, price=200),
)
FREE = a_step("6", price=0)
OFFER, SERVICE = a_step("7", advertising=True), a_step("8")


# --------------------------------------------------------------------------------- the next step (P4)


@pytest.mark.parametrize(
    ("sentence", "plan", "script", "end"),
    [
        ("at once", (ONE, TWO), "wire a:o", "queued fallback step 1 paid 0"),
        ("at once, and on to the end", (ONE, TWO), "wire a:o wire a:t r1:d", "delivered receipt step 1 paid 100"),
        ("late, in the receipt", (ONE, TWO), "wire a:t r1:o", "queued fallback step 1 paid 0"),
        ("late, before the answer", (ONE, TWO), "wire r1:o", "queued fallback step 1 paid 0"),
        ("the answer of the closed step is only kept", (ONE, TWO), "wire r1:o a0.1:t", "queued fallback step 1 paid 0"),
        (
            "also while the next is on the wire",
            (ONE, TWO),
            "wire a:t r1:o wire a0.1:r",
            "sending on_wire step 1 paid 0",
        ),
        ("three steps", (ONE, TWO, DEAR), "wire a:o wire a:o wire a:t", "enroute taken step 2 paid 300"),
        ("the plan at its end, at once", (ONE, TWO), "wire a:o wire a:o", "rejected opted_out step 1 paid 0"),
        ("the plan at its end, late", (ONE,), "wire a:t r1:o", "rejected opted_out step 0 paid 0"),
        ("no fallback on a refusal", (ONE, TWO), "wire a:r", "rejected refused step 0 paid 0"),
        ("nor when the handset is off", (ONE, TWO), "wire a:t r1:u", "undeliverable receipt step 0 paid 100"),
        ("nor on a lost answer", (ONE, TWO), "wire a:a", "queued resend step 0 paid 0"),
        ("not at the deadline, at once", (ONE, TWO), "wire @deadline a:o", "rejected opted_out step 0 paid 0"),
        ("not at the deadline, late", (ONE, TWO), "wire a:t @deadline r1:o", "rejected opted_out step 0 paid 0"),
        ("the same line twice is tried once", (ONE, a_step("1")), "wire a:o", "rejected opted_out step 0 paid 0"),
        ("an opt-out twice moves once", (ONE, TWO, DEAR), "wire a:t r1:o r0.1:o", "queued fallback step 1 paid 0"),
        ("at once and late too", (ONE, TWO, DEAR), "wire a:o r0.1:o", "queued fallback step 1 paid 0"),
    ],
)
def test_only_an_opt_out_moves_on(sentence: str, plan: tuple[Step, ...], script: str, end: str) -> None:
    """P4: at most once, after a definite opt-out, in time, in the transaction that closes the step before."""
    assert end == Life.of(a_message(*plan)).play(script).told, sentence


@pytest.mark.parametrize(
    ("sentence", "script", "end", "words"),
    [
        ("an opt-out on any part closes the step", "wire a:to", "queued fallback step 1 paid 0", ("to",)),
        ("also while a part has no answer", "wire a:.o", "queued fallback step 1 paid 0", ("so",)),
        ("its later answer is only kept", "wire a:.o a0.1:t", "queued fallback step 1 paid 0", ("so",)),
        ("also late, on one part of two", "wire a:tt r2:o", "queued fallback step 1 paid 0", ("to",)),
        ("unsent parts are dropped", "wire a:ol", "queued fallback step 1 paid 0", ("ow",)),
        ("late, while a part waits", "wire a:tl r1:o", "queued fallback step 1 paid 0", ("ow",)),
        ("all answers count", "wire a:t. a:.t", "enroute taken step 0 paid 200", ("tt",)),
        ("a throttled part comes again alone", "wire a:tl wire", "sending on_wire step 0 paid 0", ("ts",)),
        ("an ambiguous one too", "wire a:ta wire", "sending on_wire step 0 paid 0", ("ts",)),
        ("and settles the step", "wire a:tl wire a:.t", "enroute taken step 0 paid 200", ("tt",)),
        ("an overdue answer while the other is awaited", "wire a:a. a:t.", "sending on_wire step 0 paid 0", ("ts",)),
        ("saves the copy", "wire a:a. a:t. a:.t", "enroute taken step 0 paid 200", ("tt",)),
        ("refused on one part", "wire a:tr", "rejected refused step 0 paid 0", ("tr",)),
        ("both delivered", "wire a:tt r1:d r2:d", "delivered receipt step 0 paid 200", ("dd",)),
        (
            "partly delivered, no fallback",
            "wire a:tt r1:d r2:o",
            "undeliverable partly_delivered step 0 paid 200",
            ("do",),
        ),
        ("before the answer too", "wire r1:d a:.o", "undeliverable partly_delivered step 0 paid 0", ("do",)),
        ("refused after one was delivered", "wire r1:d a:.r", "undeliverable partly_delivered step 0 paid 0", ("dr",)),
        ("one delivered, one not", "wire a:tt r1:d r2:u", "undeliverable partly_delivered step 0 paid 200", ("du",)),
        ("one delivered, one unsure", "wire a:tt r1:d r2:k", "unknown operator_unsure step 0 paid 200", ("dk",)),
        ("and then it is known", "wire a:tt r1:d r2:k r2:d", "delivered receipt step 0 paid 200", ("dd",)),
        ("unsure, then known, in time", "wire a:tt r1:k r1:d r2:d", "delivered receipt step 0 paid 200", ("dd",)),
        ("a receipt for every part awaited", "wire a:tt r1:d", "enroute taken step 0 paid 200", ("dt",)),
        ("a receipt for the part without an answer", "wire a:ta r2:d", "enroute taken step 0 paid 200", ("td",)),
        ("the same on the wire", "wire a:t. r2:d", "enroute taken step 0 paid 200", ("td",)),
        ("the same after a restart", "wire a:t. recover r2:d", "enroute taken step 0 paid 200", ("td",)),
        ("a text that was begun is not moved", "wire a:tl move", "queued throttled step 0 paid 0", ("tw",)),
        ("one that may be is sent whole", "wire a:aa move wire", "sending on_wire step 0 paid 0", ("ss",)),
    ],
)
def test_a_step_sends_the_whole_message(sentence: str, script: str, end: str, words: tuple[str, ...]) -> None:
    """P4: a text of two parts has one fate."""
    life = Life.of(a_message(LONG, TWO)).play(script)
    assert (end, words) == (life.told, life.message.parts), sentence


def test_the_parts_that_come_again() -> None:
    """Only parts that the operator does not have are submitted again, under the next try."""
    life = Life.of(a_message(LONG)).play("wire a:tl wire")
    assert ev.Submit(link="link", step=0, try_no=2, parts=(2,)) in life.effects
    payload = a_step("1", parts=3, split=SplitMethod.PAYLOAD)
    assert Life.of(a_message(payload)).play("wire").effects == (ev.Submit(link="link", step=0, try_no=1, parts=(1,)),)


@pytest.mark.parametrize(
    ("sentence", "facts", "ends_on"),
    [
        ("nothing is known", {}, 1),
        ("a known opt-out of the next line is skipped", {"2": Code.OPTED_OUT_OF_LINE}, 2),
        ("an operator-wide one covers advertising only", {EVERY_LINE: Code.OPTED_OUT}, 1),
        ("both", {"2": Code.OPTED_OUT_OF_LINE, EVERY_LINE: Code.OPTED_OUT}, 3),
    ],
)
def test_the_next_step_that_is_not_known_to_be_opted_out(sentence: str, facts: dict[str, Code], ends_on: int) -> None:
    """P4: what was learned meanwhile is skipped when its turn comes, with the code that says why."""
    life = Life.of(a_message(ONE, TWO, OFFER, SERVICE)).play("wire a:o", tuple(facts.items()))
    assert life.message.step == ends_on, sentence
    assert [step.skip is not None for step in life.message.plan[1:ends_on]] == [True] * (ends_on - 1)


def test_every_further_step_is_known_to_be_opted_out() -> None:
    """The plan ends with the verdict of the step that was tried."""
    life = Life.of(a_message(ONE, TWO)).play("wire a:o", (("2", Code.OPTED_OUT),))
    assert (life.told, life.message.code) == ("rejected opted_out step 0 paid 0", Code.OPTED_OUT_OF_LINE)
    assert life.message.plan[1].skip is Code.OPTED_OUT


def test_the_first_step_that_is_not_known_to_be_opted_out() -> None:
    """A message starts at the first step that is worth trying."""
    facts = {EVERY_LINE: Code.OPTED_OUT}
    assert Life.of(a_message(OFFER, SERVICE, facts=facts)).play("wire").told == "sending on_wire step 1 paid 0"
    assert first_step([changed(OFFER, skip=Code.OPTED_OUT)]) is None


def test_an_opt_out_is_learned() -> None:
    """A verdict is remembered for (recipient, that line) as long as the line says, and for no other line."""
    for script, code in (("wire a:o", Code.OPTED_OUT_OF_LINE), ("wire a:t r1:o", Code.OPTED_OUT)):
        life = Life.of(a_message(OFFER, SERVICE), Rules(optout_memory_ms=5_000)).play(script)
        learned = [effect for effect in life.effects if isinstance(effect, ev.LearnOptOut)]
        assert learned == [ev.LearnOptOut(line="7", code=code, until=START + 5_000)]
        assert life.message.code is code
        assert not life.message.is_leased, "whoever has room takes it"


# ------------------------------------------------------------------------------------------ money (P5)


@pytest.mark.parametrize(
    ("sentence", "plan", "script", "paid", "is_open"),
    [
        ("reserved is the dearest step", (ONE, DEAR), "", 0, True),
        ("settled when taken", (ONE, DEAR), "wire a:t", 100, True),
        ("the rest is released at the end", (ONE, DEAR), "wire a:t r1:d", 100, False),
        ("the second step's own price", (ONE, DEAR), "wire a:o wire a:t r1:d", 300, False),
        ("a late opt-out is paid back", (ONE, DEAR), "wire a:t r1:o", 0, True),
        ("and the next step charged", (ONE, DEAR), "wire a:t r1:o wire a:t", 300, False),
        ("a line may keep", (KEPT, ONE), "wire a:t r1:o", 40, True),
        ("and the next step is charged beside it", (KEPT, ONE), "wire a:t r1:o wire a:t r1:d", 140, False),
        ("nothing was taken, nothing is kept", (KEPT, ONE), "wire a:o wire a:t r1:d", 100, False),
        ("kept at the plan's end", (KEPT,), "wire a:t r1:o", 40, False),
        ("kept twice", (KEPT, changed(KEPT, line="9")), "wire a:t r1:o wire a:t r1:o", 80, False),
        ("expired", (ONE, DEAR), "@deadline deadline", 0, False),
        ("cancelled", (ONE, DEAR), "cancel", 0, False),
        ("cancelled after a fallback", (KEPT, DEAR), "wire a:t r1:o cancel", 40, False),
        ("a link without receipts", (ONE, DEAR), "wire n:t", 100, False),
        ("no receipt", (ONE, DEAR), "wire a:t @grace overdue", 100, False),
        ("lost", (ONE, DEAR), "wire a:a @deadline deadline", 0, False),
        ("lost, but it had arrived", (ONE, DEAR), "wire a:a @deadline deadline r1:d", 100, False),
        ("a step that costs nothing", (FREE, ONE), "wire a:t r1:o wire a:t r1:d", 100, False),
        ("and is the last", (FREE,), "wire a:t r1:o", 0, False),
        ("dropped for the step before it", (ONE, DEAR), "wire a:a wire a:o r0.1:d", 100, False),
        ("which had kept its price", (KEPT, DEAR), "wire a:t r1:o r0.1:d", 40, False),
    ],
)
def test_money_balances(sentence: str, plan: tuple[Step, ...], script: str, paid: int, is_open: bool) -> None:
    """P5: the dearest is reserved, a taken step settled, a late opt-out refunded, the rest released."""
    life = Life.of(a_message(*plan)).play(script)
    assert (life.revenue, bool(life.reserved)) == (paid, is_open), sentence
    assert life.available == CREDIT - paid - life.reserved, sentence


def test_a_late_settlement_draws_on_the_balance() -> None:
    """The reservation is gone when unknown is settled late: then, and only then, the balance pays."""
    life = Life.of(a_message(ONE)).play("wire a:a @deadline deadline r1:d")
    assert life.effects == (ev.Settle(reserved=0, available=100),)
