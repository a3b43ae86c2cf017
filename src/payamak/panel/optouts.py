"""Who has opted out of an account's lines, how, and since when; one more is entered for good.

The list of a line goes on by a form, for where it goes on is somebody's number.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from payamak.codes import Code
from payamak.domain.site import Account
from payamak.errors import Refused
from payamak.hands.values import OptOut
from payamak.language import spoken
from payamak.panel import shown
from payamak.panel.lists import Choice
from payamak.panel.pages import ROOT
from payamak.panel.visit import Sent, Shown, Visit
from payamak.texts.codes import code_words
from payamak.texts.panel import PANEL, say

ROWS: Final = 50
HERE: Final = f"{ROOT}/opt-outs"


class OptOutRow(Struct, frozen=True, kw_only=True):
    """One of them."""

    recipient: str
    source: str
    since: str
    until: str


class OptOutList(Struct, frozen=True, kw_only=True):
    """Those of one line. `after` is where the next page goes on; empty: there is none."""

    line: str
    lines: tuple[Choice, ...]
    rows: tuple[OptOutRow, ...]
    is_first: bool
    after: str
    faults: tuple[tuple[str, str], ...]
    written: str


async def listed(visit: Visit) -> Shown:
    """The first of them; of the line that is asked for, else of the account's first."""
    return await _page(visit, visit.query.text("line") or "")


async def further(visit: Visit) -> Shown:
    """Those after a number."""
    return await _page(visit, visit.form.text("line") or "", after=visit.form.text("after") or "")


async def add(visit: Visit) -> Shown | Sent:
    """One more, for good."""
    line, written = visit.form.text("line") or "", visit.form.text("recipient") or ""
    try:
        entered = await visit.front.acting.opt_out(visit.caller, line, written)
    except Refused as refused:
        if refused.code not in (Code.RECIPIENT_INVALID, Code.LINE_INVALID):
            raise
        fault = ("recipient", spoken(code_words(refused.code)))
        return await _page(visit, line, faults=(fault,), written=written, status=422)
    return Sent(to=f"{HERE}?line={entered.line}&said=opted_out")


async def _page(
    visit: Visit,
    line: str,
    *,
    after: str = "",
    faults: tuple[tuple[str, str], ...] = (),
    written: str = "",
    status: int = 200,
) -> Shown:
    account: Account | None = visit.person.account
    assert account is not None, "whoever may see an account's opt-outs is of one"
    numbers = [each.number for each in visit.front.asking.lines(account)]
    line = line if line in numbers else next(iter(numbers), "")
    found: list[OptOut] = []
    if line:
        _, found = await visit.front.asking.opt_outs(visit.caller, line, after, ROWS + 1)
    page = OptOutList(
        line=line,
        lines=tuple(Choice(value=each, label=each, is_chosen=each == line) for each in numbers),
        rows=tuple(_row(each, visit) for each in found[:ROWS]),
        is_first=not after,
        after=found[ROWS - 1].recipient if len(found) > ROWS else "",
        faults=faults,
        written=written,
    )
    return Shown(template="optouts.html", page=page, title="optouts", section="optouts", status=status)


def _row(each: OptOut, visit: Visit) -> OptOutRow:
    return OptOutRow(
        recipient=visit.sight.number(each.recipient),
        source=say(f"optout.{each.source}") if f"optout.{each.source}" in PANEL else each.source,
        since=shown.moment(each.learned_at),
        until=say("optout.for_good") if each.expires_at is None else shown.day(each.expires_at),
    )
