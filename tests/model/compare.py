"""The store's file, read past the store, and its comparison with the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apsw
from tests.model.books import UNDER_WAY, Books
from tests.model.promise import (
    ARRIVED,
    EXPIRED,
    FAILED,
    LATER,
    LOST,
    OPTED_OUT,
    REFUSED,
    REJECTED,
    TAKEN,
    UNSURE,
)

from payamak.domain.events import OutcomeKind
from payamak.domain.message import Message, Reason
from payamak.domain.standing import state_code
from payamak.store.columns import MESSAGE, reader
from payamak.store.records import ProvenAccount
from payamak.store.rules.proof import prove_ledger
from payamak.store.sqlite.reader import SqliteReader
from payamak.store.statements import load_statements

message_of = reader(Message, MESSAGE)

NEWS = {ARRIVED: "d", FAILED: "u", EXPIRED: "e", REJECTED: "r", OPTED_OUT: "o", UNSURE: "k"}
RECEIPTS: dict[str, str | None] = {**NEWS, UNDER_WAY: None}
ANSWERS = {
    TAKEN: OutcomeKind.TAKEN,
    LATER: OutcomeKind.LATER,
    OPTED_OUT: OutcomeKind.OPTED_OUT,
    REFUSED: OutcomeKind.REFUSED,
    LOST: OutcomeKind.AMBIGUOUS,
}
WAITING = {
    Reason.THROTTLED,
    Reason.OPERATOR_BUSY,
    Reason.LINK_DOWN,
    Reason.OUTSIDE_HOURS,
    Reason.PACED,
}


class Eye:
    """A reading connection of its own, which also remembers what it saw the last time."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        message = load_statements()["message"]
        self._messages = message.replace("WHERE id = ?", "ORDER BY id")
        assert self._messages != message

    def rows(self, query: str) -> list[Any]:
        """All rows of a query."""
        return list(self._db.execute(query))

    def messages(self) -> list[Message]:
        """Every message of the file."""
        return [message_of(row) for row in self.rows(self._messages)]

    def version(self, message_id: int) -> int:
        """How often a message has changed."""
        ((version,),) = self._db.execute("SELECT version FROM message WHERE id = ?", (message_id,))
        assert isinstance(version, int)
        return version

    def proof(self) -> tuple[ProvenAccount, ...]:
        """What the product itself proves of the money."""
        return prove_ledger(SqliteReader(self._db)).accounts

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def reason_class(reason: Reason) -> str:
    """The product's reason in the words of the promise: what only waits for another try is one class."""
    return "waits" if reason in WAITING else reason.value.replace("_", " ")


def compare(eye: Eye, books: Books) -> None:
    """Everything that both know; raises AssertionError with the first difference."""
    messages = {message.id: message for message in eye.messages()}
    assert sorted(messages) == sorted(books.messages)
    for message_id, message in messages.items():
        compare_message(message, books, message_id)
    compare_copies(eye, books)
    compare_money(eye, books, messages)
    assert [account.faults for account in eye.proof() if account.faults] == []


def compare_message(message: Message, books: Books, message_id: int) -> None:
    """State, reason, what the customer is told, step, line, tries, copies, money, who holds it."""
    kept = books.messages[message_id]
    life = kept.life
    m = message
    reason = reason_class(m.reason)
    told = state_code(m.state, m.was_taken)
    product: dict[str, object] = {
        "state": m.state.value,
        "reason": reason,
        "told": told,
        "step": m.step,
        "line": m.current.line,
    }
    product |= {"tries": m.tries, "copies": m.copies, "reserved": m.reserved, "charged": m.charged}
    product |= {"late": m.was_settled_late, "held": m.is_leased and m.state == "queued"}
    second: dict[str, object] = {
        "state": life.state,
        "reason": life.reason,
        "told": life.told,
        "step": life.step,
        "line": life.line,
    }
    second |= {"tries": life.tries, "copies": life.copies, "reserved": life.reserved, "charged": life.charged}
    second |= {"late": life.was_settled_late, "held": kept.is_held and life.state == "queued"}
    if life.reason in ("opted out", "refused") and life.end is not None:
        product["code"], second["code"] = m.code, life.code
    assert product == second, f"message {message_id}: {difference(product, second)}"


def difference(product: Mapping[str, object], second: Mapping[str, object]) -> str:
    """What differs, and only that."""
    return "; ".join(
        f"{key}: the product says {product[key]}, the promise {second[key]}"
        for key in product
        if product[key] != second[key]
    )


def compare_copies(eye: Eye, books: Books) -> None:
    """What left us, what was answered, which receipt found which copy, and which ones found nobody."""
    query = "SELECT message_id, step, try_no, part, upstream, answer, operator_id, receipt FROM part"
    there = {tuple(row) for row in eye.rows(query)}
    expected = {
        (
            copy.message_id,
            copy.step,
            copy.try_no,
            copy.part,
            copy.upstream,
            None if copy.answer is None else ANSWERS[copy.answer].value,
            copy.operator_id,
            None if copy.receipt is None else NEWS[copy.receipt],
        )
        for copy in books.copies
    }
    assert there == expected, f"only in the store {there - expected}, only in the books {expected - there}"
    strays = eye.rows("SELECT operator_id, part_state FROM receipt WHERE standing = 'unmatched'")
    assert Counter(tuple(row) for row in strays) == Counter((s.operator_id, RECEIPTS[s.news]) for s in books.strays)


def compare_money(eye: Eye, books: Books, messages: dict[int, Message]) -> None:
    """The purses, their entries and the messages tell one sum; money neither appears nor vanishes (P5)."""
    purses: dict[tuple[int, str], int] = Counter()
    spent: dict[int, int] = Counter()
    aside: dict[int, int] = Counter()
    for account_id, message_id, source, target, amount in eye.rows(
        "SELECT account_id, message_id, source, target, amount FROM ledger"
    ):
        purses[account_id, source] -= amount
        purses[account_id, target] += amount
        if message_id is not None:
            spent[message_id] += amount * ((target == "revenue") - (source == "revenue"))
            aside[message_id] += amount * ((target == "reserved") - (source == "reserved"))
    for message in messages.values():
        assert (spent[message.id], aside[message.id]) == (message.charged, message.reserved)
    for account_id, name, available, reserved in eye.rows("SELECT id, username, available, reserved FROM account"):
        assert (available, reserved) == (purses[account_id, "available"], purses[account_id, "reserved"])
        assert available == books.available(name)
        lives = [m.life for m in books.messages.values() if m.account == name]
        assert reserved == sum(life.reserved for life in lives)
        account = books.accounts[name]
        assert purses[account_id, "revenue"] == account.spent_by_gone + sum(life.charged for life in lives)
        assert purses[account_id, "funding"] == -account.credits
