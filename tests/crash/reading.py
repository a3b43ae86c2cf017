"""What the store keeps, read with statements of the crash tests' own.

So a fault of the program's reading cannot hide one of its writing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

PRAGMAS = ("integrity_check", "foreign_key_check")


class Part(Struct, frozen=True, kw_only=True):
    """An attempt at a part, as the store keeps it."""

    step: int
    try_no: int
    part: int
    on_wire_at: int
    answer: str | None
    answered_at: int | None
    operator_id: str | None = None


class Kept(Struct, frozen=True, kw_only=True):
    """A message as the store keeps it."""

    id: int
    recipient: str
    steps: tuple[dict[str, Any], ...]
    state: str
    reason: str
    step: int
    accepted_at: int
    changed_at: int
    deadline_at: int
    copies: int
    reserved: int
    charged: int
    is_final: bool
    was_settled_late: bool
    parts: tuple[Part, ...] = ()


class Purse(Struct, frozen=True, kw_only=True):
    """An account's money, counted in each of the ways there are."""

    username: str
    available: int
    reserved: int
    available_by_entries: int
    reserved_by_entries: int
    reserved_by_messages: int
    credit: int
    charged_by_messages: int


@dataclass
class Store:
    """All that the checker needs of the file."""

    messages: list[Kept]
    purses: list[Purse]
    received: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    health: list[str]


def read_store(path: Path) -> Store:
    """The file, which no process has open any more."""
    db = apsw.Connection(str(path))
    try:
        health = [f"{name}: {row}" for name in PRAGMAS for row in db.execute(f"PRAGMA {name}") if row != ("ok",)]
        return Store(
            messages=list(_messages(db)),
            purses=list(_purses(db)),
            received=list(_rows(db, "id, sender, text, relay, keyword, tries, reply_id", "received")),
            notices=list(_rows(db, "message_id, sequence, state, post", "notice")),
            health=health,
        )
    finally:
        db.close()


def _messages(db: apsw.Connection) -> Iterator[Kept]:
    parts: dict[int, list[Part]] = defaultdict(list)
    attempt = "step, try_no, part, on_wire_at, answer, answered_at, operator_id"
    for message_id, *row in db.execute(f"SELECT message_id, {attempt} FROM part ORDER BY message_id, step, try_no"):
        parts[message_id].append(Part(**dict(zip(attempt.split(", "), row, strict=True))))
    columns = (
        "id, recipient, plan, state, reason, step, accepted_at, changed_at, deadline_at, copies, reserved, charged,"
        " is_final, was_settled_late"
    )
    for row in db.execute(f"SELECT {columns} FROM message ORDER BY id"):
        values = dict(zip(columns.split(", "), row, strict=True))
        steps = tuple(json.loads(values.pop("plan")))
        values.update({name: bool(values[name]) for name in ("is_final", "was_settled_late")})
        yield Kept(steps=steps, parts=tuple(parts.get(values["id"], ())), **values)


def _purses(db: apsw.Connection) -> Iterator[Purse]:
    entries: dict[int, Counter[str]] = defaultdict(Counter)
    for account_id, source, target, amount in db.execute("SELECT account_id, source, target, amount FROM ledger"):
        entries[account_id][target] += amount
        entries[account_id][source] -= amount
    for account_id, username, available, reserved in db.execute(
        "SELECT id, username, available, reserved FROM account"
    ):
        sums = "coalesce(sum(charged), 0), coalesce(sum(reserved), 0)"
        charged, held = next(db.execute(f"SELECT {sums} FROM message WHERE account_id = ?", (account_id,)))
        mine = entries[account_id]
        yield Purse(
            username=username,
            available=available,
            reserved=reserved,
            available_by_entries=mine["available"],
            reserved_by_entries=mine["reserved"],
            reserved_by_messages=held,
            credit=-mine["funding"],
            charged_by_messages=charged,
        )


def _rows(db: apsw.Connection, columns: str, table: str) -> Iterator[dict[str, Any]]:
    for row in db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2"):
        yield dict(zip(columns.split(", "), row, strict=True))
