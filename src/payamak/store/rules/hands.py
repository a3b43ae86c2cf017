"""The operator's hands on the site and on what waits: which messages an act is about, and the act on these alone.

A person is told a count and agrees to it; the act then runs over the ids that were counted. What came meanwhile is none
of them, and what is not as it was any more is left alone: done and gone together are what was promised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from payamak.domain import events as ev
from payamak.domain.message import Message, State
from payamak.domain.moving import Bar, Move, judge
from payamak.domain.site import Line, Site, name_of
from payamak.domain.site.differences import differences
from payamak.language import Words
from payamak.store.columns import Spoilt
from payamak.store.desk import Desk
from payamak.store.memory import read_site
from payamak.store.reader import Reader
from payamak.store.records import Act, By, MovePlan, SiteChange, TakenBack
from payamak.store.rules import housekeeping
from payamak.store.rules.audit import enter
from payamak.store.rules.messages import advance, known_opt_outs, opt_outs_of


def waiting_ids(db: Reader, line: str | None, account_id: int | None) -> list[int]:
    """All that waits on a line, or of an account."""
    if account_id is not None:
        return db.values("queued_of_account", (account_id,))
    return db.values("queued_on_line", (line,))


async def cancel(
    desk: Desk, message_ids: Sequence[int], now: int, line: str | None, account_id: int | None = None
) -> TakenBack:
    """Take messages back; with `line` only what still waits on it, with `account_id` only what is this account's.

    What does not wait stays as it is.
    """
    done: list[int] = []
    left: dict[int, State | None] = {}
    for message_id in message_ids:
        message = await _read(desk, message_id)
        if message is not None and account_id not in (None, message.account_id):
            message = None
        if message is None or message.state is not State.QUEUED or line not in (None, message.current.line):
            left[message_id] = None if message is None else message.state
            continue
        await advance(desk, message, ev.Cancelled(), now)
        done.append(message_id)
    return TakenBack(done=tuple(done), left=left)


async def _read(desk: Desk, message_id: int) -> Message | None:
    """A message; None also where an older bug has spoilt its row: the others are still taken."""
    found = [each for each in await desk.readable("message", Message, (message_id,)) if not isinstance(each, Spoilt)]
    return found.pop() if found else None


def plan_move(db: Reader, move: Move, now: int) -> MovePlan:
    """Which of the messages that wait on a line may go by another; why the others may not. Raises as `_target`."""
    site = read_site(db)
    target = _target(site, move)
    ids: list[int] = []
    bars: Counter[Bar] = Counter()
    for message_id in db.values("queued_on_line", (move.source,)):
        for message in db.readable("message", Message, (message_id,)):
            if isinstance(message, Spoilt):  # by an older bug: the others still go
                bars[Bar.UNREADABLE] += 1
                continue
            judged = judge(site, move, target, message, opt_outs_of(db, message.recipient, now), now)
            if isinstance(judged, Bar):
                bars[judged] += 1
            else:
                ids.append(message_id)
    return MovePlan(ids=tuple(ids), skipped={bar.value: bars[bar] for bar in Bar if bars[bar]})


async def move_messages(desk: Desk, message_ids: Sequence[int], move: Move, now: int) -> int:
    """Move those that still wait on the source and may go; how many did. Raises as `_target`."""
    target = _target(desk.site, move)
    return sum([await _moves(desk, message_id, move, target, now) for message_id in message_ids])


async def _moves(desk: Desk, message_id: int, move: Move, target: Line, now: int) -> bool:
    message = await _read(desk, message_id)
    if message is None or message.state is not State.QUEUED or message.current.line != move.source:
        return False
    judged = judge(desk.site, move, target, message, await known_opt_outs(desk, message.recipient, now), now)
    return (
        isinstance(judged, ev.Moved) and (await advance(desk, message, judged, now)).message.version != message.version
    )


def _target(site: Site, move: Move) -> Line:
    """Raises LookupError if the target is not configured, ValueError if it is the source."""
    line = site.lines.get(move.target)
    if line is None:
        there = ", ".join(site.lines)
        raise LookupError(
            Words(
                f"line {move.target} is not configured; there are: {there or 'none'}",
                f"خط {move.target} تعریف نشده است؛ این‌ها هستند: {there or 'هیچ'}",
            )
        )
    if line.number == move.source:
        raise ValueError(
            Words(
                f"line {move.source} is where the messages are already",
                f"پیام‌ها از پیش روی خط {move.source} هستند",
            )
        )
    return line


async def change_site(
    desk: Desk, work: Callable[[Site], SiteChange], by: By, now: int, expected_version: int | None
) -> Site:
    """See Store.change_site."""
    before = desk.site
    if expected_version not in (None, before.version):
        raise ValueError(
            Words(
                "somebody else changed the site meanwhile; run it again",
                "در این میان کس دیگری پیکربندی را تغییر داد؛ دوباره اجرا کنید",
            )
        )
    change = work(before)
    after = await housekeeping.put_documents(desk, change.puts, change.removals)
    for each in differences(before, after, (*map(name_of, change.puts), *change.removals)):
        about = f"{each.kind} {each.name}"
        enter(desk, Act(by=by, at=now, what=each.change, about=about, before=each.before, after=each.after))
    return after
