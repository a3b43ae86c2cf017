"""A furnished house with further accounts: one for each rule of the contract that is set per account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from msgspec.structs import replace
from tests import site
from tests.scenarios.house import READY_S, Change, House, accounts_changed, house

from payamak.clock import SystemClock
from payamak.domain.message import Message
from payamak.domain.site import Account, Document, Line, LinkUse
from payamak.store.records import Search
from payamak.store.ruled import RuledStore
from payamak.store.sqlite.store import SqliteStore


@cache
def _demo() -> Account:
    return site.accounts()[0]


def tenant(username: str, **changes: object) -> Account:
    """An account like the demo's, but for these fields. It gets the demo's password and credit."""
    return replace(_demo(), username=username, **changes)


def further_line(number: str, link: str) -> Line:
    """A line like the demo's first one, but with this number and link."""
    return replace(site.lines()[0], number=number, links=(LinkUse(link=link),))


@asynccontextmanager
async def tenanted_house(
    folder: Path, *further: Document, change: Change | None = None
) -> AsyncIterator[tuple[House, SqliteStore]]:
    """A house that serves the demo's accounts and further documents; and its store, opened beside the process."""
    async with house(folder, change or accounts_changed(verdict_wait_ms=2_000), serve=False) as home:
        store = SqliteStore(home.database)
        try:
            now = SystemClock().now()
            await store.put_documents(further, [], now)
            for account in (document for document in further if isinstance(document, Account)):
                await store.credit(account.username, site.CREDIT_RIAL, "test", now)
            await home.serve()
            await _bound(home)
            yield home, store
        finally:
            await store.close()


async def _bound(home: House) -> None:
    """Wait until both links are bound: before that a message has to queue and is answered without a verdict.

    The operators know it a moment before the gateway does; a call that verifies a password is longer than that.
    """
    async with asyncio.timeout(READY_S):
        for operator in (home.advertising, home.service):
            await operator.ledger.until(lambda ledger: ledger.counters.binds > 0)
    await home.post("/api/wsStates.aspx", message_ids="1")


Snapshot = tuple[int, Sequence[object], int, int]


async def snapshot(home: House, store: RuledStore) -> Snapshot:
    """What no refused request may change: messages, purses and ledger, opt-outs, and what the operators saw."""
    messages = await store.search(Search(limit=1_000_000))
    opt_outs = await store.opt_outs(None, None, "", 1_000)
    seen = len(home.advertising.ledger.entries) + len(home.service.ledger.entries)
    return len(messages), await store.balances(), len(opt_outs), seen


async def messages_to(store: RuledStore, recipient: str) -> list[Message]:
    """The rows kept for a recipient, newest first."""
    return await store.search(Search(recipient=recipient))
