"""The feeder by hand: its hours, pace and guard, what stands in its way; the clock is moved, nothing is waited for."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed
from tests.unit.house import HandClock

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.campaign_rows import RowBar, RowOutcome, fields_of
from payamak.domain.campaigns import FIRST_FED, Campaign, CampaignState, PauseReason
from payamak.domain.events import Outcome, OutcomeKind
from payamak.domain.hours import TEHRAN_MS
from payamak.domain.message import Message, PartState, State
from payamak.domain.numbers import RECIPIENT_PREFIXES
from payamak.domain.site import Account, Line, LineKind, Link, LinkUse
from payamak.front.checking import check
from payamak.front.feeder import Feeder
from payamak.hands import campaigns
from payamak.hands.acts import by
from payamak.store.records import By, OptOut
from payamak.store.sqlite.store import SqliteStore

NIGHT, PLAIN, NEXT = "983000100", "983000200", "983000300"
USE = (LinkUse(link="north"),)
LINES = (
    Line(number=NIGHT, links=USE, gsm7_rial=100, ucs2_rial=70, hours="07:00-22:00", footer="لغو۱۱"),
    Line(number=PLAIN, links=USE, gsm7_rial=130, ucs2_rial=60, hours="always"),
    Line(number=NEXT, links=USE, gsm7_rial=210, ucs2_rial=90, kind=LineKind.SERVICE),
)
ACCOUNT = Account(username="shop", lines=(NIGHT, PLAIN, NEXT), default_line=PLAIN)
DAY_MS = 86_400_000


def tehran(hour: int, minute: int) -> int:
    """That time of a day, in Tehran."""
    midnight = int(dt.datetime(2026, 11, 26, tzinfo=dt.UTC).timestamp() * 1_000) - TEHRAN_MS
    return midnight + (hour * 60 + minute) * 60_000


class Desk:
    """A store with a feeder, and a clerk who sends by it."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = HandClock()
        self.clock.now_ms = tehran(12, 0)
        self.told: list[dict[str, object]] = []
        self.feeder = Feeder(
            store, self.clock, lambda event, **more: self.told.append(more), RECIPIENT_PREFIXES, lambda: True
        )

    @property
    def by(self) -> By:
        """The clerk."""
        return by("clerk", "payamak campaign")

    async def open(self, credit: int = 10_000_000) -> Desk:
        """The site, its money, and somebody who delivers."""
        await self.store.take_over(self.clock.now())
        await self.store.put_documents([Link(name="north"), *LINES, ACCOUNT], [], self.clock.now())
        await self.store.credit("shop", credit, "", self.clock.now())
        return self

    async def started(
        self, texts: Sequence[str], ways: tuple[str, ...] = (PLAIN,), send_at: int | None = None, **more: object
    ) -> Campaign:
        """A campaign of these texts to people of their own, checked and started."""
        draft = Campaign(
            account_id=self.store.site.accounts["shop"].id,
            name="norooz",
            text="{text}",
            columns=fields_of(("mobile", "text")),
            ways=ways,
            validity_ms=DAY_MS,
            created_at=self.clock.now(),
            **more,  # type: ignore[arg-type]
        )
        numbers = [f"98912{place:07}" for place in range(len(texts))]
        rows = [
            campaigns.FileRow(line, number, (number, said))
            for line, (number, said) in enumerate(zip(numbers, texts, strict=True), 2)
        ]
        campaign = await campaigns.create(self.store, draft, rows, self.by, self.clock.now())
        campaign = await check(self.store, campaign.id, self.clock.now(), RECIPIENT_PREFIXES)
        started, _ = await campaigns.start(self.store, campaign, self.by, self.clock.now(), send_at=send_at)
        return started

    async def now(self, campaign: Campaign) -> Campaign:
        """As it stands."""
        found = await self.store.campaign(campaign.id)
        assert found is not None
        return found

    async def turns(self, campaign: Campaign, most: int = 1_000) -> Campaign:
        """Let the feeder go round until it has nothing to do at this instant."""
        for _ in range(most):
            if await self.feeder.turn() > 0:
                break
        assert self.feeder.health.trouble is None
        return await self.now(campaign)

    def forward(self, seconds: float) -> None:
        """Time goes on."""
        self.clock.now_ms += round(seconds * 1_000)

    async def messages(self, campaign: Campaign) -> list[Message]:
        """Its messages in the order of the rows."""
        rows = await self.store.campaign_rows(campaign.id, 0, 100_000, RowOutcome.MADE)
        stories = [await self.store.story(row.message_id) for row in rows if row.message_id is not None]
        return [story.message for story in stories if story is not None]

    async def end(self, message: Message, state: PartState) -> None:
        """The operator takes a message, and its receipts say this."""
        now, store = self.clock.now(), self.store
        await store.advance(message.id, ev.OnWire(link="north", owner=store.feed.owner), now)
        parts = range(1, message.current.wire_parts + 1)
        taken = tuple(Outcome(part=part, kind=OutcomeKind.TAKEN, operator_id=f"{message.id}-{part}") for part in parts)
        await store.advance(message.id, ev.Answered(step=message.step, try_no=1, outcomes=taken), now)
        for part in parts:
            await store.advance(message.id, ev.Receipted(step=message.step, part=part, part_state=state), now)

    async def deliver(self, campaign: Campaign) -> None:
        """All that waits of it goes, and arrives."""
        for message in await self.messages(campaign):
            if message.state is State.QUEUED:
                await self.end(message, PartState.DELIVERED)

    async def proven(self, campaign: Campaign) -> None:
        """Row by row, and the books."""
        proof = await self.store.prove_campaign(campaign.id)
        assert (proof.faults, proof.twice, proof.lost) == ((), 0, 0)
        assert proof.held == proof.charged + proof.released + proof.reserved
        assert [fault for each in (await self.store.prove_ledger()).accounts for fault in each.faults] == []


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on a fresh store."""
    store = SqliteStore(tmp_path / "store.sqlite", inline=True)
    yield await Desk(store).open()
    await store.close()


async def test_night(desk: Desk) -> None:
    """Begun at 21:50 it sends until 22:00, and goes on at 07:00 by itself."""
    desk.clock.now_ms = tehran(21, 50)
    campaign = await desk.started(["hello"] * 100, (NIGHT,), pace_per_minute=6)
    while desk.clock.now_ms < tehran(22, 0):
        campaign = await desk.turns(campaign)
        await desk.deliver(campaign)
        desk.forward(10)
    assert campaign.made == 60
    campaign = await desk.turns(campaign)
    assert (campaign.state, campaign.reason, campaign.made) == (CampaignState.PAUSED, PauseReason.WINDOW, 60)
    desk.forward(9 * 3_600 - 1)
    assert (await desk.turns(campaign)).made == 60
    desk.forward(1)
    assert (await desk.turns(campaign)).made > 60
    await desk.proven(campaign)


async def test_pace(desk: Desk) -> None:
    """So many a minute, and no more after a pause than of a second."""
    campaign = await desk.started(["hello"] * 500, pace_per_minute=120)
    for _ in range(100):
        await desk.turns(campaign)
        desk.forward(0.1)
    made = (await desk.now(campaign)).made
    assert 18 <= made <= 22
    desk.forward(60)
    assert (await desk.turns(campaign)).made <= made + 3


async def test_no_more_waits_than_may(desk: Desk) -> None:
    """Half a minute of its pace: what it has made and nobody has taken is all that may wait."""
    campaign = await desk.started(["hello"] * 500, pace_per_minute=60)
    for _ in range(60):
        await desk.turns(campaign)
        desk.forward(1)
    assert (await desk.now(campaign)).made == 30


async def test_the_guard_stops_a_list_of_dead_numbers(desk: Desk) -> None:
    """Receipts at once: the first 200 are judged before any other is fed, and it stops there."""
    campaign = await desk.started(["hello"] * 1_000)
    campaign = await desk.turns(campaign)
    assert campaign.made == FIRST_FED
    for message in (await desk.messages(campaign))[:150]:
        await desk.end(message, PartState.UNDELIVERABLE)
    campaign = await desk.turns(campaign)
    assert (campaign.state, campaign.reason, campaign.made) == (CampaignState.PAUSED, PauseReason.FAILURES, FIRST_FED)
    assert desk.told[-1]["failed"] == 150
    await desk.proven(campaign)


async def test_the_guard_and_late_receipts(desk: Desk) -> None:
    """Ninety seconds late: it feeds on after a minute, and stops at the first judgement after they have come."""
    campaign = await desk.started(["hello"] * 1_000)
    await desk.turns(campaign)
    desk.forward(61)
    campaign = await desk.turns(campaign)
    assert campaign.made == 1_000
    campaign = await desk.started(["hello"] * 3_000)
    await desk.turns(campaign)
    desk.forward(61)
    campaign = await desk.turns(campaign)
    assert campaign.made == 2_000, "no more may wait"
    for message in (await desk.messages(campaign))[:150]:
        await desk.end(message, PartState.UNDELIVERABLE)
    campaign = await desk.turns(campaign)
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, PauseReason.FAILURES)


async def test_what_stands_in_the_way(desk: Desk) -> None:
    """A line that is suspended, an account that is not active: paused until that is over, then on by itself."""
    campaign = await desk.started(["hello"] * 10)
    for document, reason in (
        (changed(LINES[1], is_suspended=True), PauseReason.LINE),
        (changed(desk.store.site.accounts["shop"], is_active=False), PauseReason.ACCOUNT),
    ):
        await desk.store.put_documents([document], [], desk.clock.now())
        campaign = await desk.turns(campaign)
        assert (campaign.state, campaign.reason, campaign.made) == (CampaignState.PAUSED, reason, 0)
        await desk.store.put_documents([LINES[1], desk.store.site.accounts["shop"]], [], desk.clock.now())
        await desk.store.put_documents(
            [changed(desk.store.site.accounts["shop"], is_active=True)], [], desk.clock.now()
        )
    campaign = await desk.turns(campaign)
    assert (campaign.state, campaign.made) == (CampaignState.SENDING, 10)


async def test_later(desk: Desk) -> None:
    """Scheduled, no message exists before its instant; the money is held all the while."""
    campaign = await desk.started(["hello"] * 3, send_at=desk.clock.now() + 60_000)
    assert ((await desk.turns(campaign)).made, campaign.held_rial) == (0, 390)
    desk.forward(60)
    assert (await desk.turns(campaign)).made == 3


async def test_a_pause_while_it_is_fed(desk: Desk) -> None:
    """Pause, resume, pause, resume: no row twice, the messages in the order of the rows, and what waits is stopped."""
    campaign = await desk.started(["hello"] * 150, guard_share=1.0)
    for _ in range(3):
        await desk.feeder.turn()
        await campaigns.pause(desk.store, await desk.now(campaign), desk.by, desk.clock.now())
        waiting = [m for m in await desk.messages(campaign) if m.state is State.QUEUED]
        assert {m.reason.value for m in waiting} == {"paused"}
        campaign = await campaigns.resume(desk.store, await desk.now(campaign), desk.by, desk.clock.now())
        await desk.feeder.turn()
        assert {m.reason.value for m in await desk.messages(campaign)} == {"accepted"}
    campaign = await desk.turns(campaign)
    ids = [message.id for message in await desk.messages(campaign)]
    assert (len(ids), ids) == (150, sorted(set(ids)))
    await desk.proven(campaign)


async def test_a_price_that_changes_changes_nothing(desk: Desk) -> None:
    """The prices of the check hold for the life of the campaign; the next one has the new ones."""
    campaign = await desk.started(["hello"] * 5)
    await desk.store.put_documents([changed(LINES[1], gsm7_rial=999)], [], desk.clock.now())
    campaign = await desk.turns(campaign)
    assert {message.reserved for message in await desk.messages(campaign)} == {130}
    assert (await desk.started(["hello"])).most_rial == 999
    await desk.proven(campaign)


async def test_why_rows_are_left_out(desk: Desk) -> None:
    """Each with its reason: no number, an empty field, a doubled one, an opt-out; and a text that is too long."""
    now = desk.clock.now()
    out = OptOut(recipient="989120000009", line=PLAIN, code=33, source="hand", learned_at=now, expires_at=None)
    await desk.store.put_opt_outs([out])
    draft = Campaign(
        account_id=desk.store.site.accounts["shop"].id,
        name="n",
        text="{text}",
        columns=fields_of(("mobile", "text")),
        validity_ms=DAY_MS,
        created_at=now,
    )
    people = (("0912", "a"), ("09120000001", " "), ("09120000002", "a"), ("989120000002", "a"), ("09120000009", "a"))
    rows = [campaigns.FileRow(n, number, (number, text)) for n, (number, text) in enumerate(people, 2)]
    rows.append(campaigns.FileRow(9, "09120000003", ("09120000003", "آ" * 5_000)))
    campaign = await campaigns.create(desk.store, draft, rows, desk.by, now)
    campaign = await check(desk.store, campaign.id, now, RECIPIENT_PREFIXES)
    assert (campaign.pending, campaign.excluded) == (1, 5)
    assert await desk.store.row_bars(campaign.id) == {
        f"excluded:{RowBar.NO_NUMBER}:1": 1,
        f"excluded:{RowBar.FIELD_EMPTY}:": 1,
        f"excluded:{RowBar.DUPLICATE}:": 1,
        f"excluded:{RowBar.OPTED_OUT}:33": 1,
        f"excluded:{RowBar.NOT_SENDABLE}:{Code.TOO_MANY_PARTS.value}": 1,
    }


WORDS = ("سلام", "hello", "مبارک باد", "€[x]", "بسیار بلند " * 12, "long " * 40, "ێکوردی", "😀")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=40)
WAYS = st.sampled_from([(PLAIN,), (NIGHT,), (PLAIN, NEXT), (NIGHT, NEXT), (NEXT, PLAIN, NIGHT)])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, ways=WAYS, has_opt_outs=st.booleans())
async def test_the_bill(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str],
    ways: tuple[str, ...],
    has_opt_outs: bool,
) -> None:
    """Whatever the fields, footers, fallbacks and languages: the bill is never above what was held; it is the likely
    sum where every first step is taken."""
    store = SqliteStore(tmp_path_factory.mktemp("bill") / "store.sqlite", inline=True)
    desk = await Desk(store).open()
    try:
        campaign = await desk.started(texts, ways, guard_share=1.0)
        assert campaign.held_rial >= campaign.likely_rial
        if has_opt_outs and len(ways) > 1:
            for place in range(0, len(texts), 2):
                learned = OptOut(
                    recipient=f"98912{place:07}",
                    line=ways[0],
                    code=33,
                    source="hand",
                    learned_at=desk.clock.now(),
                    expires_at=None,
                )
                await store.put_opt_outs([learned])
        await desk.turns(campaign)
        for message in await desk.messages(campaign):
            await desk.end(message, PartState.DELIVERED)
        campaign = await desk.turns(campaign)
        assert campaign.state is CampaignState.FINISHED
        proof = await store.prove_campaign(campaign.id)
        assert proof.charged <= proof.held
        if not has_opt_outs or len(ways) == 1:
            assert proof.charged == campaign.likely_rial
        await desk.proven(campaign)
    finally:
        await store.close()
