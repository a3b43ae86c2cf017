"""Campaigns on every store: rows become messages once, money moves to the rial, states go by their table."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from tests.store.world import ALI, DAY, LINE, LINE2, NOW, OWNER, SARA, MakeStore, World, step, taken

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowBar, RowOutcome, fields_of
from payamak.domain.campaigns import (
    Campaign,
    CampaignCancelled,
    CampaignPaused,
    CampaignResumed,
    CampaignStarted,
    CampaignState,
    CheckBegun,
    IllegalCampaignMove,
    OtherSum,
    OtherVersion,
    PauseReason,
    RowsChecked,
    RowsRead,
    TurnCame,
)
from payamak.domain.message import Message, PartState, Reason, State, Step
from payamak.errors import Refused
from payamak.store.base import Store
from payamak.store.records import OptOut, PlannedRow, RowVerdict, UsageSearch

PRICE = 100


def number(n: int) -> str:
    """The recipient of a row."""
    return f"98912{n:07}"


class Bulk:
    """A campaign of `count` rows on a store, in the words of this suite."""

    def __init__(self, world: World, campaign: Campaign) -> None:
        self.world = world
        self.store = world.store
        self.id = campaign.id
        self.seen = campaign

    @classmethod
    async def ready(cls, world: World, count: int = 10, account: str = "shop", **more: object) -> Bulk:
        """Read and checked: all rows would go."""
        draft = Campaign(
            account_id=world.account_id(account),
            name="norooz",
            text="hello",
            columns='["mobile"]',
            ways=(LINE,),
            validity_ms=DAY,
            created_at=world.now,
            **more,  # type: ignore[arg-type]
        )
        campaign = await world.store.create_campaign(draft)
        rows = [CampaignRow(n=n, recipient=number(n), fields=fields_of([number(n)])) for n in range(2, count + 2)]
        await world.store.add_campaign_rows(campaign.id, rows)
        await world.store.happen_to_campaign(campaign.id, RowsRead(count), world.now)
        bulk = cls(world, campaign)
        await bulk.check(count, [])
        return bulk

    async def check(self, pending: int, verdicts: Sequence[RowVerdict]) -> None:
        """A check finds this."""
        begun = await self.store.happen_to_campaign(self.id, CheckBegun(), self.world.now)
        await self.store.set_verdicts(self.id, begun.version, verdicts)
        found = RowsChecked(
            version=begun.version,
            pending=pending,
            excluded=len(verdicts),
            most_rial=pending * PRICE,
            likely_rial=pending * PRICE,
            site_version=self.store.site.version,
            tariffs="{}",
        )
        self.seen = await self.store.happen_to_campaign(self.id, found, self.world.now)

    async def start(self) -> Campaign:
        """Start what was seen."""
        event = CampaignStarted(
            version=self.seen.version, seen_rial=self.seen.most_rial, site_version=self.store.site.version
        )
        return await self.store.happen_to_campaign(self.id, event, self.world.now)

    async def now(self) -> Campaign:
        """As it stands."""
        campaign = await self.store.campaign(self.id)
        assert campaign is not None
        return campaign

    async def feed(self, count: int, *steps: Step, owner: int = OWNER) -> int:
        """The next rows become messages."""
        campaign = await self.now()
        rows = await self.store.campaign_rows(self.id, campaign.fed_to, count, RowOutcome.PENDING)
        planned = [
            PlannedRow(
                n=row.n,
                planned=replace(
                    self.world.new(*(steps or (step(price=PRICE),)), recipient=row.recipient), campaign_id=self.id
                ),
                rial=PRICE,
            )
            for row in rows
        ]
        return await self.store.feed_campaign(self.id, planned, self.world.now, owner)

    async def messages(self) -> list[Message]:
        """Its messages, in the order of the rows."""
        rows = await self.store.campaign_rows(self.id, 0, 10_000, RowOutcome.MADE)
        found = [await self.store.story(row.message_id) for row in rows if row.message_id is not None]
        return [story.message for story in found if story is not None]

    async def proven(self) -> None:
        """Row by row, and the account's books."""
        proof = await self.store.prove_campaign(self.id)
        assert (proof.faults, proof.twice, proof.lost) == ((), 0, 0)
        assert proof.held == proof.charged + proof.released + proof.reserved
        assert [fault for account in (await self.store.prove_ledger()).accounts for fault in account.faults] == []
        await self.world.balance()


async def test_rows_become_messages_in_their_order(world: World) -> None:
    """Each row one message, ids in the order of the file; held money becomes their reservations."""
    before = await world.balance()
    bulk = await Bulk.ready(world)
    await bulk.start()
    held = await world.balance()
    assert (held.available, held.reserved) == (before.available - 1_000, before.reserved + 1_000)
    assert [await bulk.feed(4), await bulk.feed(100), await bulk.feed(100)] == [4, 6, 0]
    messages = await bulk.messages()
    assert [message.recipient for message in messages] == [number(n) for n in range(2, 12)]
    assert [message.id for message in messages] == sorted({message.id for message in messages})
    assert {message.campaign_id for message in messages} == {bulk.id}
    campaign = await bulk.now()
    assert (campaign.pending, campaign.made, campaign.held_rial) == (0, 10, 0)
    assert await world.balance() == held
    await bulk.proven()


async def test_two_starts_are_one(world: World) -> None:
    """Two tabs: the second finds no such move, or another version; money is held once."""
    before = await world.balance()
    bulk = await Bulk.ready(world)
    came = await asyncio.gather(bulk.start(), bulk.start(), return_exceptions=True)
    assert [type(each) for each in came] == [Campaign, IllegalCampaignMove]
    assert (await world.balance()).available == before.available - 1_000


async def test_what_was_not_seen_is_not_started(world: World) -> None:
    """Another sum, another version, another site: refused, and nothing held."""
    bulk = await Bulk.ready(world)
    before = await world.balance()
    event = CampaignStarted(version=bulk.seen.version, seen_rial=1_000, site_version=world.store.site.version)
    for other, error in (
        (replace(event, seen_rial=900), OtherSum),
        (replace(event, version=0), OtherVersion),
        (replace(event, site_version=99_999), OtherVersion),
    ):
        with pytest.raises(error):
            await bulk.store.happen_to_campaign(bulk.id, other, world.now)
    assert (await bulk.now()).state is CampaignState.READY
    assert await world.balance() == before


async def test_too_little_money_holds_nothing(world: World) -> None:
    """14, and the campaign is ready as before."""
    bulk = await Bulk.ready(world, account="bank")
    with pytest.raises(Refused) as refused:
        await bulk.start()
    assert refused.value.code is Code.NO_CREDIT
    assert (await bulk.now()).state is CampaignState.READY
    await bulk.proven()


async def test_rows_that_a_check_leaves_out(world: World) -> None:
    """They are passed by, and counted by why; a later check may find them good again."""
    bulk = await Bulk.ready(world)
    bad = RowVerdict(n=3, why=RowBar.NO_NUMBER.value, code=1)
    await bulk.check(9, [bad])
    assert await bulk.store.row_bars(bulk.id) == {"excluded:no_number:1": 1}
    await bulk.check(10, [RowVerdict(n=3)])
    await bulk.check(9, [bad])
    await bulk.start()
    assert await bulk.feed(100) == 9
    rows = await bulk.store.campaign_rows(bulk.id, 0, 3)
    assert [row.outcome for row in rows] == [RowOutcome.MADE, RowOutcome.EXCLUDED, RowOutcome.MADE]
    await bulk.proven()


async def test_an_earlier_check_counts_no_more(world: World) -> None:
    """Two checks at once: what the first still finds is refused."""
    bulk = await Bulk.ready(world)
    first = await bulk.store.happen_to_campaign(bulk.id, CheckBegun(), world.now)
    second = await bulk.store.happen_to_campaign(bulk.id, CheckBegun(), world.now)
    assert second.version > first.version
    with pytest.raises(OtherVersion):
        await bulk.store.set_verdicts(bulk.id, first.version, [])


async def test_opt_outs_since_the_check(world: World) -> None:
    """They are looked up again as the row is fed: it is left out, or goes by the next line, and the rest comes back."""
    before = await world.balance()
    bulk = await Bulk.ready(world, 3)
    await bulk.start()
    out = OptOut(recipient=number(2), line=LINE, code=33, source="hand", learned_at=NOW, expires_at=None)
    await bulk.store.put_opt_outs([out, replace(out, recipient=number(3))])
    assert await bulk.feed(1) == 1
    assert await bulk.feed(2, step(price=PRICE), step(LINE2, price=40)) == 2
    campaign = await bulk.now()
    assert (campaign.made, campaign.excluded, campaign.held_rial) == (2, 1, 0)
    assert [message.reserved for message in await bulk.messages()] == [40, 100]
    assert (await world.balance()).available == before.available - 140
    await bulk.proven()


async def test_a_row_that_became_dearer_is_refused(world: World) -> None:
    """The site was changed: no row takes more than is left of what is held."""
    bulk = await Bulk.ready(world, 2)
    await bulk.start()
    assert await bulk.feed(2, step(price=150)) == 2
    campaign = await bulk.now()
    assert (campaign.made, campaign.refused, campaign.held_rial) == (1, 1, 0)
    assert await bulk.store.row_bars(bulk.id) == {f"refused:{RowBar.DEARER}:": 1}
    await bulk.proven()


async def test_feeders_that_are_late(world: World) -> None:
    """Rows that are not the next ones, a campaign that is paused, a dead owner's feeder: nothing is changed."""
    bulk = await Bulk.ready(world)
    await bulk.start()
    assert await bulk.feed(3, owner=OWNER + 1) == 3
    assert await bulk.feed(3, owner=OWNER) == 0
    rows = [PlannedRow(n=2, planned=world.new(step(price=PRICE)), rial=PRICE)]
    assert await bulk.store.feed_campaign(bulk.id, rows, world.now, OWNER + 1) == 0
    await bulk.store.happen_to_campaign(bulk.id, CampaignPaused(PauseReason.BY_HAND), world.now)
    assert await bulk.feed(3, owner=OWNER + 1) == 0
    assert (await bulk.now()).made == 3
    await bulk.proven()


async def test_a_pause_stops_what_waits_and_a_resume_lets_it_go(world: World) -> None:
    """Nobody claims what is stopped; then all of it goes, in its order."""
    bulk = await Bulk.ready(world)
    await bulk.start()
    await bulk.feed(6)
    ids = [message.id for message in await bulk.messages()]
    await bulk.store.release(ids, OWNER)
    await bulk.store.happen_to_campaign(bulk.id, CampaignPaused(PauseReason.BY_HAND), world.now)
    assert [await bulk.store.tidy_campaign(bulk.id, world.now, 4) for _ in range(3)] == [4, 2, 0]
    assert {message.reason for message in await bulk.messages()} == {Reason.PAUSED}
    assert (await bulk.store.claim(LINE, [9, 9, 9], world.now + 1, OWNER)).messages == ()
    await bulk.store.happen_to_campaign(bulk.id, CampaignResumed(), world.now)
    assert [await bulk.store.tidy_campaign(bulk.id, world.now, 4) for _ in range(3)] == [4, 2, 0]
    claimed = await bulk.store.claim(LINE, [9, 9, 9], world.now + 1, OWNER)
    assert [message.id for message in claimed.messages] == ids
    await bulk.proven()


async def test_a_cancel_takes_back_what_waits(world: World) -> None:
    """Pending rows are left out, waiting messages come back, all money that nobody needs is free; the rest ends."""
    before = await world.balance()
    bulk = await Bulk.ready(world)
    await bulk.start()
    await bulk.feed(5)
    first = await world.on_wire((await bulk.messages())[0])
    await bulk.store.happen_to_campaign(bulk.id, CampaignCancelled(), world.now)
    assert (await bulk.now()).held_rial == 0
    assert [await bulk.store.tidy_campaign(bulk.id, world.now, 100) for _ in range(2)] == [4, 0]
    assert [each.campaign.id for each in await bulk.store.campaigns_at_work()] == [bulk.id], "one is on the wire"
    await world.answer(first, taken("7"))
    await world.receipt("7", PartState.DELIVERED, recipient=first.recipient)
    assert await bulk.store.campaigns_at_work() == []
    assert (await world.balance()).available == before.available - PRICE
    campaign = await bulk.now()
    assert (campaign.made, campaign.final, campaign.excluded) == (5, 5, 5)
    proof = await bulk.store.prove_campaign(bulk.id)
    assert proof.rows == {"pending": 0, "excluded": 5, "made": 5, "refused": 0}
    await bulk.proven()


async def test_ends_are_counted(world: World) -> None:
    """Final ones, and those that have failed; opt-outs are no failures; at its end it is finished."""
    bulk = await Bulk.ready(world, 3)
    await bulk.start()
    await bulk.feed(3)
    ends = (PartState.DELIVERED, PartState.UNDELIVERABLE, PartState.OPTED_OUT)
    for place, (message, end) in enumerate(zip(await bulk.messages(), ends, strict=True)):
        await world.answer(await world.on_wire(message), taken(f"id-{place}"))
        code = Code.OPTED_OUT_OF_LINE if end is PartState.OPTED_OUT else None
        await world.receipt(f"id-{place}", end, code=code, recipient=message.recipient)
    campaign = await bulk.now()
    assert (campaign.final, campaign.failed) == (3, 1)
    after = await bulk.store.happen_to_campaign(bulk.id, TurnCame(), world.now)
    assert after.state is CampaignState.FINISHED
    (told,) = await bulk.store.usage(UsageSearch(first_day=0, last_day=10**6, campaign=bulk.id))
    assert (told.messages, told.delivered, told.undeliverable, told.rejected) == (3, 1, 1, 1)
    assert (told.charged - told.refunded, told.refunded) == (200, 100)
    audience = await bulk.store.campaign_audience(bulk.id, 0, 10)
    assert [each.state for each in audience] == [State.DELIVERED, State.UNDELIVERABLE, State.REJECTED]
    await bulk.proven()


async def test_a_draft_that_was_not_read_to_its_end(world: World) -> None:
    """It cannot be checked, and so not be started; one that was takes no more rows."""
    draft = Campaign(account_id=1, name="n", text="x", columns="[]", validity_ms=DAY, created_at=world.now)
    campaign = await world.store.create_campaign(draft)
    await world.store.add_campaign_rows(campaign.id, [CampaignRow(n=2, recipient=ALI, fields="[]")])
    with pytest.raises(IllegalCampaignMove):
        await world.store.happen_to_campaign(campaign.id, CheckBegun(), world.now)
    await world.store.happen_to_campaign(campaign.id, RowsRead(1), world.now)
    with pytest.raises(IllegalCampaignMove):
        await world.store.add_campaign_rows(campaign.id, [CampaignRow(n=3, recipient=SARA, fields="[]")])
    with pytest.raises(LookupError):
        await world.store.happen_to_campaign(99, CheckBegun(), world.now)


async def test_what_is_old_goes(world: World) -> None:
    """A draft after thirty days, an ended one with its account's messages, rows first."""
    draft, ended = await Bulk.ready(world, 3), await Bulk.ready(world, 3)
    await ended.start()
    await ended.store.happen_to_campaign(ended.id, CampaignCancelled(), world.now)
    later = world.now + 29 * DAY
    while await world.store.retire(later, 100):
        pass
    assert len(await world.store.campaigns(None, None, 10)) == 2
    while await world.store.retire(later + 2 * DAY, 100):
        pass
    assert await world.store.campaigns(None, None, 10) == []
    assert await world.store.campaign_rows(draft.id, 0, 10) == []


async def test_another_process_sees_the_same(make_store: MakeStore) -> None:
    """A campaign is in the rows: a store that is opened later goes on with it."""
    world = await World(await make_store()).build()
    bulk = await Bulk.ready(world)
    await bulk.start()
    await bulk.feed(4)
    other: Store = await make_store()
    at_work = await other.campaigns_at_work()
    assert [(each.campaign.id, each.campaign.fed_to, each.waiting) for each in at_work] == [(bulk.id, 5, 4)]


async def test_a_copy_that_was_put_back(world: World) -> None:
    """What its campaigns have sent since the copy, nobody knows: they wait for a person, and then go on."""
    bulk = await Bulk.ready(world)
    await bulk.start()
    await bulk.feed(3)
    assert await world.store.settle_mark(world.now, is_restored=True)
    campaign = await bulk.now()
    assert (campaign.state, campaign.reason) == (CampaignState.PAUSED, PauseReason.RESTORED)
    assert await bulk.feed(3) == 0
    await bulk.store.happen_to_campaign(bulk.id, CampaignResumed(), world.now)
    assert await bulk.feed(3) == 3
    await bulk.proven()


async def test_an_account_with_a_campaign_stays(world: World) -> None:
    """It is not removed before its campaigns have ended."""
    bulk = await Bulk.ready(world, 1)
    assert not any("campaign" in bar for bar in (await world.store.holdings("account", "shop")).bars)
    await bulk.start()
    bars = (await world.store.holdings("account", "shop")).bars
    assert any(f"`payamak campaign cancel {bulk.id}` first" in bar for bar in bars)
