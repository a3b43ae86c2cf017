"""What one turn of the loop brings: answers before receipts, in one call, and a fault of one is its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import apsw
import pytest
from msgspec.structs import replace
from tests.unit.house import ACCOUNT, LINES, NOW, RECIPIENT, SUBMISSION, A, House

from payamak.delivery.arrivals import Arrivals, Told
from payamak.delivery.receipts import ReceiptDesk
from payamak.delivery.worker import Worker
from payamak.domain.events import Answered, Outcome, OutcomeKind
from payamak.domain.message import PartState, State
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Link, LinkUse
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import EsmClass
from payamak.smpp.link.client import ClientConnection
from payamak.smpp.overdue import Overdue
from payamak.smpp.pdu import DeliverSm, DeliverSmResp, Pdu, SubmitSm, SubmitSmResp
from payamak.smpp.states import BindType
from payamak.store.feed import Change, LocalFeed
from payamak.store.records import Answers, Arrival
from payamak.upstreams.smpp import SmppUpstream

RECEIPT = DeliverSm(
    source_addr=RECIPIENT,
    destination_addr=A,
    esm_class=EsmClass.DELIVERY_RECEIPT,
    short_message=b"id:77 sub:001 dlvrd:001 submit date:2401010000 done date:2401010000 stat:DELIVRD err:000 text:x",
)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Pdu] = []

    def write(self, data: Any) -> None:
        """Keep the PDUs."""
        data = bytes(data)
        while data:
            size = int.from_bytes(data[:4])
            self.written.append(decode(data[:size]))
            data = data[size:]

    def is_closing(self) -> bool:
        """Never."""
        return False


class Operator:
    """A link of the house that is bound, over a wire in our hands."""

    def __init__(self, house: House) -> None:
        log = lambda event, **fields: None  # noqa: E731 - nobody reads it
        self.worker = Worker(house.store, house.clock, log)
        nobody: Any = None
        sink = ReceiptDesk(house.store, self.worker.outlet.arrivals, self.worker, nobody, house.clock, log)
        upstream = SmppUpstream(house.store.site.links["north"], sink, lambda: house.store.site, house.clock, log)
        client = upstream._client
        made = ClientConnection(client.config, client._callbacks, None, first_sequence=1, overdue=Overdue())
        self.wire = Wire()
        made._transport = self.wire
        made._session._become_bound(BindType.TRANSCEIVER, 0.0)
        client._connection = self.connection = made
        self.worker.open_desk(upstream, 0)


async def linked(house: House) -> Operator:
    """The house's line A goes by one link."""
    line = replace(LINES[0], links=(LinkUse(link="north"),))
    await house.store.put_documents([Link(name="north", enquire_link_s=0), line, *LINES[1:], ACCOUNT], [], NOW)
    await house.store.credit("shop", 1_000, "test", NOW)
    return Operator(house)


async def until(holds: Any) -> None:
    """Wait for as many turns of the loop as it takes."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - the store's thread changes it
            await asyncio.sleep(0.001)


def rows(house: House) -> list[Any]:
    """What is kept of receipts beside their parts."""
    db = apsw.Connection(str(house.store.path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(db.execute("SELECT operator_id, standing FROM receipt"))
    finally:
        db.close()


@pytest.mark.parametrize("is_receipt_first", [False, True], ids=["answer first", "receipt first"])
async def test_a_receipt_in_the_segment_of_its_answer(house: House, is_receipt_first: bool) -> None:
    """It finds the answer stored: the message is delivered, and nothing is kept as unmatched."""
    operator = await linked(house)
    await house.send(replace(SUBMISSION, line=A))
    await operator.worker._claim(A, house.clock.now())
    await until(lambda: operator.wire.written)
    (submit,) = operator.wire.written
    assert isinstance(submit, SubmitSm)
    octets = [encode(SubmitSmResp(message_id="77"), submit.sequence), encode(RECEIPT, 5)]
    operator.connection.data_received(b"".join(reversed(octets) if is_receipt_first else octets))
    await until(lambda: len(operator.wire.written) > 1)
    (_, acknowledged) = operator.wire.written
    assert isinstance(acknowledged, DeliverSmResp)
    assert (acknowledged.sequence, acknowledged.status) == (5, 0)
    assert await house.states() == [State.DELIVERED]
    assert rows(house) == []


def a_receipt(operator_id: str) -> ReceiptIn:
    """DELIVERED for one id."""
    return ReceiptIn(
        upstream="north", link="north", operator_id=operator_id, keys=(operator_id,), part_state=PartState.DELIVERED,
        stat="DELIVRD", line=A, recipient=RECIPIENT,
    )  # fmt: skip


class Recording:
    """A store that notes what it is handed."""

    def __init__(self) -> None:
        self.calls: list[list[Arrival]] = []
        self.feed = LocalFeed()

    def record(self, arrivals: Sequence[Arrival], now: int) -> None:
        """See Store.record."""
        self.calls.append(list(arrivals))


async def test_a_turn_is_one_call() -> None:
    """The answers of a turn and behind them its receipts; the next turn has a call of its own."""
    store: Any = Recording()
    clock: Any = type("Clock", (), {"now": staticmethod(lambda: NOW)})
    arrivals = Arrivals(store, clock)

    def answer(number: int) -> tuple[Answers, Told]:
        event = Answered(step=0, try_no=1, outcomes=(Outcome(part=1, kind=OutcomeKind.TAKEN),))
        return Answers(message_id=number, event=event), lambda came: told.append(number)

    told: list[int] = []
    arrivals.receipt(a_receipt("7"), lambda came: told.append(7))
    arrivals.answered(partial(answer, 1))
    arrivals.answered(partial(answer, 2))
    assert store.calls == []
    await asyncio.sleep(0)
    (call,) = store.calls
    assert [getattr(one.what, "message_id", "receipt") for one in call] == [1, 2, "receipt"]
    arrivals.receipt(a_receipt("8"), lambda came: told.append(8))
    await asyncio.sleep(0)
    assert len(store.calls) == 2
    for arrival in (*store.calls[1], *call):
        store.feed.recorded(arrival.ticket, [])
    assert told == [8, 1, 2, 7]


async def test_a_fault_of_one_is_its_own(house: House) -> None:
    """Of what is handed over together the one that fails is told so, whatever kind it is; the others are stored."""
    await linked(house)
    told: dict[str, list[Change] | Exception] = {}
    bad = replace(a_receipt("2"), stat=object())  # a bug: nothing that the store can keep
    unheard = Answered(step=0, try_no=1, outcomes=(Outcome(part=1, kind=OutcomeKind.TAKEN),))
    whats: dict[str, Any] = {
        "first": a_receipt("1"),
        "bad": bad,
        "of nobody": Answers(message_id=99, event=unheard),
        "last": a_receipt("3"),
    }

    def tell(name: str, came: list[Change] | Exception) -> None:
        told[name] = came
        if name == "first":
            raise KeyError("a bug of whoever is told")

    heard: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context["exception"]))
    house.store.feed.recorded = lambda ticket, came: tell([*whats][ticket], came)
    house.store.record([Arrival(ticket=place, what=what) for place, what in enumerate(whats.values())], NOW)
    await until(lambda: len(told) == 4)
    assert {name: came for name, came in told.items() if not isinstance(came, Exception)} == {
        "first": [],
        "of nobody": [],
        "last": [],
    }
    assert isinstance(told["bad"], TypeError)
    assert [type(error) for error in heard] == [KeyError]
    assert sorted(rows(house)) == [("1", "unmatched"), ("3", "unmatched")]
