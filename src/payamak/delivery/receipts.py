"""Receipts: stored, then acknowledged. The upstream answers the operator when it is told, not before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from payamak.clock import Clock
from payamak.delivery.arrivals import Arrivals
from payamak.delivery.inbound import InboundDesk
from payamak.delivery.repeats import Brought
from payamak.delivery.tally import ReceiptTally
from payamak.delivery.worker import Worker
from payamak.domain.mo import MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.unreadable import Unreadable
from payamak.log import event_logger
from payamak.store.base import Store
from payamak.store.feed import Change
from payamak.upstreams.base import Acknowledge

_alarm = event_logger("receipts")

TOLD_ALL = 10
"""Lines of the log for unreadable pieces of one link and error; then only when their number has doubled. Taste."""

EARLY_S = 2.0
"""How long a text that looks like a receipt waits for the answer that may name its id; shorter than response timers."""

ASK_AGAIN_S = 0.2

LONGEST_WORD = 12
"""Of `stat` and `err` in the log; SMPP 3.4 appendix B has 7 and 3."""


class ReceiptDesk:
    """The sink that upstreams bring receipts, messages from handsets and news of their link to."""

    def __init__(
        self,
        store: Store,
        arrivals: Arrivals,
        worker: Worker,
        inbound: InboundDesk,
        clock: Clock,
        log: Callable[..., object],
    ) -> None:
        self._store = store
        self._worker = worker
        self._inbound = inbound
        self._clock = clock
        self._log = log
        self._kept: Counter[tuple[str, str]] = Counter()
        self._brought = Brought(clock.monotonic)
        self._began_at = clock.now()
        self._arrivals = arrivals
        self._waiting: set[asyncio.Task[None]] = set()
        self.tally = ReceiptTally()

    def link_changed(self, name: str) -> None:
        """See Sink.link_changed."""
        self._brought.link_changed(name)
        self._worker.link_changed(name)
        self._inbound.link_changed(name)

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink.receipt: committed, matched or not, with what else has come in this turn (arrivals.py)."""
        digest = receipt.digest
        is_again = self._brought.look(receipt.link, digest)
        if is_again is not None:
            self._store_it(receipt, digest, told, is_again=is_again)
            return
        task = asyncio.get_running_loop().create_task(self._receipt_after_news(receipt, digest, told))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _receipt_after_news(self, receipt: ReceiptIn, digest: bytes, told: Acknowledge) -> None:
        is_again = await self._brought.is_again(receipt.link, digest)
        self._store_it(receipt, digest, told, is_again=is_again)

    def _store_it(self, receipt: ReceiptIn, digest: bytes, told: Acknowledge, *, is_again: bool) -> None:
        self._brought.begin(receipt.link, digest)
        known = replace(receipt, is_again=is_again, began_at=self._began_at)
        self._arrivals.receipt(known, partial(self._stored, known, digest, told))

    def _stored(self, receipt: ReceiptIn, digest: bytes, told: Acknowledge, stored: list[Change] | Exception) -> None:
        self._brought.end(receipt.link, digest, is_answered=not isinstance(stored, Exception))
        if isinstance(stored, Exception):
            told(stored)
            return
        told(None)
        self.tally.add(receipt.link, receipt.stat)
        if not any(change.event == "Receipted" for change in stored):
            # The operator's words, as long as words of a receipt are: what is longer would be no word of one.
            said = {"stat": receipt.stat[:LONGEST_WORD], "err": (receipt.err or "")[:LONGEST_WORD]}
            self._log("receipt_kept", link=receipt.link, **said)

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """See Sink.is_ours. Raises StoreFailed."""
        until_s = self._clock.monotonic() + EARLY_S
        while (known := await self._store.knows_receipt(receipt, self._clock.now())) is None:
            if self._clock.monotonic() >= until_s:
                return False
            await asyncio.sleep(ASK_AGAIN_S)
        return known

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
