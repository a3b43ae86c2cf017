"""Joins what the clients were promised, what the store keeps and what the operator received; says what was broken.

The store is read by reading.py, with statements of its own; whose copy each submit was, copies.py says. A recipient may
have several messages over one line: then the receipts of lost answers are dealt, and it is judged by copies whether
that was done rightly.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.crash.client import Book
from tests.crash.copies import MOST_TRIES, Pool, owners, pools, step_of, tries_spent, unanswered, words_by_part
from tests.crash.reading import Kept, Part, Store
from tests.crash.site import HOLDING, PRICES, RESPONSE_TIMEOUT_S

from payamak.codes import Code
from payamak.simulator import OPTED_OUT_LINE, Entry

_TIMEOUT_MS = RESPONSE_TIMEOUT_S * 1_000
_TAKEN_BACK = ("cancelled", "answered_busy")


@dataclass
class Verdict:
    """What a run has shown. What is a list must be empty, and `money_off` nought.

    `lost_answers`: messages with a copy whose answer never came. Of these `unknown` have ended so, and `waiting` are
    open because a copy of theirs has no receipt: they will be unknown at their deadline. `arrived` are those of both
    whose every part the operator delivered, which is more than could be known for certain. `pooled` were delivered by
    receipts that named nobody. `taken_back`: their commit came too late, and their caller had been told 23;
    `sent_though_busy`: the process died before it could take them back.
    """

    messages: int = 0
    promised: int = 0
    lost: list[str] = field(default_factory=list)
    copies: int = 0
    counted: int = 0
    copies_outside: list[str] = field(default_factory=list)
    copies_held: list[str] = field(default_factory=list)
    delivered_falsely: list[str] = field(default_factory=list)
    unknown_falsely: list[str] = field(default_factory=list)
    lost_answers: int = 0
    pooled: int = 0
    unknown: int = 0
    waiting: int = 0
    arrived: int = 0
    taken_back: int = 0
    sent_though_busy: int = 0
    money_off: int = 0
    faults: list[str] = field(default_factory=list)
    posted_again: int = 0
    received_again: int = 0

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept, one sentence each."""
        off = [f"money: {self.money_off} rial off"] if self.money_off else []
        false = [*self.delivered_falsely, *self.unknown_falsely]
        return [*self.lost, *self.copies_outside, *self.copies_held, *false, *off, *self.faults]


def check(book: Book, store: Store, entries: Sequence[Entry], *, may_lack_receipts: bool = False) -> Verdict:
    """Join the three ledgers. `may_lack_receipts`: the operator died too, and receipts with it."""
    verdict = Verdict(messages=len(store.messages), promised=len(book.promised), faults=list(store.health))
    owned = owners(store.messages, entries)
    verdict.faults += owned.astray
    pool_of = pools(store.messages, owned)
    _check_promises(verdict, book, store)
    _check_strangers(verdict, book, store, entries)
    for message in store.messages:
        mine = owned.of.get(message.id, [])
        line = step_of(message)["line"]
        pool = pool_of.get((message.recipient, line), Pool([], []))
        _check_end(verdict, _End(message, mine, pool, may_lack_receipts))
        _check_copies(verdict, message, mine)
        _check_steps(verdict, message, mine)
    _check_money(verdict, store)
    return verdict


def _check_promises(verdict: Verdict, book: Book, store: Store) -> None:
    """P1: what was answered with -1 is in the store, under the id that was told, and no id was given twice."""
    kept = {message.id: message for message in store.messages}
    for sent, message_id in book.promised.items():
        message = kept.get(message_id)
        if message is None or not _is_of(sent, message):
            found = message and message.recipient
            verdict.lost.append(f"{sent[0]}: promised as {message_id}, which the store has for {found}")
        elif (message.state, message.reason) == _TAKEN_BACK:
            verdict.lost.append(f"{sent[0]}: promised as {message_id}, and taken back")
    if len(set(book.promised.values())) != len(book.promised):
        verdict.faults.append("an id was given twice")
    if len({(message.recipient, message.steps[0]["text"]) for message in store.messages}) != len(store.messages):
        verdict.faults.append("a message was accepted twice")


def _is_of(sent: tuple[str, str], message: Kept) -> bool:
    return sent[0] == message.recipient and message.steps[0]["text"].strip() == sent[1].strip()


def _check_strangers(verdict: Verdict, book: Book, store: Store, entries: Iterable[Entry]) -> None:
    """Nothing is sent that the store does not know or that was refused before anything was sent."""
    kept: dict[str, list[Kept]] = defaultdict(list)
    for message in store.messages:
        kept[message.recipient].append(message)
    strangers: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if not any(entry.text in step["text"] for message in kept[entry.recipient] for step in message.steps):
            strangers[entry.recipient].add(entry.text)
    for recipient in strangers:
        verdict.lost.append(f"{recipient}: was sent, and the store knows nothing of it")
    for sent, code in book.refused.items():
        found = next((message for message in kept[sent[0]] if _is_of(sent, message)), None)
        if any(text in sent[1] for text in strangers[sent[0]]):
            verdict.faults.append(f"{sent[0]}: was refused with {code} and sent")
        if found is None or found.state == "rejected":
            continue
        if code == Code.BUSY and _outlived_a_death(found, book.deaths):
            verdict.sent_though_busy += 1
        elif code != Code.BUSY or (found.state, found.reason) != _TAKEN_BACK:
            verdict.faults.append(f"{sent[0]}: was refused with {code} and is {found.state}")


def _outlived_a_death(message: Kept, deaths: Iterable[int]) -> bool:
    """Whether the process died between the acceptance and the first octets of a message, so that it knew of no 23."""
    if (message.state, message.reason) == _TAKEN_BACK:
        return False
    first_at = min((part.on_wire_at for part in message.parts), default=message.changed_at)
    return any(message.accepted_at <= died_at <= first_at for died_at in deaths)


# ------------------------------------------------------------------------------------------------- the ends


@dataclass(frozen=True)
class _End:
    """A message at its end, or where it waits: `mine` are its own copies, `pool` all of its recipient and line."""

    message: Kept
    mine: list[Entry]
    pool: Pool
    may_lack_receipts: bool

    @property
    def name(self) -> str:
        return f"{self.message.recipient} ({self.message.id}, {self.message.state}, {self.message.reason})"

    @property
    def step(self) -> dict[str, Any]:
        return step_of(self.message)

    @property
    def taken(self) -> list[Entry]:
        """What the operator took of the step."""
        return [entry for entry in self.mine if entry.line == self.step["line"] and entry.is_taken]

    @property
    def undelivered(self) -> list[int]:
        """The parts of which no copy was delivered, as far as the operator has said."""
        words = words_by_part(self.taken)
        return [part for part in range(1, self.step["parts"] + 1) if "DELIVRD" not in words[part]]


def _check_end(verdict: Verdict, end: _End) -> None:
    """P2: a final state with a reason that fits what the operator saw, or an open one with something to wait for."""
    check_one = _ENDS.get((end.message.state, end.message.reason))
    if check_one is None:
        verdict.lost.append(f"{end.name}: no end that this operator gives")
    else:
        check_one(verdict, end)
    lost = {(copy.step, copy.part) for copy in end.message.parts if copy.answer in (None, "ambiguous")}
    verdict.lost_answers += bool(lost)
    if end.message.state != "delivered" and end.pool.is_certain(end.message) and end.mine:
        verdict.unknown_falsely.append(f"{end.name}: what was acknowledged says that every part arrived")


def _delivered(verdict: Verdict, end: _End) -> None:
    """P3: never said of what may not have arrived."""
    if end.undelivered:
        copies = [(entry.part, entry.verdict) for entry in end.taken]
        verdict.delivered_falsely.append(f"{end.name}: parts {end.undelivered} were not delivered, of {copies}")
    if _joined(end.taken) != end.step["text"]:
        verdict.lost.append(f"{end.name}: the operator has {_joined(end.taken)!r}")
    answered = {copy.part for copy in _of_step(end.message) if copy.answer == "taken"}
    verdict.pooled += len(answered) < end.step["parts"]


def _unknown(verdict: Verdict, end: _End) -> None:
    """P3: on a line that holds by one lost answer, on another one by as many as may be, or when its time was over."""
    verdict.unknown += 1
    verdict.arrived += not end.undelivered
    spent = tries_spent(end.message, _TIMEOUT_MS)
    needed = 1 if end.step["line"] in HOLDING or end.message.changed_at >= end.message.deadline_at else MOST_TRIES
    if spent < needed:
        verdict.faults.append(f"{end.name}: after {spent} lost answers of a part, where {needed} make it so")


def _taken_back(verdict: Verdict, end: _End) -> None:
    """P1: the commit came so late that its caller had been told 23, so nothing of it is sent."""
    verdict.taken_back += 1
    if end.mine:
        verdict.faults.append(f"{end.name}: it was taken back, and {len(end.mine)} parts of it came")


def _waits(verdict: Verdict, end: _End) -> None:
    """P7: until its deadline, for a receipt that did not come."""
    verdict.waiting += 1
    verdict.arrived += not end.undelivered
    if not end.pool.may_wait(may_lack_receipts=end.may_lack_receipts):
        verdict.lost.append(f"{end.name}: it waits, and there is nothing to wait for")
    if end.message.state == "enroute" and not end.taken:
        verdict.lost.append(f"{end.name}: the operator never had it")


def _undeliverable(verdict: Verdict, end: _End) -> None:
    """P8: only when no copy of any part can be delivered any more."""
    words = words_by_part(end.taken)
    parts = range(1, end.step["parts"] + 1)
    if len(end.undelivered) < len(parts) or not all(words[part] for part in parts):
        verdict.faults.append(f"{end.name}: the receipts of its parts say {dict(words)}")


def _partly_delivered(verdict: Verdict, end: _End) -> None:
    words = words_by_part(end.taken)
    if not 0 < len(end.undelivered) < end.step["parts"] or not all(words[part] for part in end.undelivered):
        verdict.faults.append(f"{end.name}: the receipts of its parts say {dict(words)}")


def _opted_out(verdict: Verdict, end: _End) -> None:
    """P4: an opt-out of each line that was tried; one that settled *unknown* late starts no further step (P8)."""
    steps = (end.step,) if end.message.was_settled_late else end.message.steps
    for one in steps:
        if one.get("skip") is None and not any(_is_opt_out(e) for e in end.mine if e.line == one["line"]):
            verdict.faults.append(f"{end.name}: nobody said so of {one['line']}")
    if any("DELIVRD" in entry.receipts for entry in end.taken):
        verdict.faults.append(f"{end.name}: a part of it was delivered")


_ENDS: dict[tuple[str, str], Callable[[Verdict, _End], None]] = {
    ("delivered", "receipt"): _delivered,
    ("unknown", "answer_lost"): _unknown,
    ("rejected", "opted_out"): _opted_out,
    ("undeliverable", "receipt"): _undeliverable,
    ("undeliverable", "partly_delivered"): _partly_delivered,
    _TAKEN_BACK: _taken_back,
    ("enroute", "taken"): _waits,
    ("queued", "receipts_awaited"): _waits,
}
"""The ends that there are, and what an open message may wait for when nothing moves any more."""

WAITING = frozenset(end for end, check_one in _ENDS.items() if check_one is _waits)
"""In which states, and for which reasons, a message waits for receipts: until its deadline, if they do not come."""


def _of_step(message: Kept) -> list[Part]:
    return [part for part in message.parts if part.step == message.step]


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
    for (number, part), tries in unanswered(message).items():
        if tries > MOST_TRIES:
            verdict.copies_outside.append(f"{name}: {tries} tries of part {part} of step {number} have no answer")
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
        elif (number := lines.index(entry.line)) and not _was_closed(message, number - 1, entries):
            verdict.faults.append(f"{message.recipient}: went on to {entry.line} without an opt-out before it")


def _was_closed(message: Kept, number: int, entries: Iterable[Entry]) -> bool:
    """Whether a step ended with an opt-out, or was not begun because one was known (of another message, too)."""
    step = message.steps[number]
    return step.get("skip") is not None or any(_is_opt_out(one) for one in entries if one.line == step["line"])


_PAID = frozenset({"delivered", "enroute", "undeliverable"})


def _check_money(verdict: Verdict, store: Store) -> None:
    """P5: the purses agree with the entries, the open messages and what was delivered; nothing is left reserved."""
    for message in store.messages:
        step = message.steps[message.step]
        price = PRICES[step["line"]][step["encoding"] == "ucs2"] * step["parts"]
        owed = price if message.state in _PAID else 0
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
