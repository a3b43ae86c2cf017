"""Submitting over SMPP: what is written when, and what cannot be written at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.house import NOW, HandClock

from payamak.codes import Code
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Lane, Message, Reason, Step
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Line, Link, build_site
from payamak.domain.site.links import DefaultAlphabet, Validity
from payamak.domain.unreadable import Unreadable
from payamak.encoding.parts import Encoding, SplitMethod, count_parts
from payamak.errors import StoreFailed
from payamak.smpp.codec import encode, tlv_int
from payamak.smpp.constants import Tag
from payamak.smpp.link import Down, DownReason, LinkLost, NotBound, ResponseTimeout, Told
from payamak.smpp.pdu import Pdu, SubmitSm, SubmitSmResp
from payamak.upstreams.base import Acknowledge, Parcel
from payamak.upstreams.smpp import (
    BREAK_AFTER_S,
    SmppUpstream,
    _Sending,
    absolute_validity,
    link_config,
    relative_validity,
)

LINE = "9830003300"
SITE = build_site([Line(number=LINE)], 1)


MESSAGE = Message(
    id=1001,
    account_id=1,
    recipient="989121234567",
    plan=(Step(line=LINE, text="hello", encoding=Encoding.GSM7, parts=1, price=0),),
    accepted_at=NOW,
    deadline_at=NOW + 60_000,
    due_at=NOW,
    changed_at=NOW,
)


class NoSink:
    """A sink that nothing comes to."""

    async def unreadable(self, piece: Unreadable) -> None:
        """See Sink."""
        raise AssertionError(f"nothing is unreadable here: {piece!r}")

    def link_changed(self, name: str) -> None:
        """See Sink."""

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink."""
        told(StoreFailed("not here"))

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """See Sink."""
        return False

    async def mo(self, part: object) -> None:
        """See Sink."""
        raise StoreFailed("not here")


class Bound:
    """A link that is bound and takes what its window has room for."""

    def __init__(self, window_free: int) -> None:
        self.is_bound = True
        self.window_free = window_free
        self.answered_since_bind = 0
        self.written: list[Pdu] = []
        self.told: list[Told] = []

    def ask(self, pdu: Pdu, told: Told) -> int:
        """Take a request. Raises, as the real one, ValueError if it cannot be encoded, NotBound if it is not bound."""
        if not self.is_bound:
            raise NotBound("not bound")
        encode(pdu)
        self.window_free -= 1
        self.written.append(pdu)
        self.told.append(told)
        return len(self.told)


def parcel(text: str = "hello", line: str = LINE, parts: tuple[int, ...] = (1,)) -> Parcel:
    """One attempt."""
    step = Step(line=line, text=text, encoding=Encoding.GSM7, parts=len(parts), price=0)
    message = replace(MESSAGE, plan=(step,))
    return Parcel(message=message, parts=parts)


def upstream(link: Bound) -> tuple[SmppUpstream, list[str]]:
    """An upstream on that link, and the events that it logs."""
    said: list[str] = []
    made = SmppUpstream(Link(name="north"), NoSink(), lambda: SITE, HandClock(), lambda event, **_: said.append(event))
    made._client = link  # type: ignore[assignment]  # only what an upstream asks of it
    return made, said


async def test_what_waited_for_a_stuck_peer_goes_when_it_reads_again() -> None:
    """Room that no answer made is used: else a message would stand on the wire until something else came along."""
    link = Bound(window_free=0)
    made, _ = upstream(link)
    made.submit(parcel(), lambda outcome: None)
    assert link.written == []
    link.window_free = 5
    made._flow()  # what the link calls when it has room again
    assert [type(pdu) for pdu in link.written] == [SubmitSm]


def of_class(lane: Lane, parts: tuple[int, ...] = (1,)) -> Parcel:
    """An attempt whose recipient tells its class."""
    one = parcel(text="x" * (150 * len(parts)), parts=parts)
    return Parcel(message=replace(one.message, lane=lane, recipient=f"98912{lane:07d}"), parts=parts)


async def test_of_what_waits_the_higher_class_goes_first() -> None:
    """Bulk that was given before a code does not hold it up, nor does a long text that has no room yet."""
    link = Bound(window_free=1)
    made, _ = upstream(link)
    made.submit(of_class(Lane.BULK, (1, 2)), lambda outcome: None)
    made.submit(of_class(Lane.NORMAL), lambda outcome: None)
    made.submit(of_class(Lane.OTP), lambda outcome: None)
    for free in (1, 2):
        link.window_free += free
        made._flow()
    gone = [int(pdu.destination_addr[-1]) for pdu in link.written if isinstance(pdu, SubmitSm)]
    assert gone == [Lane.NORMAL, Lane.OTP, Lane.BULK, Lane.BULK]


async def test_a_long_text_leaves_as_one() -> None:
    """It begins when the window has room for all of it, or as much as there is of a window that is smaller."""
    link = Bound(window_free=2)
    made, _ = upstream(link)
    made.submit(parcel(text="x" * 400, parts=(1, 2, 3)), lambda outcome: None)
    assert link.written == []
    link.window_free = 3
    made._flow()
    assert (len(link.written), link.window_free) == (3, 0)
    made.link = replace(made.link, window=2)
    made.submit(parcel(text="x" * 400, parts=(1, 2, 3)), lambda outcome: None)
    for free, written in ((1, 3), (2, 5), (1, 6)):
        link.window_free = free
        made._flow()
        assert len(link.written) == written


async def test_a_link_that_rests_writes_nothing() -> None:
    """What it was given waits until the rest is over; if the link goes meanwhile, it is reported as not sent."""
    link = Bound(window_free=5)
    made, _ = upstream(link)
    outcomes: list[Outcome] = []
    made.rest(True)
    made.submit(parcel(), outcomes.append)
    assert (link.written, outcomes) == ([], [])
    made.rest(False)
    assert len(link.written) == 1
    made.rest(True)
    made.submit(parcel(), outcomes.append)
    link.is_bound = False
    made._on_down(Down(reason=DownReason.PEER_CLOSED))
    assert [(outcome.kind, outcome.reason) for outcome in outcomes] == [(OutcomeKind.LATER, Reason.LINK_DOWN)]


async def test_what_is_given_back_is_reported_as_not_sent() -> None:
    """Each part that has not been written, also of a text whose first part has; nothing of it leaves afterwards."""
    link = Bound(window_free=1)
    made, _ = upstream(link)
    outcomes: list[Outcome] = []
    made.submit(of_class(Lane.BULK, (1, 2)), outcomes.append)
    made.submit(of_class(Lane.OTP), outcomes.append)
    made.give_back()
    assert sorted((outcome.part, outcome.kind, outcome.reason) for outcome in outcomes) == [
        (1, OutcomeKind.LATER, Reason.LINK_DOWN),
        (2, OutcomeKind.LATER, Reason.LINK_DOWN),
    ]
    link.window_free = 5
    made._flow()
    assert len(link.written) == 1


async def test_a_part_that_no_pdu_can_hold_is_refused_and_told() -> None:
    """It must not wait for its deadline, nor stop what comes behind it (P2)."""
    link = Bound(window_free=5)
    made, said = upstream(link)
    outcomes: list[Outcome] = []
    made.submit(parcel(line="خط"), outcomes.append)
    made.submit(parcel(text="سلام", parts=(1,)), outcomes.append)  # not in GSM-7, as the step says
    made.submit(parcel(), outcomes.append)
    refused = Outcome(part=1, kind=OutcomeKind.REFUSED, code=Code.INTERNAL)
    assert outcomes == [refused, refused]
    assert said == ["part_not_encodable", "part_not_encodable"]
    assert len(link.written) == 1


async def test_an_operator_that_never_answers_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the parts whose answer is overdue no more are remembered than the session remembers."""
    monkeypatch.setattr("payamak.smpp.overdue.OVERDUE_KEPT", 3)
    link = Bound(window_free=10)
    made, _ = upstream(link)
    for sequence in range(5):
        made.submit(parcel(), lambda outcome: None)
        link.told[-1](ResponseTimeout(sequence))
    assert [sequence in made._overdue for sequence in range(5)] == [False, False, True, True, True]


@pytest.mark.parametrize("error", [ResponseTimeout(7), LinkLost(sent=True, sequence=7)], ids=["timer", "loss"])
async def test_a_late_answer_is_heard_after_a_loss(error: ResponseTimeout | LinkLost) -> None:
    """What the centre still says, also over the next bind, is reported for the part that it is about, once."""
    link = Bound(window_free=10)
    made, _ = upstream(link)
    outcomes: list[Outcome] = []
    made.submit(parcel(), outcomes.append)
    link.told[-1](error)
    made._on_down(Down(reason=DownReason.PEER_CLOSED))
    assert made.last_answer_at_s == float("-inf")
    for _ in range(2):
        made._on_late_response(7, SubmitSmResp(sequence=7, message_id="x"))
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.AMBIGUOUS, OutcomeKind.TAKEN]
    assert made.last_answer_at_s == HandClock().monotonic()


async def test_a_link_that_is_left_gives_back_what_waits() -> None:
    """When the centre unbinds, what waits for the window is reported as not sent, and the back is told."""
    link = Bound(window_free=1)
    made, said = upstream(link)
    outcomes: list[Outcome] = []
    made.submit(parcel(text="x" * 400, parts=(1, 2, 3)), outcomes.append)
    link.is_bound, link.window_free = False, 0
    made._on_leaving()
    assert [(o.part, o.kind, o.reason) for o in outcomes] == [
        (part, OutcomeKind.LATER, Reason.LINK_DOWN) for part in (1, 2, 3)
    ]
    assert (made.is_up, made.down_reason, said[-1:]) == (False, "the centre is unbinding", ["link_leaving"])


async def test_nothing_is_written_after_the_deadline() -> None:
    """A part that has waited for the window until its deadline is reported as not sent (P7)."""
    clock, outcomes = HandClock(), list[Outcome]()
    made = SmppUpstream(Link(name="north"), NoSink(), lambda: SITE, clock, lambda event, **fields: None)
    made.submit(Parcel(message=MESSAGE, parts=(1,)), outcomes.append)
    clock.now_ms = MESSAGE.deadline_at
    made.submit(Parcel(message=MESSAGE, parts=(1,)), outcomes.append)
    assert [(o.kind, o.reason) for o in outcomes] == [
        (OutcomeKind.LATER, Reason.LINK_DOWN),
        (OutcomeKind.LATER, Reason.DEADLINE),
    ]


async def test_a_deadline_of_a_wrong_clock() -> None:
    """Accepted a day ahead, it waits for the window no longer than it was valid, whatever the clock says then."""

    class Machine(HandClock):
        steady_s = 0.0

        def monotonic(self) -> float:
            return self.steady_s

    clock, outcomes = Machine(), list[Outcome]()
    clock.now_ms = MESSAGE.deadline_at - 5_000
    made = SmppUpstream(Link(name="north"), NoSink(), lambda: SITE, clock, lambda event, **fields: None)
    waits = _Sending(Parcel(message=MESSAGE, parts=(1,)), {}, outcomes.append, clock)
    clock.now_ms, clock.steady_s = clock.now_ms - 86_400_000, 5.0
    made._write(waits, 1)
    assert [(o.kind, o.reason) for o in outcomes] == [(OutcomeKind.LATER, Reason.DEADLINE)]


def test_the_validity_is_what_is_left_when_it_is_written() -> None:
    """The operator must not deliver after the deadline, however long the part has waited since its mark."""
    assert relative_validity(MESSAGE, NOW) == "000000000100000R"
    assert relative_validity(MESSAGE, NOW + 50_500) == "000000000009000R"
    assert relative_validity(MESSAGE, NOW + 59_999) == "000000000001000R"


def test_an_absolute_validity_is_the_deadline_in_utc() -> None:
    """Never an instant that is over, for an operator may refuse that."""
    until = dt.datetime.fromtimestamp(MESSAGE.deadline_at // 1_000, dt.UTC)
    assert absolute_validity(MESSAGE, NOW) == until.strftime("%y%m%d%H%M%S") + "000+"
    assert absolute_validity(MESSAGE, MESSAGE.deadline_at + 5_000) > absolute_validity(MESSAGE, NOW)


async def written(settings: dict[str, Any], text: str, encoding: Encoding, method: SplitMethod) -> list[SubmitSm]:
    """What a link with these settings writes for a text."""
    link = Bound(window_free=10)
    made = SmppUpstream(Link(name="north", **settings), NoSink(), lambda: SITE, HandClock(), lambda event, **_: None)
    made._client = link  # type: ignore[assignment]  # only what an upstream asks of it
    parts = count_parts(text, encoding, method)
    step = Step(line=LINE, text=text, encoding=encoding, parts=parts, price=0, split=method)
    numbers = tuple(range(1, step.wire_parts + 1))
    made.submit(Parcel(message=replace(MESSAGE, plan=(step,)), parts=numbers), lambda outcome: None)
    return [pdu for pdu in link.written if isinstance(pdu, SubmitSm)]


async def test_a_latin_1_centre_gets_latin_1() -> None:
    """Under data_coding 0, and a text that it has not goes as UCS-2 (data_coding 8)."""
    settings = {"default_alphabet": DefaultAlphabet.LATIN_1}
    text = "info@shop.ir a_b {x} 5"
    (pdu,) = await written(settings, text, Encoding.LATIN_1, SplitMethod.UDH8)
    assert (pdu.data_coding, pdu.short_message) == (0, text.encode("latin-1"))
    (pdu,) = await written(settings, text + " €", Encoding.UCS2, SplitMethod.UDH8)
    assert (pdu.data_coding, pdu.short_message) == (8, (text + " €").encode("utf-16-be"))


async def test_a_long_text_by_parameters() -> None:
    """Each part has reference, total and place beside it, and no header (SMPP 3.4 §5.3.2.22 to 24)."""
    first, second = await written({}, "x" * 200, Encoding.GSM7, SplitMethod.SAR)
    assert (first.esm_class, len(first.short_message), len(second.short_message)) == (0, 153, 47)
    places = [
        tuple(tlv_int(pdu, tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM))
        for pdu in (first, second)
    ]
    assert places == [(MESSAGE.id * 7 & 0xFFFF, 2, 1), (MESSAGE.id * 7 & 0xFFFF, 2, 2)]
    (alone,) = await written({}, "x", Encoding.GSM7, SplitMethod.SAR)
    assert alone.tlvs == ()


@pytest.mark.parametrize(
    ("validity", "said"),
    [
        (Validity.RELATIVE, relative_validity(MESSAGE, NOW)),
        (Validity.ABSOLUTE, absolute_validity(MESSAGE, NOW)),
        (Validity.NONE, ""),
    ],
)
async def test_the_validity_as_the_operator_wants_it(validity: Validity, said: str) -> None:
    """A span, an instant, or nothing."""
    (pdu,) = await written({"validity": validity}, "x", Encoding.GSM7, SplitMethod.UDH8)
    assert pdu.validity_period == said


def test_the_bind_says_what_the_operator_wants() -> None:
    """Range, type, plan and version are the link's."""
    link = Link(name="north", bind_ton=5, bind_npi=9, address_range="^98", interface_version=0x33, bind_timeout_s=40)
    config = link_config(link)
    bind = config.bind_pdu()
    said = (bind.addr_ton, bind.addr_npi, bind.address_range, bind.interface_version)
    assert said == (5, 9, "^98", 0x33)
    assert config.session_config().bind_timeout_s == 40


async def test_a_refused_number_is_blamed_once_others_were_taken() -> None:
    """0x0B is told as 1 after another recipient was taken, also if it comes late; before, as 15."""
    link = Bound(window_free=10)
    made, _ = upstream(link)
    outcomes: list[Outcome] = []

    def send(recipient: str) -> None:
        message = replace(parcel().message, recipient=recipient)
        made.submit(Parcel(message=message, parts=(1,)), outcomes.append)

    for recipient, status in (("989121111111", 0x0B), ("989122222222", 0), ("989121111111", 0x0B)):
        send(recipient)
        link.told[-1](SubmitSmResp(status=status, message_id=""))
    send("989123333333")
    link.told[-1](ResponseTimeout(9))
    made._on_late_response(9, SubmitSmResp(sequence=9, status=0x0B))
    codes = [outcome.code for outcome in outcomes]
    assert codes == [Code.INTERNAL, None, Code.RECIPIENT_INVALID, None, Code.RECIPIENT_INVALID]


def broken(
    *, alone: bool = True, age_s: float = BREAK_AFTER_S, reason: DownReason = DownReason.PEER_CLOSED
) -> LinkLost:
    """The link went while a part was on it."""
    return LinkLost(sent=True, alone=alone, age_s=age_s, reason=reason)


@pytest.mark.parametrize(
    ("sentence", "error", "answered", "is_to_blame"),
    [
        ("others were answered, then the link went with it, alone and at once", broken(), 1, True),
        ("the centre may also just fall silent", broken(reason=DownReason.LINK_DEAD), 1, True),
        ("others were out too", broken(alone=False), 1, False),
        ("it had been there for longer than five seconds", broken(age_s=5.1), 1, False),
        ("a bind that has answered nobody says nothing of anybody", broken(), 0, False),
        ("it was us who gave the link up", broken(reason=DownReason.GIVEN_UP), 1, False),
        ("it was us who stopped", broken(reason=DownReason.STOPPED), 1, False),
        ("nothing broke", ResponseTimeout(1), 1, False),
    ],
)
async def test_who_may_have_broken_the_link(
    sentence: str, error: LinkLost | ResponseTimeout, answered: int, is_to_blame: bool
) -> None:
    """A break is a part's own only if it was alone on the wire, for a moment, on a bind that answered others."""
    link = Bound(window_free=1)
    link.answered_since_bind = answered
    made, _ = upstream(link)
    outcomes: list[Outcome] = []
    made.submit(parcel(), outcomes.append)
    link.told[-1](error)
    assert outcomes == [Outcome(part=1, kind=OutcomeKind.AMBIGUOUS, broke_link=is_to_blame)], sentence
