"""`payamak audit`: who did what by hand, when and why."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from payamak.cli.bounds import MOST_ID, Limit, bounded
from payamak.cli.shell import (
    Common,
    ExitCode,
    fill,
    grid,
    instant_text,
    look_at_store,
    now_ms,
    parse_instant,
    say,
    tell,
)


async def audit(
    *,
    who: Annotated[str | None, Parameter(help="By this user of the machine alone.")] = None,
    about: Annotated[str | None, Parameter(help="About what has this in its name: a line, an account.")] = None,
    since: Annotated[str | None, Parameter(help="Since then: `2h` (ago) or `2030-01-31T18:00`.")] = None,
    until: Annotated[str | None, Parameter(help="Before then.")] = None,
    limit: Limit = 50,
    before: Annotated[
        int | None, bounded(1, MOST_ID), Parameter(help="Go on below this row, for the next page.")
    ] = None,
    common: Common = Common(),
) -> int:
    """List what people did by hand, the latest first: who, by which command, upon what, how it was before and after.

    A row for each thing that an act was about, written by the transaction that did it; an act that changed nothing has
    none. No secret, no text and no whole number of a handset is in it. Rows are kept for a year, 200,000 at most.

    Example: `payamak audit --about 9830003300 --since 30d`
    """
    from payamak.hands.values import AuditSearch

    now = now_ms()
    wanted = AuditSearch(
        who=who,
        about=about,
        since_at=None if since is None else parse_instant(since, now),
        until_at=None if until is None else parse_instant(until, now),
        before_id=before,
        limit=limit,
    )
    async with look_at_store(common) as store:
        found = await store.audit(wanted)
    columns = ("id", "at", "who", "command", "what", "about", "count", "before", "after", "reason")
    rows = (
        (r.id, instant_text(r.at), r.who, r.command, r.what, r.about, f"{r.count:,}", r.before, r.after, r.reason)
        for r in found
    )
    made = fill(grid(*columns, right=("id", "count")), rows)
    following = found[-1].id if len(found) == limit else None
    answer = {"acts": found, "before": following}
    tell(common, answer, lambda console: console.print(made) if found else say("Nobody has done such a thing."))
    if following is not None and not common.json:
        say(f"more: --before {following}")
    return ExitCode.DONE
