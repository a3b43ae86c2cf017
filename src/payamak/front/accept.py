"""The front: the one door for every dialect. Validate, plan, split, price, reserve, commit, answer.

A dialect hands over a Submission, texts as they came, and gets a Sent or a Refused with one code. Several reasons
may hold at once; the checks stand in the order of contract §1, so the first that raises is the one to tell.

The answer leaves after the commit (P1). When the message goes straight onto the wire it waits for the operator's
verdict, at most the account's `verdict_wait`; the wait holds nothing but one entry in the Feed's list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.clocks import earliest
from payamak.domain.marks import without_marks
from payamak.domain.message import Message, Reason, State
from payamak.domain.mo import Received
from payamak.domain.numbers import RECIPIENT_PREFIXES, parse_recipient, parse_whole_number
from payamak.domain.plan import SendType, Text, choose_ways, due_at, lane_of, make_plan
from payamak.domain.site import Account, AnswerTypes, Site
from payamak.domain.standing import state_code
from payamak.errors import Refused, StoreFailed
from payamak.front.reads import Reads
from payamak.store.base import NewMessage, Store

DEFAULT_LIFE_TIME_MINUTES = 1_440
LONGEST_LIFE_TIME_MINUTES = 10_080
"""Contract §1: one day if nothing is said, a week at most; anything else is ignored."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls: as written, not yet checked. `address` is the client's own, after trusted proxies."""

    username: str | None
    password: str | None
    address: str

    def __repr__(self) -> str:
        return f"Caller(address={self.address!r})"


class Submission(Struct, frozen=True, kw_only=True):
    """What a caller asked, as texts; digits may be Persian, numbers in any of the field's spellings."""

    caller: Caller
    recipient: str | None
    message: Text | None
    line: str | None = None
    line2: str | None = None
    type: str | None = None
    template: str | None = None
    life_time: str | None = None
    source: str = "wsSend"

    def __repr__(self) -> str:
        return f"Submission(source={self.source!r})"


class Sent(Struct, frozen=True, kw_only=True):
    """Accepted and on disk. `line` is the one that the message stands on or went by."""

    message_id: int
    line: str
    recipient: str
    answer_types: AnswerTypes


class NotARecipient(StrEnum):
    """Why a recipient is refused with 1."""

    FORM = "form"
    PREFIX = "prefix"
    """A mobile's shape, but no mobile begins so: not on `recipient_prefixes`."""


class Gatekeeper(Protocol):
    """Checks passwords; see payamak.front.callers."""

    async def admits(self, account: Account | None, username: str, password: str, address: str) -> bool:
        """True if the password is the account's; False for no account too, after the same time. Raises Refused 23."""
        ...


class Service:
    """The rules between the dialects and the store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        gatekeeper: Gatekeeper,
        *,
        recipient_prefixes: Collection[str] = RECIPIENT_PREFIXES,
        log: Callable[..., object] = lambda *_, **__: None,
    ) -> None:
        """`recipient_prefixes`: the first two digits behind 98 that mobiles have (contract §5)."""
        self._recipient_prefixes = frozenset(recipient_prefixes)
        self._log = log
        self.recipients_refused: Counter[str] = Counter(dict.fromkeys(NotARecipient, 0))
        self._store = store
        self._clock = clock
        self._gatekeeper = gatekeeper
        self._last_send_s: dict[int, float] = {}
        self.is_stopping = False
        self.reads: Reads | None = None
        """Whose turn it is to read states; the runtime puts it in."""

    @property
    def intake_open(self) -> bool:
        """False while we stop, or while intake is suspended by hand."""
        return not (self.is_stopping or self._store.site.intake_is_suspended)

    @property
    def is_ready(self) -> bool:
        """False while nothing can be accepted: the intake is closed, or the disk fails or does not answer."""
        return self.intake_open and self._store.trouble is None

    async def send(self, submission: Submission) -> Sent:
        """Accept a message. Committed when it returns. Raises Refused with the first reason that holds.

        A refusal that the operator spoke within `verdict_wait` is raised as Refused too: that message stays in
        the store as rejected and is not charged.
        """
        account = await self._account(submission.caller)
        self._check_interval(account)
        new = self._plan(self._store.site, account, submission)
        if not self.intake_open:
            raise Refused(Code.BUSY, "the intake is closed")
        watch = self._store.feed.watch()
        try:
            change = await self._store.accept(new, self._clock.now(), watch)
            message = change.message
            if account.verdict_wait_ms:
                message = await watch.verdict(account.verdict_wait_ms / 1_000)
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot keep the message now") from error
        finally:
            watch.close()
        return answer_of(account, message)

    def first_places(self, username: str | None, said: Sequence[tuple[str | None, Text | None]]) -> list[int]:
        """For each (recipient, text) of one call the place where the same stands first: its own, unless `dedupe`.

        Recipients are compared in canonical form, texts as they are.
        """
        account = self._store.site.account(username or "")
        if account is None or not account.dedupe:
            return list(range(len(said)))
        first: dict[tuple[str, str], int] = {}
        keys = [(parse_recipient(to or "", None) or to or "", repr(text)) for to, text in said]
        return [first.setdefault(key, place) for place, key in enumerate(keys)]

    async def states(self, caller: Caller, ids: list[int | None]) -> list[int]:
        """The wsStates codes of the ids, in their order. Raises Refused."""
        account = await self._account(caller)
        wanted = sorted({i for i in ids if i is not None})
        if wanted and self.reads is not None:
            await self.reads.turn(len(wanted))
        try:
            standings = await self._store.standings(account.id, wanted) if wanted else {}
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot be read now") from error
        codes = {i: state_code(s.state, s.was_taken, account.unknown_state) for i, s in standings.items()}
        return [account.unknown_state if i is None else codes.get(i, account.unknown_state) for i in ids]

    async def received(self, caller: Caller, mark_read: bool, limit: int = 1_000) -> list[Received]:
        """What handsets sent to the account's lines and nobody has read yet, oldest first. Raises Refused.

        With `mark_read` the same transaction marks them: no other call returns them again.
        """
        account = await self._account(caller)
        lines = [line.number for number in account.lines if (line := self._store.site.line(number))]
        try:
            return await self._store.received(lines, self._clock.now(), limit=limit, mark_read=mark_read)
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot be read now") from error

    def plan_reply(self, username: str, line: str, recipient: str, text: str) -> NewMessage:
        """The answer to a handset: a message of this account on this line, not yet accepted. Raises Refused.

        It waits for the line's hours, whatever the line does with other messages: nobody would send it again.
        """
        site = self._store.site
        account = site.accounts.get(username)
        if account is None or not account.is_active:
            raise Refused(Code.ACCOUNT_INACTIVE)
        if account.has_expired(earliest(self._clock.now())):
            raise Refused(Code.ACCOUNT_EXPIRED)
        caller = Caller(username=username, password=None, address="")
        submission = Submission(caller=caller, recipient=recipient, message=text, line=line, source="reply")
        return self._plan(site, account, submission, holds=True)

    async def prove(self, caller: Caller) -> None:
        """Whether he may ask at all, before more is read of him. Raises Refused: 18, 16, 17, 29, or 23."""
        await self._account(caller)

    # -- checks, in the order of contract §1

    async def _account(self, caller: Caller) -> Account:
        """18, 16, 17, 29: who may ask at all."""
        if caller.username is None or caller.password is None:
            raise Refused(Code.CREDENTIALS)
        proven = self._store.site.account(caller.username)
        # By its own name: else each spelling would have failures of its own.
        username = without_marks(caller.username) if proven is None else proven.username
        if not await self._gatekeeper.admits(proven, username, caller.password, caller.address):
            raise Refused(Code.CREDENTIALS)
        account = self._store.site.accounts.get(username)
        if account is None or proven is None or account.credential_version != proven.credential_version:
            raise Refused(Code.CREDENTIALS, "the password was changed while it was verified")
        if not account.is_active:
            raise Refused(Code.ACCOUNT_INACTIVE)
        if account.has_expired(earliest(self._clock.now())):
            raise Refused(Code.ACCOUNT_EXPIRED)
        if not account.allows(caller.address):
            raise Refused(Code.ADDRESS_NOT_ALLOWED)
        return account

    def _check_interval(self, account: Account) -> None:
        """409: requests too close together, where the account has a limit."""
        if self._is_too_soon(account):
            raise Refused(Code.TOO_SOON)

    def _is_too_soon(self, account: Account) -> bool:
        """Whether a request comes too close to the one before; else the next one is measured from it."""
        if not account.min_interval_ms:
            return False
        now_s = self._clock.monotonic()
        last_s = self._last_send_s.get(account.id)
        if last_s is not None and now_s - last_s < account.min_interval_ms / 1_000:
            return True
        self._last_send_s[account.id] = now_s
        return False

    def _recipient(self, account: Account, text: str) -> str:
        """1: the recipient in canonical form; a refusal is counted, and told where only the prefix is at fault."""
        recipient = parse_recipient(text, self._recipient_prefixes)
        if recipient is not None:
            return recipient
        shaped = parse_recipient(text, None)
        why = NotARecipient.FORM if shaped is None else NotARecipient.PREFIX
        self.recipients_refused[why] += 1
        if shaped is not None:
            self._log("recipient_refused", reason=why.value, prefix=shaped[:4], account=account.username)
            raise Refused(Code.RECIPIENT_INVALID, "recipient_prefixes: no mobile begins so")
        raise Refused(Code.RECIPIENT_INVALID)

    def _plan(self, site: Site, account: Account, submission: Submission, *, holds: bool = False) -> NewMessage:
        """22/25, 1, 2, 13, 3, 30, 34, 8: what is asked, made into a message that can be kept."""
        send_type = _send_type(submission.type)
        if send_type is not SendType.NORMAL:
            choose_ways(site, account, None, None, send_type)  # 22 comes before 1
        recipient = self._recipient(account, submission.recipient or "")
        return self._message(site, account, submission, recipient, send_type, holds=holds)

    def _message(
        self,
        site: Site,
        account: Account,
        submission: Submission,
        recipient: str,
        send_type: SendType = SendType.NORMAL,
        *,
        holds: bool = False,
    ) -> NewMessage:
        """2, 13, 3, 30, 34, 8: the same to a recipient in canonical form; nothing else of it depends on who that is."""
        ways = choose_ways(site, account, submission.line, submission.line2, send_type)
        template = None if submission.template is None else parse_whole_number(submission.template)
        plan = make_plan(site, account, ways, submission.message, template)
        if submission.template is not None and template is None:
            raise Refused(Code.NO_TEMPLATE, "template is a number")  # contract §5: it is not the default one
        now = self._clock.now()
        deadline_at = now + life_time_minutes(submission.life_time) * 60_000
        return NewMessage(
            account_id=account.id,
            recipient=recipient,
            plan=plan,
            deadline_at=deadline_at,
            due_at=due_at(site, ways[0][0], now, deadline_at, holds=holds),
            lane=lane_of(account, ways[0]),
            source=submission.source,
        )


def _send_type(text: str | None) -> SendType:
    if text is None:
        return SendType.NORMAL
    try:
        return SendType(parse_whole_number(text))  # type: ignore[arg-type]
    except ValueError:
        raise Refused(Code.SERVICE_TYPE_INVALID, "type is 0, 1 or 2") from None


def life_time_minutes(text: str | None) -> int:
    """The validity asked for, or the default where nothing usable is said."""
    minutes = None if text is None else parse_whole_number(text)
    if minutes is None or not 1 <= minutes <= LONGEST_LIFE_TIME_MINUTES:
        return DEFAULT_LIFE_TIME_MINUTES
    return minutes


def answer_of(account: Account, message: Message) -> Sent:
    """What the message stands on now; a definite refusal at once is told as its code (contract §1).

    A message that was taken, and that a receipt called rejected before we answer, is charged: it is no refusal, and
    wsStates will say 16. A caller that is told 15 sends it again.
    """
    if message.state is State.REJECTED and message.reason is not Reason.RECEIPT and not message.charged:
        raise Refused(message.code or Code.INTERNAL, "the operator refused the message")
    return Sent(
        message_id=message.id,
        line=message.current.line,
        recipient=message.recipient,
        answer_types=account.answer_types,
    )
