"""Who calls, and in whose name: the checks that come before anything is looked at (contract §1: 18, 16, 17, 29)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, assert_never

from msgspec import Struct

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.clocks import earliest
from payamak.domain.marks import without_marks
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.front.sessions import Sessions
from payamak.store.base import Store


class ByPassword(Struct, frozen=True, kw_only=True):
    """A program with a user name and a web-service password, as written, not yet checked.

    `address` is the client's own, after trusted proxies.
    """

    username: str | None
    password: str | None
    address: str

    def __repr__(self) -> str:
        return f"ByPassword(address={self.address!r})"


class BySession(Struct, frozen=True, kw_only=True):
    """A person at the panel, by what his browser holds, as it came.

    An account's `allowed_addresses` are of its programs: a person sits where he sits.
    """

    token: str

    def __repr__(self) -> str:
        return "BySession()"


Caller: TypeAlias = ByPassword | BySession
"""Whoever calls, by what he proves himself with: the one thing from which the front learns whose account is meant.

A sum. A key is to be its next member, with a branch in `Callers.account_of`: nobody else takes a caller apart.
"""

Admits: TypeAlias = Callable[[Account | None, str, str, str], Awaitable[bool]]
"""(account, user name, password, address) -> whether the password is the account's; False for no account too, after the
same time. Raises Refused with 23. See `Authenticator.admits`."""


class Callers:
    """Finds the account in whose name a caller acts."""

    def __init__(self, store: Store, clock: Clock, admits: Admits) -> None:
        self._store = store
        self._clock = clock
        self._admits = admits
        self.sessions = Sessions(store, clock)

    async def account_of(self, caller: Caller) -> Account:
        """The caller's account, as it stands after the check. Raises Refused: 18, 16, 17, 29, or 23."""
        match caller:
            case ByPassword():
                account = self.open(await self._by_password(caller))
                if not account.allows(caller.address):
                    raise Refused(Code.ADDRESS_NOT_ALLOWED)
                return account
            case BySession():
                return self.open(await self._by_session(caller))
            case _:
                assert_never(caller)

    async def _by_session(self, caller: BySession) -> Account:
        """The account of the person whose session it is; people of the house have none."""
        person = await self.sessions.person(caller.token)
        if person is None or person.account is None:
            raise Refused(Code.CREDENTIALS)
        return person.account

    def open(self, account: Account | None) -> Account:
        """The account, if something may be done in its name now. Raises Refused with 16 or 17."""
        if account is None or not account.is_active:
            raise Refused(Code.ACCOUNT_INACTIVE)
        if account.has_expired(earliest(self._clock.now())):
            raise Refused(Code.ACCOUNT_EXPIRED)
        return account

    async def _by_password(self, caller: ByPassword) -> Account:
        if caller.username is None or caller.password is None:
            raise Refused(Code.CREDENTIALS)
        proven = self._store.site.account(caller.username)
        # By its own name: else each spelling would have failures of its own.
        username = without_marks(caller.username) if proven is None else proven.username
        if not await self._admits(proven, username, caller.password, caller.address):
            raise Refused(Code.CREDENTIALS)
        account = self._store.site.accounts.get(username)
        if account is None or proven is None or account.credential_version != proven.credential_version:
            raise Refused(Code.CREDENTIALS, "the password was changed while it was verified")
        return account
