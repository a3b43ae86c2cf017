"""The front: the one way in, for every dialect and every page. Check, plan, split, price, reserve, commit, answer.

`accept` takes what a caller wants, one message or many, and tells of each what became of it: Accepted, or the code of
its refusal. Several reasons may hold at once; the checks stand in the order of contract §1, so the first that holds is
the one that is told. What many have in common is looked up and planned once.

The answer leaves after the commit (P1). Under `Policy.EACH` a message that goes straight onto the wire is waited for
until the operator has spoken, at most the account's `verdict_wait`; the wait holds nothing but an entry in the Feed's
list.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from enum import Enum, StrEnum, auto
from itertools import repeat
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.message import Lane, Message, Reason, State
from payamak.domain.numbers import RECIPIENT_PREFIXES, parse_recipient
from payamak.domain.plan import Via, choose_ways
from payamak.domain.site import Account
from payamak.errors import Refused, StoreFailed
from payamak.front.acting import OwnActs
from payamak.front.asking import Asking
from payamak.front.callers import Admits, Caller, Callers
from payamak.front.foreseeing import Foreseeing
from payamak.front.reads import Reads
from payamak.front.room import Room
from payamak.front.wanted import UnreadableField, WantedMessage, own_ids, plan, readable_ways
from payamak.log import event_logger, place_of
from payamak.store.base import Store
from payamak.store.feed import Watch
from payamak.store.records import Batched, NewMessage

T = TypeVar("T")

_log = event_logger("front")

MESSAGES_AT_ONCE: Final = 400
"""Messages of batches in the writer's queue, 11 µs each: a transaction grows by some 5 ms, not by as much as comes."""

BATCHES_WAITING: Final = 200
"""Batches that may wait for their turn, about a second's work; more are refused with 23."""

TURN_WITHIN_S = 0.4
"""How long a batch waits for its turn; with ANSWER_WITHIN_S, which it may wait for the disk then, under 2 s in all."""


class Policy(Enum):
    """What holds a call's messages together."""

    EACH = auto()
    """As if each had come by a call of its own at once: refused for itself, and its verdict waited for."""

    WHOLE = auto()
    """One call: a wrong line, money or a store that fails refuse all of it, and nobody waits for a verdict. Class bulk.
    What comes under own ids is kept once, whatever is repeated."""


class Accepted(Struct, frozen=True, kw_only=True):
    """Kept and on disk. `line` is the one that the message stands on or went by, in its registered spelling.

    `parts` and `cost_rial` are those reserved for. Of what `is_repeated`, under an own id that was taken before or in
    the same call, only the id is told. `account` is whose it is: a dialect finds there how that one wants its answers.
    """

    account: Account
    message_id: int
    line: str
    recipient: str
    parts: int
    cost_rial: int
    is_repeated: bool = False


class NotARecipient(StrEnum):
    """Why a recipient is refused with 1."""

    FORM = "form"
    PREFIX = "prefix"
    """A mobile's shape, but no mobile begins so: not on `recipient_prefixes`."""


class Front:
    """All that a face may call: `accept`, what a caller may ask (`asking`), what he may do beside (`acting`), who is
    at the panel (`sessions`), and what would become of a message (`foreseeing`)."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        admits: Admits,
        *,
        recipient_prefixes: Collection[str] = RECIPIENT_PREFIXES,
        log: Callable[..., object] = lambda *_, **__: None,
        reads: Reads | None = None,
    ) -> None:
        """`recipient_prefixes`: the first two digits behind 98 that mobiles have (contract §5). `reads`: whose turn it
        is to read states; without it every read goes at once."""
        self.callers = Callers(store, clock, admits)
        self.sessions = self.callers.sessions
        self.asking = Asking(store, clock, self.callers, reads)
        self.acting = OwnActs(store, clock, self.callers)
        self.foreseeing = Foreseeing(store, clock, self.callers, frozenset(recipient_prefixes))
        self.is_stopping = False
        self.recipients_refused: Counter[str] = Counter(dict.fromkeys(NotARecipient, 0))
        self._recipient_prefixes = frozenset(recipient_prefixes)
        self._log = log
        self._store = store
        self._clock = clock
        self._last_call_s: dict[int, float] = {}
        self._room = Room(MESSAGES_AT_ONCE)

    @property
    def intake_open(self) -> bool:
        """False while we stop, or while intake is suspended by hand."""
        return not (self.is_stopping or self._store.site.intake_is_suspended)

    @property
    def is_ready(self) -> bool:
        """False while nothing can be accepted: the intake is closed, or the disk fails or does not answer."""
        return self.intake_open and self._store.trouble is None

    async def accept(
        self, caller: Caller, wanted: Sequence[WantedMessage] | UnreadableField, policy: Policy = Policy.EACH
    ) -> list[Accepted | Code]:
        """Accept what a caller wants; what became of each, in order. Committed when it returns.

        Raises Refused for who calls (18, 16, 17, 29, or 23) and with the code of an unreadable call; under
        WHOLE also with 409, 2, 14 and 23 for all of it. A refusal that the operator spoke within `verdict_wait` is told
        as its code: that message stays in the store as rejected and is not charged. 24 stands for an own id that is
        another message's (P6). Raises ValueError, which is a bug of a dialect, for own ids under EACH or of only some.
        """
        account = await self.callers.account_of(caller)
        if policy is Policy.WHOLE and self._is_too_soon(account):
            raise Refused(Code.TOO_SOON)
        if isinstance(wanted, UnreadableField):
            raise Refused(wanted.code)
        accept = self._accept_each if policy is Policy.EACH else self._accept_whole
        places = _first_places(account, wanted)
        if places is None:
            return await accept(account, wanted)
        firsts = sorted(set(places))
        told = dict(zip(firsts, await accept(account, [wanted[place] for place in firsts]), strict=True))
        return [told[place] for place in places]

    def plan_reply(self, username: str, line: str, recipient: str, text: str) -> NewMessage:
        """The answer to a handset, for whoever accepts it in a transaction of his own: a message of this account on
        this line. Raises Refused.

        It waits for the line's hours, whatever the line does with other messages: nobody would send it again.
        """
        account = self.callers.open(self._store.site.accounts.get(username))
        wanted = WantedMessage(recipient=recipient, text=text, ways=(line,), source="reply")
        to = self._recipient_of(account, wanted)
        return plan(self._store.site, account, wanted, (line,), self._clock.now(), recipient=to, holds=True)

    # -- one by one

    async def _accept_each(self, account: Account, wanted: Sequence[WantedMessage]) -> list[Accepted | Code]:
        """Keep the messages, then wait until the operator has spoken of all, at most the account's `verdict_wait`."""
        for each in wanted:
            if each.own_id is not None:
                raise ValueError("own ids go with Policy.WHOLE")
        items = self._items(account, wanted, Lane.NORMAL, is_each=True)
        if not self.intake_open:
            items = [_or_busy(item) for item in items]
        watches = [self._store.feed.watch() for _ in items] if account.verdict_wait_ms else []
        try:
            tickets = [watch.ticket for watch in watches]
            kept: Sequence[Message | Code]
            if len(items) == 1:  # it is no batch, and shares a commit with all that comes beside it
                kept = [await self._keep_alone(items[0], tickets[0] if tickets else None)]
            else:
                kept = await self._keep_together(account, items, tickets)
            if watches:
                kept = await _heard(watches, kept, account.verdict_wait_ms)
            return [each if isinstance(each, Code) else _told(account, each) for each in kept]
        finally:
            for watch in watches:
                watch.close()

    async def _keep_together(
        self, account: Account, items: Sequence[NewMessage | Code], tickets: Sequence[int]
    ) -> Sequence[Message | Code]:
        """The messages as they are kept, or why not. Where a bug keeps them from going together, each goes alone."""
        if not any(isinstance(item, NewMessage) for item in items):
            return [item for item in items if isinstance(item, Code)]
        try:
            return await self._in_turn(
                len(items), lambda: self._store.accept_each(account.id, items, self._clock.now(), tickets)
            )
        except Refused:
            return [_or_busy(item) for item in items]
        except Exception as error:
            _log("batch_failed", error=type(error).__name__, where=place_of(error))
            of_each = tickets or repeat(None)
            return await asyncio.gather(*map(self._keep_alone, items, of_each))

    async def _keep_alone(self, item: NewMessage | Code, ticket: int | None) -> Message | Code:
        if isinstance(item, Code):
            return item
        try:
            return (await self._store.accept(item, self._clock.now(), ticket)).message
        except Refused as refused:
            return refused.code
        except StoreFailed:
            return Code.BUSY
        except Exception as error:  # a bug at one message must not hide the ids of the others
            _log("message_failed", error=type(error).__name__, where=place_of(error))
            return Code.INTERNAL

    # -- all or nothing

    async def _accept_whole(self, account: Account, wanted: Sequence[WantedMessage]) -> list[Accepted | Code]:
        """Keep in one transaction all that can be kept."""
        items = self._whole(account, wanted)
        own = own_ids(account, wanted, items)
        if not self.intake_open:
            raise Refused(Code.BUSY, "the intake is closed")
        kept = await self._in_turn(
            len(items), lambda: self._store.accept_batch(account.id, items, own, self._clock.now())
        )
        return [_told_of(account, item, each) for item, each in zip(items, kept, strict=True)]

    def _whole(self, account: Account, wanted: Sequence[WantedMessage]) -> list[NewMessage | Code]:
        """The messages of a call that a wrong line refuses as a whole. Raises Refused with 2.

        With own ids the line refuses each message and not yet the call: what was sent before is to be told its id, also
        when the line is the account's no more.
        """
        site = self._store.site
        try:
            for each in {each.ways: each for each in wanted}.values():
                choose_ways(site, account, readable_ways(site, account, each))
        except Refused as refused:
            if not any(each.own_id is not None for each in wanted):
                raise
            return [refused.code] * len(wanted)
        return self._items(account, wanted, Lane.BULK)

    async def _in_turn(self, messages: int, accept: Callable[[], Awaitable[T]]) -> T:
        """A flood of batches waits here and not in the writer, where it would hold up everyone else.

        Raises Refused with 23 if it takes too long, or the store fails.
        """
        if self._room.waiting >= BATCHES_WAITING:
            raise Refused(Code.BUSY, "too many batches wait")
        try:
            async with asyncio.timeout(TURN_WITHIN_S):
                await self._room.take(messages)
        except TimeoutError as error:
            raise Refused(Code.BUSY, "the batches before it take too long") from error
        try:
            return await accept()
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot keep the messages now") from error
        finally:
            self._room.give(messages)

    # -- checks and plans, in the order of contract §1

    def _items(
        self, account: Account, wanted: Sequence[WantedMessage], lane: Lane, *, is_each: bool = False
    ) -> list[NewMessage | Code]:
        """The messages, planned; or why they cannot be sent: 409 where each `is_each` a call, 22/25, 1, then as `plan`.

        What is wanted of several is planned once for all of them.
        """
        site = self._store.site
        made: dict[object, NewMessage | Code] = {}
        items: list[NewMessage | Code] = []
        for each in wanted:
            try:
                if is_each and self._is_too_soon(account):
                    raise Refused(Code.TOO_SOON)
                ways = readable_ways(site, account, each)
                recipient = self._recipient_of(account, each)
            except Refused as refused:
                items.append(refused.code)
                continue
            if len(wanted) == 1:
                return [self._planned(account, each, ways, recipient, lane)]
            key = each.common
            if (common := made.get(key)) is None:
                common = made[key] = self._planned(account, each, ways, "", lane)
            items.append(common if isinstance(common, Code) else replace(common, recipient=recipient))
        return items

    def _planned(
        self, account: Account, wanted: WantedMessage, ways: Sequence[str | Via], recipient: str, lane: Lane
    ) -> NewMessage | Code:
        """The message, planned; or why it can be sent to nobody."""
        try:
            return plan(self._store.site, account, wanted, ways, self._clock.now(), recipient=recipient, lane=lane)
        except Refused as refused:
            return refused.code

    def _recipient_of(self, account: Account, wanted: WantedMessage) -> str:
        """1: the recipient in canonical form; a refusal is counted, and told where only the prefix is at fault."""
        recipient = parse_recipient(wanted.recipient, self._recipient_prefixes)
        if recipient is not None:
            return recipient
        shaped = parse_recipient(wanted.recipient, None)
        why = NotARecipient.FORM if shaped is None else NotARecipient.PREFIX
        self.recipients_refused[why] += 1
        if shaped is not None:
            self._log("recipient_refused", reason=why.value, prefix=shaped[:4], account=account.username)
            raise Refused(Code.RECIPIENT_INVALID, "recipient_prefixes: no mobile begins so")
        raise Refused(Code.RECIPIENT_INVALID)

    def _is_too_soon(self, account: Account) -> bool:
        """409: whether a call comes too close to the one before; else the next one is measured from it."""
        if not account.min_interval_ms:
            return False
        now_s = self._clock.monotonic()
        last_s = self._last_call_s.get(account.id)
        if last_s is not None and now_s - last_s < account.min_interval_ms / 1_000:
            return True
        self._last_call_s[account.id] = now_s
        return False


def _first_places(account: Account, wanted: Sequence[WantedMessage]) -> list[int] | None:
    """Where the account has `dedupe`: for each the place where the same stands first. None: all are different.

    The same are the same text to the same recipient by the same ways, recipients in canonical form; where own ids are
    given they say what is the same.
    """
    if not account.dedupe or len(wanted) < 2 or wanted[0].own_id is not None:
        return None
    first: dict[tuple[object, ...], int] = {}
    keys = [(parse_recipient(each.recipient, None) or each.recipient, repr(each.text), each.ways) for each in wanted]
    return [first.setdefault(key, place) for place, key in enumerate(keys)]


async def _heard(watches: Sequence[Watch], kept: Sequence[Message | Code], wait_ms: int) -> list[Message | Code]:
    """The messages as they stand when the operator has spoken of all, or after so long."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + wait_ms / 1_000
    heard: list[Message | Code] = []
    for watch, each in zip(watches, kept, strict=True):  # what is heard meanwhile of the others is not lost
        heard.append(each if isinstance(each, Code) else await watch.verdict(ends_s - loop.time()))
    return heard


def _or_busy(item: NewMessage | Code) -> Code:
    """What is told of a message that nobody can keep now."""
    return item if isinstance(item, Code) else Code.BUSY


def _told(account: Account, message: Message) -> Accepted | Code:
    """What the message stands on now; a definite refusal at once is told as its code (contract §1).

    A message that was taken, and that a receipt called rejected before we answer, is charged: it is no refusal, and
    wsStates will say 16. A caller that is told 15 sends it again.
    """
    if message.state is State.REJECTED and message.reason is not Reason.RECEIPT and not message.charged:
        return Code(message.code or Code.INTERNAL)
    return Accepted(
        account=account,
        message_id=message.id,
        line=message.current.line,
        recipient=message.recipient,
        parts=message.current.parts,
        cost_rial=message.reserved,
    )


def _told_of(account: Account, item: NewMessage | Code, kept: Batched | Code) -> Accepted | Code:
    if isinstance(kept, Code):
        return kept
    if kept.has_other_body:
        return Code.MESSAGE_ID_INVALID
    return Accepted(
        account=account,
        message_id=kept.message_id,
        line=kept.line,
        recipient="" if isinstance(item, Code) else item.recipient,
        parts=kept.parts,
        cost_rial=kept.reserved,
        is_repeated=kept.is_repeated,
    )
