"""The ledger's transactions: every change of a purse is an entry and the same change of the balance (P5)."""

from __future__ import annotations

from collections.abc import Iterable

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.message import Message
from payamak.domain.money import MOST_RIAL
from payamak.errors import Refused
from payamak.store.records import Credited
from payamak.store.rules.transaction import Transaction


def reserve(tx: Transaction, account_id: int, amount: int) -> None:
    """Set `amount` aside. Raises Refused with 14, having changed nothing, if the balance does not cover it."""
    if amount:
        tx.execute("reserve", (amount, account_id))
        if tx.db.changes() == 0:
            raise Refused(Code.NO_CREDIT)
    elif tx.one("balance", (account_id,)) is None:
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
) -> None:
    """Write one entry; the purses are moved by the caller."""
    tx.execute("insert_entry", (now, account_id, message_id, kind, source, target, amount, note))


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
    tx: Transaction, username: str, amount: int, reference: str, note: str, now: int, *, allow_negative: bool = False
) -> Credited:
    """See Store.credit_once."""
    account_id = _account_id(tx, username)
    before = tx.one("entry_of_reference", (account_id, reference))
    if before is not None:
        at, target, entered = before
        entered = entered if target == "available" else -entered
        if entered != amount:
            raise ValueError(
                f"account {username} was given {entered:,} rial under the reference {reference}, not {amount:,}"
            )
        return Credited(available=int(tx.one("balance", (account_id,))[0]), entered_at=at, is_repeated=True)
    if not amount:
        raise ValueError("an entry under a reference has an amount")
    available = credit(tx, username, amount, note, now, allow_negative=allow_negative)
    tx.execute("refer_to_entry", (reference, tx.db.last_insert_rowid()))
    return Credited(available=available, entered_at=now, is_repeated=False)


def _account_id(tx: Transaction, username: str) -> int:
    row = tx.one("account_of_name", (username,))
    if row is None:
        raise LookupError(f"there is no account {username!r}")
    return int(row[0])


def credit(tx: Transaction, username: str, amount: int, note: str, now: int, *, allow_negative: bool = False) -> int:
    """Money from outside (below zero: back to it); the new balance. Raises LookupError, ValueError."""
    account_id = _account_id(tx, username)
    if abs(amount) > MOST_RIAL:
        raise ValueError(f"{amount:,} rial is more than the {MOST_RIAL:,} that can be credited at once")
    available = int(tx.one("balance", (account_id,))[0])
    if abs(available + amount) > MOST_RIAL:
        raise ValueError(f"account {username} has {available:,} rial; it may have {MOST_RIAL:,}, of either sign")
    if amount < 0 and available + amount < 0 and not allow_negative:
        raise ValueError(f"account {username} has {available:,} rial; {-amount:,} would take it below zero")
    if amount:
        source, target = ("funding", "available") if amount > 0 else ("available", "funding")
        enter(tx, now, account_id, None, "credit", source, target, abs(amount), note)
        tx.execute("move_money", (amount, 0, account_id))
    return available + amount


def fold_entries(tx: Transaction, account_id: int, message_id: int, now: int) -> None:
    """Before a message is removed: its entries become part of the account's opening balance."""
    for source, target, amount in tx.all("fold_entries", (message_id,)):
        opening = tx.one("opening_entry", (account_id, source, target))
        if opening:
            tx.execute("grow_entry", (amount, now, opening[0]))
        else:
            enter(tx, now, account_id, None, "opening", source, target, amount)
    tx.execute("delete_entries", (message_id,))
