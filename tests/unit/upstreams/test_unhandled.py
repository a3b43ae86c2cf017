"""What fails in our hands by a bug: brought again twice, then kept as unreadable and acknowledged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.upstreams.answers import answered
from tests.unit.upstreams.test_mo import LINK, SITE, Keeper

from payamak.clock import SystemClock
from payamak.domain.mo import MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.unreadable import Unreadable
from payamak.errors import StoreFailed
from payamak.smpp.codec import decode
from payamak.smpp.constants import EsmClass, Status
from payamak.smpp.pdu import DeliverSm, DeliverSmResp
from payamak.upstreams import smpp, unhandled
from payamak.upstreams.base import Acknowledge
from payamak.upstreams.smpp import SmppUpstream

TEXT = b"id:7 sub:001 dlvrd:001 submit date:2401010000 done date:2401010000 stat:DELIVRD err:000 text:x"
RECEIPT = DeliverSm(
    source_addr="989120000001", destination_addr="983000123", esm_class=EsmClass.DELIVERY_RECEIPT, short_message=TEXT
)
MO = DeliverSm(source_addr="989120000001", destination_addr="983000123", short_message=b"hello")


class Clumsy(Keeper):
    """A sink with a bug; keeps what is unreadable."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Unreadable] = []
        self.disk_fails = False

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink."""
        raise KeyError(TEXT)

    async def mo(self, part: MoPart) -> None:
        """See Sink."""
        raise KeyError(part.sender)

    async def unreadable(self, piece: Unreadable) -> None:
        """See Sink."""
        if self.disk_fails:
            raise StoreFailed("the disk is full")
        self.kept.append(piece)


def clumsy() -> tuple[Clumsy, SmppUpstream]:
    """An upstream whose sink has a bug."""
    sink = Clumsy()
    return sink, SmppUpstream(LINK, sink, lambda: SITE, SystemClock(), lambda event, **fields: None)


@pytest.mark.parametrize(("pdu", "kind"), [(RECEIPT, "receipt"), (MO, "mo")], ids=["receipt", "mo"])
async def test_the_third_failure_is_kept_and_acknowledged(pdu: DeliverSm, kind: str) -> None:
    """Twice a temporary error (raised here), then the octets are kept, whatever sequence they come under."""
    sink, upstream = clumsy()
    for sequence in (1, 2):
        with pytest.raises(KeyError):
            await answered(upstream, replace(pdu, sequence=sequence))
    answer = await answered(upstream, replace(pdu, sequence=3))
    assert isinstance(answer, DeliverSmResp)
    assert answer.status == Status.ESME_ROK
    (piece,) = sink.kept
    assert (piece.kind, piece.link, piece.error) == (kind, LINK.name, "KeyError")
    came = decode(piece.octets)
    assert isinstance(came, DeliverSm)
    assert (came.short_message, came.source_addr) == (pdu.short_message, pdu.source_addr)
    assert "989120000001" not in piece.place + repr(piece)


async def test_others_are_counted_apart() -> None:
    """Different octets have tries of their own; a receipt that can be read passes by."""
    sink, upstream = clumsy()
    for number in range(20):
        other = replace(MO, short_message=b"%d" % number)
        with pytest.raises(KeyError):
            await answered(upstream, other)
    assert sink.kept == []


async def test_a_disk_that_fails_acknowledges_nothing() -> None:
    """What cannot even be kept as unreadable comes again, and is kept when the disk is well."""
    sink, upstream = clumsy()
    sink.disk_fails = True
    for _ in range(5):
        with pytest.raises(KeyError):
            await answered(upstream, MO)
    sink.disk_fails = False
    answer = await answered(upstream, MO)
    assert isinstance(answer, DeliverSmResp)
    assert answer.status == Status.ESME_ROK
    assert len(sink.kept) == 1


async def test_what_is_counted_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floods of pieces that fail once hold no memory."""
    monkeypatch.setattr(unhandled, "REMEMBERED", 10)
    _, upstream = clumsy()
    for number in range(50):
        with pytest.raises(KeyError):
            await answered(upstream, replace(MO, short_message=b"%d" % number))
    assert len(upstream._unhandled._times) == 10


async def test_a_reader_of_ours_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the receipt cannot even be taken apart."""

    def fails(_: object) -> None:
        raise IndexError("a bug")

    monkeypatch.setattr(smpp, "parse_receipt", fails)
    sink, upstream = clumsy()
    for _ in range(2):
        with pytest.raises(IndexError):
            await answered(upstream, RECEIPT)
    await answered(upstream, RECEIPT)
    assert [piece.kind for piece in sink.kept] == ["receipt"]
