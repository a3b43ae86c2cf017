"""What was learned of operators, and what they brought that nobody can read: seen by a person, and forgotten."""

from __future__ import annotations

from payamak.domain.clocks import Clocks
from payamak.domain.ids import IdHabit
from payamak.domain.receipts import IdReport
from payamak.hands.refusals import NotDone
from payamak.store.base import Store
from payamak.store.records import Act, By


async def learned_of(store: Store, upstream: str) -> IdReport:
    """What was learned of an operator's ids. Raises NotDone where nothing was."""
    for report in await store.id_reports():
        if report.upstream == upstream and report.habit != IdHabit():
            return report
    raise NotDone(f"nothing was learned of {upstream}; `payamak link ids` shows of whom")


async def forget_ids(store: Store, report: IdReport, by: By, now: int) -> None:
    """Forget it; it is learned anew from the next receipts."""
    learned = report.habit.choice.value
    act = Act(by=by, at=now, what="forget ids", about=f"upstream {report.upstream}", before=learned, after="none")
    await store.forget_ids(report.upstream, act)


async def forget_unreadable(store: Store, piece_id: int | None, up_to: int | None, by: By, now: int) -> int:
    """Remove an unreadable piece, or all up to the newest that a person was shown; how many went."""
    about = "unreadable pieces" if piece_id is None else f"unreadable piece {piece_id}"
    return await store.forget_unreadable(piece_id, up_to, Act(by=by, at=now, what="forget", about=about))


async def accept_clock(store: Store, clocks: Clocks, boot_id: int, by: By, now: int) -> None:
    """Say that the machine's clock is right as it is, after a jump; `boot_id`: of its boot clock."""
    before, after = f"{clocks.ahead / 1_000:+g} s in doubt", "right"
    act = Act(by=by, at=now, what="accept", about="clock", before=before, after=after)
    await store.accept_clock(clocks.offset, boot_id, act)
