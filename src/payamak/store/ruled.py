"""The store's protocol over its rules: which rule each method hands to the writer, and which query to a reader.

It knows of no engine. Each engine's store adds how it is opened and read (store/sqlite/store.py).
"""

# size: each method of the protocol, a few lines each; what they do stands in the modules that they call.

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import TypeVar

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowOutcome
from payamak.domain.campaigns import Campaign, CampaignEvent
from payamak.domain.clocks import ClockRecord, Clocks
from payamak.domain.events import Answered, Event
from payamak.domain.message import Lane, Message
from payamak.domain.mo import KeptAs, MoPart, Received
from payamak.domain.moving import Move
from payamak.domain.own_ids import OwnId, OwnIdKind
from payamak.domain.posting import PostState
from payamak.domain.receipts import Cursor, IdReport, OpenIds, ReceiptIn, WaitingReceipt
from payamak.domain.restoring import Restore
from payamak.domain.site import Document, Site
from payamak.domain.states import first_step
from payamak.domain.unreadable import Unreadable
from payamak.domain.webhooks import Notice, NoticeCount, NoticeResult, NoticeSearch, WebhookTarget
from payamak.store.base import ACKNOWLEDGE_WITHIN_S, ANSWER_WITHIN_S
from payamak.store.desk import Desk, Rule
from payamak.store.feed import Change, LocalFeed, WirePlace
from payamak.store.memory import read_site
from payamak.store.queued import NoWriter, Piece, Writer
from payamak.store.reader import Reader, counts
from payamak.store.records import (
    Act,
    Answers,
    Arrival,
    Aside,
    AudienceRow,
    AuditRow,
    AuditSearch,
    Balance,
    Batched,
    By,
    CampaignAtWork,
    CampaignProof,
    Claim,
    Claimed,
    Credited,
    FaultCounts,
    Figures,
    ForeignReceived,
    Holdings,
    LedgerProof,
    MessagePage,
    MovePlan,
    NewMessage,
    OptOut,
    OutboxRow,
    PlannedRow,
    PostResult,
    QueueRow,
    ReceivedSearch,
    RowVerdict,
    Search,
    SiteChange,
    Standing,
    Statement,
    StatusCount,
    Story,
    TakenBack,
    TextReceipts,
    Traffic,
    UsageSearch,
    UsageSum,
)
from payamak.store.ruled_people import RuledPeople
from payamak.store.rules import (
    aside,
    audit,
    batches,
    campaign_proof,
    campaigns,
    clocks,
    hands,
    housekeeping,
    messages,
    money,
    reading,
    receipts,
    received,
    removing,
    restoring,
    usage,
    webhooks,
)
from payamak.store.rules.figures import figures
from payamak.store.rules.proof import prove_ledger
from payamak.store.shares import Urgency
from payamak.store.work import Undo

T = TypeVar("T")

_URGENCY = {Lane.OTP: Urgency.OTP, Lane.NORMAL: Urgency.NORMAL, Lane.BULK: Urgency.BULK}

_SMALL_READ = 500
"""Ids that a query may name and still run on the event loop: about 1 ms."""


class RuledStore:
    """See payamak.store.base.Store for what each method promises; each hands a rule to the engine's writer or reader.

    What only an engine can say stands in its own store: how it is opened, looked through, copied and closed, how its
    mark is kept, and how a query is run (`_read`).
    """

    def __init__(self) -> None:
        self.feed = LocalFeed()
        self.writer: Writer = NoWriter()
        self._site = Site(version=-1)
        self._is_serving = False
        self._retire_from = 0
        self.people = RuledPeople(self)

    def _read(self, query: Callable[[Reader], T], within_s: float | None = None) -> Awaitable[T]:
        """Run a query on one state of the rows. Raises StoreFailed, also when it has no answer in that time."""
        raise NotImplementedError

    @property
    def site(self) -> Site:
        """The latest snapshot of the configuration that a commit or `refresh` has seen."""
        return self._site

    @property
    def trouble(self) -> str | None:
        """See Store.trouble."""
        return self.writer.trouble

    @property
    def backlog(self) -> int:
        """See Store.backlog."""
        return self.writer.backlog

    @property
    def waiting_s(self) -> float:
        """See Store.waiting_s."""
        return self.writer.waiting_s

    async def prove(self) -> None:
        """See Store.prove."""

        async def write(desk: Desk) -> None:
            desk.execute("set_meta", ("proof", 1))

        await self.writer.submit(write)

    def _within(self, seconds: float) -> float | None:
        return seconds if self._is_serving else None

    async def ask(self, query: Callable[[Reader], T], *, is_small: bool) -> T:
        """What a caller's query finds; a small one need not leave the event loop. Raises StoreFailed."""
        return await self._read(query, self._within(ANSWER_WITHIN_S))

    def tell(self, work: Rule[T]) -> Awaitable[T]:
        """Let a caller's piece of work be done, for which nobody waits long."""
        return self.writer.submit(work, within_s=self._within(ANSWER_WITHIN_S))

    # -- the front

    def accept(self, new: NewMessage, now: int, ticket: int | None = None) -> Awaitable[Change]:
        """See Store.accept."""
        place = self._place(new, now)

        def told(change: Change | None) -> None:
            if change is not None and ticket is not None:
                self.feed.kept(ticket, change.message)
            if place is not None and self.feed.places is not None:
                self.feed.places.told(place, None if change is None else change.message)

        return self.writer.submit(
            lambda desk: messages.accept(desk, new, now, place),
            _URGENCY[new.lane],
            None if ticket is None and place is None else told,
            within_s=self._within(ANSWER_WITHIN_S),
            undo=Undo(lambda desk, change: messages.revoke(desk, [change.message.id], now)),
        )

    def _place(self, new: NewMessage, now: int) -> WirePlace | None:
        """Room on the wire for a message that may go at once."""
        if self.feed.places is None or (new.due_at is not None and new.due_at > now):
            return None
        return self.feed.places.take(new.plan[first_step(new.plan) or 0], new.lane, new.recipient)

    def accept_batch(
        self, account_id: int, items: Sequence[NewMessage | Code], own_ids: Sequence[OwnId] | None, now: int
    ) -> Awaitable[list[Batched | Code]]:
        """See Store.accept_batch."""
        return self.writer.submit(
            lambda desk: batches.accept_batch(desk, account_id, items, own_ids, now),
            _URGENCY[batches.lane_of(items)],
            within_s=self._within(ANSWER_WITHIN_S),
            undo=Undo(lambda desk, told: batches.revoke_batch(desk, account_id, own_ids, told, now), batches.ids_told),
        )

    def accept_each(
        self, account_id: int, items: Sequence[NewMessage | Code], now: int, tickets: Sequence[int] = ()
    ) -> Awaitable[list[Message | Code]]:
        """See Store.accept_each."""
        return self.writer.submit(
            lambda desk: batches.accept_each(desk, account_id, items, now),
            _URGENCY[batches.lane_of(items)],
            (lambda told: batches.begin(self.feed, tickets, told or ())) if tickets else None,
            within_s=self._within(ANSWER_WITHIN_S),
            undo=Undo(lambda desk, told: batches.revoke_each(desk, told, now)),
        )

    def outbox(self, account_id: int, kind: OwnIdKind, keys: Sequence[str]) -> Awaitable[dict[str, OutboxRow]]:
        """See Store.outbox."""
        return self._read(lambda db: batches.outbox(db, account_id, kind, keys), self._within(ANSWER_WITHIN_S))

    def available(self, account_id: int) -> Awaitable[int]:
        """See Store.available."""
        return self._read(lambda db: batches.available(db, account_id), self._within(ANSWER_WITHIN_S))

    def standings(self, account_id: int, ids: Sequence[int]) -> Awaitable[dict[int, Standing]]:
        """See Store.standings."""
        return self.ask(lambda db: reading.standings(db, account_id, ids), is_small=len(ids) <= _SMALL_READ)

    # -- the back

    def put_on_wire(self, claims: Sequence[Claim], now: int, *, is_urgent: bool = False) -> Awaitable[list[Change]]:
        """See Store.put_on_wire."""
        urgency = Urgency.CODE if is_urgent else Urgency.RESULT
        return self.writer.submit(lambda desk: messages.put_on_wire(desk, claims, now), urgency)

    def advance(self, message_id: int, event: Event, now: int, version: int | None = None) -> Awaitable[list[Change]]:
        """See Store.advance."""
        return self.writer.submit(lambda desk: receipts.advance(desk, message_id, event, now, version))

    def record(self, arrivals: Sequence[Arrival], now: int) -> None:
        """See Store.record."""
        pieces = [self._piece(arrival, now) for arrival in arrivals]
        self.writer.submit_many(pieces, within_s=self._within(ACKNOWLEDGE_WITHIN_S))

    def _piece(self, arrival: Arrival, now: int) -> Piece:
        """An answer waits for the disk as long as it takes, for nobody says it again; a receipt comes again."""

        def told(came: list[Change] | Exception) -> None:
            self.feed.recorded(arrival.ticket, came)

        what = arrival.what
        if isinstance(what, Answers):
            answers = what
            return Piece(lambda desk: receipts.advance(desk, answers.message_id, answers.event, now), told, True)
        receipt = what
        return Piece(lambda desk: receipts.receive(desk, receipt, now), told, False)

    def receive(self, receipt: ReceiptIn, now: int) -> Awaitable[list[Change]]:
        """See Store.receive."""
        return self.writer.submit(
            lambda desk: receipts.receive(desk, receipt, now), within_s=self._within(ACKNOWLEDGE_WITHIN_S)
        )

    def knows_receipt(self, receipt: ReceiptIn, now: int) -> Awaitable[bool | None]:
        """See Store.knows_receipt."""
        return self.writer.submit(
            lambda desk: receipts.knows(desk, receipt, now), within_s=self._within(ACKNOWLEDGE_WITHIN_S)
        )

    def put_aside(self, message_id: int, error: str, place: str, now: int) -> Awaitable[None]:
        """See Store.put_aside."""
        return self.writer.submit(lambda desk: aside.put_message_aside(desk, message_id, error, place, now))

    def lose_answer(self, piece: Unreadable, event: Answered, now: int) -> Awaitable[None]:
        """See Store.lose_answer."""
        return self.writer.submit(lambda desk: aside.lose_answer(desk, piece, event, now))

    def keep_unreadable(self, piece: Unreadable) -> Awaitable[None]:
        """See Store.keep_unreadable."""
        return self.writer.submit(
            lambda desk: aside.keep_unreadable(desk, piece), within_s=self._within(ACKNOWLEDGE_WITHIN_S)
        )

    def status_counts(self) -> Awaitable[list[StatusCount]]:
        """See Store.status_counts."""
        return self._read(reading.status_counts)

    def fault_counts(self) -> Awaitable[FaultCounts]:
        """See Store.fault_counts."""
        return self._read(aside.fault_counts)

    def aside(self, limit: int) -> Awaitable[list[Aside]]:
        """See Store.aside."""
        return self._read(lambda db: aside.aside_list(db, limit))

    def unreadable(self, piece_id: int | None, limit: int) -> Awaitable[list[Unreadable]]:
        """See Store.unreadable."""
        return self._read(lambda db: aside.unreadable_list(db, piece_id, limit))

    def forget_unreadable(
        self, piece_id: int | None, up_to: int | None = None, act: Act | None = None
    ) -> Awaitable[int]:
        """See Store.forget_unreadable."""
        return self._by_hand(lambda desk: aside.forget_unreadable(desk, piece_id, up_to), act)

    def claim(self, line: str, rooms: Sequence[int], now: int, owner: int) -> Awaitable[Claimed]:
        """See Store.claim."""
        return self.writer.submit(lambda desk: housekeeping.claim(desk, line, rooms, now, owner))

    def last_turn(self, line: str) -> Awaitable[int | None]:
        """See Store.last_turn."""
        return self._read(lambda db: reading.last_turn(db, line))

    def release(self, message_ids: Sequence[int], owner: int) -> Awaitable[None]:
        """See Store.release."""
        return self.writer.submit(lambda desk: housekeeping.release(desk, message_ids, owner))

    async def take_over(self, now: int) -> list[int]:
        """See Store.take_over."""
        owner, before = await self.writer.submit(lambda desk: housekeeping.take_over(desk, now))
        self.feed.owner = owner
        return before

    def recover(self, owner: int, now: int, limit: int) -> Awaitable[int]:
        """See Store.recover."""
        return self.writer.submit(lambda desk: housekeeping.recover(desk, owner, now, limit))

    def sweep(self, now: int, limit: int) -> Awaitable[int]:
        """See Store.sweep."""
        return self.writer.submit(lambda desk: housekeeping.sweep(desk, now, limit))

    async def retire(self, now: int, limit: int) -> int:
        """See Store.retire."""
        start = self._retire_from
        removed, self._retire_from = await self.writer.submit(
            lambda desk: housekeeping.retire(desk, start, now, limit), Urgency.BULK
        )
        return removed

    # -- the clocks

    def clocks(self) -> Awaitable[ClockRecord]:
        """See Store.clocks."""
        return self._read(clocks.kept)

    def keep_clocks(self, known: Clocks, boot_id: int) -> Awaitable[None]:
        """See Store.keep_clocks."""
        return self.writer.submit(lambda desk: clocks.keep(desk, known, boot_id))

    def accept_clock(self, offset: int, boot_id: int, act: Act | None = None) -> Awaitable[None]:
        """See Store.accept_clock."""
        return self._by_hand(lambda desk: clocks.accept(desk, offset, boot_id), act)

    async def set_back(self, by: int, now: int, after_id: int, limit: int) -> int | None:
        """See Store.set_back."""
        if after_id == 0:
            await self.writer.submit(lambda desk: clocks.set_rest_back(desk, by, now))
        ids = await self._read(lambda db: clocks.from_future(db, after_id, now, limit))
        await self.writer.submit(lambda desk: clocks.set_back(desk, ids, by, now), Urgency.BULK)
        return ids[-1] if len(ids) == limit else None

    # -- a copy that was put back

    def hold(self, now: int, limit: int) -> Awaitable[int]:
        """See Store.hold."""
        return self.writer.submit(lambda desk: restoring.hold(desk, now, limit))

    def held_ids(self, *, line: str | None = None, account_id: int | None = None) -> Awaitable[list[int]]:
        """See Store.held_ids."""
        return self._read(lambda db: restoring.held_ids(db, line, account_id))

    def resume_held(
        self, message_ids: Sequence[int], now: int, *, is_moved: bool = False, act: Act | None = None
    ) -> Awaitable[int]:
        """See Store.resume_held."""
        return self._by_hand(lambda desk: restoring.resume(desk, message_ids, now, is_moved=is_moved), act)

    def last_restore(self) -> Awaitable[Restore | None]:
        """See Store.last_restore."""
        return self._read(restoring.last_restore)

    # -- messages from handsets

    def receive_mo(
        self, part: MoPart, session: str, live: Collection[str], now: int, *, is_sure: bool = True
    ) -> Awaitable[KeptAs]:
        """See Store.receive_mo."""
        return self.writer.submit(lambda desk: received.receive_mo(desk, part, session, live, now, is_sure=is_sure))

    def sweep_received(self, now: int, limit: int) -> Awaitable[int]:
        """See Store.sweep_received."""
        return self.writer.submit(lambda desk: received.sweep_received(desk, now, limit))

    def retire_received(self, now: int, limit: int) -> Awaitable[int]:
        """See Store.retire_received."""
        return self.writer.submit(lambda desk: received.retire_received(desk, now, limit), Urgency.BULK)

    def received(
        self, lines: Sequence[str], now: int, *, only_unread: bool = True, limit: int = 1_000, mark_read: bool = False
    ) -> Awaitable[list[Received]]:
        """See Store.received."""
        return self.writer.submit(
            lambda desk: received.read_received(
                desk, lines, only_unread=only_unread, limit=limit, mark_read=mark_read, now=now
            ),
            within_s=self._within(ANSWER_WITHIN_S),
            undo=Undo(lambda desk, read: received.unread(desk, read, now)) if mark_read else None,
        )

    def search_received(self, search: ReceivedSearch) -> Awaitable[list[Received]]:
        """See Store.search_received."""
        return self._read(lambda db: received.search_received(db, search))

    def relay_targets(self) -> Awaitable[list[tuple[str, int]]]:
        """See Store.relay_targets."""
        return self._read(received.relay_targets)

    def relay_due(self, target: str, now: int, limit: int) -> Awaitable[list[Received]]:
        """See Store.relay_due."""
        return self._read(lambda db: received.relay_due(db, target, now, limit))

    def conclude_posts(self, results: Sequence[PostResult], now: int) -> Awaitable[list[Received | None]]:
        """See Store.conclude_posts."""

        async def conclude(desk: Desk) -> list[Received | None]:
            return [await received.conclude_post(desk, result, now) for result in results]

        return self.writer.submit(conclude)

    def replay(self, received_ids: Sequence[int], now: int, act: Act | None = None) -> Awaitable[int]:
        """See Store.replay."""
        return self._by_hand(lambda desk: received.replay(desk, received_ids, now), act)

    def foreign_received(self, since_at: int, limit: int) -> Awaitable[list[ForeignReceived]]:
        """See Store.foreign_received."""
        return self._read(lambda db: received.foreign_received(db, since_at, limit))

    def doubtful_opt_outs(self) -> Awaitable[int]:
        """See Store.doubtful_opt_outs."""
        return self._read(reading.doubtful_opt_outs)

    # -- webhooks

    def webhook_targets(self) -> Awaitable[list[WebhookTarget]]:
        """See Store.webhook_targets."""
        return self._read(webhooks.targets)

    def notices_due(self, account_id: int, now: int, limit: int) -> Awaitable[list[Notice]]:
        """See Store.notices_due."""
        return self._read(lambda db: webhooks.due(db, account_id, now, limit))

    def conclude_notices(self, results: Sequence[NoticeResult], now: int) -> Awaitable[list[bool]]:
        """See Store.conclude_notices."""

        async def conclude(desk: Desk) -> list[bool]:
            return [await webhooks.conclude(desk, result, now) for result in results]

        return self.writer.submit(conclude)

    def search_notices(self, search: NoticeSearch) -> Awaitable[list[Notice]]:
        """See Store.search_notices."""
        return self._read(lambda db: webhooks.search(db, search))

    def notice_ids(self, account_id: int, post: PostState, since_at: int) -> Awaitable[list[tuple[int, int]]]:
        """See Store.notice_ids."""
        return self._read(lambda db: webhooks.ids(db, account_id, post, since_at))

    def replay_notices(self, events: Sequence[tuple[int, int]], now: int, act: Act | None = None) -> Awaitable[int]:
        """See Store.replay_notices."""
        return self._by_hand(lambda desk: webhooks.replay(desk, events, now), act)

    def hurry_notices(self, account_id: int, now: int, limit: int, act: Act | None = None) -> Awaitable[int]:
        """See Store.hurry_notices."""
        return self._by_hand(lambda desk: webhooks.hurry(desk, account_id, now, limit), act)

    def notice_counts(self) -> Awaitable[list[NoticeCount]]:
        """See Store.notice_counts."""
        return self._read(webhooks.counts)

    # -- campaigns

    def create_campaign(self, draft: Campaign, act: Act | None = None) -> Awaitable[Campaign]:
        """See Store.create_campaign."""
        return self._by_hand(lambda desk: campaigns.create(desk, draft), act)

    def add_campaign_rows(self, campaign_id: int, rows: Sequence[CampaignRow]) -> Awaitable[None]:
        """See Store.add_campaign_rows."""
        return self.writer.submit(lambda desk: campaigns.add_rows(desk, campaign_id, rows), Urgency.BULK)

    def happen_to_campaign(
        self, campaign_id: int, event: CampaignEvent, now: int, act: Act | None = None
    ) -> Awaitable[Campaign]:
        """See Store.happen_to_campaign."""
        return self._by_hand(lambda desk: campaigns.happen(desk, campaign_id, event, now), act)

    def set_verdicts(self, campaign_id: int, version: int, verdicts: Sequence[RowVerdict]) -> Awaitable[None]:
        """See Store.set_verdicts."""
        return self.writer.submit(
            lambda desk: campaigns.set_verdicts(desk, campaign_id, version, verdicts), Urgency.BULK
        )

    def feed_campaign(self, campaign_id: int, rows: Sequence[PlannedRow], now: int, owner: int) -> Awaitable[int]:
        """See Store.feed_campaign."""
        return self.writer.submit(lambda desk: campaigns.feed(desk, campaign_id, rows, now, owner), Urgency.BULK)

    def tidy_campaign(self, campaign_id: int, now: int, limit: int) -> Awaitable[int]:
        """See Store.tidy_campaign."""
        return self.writer.submit(lambda desk: campaigns.tidy(desk, campaign_id, now, limit))

    def campaign(self, campaign_id: int) -> Awaitable[Campaign | None]:
        """See Store.campaign."""
        return self._read(lambda db: db.row("campaign", Campaign, (campaign_id,)))

    def campaigns(self, account_id: int | None, before_id: int | None, limit: int) -> Awaitable[list[Campaign]]:
        """See Store.campaigns."""
        return self._read(lambda db: campaigns.listed(db, account_id, before_id, limit))

    def campaigns_at_work(self) -> Awaitable[list[CampaignAtWork]]:
        """See Store.campaigns_at_work."""
        return self._read(campaigns.at_work)

    def campaigns_of_digest(self, campaign: Campaign, since_at: int) -> Awaitable[list[int]]:
        """See Store.campaigns_of_digest."""
        return self._read(lambda db: campaigns.of_digest(db, campaign, since_at))

    def campaign_rows(
        self, campaign_id: int, after_n: int, limit: int, outcome: RowOutcome | None = None
    ) -> Awaitable[list[CampaignRow]]:
        """See Store.campaign_rows."""
        return self._read(lambda db: campaigns.rows_after(db, campaign_id, after_n, limit, outcome))

    def opt_outs_of(self, recipients: Sequence[str], now: int) -> Awaitable[dict[str, dict[str, Code]]]:
        """See Store.opt_outs_of."""
        return self._read(lambda db: messages.known_of_many(db, recipients, now))

    def row_bars(self, campaign_id: int) -> Awaitable[dict[str, int]]:
        """See Store.row_bars."""
        return self._read(lambda db: counts(db, "row_bars", (campaign_id,)))

    def campaign_audience(self, campaign_id: int, after_n: int, limit: int) -> Awaitable[list[AudienceRow]]:
        """See Store.campaign_audience."""
        return self._read(lambda db: campaigns.audience(db, campaign_id, after_n, limit))

    def prove_campaign(self, campaign_id: int) -> Awaitable[CampaignProof]:
        """See Store.prove_campaign."""
        return self._read(lambda db: campaign_proof.prove(db, campaign_id))

    # -- the operator's hands

    def _by_hand(self, work: Rule[T], act: Act | None, urgency: Urgency = Urgency.RESULT) -> Awaitable[T]:
        return self.writer.submit(lambda desk: audit.carry_out(desk, work, act), urgency)

    def enter(self, act: Act) -> Awaitable[None]:
        """See Store.enter."""

        async def write(desk: Desk) -> None:
            audit.enter(desk, act)

        return self.writer.submit(write)

    async def change_site(
        self, work: Callable[[Site], SiteChange], by: By, now: int, expected_version: int | None = None
    ) -> Site:
        """See Store.change_site."""
        done = self.writer.submit(lambda desk: hands.change_site(desk, work, by, now, expected_version))
        return self._newer(await done)

    async def put_documents(self, puts: Sequence[Document], removals: Sequence[tuple[str, str]], now: int) -> Site:
        """See Store.put_documents."""
        return self._newer(await self.writer.submit(lambda desk: housekeeping.put_documents(desk, puts, removals)))

    async def set_password(self, username: str, password_hash: str, version: int, act: Act | None = None) -> Site:
        """See Store.set_password."""
        done = await self.writer.submit(
            lambda desk: batches.set_password(desk, username, password_hash, version, act),
            within_s=self._within(ANSWER_WITHIN_S),
            undo=Undo(batches.take_password_back),
        )
        return self._newer(done.site)

    async def set_intake(self, is_suspended: bool, act: Act | None = None) -> None:
        """See Store.set_intake."""
        await self._by_hand(lambda desk: housekeeping.set_intake(desk, is_suspended), act)
        await self.refresh()

    def credit(
        self,
        username: str,
        amount: int,
        note: str,
        now: int,
        *,
        allow_negative: bool = False,
        act: Act | None = None,
    ) -> Awaitable[int]:
        """See Store.credit."""
        return self.writer.submit(
            lambda desk: money.credit(desk, username, amount, note, now, allow_negative=allow_negative, act=act)
        )

    def credit_once(
        self,
        username: str,
        amount: int,
        reference: str,
        note: str,
        now: int,
        *,
        allow_negative: bool = False,
        act: Act | None = None,
    ) -> Awaitable[Credited]:
        """See Store.credit_once."""
        return self.writer.submit(
            lambda desk: money.credit_once(
                desk, username, amount, reference, note, now, allow_negative=allow_negative, act=act
            )
        )

    def holdings(self, kind: str, name: str) -> Awaitable[Holdings]:
        """See Store.holdings."""
        return self._read(lambda db: removing.holdings(db, kind, name))

    async def put_opt_outs(self, opt_outs: Iterable[OptOut], act: Act | None = None) -> int:
        """See Store.put_opt_outs; in transactions of 1,000, so that a long list holds nobody up."""
        count = 0
        batch: list[OptOut] = []
        for opt_out in opt_outs:
            batch.append(opt_out)
            if len(batch) == 1_000:
                count += await self._import(batch, act)
                batch = []
        return count + await self._import(batch, act)

    def _import(self, batch: list[OptOut], act: Act | None) -> Awaitable[int]:
        return self._by_hand(lambda desk: housekeeping.put_opt_outs(desk, batch), act, Urgency.BULK)

    def forget_opt_outs(self, recipient: str, line: str | None, act: Act | None = None) -> Awaitable[int]:
        """See Store.forget_opt_outs."""
        return self._by_hand(lambda desk: housekeeping.forget_opt_outs(desk, recipient, line), act)

    def waiting_ids(self, *, line: str | None = None, account_id: int | None = None) -> Awaitable[list[int]]:
        """See Store.waiting_ids."""
        return self._read(lambda db: hands.waiting_ids(db, line, account_id))

    def cancel(
        self,
        message_ids: Sequence[int],
        now: int,
        *,
        line: str | None = None,
        account_id: int | None = None,
        act: Act | None = None,
    ) -> Awaitable[TakenBack]:
        """See Store.cancel."""
        return self._by_hand(lambda desk: hands.cancel(desk, message_ids, now, line, account_id), act)

    def plan_move(self, move: Move, now: int) -> Awaitable[MovePlan]:
        """See Store.plan_move."""
        return self._read(lambda db: hands.plan_move(db, move, now))

    def move_messages(self, message_ids: Sequence[int], move: Move, now: int, act: Act | None = None) -> Awaitable[int]:
        """See Store.move_messages."""
        return self._by_hand(lambda desk: hands.move_messages(desk, message_ids, move, now), act)

    def forget_ids(self, upstream: str, act: Act | None = None) -> Awaitable[bool]:
        """See Store.forget_ids."""
        return self._by_hand(lambda desk: receipts.forget_ids(desk, upstream), act)

    # -- reading

    def story(self, message_id: int) -> Awaitable[Story | None]:
        """See Store.story."""
        return self._read(lambda db: reading.story(db, message_id))

    def message_page(self, search: Search) -> Awaitable[MessagePage]:
        """See Store.message_page."""
        return self.ask(lambda db: reading.message_page(db, search), is_small=False)

    def search(self, search: Search) -> Awaitable[list[Message]]:
        """See Store.search."""
        return self._read(lambda db: reading.search(db, search))

    def queue(self) -> Awaitable[list[QueueRow]]:
        """See Store.queue."""
        return self._read(reading.queue)

    def figures(self) -> Awaitable[Figures]:
        """See Store.figures."""
        return self._read(figures)

    def traffic(self, since_at: int, until_at: int) -> Awaitable[list[Traffic]]:
        """See Store.traffic."""
        return self._read(lambda db: reading.traffic(db, since_at, until_at))

    def usage(self, wanted: UsageSearch) -> Awaitable[list[UsageSum]]:
        """See Store.usage."""
        return self._read(lambda db: usage.sums(db, wanted))

    def usage_from(self) -> Awaitable[int]:
        """See Store.usage_from."""
        return self._read(usage.whole_from)

    def statement(self, account_id: int, first_day: int, last_day: int) -> Awaitable[Statement]:
        """See Store.statement."""
        return self._read(lambda db: usage.statement(db, account_id, first_day, last_day))

    def balances(self) -> Awaitable[list[Balance]]:
        """See Store.balances."""
        return self._read(reading.balances)

    def audit(self, search: AuditSearch) -> Awaitable[list[AuditRow]]:
        """See Store.audit."""
        return self._read(lambda db: audit.acts(db, search))

    def prove_ledger(self) -> Awaitable[LedgerProof]:
        """See Store.prove_ledger."""
        return self._read(prove_ledger)

    def opt_outs(self, recipient: str | None, line: str | None, after: str, limit: int) -> Awaitable[list[OptOut]]:
        """See Store.opt_outs."""
        return self._read(lambda db: reading.opt_outs(db, recipient, line, after, limit))

    def unmatched(self, limit: int) -> Awaitable[list[WaitingReceipt]]:
        """See Store.unmatched."""
        return self._read(lambda db: reading.unmatched(db, limit))

    def id_reports(self) -> Awaitable[list[IdReport]]:
        """See Store.id_reports."""
        return self._read(reading.id_reports)

    def receipts_of_texts(self, now: int) -> Awaitable[list[TextReceipts]]:
        """See Store.receipts_of_texts."""
        return self._read(lambda db: reading.receipts_of_texts(db, now))

    def open_operator_ids(self, upstream: str, after: Cursor, limit: int) -> Awaitable[OpenIds]:
        """See Store.open_operator_ids."""
        return self._read(lambda db: reading.open_operator_ids(db, upstream, after, limit))

    async def refresh(self) -> Site:
        """See Store.refresh."""
        return self._newer(await self._read(self._fresh_site))

    def _newer(self, site: Site) -> Site:
        """Keep the later of two snapshots: a slow reader must not undo what a commit has just brought."""
        if site.version > self._site.version:
            self._site = site
        return self._site

    def _fresh_site(self, db: Reader) -> Site:
        return self._site if db.value("meta", ("config_version",)) == self._site.version else read_site(db)
