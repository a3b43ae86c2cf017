"""The doctor's questions of life: do deadlines end, is anything left behind, are parts doubled, is there a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from payamak.codes import LONGEST_LIFE_MINUTES
from payamak.domain.instants import duration_text
from payamak.domain.message import State
from payamak.hands.doctor.finding import Finding, grave, judged, well, wrong
from payamak.hands.doctor.patient import Patient
from payamak.hands.opening import backed_up_at
from payamak.language import counted
from payamak.store.base import Store
from payamak.store.records import QueueRow, Search, Traffic
from payamak.texts import signs

_DAY_MS: Final = 86_400_000

LONGEST_LIFE_MS: Final = LONGEST_LIFE_MINUTES * 60_000
"""No message may wait longer; what does shows that deadlines do not end anything."""

SWEEP_MS: Final = 3_600_000
"""How far behind the sweep may be before that is said: after days of outage it has much to end. Taste."""

OLD_BACKUP_MS: Final = 2 * _DAY_MS
"""A copy a day that failed once. Taste."""

ENOUGH_PARTS: Final = 100
"""Parts of a line in a day that say something. Taste."""

MANY_COPIES: Final = 0.01
"""The share of copies from which a person should look. Taste."""


async def life(store: Store, patient: Patient) -> list[Finding]:
    """What the store shows of deadlines, recovery, copies of parts, and of copies of itself."""
    now, queue = patient.now, await store.queue()
    traffic = await store.traffic(now - _DAY_MS, now)
    is_in_use = bool(await store.search(Search(until_at=now - OLD_BACKUP_MS, limit=1)))
    is_served = patient.heard is not None
    return [
        deadlines(queue, now),
        *unrecovered(queue, is_served),
        *copies(traffic),
        backup(patient.path, now, is_in_use),
    ]


def deadlines(queue: Iterable[QueueRow], now: int) -> Finding:
    """Messages that wait longer than any may: then nothing ends what is over."""
    ages = [now - row.oldest_accepted_at for row in queue if row.state is State.QUEUED]
    if not ages:
        return well(signs.NOTHING_WAITS)
    age = duration_text(max(ages))
    return (well if max(ages) <= LONGEST_LIFE_MS + SWEEP_MS else grave)(signs.DEADLINES, age=age)


def unrecovered(queue: Iterable[QueueRow], is_served: bool) -> Iterator[Finding]:
    """What a process that is gone had on the wire: the next start recovers it, and until then nobody does."""
    count = sum(row.count for row in queue if row.state is State.SENDING)
    if count and not is_served:
        yield wrong(signs.UNRECOVERED, count=counted(count, "message", "پیام"))


def copies(traffic: Iterable[Traffic]) -> Iterator[Finding]:
    """Parts of the last day that went twice, for their answers were lost: operators charge for each."""
    rows = list(traffic)
    for row in rows:
        if row.parts >= ENOUGH_PARTS and row.copies > row.parts * MANY_COPIES:
            yield wrong(signs.COPIES_OF_LINE, line=row.line, upstream=row.upstream, copies=row.copies, parts=row.parts)
    yield well(signs.COPIES, copies=sum(row.copies for row in rows), parts=sum(row.parts for row in rows))


def backup(path: Path, now: int, is_in_use: bool) -> Finding:
    """How old the last copy is that `payamak backup` made; a store that is in use should have one."""
    at_s = backed_up_at(path)
    if at_s is None:
        return judged(not is_in_use, signs.NO_BACKUP)
    age_ms = max(now - int(at_s * 1_000), 0)
    return judged(age_ms <= OLD_BACKUP_MS, signs.BACKUP, age=duration_text(age_ms))
