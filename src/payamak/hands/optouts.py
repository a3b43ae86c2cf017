"""Opt-outs by hand: who refuses which line (contract §3: 27 for every advertising line, 33 for one line)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from payamak.codes import Code
from payamak.domain.numbers import masked
from payamak.domain.optout import EVERY_LINE
from payamak.domain.site import Site
from payamak.hands.refusals import no_such
from payamak.store.base import Store
from payamak.store.records import Act, By, OptOut

PAGE = 5_000


def target_of(site: Site, line: str | None) -> tuple[str, Code]:
    """What an opt-out is from: one line and 33, or (None) every advertising line and 27. Raises NotDone."""
    if line is None:
        return EVERY_LINE, Code.OPTED_OUT
    found = site.line(line)
    if found is None:
        raise no_such("line", line, site.lines)
    return found.number, Code.OPTED_OUT_OF_LINE


def made(recipient: str, target: tuple[str, Code], now: int, source: str, expires_at: int | None = None) -> OptOut:
    """An opt-out that begins now; `source`: imported, or hand."""
    line, code = target
    return OptOut(recipient=recipient, line=line, code=code, source=source, learned_at=now, expires_at=expires_at)


def named(line: str, recipient: str | None = None) -> str:
    """What an act about opt-outs is about, for the audit: of which line, and whose."""
    where = "every advertising line" if line == EVERY_LINE else f"line {line}"
    return where if recipient is None else f"{masked(recipient)} on {where}"


async def put(store: Store, opt_outs: Iterable[OptOut], about: str, by: By, now: int) -> int:
    """Add opt-outs, in transactions of 1,000; how many. `about`: whose or of which line they are, for the audit."""
    return await store.put_opt_outs(opt_outs, Act(by=by, at=now, what="opt out", about=about))


async def forget(store: Store, found: Sequence[OptOut], by: By, now: int) -> int:
    """Forget those that were counted: what is learned meanwhile stays. How many there were."""
    count = 0
    for one in found:
        about = named(one.line, one.recipient)
        act = Act(by=by, at=now, what="forget opt-out", about=about, before=f"{int(one.code)}, {one.source}")
        count += await store.forget_opt_outs(one.recipient, one.line, act)
    return count


async def page_after(store: Store, after: str) -> list[OptOut]:
    """A page of the whole list. Whole recipients only, for the next page begins after the last one."""
    found = await store.opt_outs(None, None, after, PAGE)
    if len(found) < PAGE:
        return found
    last = found[-1].recipient
    return [o for o in found if o.recipient != last] or await store.opt_outs(last, None, "", 1_000_000)
