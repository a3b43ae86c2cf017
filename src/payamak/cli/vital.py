"""The doctor's questions of life: does a server run, does its work go on, is there a copy, is anything left behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from payamak.cli.finding import Finding
from payamak.cli.shell import counted, duration_text
from payamak.domain.message import State

if TYPE_CHECKING:
    from payamak.cli.page import Page
    from payamak.config import Settings
    from payamak.hands.values import QueueRow, Store, Traffic

_DAY_MS: Final = 86_400_000

LONGEST_LIFE_MS: Final = 7 * _DAY_MS
"""No message may wait longer (front/accept.py: 10,080 minutes); what does shows that deadlines do not end anything."""

SWEEP_MS: Final = 3_600_000
"""How far behind the sweep may be before that is said: after days of outage it has much to end. Taste."""

OLD_BACKUP_MS: Final = 2 * _DAY_MS
"""A copy a day that failed once. Taste."""

ENOUGH_PARTS: Final = 100
"""Parts of a line in a day that say something. Taste."""

MANY_COPIES: Final = 0.01
"""The share of copies from which a person should look. Taste."""


async def server(settings: Settings, *, is_offline: bool) -> Finding:
    """Whether a server answers, and takes messages; with `is_offline` none is expected."""
    import httpx2

    from payamak.cli.page import WITHIN_S, url_of

    url = url_of(settings, "/readyz")
    try:
        async with httpx2.AsyncClient(timeout=WITHIN_S, trust_env=False) as client:
            answer = await client.get(url)
    except httpx2.HTTPError:
        says = f"nobody answers on {urlsplit(url).netloc}: it is not running"
        if is_offline:
            return Finding(name="server", is_well=True, says=f"{says}, as --offline says")
        todo = "start it: `systemctl start payamak`, or `payamak serve`; where none should run, `doctor --offline`"
        return Finding(name="server", is_well=False, is_grave=True, says=says, todo=todo)
    ready = answer.status_code == 200
    says = f"{url} answers {answer.status_code}: {answer.text.strip()}"
    if answer.text.startswith("not taking: background work"):
        todo = "this must not happen: the log has the error and its place; correct what it names, or report it"
    elif answer.text.startswith("not taking: "):
        todo = "see to what it says; after a disk that was full or hung it goes on by itself (docs/guide/operations.md)"
    else:
        todo = "" if ready else "it stops, or the intake is suspended: `payamak resume intake`"
    return Finding(name="server", is_well=ready, is_grave=not ready, says=says, todo=todo)


def of_page(page: Page | None) -> Iterator[Finding]:
    """Whether the work that nobody waits for goes on, as a running server says of itself."""
    from payamak.http import metric_table as metrics

    if page is None:
        return
    is_well = page.one(metrics.BACKGROUND_WELL) != 0.0
    todo = "" if is_well else "the log has the error and its place; correct what it names, or report it"
    says = "goes on, says the running server" if is_well else "fails, says the running server"
    yield Finding(name="background work", is_well=is_well, is_grave=not is_well, says=says, todo=todo)
    if drift := page.one(metrics.PURSE_DRIFT):
        says = f"the purses differ from the ledger by {drift:,.0f} rial"
        todo = "`payamak doctor --ledger` names the account; keep a backup and report it"
        yield Finding(name="money", is_well=False, is_grave=True, says=says, todo=todo)


async def of_store(store: Store, path: Path, now: int, *, is_served: bool) -> list[Finding]:
    """What the store shows of deadlines, recovery, copies of parts, and of copies of itself."""
    from payamak.hands.values import Search

    queue = await store.queue()
    traffic = await store.traffic(now - _DAY_MS, now)
    is_in_use = bool(await store.search(Search(until_at=now - OLD_BACKUP_MS, limit=1)))
    return [*deadlines(queue, now), *unrecovered(queue, is_served), *copies(traffic), backup(path, now, is_in_use)]


def deadlines(queue: Iterable[QueueRow], now: int) -> Iterator[Finding]:
    """Messages that wait longer than any may: then nothing ends what is over."""
    rows = [row for row in queue if row.state is State.QUEUED]
    oldest_ms = max((now - row.oldest_accepted_at for row in rows), default=0)
    is_well = oldest_ms <= LONGEST_LIFE_MS + SWEEP_MS
    says = f"the oldest message that waits is {duration_text(oldest_ms)} old" if rows else "nothing waits"
    todo = "" if is_well else "no message may wait for more than 7 days: is the server running, and its clock right?"
    yield Finding(name="deadlines", is_well=is_well, is_grave=not is_well, says=says, todo=todo)


def unrecovered(queue: Iterable[QueueRow], is_served: bool) -> Iterator[Finding]:
    """What a process that is gone had on the wire: the next start recovers it, and until then nobody does."""
    count = sum(row.count for row in queue if row.state is State.SENDING)
    if count and not is_served:
        says = f"{counted(count, 'message')} on the wire by a process that is gone"
        todo = "start the server: it recovers them, by each line's rule"
        yield Finding(name="recovery", is_well=False, says=says, todo=todo)


def copies(traffic: Iterable[Traffic]) -> Iterator[Finding]:
    """Parts of the last day that went twice, for their answers were lost: operators charge for each."""
    rows = list(traffic)
    for row in rows:
        if row.parts >= ENOUGH_PARTS and row.copies > row.parts * MANY_COPIES:
            says = f"{row.copies:,} of {row.parts:,} parts of the last day by {row.upstream} were sent twice"
            todo = (
                "answers are lost or late: `payamak link traffic`; the operator's load, the link's `response_timeout_s`"
            )
            yield Finding(name=f"copies {row.line}", is_well=False, says=says, todo=todo)
    sent, twice = sum(row.parts for row in rows), sum(row.copies for row in rows)
    yield Finding(name="copies", is_well=True, says=f"{twice:,} of {sent:,} parts of the last day were sent twice")


def backup(path: Path, now: int, is_in_use: bool) -> Finding:
    """How old the last copy is that `payamak backup` made; a store that is in use should have one."""
    from payamak.hands.opening import backed_up_at

    at_s = backed_up_at(path)
    todo = "`payamak backup FILE`, daily by a timer: docs/guide/backup.md"
    if at_s is None:
        is_well = not is_in_use
        return Finding(name="backup", is_well=is_well, says="none is known of", todo="" if is_well else todo)
    age_ms = max(now - int(at_s * 1_000), 0)
    is_well = age_ms <= OLD_BACKUP_MS
    says = f"the last one is {duration_text(age_ms)} old"
    return Finding(name="backup", is_well=is_well, says=says, todo="" if is_well else todo)
