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
from payamak.language import Words
from payamak.store.desk import Desk
from payamak.store.records import Act, Credited
from payamak.store.rules.audit import enter as enter_act


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


async def reserve(desk: Desk, account_id: int, amount: int) -> None:
    """Set `amount` aside. Raises Refused with 14, having changed nothing, if the balance does not cover it."""
    available = await desk.available(account_id)
    if available is None:
        raise Refused(Code.NO_CREDIT, "the account has no purse")
    if amount:  # what costs nothing goes on a debt too
        if available < amount:
            raise Refused(Code.NO_CREDIT)
        desk.move_money(account_id, available=-amount, reserved=amount)


def enter(
    desk: Desk,
    now: int,
    account_id: int,
    message_id: int | None,
    kind: str,
    source: str,
    target: str,
    amount: int,
    note: str | None = None,
) -> None:
    """Leave one entry; the purses are moved by the caller."""
    desk.execute("insert_entry", (now, account_id, message_id, kind, source, target, amount, note))


def enter_reservations(desk: Desk, now: int, messages: Iterable[Message]) -> None:
    """Write the first entry of each fresh message; the account's purses are moved by the caller."""
    rows = [
        (now, m.account_id, m.id, "reserve", "available", "reserved", m.reserved, None) for m in messages if m.reserved
    ]
    desk.many("insert_entry", rows)


def settle(desk: Desk, message: Message, effect: ev.Settle, now: int) -> None:
    """Reserved (and, after the end, available) money becomes revenue."""
    for purse, amount in (("reserved", effect.reserved), ("available", effect.available)):
        if amount:
            enter(desk, now, message.account_id, message.id, "settle", purse, "revenue", amount)
    desk.move_money(message.account_id, available=-effect.available, reserved=-effect.reserved)


def refund(desk: Desk, message: Message, effect: ev.Refund, now: int) -> None:
    """Revenue goes back to the reservation, from which the next step is paid or the end releases it."""
    enter(desk, now, message.account_id, message.id, "refund", "revenue", "reserved", effect.amount)
    desk.move_money(message.account_id, available=0, reserved=effect.amount)


def release(desk: Desk, message: Message, effect: ev.Release, now: int) -> None:
    """What is left of the reservation goes back to the balance."""
    enter(desk, now, message.account_id, message.id, "release", "reserved", "available", effect.amount)
    desk.move_money(message.account_id, available=effect.amount, reserved=-effect.amount)


async def credit_once(
    desk: Desk,
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
    account_id = await _account_id(desk, username)
    before = await desk.row("entry_of_reference", _Referred, (account_id, reference))
    if before is not None:
        entered = before.amount if before.target == "available" else -before.amount
        if entered != amount:
            raise ValueError(
                Words(
                    f"account {username} was given {entered:,} rial under the reference {reference}, not {amount:,}",
                    f"حساب {username} با شناسهٔ {reference} {entered:,} ریال گرفته بود، نه {amount:,}",
                )
            )
        available = await desk.available(account_id) or 0
        return Credited(available=available, entered_at=before.at, is_repeated=True)
    if not amount:
        raise ValueError(Words("an entry under a reference has an amount", "ثبت با شناسهٔ پرداخت مبلغی می‌خواهد"))
    available = await credit(
        desk, username, amount, note, now, allow_negative=allow_negative, reference=reference, act=act
    )
    return Credited(available=available, entered_at=now, is_repeated=False)


async def _account_id(desk: Desk, username: str) -> int:
    account_id: int | None = await desk.value("account_of_name", (username,))
    if account_id is None:
        raise LookupError(Words(f"there is no account {username!r}", f"حساب {username!r} نیست"))
    return account_id


async def credit(
    desk: Desk,
    username: str,
    amount: int,
    note: str,
    now: int,
    *,
    allow_negative: bool = False,
    reference: str | None = None,
    act: Act | None = None,
) -> int:
    """Money from outside (below zero: back to it); the new balance. Raises LookupError, ValueError."""
    account_id = await _account_id(desk, username)
    if abs(amount) > MOST_RIAL:
        raise ValueError(
            Words(
                f"{amount:,} rial is more than the {MOST_RIAL:,} that can be credited at once",
                f"{amount:,} ریال بیش از {MOST_RIAL:,} است که یک‌باره می‌شود ثبت کرد",
            )
        )
    available = await desk.available(account_id) or 0
    if abs(available + amount) > MOST_RIAL:
        raise ValueError(
            Words(
                f"account {username} has {available:,} rial; it may have {MOST_RIAL:,}, of either sign",
                f"حساب {username} {available:,} ریال دارد؛ حداکثر {MOST_RIAL:,} با هر علامتی مجاز است",
            )
        )
    if amount < 0 and available + amount < 0 and not allow_negative:
        raise ValueError(
            Words(
                f"account {username} has {available:,} rial; {-amount:,} would take it below zero",
                f"حساب {username} {available:,} ریال دارد؛ با {-amount:,} زیر صفر می‌رود",
            )
        )
    if not amount:
        return available
    source, target = ("funding", "available") if amount > 0 else ("available", "funding")
    desk.execute("insert_credit", (now, account_id, source, target, abs(amount), note, reference))
    desk.move_money(account_id, available=amount, reserved=0)
    if act is not None:
        enter_act(desk, replace(act, before=f"{available:,} rial", after=f"{available + amount:,} rial"))
    return available + amount


async def fold_entries(desk: Desk, account_id: int, message_id: int, now: int) -> None:
    """Before a message is removed: its entries become part of the account's opening balance."""
    for sum_ in await desk.rows("fold_entries", _Sum, (message_id,)):
        opening = await desk.value("opening_entry", (account_id, sum_.source, sum_.target))
        if opening is not None:
            desk.execute("grow_entry", (sum_.amount, now, opening))
        else:
            enter(desk, now, account_id, None, "opening", sum_.source, sum_.target, sum_.amount)
    desk.execute("delete_entries", (message_id,))
