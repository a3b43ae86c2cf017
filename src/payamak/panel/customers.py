"""The house's customers: the list, with what each has."""

from __future__ import annotations

from msgspec import Struct

from payamak.hands import customers
from payamak.panel.visit import Shown, Visit


class CustomerRow(Struct, frozen=True, kw_only=True):
    """One customer."""

    name: str
    is_active: bool
    lines: tuple[str, ...]
    available: int
    reserved: int


class CustomerList(Struct, frozen=True, kw_only=True):
    """All of them."""

    rows: tuple[CustomerRow, ...]


async def listed(visit: Visit) -> Shown:
    """By name."""
    found = await customers.listed(visit.rooms.store)
    rows = tuple(
        CustomerRow(
            name=each.account.username,
            is_active=each.account.is_active,
            lines=each.account.lines,
            available=each.available,
            reserved=each.reserved,
        )
        for each in found
    )
    return Shown(template="customers.html", page=CustomerList(rows=rows), title="customers", section="customers")
