"""Joins what the clients were promised, what the store keeps and what the operator received; says what was broken.

It reads the store's tables with statements of its own, so that a fault of the program's reading cannot hide one of its
writing. Every message of a run has a recipient of its own, so the recipient joins all three.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct
from tests.crash.client import Book
from tests.crash.site import HOLDING, PRICES

from payamak.simulator import OPTED_OUT_LINE, Entry

PRAGMAS = ("integrity_check", "foreign_key_check")


class Part(Struct, frozen=True, kw_only=True):
    """An attempt at a part, as the store keeps it."""

    step: int
    try_no: int
    part: int
    on_wire_at: int
    answer: str | None
    answered_at: int | None


class Kept(Struct, frozen=True, kw_only=True):
    """A message as the store keeps it."""

    id: int
    recipient: str
    steps: tuple[dict[str, Any], ...]
    state: str
    reason: str
    step: int
    changed_at: int
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


@dataclass
class Verdict:
    """What a run has shown. Everything but `copies`, `counted` and `unknown` must be nought or empty."""

    messages: int = 0
    promised: int = 0
    lost: list[str] = field(default_factory=list)
    copies: int = 0
    counted: int = 0
    copies_outside: list[str] = field(default_factory=list)
    copies_held: list[str] = field(default_factory=list)
    unknown: int = 0
    money_off: int = 0
    faults: list[str] = field(default_factory=list)
    posted_again: int = 0
    received_again: int = 0

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept, one sentence each."""
        off = [f"money: {self.money_off} rial off"] if self.money_off else []
        return [*self.lost, *self.copies_outside, *self.copies_held, *off, *self.faults]


# --------------------------------------------------------------------------------------- reading the file


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
    attempt = "step, try_no, part, on_wire_at, answer, answered_at"
    for message_id, *row in db.execute(f"SELECT message_id, {attempt} FROM part ORDER BY message_id, step, try_no"):
        parts[message_id].append(Part(**dict(zip(attempt.split(", "), row, strict=True))))
    columns = (
        "id, recipient, plan, state, reason, step, changed_at, copies, reserved, charged, is_final, was_settled_late"
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


# ------------------------------------------------------------------------------------------------ joining


def check(book: Book, store: Store, entries: Sequence[Entry], *, may_lack_receipts: bool = False) -> Verdict:
    """Join the three ledgers. `may_lack_receipts`: the operator died too, and receipts with it."""
    verdict = Verdict(messages=len(store.messages), promised=len(book.promised), faults=list(store.health))
    by_recipient: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_recipient[entry.recipient].append(entry)
    kept = {message.recipient: message for message in store.messages}
    _check_promises(verdict, book, kept)
    _check_strangers(verdict, book, kept, by_recipient)
    for message in store.messages:
        taken = by_recipient.get(message.recipient, [])
        _check_end(verdict, message, taken, may_lack_receipts)
        _check_copies(verdict, message, taken)
        _check_steps(verdict, message, taken)
    _check_money(verdict, store)
    return verdict


def _check_promises(verdict: Verdict, book: Book, kept: dict[str, Kept]) -> None:
    """P1: what was answered with -1 is in the store, under the id that was told, and no id was given twice."""
    for recipient, message_id in book.promised.items():
        message = kept.get(recipient)
        if message is None or message.id != message_id:
            verdict.lost.append(f"{recipient}: promised as {message_id}, the store has {message and message.id}")
    if len(set(book.promised.values())) != len(book.promised):
        verdict.faults.append("an id was given twice")
    if len(kept) != verdict.messages:
        verdict.faults.append("a message was accepted twice")


def _check_strangers(verdict: Verdict, book: Book, kept: dict[str, Kept], by_recipient: dict[str, list[Entry]]) -> None:
    """Nothing is sent that the store does not know or that was refused before anything was sent."""
    for recipient in by_recipient:
        if recipient not in kept:
            verdict.lost.append(f"{recipient}: was sent, and the store knows nothing of it")
    for recipient, code in book.refused.items():
        message = kept.get(recipient)
        if message is None and recipient in by_recipient:
            verdict.faults.append(f"{recipient}: was refused with {code} and sent")
        if message is not None and message.state != "rejected":
            verdict.faults.append(f"{recipient}: was refused with {code} and is {message.state}")


def _check_end(verdict: Verdict, message: Kept, entries: list[Entry], may_lack_receipts: bool) -> None:
    """P2: a final state with a reason that fits what the operator saw."""
    name = f"{message.recipient} ({message.state}, {message.reason})"
    step = message.steps[message.step]
    taken = [entry for entry in entries if entry.line == step["line"] and entry.is_taken]
    match message.state, message.reason:
        case "delivered", "receipt":
            if _joined(taken) != step["text"]:
                verdict.lost.append(f"{name}: the operator has {_joined(taken)!r}")
        case "unknown", "answer_lost":
            verdict.unknown += 1
            if step["line"] not in HOLDING or not any(_was_lost(part, message) for part in _of_step(message)):
                verdict.faults.append(f"{name}: nothing was lost here")
            if not step["parts"] > 1 and any(0 in entry.acknowledged for entry in taken):
                verdict.faults.append(f"{name}: its receipt was acknowledged, and settled nothing")
        case "rejected", "opted_out":
            # What had ended as unknown is final: an opt-out that comes then ends it, and starts no further step (P8).
            for one in (step,) if message.was_settled_late else message.steps:
                if one.get("skip") is None and not any(_is_opt_out(e) for e in entries if e.line == one["line"]):
                    verdict.faults.append(f"{name}: nobody said so of {one['line']}")
        case "enroute", "taken" if may_lack_receipts and not all(0 in entry.acknowledged for entry in taken):
            verdict.unknown += 1
            if not taken:
                verdict.lost.append(f"{name}: the operator never had it")
        case _:
            verdict.lost.append(f"{name}: no end that this operator gives")


def _of_step(message: Kept) -> list[Part]:
    return [part for part in message.parts if part.step == message.step]


def _was_lost(part: Part, message: Kept) -> bool:
    """Whether the answer was missing when the message ended; one that comes later is only recorded."""
    return part.answer in (None, "ambiguous") or (part.answered_at or 0) > message.changed_at


def _joined(entries: Iterable[Entry]) -> str:
    parts: dict[int, str] = {}
    for entry in entries:
        parts.setdefault(entry.part, entry.text)
    return "".join(parts[number] for number in sorted(parts))


def _is_opt_out(entry: Entry) -> bool:
    return entry.status == OPTED_OUT_LINE or "REJECTD" in entry.receipts


def _check_copies(verdict: Verdict, message: Kept, entries: list[Entry]) -> None:
    """P3: a part is taken twice only if its first answer was not stored, never on a line that holds; all counted."""
    name = f"{message.recipient} ({message.state}, {message.reason})"
    verdict.counted += message.copies
    seen = 0
    for number, step in enumerate(message.steps):
        taken = Counter(entry.part for entry in entries if entry.line == step["line"] and entry.is_taken)
        for part, count in taken.items():
            attempts = [one for one in message.parts if (one.step, one.part) == (number, part)]
            seen += count - 1
            if count > 1 and step["line"] in HOLDING:
                verdict.copies_held.append(f"{name}: part {part} came {count} times on a line that holds")
            if count > sum(one.answer != "later" for one in attempts) or _was_sure(attempts):
                verdict.copies_outside.append(f"{name}: part {part} came {count} times: {attempts}")
    verdict.copies += seen
    if seen > message.copies:
        verdict.faults.append(f"{name}: {seen} copies came, {message.copies} are counted")


def _was_sure(attempts: list[Part]) -> bool:
    """Whether a part was marked again although a definite answer to the attempt before was stored by then.

    An answer that comes after its time-out is stored later than that, and may find the copy on the wire.
    """
    for one, following in pairwise(attempts):
        is_definite = one.answer not in (None, "ambiguous", "later")
        if is_definite and one.answered_at is not None and one.answered_at < following.on_wire_at:
            return True
    return False


def _check_steps(verdict: Verdict, message: Kept, entries: list[Entry]) -> None:
    """P4: a later step goes out only after an opt-out of the one before, and on no line but those of the plan."""
    lines = [step["line"] for step in message.steps]
    for entry in entries:
        if entry.line not in lines:
            verdict.faults.append(f"{message.recipient}: came on {entry.line}, its plan has {lines}")
        elif (number := lines.index(entry.line)) and not any(
            _is_opt_out(one) for one in entries if one.line == lines[number - 1]
        ):
            verdict.faults.append(f"{message.recipient}: went on to {entry.line} without an opt-out before it")


def _check_money(verdict: Verdict, store: Store) -> None:
    """P5: the purses agree with the entries, the open messages and what was delivered; nothing is left reserved."""
    for message in store.messages:
        step = message.steps[message.step]
        price = PRICES[step["line"]][step["encoding"] == "ucs2"] * step["parts"]
        owed = price if message.state in ("delivered", "enroute") else 0
        verdict.money_off += abs(message.charged - owed) + (message.reserved if message.is_final else 0)
    for purse in store.purses:
        verdict.money_off += abs(purse.available - purse.available_by_entries)
        verdict.money_off += abs(purse.reserved - purse.reserved_by_entries)
        verdict.money_off += abs(purse.reserved - purse.reserved_by_messages)
        verdict.money_off += abs(purse.credit - purse.charged_by_messages - purse.available - purse.reserved)


def check_received(
    verdict: Verdict, store: Store, acknowledged: dict[str, str], calls: Sequence[Any], *, may_repeat: bool
) -> None:
    """What handsets sent (text → sender) and we acknowledged: kept once, posted under one id, answered at most once.

    `may_repeat`: the operator cuts links. What a cut link brought it repeats over another one at once; if that is read
    before the loss is seen, the first bind still counts as up and the words as sent twice by a person. Counted.
    """
    texts = Counter(row["text"] for row in store.received)
    posts = Counter((call.headers["webhook-id"], call.form["text"]) for call in calls)
    for text in acknowledged:
        if may_repeat and texts[text] > 1:
            verdict.received_again += texts[text] - 1
        elif texts[text] != 1:
            verdict.faults.append(f"received {text!r}: acknowledged, and kept {texts[text]} times")
    for row in store.received:
        if row["relay"] != "done" or not posts[f"mo-{row['id']}", row["text"]]:
            verdict.lost.append(f"received {row['text']!r}: its relay is {row['relay']}")
        if bool(row["keyword"]) != (row["reply_id"] is not None):
            verdict.faults.append(f"received {row['text']!r}: the answer of its web request is {row['reply_id']}")
    replies = [row["reply_id"] for row in store.received if row["reply_id"] is not None]
    if len(set(replies)) != len(replies):
        verdict.faults.append("one message answers two handsets")
    verdict.posted_again += sum(posts.values()) - len(posts)


def check_webhooks(verdict: Verdict, store: Store, calls: Sequence[Any]) -> None:
    """Every change of state was told, in order and under one id however often; the last one told is the end (P9)."""
    told: dict[int, dict[int, tuple[str, str]]] = defaultdict(dict)
    for call in calls:
        event, data = call.headers["webhook-id"], json.loads(call.body)["data"]
        before = told[data["message_id"]].setdefault(data["sequence"], (event, data["state"]))
        verdict.posted_again += before == (event, data["state"])
        if before != (event, data["state"]):
            verdict.faults.append(f"notice {event} of {data['state']} was told as {before} before")
    verdict.posted_again -= sum(len(of_message) for of_message in told.values())
    for notice in store.notices:
        if notice["post"] != "done" or notice["sequence"] not in told[notice["message_id"]]:
            verdict.lost.append(f"notice {notice['sequence']} of {notice['message_id']}: its post is {notice['post']}")
    for message in store.messages:
        of_message = told[message.id]
        if sorted(of_message) != list(range(1, len(of_message) + 1)):
            verdict.faults.append(f"{message.recipient}: notices {sorted(of_message)} were told")
        elif not of_message or of_message[len(of_message)][1] != message.state:
            verdict.faults.append(f"{message.recipient}: is {message.state}, the last notice told is another")
