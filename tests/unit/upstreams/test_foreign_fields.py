"""Every field of a PDU from outside, as long as a PDU can make it: what is stored or logged of it has a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import msgspec
import pytest
from tests.unit.upstreams.answers import answered
from tests.unit.upstreams.test_mo import Keeper
from tests.unit.upstreams.test_unhandled import Clumsy

from payamak.clock import SystemClock
from payamak.domain.bounded import LONGEST_ID, LONGEST_WORD
from payamak.domain.mo import LONGEST_OCTETS, MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Line, Link, LinkUse, build_site
from payamak.domain.unreadable import Unreadable
from payamak.errors import NotTaken
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import EsmClass, Status, Tag
from payamak.smpp.errors import BadPdu
from payamak.smpp.fields import Tlv
from payamak.smpp.pdu import DataSm, DeliverSm, DeliverSmResp, tlv
from payamak.upstreams.base import Acknowledge
from payamak.upstreams.smpp import SmppUpstream
from payamak.upstreams.verdicts import outcome_of

LONG = 60_000
SITE = build_site([Link(name="north"), Line(number="983000123", links=(LinkUse(link="north"),))], 1)
TEXT = "id:{id} sub:001 dlvrd:001 submit date:2401010000 done date:2401010000 stat:{stat} err:{err} text:x"


class Everything(Keeper):
    """A sink that keeps all that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.receipts: list[ReceiptIn] = []

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink."""
        self.receipts.append(receipt)
        told(None)


class Desk:
    """An upstream with all that it hands over and logs."""

    def __init__(self, link: Link | None = None) -> None:
        self.sink = Everything()
        self.logged: list[dict[str, object]] = []
        self.upstream = SmppUpstream(link or Link(name="north"), self.sink, lambda: SITE, SystemClock(), self.log)

    def log(self, event: str, /, **fields: object) -> None:
        """Keep it."""
        self.logged.append(fields)

    async def ask(self, pdu: DeliverSm | DataSm) -> int:
        """The status of the answer."""
        return int((await answered(self.upstream, decode(encode(pdu, 1, is_checked=False)))).status)


def long_pdus() -> Iterator[tuple[str, DeliverSm]]:
    """A receipt and a message, each with one field, or optional parameter, that is too long."""
    said = TEXT.format(id="7", stat="DELIVRD", err="000").encode()
    receipt = DeliverSm(
        source_addr="989120000001",
        destination_addr="983000123",
        esm_class=EsmClass.DELIVERY_RECEIPT,
        short_message=said,
    )
    message = replace(receipt, esm_class=0, short_message=b"hello")
    for pdu, kind in ((receipt, "receipt"), (message, "message")):
        for field in fields(pdu):
            if isinstance(getattr(pdu, field.name), str):
                yield f"{kind} {field.name}", replace(pdu, **{field.name: "9" * LONG})  # type: ignore[arg-type]
        for tag in Tag:
            if tag != Tag.MESSAGE_PAYLOAD:
                yield f"{kind} {tag.name}", replace(pdu, tlvs=(Tlv(int(tag), b"9" * LONG),))
    for name in ("id", "stat", "err"):
        values = {"id": "7", "stat": "DELIVRD", "err": "000", name: "9" * 900}
        payload = TEXT.format(**values).encode()
        yield f"text {name}", replace(receipt, short_message=b"", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, payload),))


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value, whatever holds it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (*texts_of(key), *texts_of(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name))


@pytest.mark.parametrize(("name", "pdu"), [pytest.param(n, p, id=n) for n, p in long_pdus()])
async def test_every_field_has_a_bound(name: str, pdu: DeliverSm) -> None:
    """Whatever is too long, it is taken, and what is handed over and logged of it has at most 65 characters."""
    desk = Desk()
    assert await desk.ask(pdu) == Status.ESME_ROK
    assert len(desk.sink.receipts) + len(desk.sink.parts) == 1, name
    for text in texts_of([desk.sink.receipts, desk.sink.parts, desk.logged]):
        assert len(text) <= LONGEST_ID, name
    for number in (
        number
        for each in (*desk.sink.receipts, *desk.sink.parts)
        for number in (getattr(each, field) for field in each.__struct_fields__)
        if isinstance(number, int)
    ):
        assert abs(number) < 2**63, "a column of SQLite"


async def test_words_of_a_receipt() -> None:
    """`stat` and `err` are cut after they were looked up."""
    desk = Desk()
    said = TEXT.format(id="7", stat="S" * 200, err="E" * 200).encode()
    pdu = DeliverSm(esm_class=EsmClass.DELIVERY_RECEIPT, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, said),))
    assert await desk.ask(pdu) == Status.ESME_ROK
    (receipt,) = desk.sink.receipts
    assert (len(receipt.stat), len(receipt.err or "")) == (LONGEST_WORD, LONGEST_WORD)


@pytest.mark.parametrize("id_size", [64, 65, 66, LONG])
async def test_a_long_id_names_its_own_part(id_size: int) -> None:
    """The id of an answer and that of its receipt are one, and another id is not, however long they are."""
    desk = Desk()
    ids = ["f" * (id_size - 1) + end for end in "12"]
    taken = [outcome_of(1, 0, each, {}).operator_id for each in ids]
    for each in ids:
        pdu = DeliverSm(
            esm_class=EsmClass.DELIVERY_RECEIPT, tlvs=(tlv(Tag.RECEIPTED_MESSAGE_ID, each), tlv(Tag.MESSAGE_STATE, 2))
        )
        assert await desk.ask(pdu) == Status.ESME_ROK
    assert [receipt.operator_id for receipt in desk.sink.receipts] == taken
    assert len(set(taken)) == 2


async def test_a_message_longer_than_any() -> None:
    """It is refused for good, as of a wrong length, and nothing of it is kept."""
    desk = Desk()
    long = DeliverSm(source_addr="989120000001", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, bytes(LONGEST_OCTETS + 1)),))
    assert await desk.ask(long) == Status.ESME_RINVMSGLEN
    assert desk.sink.parts == []
    assert await desk.ask(replace(long, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, bytes(LONGEST_OCTETS)),))) == Status.ESME_ROK


async def test_more_than_the_link_may_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A little waits for its turn, the rest is to come again, said a few times in the log; receipts go by."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("payamak.upstreams.smpp.asyncio.sleep", wait)
    desk = Desk(Link(name="north", received_per_second=1))
    pdu = DeliverSm(source_addr="989120000001", destination_addr="983000123", short_message=b"x")
    statuses = [await desk.ask(pdu) for _ in range(2_000)]
    assert statuses[:514] == [Status.ESME_ROK] * 514
    assert len(waits) == len(desk.sink.parts) - 512 >= 2
    assert max(waits) <= 2
    assert statuses.count(Status.ESME_RX_T_APPN) >= 1_000
    assert len(desk.logged) <= 12
    receipt = replace(pdu, esm_class=EsmClass.DELIVERY_RECEIPT, short_message=b"id:1 stat:DELIVRD")
    assert await desk.ask(receipt) == Status.ESME_ROK
    assert len(desk.sink.receipts) == 1


async def test_what_only_looks_like_a_receipt_has_the_bounds_of_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a centre that marks no receipts: a handset's text with the words of one is bounded like any other."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("payamak.upstreams.smpp.asyncio.sleep", wait)
    desk = Desk(Link(name="north", received_per_second=1, receipts_without_esm_class=True))
    pdu = DeliverSm(source_addr="989120000001", destination_addr="983000123", short_message=b"id:1 stat:DELIVRD")
    long = replace(pdu, short_message=b"", tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b"id:1 stat:X".ljust(LONGEST_OCTETS + 1)),))
    assert await desk.ask(long) == Status.ESME_RINVMSGLEN
    statuses = [await desk.ask(pdu) for _ in range(2_000)]
    assert statuses.count(Status.ESME_RX_T_APPN) >= 1_000
    assert len(desk.sink.parts) == statuses.count(Status.ESME_ROK)
    assert max(waits) <= 2
    assert desk.sink.receipts == []


async def test_what_nobody_can_read_has_the_same_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that end before their text are kept as far as messages would be taken; the rest is to come again."""
    kept: list[str] = []

    async def unreadable(piece: Unreadable) -> None:
        kept.append(piece.kind)

    async def wait(_: float) -> None:
        pass

    monkeypatch.setattr("payamak.upstreams.smpp.asyncio.sleep", wait)
    desk = Desk(Link(name="north", received_per_second=1))
    monkeypatch.setattr(desk.sink, "unreadable", unreadable)
    pdu = decode(bytes.fromhex("00000010 00000005 00000000 00000001"), is_lenient=True)
    answers = [desk.upstream._on_asked(pdu) for _ in range(2_000)]
    statuses = [(each if isinstance(each, DeliverSmResp) else await each).status for each in answers]  # type: ignore[misc]
    assert statuses.count(Status.ESME_ROK) == len(kept) < 520
    assert statuses.count(Status.ESME_RX_T_APPN) == 2_000 - len(kept)
    assert len(desk.logged) <= 12


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotTaken("too_many"), Status.ESME_RX_T_APPN),
        (NotTaken("too_long", is_for_good=True), Status.ESME_RINVMSGLEN),
    ],
)
async def test_what_the_store_does_not_take(error: NotTaken, status: Status) -> None:
    """Its answer says whether it may come again."""
    desk = Desk()

    async def refuse(part: MoPart) -> None:
        raise error

    desk.sink.mo = refuse  # type: ignore[method-assign]
    assert await desk.ask(DeliverSm(short_message=b"x")) == status


async def test_a_long_address_that_fails_is_kept() -> None:
    """What could not be handled is kept and acknowledged also where no PDU of ours could hold its fields."""
    sink = Clumsy()
    upstream = SmppUpstream(Link(name="north"), sink, lambda: SITE, SystemClock(), lambda event, **fields: None)
    pdu = DeliverSm(source_addr="9" * 300, short_message=b"x" * 255)
    for _ in range(2):
        with pytest.raises(KeyError):
            await answered(upstream, pdu)
    assert (await answered(upstream, pdu)).status == Status.ESME_ROK
    (piece,) = sink.kept
    kept = decode(piece.octets)
    assert isinstance(kept, DeliverSm)
    assert (kept.source_addr, kept.short_message) == (pdu.source_addr, pdu.short_message)


def test_too_many_optional_parameters() -> None:
    """A PDU has room for 16,000 empty ones; nobody needs more than 255."""
    pdu = DeliverSm(tlvs=tuple(Tlv(0x1400, b"") for _ in range(255)))
    assert decode(encode(pdu, 1)) == replace(pdu, sequence=1)
    with pytest.raises(BadPdu) as caught:
        decode(encode(replace(pdu, tlvs=(*pdu.tlvs, Tlv(0x1400, b""))), 1))
    assert caught.value.status == Status.ESME_RINVOPTPARSTREAM
