"""Money by hand: rial paid in, or taken back, by an entry of the ledger."""

from __future__ import annotations

from msgspec import Struct

from payamak.hands.refusals import NotDone
from payamak.language import sentence_of, worded
from payamak.store.base import Store
from payamak.store.records import Act, By, Credited


class Payment(Struct, frozen=True, kw_only=True):
    """Rial for an account (below zero: taken back). Under a `reference` of whoever pays it is entered once.

    `allow_negative`: more than the account has may be taken.
    """

    username: str
    amount: int
    note: str = ""
    reference: str | None = None
    allow_negative: bool = False


async def enter(store: Store, entry: Payment, by: By, now: int) -> Credited:
    """Enter it. Raises NotDone, with nothing changed, for an account that is not there, or too much either way."""
    name, amount, note, is_free = entry.username, entry.amount, entry.note, entry.allow_negative
    act = Act(by=by, at=now, what="credit", about=f"account {name}")
    try:
        if entry.reference is not None:
            return await store.credit_once(name, amount, entry.reference, note, now, allow_negative=is_free, act=act)
        available = await store.credit(name, amount, note, now, allow_negative=is_free, act=act)
    except ValueError as error:
        raise NotDone(worded(f"{error}: nothing was changed", f"{sentence_of(error)}: چیزی تغییر نکرد")) from error
    except LookupError as error:
        raise NotDone(sentence_of(error)) from error
    return Credited(available=available, entered_at=now, is_repeated=False)
