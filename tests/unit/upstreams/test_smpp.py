"""Submitting over SMPP: what is written when, and what cannot be written at all."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.unit.house import NOW, HandClock

from payamak.codes import Code
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Message, Reason, Step
from payamak.domain.receipt import ReceiptIn
from payamak.domain.site import Line, Link, build_site
from payamak.domain.unreadable import Unreadable
from payamak.encoding.parts import Encoding
from payamak.errors import StoreFailed
from payamak.smpp.codec import encode
from payamak.smpp.link import ResponseTimeout
from payamak.smpp.pdu import Pdu, SubmitSm
from payamak.upstreams.base import Parcel
from payamak.upstreams.smpp import SmppUpstream, validity_period

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

    async def receipt(self, receipt: ReceiptIn) -> None:
        """See Sink."""
        raise StoreFailed("not here")

    async def mo(self, part: object) -> None:
        """See Sink."""
        raise StoreFailed("not here")


class Bound:
    """A link that is bound and takes what its window has room for."""

    def __init__(self, window_free: int) -> None:
        self.is_bound = True
        self.window_free = window_free
        self.written: list[Pdu] = []
        self.futures: list[asyncio.Future[Pdu]] = []

    def request(self, pdu: Pdu) -> asyncio.Future[Pdu]:
        """Take a request. Raises ValueError, as the real one, if it cannot be encoded."""
        encode(pdu)
        self.window_free -= 1
        self.written.append(pdu)
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


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
    monkeypatch.setattr("payamak.upstreams.smpp.OVERDUE_KEPT", 3)
    link = Bound(window_free=10)
    made, _ = upstream(link)
    for sequence in range(5):
        made.submit(parcel(), lambda outcome: None)
        link.futures[-1].set_exception(ResponseTimeout(sequence))
        await asyncio.sleep(0)
    assert list(made._overdue) == [2, 3, 4]


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


def test_the_validity_is_what_is_left_when_it_is_written() -> None:
    """The operator must not deliver after the deadline, however long the part has waited since its mark."""
    assert validity_period(MESSAGE, NOW) == "000000000100000R"
    assert validity_period(MESSAGE, NOW + 50_500) == "000000000009000R"
    assert validity_period(MESSAGE, NOW + 59_999) == "000000000001000R"
