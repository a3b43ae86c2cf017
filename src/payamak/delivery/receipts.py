"""Receipts: stored, then acknowledged. The upstream answers the operator when `on_receipt` returns, not before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from payamak.clock import Clock
from payamak.delivery.inbound import InboundDesk
from payamak.delivery.worker import Worker
from payamak.domain.mo import MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.unreadable import Unreadable
from payamak.log import alarm_logger
from payamak.store.base import Store

_alarm = alarm_logger("receipts")

TOLD_ALL = 10
"""Lines of the log for unreadable pieces of one link and error; then only when their number has doubled. Taste."""

LONGEST_WORD = 12
"""Of `stat` and `err` in the log; SMPP 3.4 appendix B has 7 and 3."""


class ReceiptDesk:
    """The sink that upstreams bring receipts, messages from handsets and news of their link to."""

    def __init__(
        self, store: Store, worker: Worker, inbound: InboundDesk, clock: Clock, log: Callable[..., object]
    ) -> None:
        self._store = store
        self._worker = worker
        self._inbound = inbound
        self._clock = clock
        self._log = log
        self._kept: Counter[tuple[str, str]] = Counter()

    def link_changed(self, name: str) -> None:
        """See Sink.link_changed."""
        self._worker.link_changed(name)
        self._inbound.link_changed(name)

    async def receipt(self, receipt: ReceiptIn) -> None:
        """Commit the receipt, matched or not. Raises StoreFailed: then the operator will bring it again."""
        changes = await self._store.receive(receipt, self._clock.now())
        if not any(change.event == "Receipted" for change in changes):
            # The operator's words, as long as words of a receipt are: what is longer would be no word of one.
            said = {"stat": receipt.stat[:LONGEST_WORD], "err": (receipt.err or "")[:LONGEST_WORD]}
            self._log("receipt_kept", link=receipt.link, **said)

    async def unreadable(self, piece: Unreadable) -> None:
        """Commit what could not be handled, and tell of it: of its octets not one."""
        await self._store.keep_unreadable(piece)
        self._kept[piece.link, piece.error] += 1
        count = self._kept[piece.link, piece.error]
        if count <= TOLD_ALL or not count & (count - 1):  # it must not fill the disk with our log
            told = {"kind": piece.kind, "error": piece.error, "where": piece.place, "octets": len(piece.octets)}
            _alarm("unreadable_kept", link=piece.link, count=count, **told)

    async def mo(self, part: MoPart) -> None:
        """See Sink.mo."""
        await self._inbound.mo(part)
