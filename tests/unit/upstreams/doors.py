"""A server of the contract that answers by script, and a sink that keeps what it is brought."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from payamak.client import AsyncClient, Fallback, MessageState, PayamakError, Route, Sent
from payamak.domain.message import Lane, Message, State, Step, StepKind
from payamak.domain.mo import MoPart
from payamak.domain.receipts import ReceiptIn
from payamak.domain.site import Link, LinkKind
from payamak.domain.unreadable import Unreadable
from payamak.encoding.parts import Encoding, SplitMethod
from payamak.errors import StoreFailed
from payamak.upstreams.base import Acknowledge

NOW = 1_700_000_000_000
MINUTE_MS = 60_000
LINK = Link(
    name="panel",
    kind=LinkKind.NEGIN,
    url="http://sms.example.ir",
    system_id="shop",
    poll_pauses_s=(0.01, 0.01),
    poll_every_s=300,
)


class HandClock:
    """A wall clock that is moved by hand; durations are the loop's."""

    def __init__(self) -> None:
        self.now_ms = NOW

    def now(self) -> int:
        """See Clock.now."""
        return self.now_ms

    def monotonic(self) -> float:
        """See Clock.monotonic."""
        return asyncio.get_running_loop().time()


class FakeDoor(AsyncClient):
    """Answers sends with `answer` and states from `codes`; either may be an error to raise."""

    def __init__(self) -> None:
        self.answer: int | PayamakError | Exception = 3403
        self.codes: dict[int, int] | PayamakError = {}
        self.sends: list[tuple[str, str, str | None, Route | None, int | None]] = []
        self.asked: list[list[int]] = []
        self.holds: asyncio.Event | None = None
        self.is_closed = False

    async def send(
        self,
        recipient: str | int,
        text: str,
        *,
        line: str | int | None = None,
        fallback: Fallback | Sequence[Fallback] | None = None,
        via: Route | None = None,
        life_time_minutes: int | None = None,
    ) -> Sent:
        """See AsyncClient.send."""
        assert fallback is None, "the fallback is ours"
        own, to = None if line is None else str(line), str(recipient)
        self.sends.append((to, text, own, via, life_time_minutes))
        if self.holds is not None:
            await self.holds.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return Sent(message_id=self.answer, line=own, recipient=to)

    async def states(self, message_ids: Iterable[int]) -> dict[int, MessageState]:
        """See AsyncClient.states."""
        ids = list(message_ids)
        self.asked.append(ids)
        if isinstance(self.codes, Exception):
            raise self.codes
        return {each: MessageState(self.codes.get(each, 4)) for each in ids}

    async def close(self) -> None:
        """See AsyncClient.close."""
        self.is_closed = True


class FakeSink:
    """Keeps receipts and news of the link; `happened` is set by each."""

    def __init__(self) -> None:
        self.receipts: list[ReceiptIn] = []
        self.news = 0
        self.happened = asyncio.Event()
        self.failures = 0

    async def unreadable(self, piece: Unreadable) -> None:
        """See Sink."""
        raise AssertionError(f"nothing is unreadable here: {piece!r}")

    def link_changed(self, name: str) -> None:
        """See Sink.link_changed."""
        self.news += 1
        self.happened.set()

    def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
        """See Sink.receipt."""
        if self.failures:
            self.failures -= 1
            told(StoreFailed("the disk is full"))
            return
        self.receipts.append(receipt)
        self.happened.set()
        told(None)

    async def is_ours(self, receipt: ReceiptIn) -> bool:
        """See Sink."""
        return False

    async def mo(self, part: MoPart) -> None:
        """See Sink.mo."""
        raise AssertionError("a server of the contract brings no MO by this way")

    async def next(self) -> None:
        """Wait for the next receipt or news."""
        async with asyncio.timeout(60):
            await self.happened.wait()
        self.happened.clear()


def message(kind: StepKind = StepKind.NORMAL, *, tries: int = 1, left_ms: int = 90 * MINUTE_MS + 1) -> Message:
    """A message of one step that is on the wire, `left_ms` before its deadline."""
    step = Step(
        line="9830003300",
        text="سلام",
        encoding=Encoding.UCS2,
        parts=3,
        price=900,
        kind=kind,
        split=SplitMethod.PAYLOAD,
    )
    return Message(
        id=2001,
        account_id=1,
        recipient="989121234567",
        plan=(step,),
        accepted_at=NOW,
        deadline_at=NOW + left_ms,
        due_at=NOW,
        changed_at=NOW,
        lane=Lane.NORMAL,
        state=State.SENDING,
        tries=tries,
        parts=("s",),
    )
