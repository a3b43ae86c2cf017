"""Asks a server of the contract where our messages stand, and makes receipts of its answers.

Such a server pushes nothing, so each message is asked for, the more rarely the longer it takes. Two things do that:

* The book, in memory: a message that was just taken is asked for after each of the link's `poll_pauses_s`. Most are
  delivered within these. The book is bounded; what does not fit, or outlasts the pauses, is left to the sweep.
* The sweep, through the store: every `poll_every_s` all messages that still wait for a receipt, a page at a time;
  those older than an hour only in every sixth sweep, older than a day in every 24th. It needs no memory, so it
  survives a restart, and the first sweep, which asks for everything, comes with the first connection.

An answer that is not stored, or does not come, changes nothing: the id is asked for again. It ends when the
message is final, by a receipt or by its deadline and grace (P7).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from payamak.client import AsyncClient, MessageState, PayamakError
from payamak.clock import Clock
from payamak.codes import OPT_OUTS, Code, StateCode
from payamak.domain.ids import IdBase, readings
from payamak.domain.message import PartState
from payamak.domain.receipts import FIRST_PAGE, NAMED_STATES, Cursor, OpenId, OpenIds, ReceiptIn
from payamak.domain.site import Link
from payamak.errors import StoreFailed
from payamak.upstreams.base import Sink, keep_receipt
from payamak.upstreams.unhandled import Unhandled

IDS_PER_CALL: Final = 500
HELD_AT_MOST: Final = 50_000
"""Ids in the book, about 20 MB: 600 messages a second with the default pauses."""

ROUND_S: Final = 0.25
"""At least so long between two calls that are not full: ids that fall due one by one are asked for together."""

HOUR_MS, DAY_MS = 3_600_000, 86_400_000

OpenIdsPage = Callable[[str, Cursor, int], Awaitable[OpenIds]]
"""Store.open_operator_ids."""

_STATES: Final = {
    StateCode.DELIVERED: PartState.DELIVERED,
    StateCode.UNDELIVERED: PartState.UNDELIVERABLE,
    StateCode.REJECTED: PartState.REJECTED,
}


def meaning(link: Link, state: MessageState, is_past_deadline: bool) -> tuple[PartState | None, Code | None]:
    """The letter and, for an opt-out, the code of a state; (None, None) for one that is not final.

    16 may hide a late opt-out: the contract has one number for all rejections. Only the link's table can say so.
    Unknown is final after the deadline only: until then a late receipt may settle it there.
    """
    letter = _STATES.get(state.known) if state.known is not None else None
    if state.is_unknown and is_past_deadline:
        letter = PartState.UNSURE
    if letter is None or letter is PartState.DELIVERED or str(state.code) not in link.receipt_verdicts:
        return letter, None
    named = link.receipt_verdicts[str(state.code)]
    if isinstance(named, str):
        return NAMED_STATES[named], None
    code = Code(named)
    return (PartState.OPTED_OUT if code in OPT_OUTS else letter), code


class StateBook:
    """Which ids fall due when. One queue for each pause, so that each is in order by itself; times in seconds."""

    def __init__(self, pauses_s: Sequence[float]) -> None:
        self._pauses_s = tuple(pauses_s)
        self._queues: tuple[deque[tuple[float, OpenId]], ...] = tuple(deque() for _ in self._pauses_s)
        self._held: set[str] = set()

    def __contains__(self, operator_id: str) -> bool:
        return operator_id in self._held

    def __len__(self) -> int:
        return len(self._held)

    def put(self, wanted: OpenId, now_s: float, pause: int = 0) -> None:
        """Ask for it after the pause of this number; forget it when there is none, or no room."""
        if pause >= len(self._pauses_s) or len(self._held) >= HELD_AT_MOST:
            return
        self._held.add(wanted.operator_id)
        self._queues[pause].append((now_s + self._pauses_s[pause], wanted))

    def take_due(self, now_s: float, limit: int) -> list[tuple[int, OpenId]]:
        """Take out up to `limit` that are due, each with the number of its pause."""
        due: list[tuple[int, OpenId]] = []
        for pause, queue in enumerate(self._queues):
            while queue and queue[0][0] <= now_s and len(due) < limit:
                wanted = queue.popleft()[1]
                self._held.discard(wanted.operator_id)
                due.append((pause, wanted))
        return due

    def next_due_s(self) -> float:
        """When the next one falls due; infinity if the book is empty."""
        return min((queue[0][0] for queue in self._queues if queue), default=float("inf"))


class Asker:
    """The book and the sweep of one link. `on_failure` hears why a call failed."""

    def __init__(
        self,
        link: Link,
        door: AsyncClient,
        sink: Sink,
        open_ids: OpenIdsPage,
        clock: Clock,
        on_failure: Callable[[PayamakError], None],
    ) -> None:
        self._link = link
        self._door = door
        self._sink = sink
        self._open_ids = open_ids
        self._clock = clock
        self._on_failure = on_failure
        self._unhandled = Unhandled(link.name, sink, clock)
        self._book = StateBook(link.poll_pauses_s)
        self._wake = asyncio.Event()
        self._sweeps = 0
        self._next_sweep_s = clock.monotonic()
        self._page: Cursor = FIRST_PAGE

    def expect(self, taken: OpenId) -> None:
        """A message has just been taken."""
        due_s = self._book.next_due_s()
        self._book.put(taken, self._clock.monotonic())
        if self._book.next_due_s() < due_s:
            self._wake.set()

    async def run(self, is_up: asyncio.Event) -> None:
        """Ask, for as long as the link is up, until cancelled."""
        while True:
            await is_up.wait()
            is_busy = await self._ask_book()
            if self._clock.monotonic() >= self._next_sweep_s:
                is_busy |= await self._sweep_page()
            if not is_busy:
                await self._rest()

    async def _rest(self) -> None:
        """Until something is due, and at least one round."""
        await asyncio.sleep(ROUND_S)
        self._wake.clear()
        due_in_s = min(self._book.next_due_s(), self._next_sweep_s) - self._clock.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(due_in_s, 0)):
                await self._wake.wait()

    async def _ask_book(self) -> bool:
        """One call for what is due; True if it was full."""
        due = self._book.take_due(self._clock.monotonic(), IDS_PER_CALL)
        if not due:
            return False
        settled = await self._ask([wanted for _, wanted in due])
        now_s = self._clock.monotonic()
        for pause, wanted in due:
            if settled is None:
                self._book.put(wanted, now_s, pause)
            elif wanted.operator_id not in settled:
                self._book.put(wanted, now_s, pause + 1)
        return len(due) == IDS_PER_CALL and settled is not None

    async def _sweep_page(self) -> bool:
        """One page of the sweep; True if another follows."""
        try:
            page = await self._open_ids((self._link.upstream or self._link.name), self._page, IDS_PER_CALL)
        except StoreFailed:
            return self._put_off()
        now = self._clock.now()
        wanted = [
            each for each in page.ids if self._is_turn(now - each.taken_at) and each.operator_id not in self._book
        ]
        if wanted and await self._ask(wanted) is None:
            return self._put_off()
        if page.after is not None:
            self._page = page.after
            return True
        self._page = FIRST_PAGE
        self._sweeps += 1
        return self._put_off()

    def _put_off(self) -> bool:
        """The sweep goes on, or begins again, after its pause."""
        self._next_sweep_s = self._clock.monotonic() + self._link.poll_every_s
        return False

    def _is_turn(self, age_ms: int) -> bool:
        """Whether a message of this age is asked for in this sweep."""
        every = 1 if age_ms < HOUR_MS else 6 if age_ms < DAY_MS else 24
        return self._sweeps % every == 0

    async def _ask(self, wanted: Sequence[OpenId]) -> set[str] | None:
        """One call; the operator ids whose receipt is stored, None if no answer came."""
        by_id: dict[int, list[OpenId]] = {}
        for each in wanted:
            if (number := remote_id(each.operator_id)) is not None:
                by_id.setdefault(number, []).append(each)
        try:
            states = await self._door.states(by_id)
        except PayamakError as error:
            self._on_failure(error)
            return None
        now = self._clock.now()
        receipts = [
            receipt
            for number, state in states.items()
            for each in by_id.get(number, ())
            if (receipt := self._receipt(each, state, now)) is not None
        ]
        stored = await asyncio.gather(*(keep_receipt(self._sink, each) for each in receipts), return_exceptions=True)
        return {
            receipt.operator_id
            for receipt, failure in zip(receipts, stored, strict=True)
            if failure is None or await self._is_kept(receipt, failure)
        }

    async def _is_kept(self, receipt: ReceiptIn, failure: BaseException) -> bool:
        """Whether what failed by a bug, not by the disk, is kept as unreadable now; else it is asked for again."""
        if isinstance(failure, StoreFailed) or not isinstance(failure, Exception):
            return False
        try:
            return await self._unhandled.keep("receipt", msgspec.json.encode(receipt), failure)
        except StoreFailed:
            return False

    def _receipt(self, wanted: OpenId, state: MessageState, now: int) -> ReceiptIn | None:
        """The state as a receipt; no line is named, so that it is matched by its id or not at all."""
        letter, code = meaning(self._link, state, now >= wanted.deadline_at)
        if letter is None:
            return None
        return ReceiptIn(
            upstream=(self._link.upstream or self._link.name),
            link=self._link.name,
            operator_id=wanted.operator_id,
            keys=readings(wanted.operator_id, IdBase.SAME),
            part_state=letter,
            stat=state.name,
            err=str(state.code),
            code=code,
            recipient=wanted.recipient,
        )


def operator_id(message_id: int, copy: int) -> str:
    """The id under which the store keeps what the server took: its message id, for further parts with their count.

    A text goes in one piece, but a message that was accepted for a link of another kind has several parts; they
    share one message of the server, and each needs an id, and a receipt, of its own.
    """
    return str(message_id) if copy == 0 else f"{message_id}.{copy}"


def remote_id(kept: str) -> int | None:
    """The server's message id again; None for one that came from a server of another kind."""
    digits = kept.partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 16 and int(digits) > 0 else None
