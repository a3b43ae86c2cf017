"""The Store protocol, by who asks: what may be asked of the durable state, whichever database keeps it.

Every method that changes something returns an awaitable that finishes after the commit, fsync included; when it
raises, nothing was changed. `now` is always a parameter (an instant, ms since 1970 UTC). Methods that change
raise StoreFailed when the disk or the database cannot, after reading back that it did not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from payamak.codes import Code
from payamak.domain.clocks import ClockRecord, Clocks
from payamak.domain.events import Answered, Event
from payamak.domain.message import Message
from payamak.domain.mo import KeptAs, MoPart, Received
from payamak.domain.moving import Move
from payamak.domain.own_ids import OwnId, OwnIdKind
from payamak.domain.posting import PostState
from payamak.domain.receipts import Cursor, IdReport, OpenIds, ReceiptIn, WaitingReceipt
from payamak.domain.restoring import Restore
from payamak.domain.site import Document, Site
from payamak.domain.unreadable import Unreadable
from payamak.domain.webhooks import Notice, NoticeCount, NoticeResult, NoticeSearch, WebhookTarget
from payamak.store.campaigning import Campaigns
from payamak.store.feed import Change, Feed
from payamak.store.people import People
from payamak.store.records import (
    Act,
    Arrival,
    Aside,
    AuditRow,
    AuditSearch,
    Balance,
    Batched,
    By,
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
    PostResult,
    QueueRow,
    ReceivedSearch,
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

ANSWER_WITHIN_S = 1.5
"""How long a caller waits for the disk; then he is told busy (23), and what he asked for is withdrawn or undone."""

ACKNOWLEDGE_WITHIN_S = 3.0
"""How long an operator waits for the disk to keep a receipt; then he is told to bring it again. Response timers begin
at about 5 s."""


class Mode(StrEnum):
    """For what a store is opened: by that it is known what may be written."""

    LOOK = "look"
    """Nothing is written and nothing is brought up to date; what would change something raises StoreFailed."""

    HANDS = "hands"
    """An operator's act beside a server: it writes, and brings nothing up to date but a store that it makes."""

    SERVE = "serve"
    """The one that delivers; the schema is brought up to date."""


class Opened(Protocol):
    """The store as whoever opened it has it. `site` is the latest configuration that this process has seen."""

    @property
    def feed(self) -> Feed:
        """The Feed: it tells of each commit, and has room for so many fresh messages."""
        ...

    @property
    def site(self) -> Site:
        """The configuration, as last seen."""
        ...

    def refresh(self) -> Awaitable[Site]:
        """Look whether another process changed the configuration."""
        ...

    @property
    def trouble(self) -> str | None:
        """The reason why nothing can be stored now, for a person; None if all is well."""
        ...

    async def prove(self) -> None:
        """Write something, so that `trouble` tells the truth also where nobody else writes. Raises StoreFailed."""
        ...

    @property
    def backlog(self) -> int:
        """Pieces of work that wait for a transaction."""
        ...

    @property
    def waiting_s(self) -> float:
        """For how long the oldest accept has waited for a transaction, in seconds; 0 if none waits."""
        ...

    def begin_serving(self) -> None:
        """From here on nobody waits long: for another process, for a disk that does not answer, for a lost file."""
        ...

    def interrupt(self) -> None:
        """End the queries that run, for whoever will not wait for them: they raise StoreFailed."""
        ...

    async def look_through(self, within_s: float) -> list[str]:
        """Look for pages that contradict each other, for so long at most; the tables that were not looked through.

        Raises StoreFailed, with what to do, if there are any.
        """
        ...

    def backup(self, path: str) -> Awaitable[None]:
        """Copy the store to a new file while it is in use. Raises FileExistsError.

        The copy says of itself that it is one: wherever it is served, what waits in it is held.
        """
        ...

    async def close(self) -> None:
        """Finish what is queued, then let go of the file."""
        ...


class Intake(Protocol):
    """What the front asks: to keep what a caller sends, and what became of it."""

    def accept(self, new: NewMessage, now: int, ticket: int | None = None) -> Awaitable[Change]:
        """Keep a fresh message with its reservation, leased to the back if the Feed has room.

        Committed when it returns. Raises Refused with 27/33 (every step is known to be opted out) or 14 (the
        balance does not cover the reservation); then nothing is kept. The watch of `ticket` begins
        before the publication.
        In a server it raises StoreFailed after ANSWER_WITHIN_S at the latest: then the message is not kept, or is
        cancelled before anyone can send it. The same holds for accept_batch, accept_each, received and
        set_password.
        """
        ...

    def accept_batch(
        self, account_id: int, items: Sequence[NewMessage | Code], own_ids: Sequence[OwnId] | None, now: int
    ) -> Awaitable[list[Batched | Code]]:
        """Keep an account's fresh messages in one transaction, all of them or none; what became of each, in order.

        An item that is a code was refused already and keeps its place; one whose recipient has opted out of every step
        gets 27 or 33. `own_ids`: the caller's own id of each item; one that was accepted before in the account, or
        earlier in the call, is not kept again, whether its body is the same or another. Raises Refused with 14 if the
        balance does not cover all that is fresh; then nothing is kept.
        """
        ...

    def accept_each(
        self, account_id: int, items: Sequence[NewMessage | Code], now: int, tickets: Sequence[int] = ()
    ) -> Awaitable[list[Message | Code]]:
        """Keep an account's fresh messages in one transaction, each as `accept` would after the one before it.

        What became of each, in order: an item that is a code was refused already and keeps its place; one that is
        refused now has 27, 33 or 14 there, and the others are kept. `tickets`: none, or one of each item; the
        watches of what is kept begin before the publication.
        """
        ...

    def outbox(self, account_id: int, kind: OwnIdKind, keys: Sequence[str]) -> Awaitable[dict[str, OutboxRow]]:
        """The messages that the account sent under its own ids of a kind, by these; those never taken are left out."""
        ...

    def available(self, account_id: int) -> Awaitable[int]:
        """Rial that the account may spend."""
        ...

    def standings(self, account_id: int, ids: Sequence[int]) -> Awaitable[dict[int, Standing]]:
        """The standings of an account's own messages, by id; ids of others are left out."""
        ...

    def received(
        self, lines: Sequence[str], now: int, *, only_unread: bool = True, limit: int = 1_000, mark_read: bool = False
    ) -> Awaitable[list[Received]]:
        """Messages on these lines (registered spelling), oldest first; marked as read in the same transaction.

        With `only_unread` the oldest unread ones, else the newest; at most 1,000.
        """
        ...

    def set_password(self, username: str, password_hash: str, version: int, act: Act | None = None) -> Awaitable[Site]:
        """Give an account a new web-service password, whatever else of it changes meanwhile.

        `version` is that of the credential in whose name this is done. Raises LookupError if the account is gone or
        has another one by now: under the same name somebody else may have come. `act` as with Hands; a password that
        is taken back, for its owner was told that there is none, is a row of its own.
        """
        ...


class Wire(Protocol):
    """What the back asks on the way of a message to the operator, and of its answers and receipts back."""

    def put_on_wire(self, claims: Sequence[Claim], now: int, *, is_urgent: bool = False) -> Awaitable[list[Change]]:
        """Mark messages as on the wire, before their octets leave. Those that changed meanwhile are left out.

        So are those that another owner holds.

        `is_urgent` goes before all other work: codes are among them.
        """
        ...

    def advance(self, message_id: int, event: Event, now: int, version: int | None = None) -> Awaitable[list[Change]]:
        """Let `event` happen; with `version`, only if the message still has it. Empty if it does not exist.

        Raises IllegalMove if the table of states has no such move. More than one change comes back when early
        receipts were waiting for the answer.
        """
        ...

    def record(self, arrivals: Sequence[Arrival], now: int) -> None:
        """Let what has come happen in this order, each as by `advance` or `receive`; a fault of one is its own alone.

        Handed over in one call, for each call wakes the store up. `feed.recorded` is told what became of each.
        """
        ...

    def receive(self, receipt: ReceiptIn, now: int) -> Awaitable[list[Change]]:
        """Keep a receipt and let it act on its message. Committed when it returns, matched or not.

        In a server it raises StoreFailed after ACKNOWLEDGE_WITHIN_S; the receipt may be kept all the same, and the
        one that the operator brings again is a second one.
        """
        ...

    def knows_receipt(self, receipt: ReceiptIn, now: int) -> Awaitable[bool | None]:
        """True if a text that looks like a receipt names a part of ours; None if an answer to come may name it."""
        ...

    def claim(self, line: str, rooms: Sequence[int], now: int, owner: int) -> Awaitable[Claimed]:
        """Lease due messages of a line to an owner: up to `rooms[lane]` of a class, its accounts in turn."""
        ...

    def last_turn(self, line: str) -> Awaitable[int | None]:
        """The latest instant for which a message of a paced line waits; None if none does."""
        ...

    def release(self, message_ids: Sequence[int], owner: int) -> Awaitable[None]:
        """Give an owner's leases back unchanged; what is another's stays so."""
        ...

    def put_aside(self, message_id: int, error: str, place: str, now: int) -> Awaitable[None]:
        """A waiting message that nobody can take, by a bug of ours: given back, due again later, shown (P2)."""
        ...

    def lose_answer(self, piece: Unreadable, event: Answered, now: int) -> Awaitable[None]:
        """An answer that cannot be stored is kept as unreadable, and its attempt is ambiguous, in one transaction."""
        ...

    def keep_unreadable(self, piece: Unreadable) -> Awaitable[None]:
        """Keep what could not be handled, before it is acknowledged."""
        ...

    def open_operator_ids(self, upstream: str, after: Cursor, limit: int) -> Awaitable[OpenIds]:
        """Ids that an upstream of states has to ask for: of up to `limit` messages, from FIRST_PAGE on."""
        ...


class Chores(Protocol):
    """What goes on whether anybody asks or not: after a death, by the clocks, by age, after a restore."""

    def take_over(self, now: int) -> Awaitable[list[int]]:
        """At start: deliver from here on as a new owner (`feed.owner`), whose number is greater than all before it.

        The owners before it that have not been ended: on one node all of them are dead.
        """
        ...

    def recover(self, owner: int, now: int, limit: int) -> Awaitable[int]:
        """End the leases of an owner that is dead, call what it had on the wire ambiguous; how many (0 = done)."""
        ...

    def sweep(self, now: int, limit: int) -> Awaitable[int]:
        """Expire what is past its deadline or its receipt's (P7), forget old opt-outs; how many were touched."""
        ...

    def retire(self, now: int, limit: int) -> Awaitable[int]:
        """Remove up to `limit` final messages that are older than their account keeps them."""
        ...

    def sweep_received(self, now: int, limit: int) -> Awaitable[int]:
        """Make messages of parts that waited too long for the others, forget old parts; how many were touched."""
        ...

    def retire_received(self, now: int, limit: int) -> Awaitable[int]:
        """Remove up to `limit` messages from handsets of each line that are older than it keeps them; how many."""
        ...

    def clocks(self) -> Awaitable[ClockRecord]:
        """The clocks as the last process that served has left them."""
        ...

    def keep_clocks(self, known: Clocks, boot_id: int) -> Awaitable[None]:
        """Remember what is known of the clocks, on the boot clock of this id."""
        ...

    def set_back(self, by: int, now: int, after_id: int, limit: int) -> Awaitable[int | None]:
        """`now` fell by so much: set back what up to `limit` messages after an id have from the future, and, from 0 on,
        all that is no message. The id to go on from; None: all of it is set back."""
        ...

    def settle_mark(self, now: int, *, is_restored: bool = False, ids_above: int = 0) -> Awaitable[bool]:
        """At start: compare the store's mark with the one beside it, and draw another.

        True if the store is, or may be, a copy that was put back (or is said to be: `is_restored`): that is noted, ids
        go on above all that may have been given since (and above `ids_above`), and `hold` has work. Raises StoreFailed.
        """
        ...

    def hold(self, now: int, limit: int) -> Awaitable[int]:
        """After such a note, before anything is taken: hold what waits or was on the wire; how many (0 = all are)."""
        ...

    def keep_mark(self, now: int, *, is_needed: bool = False) -> Awaitable[None]:
        """Draw another mark if anything was committed since the last one, or if that `is_needed`, in store and file.

        Raises StoreFailed; the next call goes on where this one failed.
        """
        ...

    def last_restore(self) -> Awaitable[Restore | None]:
        """The last time that the store was held to be a copy that was put back; None if it never was."""
        ...

    def fault_counts(self) -> Awaitable[FaultCounts]:
        """The numbers of rows aside and of unreadable pieces."""
        ...

    def figures(self) -> Awaitable[Figures]:
        """The figures that the metrics tell of the store, in one snapshot. They cost what waits, not what is kept."""
        ...


class Inbox(Protocol):
    """What the back asks for messages from handsets (MO)."""

    def receive_mo(
        self, part: MoPart, session: str, live: Collection[str], now: int, *, is_sure: bool = True
    ) -> Awaitable[KeptAs]:
        """Keep a part, and with the last one its message, its place among the posts and what its words ask for.

        `session` is the bind that brought it, `live` the binds that are up: a message of one part that is there already
        counts as repeated only if the bind that brought it is not among them. What another bind among them has brought
        is DOUBTFUL, and not kept, unless the caller `is_sure` that this bind is up.
        """
        ...


class Posts(Protocol):
    """What is posted to customers: of messages from handsets, and of each change of state."""

    def relay_targets(self) -> Awaitable[list[tuple[str, int]]]:
        """The targets of the relay's queues, each with the instant at which its first post is due."""
        ...

    def relay_due(self, target: str, now: int, limit: int) -> Awaitable[list[Received]]:
        """The messages from handsets that may be posted to a target now: of each sender the first that waits."""
        ...

    def conclude_posts(self, results: Sequence[PostResult], now: int) -> Awaitable[list[Received | None]]:
        """Store what came of posts, and accept the answers to the handsets, in one transaction.

        None, with nothing changed, for a message that does not wait any more. An answer that is refused is noted.
        """
        ...

    def webhook_targets(self) -> Awaitable[list[WebhookTarget]]:
        """The accounts that a notice waits for, each with the instant at which the first one is due."""
        ...

    def notices_due(self, account_id: int, now: int, limit: int) -> Awaitable[list[Notice]]:
        """The notices that may be posted for an account now: of each message the first that waits."""
        ...

    def conclude_notices(self, results: Sequence[NoticeResult], now: int) -> Awaitable[list[bool]]:
        """Store what came of posts, in one transaction. False, with nothing changed, for one that waits no more."""
        ...

    def notice_counts(self) -> Awaitable[list[NoticeCount]]:
        """The numbers of notices that have not arrived, by account."""
        ...


class Hands(Protocol):
    """What an operator does by hand.

    `act` says whose it is and upon what: its row in the audit is written by the same transaction, if that changes
    anything. None is nobody's act: a program that builds a store of its own.
    """

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
        """Add rial to an account (below zero: take away); the new balance. Raises LookupError.

        Raises ValueError, with nothing changed, if the balance would fall below zero, unless that is meant, or the
        amount is beyond what any account has.
        """
        ...

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
        """The same under a reference of whoever pays: what was entered under it before is not entered again.

        Raises ValueError, with nothing changed, also if another amount was entered under it, or for an amount of 0.
        """
        ...

    def put_opt_outs(self, opt_outs: Iterable[OptOut], act: Act | None = None) -> Awaitable[int]:
        """Import or add opt-outs; how many were given."""
        ...

    def forget_opt_outs(self, recipient: str, line: str | None, act: Act | None = None) -> Awaitable[int]:
        """Forget what is known of a recipient, on one line or on all; how many there were."""
        ...

    def cancel(
        self,
        message_ids: Sequence[int],
        now: int,
        *,
        line: str | None = None,
        account_id: int | None = None,
        act: Act | None = None,
    ) -> Awaitable[TakenBack]:
        """Take waiting messages back; with `line` only those that still stand on it.

        With `account_id` what is another's is left as if it were not there.
        """
        ...

    def move_messages(self, message_ids: Sequence[int], move: Move, now: int, act: Act | None = None) -> Awaitable[int]:
        """Move those of the messages that still wait on the source and may go; how many did. Raises as `plan_move`."""
        ...

    def resume_held(
        self, message_ids: Sequence[int], now: int, *, is_moved: bool = False, act: Act | None = None
    ) -> Awaitable[int]:
        """Let those of the messages that are still held go; how many. With none, close the restore if nothing is held.

        `is_moved`: the store is no copy, it only came without its mark; so nothing can have been sent twice. Raises
        ValueError with what to do if it is one, by its own word or a person's.
        """
        ...

    def replay(self, received_ids: Sequence[int], now: int, act: Act | None = None) -> Awaitable[int]:
        """Let messages be posted once more; how many of them have a target and did not wait already."""
        ...

    def replay_notices(self, events: Sequence[tuple[int, int]], now: int, act: Act | None = None) -> Awaitable[int]:
        """Let notices (message, sequence) be posted once more; how many of them there are that did not wait."""
        ...

    def hurry_notices(self, account_id: int, now: int, limit: int, act: Act | None = None) -> Awaitable[int]:
        """Let up to `limit` notices of an account whose pause is not over be due now; how many."""
        ...

    def forget_ids(self, upstream: str, act: Act | None = None) -> Awaitable[bool]:
        """Forget what was learned of an upstream's ids; whether there was anything."""
        ...

    def forget_unreadable(
        self, piece_id: int | None, up_to: int | None = None, act: Act | None = None
    ) -> Awaitable[int]:
        """A person has seen one, or all up to the newest that he was shown; how many went."""
        ...


class SiteHands(Protocol):
    """What an operator does with the site and with the gateway itself."""

    def change_site(
        self, work: Callable[[Site], SiteChange], by: By, now: int, expected_version: int | None = None
    ) -> Awaitable[Site]:
        """Change the configuration by what `work` says of it, in one transaction that also reads it; by whom.

        Raises what `work` raises, and ValueError as `put_documents`, or if the site has another version by now than
        the expected one; then nothing changes. Each document that is put or removed is a row of the audit.
        """
        ...

    def put_documents(self, puts: Sequence[Document], removals: Sequence[tuple[str, str]], now: int) -> Awaitable[Site]:
        """Change the configuration in one transaction. Raises ValueError with all faults; then nothing changes.

        What has money or messages is not removed (`holdings`).
        """
        ...

    def set_intake(self, is_suspended: bool, act: Act | None = None) -> Awaitable[None]:
        """Suspend or resume the intake by hand."""
        ...

    def accept_clock(self, offset: int, boot_id: int, act: Act | None = None) -> Awaitable[None]:
        """A person says that the wall clock is right while it is so far from that boot clock."""
        ...

    def enter(self, act: Act) -> Awaitable[None]:
        """Enter an act in the audit whose work is not one of these: a restore, a new schema."""
        ...


class Panels(Protocol):
    """What the panel asks beside what the others do."""

    @property
    def people(self) -> People:
        """Users, their sessions and views."""
        ...

    def message_page(self, search: Search) -> Awaitable[MessagePage]:
        """A page of an account's messages, the newest first; it looks through so many at most, and says how far."""
        ...


class Looks(Protocol):
    """What an operator looks at, or is shown before he agrees to an act."""

    def story(self, message_id: int) -> Awaitable[Story | None]:
        """Everything known of a message."""
        ...

    def search(self, search: Search) -> Awaitable[list[Message]]:
        """Messages, newest first."""
        ...

    def queue(self) -> Awaitable[list[QueueRow]]:
        """Messages that wait or are under way, counted by line, class, state and reason."""
        ...

    def traffic(self, since_at: int, until_at: int) -> Awaitable[list[Traffic]]:
        """Parts of the messages accepted from one instant to before another, counted by line and upstream."""
        ...

    def balances(self) -> Awaitable[list[Balance]]:
        """Every account's purses, counted three ways."""
        ...

    def prove_ledger(self) -> Awaitable[LedgerProof]:
        """Count every account's money from the entries alone and compare all that is kept with it (P5)."""
        ...

    def opt_outs(self, recipient: str | None, line: str | None, after: str, limit: int) -> Awaitable[list[OptOut]]:
        """A page of the opt-out list."""
        ...

    def search_received(self, search: ReceivedSearch) -> Awaitable[list[Received]]:
        """Messages from handsets, newest first."""
        ...

    def search_notices(self, search: NoticeSearch) -> Awaitable[list[Notice]]:
        """Notices, newest message first."""
        ...

    def notice_ids(self, account_id: int, post: PostState, since_at: int) -> Awaitable[list[tuple[int, int]]]:
        """Notices (message, sequence) of an account that stand so, of changes at or after an instant; in no order."""
        ...

    def holdings(self, kind: str, name: str) -> Awaitable[Holdings]:
        """Bars of the removal of a document, and notes for a person who removes it."""
        ...

    def waiting_ids(self, *, line: str | None = None, account_id: int | None = None) -> Awaitable[list[int]]:
        """Ids of all that waits on a line (registered spelling), or of an account, for an act of an operator."""
        ...

    def held_ids(self, *, line: str | None = None, account_id: int | None = None) -> Awaitable[list[int]]:
        """Ids of the messages that are held after a restore, of a line, an account, or all."""
        ...

    def plan_move(self, move: Move, now: int) -> Awaitable[MovePlan]:
        """The messages that a move is about, and those that may not go by the target's rules; nothing is changed.

        Raises LookupError if the target is not configured, ValueError if both are the same line.
        """
        ...

    def unmatched(self, limit: int) -> Awaitable[list[WaitingReceipt]]:
        """Receipts that belong to no known message, newest first."""
        ...


class Sums(Protocol):
    """What a customer is billed by, and what the house counts: sums of days, whatever became of the messages."""

    def usage(self, wanted: UsageSearch) -> Awaitable[list[UsageSum]]:
        """The sums of some days. No message is looked at: what was removed is in them."""
        ...

    def usage_from(self) -> Awaitable[int]:
        """The first day of which the sums know everything: what an older version had removed is in none."""
        ...

    def statement(self, account_id: int, first_day: int, last_day: int) -> Awaitable[Statement]:
        """The money of an account over some days, by the same sums."""
        ...


class Findings(Protocol):
    """What the doctor asks: what is odd, and since when."""

    def audit(self, search: AuditSearch) -> Awaitable[list[AuditRow]]:
        """Rows of the audit, the latest first; kept for a year."""
        ...

    def id_reports(self) -> Awaitable[list[IdReport]]:
        """Each upstream's habit of ids, and how many of its receipts wait."""
        ...

    def receipts_of_texts(self, now: int) -> Awaitable[list[TextReceipts]]:
        """Of the newest messages the long texts, by link, whose receipts are not a few minutes old, counted."""
        ...

    def status_counts(self) -> Awaitable[list[StatusCount]]:
        """Numbers of answers with each command_status of each link's operator, of the newest answers of all."""
        ...

    def aside(self, limit: int) -> Awaitable[list[Aside]]:
        """Rows that are put aside, the latest failure first."""
        ...

    def unreadable(self, piece_id: int | None, limit: int) -> Awaitable[list[Unreadable]]:
        """Unreadable pieces, the latest first; or one of them."""
        ...

    def foreign_received(self, since_at: int, limit: int) -> Awaitable[list[ForeignReceived]]:
        """Messages of handsets since then by links that do not count for their line, counted, the most first."""
        ...

    def doubtful_opt_outs(self) -> Awaitable[int]:
        """The number of opt-outs in force that such messages asked for."""
        ...


class Store(
    Opened, Intake, Wire, Chores, Inbox, Posts, Campaigns, Hands, SiteHands, Looks, Sums, Panels, Findings, Protocol
):
    """Durable state, all that anybody asks of it."""
