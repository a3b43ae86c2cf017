"""The operator's hands on what waits: which messages an act is about, and the act itself on these and no others.

A person is told a count and agrees to it; the act then runs over the ids that were counted. What came meanwhile is none
of them, and what is not as it was any more is left alone: done and gone together are what was promised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import apsw

from payamak.codes import Code
from payamak.domain import events as ev
from payamak.domain.message import Message, State
from payamak.domain.moving import Bar, Move, judge
from payamak.domain.site import Line, Site
from payamak.store.records import Cancelled, MovePlan
from payamak.store.rules.messages import happen
from payamak.store.rules.rows import message_of
from payamak.store.rules.transaction import Transaction, read_site
from payamak.store.statements import load_statements


def waiting_ids(db: apsw.Connection, line: str | None, account_id: int | None) -> list[int]:
    """All that waits on a line, or of an account."""
    if account_id is not None:
        return [row[0] for row in db.execute(load_statements()["queued_of_account"], (account_id,))]
    return [row[0] for row in db.execute(load_statements()["queued_on_line"], (line,))]


def cancel(tx: Transaction, message_ids: Sequence[int], now: int, line: str | None) -> Cancelled:
    """Take messages back; with `line` only what still waits on it. What does not wait stays as it is."""
    done: list[int] = []
    left: dict[int, State | None] = {}
    for message_id in message_ids:
        message = _read(tx, message_id)
        if message is None or message.state is not State.QUEUED or line not in (None, message.current.line):
            left[message_id] = None if message is None else message.state
            continue
        happen(tx, message, ev.Cancelled(), now)
        done.append(message_id)
    return Cancelled(done=tuple(done), left=left)


def _read(tx: Transaction, message_id: int) -> Message | None:
    """A message; None also where an older bug has spoilt its row: the others are still taken."""
    row = tx.one("message", (message_id,))
    try:
        return None if row is None else message_of(row)
    except Exception:  # of the row's contents; what the disk says has been said above
        return None


def plan_move(db: apsw.Connection, move: Move, now: int) -> MovePlan:
    """Which of the messages that wait on a line may go by another; why the others may not. Raises as `_target`."""
    site = read_site(db)
    target = _target(site, move)
    sql = load_statements()
    ids: list[int] = []
    bars: Counter[Bar] = Counter()
    for (message_id,) in list(db.execute(sql["queued_on_line"], (move.source,))):
        for row in db.execute(sql["message"], (message_id,)):
            try:
                message = message_of(row)
            except Exception:  # a row that an older bug has spoilt: the others still go
                bars[Bar.UNREADABLE] += 1
                continue
            facts = {line: Code(code) for line, code in db.execute(sql["opt_outs_of"], (message.recipient, now))}
            judged = judge(site, move, target, message, facts, now)
            if isinstance(judged, Bar):
                bars[judged] += 1
            else:
                ids.append(message_id)
    return MovePlan(ids=tuple(ids), skipped={bar.value: bars[bar] for bar in Bar if bars[bar]})


def move_messages(tx: Transaction, message_ids: Sequence[int], move: Move, now: int) -> int:
    """Move those that still wait on the source and may go; how many did. Raises as `_target`."""
    target = _target(tx.site, move)
    return sum(_moves(tx, message_id, move, target, now) for message_id in message_ids)


def _moves(tx: Transaction, message_id: int, move: Move, target: Line, now: int) -> bool:
    message = _read(tx, message_id)
    if message is None or message.state is not State.QUEUED or message.current.line != move.source:
        return False
    facts = {line: Code(code) for line, code in tx.execute("opt_outs_of", (message.recipient, now))}
    judged = judge(tx.site, move, target, message, facts, now)
    return isinstance(judged, ev.Moved) and happen(tx, message, judged, now).message.version != message.version


def _target(site: Site, move: Move) -> Line:
    """Raises LookupError if the target is not configured, ValueError if it is the source."""
    line = site.lines.get(move.target)
    if line is None:
        raise LookupError(f"line {move.target} is not configured; there are: {', '.join(site.lines) or 'none'}")
    if line.number == move.source:
        raise ValueError(f"line {move.source} is where the messages are already")
    return line
