"""The Upstream protocol: what delivery sees of a link, whatever it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from payamak.domain.events import Outcome
from payamak.domain.message import Message
from payamak.domain.mo import MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.unreadable import Unreadable


class Parcel(Struct, frozen=True, kw_only=True):
    """One attempt to be written: the message as committed, and which parts (1-based) of its current step go."""

    message: Message
    parts: tuple[int, ...]


Report = Callable[[Outcome], None]
"""Called on the loop once for every part of a parcel, and again if an overdue answer comes after all."""


Acknowledge = Callable[[Exception | None], None]
"""Called on the loop once: with None when what came is on disk and may be acknowledged, else with why it is not."""


class Sink(Protocol):
    """Where an upstream brings what comes from the operator."""

    def link_changed(self, name: str) -> None:
        """The link came up, went down, or has room again."""
        ...

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """Store a receipt; it may be acknowledged when `told` says so, and not if that hears of StoreFailed."""
        ...

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """True if a text that looks like a receipt is one of ours; waits while an answer is to come that may say so."""
        ...

    async def mo(self, part: MoPart) -> None:
        """Store a part of a message from a handset; as with receipts, acknowledge it when this returns."""
        ...

    async def unreadable(self, piece: Unreadable) -> None:
        """Keep what could not be handled; as with receipts, acknowledge it when this returns."""
        ...


class Upstream(Protocol):
    """One link to an operator."""

    name: str

    @property
    def is_up(self) -> bool:
        """True while parts can be written."""
        ...

    @property
    def down_reason(self) -> str:
        """The reason why the link is down, for a person; empty while it is up."""
        ...

    @property
    def window(self) -> int:
        """The number of parts that may be without an answer at a time."""
        ...

    @property
    def ahead(self) -> int:
        """The number of parts beyond the window that it lets wait for a place, the higher class first; maybe 0."""
        ...

    @property
    def answered_since_bind(self) -> int:
        """Submits answered on the present bind, whatever was said, late answers included; 0 while there is none."""
        ...

    @property
    def last_answer_at_s(self) -> float:
        """The last answer to a submit, in seconds of `Clock.monotonic`; minus infinity before the first."""
        ...

    def narrow(self, is_narrow: bool) -> None:
        """While narrow, write one part at a time: the next one when the one before has its answer or is overdue."""
        ...

    def rest(self, is_resting: bool) -> None:
        """While it rests, write nothing; what it was given waits."""
        ...

    def give_back(self) -> None:
        """Report as LATER what it was given and has not written: it goes by another link, or comes again."""
        ...

    def break_now(self, reason: str) -> None:
        """Give this bind up and make another one; what is outstanding is reported ambiguous. No-op while down."""
        ...

    def start(self) -> None:
        """Begin to keep the link up."""
        ...

    async def stop(self, timeout_s: float) -> None:
        """Let go: wait for outstanding answers up to `timeout_s`, say goodbye, close."""
        ...

    def submit(self, parcel: Parcel, report: Report) -> None:
        """Write a parcel whose mark is on disk. Never raises: what cannot be written is reported as LATER."""
        ...


async def keep_receipt(sink: Sink, receipt: ReceiptIn) -> None:
    """Sink.receipt for whoever awaits it: stored when this returns. Raises what `told` would hear of."""
    kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def told(error: Exception | None) -> None:
        if kept.done():
            return  # whoever waited has been stopped
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(error)

    sink.receipt(receipt, told)
    await kept
