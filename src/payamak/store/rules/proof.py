"""The ledger proof: every account's money counted from the ledger's entries alone, and message by message (P5).

Nothing that is kept as a sum is believed. The entries are added up purse by purse; the balances that the store works
with, what each message and campaign has set aside and what was charged must come out the same, and so must the sums of
days. Two passes over the entries and one over the messages, in the order of an index, so that the cost grows with the
store and the memory does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from payamak.store.reader import Reader
from payamak.store.records import LedgerProof, ProvenAccount

MOST_TOLD = 5
"""Messages of an account that are named one by one: a damage of thousands is told by the first few and the count."""


class Money(Struct, frozen=True, kw_only=True):
    """What a message has set aside and was charged, by its row or by its entries."""

    message_id: int
    account_id: int
    reserved: int = 0
    charged: int = 0


class _Entry(Struct, frozen=True, kw_only=True):
    """An entry of the ledger, as it is added up."""

    account_id: int
    source: str
    target: str
    amount: int
    kind: str = ""
    message_id: int | None = None


class _Purses(Struct, frozen=True, kw_only=True):
    """The purses of an account, as they are kept."""

    account_id: int
    username: str
    available: int
    reserved: int


class _Held(Struct, frozen=True, kw_only=True):
    """What is held for an account's campaigns."""

    account_id: int
    held: int


class _Spent(Struct, frozen=True, kw_only=True):
    """What an account was charged by the sums of days, less what was paid back."""

    account_id: int
    rial: int


class _Sheet:
    """One account while it is added up."""

    def __init__(self) -> None:
        self.purses = dict.fromkeys(("funding", "available", "reserved", "revenue"), 0)
        self.removed_charged = 0
        self.reserved_by_messages = 0
        self.charged_by_messages = 0
        self.charged_by_sums = 0
        self.faults: list[str] = []
        self.faulty = 0

    def enter(self, kind: str, source: str, target: str, amount: int) -> None:
        """An entry takes from one purse what it gives to another."""
        self.purses[source] -= amount
        self.purses[target] += amount
        if kind == "opening":
            self.removed_charged += amount * ((target == "revenue") - (source == "revenue"))

    def blame(self, fault: str) -> None:
        """Something is wrong with one message."""
        self.faulty += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(fault)


def prove_ledger(db: Reader) -> LedgerProof:
    """See Store.prove_ledger; one snapshot."""
    sheets: dict[int, _Sheet] = {}
    entries = messages = 0
    for entry in db.stream("all_entries", _Entry):
        sheets.setdefault(entry.account_id, _Sheet()).enter(entry.kind, entry.source, entry.target, entry.amount)
        entries += 1
    for message, counted in _side_by_side(db):
        sheet = sheets.setdefault((message or counted).account_id, _Sheet())
        if message is None:
            sheet.blame(f"message {counted.message_id} is gone, its entries are not")
            continue
        messages += 1
        sheet.reserved_by_messages += message.reserved
        sheet.charged_by_messages += message.charged
        if counted.account_id != message.account_id:
            sheet.blame(f"message {message.message_id} has entries of another account")
        pairs = (("set aside", message.reserved, counted.reserved), ("charged", message.charged, counted.charged))
        for word, kept, found in pairs:
            if kept != found:
                fault = f"message {message.message_id}: {word} {kept:,}, by its entries {found:,} ({kept - found:+,})"
                sheet.blame(fault)
    for hold in db.rows("holds", _Held):
        sheets.setdefault(hold.account_id, _Sheet()).reserved_by_messages += hold.held
    for spent in db.rows("charged_by_sums", _Spent):
        sheets.setdefault(spent.account_id, _Sheet()).charged_by_sums = spent.rial
    told = [_told(purses, sheets.pop(purses.account_id, _Sheet())) for purses in db.rows("balances", _Purses)]
    for account_id, sheet in sorted(sheets.items()):
        nothing = _Purses(account_id=account_id, username="", available=0, reserved=0)
        told.append(_told(nothing, sheet, "has no purse"))
    return LedgerProof(accounts=tuple(told), entries=entries, messages=messages)


def _side_by_side(db: Reader) -> Iterator[tuple[Money | None, Money]]:
    """Each message with the sums of its entries, in the order of their ids; entries may be without their message."""
    groups = groupby(db.stream("message_entries", _Entry), attrgetter("message_id"))
    sums = (_summed(message_id, rows) for message_id, rows in groups)
    counted = next(sums, None)
    for message in db.stream("message_money", Money):
        while counted is not None and counted.message_id < message.message_id:
            yield None, counted
            counted = next(sums, None)
        if counted is not None and counted.message_id == message.message_id:
            yield message, counted
            counted = next(sums, None)
        else:
            yield message, Money(message_id=message.message_id, account_id=message.account_id)
    while counted is not None:
        yield None, counted
        counted = next(sums, None)


def _summed(message_id: int, entries: Iterable[_Entry]) -> Money:
    """Whose a message's entries are, and what they set aside and charge in all."""
    account_id = reserved = charged = 0
    for entry in entries:
        account_id = entry.account_id
        reserved += entry.amount * ((entry.target == "reserved") - (entry.source == "reserved"))
        charged += entry.amount * ((entry.target == "revenue") - (entry.source == "revenue"))
    return Money(message_id=message_id, account_id=account_id, reserved=reserved, charged=charged)


def _told(kept_as: _Purses, sheet: _Sheet, fault: str = "") -> ProvenAccount:
    purses = sheet.purses
    pairs = (
        ("the balance", kept_as.available, purses["available"]),
        ("what is set aside", kept_as.reserved, purses["reserved"]),
        ("what messages and campaigns have set aside", sheet.reserved_by_messages, purses["reserved"]),
        ("what the sums of days say was charged", sheet.charged_by_sums, purses["revenue"]),
        ("what the messages were charged", sheet.charged_by_messages + sheet.removed_charged, purses["revenue"]),
    )
    faults = [fault] if fault else []
    faults += [
        f"{what} is {kept:,}, by the entries {sum_:,} ({kept - sum_:+,})" for what, kept, sum_ in pairs if kept != sum_
    ]
    faults += sheet.faults
    if sheet.faulty > len(sheet.faults):
        faults.append(f"and {sheet.faulty - len(sheet.faults):,} more of its messages")
    return ProvenAccount(
        account_id=kept_as.account_id,
        username=kept_as.username,
        paid_in=-purses["funding"],
        charged=purses["revenue"],
        reserved=purses["reserved"],
        available=purses["available"],
        faults=tuple(faults),
    )
