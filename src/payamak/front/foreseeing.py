"""What would become of a message, were it sent now: for whoever is asked before he sends. Nothing is kept or counted.

It is planned, split and priced by the functions that accept it, and known opt-outs are looked up as the store does;
only whether the money suffices is for the asker to see, who knows what it adds up to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct

from payamak.clock import Clock
from payamak.codes import Code
from payamak.domain.clocks import earliest
from payamak.domain.message import Lane, Step
from payamak.domain.numbers import parse_recipient
from payamak.domain.optout import with_known_opt_outs
from payamak.domain.plan import reservation
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.front.asking import readable
from payamak.front.callers import Caller, Callers
from payamak.front.wanted import WantedMessage, plan, readable_ways
from payamak.store.base import Store

MOST_FORESEEN: Final = 100
"""Messages of one question: a query for each."""

_LINES_OF_ONE: Final = 1_000


class Foreseen(Struct, frozen=True, kw_only=True):
    """A message as it would be kept: its steps, those that are opted out marked, and what is reserved.

    `due_at`: when it may go; None: at once.
    """

    recipient: str
    steps: tuple[Step, ...]
    rial: int
    due_at: int | None


class Foreseeing:
    """Answers what would be."""

    def __init__(self, store: Store, clock: Clock, callers: Callers, prefixes: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._callers = callers
        self._prefixes = prefixes

    async def foresee(self, caller: Caller, wanted: Sequence[WantedMessage]) -> tuple[Account, list[Foreseen | Code]]:
        """Of each, in order: what it would be, or the code of its refusal.

        Raises Refused for who calls, and with 24 for more than MOST_FORESEEN.
        """
        account = await self._callers.account_of(caller)
        if len(wanted) > MOST_FORESEEN:
            raise Refused(Code.MESSAGE_ID_INVALID, f"at most {MOST_FORESEEN} messages")
        return account, await asyncio.gather(*(self._one(account, each) for each in wanted))

    async def _one(self, account: Account, wanted: WantedMessage) -> Foreseen | Code:
        site, now = self._store.site, self._clock.now()
        try:
            ways = readable_ways(site, account, wanted)
            recipient = parse_recipient(wanted.recipient, self._prefixes)
            if recipient is None:
                raise Refused(Code.RECIPIENT_INVALID)
            made = plan(site, account, wanted, ways, now, recipient=recipient, lane=Lane.BULK)
            known = await readable(self._store.opt_outs(recipient, None, "", _LINES_OF_ONE))
            facts = {
                each.line: Code(each.code)
                for each in known
                if each.expires_at is None or each.expires_at > earliest(now)
            }
            steps = with_known_opt_outs(made.plan, facts)
        except Refused as refused:
            if refused.code is Code.BUSY:
                raise
            return refused.code
        due_at = made.due_at if made.due_at is not None and made.due_at > now else None
        return Foreseen(recipient=recipient, steps=steps, rial=reservation(steps), due_at=due_at)
