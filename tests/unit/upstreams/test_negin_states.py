"""States that are asked for become receipts: what each means, when it is asked, and after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from tests.unit.upstreams.doors import LINK, NOW, FakeDoor, FakeSink, HandClock

from payamak.client import MessageState, TransportFailed
from payamak.client.errors import PayamakError
from payamak.domain import events as ev
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.message import Lane, PartState, State, Step
from payamak.domain.receipts import FIRST_PAGE, Cursor, OpenId, OpenIds, ReceiptIn
from payamak.domain.site import Account, Line, Link, LinkUse
from payamak.domain.unreadable import Unreadable
from payamak.encoding.parts import Encoding, SplitMethod
from payamak.store.records import Arrival, Claim, NewMessage, Search
from payamak.store.sqlite.store import SqliteStore
from payamak.upstreams import negin_states
from payamak.upstreams.base import Acknowledge
from payamak.upstreams.negin_states import DAY_MS, HOUR_MS, Asker, StateBook, meaning, operator_id, remote_id

RECIPIENT = "989121234567"
DEADLINE_AT = NOW + HOUR_MS
TABLE = changed(LINK, receipt_verdicts={"16": 33, "2": 35, "1": 27})


def open_id(number: int | str = 3403, *, taken_at: int = NOW) -> OpenId:
    """A message that the server took."""
    return OpenId(operator_id=str(number), recipient=RECIPIENT, taken_at=taken_at, deadline_at=DEADLINE_AT)


@pytest.mark.parametrize(
    ("code", "link", "late", "letter", "verdict"),
    [
        (1, LINK, False, PartState.DELIVERED, None),
        (2, LINK, False, PartState.UNDELIVERABLE, None),
        (16, LINK, False, PartState.REJECTED, None),
        (16, TABLE, False, PartState.OPTED_OUT, 33),
        (2, TABLE, False, PartState.UNDELIVERABLE, 35),
        (1, TABLE, False, PartState.DELIVERED, None),
        (-1, LINK, True, None, None),
        (8, LINK, True, None, None),
        (77, LINK, True, None, None),
        (4, LINK, False, None, None),
        (0, LINK, False, None, None),
        (4, LINK, True, PartState.UNSURE, None),
        (0, LINK, True, PartState.UNSURE, None),
    ],
)
def test_the_meaning_of_a_state(
    code: int, link: Link, late: bool, letter: PartState | None, verdict: int | None
) -> None:
    """1, 2 and 16 are final, unknown only after the deadline; the link's table may read 16 as an opt-out."""
    assert meaning(link, MessageState(code), late) == (letter, verdict)


def test_ids_as_they_are_kept() -> None:
    """The server's id, with a count for further parts; what is no such id is nobody's to ask for."""
    assert [operator_id(3403, copy) for copy in range(3)] == ["3403", "3403.1", "3403.2"]
    assert [remote_id(kept) for kept in ("3403", "3403.2", "0A1F", "", "0", "9" * 17)] == [3403, 3403] + [None] * 4


def test_the_book_asks_after_each_pause_and_then_forgets() -> None:
    """Due after the first pause, then the second; after the last it is the sweep's."""
    book = StateBook((2, 5))
    book.put(open_id(), 100.0)
    assert ("3403" in book, len(book), book.next_due_s()) == (True, 1, 102.0)
    assert book.take_due(101.9, 500) == []
    assert book.take_due(102.0, 500) == [(0, open_id())]
    book.put(open_id(), 102.0, 1)
    assert book.take_due(107.0, 500) == [(1, open_id())]
    book.put(open_id(), 107.0, 2)
    assert (len(book), book.next_due_s()) == (0, float("inf"))


def test_the_book_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is left to the sweep; a call takes no more than its limit."""
    monkeypatch.setattr(negin_states, "HELD_AT_MOST", 3)
    book = StateBook((2,))
    for number in range(5):
        book.put(open_id(2_000 + number), 0.0)
    assert len(book) == 3
    assert [wanted.operator_id for _, wanted in book.take_due(9.0, 2)] == ["2000", "2001"]


class Bench:
    """An asker on pages of open ids, between a door and a sink."""

    def __init__(self, link: Link = LINK) -> None:
        self.door, self.sink, self.clock = FakeDoor(), FakeSink(), HandClock()
        self.pages: list[OpenIds] = []
        self.cursors: list[Cursor] = []
        self.failures: list[PayamakError] = []
        self.has_failed = asyncio.Event()
        self.is_up = asyncio.Event()
        self.asker = Asker(link, self.door, self.sink, self._page, self.clock, self._failed)

    def _failed(self, error: PayamakError) -> None:
        self.failures.append(error)
        self.has_failed.set()

    async def _page(self, upstream: str, after: Cursor, limit: int) -> OpenIds:
        self.cursors.append(after)
        return self.pages.pop(0) if self.pages else OpenIds(ids=(), after=None)

    async def receipts(self, count: int) -> list[str]:
        """The operator ids of the first `count` receipts."""
        while len(self.sink.receipts) < count:
            await self.sink.next()
        return [receipt.operator_id for receipt in self.sink.receipts]


@asynccontextmanager
async def asking(bench: Bench) -> AsyncIterator[None]:
    """While the link is up."""
    bench.is_up.set()
    task = asyncio.create_task(bench.asker.run(bench.is_up))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_final_state_is_a_receipt_and_is_not_asked_for_again() -> None:
    """Its words say what the server said; no line, so that it is matched by its id or not at all."""
    bench = Bench()
    bench.door.codes = {3403: 1, 3404: 8}
    bench.asker.expect(open_id(3403))
    bench.asker.expect(open_id(3404))
    async with asking(bench):
        assert await bench.receipts(1) == ["3403"]
        bench.door.codes = {3404: 2}
        assert await bench.receipts(2) == ["3403", "3404"]
    receipt = bench.sink.receipts[0]
    assert (receipt.upstream, receipt.link, receipt.keys, receipt.line) == ("panel", "panel", ("3403",), None)
    assert (receipt.stat, receipt.err, receipt.recipient) == ("DELIVERED", "1", RECIPIENT)
    assert bench.door.asked == [[3403, 3404], [3404]]


async def test_what_is_not_stored_is_asked_for_again() -> None:
    """A store that fails loses no state."""
    bench = Bench()
    bench.door.codes = {3403: 1}
    bench.sink.failures = 1
    bench.asker.expect(open_id())
    async with asking(bench):
        assert await bench.receipts(1) == ["3403"]
    assert bench.door.asked == [[3403], [3403]]


async def test_a_call_that_fails_is_told_and_repeated() -> None:
    """The pause is the same once more: nothing was learnt."""
    bench = Bench(changed(LINK, poll_pauses_s=(0.01,)))
    bench.door.codes = TransportFailed("silence", False)
    bench.asker.expect(open_id())
    async with asking(bench):
        async with asyncio.timeout(60):
            await bench.has_failed.wait()
        bench.door.codes = {3403: 16}
        assert await bench.receipts(1) == ["3403"]
    assert bench.sink.receipts[0].part_state is PartState.REJECTED


async def test_the_first_sweep_asks_for_everything_page_by_page() -> None:
    """However old; what the store's pages hold no ids for is passed over; the next page follows at once."""
    bench = Bench()
    old = NOW - 3 * DAY_MS
    bench.pages = [
        OpenIds(ids=(open_id(2001, taken_at=old), open_id("0A1F")), after=("30", 1, 1_500)),
        OpenIds(ids=(), after=("30", 2, 1_900)),
        OpenIds(ids=(open_id(2002),), after=None),
    ]
    bench.door.codes = {2001: 1, 2002: 2}
    async with asking(bench):
        assert await bench.receipts(2) == ["2001", "2002"]
    assert bench.cursors == [FIRST_PAGE, ("30", 1, 1_500), ("30", 2, 1_900)]
    assert bench.door.asked == [[2001], [2002]]


async def test_later_sweeps_ask_the_old_more_rarely() -> None:
    """Of 24 sweeps an hour-old message is in four, a day-old one in one; a fresh one in all."""
    bench = Bench()
    seen = {0: 0, HOUR_MS: 0, DAY_MS: 0}
    for sweep in range(24):
        bench.asker._sweeps = sweep
        for age_ms in seen:
            seen[age_ms] += bench.asker._is_turn(age_ms)
    assert seen == {0: 24, HOUR_MS: 4, DAY_MS: 1}


async def test_what_the_book_holds_is_not_swept_too() -> None:
    """One question at a time for each message."""
    bench = Bench(changed(LINK, poll_pauses_s=(60,)))
    bench.asker.expect(open_id(2001))
    bench.pages = [OpenIds(ids=(open_id(2001), open_id(2002)), after=None)]
    bench.door.codes = {2002: 1}
    async with asking(bench):
        assert await bench.receipts(1) == ["2002"]
    assert bench.door.asked == [[2002]]


async def _taken(store: SqliteStore, count: int) -> None:
    """Messages that the server took, with ids from 3001 on."""
    step = Step(line="9830003300", text="hi", encoding=Encoding.GSM7, parts=1, price=0, split=SplitMethod.PAYLOAD)
    for number in range(count):
        new = NewMessage(
            account_id=1, recipient=RECIPIENT, plan=(step,), deadline_at=DEADLINE_AT, lane=Lane.NORMAL, source="test"
        )
        accepted = (await store.accept(new, NOW)).message
        claim = Claim(message_id=accepted.id, version=accepted.version, link=LINK.name, owner=1)
        await store.put_on_wire([claim], NOW)
        taken = Outcome(part=1, kind=OutcomeKind.TAKEN, operator_id=str(3001 + number))
        await store.advance(accepted.id, ev.Answered(step=0, try_no=1, outcomes=(taken,)), NOW)


async def test_open_ids_survive_a_restart(tmp_path: Path) -> None:
    """What was taken and has no receipt yet is found in the store, a page at a time, and only for its upstream."""
    path = tmp_path / "payamak.sqlite"
    store = SqliteStore(path)
    line = Line(number="9830003300", links=(LinkUse(link=LINK.name),))
    await store.put_documents([LINK, line, Account(username="shop", lines=(line.number,))], [], NOW)
    await _taken(store, 5)
    await store.close()

    store = SqliteStore(path)
    found: list[str] = []
    after: Cursor | None = FIRST_PAGE
    pages = 0
    while after is not None:
        page = await store.open_operator_ids(LINK.name, after, 2)
        found += [each.operator_id for each in page.ids]
        after = page.after
        pages += 1
    assert (found, pages) == ([str(3001 + number) for number in range(5)], 3)
    assert page.ids[0] == OpenId(operator_id="3005", recipient=RECIPIENT, taken_at=NOW, deadline_at=DEADLINE_AT)
    assert (await store.open_operator_ids("another", FIRST_PAGE, 500)).ids == ()

    door, clock = FakeDoor(), HandClock()
    door.codes = {3001 + number: 1 for number in range(5)}

    class Sink(FakeSink):
        def receipt(self, receipt: ReceiptIn, told: Acknowledge) -> None:
            stored = super().receipt
            store.feed.recorded = lambda ticket, came: stored(receipt, told)
            store.record([Arrival(ticket=1, what=receipt)], NOW + 1)

    bench = Bench()
    asker = Asker(LINK, door, Sink(), store.open_operator_ids, clock, bench.failures.append)
    bench.asker = asker
    bench.sink = asker._sink  # type: ignore[assignment]
    async with asking(bench):
        await bench.receipts(5)
    assert [message.state for message in await store.search(Search())] == [State.DELIVERED] * 5
    assert (await store.open_operator_ids(LINK.name, FIRST_PAGE, 500)).ids == ()
    await store.close()


async def test_a_receipt_that_meets_a_bug_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its call are stored; the third time it is kept as unreadable, and asked for no more."""
    bench = Bench()
    kept: list[Unreadable] = []
    store = bench.sink.receipt

    def clumsy(receipt: ReceiptIn, told: Acknowledge) -> None:
        if receipt.operator_id == "3403":
            raise KeyError(receipt.recipient)
        store(receipt, told)

    async def keep(piece: Unreadable) -> None:
        kept.append(piece)

    monkeypatch.setattr(bench.sink, "receipt", clumsy)
    monkeypatch.setattr(bench.sink, "unreadable", keep)
    bench.door.codes = {3403: 1, 3404: 1}
    wanted = [open_id(3403), open_id(3404)]
    assert [await bench.asker._ask(wanted) for _ in range(3)] == [{"3404"}, {"3404"}, {"3403", "3404"}]
    (piece,) = kept
    assert (piece.kind, piece.error) == ("receipt", "KeyError")
    assert b"3403" in piece.octets
