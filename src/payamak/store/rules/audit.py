"""The audit: what people did by hand, a row for each thing that an act was about, in the transaction that did it.

No secret, no text of a message and no whole number of a handset comes here: whoever makes an Act leaves them out, and
the rows of a changed site are made by domain/site/differences.py.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from payamak.domain.site import DAY_MS
from payamak.store.desk import Desk, Rule
from payamak.store.reader import Reader
from payamak.store.records import Act, AuditRow, AuditSearch, TakenBack

T = TypeVar("T")

KEEP_MS: Final = 366 * DAY_MS
"""How long a row is kept: a year, so that two of the same day can be compared."""

MOST_ROWS: Final = 200_000
"""Rows that are kept, some 60 MB: a script that credits a customer each minute fills them in five months. Taste."""

FORGET_AT_ONCE: Final = 1_000


def enter(desk: Desk, act: Act, count: int = 1) -> None:
    """Write a row of the audit, or add to the one that this act has already about the same."""
    by = act.by
    facts = (act.what, act.about, act.before, act.after, count)
    desk.execute("enter_act", (act.at, by.act, by.who, by.command, by.reason, *facts))
    desk.execute("bound_audit", (MOST_ROWS,))


async def carry_out(desk: Desk, work: Rule[T], act: Act | None) -> T:
    """Do what a person asks for, and enter it, unless it has changed nothing."""
    done = await work(desk)
    if act is not None and (count := _count(done)):
        enter(desk, act, count)
    return done


def _count(done: object) -> int:
    match done:
        case int():
            return done
        case TakenBack():
            return len(done.done)
        case _:
            return 1


def forget_old(desk: Desk, now: int) -> None:
    """Remove some of what is kept long enough."""
    desk.execute("forget_acts", (now - KEEP_MS, FORGET_AT_ONCE))


def acts(db: Reader, search: AuditSearch) -> list[AuditRow]:
    """See Store.audit."""
    return db.rows("acts", AuditRow, msgspec.structs.asdict(search))
