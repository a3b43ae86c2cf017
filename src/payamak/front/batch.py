"""The front for many messages at once, and what else only the SOAP door asks: credit, own ids, a new password.

The rules for one message are those of `Service`; here stand the rules of a batch. A batch is planned once for each text
and accepted in one transaction, and a message that cannot be accepted gets its code while the others go.

* `send_batch`: money, a line, an array's length or a store that fails refuse the whole. Nobody waits for an operator's
  verdict: the answer leaves after the commit.
* `send_each`: each message is refused for itself, and all verdicts are waited for at once, as if each message had been
  sent by a call of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from itertools import repeat
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from payamak.clock import Clock
from payamak.codes import RECIPIENTS_OWN, Code
from payamak.domain.message import Lane, Message
from payamak.domain.numbers import RECIPIENT_PREFIXES, line_key, parse_recipient, parse_whole_number
from payamak.domain.own_ids import OwnId, digest_of
from payamak.domain.plan import SendType, Text, choose_ways, lane_of
from payamak.domain.site import Account
from payamak.domain.site.secrets import UnfitSecret, check_new_password
from payamak.domain.standing import state_code
from payamak.errors import Refused, StoreFailed
from payamak.front.accept import Caller, Gatekeeper, Sent, Service, Submission, answer_of
from payamak.front.room import Room
from payamak.log import event_logger, place_of
from payamak.store.base import Store
from payamak.store.records import Batched, NewMessage

T = TypeVar("T")

_log = event_logger("front")

MOST_MESSAGES = 50
"""Messages of one call, as the vendor's doors take them; more are refused with 107 and nothing is sent."""

MESSAGES_AT_ONCE = 400
"""Messages of batches in the writer's queue, 11 µs each: a transaction grows by some 5 ms, not by as much as comes."""

BATCHES_WAITING = 200
"""Batches that may wait for their turn, about a second's work; more are refused with 23."""

TURN_WITHIN_S = 0.4
"""How long a batch waits for its turn; with ANSWER_WITHIN_S, which it may wait for the disk then, under 2 s in all."""

_NO_UDH = re.compile("0*")
_HIGHEST_CLASS = 3  # 3GPP TS 23.038 §4


class Batch(Struct, frozen=True, kw_only=True):
    """What a caller asked, as texts. The last four are absent (empty), one for all, or one for each recipient.

    `check_ids` are the caller's own ids, None where there are none.
    """

    caller: Caller
    texts: Sequence[Text]
    recipients: Sequence[str]
    line: str | None = None
    udhs: Sequence[str] = ()
    encodings: Sequence[str] = ()
    classes: Sequence[str] = ()
    check_ids: Sequence[int] | None = None
    source: str = "soap"

    def __repr__(self) -> str:
        return f"Batch(source={self.source!r}, recipients={len(self.recipients)})"


class BatchSent(Struct, frozen=True, kw_only=True):
    """Accepted and on disk. `outcomes`: for each recipient the message's id (above 1000) or the code of its refusal.

    Of what is fresh, `count` messages in all: their parts, and the rial reserved for them.
    """

    outcomes: tuple[int, ...]
    count: int
    parts: int
    cost_rial: int


class Info(Struct, frozen=True, kw_only=True):
    """An account as its owner may see it."""

    account: Account
    available_rial: int


class OutboxEntry(Struct, frozen=True, kw_only=True):
    """A message by the caller's own id; `state` is the code of contract §2."""

    check_id: int
    message_id: int
    state: int
    accepted_at: int


class BatchService(Service):
    """The whole front: `Service` and its batches."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gatekeeper: Gatekeeper,
        *,
        recipient_prefixes: Collection[str] = RECIPIENT_PREFIXES,
        log: Callable[..., object] = lambda *_, **__: None,
    ) -> None:
        super().__init__(store, clock, gatekeeper, recipient_prefixes=recipient_prefixes, log=log)
        self._room = Room(MESSAGES_AT_ONCE)

    async def send_batch(self, batch: Batch) -> BatchSent:
        """Accept a batch, all that can be accepted in one transaction. Committed when it returns. Raises Refused.

        A code that all messages share and that says nothing of a recipient is raised as the call's.
        """
        account = await self._account(batch.caller)
        self._check_interval(account)
        _check_lengths(batch)
        items = self._whole(account, batch)
        own_ids = None if batch.check_ids is None else self._own_ids(account, batch, batch.check_ids, items)
        if not self.intake_open:
            raise Refused(Code.BUSY, "the intake is closed")
        if own_ids is not None:  # they say what is the same
            return _batch_sent(await self._accept(account, items, own_ids))
        places = self._first_places(batch)
        firsts = sorted(set(places))
        told = await self._accept(account, [items[place] for place in firsts], None)
        accepted = dict(zip(firsts, told, strict=True))
        return _batch_sent([accepted[place] for place in places])

    async def send_each(self, batch: Batch) -> list[Sent | Code]:
        """Accept each message of a batch for itself; what became of each, in the order of the recipients.

        As if `send` had been called for each of them at once, with one look at who calls, and what is accepted stands
        in one transaction. Committed when it returns. Raises Refused for the caller alone: 18, 16, 17, 29, or 23.
        """
        account = await self._account(batch.caller)
        places = self._first_places(batch)
        firsts = sorted(set(places))
        in_time = [place for place in firsts if not self._is_too_soon(account)]
        items = self._items(account, batch, in_time)
        if not self.intake_open:
            items = [_or_busy(item) for item in items]
        told = dict(zip(in_time, await self._send_each(account, items), strict=True))
        return [told.get(place, Code.TOO_SOON) for place in places]

    async def info(self, caller: Caller) -> Info:
        """The account and what it may spend. Raises Refused."""
        account = await self._account(caller)
        return Info(account=account, available_rial=await _readable(self._store.available(account.id)))

    async def outbox(self, caller: Caller, check_ids: Sequence[int]) -> list[OutboxEntry]:
        """What was sent under the caller's own ids, in their order; ids never taken are left out. Raises Refused."""
        account = await self._account(caller)
        rows = await _readable(self._store.outbox(account.id, sorted(set(check_ids))))
        return [
            OutboxEntry(
                check_id=check_id,
                message_id=row.message_id,
                state=account.unknown_state
                if row.standing is None
                else state_code(row.standing.state, row.standing.was_taken, account.unknown_state),
                accepted_at=row.accepted_at,
            )
            for check_id in check_ids
            if (row := rows.get(check_id)) is not None
        ]

    async def change_password(
        self, caller: Caller, password: str | None, hash_password: Callable[[str], Awaitable[str]]
    ) -> None:
        """Give the account a new web-service password; the old one is no good when this returns. Raises Refused."""
        account = await self._account(caller)
        try:
            check_new_password(password or "")
        except UnfitSecret as error:
            raise Refused(Code.MALFORMED, str(error)) from error
        password_hash = await hash_password(password or "")
        try:
            await self._store.set_password(account.username, password_hash, account.credential_version)
        except LookupError as error:
            raise Refused(Code.CREDENTIALS, "the password was changed meanwhile") from error
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot keep the password now") from error

    async def _accept(
        self, account: Account, items: Sequence[NewMessage | Code], own_ids: Sequence[OwnId] | None
    ) -> list[Batched | Code]:
        return await self._in_turn(
            len(items), lambda: self._store.accept_batch(account.id, items, own_ids, self._clock.now())
        )

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

    async def _send_each(self, account: Account, items: Sequence[NewMessage | Code]) -> list[Sent | Code]:
        """Keep the messages, then wait until the operator has spoken of all, at most the account's `verdict_wait`."""
        watches = [self._store.feed.watch() for _ in items] if account.verdict_wait_ms else []
        try:
            kept = await self._keep_each(account, items, [watch.ticket for watch in watches])
            ends_s = asyncio.get_running_loop().time() + account.verdict_wait_ms / 1_000
            told: list[Sent | Code] = []
            for place, each in enumerate(kept):
                if watches and isinstance(each, Message):
                    left_s = ends_s - asyncio.get_running_loop().time()
                    each = await watches[place].verdict(left_s)  # what is heard meanwhile of the others is not lost
                told.append(each if isinstance(each, Code) else _answer_or_code(account, each))
            return told
        finally:
            for watch in watches:
                watch.close()

    async def _keep_each(
        self, account: Account, items: Sequence[NewMessage | Code], tickets: Sequence[int]
    ) -> Sequence[Message | Code]:
        """The messages as they are kept, or why not. Where a bug keeps them from going together, each goes alone."""
        if not any(isinstance(item, NewMessage) for item in items):
            return [item for item in items if isinstance(item, Code)]
        if len(items) == 1:  # it is no batch, and shares a commit with all that comes beside it
            return [await self._keep_alone(items[0], tickets[0] if tickets else None)]
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

    def _first_places(self, batch: Batch) -> list[int]:
        said = [(recipient, _text_of(batch, place)) for place, recipient in enumerate(batch.recipients)]
        return self.first_places(batch.caller.username, said)

    def _whole(self, account: Account, batch: Batch) -> list[NewMessage | Code]:
        """The messages of a batch that a wrong line refuses as a whole. Raises Refused with 2.

        With own ids the line refuses each message and not yet the call: what was sent before is to be told its id, also
        when the line is the account's no more.
        """
        try:
            ways = choose_ways(self._store.site, account, batch.line, None, SendType.NORMAL)
        except Refused as refused:
            if batch.check_ids is None:
                raise
            return [refused.code] * len(batch.recipients)
        return self._items(account, batch, range(len(batch.recipients)), lane_of(account, ways[0], Lane.BULK))

    def _items(
        self, account: Account, batch: Batch, places: Iterable[int], lane: Lane | None = None
    ) -> list[NewMessage | Code]:
        """The messages in these places, planned; or why they cannot be sent. In class `lane`, or each in its own.

        What the messages have in common is planned once for all of them: the same text means the same plan.
        """
        made: dict[object, NewMessage | Code] = {}
        items: list[NewMessage | Code] = []
        for place in places:
            try:
                recipient = self._recipient(account, batch.recipients[place])
            except Refused as refused:
                items.append(refused.code)
                continue
            text = _text_of(batch, place)
            key = (
                text if isinstance(text, str) else id(text),
                _of(batch.encodings, place),
                _of(batch.classes, place),
                _of(batch.udhs, place),
            )
            if (common := made.get(key)) is None:
                common = made[key] = self._common(account, batch, place, lane)
            items.append(common if isinstance(common, Code) else replace(common, recipient=recipient))
        return items

    def _own_ids(
        self, account: Account, batch: Batch, check_ids: Sequence[int], items: Sequence[NewMessage | Code]
    ) -> list[OwnId]:
        """The caller's ids, each with what comes under it: also where it cannot be sent now, for it may have been."""
        meant = batch.line or account.default_line
        lines = [batch.line and line_key(batch.line), meant and line_key(meant)]
        return [
            OwnId(
                number=number,
                digest=digest_of(
                    account.id,
                    number,
                    parse_recipient(batch.recipients[place], None) or batch.recipients[place],
                    lines,
                    [str(_text_of(batch, place)), *([] if isinstance(item, Code) else [item.plan[0].text])],
                ),
            )
            for place, (number, item) in enumerate(zip(check_ids, items, strict=True))
        ]

    def _common(self, account: Account, batch: Batch, place: int, lane: Lane | None) -> NewMessage | Code:
        """The message of this place, planned, but for its recipient; or why it can be sent to nobody."""
        text = _text_of(batch, place)
        submission = Submission(caller=batch.caller, recipient=None, message=text, line=batch.line, source=batch.source)
        try:
            new = self._message(self._store.site, account, submission, "")
            _check_wire_fields(_of(batch.encodings, place), _of(batch.classes, place), _of(batch.udhs, place))
        except Refused as refused:
            return refused.code
        return new if lane is None else replace(new, lane=lane)


def _check_lengths(batch: Batch) -> None:
    """106, 107, 101, 103, 104, 100, 102, 109: each array fits the others, before any message is looked at.

    Of texts and recipients that do not fit, the shorter array is called the wrong one.
    """
    count, texts = len(batch.recipients), len(batch.texts)
    if count == 0:
        raise Refused(Code.NO_RECIPIENTS)
    if count > MOST_MESSAGES:
        raise Refused(Code.TOO_MANY_RECIPIENTS, f"at most {MOST_MESSAGES} messages a call")
    if texts not in (1, count):
        raise Refused(Code.MESSAGES_LENGTH if texts < count else Code.SENDERS_LENGTH)
    for values, code in (
        (batch.udhs, Code.UDHS_LENGTH),
        (batch.encodings, Code.ENCODINGS_LENGTH),
        (batch.classes, Code.MESSAGE_CLASSES_LENGTH),
    ):
        if len(values) not in (0, 1, count):
            raise Refused(code)
    if batch.check_ids is not None and len(batch.check_ids) != count:
        raise Refused(Code.CHECKING_IDS_LENGTH)


def _check_wire_fields(encoding: str, message_class: str, udh: str) -> None:
    """3, 4, 6: what would change how the text travels.

    The encoding is chosen by the text itself and the class is the handset's default, so a valid value of either is
    taken and has no effect. A header of the caller's own would change what the handset does with the octets: rather
    than send something else than was asked, the message is refused.
    """
    if encoding.strip() and parse_whole_number(encoding) is None:
        raise Refused(Code.ENCODING, "an encoding is a number")
    number = parse_whole_number(message_class) if message_class.strip() else 0
    if number is None or number > _HIGHEST_CLASS:
        raise Refused(Code.MESSAGE_CLASS, "a message class is 0 to 3")
    if not _NO_UDH.fullmatch(udh.strip()):
        raise Refused(Code.UDH, "a user data header of the caller's own is not sent")


def _text_of(batch: Batch, place: int) -> Text:
    """The text of one message: its own or the one for all."""
    return batch.texts[place if len(batch.texts) > 1 else 0]


def _of(values: Sequence[str], place: int) -> str:
    """The value for one message: its own, the one for all, or none."""
    if len(values) == 1:
        return values[0]
    return values[place] if values else ""


def _or_busy(item: NewMessage | Code) -> Code:
    """What is told of a message that nobody can keep now."""
    return item if isinstance(item, Code) else Code.BUSY


def _answer_or_code(account: Account, message: Message) -> Sent | Code:
    try:
        return answer_of(account, message)
    except Refused as refused:
        return refused.code


def _batch_sent(told: Iterable[Batched | Code]) -> BatchSent:
    outcomes = tuple(told)
    codes = [each for each in outcomes if isinstance(each, Code)]
    if len(codes) == len(outcomes) and len(set(codes)) == 1 and codes[0] not in RECIPIENTS_OWN:
        raise Refused(codes[0])
    fresh = {each.message_id: each for each in outcomes if not isinstance(each, Code) and not each.is_repeated}
    return BatchSent(
        outcomes=tuple(map(_outcome, outcomes)),
        count=len(fresh),
        parts=sum(each.parts for each in fresh.values()),
        cost_rial=sum(each.reserved for each in fresh.values()),
    )


def _outcome(told: Batched | Code) -> int:
    """What stands in a message's place: its id, or a code; 24 where its own id is another message's (P6)."""
    if isinstance(told, Code):
        return int(told)
    return int(Code.MESSAGE_ID_INVALID) if told.has_other_body else told.message_id


async def _readable(reading: Awaitable[T]) -> T:
    """What was read. Raises Refused with 23 if the store cannot."""
    try:
        return await reading
    except StoreFailed as error:
        raise Refused(Code.BUSY, "the store cannot be read now") from error
