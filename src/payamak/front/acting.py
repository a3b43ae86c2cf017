"""What a customer may do beside sending: always to what is his own, for each function learns whose from a caller.

Nothing of another account is touched, and nobody learns whether it is there. A store that fails is Refused with 23, a
caller who may not act with 18, 16, 17 or 29; then nothing is changed. What is done is on disk when a function
returns. What changes something leaves a row in the audit; that a received message was read stands in itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.mo import Received
from payamak.domain.numbers import parse_recipient
from payamak.domain.site import DAY_MS, Account
from payamak.domain.site.secrets import UnfitSecret, check_new_password
from payamak.errors import Refused, StoreFailed
from payamak.front.asking import own_line, own_lines, readable
from payamak.front.callers import Caller, Callers
from payamak.store.base import Store
from payamak.store.records import Act, By, OptOut, TakenBack

MOST_TAKEN_BACK: Final = 1_000
"""Messages that one call takes back at most: a transaction of some 100 ms."""


DAYS: Final = 1 << 20
"""Room for the number of a day beside an account's: 2,800 years of them."""


class OwnActs:
    """Does what callers ask, to what is theirs."""

    def __init__(self, store: Store, clock: Clock, callers: Callers) -> None:
        self._store = store
        self._clock = clock
        self._callers = callers

    async def take_back(self, caller: Caller, ids: Sequence[int]) -> TakenBack:
        """Take back those of the messages that still wait; what was left stands in `left`, with None if it is not the
        account's. Raises Refused with 24 for more than MOST_TAKEN_BACK."""
        account = await self._callers.account_of(caller)
        if len(ids) > MOST_TAKEN_BACK:
            raise Refused(Code.MESSAGE_ID_INVALID, f"at most {MOST_TAKEN_BACK} messages a call")
        act = self._act(account, "take back", "messages")
        return await readable(self._store.cancel(ids, self._clock.now(), account_id=account.id, act=act))

    async def read_received(self, caller: Caller, limit: int = 1_000) -> list[Received]:
        """What handsets sent to the account's lines and nobody has read yet, oldest first; it is read from now on.

        The same transaction marks it: no other call returns it again.
        """
        account = await self._callers.account_of(caller)
        lines = own_lines(self._store.site, account)
        return await readable(self._store.received(lines, self._clock.now(), limit=limit, mark_read=True))

    async def opt_out(self, caller: Caller, line: str, recipient: str) -> OptOut:
        """Let a recipient be opted out of one of the account's lines for good, as if he had asked for it himself (33).

        Nothing takes it back but the recipient's 12, or the house. Raises Refused with 2 or 1.
        """
        account = await self._callers.account_of(caller)
        number = own_line(self._store.site, account, line)
        to = parse_recipient(recipient, None)
        if to is None:
            raise Refused(Code.RECIPIENT_INVALID)
        entered = OptOut(
            recipient=to,
            line=number,
            code=Code.OPTED_OUT_OF_LINE,
            source="hand",
            learned_at=int(self._clock.now()),
            expires_at=None,
        )
        act = self._act(account, "opt out", f"line {number}")
        await readable(self._store.put_opt_outs([entered], act))
        return entered

    def _act(self, account: Account, what: str, about: str) -> Act:
        """The row in the audit, to which further acts of the account's day are added: no caller fills the audit."""
        now = int(self._clock.now())
        by = By(who=f"account {account.username}", command=what, act=account.id * DAYS + now // DAY_MS % DAYS)
        return Act(by=by, at=now, what=what, about=about)

    async def change_password(
        self, caller: Caller, password: str | None, hash_password: Callable[[str], Awaitable[str]]
    ) -> None:
        """Give the account a new web-service password; the old one is no good when this returns. Raises Refused."""
        account = await self._callers.account_of(caller)
        try:
            check_new_password(password or "")
        except UnfitSecret as error:
            raise Refused(Code.MALFORMED, str(error)) from error
        password_hash = await hash_password(password or "")
        act = self._act(account, "change password", f"account {account.username}")
        try:
            await self._store.set_password(account.username, password_hash, account.credential_version, act)
        except LookupError as error:
            raise Refused(Code.CREDENTIALS, "the password was changed meanwhile") from error
        except StoreFailed as error:
            raise Refused(Code.BUSY, "the store cannot keep the password now") from error
