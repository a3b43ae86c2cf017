"""The ledger's transactions: every change of a purse is an entry and the same change of the balance (P5)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.message import Message
from payamak.domain.money import MOST_RIAL
from payamak.errors import Refused
from payamak.store.records import Act, Credited
from payamak.store.rules.audit import enter as enter_act
from payamak.store.rules.transaction import Transaction


class _Referred(Struct, frozen=True, kw_only=True):
    """What was entered under a reference."""

    at: int
    target: str
    amount: int


class _Sum(Struct, frozen=True, kw_only=True):
    """What of a message's money went from one purse to another, in rial."""

    source: str
    target: str
    amount: int


def reserve(tx: Transaction, account_id: int, amount: int) -> None:
    """Set `amount` aside. Raises Refused with 14, having changed nothing, if the balance does not cover it."""
    if amount:
        if tx.change("reserve", (amount, account_id)) == 0:
            raise Refused(Code.NO_CREDIT)
    elif tx.value("balance", (account_id,)) is None:
        raise Refused(Code.NO_CREDIT, "the account has no purse")


def enter(
    tx: Transaction,
    now: int,
    account_id: int,
    message_id: int | None,
    kind: str,
    source: str,
    target: str,
    amount: int,
    note: str | None = None,
) -> int:
    """Write one entry, whose id this is; the purses are moved by the caller."""
    return tx.insert("insert_entry", (now, account_id, message_id, kind, source, target, amount, note))


def enter_reservations(tx: Transaction, now: int, messages: Iterable[Message]) -> None:
    """Write the first entry of each fresh message; the account's purses are moved by the caller."""
    rows = [
        (now, m.account_id, m.id, "reserve", "available", "reserved", m.reserved, None) for m in messages if m.reserved
    ]
    tx.many("insert_entry", rows)


def settle(tx: Transaction, message: Message, effect: ev.Settle, now: int) -> None:
    """Reserved (and, after the end, available) money becomes revenue."""
    for purse, amount in (("reserved", effect.reserved), ("available", effect.available)):
        if amount:
            enter(tx, now, message.account_id, message.id, "settle", purse, "revenue", amount)
    tx.execute("move_money", (-effect.available, -effect.reserved, message.account_id))


def refund(tx: Transaction, message: Message, effect: ev.Refund, now: int) -> None:
    """Revenue goes back to the reservation, from which the next step is paid or the end releases it."""
    enter(tx, now, message.account_id, message.id, "refund", "revenue", "reserved", effect.amount)
    tx.execute("move_money", (0, effect.amount, message.account_id))


def release(tx: Transaction, message: Message, effect: ev.Release, now: int) -> None:
    """What is left of the reservation goes back to the balance."""
    enter(tx, now, message.account_id, message.id, "release", "reserved", "available", effect.amount)
    tx.execute("move_money", (effect.amount, -effect.amount, message.account_id))


def credit_once(
    tx: Transaction,
    username: str,
    amount: int,
    reference: str,
    note: str,
    now: int,
    *,
    allow_negative: bool = False,
    act: Act | None = None,
) -> Credited:
    """See Store.credit_once."""
    account_id = _account_id(tx, username)
    before = tx.row("entry_of_reference", _Referred, (account_id, reference))
    if before is not None:
        entered = before.amount if before.target == "available" else -before.amount
        if entered != amount:
            raise ValueError(
                f"account {username} was given {entered:,} rial under the reference {reference}, not {amount:,}"
            )
        return Credited(available=int(tx.value("balance", (account_id,))), entered_at=before.at, is_repeated=True)
    if not amount:
        raise ValueError("an entry under a reference has an amount")
    available, entry_id = _credit(tx, username, amount, note, now, allow_negative, act)
    tx.execute("refer_to_entry", (reference, entry_id))
    return Credited(available=available, entered_at=now, is_repeated=False)


def _account_id(tx: Transaction, username: str) -> int:
    account_id: int | None = tx.value("account_of_name", (username,))
    if account_id is None:
        raise LookupError(f"there is no account {username!r}")
    return account_id


def credit(
    tx: Transaction,
    username: str,
    amount: int,
    note: str,
    now: int,
    *,
    allow_negative: bool = False,
    act: Act | None = None,
) -> int:
    """Money from outside (below zero: back to it); the new balance. Raises LookupError, ValueError."""
    available, _ = _credit(tx, username, amount, note, now, allow_negative, act)
    return available


def _credit(
    tx: Transaction, username: str, amount: int, note: str, now: int, allow_negative: bool, act: Act | None
) -> tuple[int, int | None]:
    """The new balance, and the entry that says so; None if there was nothing to enter."""
    account_id = _account_id(tx, username)
    if abs(amount) > MOST_RIAL:
        raise ValueError(f"{amount:,} rial is more than the {MOST_RIAL:,} that can be credited at once")
    available = int(tx.value("balance", (account_id,)))
    if abs(available + amount) > MOST_RIAL:
        raise ValueError(f"account {username} has {available:,} rial; it may have {MOST_RIAL:,}, of either sign")
    if amount < 0 and available + amount < 0 and not allow_negative:
        raise ValueError(f"account {username} has {available:,} rial; {-amount:,} would take it below zero")
    if not amount:
        return available, None
    source, target = ("funding", "available") if amount > 0 else ("available", "funding")
    entry_id = enter(tx, now, account_id, None, "credit", source, target, abs(amount), note)
    tx.execute("move_money", (amount, 0, account_id))
    if act is not None:
        enter_act(tx, replace(act, before=f"{available:,} rial", after=f"{available + amount:,} rial"))
    return available + amount, entry_id


def fold_entries(tx: Transaction, account_id: int, message_id: int, now: int) -> None:
    """Before a message is removed: its entries become part of the account's opening balance."""
    for sum_ in tx.rows("fold_entries", _Sum, (message_id,)):
        opening = tx.value("opening_entry", (account_id, sum_.source, sum_.target))
        if opening is not None:
            tx.execute("grow_entry", (sum_.amount, now, opening))
        else:
            enter(tx, now, account_id, None, "opening", sum_.source, sum_.target, sum_.amount)
    tx.execute("delete_entries", (message_id,))
