"""What the store answers to those who look: stories, queues, purses and books, and what they may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.campaigns import Campaign
from payamak.domain.events import Answered
from payamak.domain.message import Lane, Message, Reason, State, Step
from payamak.domain.posting import PostState
from payamak.domain.receipts import ReceiptIn
from payamak.domain.restoring import Restore
from payamak.domain.site import Document
from payamak.domain.usage import UsageBy
from payamak.domain.webhooks import Notice


class StatusCount(Struct, frozen=True, kw_only=True):
    """How many of the newest answers of a link had this command_status (SMPP 3.4 §5.1.3)."""

    link: str
    status: int
    count: int


class PartRecord(Struct, frozen=True, kw_only=True):
    """One attempt at one part, as `show` tells it."""

    step: int
    try_no: int
    part: int
    link: str
    upstream: str
    on_wire_at: int
    answer: str | None
    status: int | None
    code: int | None
    operator_id: str | None
    answered_at: int | None
    receipt: str | None
    receipt_stat: str | None
    receipt_err: str | None
    receipt_at: int | None


class Aside(Struct, frozen=True, kw_only=True):
    """A row whose handling failed by a bug of ours (store/rules/aside.py): work, row, what, where, until when."""

    work: str
    key: str
    error: str
    place: str
    first_at: int
    last_at: int
    times: int
    again_at: int


class FaultCounts(Struct, frozen=True, kw_only=True):
    """How many rows are aside, how many pieces are unreadable, and how many have ever been."""

    aside: int = 0
    unreadable: int = 0
    unreadable_ever: int = 0


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger: `amount` rial from the purse `source` to the purse `target`."""

    at: int
    kind: str
    source: str
    target: str
    amount: int
    note: str | None


class FurtherReceipt(Struct, frozen=True, kw_only=True):
    """A receipt beyond the first of a part: early, repeated, late."""

    received_at: int
    link: str
    operator_id: str
    stat: str
    err: str | None
    standing: str


class Story(Struct, frozen=True, kw_only=True):
    """Everything that is known of one message."""

    message: Message
    parts: tuple[PartRecord, ...]
    entries: tuple[Entry, ...]
    receipts: tuple[FurtherReceipt, ...]
    notices: tuple[Notice, ...] = ()


class QueueRow(Struct, frozen=True, kw_only=True):
    """How many messages wait or are under way, and why."""

    line: str
    lane: int
    state: State
    reason: Reason
    count: int
    next_due_at: int
    oldest_accepted_at: int


class WaitingCount(Struct, frozen=True, kw_only=True):
    """How many messages wait on a line, of one class and for one reason, and when the oldest of them was accepted."""

    line: str
    lane: Lane
    reason: str
    count: int
    oldest_accepted_at: int


class Purses(Struct, frozen=True, kw_only=True):
    """What an account has, in rial."""

    username: str
    available: int
    reserved: int


class RelayQueue(Struct, frozen=True, kw_only=True):
    """How many messages from handsets wait to be posted, since when the oldest of them, and how many were given up."""

    waiting: int
    oldest_at: int | None
    dead: int


class Figures(Struct, frozen=True, kw_only=True):
    """What the metrics tell of the store; `unmatched` receipts by upstream."""

    waiting: tuple[WaitingCount, ...] = ()
    purses: tuple[Purses, ...] = ()
    unmatched: dict[str, int] = {}
    relay: RelayQueue = RelayQueue(waiting=0, oldest_at=None, dead=0)


class Traffic(Struct, frozen=True, kw_only=True):
    """Parts that a line has sent by an upstream; `copies` went after a try whose answer was lost by then (P3)."""

    line: str
    upstream: str
    parts: int
    taken: int
    delivered: int
    copies: int


class MovePlan(Struct, frozen=True, kw_only=True):
    """Which waiting messages of a line may go by another, and how many may not, by why (domain/moving.py: Bar)."""

    ids: tuple[int, ...]
    skipped: dict[str, int]


class TakenBack(Struct, frozen=True, kw_only=True):
    """What was taken back, and what was left, for it does not wait (any more): its state, None if it is not there."""

    done: tuple[int, ...]
    left: dict[int, State | None]


class Credited(Struct, frozen=True, kw_only=True):
    """What came of money that was entered under a reference; `entered_at` is earlier where it had been before."""

    available: int
    entered_at: int
    is_repeated: bool


class By(Struct, frozen=True, kw_only=True):
    """Who acts, by which command, and why; `act` is drawn for each act, and all its transactions share it.

    `who` is a user of the machine (`omid as payamak`), `command` its words without what they are about.
    """

    who: str
    command: str
    act: int
    reason: str = ""


class Act(Struct, frozen=True, kw_only=True):
    """An act for the audit, as far as it is about one thing: what was done to it, when, how it was and how it is.

    All of it is for people; never a secret, a message's text or a handset's whole number.
    """

    by: By
    at: int
    what: str
    about: str
    before: str = ""
    after: str = ""


class AuditRow(Struct, frozen=True, kw_only=True):
    """A row of the audit: an act upon one thing; `count` is of how many messages, events or entries it was."""

    id: int
    at: int
    act: int
    who: str
    command: str
    reason: str
    what: str
    about: str
    before: str
    after: str
    count: int


class AuditSearch(Struct, frozen=True, kw_only=True):
    """Which rows of the audit to list; None means any, `about` is a part of it. `before_id` pages backwards."""

    who: str | None = None
    about: str | None = None
    since_at: int | None = None
    until_at: int | None = None
    before_id: int | None = None
    limit: int = 50


class SiteChange(Struct, frozen=True, kw_only=True):
    """What a change of the site puts and removes (kind and name)."""

    puts: tuple[Document, ...] = ()
    removals: tuple[tuple[str, str], ...] = ()


class PutBack(Struct, frozen=True, kw_only=True):
    """A restore: in which file, what was noted of it, how many opt-outs were put in, which files were moved aside."""

    store: str
    noted: Restore
    opt_outs: int
    aside: tuple[str, ...]


class Holdings(Struct, frozen=True, kw_only=True):
    """Why a document may not be removed, each with what to do first; and what its removal brings, for whoever asks."""

    bars: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Balance(Struct, frozen=True, kw_only=True):
    """An account's purses, as kept and as the ledger's entries and the open messages, with what is held for campaigns,
    count them."""

    account_id: int
    username: str
    available: int
    reserved: int
    available_by_entries: int
    reserved_by_entries: int
    reserved_by_messages: int

    @property
    def drift_rial(self) -> int:
        """By how much the purses differ from the entries and from the open messages; 0 when all agree (P5)."""
        return (
            abs(self.available - self.available_by_entries)
            + abs(self.reserved - self.reserved_by_entries)
            + abs(self.reserved - self.reserved_by_messages)
        )

    @property
    def is_balanced(self) -> bool:
        """True when all three counts agree."""
        return not self.drift_rial


class UsageSearch(Struct, frozen=True, kw_only=True):
    """The sums of the days from the first to the last (domain/usage.py), told apart by what is asked for."""

    first_day: int
    last_day: int
    account_id: int | None = None
    campaign: int | None = None
    by: tuple[UsageBy, ...] = ()


class UsageSum(Struct, frozen=True, kw_only=True):
    """Messages that ended, how, and their parts; parts that were charged and paid back, and the rial.

    None: not told apart by it. `untold` went by links that give no receipts. A correction may leave less than nothing
    of a day: what was unknown on one is delivered on the next.
    """

    day: int | None = None
    account_id: int | None = None
    line: str | None = None
    encoding: str | None = None
    source: str | None = None
    campaign: int | None = None
    first_operator: str | None = None
    messages: int = 0
    parts: int = 0
    delivered: int = 0
    undeliverable: int = 0
    rejected: int = 0
    expired: int = 0
    cancelled: int = 0
    unknown: int = 0
    untold: int = 0
    charged_parts: int = 0
    charged: int = 0
    refunded_parts: int = 0
    refunded: int = 0


class Credit(Struct, frozen=True, kw_only=True):
    """Money that was paid in to an account, or back (below zero): when, how many rial, why, under which reference."""

    at: int
    rial: int
    note: str
    reference: str


class Statement(Struct, frozen=True, kw_only=True):
    """The money of an account over some days, by sums alone: what it had, what came of it, what it had then.

    What is set aside for messages under way is still its own.

    `sums` are by day, line and language. `whole_from`: the first day of which the sums know everything.
    """

    first_day: int
    last_day: int
    opening: int
    credits: tuple[Credit, ...]
    sums: tuple[UsageSum, ...]
    closing: int
    whole_from: int

    @property
    def paid_in(self) -> int:
        """What was paid in, less what was paid back from outside."""
        return sum(each.rial for each in self.credits)

    @property
    def charged(self) -> int:
        """What was charged, refunds not counted."""
        return sum(each.charged for each in self.sums)

    @property
    def refunded(self) -> int:
        """What of it, or of what was charged before, came back."""
        return sum(each.refunded for each in self.sums)

    @property
    def by_line(self) -> tuple[UsageSum, ...]:
        """All days together, by line and language."""
        return _added(self.sums, lambda each: UsageSum(line=each.line, encoding=each.encoding))

    @property
    def by_day(self) -> tuple[UsageSum, ...]:
        """All lines together, day by day."""
        return _added(self.sums, lambda each: UsageSum(day=each.day))


_COUNTS: Final = tuple(name for name in UsageSum.__struct_fields__ if UsageSum.__annotations__[name] == "int")


def _added(sums: Iterable[UsageSum], alike: Callable[[UsageSum], UsageSum]) -> tuple[UsageSum, ...]:
    """The sums of those that are alike, in the order in which the first of each comes."""
    found: dict[UsageSum, UsageSum] = {}
    for each in sums:
        key = alike(each)
        before = found.get(key, key)
        found[key] = replace(before, **{name: getattr(before, name) + getattr(each, name) for name in _COUNTS})
    return tuple(found.values())


class ProvenAccount(Struct, frozen=True, kw_only=True):
    """An account's money as its entries tell it: what was paid in is charged, set aside, or left. In rial.

    `faults` says, a sentence each, where what the store works with differs from the entries; empty: it is proven.
    """

    account_id: int
    username: str
    paid_in: int
    charged: int
    reserved: int
    available: int
    faults: tuple[str, ...]


class LedgerProof(Struct, frozen=True, kw_only=True):
    """The proof of every account, and how much was counted for it."""

    accounts: tuple[ProvenAccount, ...]
    entries: int
    messages: int


class Search(Struct, frozen=True, kw_only=True):
    """Which messages to list; None means any. `before_id` pages backwards."""

    account_id: int | None = None
    recipient: str | None = None
    line: str | None = None
    state: State | None = None
    since_at: int | None = None
    until_at: int | None = None
    before_id: int | None = None
    limit: int = 50


class MessagePage(Struct, frozen=True, kw_only=True):
    """A page of messages, newest first.

    `before_id` is where the next one goes on; None: there is none. `looked_to_at`: the page ends there because it has
    looked through enough, as far as to what was accepted then; None where it is full, or all was looked through.
    """

    messages: tuple[Message, ...]
    before_id: int | None = None
    looked_to_at: int | None = None


class TextReceipts(Struct, frozen=True, kw_only=True):
    """How many long texts of a link got exactly one receipt, and how many got more."""

    link: str
    with_one: int
    with_more: int


class ReceivedSearch(Struct, frozen=True, kw_only=True):
    """Which messages from handsets to list; None means any. `before_id` pages backwards."""

    line: str | None = None
    sender: str | None = None
    relay: PostState | None = None
    since_at: int | None = None
    before_id: int | None = None
    limit: int = 50
    is_foreign: bool = False
    """Only those whose link did not count for their line."""


class ForeignReceived(Struct, frozen=True, kw_only=True):
    """How many messages a link has brought for a line that it did not count for, and when the last one came."""

    link: str
    upstream: str
    line: str
    count: int
    last_at: int


class NewMessage(Struct, frozen=True, kw_only=True):
    """A message that the front has checked, planned, split and priced; `due_at` if it has to wait for the hours."""

    account_id: int
    recipient: str
    plan: tuple[Step, ...]
    deadline_at: int
    lane: Lane
    source: str
    due_at: int | None = None
    campaign_id: int = 0


class Batched(Struct, frozen=True, kw_only=True):
    """One message of a batch: its id, line, parts, rial reserved; of one that was accepted before, its id alone.

    `has_other_body`: the caller's own id is this message's, and what came under it now is something else. It is not
    kept, and the caller is told 24 and not the id.
    """

    message_id: int
    line: str = ""
    parts: int = 0
    reserved: int = 0
    is_repeated: bool = False
    has_other_body: bool = False


class OutboxRow(Struct, frozen=True, kw_only=True):
    """What was accepted under a caller's own id; no standing once the message is too old to be kept."""

    message_id: int
    accepted_at: int
    standing: Standing | None


class Claim(Struct, frozen=True, kw_only=True):
    """A message that `owner` wants to put on the wire by `link`, as it was when the owner last saw it."""

    message_id: int
    version: int
    link: str
    owner: int


class Claimed(Struct, frozen=True, kw_only=True):
    """What a claim leased, and when the next waiting message of each class is due (None: nothing else waits)."""

    messages: tuple[Message, ...]
    next_due_at: tuple[int | None, ...]


class OptOut(Struct, frozen=True, kw_only=True):
    """The recipient refuses the line; `line` is "*" for an operator-wide one. `expires_at` None: never.

    It holds all the same while it `is_doubtful`: brought by a link whose messages do not count for the line.
    """

    recipient: str
    line: str
    code: int
    source: str
    learned_at: int
    expires_at: int | None
    is_doubtful: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """What wsStates needs of a message."""

    state: State
    reason: Reason
    was_taken: bool


class PostResult(Struct, frozen=True, kw_only=True):
    """What came of a post, to be stored: `next_at` only while it waits, `reply` the answer to the handset."""

    received_id: int
    state: PostState
    next_at: int | None
    note: str
    reply: NewMessage | None = None


class Answers(Struct, frozen=True, kw_only=True):
    """What an operator has answered to parts of one attempt."""

    message_id: int
    event: Answered


class Arrival(Struct, frozen=True, kw_only=True):
    """What came of one message from an operator. The Feed tells what it has changed, under this ticket."""

    ticket: int
    what: Answers | ReceiptIn


class RowVerdict(Struct, frozen=True, kw_only=True):
    """What a check has found of a row: why it is left out (`why` and, of a refusal, its `code`); "": it would go."""

    n: int
    why: str = ""
    code: int | None = None


class PlannedRow(Struct, frozen=True, kw_only=True):
    """A row that is to become a message: that message, or why none can be made; `rial`: what is held for it."""

    n: int
    planned: NewMessage | Code | RowVerdict
    rial: int = 0


class CampaignAtWork(Struct, frozen=True, kw_only=True):
    """A campaign that a feeder has to do with: its messages that wait, those of them that a pause is to stop, and those
    that a pause has stopped."""

    campaign: Campaign
    waiting: int
    to_pause: int
    paused: int


class AudienceRow(Struct, frozen=True, kw_only=True):
    """A row of a campaign with where its message stands; None where it has none, or none any more."""

    n: int
    recipient: str
    fields: str
    why: str
    state: State | None


class CampaignProof(Struct, frozen=True, kw_only=True):
    """A campaign counted row by row: `faults` says, a sentence each, what does not agree; empty: it is proven.

    `rows` by outcome; of the rows made: `twice`, `lost`, and `removed` with their age. `attempts` at parts, those the
    operator has `taken`, `receipts`, `copies`. Of the money: what was ever `held`, what of it went to messages, was
    charged, came back, and is still set aside.
    """

    rows: dict[str, int]
    twice: int
    lost: int
    removed: int
    attempts: int
    taken: int
    receipts: int
    copies: int
    held: int
    charged: int
    released: int
    reserved: int
    faults: tuple[str, ...]
