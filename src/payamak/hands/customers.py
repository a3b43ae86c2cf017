"""Customers as the house sees them: accounts, and what each has."""

from __future__ import annotations

from msgspec import Struct

from payamak.domain.site import Account
from payamak.store.base import Store


class Customer(Struct, frozen=True, kw_only=True):
    """An account, with its rial: what it may spend, and what is set aside for messages under way."""

    account: Account
    available: int
    reserved: int


async def listed(store: Store) -> list[Customer]:
    """All of them, by name. Raises StoreFailed."""
    purses = {purse.username: purse for purse in (await store.figures()).purses}
    found = []
    for name, account in sorted(store.site.accounts.items()):
        purse = purses.get(name)
        available, reserved = (purse.available, purse.reserved) if purse is not None else (0, 0)
        found.append(Customer(account=account, available=available, reserved=reserved))
    return found
