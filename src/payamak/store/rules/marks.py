"""The mark of a store in its row: drawn anew at each start and each second in which something is written (P10).

Why it is kept twice on SQLite, and how the two are compared, says store/sqlite/mark.py.
"""

from __future__ import annotations

import secrets
from typing import Final

from msgspec import Struct

from payamak.store.desk import Desk

IDS_AHEAD: Final = 100_000
"""How far above the last id the file's bound is: more than are given until the next mark, a second later."""

NONE: Final = ""
UNREADABLE: Final = "unreadable"
"""What stands for the mark where there is no file, and where it says nothing that we understand."""


class Mark(Struct, frozen=True, kw_only=True):
    """What the file says: the mark, and numbers above all that were given when it was written (0: not known)."""

    mark: str = NONE
    moved_at: int = 0
    ids_up_to: int = 0
    received_up_to: int = 0
    events_up_to: int = 0


def fresh() -> str:
    """A mark that there has never been."""
    return secrets.token_hex(16)


class KeptMark(Struct, frozen=True, kw_only=True):
    """The mark as the store keeps it: with what the file beside it held when it was drawn, and by which transaction."""

    value: str
    beside: str
    moved_at: int
    batch: int
    is_copy: bool


async def kept_mark(desk: Desk) -> KeptMark:
    """The mark of the store."""
    kept = await desk.row("mark", KeptMark)
    assert kept is not None, "a store has a mark"
    return kept


async def belongs(desk: Desk, beside: Mark) -> bool:
    """Whether store and file were written one after the other, by processes of which any may have died."""
    kept = await kept_mark(desk)
    return beside.mark in (kept.value, kept.beside)


async def move(desk: Desk, beside: str, now: int, *, is_needed: bool) -> Mark | None:
    """Draw another mark, if that is needed or anything was committed since the last one: what to write into the file.

    `beside` is the mark that is there, and stays if we die.
    """
    batch = int(await desk.value("meta", ("batch",)))
    kept = await kept_mark(desk)
    if not is_needed and batch == kept.batch and kept.value == beside:
        return None
    value = fresh()
    desk.execute("move_mark", (value, beside, now, batch + 1))  # the number that this transaction will have
    return Mark(
        mark=value,
        moved_at=int(now),
        ids_up_to=await last_given(desk, "message") + IDS_AHEAD,
        received_up_to=await last_given(desk, "received") + IDS_AHEAD,
        events_up_to=desk.memory.restored.events_above,
    )


async def last_given(desk: Desk, table: str) -> int:
    """The last id of a table, removed rows included."""
    return int(await desk.value("last_given", (table,)))
