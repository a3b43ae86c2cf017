"""What a customer may read: always his own, for each function learns from a caller whose account is meant.

An id, a message, an own id of another account and one that never existed are told alike: they are left out. A store
that cannot be read is Refused with 23, a caller who may not ask with 18, 16, 17 or 29. Beside what was asked for stands
the account, for a dialect that answers as the account wants it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection
from typing import Final, TypeVar

from msgspec.structs import replace

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.message import Message
from payamak.domain.mo import Received
from payamak.domain.own_ids import OwnIdKind
from payamak.domain.site import Account, Line, Site
from payamak.domain.usage import UsageBy
from payamak.errors import Refused, StoreFailed
from payamak.front.callers import Caller, Callers
from payamak.front.reads import Reads
from payamak.store.base import Store
from payamak.store.records import (
    MessagePage,
    OptOut,
    OutboxRow,
    Search,
    Standing,
    Statement,
    Story,
    UsageSearch,
    UsageSum,
)

T = TypeVar("T")

MOST_ROWS: Final = 500
"""Rows of a list that one call is given at most; the next call goes on after them."""


class Asking:
    """Answers callers of what is theirs; changes nothing."""

    def __init__(self, store: Store, clock: Clock, callers: Callers, reads: Reads | None = None) -> None:
        self._store = store
        self._clock = clock
        self._callers = callers
        self._reads = reads

    async def standings(self, caller: Caller, ids: Collection[int]) -> tuple[Account, dict[int, Standing]]:
        """Where the account's messages of these ids stand."""
        account = await self._callers.account_of(caller)
        wanted = sorted(set(ids))
        if not wanted:
            return account, {}
        if self._reads is not None:
            await self._reads.turn(len(wanted))
        return account, await readable(self._store.standings(account.id, wanted))

    async def outbox(
        self, caller: Caller, kind: OwnIdKind, keys: Collection[str]
    ) -> tuple[Account, dict[str, OutboxRow]]:
        """What was sent under the caller's own ids of a kind."""
        account = await self._callers.account_of(caller)
        return account, await readable(self._store.outbox(account.id, kind, sorted(set(keys))))

    async def purse(self, caller: Caller) -> tuple[Account, int]:
        """The account, and the rial that it may spend."""
        account = await self._callers.account_of(caller)
        return account, await readable(self._store.available(account.id))

    async def usage(self, caller: Caller, days: range, by: Collection[UsageBy] = ()) -> tuple[Account, list[UsageSum]]:
        """How the account's messages of some days ended, and what they cost: by sums, also where they were removed."""
        account = await self._callers.account_of(caller)
        wanted = UsageSearch(first_day=days[0], last_day=days[-1], account_id=account.id, by=tuple(by))
        return account, await readable(self._store.usage(wanted))

    async def statement(self, caller: Caller, days: range) -> tuple[Account, Statement]:
        """The account's money over some days."""
        account = await self._callers.account_of(caller)
        return account, await readable(self._store.statement(account.id, days[0], days[-1]))

    async def messages(
        self, caller: Caller, *, recipient: str | None = None, before_id: int | None = None, limit: int = 50
    ) -> tuple[Account, list[Message]]:
        """The account's messages, the newest first: to a recipient (canonical), or all; those before an id, or all."""
        account = await self._callers.account_of(caller)
        search = Search(
            account_id=account.id, recipient=recipient, before_id=before_id, limit=max(1, min(limit, MOST_ROWS))
        )
        return account, await readable(self._store.search(search))

    async def message_page(self, caller: Caller, wanted: Search) -> tuple[Account, MessagePage]:
        """A page of the account's messages that are as `wanted`, whose account that names does not matter."""
        account = await self._callers.account_of(caller)
        own = replace(wanted, account_id=account.id, limit=max(1, min(wanted.limit, MOST_ROWS)))
        return account, await readable(self._store.message_page(own))

    async def story(self, caller: Caller, message_id: int) -> tuple[Account, Story | None]:
        """Everything known of one of the account's messages; None for another's and for one that never was."""
        account = await self._callers.account_of(caller)
        story = await readable(self._store.story(message_id))
        return account, None if story is None or story.message.account_id != account.id else story

    def lines(self, account: Account) -> list[Line]:
        """The lines that an account may send by, as they are configured now."""
        site = self._store.site
        return [site.lines[number] for number in own_lines(site, account)]

    async def received(self, caller: Caller, limit: int = 50) -> tuple[Account, list[Received]]:
        """The newest of what handsets sent to the account's lines, read or not, oldest first. None of it is marked."""
        account = await self._callers.account_of(caller)
        lines = own_lines(self._store.site, account)
        found = self._store.received(lines, self._clock.now(), only_unread=False, limit=max(1, min(limit, MOST_ROWS)))
        return account, await readable(found)

    async def opt_outs(
        self, caller: Caller, line: str, after: str = "", limit: int = MOST_ROWS
    ) -> tuple[Account, list[OptOut]]:
        """Who has opted out of one of the account's lines (in any spelling), by number; those after a number.

        Raises Refused with 2 for a line that is not the account's.
        """
        account = await self._callers.account_of(caller)
        number = own_line(self._store.site, account, line)
        return account, await readable(self._store.opt_outs(None, number, after, max(1, min(limit, MOST_ROWS))))


def own_lines(site: Site, account: Account) -> list[str]:
    """The lines that are an account's to send by and to read, as registered."""
    return [line.number for number in account.lines if (line := site.line(number)) is not None]


def own_line(site: Site, account: Account, number: str) -> str:
    """One of them, asked for in any spelling. Raises Refused with 2."""
    line = site.line(number)
    if line is None or line.number not in own_lines(site, account):
        raise Refused(Code.LINE_INVALID, "the line is not registered for the account")
    return line.number


async def readable(reading: Awaitable[T]) -> T:
    """What was read. Raises Refused with 23 if the store cannot."""
    try:
        return await reading
    except StoreFailed as error:
        raise Refused(Code.BUSY, "the store cannot be read now") from error
