"""The proof of the books: every account's money counted from the ledger's entries alone, and message by message (P5).

Nothing that is kept as a sum is believed. The entries are added up purse by purse; the balances that the store works
with, what each message has set aside and what it was charged must come out the same. Two passes over the entries and
one over the messages, in the order of an index, so that the cost grows with the store and the memory does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import apsw

from payamak.store.records import Audit, AuditedAccount
from payamak.store.statements import load_statements

MOST_TOLD = 5
"""Messages of an account that are named one by one: a damage of thousands is told by the first few and the count."""

Money = tuple[int, int, int, int]
"""A message: id, account, what it has set aside, what it was charged."""

Counted = tuple[int, int, int, int]
"""The same of its entries."""


class _Sheet:
    """One account while it is added up."""

    def __init__(self) -> None:
        self.purses = dict.fromkeys(("funding", "available", "reserved", "revenue"), 0)
        self.removed_charged = 0
        self.reserved_by_messages = 0
        self.charged_by_messages = 0
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


def audit(db: apsw.Connection) -> Audit:
    """See Store.audit; one snapshot."""
    sql = load_statements()
    sheets: dict[int, _Sheet] = {}
    entries = messages = 0
    for account_id, kind, source, target, amount in db.execute(sql["all_entries"]):
        sheets.setdefault(account_id, _Sheet()).enter(kind, source, target, amount)
        entries += 1
    for message, counted in _side_by_side(db):
        message_id, account_id, reserved, charged = message or counted
        sheet = sheets.setdefault(account_id, _Sheet())
        if message is None:
            sheet.blame(f"message {message_id} is gone, its entries are not")
            continue
        messages += 1
        sheet.reserved_by_messages += reserved
        sheet.charged_by_messages += charged
        if counted[1] != account_id:
            sheet.blame(f"message {message_id} has entries of another account")
        for word, kept, found in (("set aside", reserved, counted[2]), ("charged", charged, counted[3])):
            if kept != found:
                sheet.blame(f"message {message_id}: {word} {kept:,}, by its entries {found:,} ({kept - found:+,})")
    told = [_told(row, sheets.pop(row[0], _Sheet())) for row in db.execute(sql["balances"])]
    told += [_told((account_id, "", 0, 0), sheet, "has no purse") for account_id, sheet in sorted(sheets.items())]
    return Audit(accounts=tuple(told), entries=entries, messages=messages)


def _side_by_side(db: apsw.Connection) -> Iterator[tuple[Money | None, Counted]]:
    """Each message with the sums of its entries, in the order of their ids; entries may be without their message."""
    sql = load_statements()
    groups = groupby(db.execute(sql["message_entries"]), itemgetter(0))
    sums = (_summed(message_id, rows) for message_id, rows in groups)
    counted = next(sums, None)
    for message in db.execute(sql["message_money"]):
        while counted is not None and counted[0] < message[0]:
            yield None, counted
            counted = next(sums, None)
        if counted is not None and counted[0] == message[0]:
            yield message, counted
            counted = next(sums, None)
        else:
            yield message, (message[0], message[1], 0, 0)
    while counted is not None:
        yield None, counted
        counted = next(sums, None)


def _summed(message_id: int, rows: Iterable[tuple[int, int, str, str, int]]) -> Counted:
    """Whose a message's entries are, and what they set aside and charge in all."""
    account_id = reserved = charged = 0
    for _, whose, source, target, amount in rows:
        account_id = whose
        reserved += amount * ((target == "reserved") - (source == "reserved"))
        charged += amount * ((target == "revenue") - (source == "revenue"))
    return message_id, account_id, reserved, charged


def _told(row: tuple[int, str, int, int], sheet: _Sheet, fault: str = "") -> AuditedAccount:
    account_id, username, available, reserved = row
    purses = sheet.purses
    pairs = (
        ("the balance", available, purses["available"]),
        ("what is set aside", reserved, purses["reserved"]),
        ("what the messages have set aside", sheet.reserved_by_messages, purses["reserved"]),
        ("what the messages were charged", sheet.charged_by_messages + sheet.removed_charged, purses["revenue"]),
    )
    faults = [fault] if fault else []
    faults += [
        f"{what} is {kept:,}, by the entries {sum_:,} ({kept - sum_:+,})" for what, kept, sum_ in pairs if kept != sum_
    ]
    faults += sheet.faults
    if sheet.faulty > len(sheet.faults):
        faults.append(f"and {sheet.faulty - len(sheet.faults):,} more of its messages")
    return AuditedAccount(
        account_id=account_id,
        username=username,
        paid_in=-purses["funding"],
        charged=purses["revenue"],
        reserved=purses["reserved"],
        available=purses["available"],
        faults=tuple(faults),
    )
