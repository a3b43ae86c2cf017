"""The checker of the crash tests is not blind: rows and ledgers made by hand, each with one promise broken (P2-P5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.crash.checker import Verdict, check
from tests.crash.client import Book, message_of_a_pair
from tests.crash.load import PAIR_EVERY, message_of_load
from tests.crash.reading import Kept, Part, Store
from tests.crash.site import HOLD_LINE, PRICES, RESEND_LINE, RESEND_NEXT

from payamak.encoding import SplitMethod, choose, split
from payamak.simulator import Entry
from payamak.simulator.reading import read_text
from payamak.smpp.constants import DataCoding

RECIPIENT = "989120000001"
LATEST = 10**13


def entry(text: str, *receipts: str, part: int = 1, line: str = RESEND_LINE, **more: Any) -> Entry:
    """A copy that the operator took, each of its receipts acknowledged."""
    fields: dict[str, Any] = {
        "serial": 1,
        "received_at": 0,
        "connection": 1,
        "system_id": "payamak",
        "operator_id": "7",
    } | more
    acknowledged = fields.pop("acknowledged", [0] * len(receipts))
    return Entry(
        line=line,
        recipient=RECIPIENT,
        text=text,
        part=part,
        status=fields.pop("status", None),
        receipts=list(receipts),
        acknowledged=acknowledged,
        **fields,
    )


def lost(part: int = 1, try_no: int = 1, step: int = 0) -> Part:
    """A copy whose answer never came."""
    return Part(step=step, try_no=try_no, part=part, on_wire_at=1, answer="ambiguous", answered_at=None)


def answered(operator_id: str, part: int = 1, try_no: int = 1) -> Part:
    """A copy whose answer came, with its id."""
    return Part(step=0, try_no=try_no, part=part, on_wire_at=1, answer="taken", answered_at=2, operator_id=operator_id)


def message(end: tuple[str, str], copies: Sequence[Part], *, text: str = "ab", number: int = 1, **more: Any) -> Kept:
    """A message as the store would keep it, with as many parts as its text has letters."""
    line = more.pop("line", RESEND_LINE)
    price = PRICES[line][0] * len(text)
    paid = end[0] in ("delivered", "enroute", "undeliverable")
    step = {"line": line, "text": text, "parts": len(text), "encoding": "gsm7"}
    return Kept(
        id=number,
        recipient=RECIPIENT,
        steps=more.pop("steps", (step,)),
        state=end[0],
        reason=end[1],
        step=0,
        accepted_at=0,
        changed_at=more.pop("changed_at", 5),
        deadline_at=LATEST,
        copies=9,
        reserved=0,
        charged=more.pop("charged", price if paid else 0),
        is_final=end[0] not in ("enroute", "queued"),
        was_settled_late=False,
        parts=tuple(copies),
    )


def judged(
    messages: Sequence[Kept], entries: Sequence[Entry], *, may_lack_receipts: bool = False, book: Book | None = None
) -> Verdict:
    """The checker's word."""
    store = Store(messages=list(messages), purses=[], received=[], notices=[], health=[])
    return check(book or Book(), store, entries, may_lack_receipts=may_lack_receipts)


DELIVERED, UNKNOWN = ("delivered", "receipt"), ("unknown", "answer_lost")
AWAITED, TAKEN = ("queued", "receipts_awaited"), ("enroute", "taken")
TAKEN_BACK = ("cancelled", "answered_busy")
FAILED, PARTLY = ("undeliverable", "receipt"), ("undeliverable", "partly_delivered")


def test_delivered_is_what_was_delivered() -> None:
    """Both parts were: nothing is said. And it counts as settled by receipts that named nobody."""
    verdict = judged([message(DELIVERED, [lost(1), lost(2)])], [entry("a", "DELIVRD"), entry("b", "DELIVRD", part=2)])
    assert verdict.broken == []
    assert (verdict.lost_answers, verdict.pooled) == (1, 1)


@pytest.mark.parametrize("second", [("UNDELIV",), ()])
def test_delivered_with_a_part_undelivered(second: tuple[str, ...]) -> None:
    """A part whose only copy was not delivered, or of which the operator has said nothing: it is named."""
    verdict = judged([message(DELIVERED, [lost(1), lost(2)])], [entry("a", "DELIVRD"), entry("b", *second, part=2)])
    assert len(verdict.delivered_falsely) == 1
    assert "parts [2] were not delivered" in verdict.broken[0]


def test_two_receipts_of_one_part_are_not_those_of_two() -> None:
    """Part one was delivered twice, part two never: two DELIVRD do not make two parts."""
    copies = [lost(part, try_no) for try_no in (1, 2) for part in (1, 2)]
    entries = [entry("a", "DELIVRD"), entry("a", "DELIVRD", operator_id="8"), entry("b", "UNDELIV", part=2)]
    assert judged([message(DELIVERED, copies)], entries).delivered_falsely


def test_of_two_messages_the_other_one_was_delivered() -> None:
    """Two messages to one person by one line: whose receipt it was is read from the copy's text, not the recipient."""
    messages = [message(DELIVERED, [lost()], text="x"), message(AWAITED, [lost()], text="y", number=2)]
    right = judged(messages, [entry("x", "DELIVRD"), entry("y", operator_id="8")], may_lack_receipts=True)
    assert right.broken == []
    wrong = judged(messages, [entry("x"), entry("y", "DELIVRD", operator_id="8")], may_lack_receipts=True)
    assert len(wrong.delivered_falsely) == 1


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_unknown_although_every_copy_was_delivered(tries: int) -> None:
    """Each copy of each part has a DELIVRD that was acknowledged: however they are dealt, it arrived."""
    copies = [lost(part, try_no) for try_no in range(tries) for part in (1, 2)]
    entries = [
        entry("ab"[copy.part - 1], "DELIVRD", part=copy.part, operator_id=f"{i}") for i, copy in enumerate(copies)
    ]
    verdict = judged([message(UNKNOWN, copies, line=HOLD_LINE)], [_on(HOLD_LINE, one) for one in entries])
    assert len(verdict.unknown_falsely) == 1


def test_unknown_although_three_of_four_were_delivered() -> None:
    """Two parts, each sent twice: three DELIVRD are more than the copies of either part. Two are not."""
    copies = [lost(part, try_no) for try_no in (1, 2, 3) for part in (1, 2)]
    four = [entry("a", "DELIVRD", operator_id="1"), entry("a", "DELIVRD", operator_id="2")]
    four += [entry("b", "DELIVRD", part=2, operator_id="3"), entry("b", part=2, operator_id="4")]
    waits = message(AWAITED, copies[:4])
    assert judged([waits], four, may_lack_receipts=True).unknown_falsely
    unsure = [*four[:1], four[3], four[2], entry("a", operator_id="5")]
    verdict = judged([waits], unsure, may_lack_receipts=True)
    assert verdict.broken == []
    assert (verdict.waiting, verdict.arrived) == (1, 1)


def test_two_codes_to_one_person() -> None:
    """Both lost, two DELIVRD: both arrived. One DELIVRD may be either's, and both wait."""
    messages = [message(AWAITED, [lost()], text=text, number=i) for i, text in enumerate("xy", 1)]
    both = [entry("x", "DELIVRD"), entry("y", "DELIVRD", operator_id="8")]
    assert len(judged(messages, both, may_lack_receipts=True).unknown_falsely) == 2
    one = [entry("x", "DELIVRD"), entry("y", operator_id="8")]
    verdict = judged(messages, one, may_lack_receipts=True)
    assert (verdict.broken, verdict.waiting) == ([], 2)


def test_a_receipt_that_was_not_acknowledged_settles_nothing() -> None:
    """It left, and the gateway died: nobody can ask more of it."""
    taken = entry("a", "DELIVRD", acknowledged=[], line=HOLD_LINE)
    verdict = judged([message(UNKNOWN, [lost()], text="a", line=HOLD_LINE)], [taken])
    assert (verdict.broken, verdict.unknown, verdict.arrived) == ([], 1, 1)


def test_an_end_needs_as_many_lost_answers_as_the_line_may_have() -> None:
    """A line that resends has three tries; one that holds has one; at the deadline it ends with what it has."""
    two = [lost(1, 1), lost(1, 2)]
    assert judged([message(UNKNOWN, two, text="a")], [entry("a")]).faults
    assert judged([message(UNKNOWN, [*two, lost(1, 3)], text="a")], [entry("a")]).broken == []
    assert judged([message(UNKNOWN, two, text="a", changed_at=LATEST)], [entry("a")]).broken == []
    assert judged([message(UNKNOWN, two[:1], text="a", line=HOLD_LINE)], []).broken == []
    assert judged([message(UNKNOWN, [answered("7")], text="a", line=HOLD_LINE)], []).faults


def test_what_was_told_busy_is_taken_back() -> None:
    """On a slow disk a commit may come after its 23: that is an end, if nobody was promised it and nothing was sent."""
    key = (RECIPIENT, "a")
    back = message(TAKEN_BACK, [], text="a")
    for book in (Book(refused={key: 23}), Book(unanswered={key})):
        verdict = judged([back], [], book=book)
        assert (verdict.broken, verdict.taken_back) == ([], 1)
    assert judged([back], [], book=Book(refused={key: 14})).faults
    assert judged([back], [], book=Book(promised={key: back.id})).lost
    assert judged([back], [entry("a")], book=Book(refused={key: 23})).faults
    assert judged([message(("cancelled", "by_customer"), [], text="a")], [], book=Book(refused={key: 23})).broken


@pytest.mark.parametrize(("died_at", "code", "is_known"), [(1, 23, True), (2, 23, False), (1, 14, False)])
def test_a_death_before_it_was_taken_back(died_at: int, code: int, is_known: bool) -> None:
    """Told 23, and the process died before the undoing: sent, and counted. Without a death in between it is a fault."""
    sent = message(DELIVERED, [answered("7")], text="a")  # marked at 1
    book = Book(refused={(RECIPIENT, "a"): code}, deaths=[died_at])
    verdict = judged([sent], [entry("a", "DELIVRD")], book=book)
    assert (verdict.broken == [], verdict.sent_though_busy == 1) == (is_known, is_known)


def test_a_fourth_try_is_one_too_many() -> None:
    """Four tries of a part without an answer are named, whatever became of it."""
    copies = [lost(1, try_no) for try_no in range(1, 5)]
    assert judged([message(UNKNOWN, copies, text="a")], []).copies_outside


def test_a_copy_where_none_may_be() -> None:
    """Twice on a line that holds; twice although it was marked once; and a copy of a text that nobody accepted."""
    held = message(DELIVERED, [lost(1, 1), lost(1, 2)], text="a", line=HOLD_LINE)
    twice = [entry("a", "DELIVRD", line=HOLD_LINE), entry("a", line=HOLD_LINE, operator_id="8")]
    assert judged([held], twice).copies_held
    once = message(DELIVERED, [answered("7")], text="a")
    assert judged([once], [entry("a", "DELIVRD"), entry("a", operator_id="8")]).copies_outside
    assert judged([once], [entry("a", "DELIVRD"), entry("z", operator_id="8")]).lost


def test_undeliverable_is_what_no_copy_was() -> None:
    """Every part has a receipt and no copy was delivered; where some part was, it is partly delivered."""
    copies = [lost(1), lost(2)]
    failed = [entry("a", "UNDELIV"), entry("b", "UNDELIV", part=2, operator_id="8")]
    half = [failed[0], entry("b", "DELIVRD", part=2, operator_id="8")]
    silent = [failed[0], entry("b", part=2, operator_id="8")]
    assert judged([message(FAILED, copies)], failed).broken == []
    assert judged([message(FAILED, copies)], half).faults
    assert judged([message(FAILED, copies)], silent).faults
    assert judged([message(PARTLY, copies)], half).broken == []
    assert judged([message(PARTLY, copies)], failed).faults
    assert judged([message(PARTLY, copies)], silent).faults


def test_nothing_to_wait_for() -> None:
    """Every copy has its receipt, and it is open all the same; one whose copy never came may wait."""
    open_one = message(TAKEN, [answered("7")], text="a")
    assert judged([open_one], [entry("a", "UNDELIV", status=0)]).lost
    assert judged([open_one], [entry("a", "UNDELIV", status=0, acknowledged=[])], may_lack_receipts=True).broken == []
    assert judged([open_one], []).lost
    twice = message(TAKEN, [lost(1, 1), answered("8", try_no=2)], text="a")
    assert judged([twice], [entry("a", "REJECTD", status=0, operator_id="8")]).broken == []


def test_an_end_that_this_operator_never_gives() -> None:
    """It is named with its state and reason."""
    verdict = judged([message(("expired", "deadline"), [], text="a")], [])
    assert "no end that this operator gives" in verdict.lost[0]


def test_an_id_that_came_to_another_message() -> None:
    """The id of a copy's answer stands at a part of another message to the same person."""
    messages = [message(DELIVERED, [answered(i)], text=t, number=n) for n, t, i in ((1, "x", "8"), (2, "y", "9"))]
    entries = [entry("x", "DELIVRD", operator_id="9", status=0), entry("y", "DELIVRD", operator_id="8", status=0)]
    assert len(judged(messages, entries).faults) == 2


def test_gone_on_without_an_opt_out() -> None:
    """A copy on the second line of a plan, and nobody has said no on the first; known beforehand, it may be."""
    first = {"line": RESEND_LINE, "text": "a", "parts": 1, "encoding": "gsm7"}
    steps = (first, {**first, "line": RESEND_NEXT})
    entries = [entry("a", "DELIVRD"), entry("a", "DELIVRD", line=RESEND_NEXT, operator_id="8")]
    assert judged([message(DELIVERED, [lost()], text="a", steps=steps)], entries).faults
    known = ({**first, "skip": 27}, steps[1])
    assert not [
        said
        for said in judged([message(DELIVERED, [lost()], text="a", steps=known)], entries[1:]).faults
        if "without an opt-out" in said
    ]


def test_money() -> None:
    """What was delivered is paid, and what is unknown is not."""
    assert judged([message(DELIVERED, [lost()], text="a", charged=0)], [entry("a", "DELIVRD")]).money_off
    assert judged([message(UNKNOWN, [lost(1, i) for i in range(3)], text="a", charged=1)], []).money_off == 1


def test_a_copy_of_a_pair_tells_whose_it_is() -> None:
    """However long the text and wherever it is cut, each part stands in its own message and not in the other one."""
    seen = set()
    for first in range(0, 30 * PAIR_EVERY, PAIR_EVERY):
        one, other = message_of_load(first), message_of_load(first + 1)
        assert (one.recipient, one.line) == (other.recipient, other.line)
        assert message_of_load(first + 2).recipient != one.recipient
        for mine, others in ((one, other), (other, one)):
            parts = split(mine.text, choose(mine.text), 1, SplitMethod.UDH8)
            seen.add((len(parts), mine.recipient[-1]))
            for part in parts:
                text = read_text(part.payload, DataCoding.UCS2.value)
                assert text in mine.text
                assert text not in others.text
    assert {count for count, _ in seen} == {1, 2, 3}
    assert {digit for _, digit in seen} == set("0123456789")
    assert message_of_a_pair(1, 0).key != message_of_a_pair(0, 0).key


def _on(line: str, one: Entry) -> Entry:
    one.line = line
    return one
