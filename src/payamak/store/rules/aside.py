"""Rows whose handling fails by a bug of ours are put aside one by one, and the rest of the work goes on.

Deadlines, recovery, claims, receipts that are looked at again: each goes through many rows, and one whose rule fails
must not keep the others from theirs. Such a row is undone alone (a savepoint), kept in `aside` with what failed and
where, told once, and tried again after growing pauses; meanwhile the work passes it by, so that every loop still comes
to its end. It is taken from there when it has gone well, or when nobody has had to try it for long. `payamak doctor`
shows it.

What is unreadable is kept here too: what an operator brought and we could not handle, three times the same octets.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from payamak.domain import events as ev
from payamak.domain.clocks import earliest
from payamak.domain.message import State
from payamak.domain.unreadable import Unreadable
from payamak.log import event_logger, place_of
from payamak.store.desk import Desk
from payamak.store.reader import Reader
from payamak.store.records import Aside, FaultCounts
from payamak.store.rules import messages

T = TypeVar("T")

AGAIN_MS = 60_000
"""The pause before a row is tried again: the first; doubled each time."""

LONGEST_PAUSE_MS = 3_600_000

FORGET_MS = 2 * LONGEST_PAUSE_MS
"""A row that should have been tried so long ago is nobody's any more: its message has moved on by another way."""

MOST_UNREADABLE = 1_000
"""Unreadable pieces that are kept: some 300 octets each, 64 KiB at most. Taste: a person looks at a few."""

LARGEST_OCTETS = 65_536

_log = event_logger("store")


class AsideKind(StrEnum):
    """Which work a row was put aside by; the same row may be well for another."""

    CLAIM = "claim"
    DEADLINE = "deadline"
    LOST = "lost"
    LINE = "line"
    UPSTREAM = "upstream"
    RECEIPT = "receipt"
    RECEIVED = "received"
    RETIRE = "retire"


class _Due(Struct, frozen=True, kw_only=True):
    """A message that is to be tried again, as it was when it was put aside."""

    key: int
    version: int


async def apart(
    desk: Desk, kind: AsideKind, key: int | str, now: int, work: Callable[[], Coroutine[Any, Any, T]]
) -> T | None:
    """Do one row's work in a savepoint of its own; None, and the row is aside, if it failed by a bug.

    A fault of the disk is raised as ever: it is no row's. Committed with the rest of the transaction.
    """
    try:
        done = await desk.apart(work)
    except Exception as error:
        if desk.engine.is_of_the_disk(error):
            raise
        await desk.habits_changed()
        await put_aside(desk, kind, key, type(error).__name__, where_of(error), now)
        return None
    if desk.memory.has_aside:
        desk.execute("take_from_aside", (kind.value, key))
    return done


def where_of(error: BaseException) -> str:
    """The place of an error on one line, the innermost frame first; nothing of its words."""
    return " < ".join(reversed(place_of(error)))


async def put_aside(desk: Desk, kind: AsideKind, key: int | str, error: str, place: str, now: int) -> None:
    """Keep a row whose handling has failed, and tell of it the first time."""
    desk.execute("put_aside", (kind.value, key, error, place, now, AGAIN_MS, LONGEST_PAUSE_MS))
    desk.memory.has_aside = True
    if await desk.value("aside_times", (kind.value, key)) == 1:
        _log("put_aside", work=kind.value, key=str(key), error=error, where=place)


async def put_message_aside(desk: Desk, message_id: int, error: str, place: str, now: int) -> None:
    """Nobody could take a waiting message: it is given back, and due again after a pause; its deadline holds."""
    await put_aside(desk, AsideKind.CLAIM, message_id, error, place, now)
    desk.execute("put_off_message", (message_id, now + AGAIN_MS))


async def is_aside(desk: Desk, kind: AsideKind, key: int | str, now: int) -> bool:
    """Whether a row is to be passed by."""
    return desk.memory.has_aside and await desk.value("is_aside", (kind.value, key, now)) is not None


async def retry_lost(desk: Desk, now: int, limit: int) -> int:
    """Messages whose answer is lost and that could not be told so: once more, if nothing has changed them since."""
    if not desk.memory.has_aside:
        return 0
    due = await desk.rows("aside_due", _Due, (AsideKind.LOST.value, now, limit))
    for lost in due:
        message = await desk.message(lost.key)
        if message is None or message.state is not State.SENDING or message.version != lost.version:
            desk.execute("take_from_aside", (AsideKind.LOST.value, lost.key))
        else:
            await apart(
                desk, AsideKind.LOST, lost.key, now, partial(messages.advance, desk, message, ev.Recovered(), now)
            )
    desk.execute("forget_aside", (earliest(now) - FORGET_MS,))
    desk.memory.has_aside = bool(await desk.value("any_aside"))
    return len(due)


# ---------------------------------------------------------------------------------------------- unreadable


async def keep_unreadable(desk: Desk, piece: Unreadable) -> None:
    """Keep what could not be handled; the oldest go when there are too many."""
    values = (piece.kind, piece.link, piece.message_id, piece.octets[:LARGEST_OCTETS], piece.error, piece.place)
    desk.execute("keep_unreadable", (*values, piece.came_at))
    desk.execute("bound_unreadable", (MOST_UNREADABLE,))


async def lose_answer(desk: Desk, piece: Unreadable, event: ev.Answered, now: int) -> None:
    """An answer that cannot be stored is a lost one: kept as unreadable, and the attempt is ambiguous (P2, P3).

    If even that fails, the message is put aside on the wire, and tried again.
    """
    await keep_unreadable(desk, piece)
    message = await desk.message(piece.message_id or 0)
    if message is None or message.state is not State.SENDING:
        return
    lost = ev.Answered(
        step=event.step,
        try_no=event.try_no,
        outcomes=tuple(ev.Outcome(part=o.part, kind=ev.OutcomeKind.AMBIGUOUS) for o in event.outcomes),
        gives_receipts=event.gives_receipts,
    )
    await apart(desk, AsideKind.LOST, message.id, now, lambda: messages.advance(desk, message, lost, now))


def aside_list(db: Reader, limit: int) -> list[Aside]:
    """What is put aside, the latest failure first."""
    return db.rows("aside_list", Aside, (limit,))


def unreadable_list(db: Reader, piece_id: int | None, limit: int) -> list[Unreadable]:
    """The unreadable pieces, the latest first; or one of them."""
    return db.rows("unreadable_list", Unreadable, (piece_id, limit))


def fault_counts(db: Reader) -> FaultCounts:
    """How many there are of both."""
    counted = db.row("fault_counts", FaultCounts)
    assert counted is not None, "a count has a row"
    return counted


async def forget_unreadable(desk: Desk, piece_id: int | None, up_to: int | None) -> int:
    """A person has seen one, or all up to the newest that he was shown; how many went."""
    return await desk.change("forget_unreadable", (piece_id, up_to))
