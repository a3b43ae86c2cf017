"""Acts of a person: who acts, and an act that is carried out over what was counted, so much in one transaction."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from payamak.domain.numbers import masked, parse_recipient
from payamak.domain.restoring import ID_LIMIT
from payamak.store.records import By
from payamak.visible import visible

T = TypeVar("T")

AT_ONCE: Final = 500
"""Rows of an act in one transaction: some 20 ms, so that the server's own work is not held up."""

LONGEST_NAME: Final = 64
MOST_NAMED: Final = 10
LONGEST_REASON: Final = 200
_NUMBER: Final = re.compile(r"\+?\d(?:[ -]?\d){9,13}")


def by(who: str, command: str, reason: str = "") -> By:
    """Who acts, for one act; each has a number of its own.

    Mobile numbers in the reason lose their middle, and a longer text its end.
    """
    told = visible(_NUMBER.sub(lambda found: _cut(found[0]), reason.strip()))
    return By(
        who=visible(who)[:LONGEST_NAME],
        command=command,
        act=secrets.randbelow(ID_LIMIT),
        reason=told if len(told) <= LONGEST_REASON else f"{told[: LONGEST_REASON - 1]}…",
    )


def _cut(written: str) -> str:
    number = parse_recipient(written, None)
    return written if number is None else masked(number)


def named(word: str, names: Sequence[object]) -> str:
    """What a person has named, for the audit: `message 3403`, `messages 3403, 3404, …`."""
    told = ", ".join(map(str, names[:MOST_NAMED]))
    return f"{word}{'s' if len(names) != 1 else ''} {told}{', …' if len(names) > MOST_NAMED else ''}"


async def in_batches(ids: Sequence[T], work: Callable[[Sequence[T]], Awaitable[int]]) -> int:
    """Carry an act out over the ids that were promised, so many at once; to how many of them it was done."""
    done = 0
    for start in range(0, len(ids), AT_ONCE):
        done += await work(ids[start : start + AT_ONCE])
    return done
