"""Messages by hand: what waits is counted, then taken back, moved or let go, those that were counted and no others.

What came meanwhile is none of them, and what is not as it was any more is left alone: done and gone together are what
was promised. NotDone is raised before anything is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from payamak.domain.message import State
from payamak.domain.moving import Move
from payamak.domain.site import Site
from payamak.hands.acts import in_batches, named
from payamak.hands.refusals import Misasked, no_such, told
from payamak.hands.site import account_of, line_number
from payamak.language import worded
from payamak.store.base import Store
from payamak.store.records import Act, By, MovePlan, TakenBack


class Chosen(Struct, frozen=True, kw_only=True):
    """Messages that an act is about, as they were counted: of a line, of an account, or those that a person named."""

    ids: tuple[int, ...]
    line: str | None = None
    account: str | None = None

    @property
    def about(self) -> str:
        """What they are, for the audit."""
        if self.line is None and self.account is None:
            return named("message", self.ids)
        return f"line {self.line}" if self.line is not None else f"account {self.account}"


def _check_known(site: Site, line: str) -> None:
    """Nothing waits on it: a line that is not configured either was mistyped. Raises NotDone."""
    if line not in site.lines:
        raise no_such("line", line, site.lines, worded(", and nothing waits on it", " و چیزی هم روی آن منتظر نیست"))


# -------------------------------------------------------------------------------------------------- cancel


async def waiting(store: Store, line: str | None, account: str | None) -> Chosen:
    """All that waits on a line (in either spelling), or of an account; one of the two is given."""
    number = None if line is None else line_number(store.site, line)
    account_id = None if account is None else account_of(store.site, account).id
    ids = await store.waiting_ids(line=number, account_id=account_id)
    if not ids and number is not None:
        _check_known(store.site, number)
    return Chosen(ids=tuple(ids), line=number, account=account)


async def cancel(store: Store, counted: Chosen, by: By, now: int) -> TakenBack:
    """Take messages back, those of a line only if they still wait on it; what was, and what was not."""
    act = Act(by=by, at=now, what="cancel", about=counted.about, before="waiting", after="cancelled")
    done: list[int] = []
    left: dict[int, State | None] = {}

    async def work(ids: Sequence[int]) -> int:
        cancelled = await store.cancel(ids, now, line=counted.line, act=act)
        done.extend(cancelled.done)
        left.update(cancelled.left)
        return len(cancelled.done)

    await in_batches(counted.ids, work)
    return TakenBack(done=tuple(done), left=left)


# ---------------------------------------------------------------------------------------------------- move


class Moving(Struct, frozen=True, kw_only=True):
    """A move of what waits, as it was planned."""

    move: Move
    plan: MovePlan


async def plan_move(store: Store, source: str, target: str, by: By, now: int, *, at_old_price: bool) -> Moving:
    """What would move from one line to another, and what may not and why; nothing is changed."""
    site = store.site
    to = site.line(target)
    if to is None:
        raise no_such("line", target, site.lines)
    move = Move(source=line_number(site, source), target=to.number, by=by.who, at_old_price=at_old_price)
    if move.source == move.target:
        raise Misasked(worded("the two lines are the same", "هر دو خط یکی است"))
    with told():
        plan = await store.plan_move(move, now)
    if not plan.ids and not plan.skipped:
        _check_known(site, move.source)
    return Moving(move=move, plan=plan)


async def move(store: Store, moving: Moving, by: By, now: int) -> int:
    """Move what was planned, as far as it still waits and may go; how many."""
    wanted = moving.move
    act = Act(by=by, at=now, what="move", about=f"line {wanted.source}", before=wanted.source, after=wanted.target)
    with told():
        return await in_batches(moving.plan.ids, lambda ids: store.move_messages(ids, wanted, now, act))


# ---------------------------------------------------------------------------------------- after a restore


async def held(store: Store, line: str | None, account: str | None) -> Chosen:
    """What is held because the store is, or may be, a copy that was put back: of a line, of an account, or all."""
    number = None if line is None else line_number(store.site, line)
    account_id = None if account is None else account_of(store.site, account).id
    ids = await store.held_ids(line=number, account_id=account_id)
    return Chosen(ids=tuple(ids), line=number, account=account)


async def let_go(store: Store, held: Chosen, by: By, now: int, *, is_moved: bool) -> int:
    """Let held messages go, as copies or (`is_moved`) as what they are; how many. With none, what is over is closed."""
    about = "what is held" if held.line is held.account is None else held.about
    act = Act(by=by, at=now, what="let go", about=about, before="held", after="waiting")
    with told():
        if not held.ids:
            return await store.resume_held((), now, is_moved=is_moved, act=act)
        return await in_batches(held.ids, lambda ids: store.resume_held(ids, now, is_moved=is_moved, act=act))
