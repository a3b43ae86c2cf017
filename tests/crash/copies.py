"""Whose copy each submit of the operator's ledger was, and what the receipts that we acknowledged made certain (P3).

The ledger knows of every copy which receipt was sent for it; the gateway, whose answer was lost, does not. So what the
gateway made of a message is judged here by what its own copies fared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from tests.crash.reading import Kept, Part

from payamak.simulator import Entry

MOST_TRIES = 3
"""Tries of a part in a step that may stay without an answer, the first one included."""

_NEVER_THERE = frozenset({"later", "refused", "opted_out"})
"""Answers to a copy that the operator did not take."""


class Owners(Struct, frozen=True):
    """The entries by the message whose copies they were, and the sentences about those that are nobody's."""

    of: dict[int, list[Entry]]
    astray: list[str]


def owners(messages: Sequence[Kept], entries: Iterable[Entry]) -> Owners:
    """Find each entry's message: by its recipient; where that has several, by its text, which tells them apart.

    An answer's id must have come to the message that it was given for.
    """
    of: dict[int, list[Entry]] = defaultdict(list)
    astray: list[str] = []
    by_recipient: dict[str, list[Kept]] = defaultdict(list)
    for message in messages:
        by_recipient[message.recipient].append(message)
    answered = {part.operator_id: m.id for m in messages for part in m.parts if part.answer == "taken"}
    for entry in entries:
        known = by_recipient.get(entry.recipient, [])
        found = known if len(known) < 2 else [m for m in known if any(entry.text in step["text"] for step in m.steps)]
        if len(found) == 1:
            of[found[0].id].append(entry)
            if answered.get(entry.operator_id or "-", found[0].id) != found[0].id:
                astray.append(f"{entry.recipient}: the id of its copy is that of message {answered[entry.operator_id]}")
        elif known:
            astray.append(f"{entry.recipient}: a copy is of {len(found)} of its messages")
    return Owners(of, astray)


def words_by_part(entries: Iterable[Entry], *, acknowledged: bool = False) -> dict[int, set[str]]:
    """What receipts said of each part (1-based) that the operator took; nothing yet is an empty set."""
    words: dict[int, set[str]] = defaultdict(set)
    for entry in entries:
        words[entry.part] |= set(entry.receipts if not acknowledged or entry.is_acknowledged else ())
    return words


class Pool(Struct, frozen=True):
    """All copies to one recipient over one line, of however many messages, and what the operator took of them."""

    copies: list[tuple[int, Part]]
    taken: list[Entry]

    def is_certain(self, message: Kept) -> bool:
        """Whether what was acknowledged leaves no doubt that every part of the message's step arrived.

        A part has: a DELIVRD under an id that was answered to one of its copies; or more DELIVRD have come under ids
        that nobody knows than there are copies of other parts which those may be about.
        """
        answered = {copy.operator_id for _, copy in self.copies if copy.answer == "taken"}
        told = {entry.operator_id for entry in self.taken if entry.is_acknowledged and entry.operator_id in answered}
        arrived = [entry for entry in self.taken if entry.is_acknowledged and entry.verdict == "DELIVRD"]
        by_id = {entry.operator_id for entry in arrived} & answered
        strange = sum(entry.operator_id not in answered for entry in arrived)
        rivals = [(owner, copy) for owner, copy in self.copies if copy.operator_id not in told]
        for number in range(1, message.steps[message.step]["parts"] + 1):
            key = (message.id, message.step, number)
            own = [copy for owner, copy in self.copies if (owner, copy.step, copy.part) == key]
            others = sum((owner, copy.step, copy.part) != key for owner, copy in rivals)
            if not any(copy.operator_id in by_id for copy in own if copy.answer == "taken") and strange <= others:
                return False
        return True

    def may_wait(self, *, may_lack_receipts: bool) -> bool:
        """Whether a copy has no receipt, or the receipts contradict each other so that more of them are needed.

        A copy has none if it never reached the operator, or that gives none; `may_lack_receipts`: or that died.
        """
        told = [entry for entry in self.taken if (entry.is_acknowledged if may_lack_receipts else entry.receipts)]
        return len(told) < len(self.copies) or len({entry.verdict for entry in told}) > 1


def pools(messages: Sequence[Kept], owned: Owners) -> dict[tuple[str, str], Pool]:
    """The pool of each recipient and line."""
    found: dict[tuple[str, str], Pool] = defaultdict(lambda: Pool([], []))
    for message in messages:
        for copy in message.parts:
            if copy.answer not in _NEVER_THERE:
                found[message.recipient, message.steps[copy.step]["line"]].copies.append((message.id, copy))
        for entry in owned.of.get(message.id, ()):
            if entry.is_taken:
                found[message.recipient, entry.line].taken.append(entry)
    return found


def was_lost(copy: Part, message: Kept, timeout_ms: float) -> bool:
    """Whether the answer was missing when the message ended; one that comes later is only recorded."""
    if copy.answer in (None, "ambiguous"):
        return True
    answered_at = copy.answered_at or 0
    return answered_at > message.changed_at or answered_at - copy.on_wire_at >= timeout_ms


def tries_spent(message: Kept, timeout_ms: float) -> int:
    """The most tries that a part of the ending step had without an answer in time."""
    lost = [copy.part for copy in message.parts if copy.step == message.step and was_lost(copy, message, timeout_ms)]
    return max((lost.count(part) for part in lost), default=0)


def unanswered(message: Kept) -> dict[tuple[int, int], int]:
    """For each step and part the tries that have stayed without an answer."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for copy in message.parts:
        counts[copy.step, copy.part] += copy.answer in (None, "ambiguous")
    return counts


def step_of(message: Kept) -> dict[str, Any]:
    """The step with which the message ended, or whose turn it is."""
    return message.steps[message.step]
