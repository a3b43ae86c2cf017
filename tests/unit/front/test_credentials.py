"""What changes while a password is verified: it may have waited for seconds, and the site goes on meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace as changed
from tests.store.world import gone
from tests.unit.house import ACCOUNT, CALLER, SUBMISSION, A, B, Gate, House, send

from payamak.codes import Code
from payamak.dialects.states import states_of
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.front.accept import Front
from payamak.store.records import Search


class SlowGate(Gate):
    """Something happens while it looks."""

    def __init__(self, happens: Callable[[], Awaitable[object]]) -> None:
        self.happens = happens

    async def admits(self, account: Account | None, username: str, password: str, address: str) -> bool:
        """See Admits."""
        await self.happens()
        return await super().admits(account, username, password, address)


async def told(house: House, happens: Callable[[], Awaitable[object]]) -> tuple[Code, Code] | None:
    """The codes with which a message and a question are refused, if they are."""
    front = Front(house.store, house.clock, SlowGate(happens).admits)
    try:
        await send(front, SUBMISSION)
    except Refused as refused:
        with pytest.raises(Refused) as caught:
            await states_of(front, CALLER, [1001])
        return refused.code, caught.value.code
    await states_of(front, CALLER, [1001])
    return None


async def test_a_password_that_is_changed_meanwhile(house: House) -> None:
    """What was proven by the old one is told 18, and nothing is kept."""
    await house.put()
    hashes = iter("abcd")
    assert await told(house, lambda: house.put(changed(ACCOUNT, password_hash=next(hashes)), 0)) == (18, 18)
    assert await house.store.search(Search()) == []


async def test_an_account_that_is_replaced_meanwhile(house: House) -> None:
    """Its successor of the same name, and with the same password, is somebody else; so is nobody."""
    await house.put()

    async def replaced() -> None:
        await gone(house.store, "account", "shop")
        await house.put(ACCOUNT, 0)

    assert await told(house, replaced) == (18, 18)
    there = [("account", "shop")]

    async def removed() -> None:
        if there:
            await gone(house.store, *there.pop())

    assert await told(house, removed) == (18, 18)


async def test_anything_else_that_changes_meanwhile(house: House) -> None:
    """Counts as it is when the message is accepted: suspended is suspended, a line taken away is no longer his."""
    await house.put()
    assert await told(house, lambda: house.put(changed(ACCOUNT, is_active=False), 0)) == (16, 16)
    await house.put(ACCOUNT, 0)
    assert await told(house, lambda: house.put(changed(ACCOUNT, is_active=True), 0)) is None
    front = Front(house.store, house.clock, SlowGate(lambda: house.put(changed(ACCOUNT, lines=(B,)), 0)).admits)
    with pytest.raises(Refused) as caught:
        await send(front, changed(SUBMISSION, line=A))
    assert caught.value.code is Code.LINE_INVALID
